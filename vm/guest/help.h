/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_HELP_H
#define SCXU_LOAD_HELP_H

#include <stddef.h>

/** struct option_row - an option of the command line. */
struct option_row {
	const char *name;
	int id; /* below 256: the letter that stands for it as well */
	const char *value; /* what its value is called; NULL: takes none */
	const char *about;
};

/** help_print() - the whole of --help, on standard output. */
void help_print(const struct option_row *options, size_t nr_options);

#endif
