/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Says which callback of a policy it was that crashed or does not return. What the
 * machine does meanwhile is the kernel part's business.
 */
#ifndef SCXU_CLI_BLAME_H
#define SCXU_CLI_BLAME_H

#include <scxu/runner.h>

/* From now on a crash (SIGSEGV, SIGABRT, ...) is told on stderr; the process ends as it would. */
void blame_begin(const char *policy);

/* The runner of it, or NULL when it is not there yet, or no more. */
void blame_runner(const struct scxu_runner *runner);

/* Tells of a callback that does not return, once, and of its return. Call it each second. */
void blame_watch(void);

#endif
