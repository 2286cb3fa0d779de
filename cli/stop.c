// SPDX-License-Identifier: GPL-2.0-only
/* scx_userland stop: ends the scheduler that is loaded, whoever is its agent. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <scxu/status.h>

#include "log.h"
#include "options.h"
#include "verbs.h"

int verb_stop(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 'h', "help", NULL, OPTION_FLAG, 0, 0, 0, NULL, "print this" },
		{ 0 },
	};
	bool help = false;
	int err;

	if (options_parse(specs, &help, argc, argv))
		return 2;
	if (help) {
		printf("Usage: scx_userland stop\n"
		       "\n"
		       "Ends the scheduler that is loaded, with or without an agent: the kernel's "
		       "own\n"
		       "scheduler takes all tasks. Restores what an agent that was killed had "
		       "changed\n"
		       "(sysctls). Needs root.\n"
		       "\n");
		options_help(specs, stdout);
		printf("\nExit status: 0 ended; 1 none was loaded, or an error; 2 wrong "
		       "options.\n");
		return 0;
	}
	log_to_stderr(false);
	err = scxu_stop();
	if (err == -ENOENT)
		fprintf(stderr, "scx_userland: no scheduler of ours is loaded\n");
	else if (err == -EACCES || err == -EPERM)
		fprintf(stderr, "scx_userland: ending a scheduler needs root: run it with sudo\n");
	else if (err)
		fprintf(stderr, "scx_userland: cannot end the scheduler: %s\n", strerror(-err));
	return err ? 1 : 0;
}
