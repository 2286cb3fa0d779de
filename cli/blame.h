/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Says which callback of a policy it was that crashed or does not return. What happens
 * meanwhile is the business of where it runs: a machine goes on by its kernel part.
 */
#ifndef SCXU_CLI_BLAME_H
#define SCXU_CLI_BLAME_H

#include <scxu/runner.h>

/** struct blame_place - where a policy runs */
struct blame_place {
	/* Which callback @of is in; false: none. Safe in a signal handler. */
	bool (*where)(const void *of, struct scxu_where *ret);
	const char *crash, *loop; /* what either means there */
};

/* From now on a crash (SIGSEGV, SIGABRT, ...) is told on stderr; the process ends as it would. */
void blame_begin(const char *policy, const struct blame_place *place);

/* What where() asks, or NULL when it is not there yet, or no more. */
void blame_set(const void *of);

/*
 * Tells of a callback that does not return, once, and of its return. One is for who looks
 * on and calls it each second, with scxu_where.since of CLOCK_MONOTONIC. The other is for
 * who calls the policy itself: from now on a timer looks, by this process's CPU time, so
 * that a debugger may take what time it wants.
 */
void blame_watch(void);
void blame_watch_myself(void);

#endif
