/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Says which callback of a policy it was that crashed, called exit(), or does not return.
 * What happens meanwhile is the business of where it runs: a machine goes on by its kernel
 * part.
 */
#ifndef SCXU_CLI_BLAME_H
#define SCXU_CLI_BLAME_H

#include <scxu/policy.h>

/** struct blame_place - what it means where the policy runs, as the end of a line */
struct blame_place {
	const char *crash, *loop;
};

/*
 * From now on a crash (SIGSEGV, SIGABRT, ...) is told on stderr, and the process ends as it
 * would; so is an exit(), with status 1. Returns the policy that is to be run in place of
 * @ops, so that its scheduler is known from its init() to its exit().
 */
const struct scxu_policy_ops *blame_begin(const struct scxu_policy_ops *ops,
					  const struct blame_place *place);

/*
 * Tells of a callback that does not return, once, and of its return: of one that is the same
 * for a second, call by call. For who looks on, and calls it each second.
 */
void blame_watch(void);

/*
 * Likewise, for who calls the policy itself: between the two a thread looks on. It takes a
 * stop in a debugger for time that the callback took, and does no harm.
 */
void blame_watch_begin(void);
void blame_watch_end(void);

#endif
