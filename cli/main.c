// SPDX-License-Identifier: GPL-2.0-only
/* scx_userland [VERB] [ARGUMENT...] */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "verbs.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "run", verb_run, "runs a policy on this machine (the default)" },
	{ "status", verb_status, "tells who schedules this machine, and how it went" },
	{ "stop", verb_stop, "ends the scheduler that is loaded, from anywhere" },
	{ "policies", verb_policies, "lists policies and their options" },
	{ "sim", verb_sim, "runs a policy on a simulated machine" },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

void verbs_help(FILE *to)
{
	size_t i;

	for (i = 0; i < NR_VERBS; i++)
		fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].help);
}

static int run_verb(int argc, char **argv)
{
	static char command[] = "scx_userland", with_verb[32]; /* wherever it lies */
	size_t i;

	if (argc < 2 || argv[1][0] == '-') {
		argv[0] = command;
		return verb_run(argc, argv);
	}
	for (i = 0; i < NR_VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		snprintf(with_verb, sizeof(with_verb), "%s %s", command, verbs[i].name);
		argv[1] = with_verb;
		return verbs[i].main(argc - 1, argv + 1);
	}
	fprintf(stderr, "scx_userland: there is no verb \"%s\"; there are:\n", argv[1]);
	verbs_help(stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int ret = run_verb(argc, argv);

	/* a disk that is full is told of now, or never */
	if (!fflush(stdout) && !ferror(stdout))
		return ret;
	fprintf(stderr, "scx_userland: cannot write to standard output: %s\n", strerror(errno));
	return ret ? ret : 1;
}
