// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define MAX_OPTIONS 32
#define LONG_ONLY   256

/* What the number counts, as the argument's name says. */
static const char *unit_of(const struct option_spec *spec)
{
	static const char *const units[][2] = {
		{ "NS", " ns" }, { "US", " us" }, { "MS", " ms" }, { "SEC", " s" }
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(spec->argument, units[i][0]))
			return units[i][1];
	return "";
}

static int set_number(const struct option_spec *spec, unsigned int *to, const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < spec->min || value > spec->max) {
		fprintf(stderr, "scx_userland: --%s %s: give a whole number from %u to %u%s\n",
			spec->name, text, spec->min, spec->max, unit_of(spec));
		return -EINVAL;
	}
	*to = (unsigned int)value;
	return 0;
}

static int set_choice(const struct option_spec *spec, unsigned int *to, const char *text)
{
	unsigned int i;

	for (i = 0; spec->choices[i]; i++) {
		if (!strcmp(spec->choices[i], text)) {
			*to = i;
			return 0;
		}
	}
	fprintf(stderr, "scx_userland: --%s %s: give one of", spec->name, text);
	for (i = 0; spec->choices[i]; i++)
		fprintf(stderr, " %s", spec->choices[i]);
	fputc('\n', stderr);
	return -EINVAL;
}

static int set(const struct option_spec *spec, void *config, const char *text)
{
	void *to = (char *)config + spec->offset;

	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)to = true;
		return 0;
	case OPTION_NUMBER:
		return set_number(spec, to, text);
	case OPTION_CHOICE:
		return set_choice(spec, to, text);
	case OPTION_TEXT:
		*(const char **)to = text;
		return 0;
	}
	return -EINVAL;
}

int options_parse(const struct option_spec *specs, void *config, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS + 1] = { 0 };
	char shorts[2 * MAX_OPTIONS + 2] = "+";
	size_t n, s = 1;
	int c, err;

	for (n = 0; n < MAX_OPTIONS && specs[n].name; n++) {
		longs[n].name = specs[n].name;
		longs[n].has_arg = specs[n].argument ? required_argument : no_argument;
		longs[n].val = LONG_ONLY + (int)n;
		if (specs[n].letter) {
			shorts[s++] = specs[n].letter;
			if (specs[n].argument)
				shorts[s++] = ':';
		}
	}
	shorts[s] = 0;
	optind = 0; /* glibc: forget where a call that failed has stopped */
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i;

		if (c == '?') {
			fprintf(stderr, "see %s --help\n", argv[0]);
			return -EINVAL;
		}
		for (i = 0; i < n; i++)
			if (c == LONG_ONLY + (int)i || (c < LONG_ONLY && c == specs[i].letter))
				break;
		err = i < n ? set(&specs[i], config, optarg) : -EINVAL;
		if (err)
			return err;
	}
	if (optind < argc) {
		fprintf(stderr, "%s: \"%s\" is not an option; see %s --help\n", argv[0],
			argv[optind], argv[0]);
		return -EINVAL;
	}
	return 0;
}

void options_help(const struct option_spec *specs, FILE *to)
{
	for (; specs->name; specs++) {
		const char *line = specs->help;
		char head[64];

		snprintf(head, sizeof(head), "%c%c%s --%s %s", specs->letter ? '-' : ' ',
			 specs->letter ? specs->letter : ' ', specs->letter ? "," : " ",
			 specs->name, specs->argument ? specs->argument : "");
		fprintf(to, "  %-26s", head);
		while (line) {
			const char *end = strchr(line, '\n');

			fprintf(to, " %.*s\n", end ? (int)(end - line) : (int)strlen(line), line);
			line = end ? end + 1 : NULL;
			if (line)
				fprintf(to, "  %-26s", "");
		}
	}
}
