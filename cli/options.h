/* SPDX-License-Identifier: GPL-2.0-only */
/* Command-line options from a declarative table, which also prints --help. */
#ifndef SCXU_CLI_OPTIONS_H
#define SCXU_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_NUMBER, /* unsigned int, min..max */
	OPTION_CHOICE, /* unsigned int: index in choices */
	OPTION_TEXT, /* const char *: points into argv */
};

struct option_spec {
	char letter;  /* 0: long only */
	const char *name;
	const char
		*argument; /* how --help calls it: NS, US, MS, SEC by its unit; NULL for a flag */
	enum option_kind kind;
	size_t offset;  /* in the config struct */
	unsigned int min, max;
	const char *const *choices; /* NULL-ended */
	const char *help; /* may have several lines */
};

/*
 * Parses argv[1..]; argv[0] is what has these options, "scx_userland sim". specs ends
 * with a NULL name. Returns 0, or -EINVAL having said on stderr what is wrong and what
 * would be right.
 */
int options_parse(const struct option_spec *specs, void *config, int argc, char **argv);

void options_help(const struct option_spec *specs, FILE *to);

#endif
