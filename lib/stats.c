// SPDX-License-Identifier: LGPL-2.1-or-later
/* Snapshots of what is counted, names of the counters, percentiles of waits. */
#include <string.h>

#include <scxu/stats.h>
#include "engine.h"

_Static_assert(SCXU_NR_COUNTERS <= SCXU_STATS_COUNTERS, "room for all counters");
_Static_assert(SCXU_WAIT_BUCKETS == SCXU_STATS_WAIT_BUCKETS, "same histogram");

static const struct {
	const char *name;
	const char *text;
} counters[] = {
#define X(name, text) { #name, text },
	SCXU_COUNTERS(X)
#undef X
};

unsigned int scxu_stats_nr_counters(void)
{
	return SCXU_NR_COUNTERS;
}

const char *scxu_stats_name(unsigned int counter)
{
	return counter < SCXU_NR_COUNTERS ? counters[counter].name : NULL;
}

const char *scxu_stats_text(unsigned int counter)
{
	return counter < SCXU_NR_COUNTERS ? counters[counter].text : NULL;
}

uint64_t scxu_stats_counter(const struct scxu_stats *stats, const char *name)
{
	unsigned int i;

	for (i = 0; i < SCXU_NR_COUNTERS; i++)
		if (!strcmp(counters[i].name, name))
			return stats->counters[i];
	return 0;
}

/* The upper end of a bucket: see SCXU_WAIT_BUCKETS. */
static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int log = bucket / 4 + 10;

	return (1ull << log) + ((uint64_t)(bucket % 4) + 1) * (1ull << (log - 2));
}

uint64_t scxu_stats_wait(const struct scxu_stats *before, const struct scxu_stats *now,
			 double percent)
{
	uint64_t total = 0, sum = 0, rank;
	unsigned int i, last = 0;

	for (i = 0; i < SCXU_WAIT_BUCKETS; i++)
		total += now->waits[i] - (before ? before->waits[i] : 0);
	if (!total)
		return 0;
	rank = (uint64_t)((double)total * percent / 100.0);
	for (i = 0; i < SCXU_WAIT_BUCKETS; i++) {
		uint64_t n = now->waits[i] - (before ? before->waits[i] : 0);

		if (n)
			last = i;
		sum += n;
		if (n && sum > rank)
			break;
	}
	return bucket_end(last);
}

const char *scxu_floor_reason(uint32_t reason)
{
	static const char *const names[] = {
		[SCXU_FLOOR_NONE] = "none",	[SCXU_FLOOR_START] = "start",
		[SCXU_FLOOR_ABSENT] = "absent", [SCXU_FLOOR_SILENT] = "silent",
		[SCXU_FLOOR_LATE] = "late",	[SCXU_FLOOR_BROKEN] = "broken",
	};

	return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

void scxu_stats_fill(const struct scxu_shm *shm, const struct scxu_engine_counts *c,
		     struct scxu_stats *ret)
{
	const struct scxu_kernel *k = shm->kernel;
	unsigned int cpu, i;

	memset(ret, 0, sizeof(*ret));
	for (cpu = 0; cpu < shm->nr_cpus; cpu++) {
		const struct scxu_cpu *s = &shm->cpus[cpu];

		for (i = 0; i < SCXU_NR_COUNTERS; i++)
			ret->counters[i] += scxu_load(&s->counters[i]);
		for (i = 0; i < SCXU_WAIT_BUCKETS; i++)
			ret->waits[i] += scxu_load(&s->waits[i]);
		if (c)
			ret->queued += scxu_load(&s->events_head) -
				       scxu_load(&shm->agent_cpus[cpu].events_tail);
	}
	ret->waiting = scxu_load(&k->nr_waiting);
	ret->slots_used = scxu_load(&k->slots_used);
	ret->slots_max = shm->max_tasks;
	ret->floor = scxu_load(&k->floor_reason) != SCXU_FLOOR_NONE;
	ret->floor_reason = scxu_floor_reason(scxu_load(&k->floor_reason));
	ret->floor_longest_ns = scxu_load(&k->floor_longest);
	if (!c)
		return;
	ret->scheduled = scxu_load(&c->scheduled);
	ret->enqueued = scxu_load(&c->enqueued);
	ret->decided = scxu_load(&c->decided);
	ret->failed = scxu_load(&c->failed);
	ret->passes = scxu_load(&c->passes);
	ret->rescans = scxu_load(&c->rescans);
}
