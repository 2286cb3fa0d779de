// SPDX-License-Identifier: GPL-2.0-only
/* scx_userland policies [POLICY...]: which policies there are, and their options. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <scxu/loader.h>

#include "log.h"
#include "verbs.h"

static void print(const struct scxu_policy_ops *ops, const uint64_t *values)
{
	const struct scxu_policy_option *o = ops->options;
	unsigned int i;

	printf("%-12s %s\n", ops->name, ops->summary ? ops->summary : "");
	for (i = 0; o && o[i].name; i++) {
		char head[64];

		snprintf(head, sizeof(head), "%s=%" PRIu64, o[i].name,
			 values ? values[i] : o[i].value);
		printf("    %-20s %s (%" PRIu64 " to %" PRIu64 ")\n", head,
		       o[i].help ? o[i].help : "", o[i].min, o[i].max);
	}
}

int verb_policies(int argc, char **argv)
{
	const struct scxu_policy_ops *ops;
	struct scxu_policy *policy;
	unsigned int i;
	int arg;

	for (arg = 1; arg < argc; arg++) {
		bool help = !strcmp(argv[arg], "--help") || !strcmp(argv[arg], "-h");

		if (argv[arg][0] != '-')
			continue;
		if (!help)
			fprintf(stderr, "scx_userland policies: there is no option %s\n\n",
				argv[arg]);

		fprintf(help ? stdout : stderr,
			"Usage: scx_userland policies [POLICY...]\n"
			"\n"
			"Lists the built-in policies, or loads and checks those given: a name, or "
			"the\n"
			"path of a shared object, and options: NAME[:OPTION=VALUE,...]. Each with "
			"its\n"
			"options, their values (the defaults, if not given) and ranges.\n"
			"\n"
			"Exit status: 0; 1 a policy cannot be used, or an error; 2 wrong "
			"options.\n");
		return help ? 0 : 2;
	}
	log_to_stderr(false);
	for (i = 0; argc < 2 && (ops = scxu_policy_builtin(i)); i++)
		print(ops, NULL);
	for (arg = 1; arg < argc; arg++) {
		if (scxu_policy_open(argv[arg], &policy))
			return 1;
		print(policy->ops, policy->values);
		scxu_policy_close(policy);
	}
	return 0;
}
