/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine: between shared memory and policy. Drains events, keeps what the
 * policy knows of each task in step with the records, and publishes decisions.
 * Written once; a backend gives it memory and time.
 */
#ifndef SCXU_ENGINE_H
#define SCXU_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scxu/policy.h>
#include <scxu/runner.h>
#include "shm.h"

/* Counted by the agent's thread, read by others. */
struct scxu_engine_counts {
	uint64_t passes;
	uint64_t enqueued;
	uint64_t decided;
	uint64_t failed;
	uint64_t recalled;
	uint64_t rescans;
	uint64_t scheduled; /* held by the policy now */
};

struct scxu_engine_options {
	unsigned int batch; /* decisions for any CPU in stock, 1..SCXU_STOCK */
	uint64_t slice_ns;
	const uint64_t *values; /* of the policy's options, in their order; NULL: defaults */
	/* of shm->nr_cpus, copied; NULL: each CPU for itself */
	const struct scxu_cpu_topology *topology;
};

/*
 * Allocates and touches everything that it will ever need, and calls the policy's
 * init(). shm must outlive it. 0 or -errno (-EINVAL: the policy is not valid, having logged why).
 */
int scxu_engine_prepare(const struct scxu_policy_ops *policy, const struct scxu_shm *shm,
			const struct scxu_engine_options *options, struct scxu_sched **ret);

/*
 * From now on this engine writes the agent's part of the memory, and nobody else may.
 * agent_tid: of the agent's thread, as the kernel part knows it. Calls the policy.
 */
void scxu_engine_begin(struct scxu_sched *sched, int agent_tid);

/* Both at once. */
int scxu_engine_create(const struct scxu_policy_ops *policy, const struct scxu_shm *shm,
		       const struct scxu_engine_options *options, struct scxu_sched **ret);
struct scxu_sched *scxu_engine_destroy(struct scxu_sched *sched);

/*
 * One pass: reads events (a bounded number), lets the policy decide, publishes.
 * Returns whether there may be more to read.
 */
bool scxu_engine_pass(struct scxu_sched *sched, uint64_t now);

/* Is there anything to read. Fenced: after "I am sleeping" was written. */
bool scxu_engine_pending(struct scxu_sched *sched);

/* All events read so far are answered: tells the kernel part. */
void scxu_engine_settle(struct scxu_sched *sched);

/*
 * Which callback of the policy runs now: for another thread, when it does not return,
 * or for a signal handler. since is the beginning of its pass. False: none.
 */
bool scxu_engine_where(const struct scxu_sched *sched, struct scxu_where *ret);

const struct scxu_engine_counts *scxu_engine_counts(const struct scxu_sched *sched);

/*
 * What the shared memory and a set of counts tell: scxu_sched_stats(). Without
 * counts (NULL), memory that the agent writes is not looked at.
 */
void scxu_stats_fill(const struct scxu_shm *shm, const struct scxu_engine_counts *counts,
		     struct scxu_stats *ret);

/* enum scxu_floor_reason as a word */
const char *scxu_floor_reason(uint32_t reason);

#endif
