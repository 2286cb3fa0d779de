/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy's arithmetic, for its tests. Virtual times are ns at weight 100 and wrap. */
#ifndef SCXU_POLICY_VRUNTIME_H
#define SCXU_POLICY_VRUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include <scxu/policy.h>

extern const struct scxu_policy_ops vruntime_policy;

/* After running ran_ns at weight 1..10000. */
uint64_t vruntime_charge(uint64_t vruntime, uint64_t ran_ns, uint32_t weight);

/* On return from sleep. */
uint64_t vruntime_place(uint64_t vruntime, uint64_t min_vruntime);

/* How far ahead it may come back. */
uint64_t vruntime_limit(uint64_t vruntime, uint64_t min_vruntime, uint64_t slice_ns,
			uint32_t weight);

/* May a task woken at vruntime woken preempt one at running. */
bool vruntime_preempts(uint64_t woken, uint32_t weight, uint64_t running);

/*
 * ns; so many runnable tasks share cpus CPUs. weight: of the one, 1..10000; average: of all,
 * 0 when there are none.
 */
uint64_t vruntime_slice(uint64_t longest_ns, unsigned int runnable, unsigned int cpus,
			uint32_t weight, uint32_t average);

#endif
