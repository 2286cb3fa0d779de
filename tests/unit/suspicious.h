/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy for the tests with threads. All facts of a wait are made of one number;
 * it checks that, and each decision carries the number back as virtual time.
 */
#ifndef SCXU_TESTS_SUSPICIOUS_H
#define SCXU_TESTS_SUSPICIOUS_H

#include <scxu/policy.h>

#include "kernel-part.h"

struct suspicious_counts {
	uint64_t torn; /* facts of two waits, or of no wait */
	uint64_t strangers; /* calls about a task that the policy does not know so */
	uint64_t dequeues;
	uint64_t refused; /* errors of scxu_decide() that must not be */
	uint64_t late; /* -ESTALE */
};

extern struct suspicious_counts suspicious;
extern const struct scxu_policy_ops suspicious_policy;

/* Where to: a CPU, or SCXU_CPU_ANY; by default the latter. */
extern int (*suspicious_where)(struct scxu_sched *sched);

/* The facts of a wait, all made of x, which is not 0. */
struct wait_facts suspicious_facts(uint64_t x);

#endif
