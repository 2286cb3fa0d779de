/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCXU_STATS_H
#define SCXU_STATS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define SCXU_STATS_COUNTERS	32
#define SCXU_STATS_WAIT_BUCKETS 128

/**
 * struct scxu_stats - what has happened since create; counts only grow
 * @counters:	by index below scxu_stats_nr_counters()
 * @waits:	waits from enqueue to running, a histogram: scxu_stats_wait()
 * @waiting:	tasks that wait for a decision or for the CPU to take it up
 * @queued:	of these, handed to user space and not read yet
 * @scheduled:	of these, held by the policy
 * @enqueued:	times that the policy was given a task
 * @decided:	decisions of the policy
 * @failed:	decisions that the policy gave and the engine refused
 * @activations: times that the agent began to work after sleeping
 * @passes:	rounds of reading all events and deciding
 * @rescans:	times that all records were read since events had been dropped
 * @cpu_ns:	CPU time of the agent's thread
 * @faults:	page faults of the agent's thread since attach
 * @slots_used, @slots_max: task slots
 * @floor:	the kernel part schedules by itself now
 * @floor_reason: of this or the last time: "start", "absent", "silent", "late"
 * @floor_longest_ns: longest such time that ended
 */
struct scxu_stats {
	uint64_t counters[SCXU_STATS_COUNTERS];
	uint64_t waits[SCXU_STATS_WAIT_BUCKETS];
	uint64_t waiting;
	uint64_t queued;
	uint64_t scheduled;
	uint64_t enqueued;
	uint64_t decided;
	uint64_t failed;
	uint64_t activations;
	uint64_t passes;
	uint64_t rescans;
	uint64_t cpu_ns;
	uint64_t faults;
	uint64_t slots_used;
	uint64_t slots_max;
	uint64_t floor_longest_ns;
	const char *floor_reason;
	int floor;
};

unsigned int scxu_stats_nr_counters(void);

/** scxu_stats_name() - snake_case name of a counter; NULL beyond the last */
const char *scxu_stats_name(unsigned int counter);

/** scxu_stats_text() - what it counts, a line */
const char *scxu_stats_text(unsigned int counter);

/** scxu_stats_counter() - by name; 0 for a name that there is not */
uint64_t scxu_stats_counter(const struct scxu_stats *stats, const char *name);

/**
 * scxu_stats_wait() - a percentile of the waits between two snapshots
 * @before: NULL for "since create"
 * @percent: 0..100
 * Returns: ns, exact to 25 %; 0 when there was none.
 */
uint64_t scxu_stats_wait(const struct scxu_stats *before, const struct scxu_stats *now,
			 double percent);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
