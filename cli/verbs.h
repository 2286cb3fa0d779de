/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs of scx_userland, one file each. */
#ifndef SCXU_CLI_VERBS_H
#define SCXU_CLI_VERBS_H

#include <stdio.h>

/*
 * argv[0] is the command up to the verb ("scx_userland sim"), argv[1..] are its arguments.
 * Returns the exit status: 0; 1 an error; 2 wrong arguments.
 */
int verb_run(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_stop(int argc, char **argv);
int verb_policies(int argc, char **argv);
int verb_sim(int argc, char **argv);

void verbs_help(FILE *to);

#endif
