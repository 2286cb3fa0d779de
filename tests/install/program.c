// SPDX-License-Identifier: GPL-2.0-only
/* A program of one's own that uses libscxu: prints a default and whether a policy can be loaded. */
#include <stdio.h>

#include <scxu/loader.h>
#include <scxu/runner.h>

int main(int argc, char **argv)
{
	struct scxu_policy *policy = NULL;
	struct scxu_runner_options options;
	int err = -1;

	scxu_runner_options_init(&options);
	if (argc == 2)
		err = scxu_policy_open(argv[1], &policy);
	printf("%u %d\n", options.slice_us, err);
	scxu_policy_close(policy);
	return err != 0;
}
