// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two CPUs hand tasks to the engine, in bursts larger than their rings, while it
 * reads: every wait is decided, once, by the facts that belong to it. The CPUs take
 * the decisions from the stock themselves; who took a task enqueues it again.
 *
 *	unit-ring-events [WAITS]
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "suspicious.h"
#include "unit.h"

#define CPUS	 2u
#define TASKS	 12000u
#define SECONDS	 5 /* then no more begin: the machine may have other things to do */
#define PATIENCE 40 /* ... and this long until none waits */

static struct kernel_part *k;
static struct scxu_sched *sched;
static uint64_t limit = UNIT_TSAN ? 200000 : 1000000;
static uint64_t started; /* seconds */
static unsigned int gone; /* CPUs that have ended */
static uint64_t begun; /* waits, over all CPUs */
static uint64_t facts[TASKS]; /* of the present wait: its owner's */
static uint64_t applied[CPUS], stale[CPUS], wrong[CPUS];
static bool ended;

static uint64_t seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec;
}

static bool stopping(void)
{
	return scxu_load(&begun) >= limit || seconds() >= started + SECONDS;
}

/* --- the kernel part, a thread a CPU ------------------------------------------------ */

struct cpu {
	unsigned int number;
	uint32_t mine[TASKS]; /* tasks that do not wait */
	uint32_t nr_mine;
	uint64_t seed;
};

static struct cpu cpus[CPUS];

static void give(struct cpu *c)
{
	uint32_t slot = c->mine[--c->nr_mine];
	uint64_t x = unit_random(&c->seed) | 1;
	struct wait_facts wait = suspicious_facts(x);

	facts[slot] = x;
	kernel_part_enqueue(k, slot, c->number, &wait);
}

static bool take(struct cpu *c)
{
	struct scxu_decision d;

	if (!kernel_part_next(k, c->number, &d))
		return false;
	if (kernel_part_claim(k, c->number, &d) != APPLIED) {
		stale[c->number]++;
		return true;
	}
	/* the claim makes us its owner */
	wrong[c->number] += d.vtime != facts[d.slot];
	applied[c->number]++;
	c->mine[c->nr_mine++] = d.slot;
	return true;
}

static void *cpu_main(void *arg)
{
	struct cpu *c = arg;
	void *late = NULL;

	for (;;) {
		/* a burst of work, then what the agent says */
		uint32_t n = unit_below(&c->seed, 16) ? unit_below(&c->seed, 64) : TASKS;

		for (; n && c->nr_mine; n--) {
			if (stopping())
				break;
			__atomic_fetch_add(&begun, 1, __ATOMIC_RELAXED);
			give(c);
		}
		for (n = 1 + unit_below(&c->seed, 4096); n && take(c); n--)
			;
		if (stopping() && !scxu_load(&k->kernel->nr_waiting))
			break;
		if (seconds() > started + PATIENCE) {
			late = c;
			break;
		}
		sched_yield();
	}
	__atomic_fetch_add(&gone, 1, __ATOMIC_RELEASE);
	return late;
}

/* Another process' view: --stats reads while it runs. */
static void *stats_main(void *arg)
{
	const struct scxu_engine_counts *counts = arg;
	uint64_t last = 0;

	while (!scxu_load(&ended)) {
		uint64_t now = scxu_load(&counts->decided);
		struct timespec ts = { .tv_nsec = 1000000 };

		if (now < last)
			return arg;
		last = now;
		nanosleep(&ts, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	uint64_t all = 0, all_wrong = 0, all_stale = 0;
	pthread_t threads[CPUS], stats;
	unsigned int i;
	void *late;

	if (argc > 1)
		limit = strtoull(argv[1], NULL, 10);
	started = seconds();
	k = kernel_part_create(CPUS, TASKS);
	sched = engine_with(k, &suspicious_policy, 512);
	for (i = 0; i < TASKS; i++) {
		struct cpu *c = &cpus[i % CPUS];

		kernel_part_birth(k, i, (int)i + 1, 0);
		c->mine[c->nr_mine++] = i;
	}
	/* before the agent first looks: one ring overflows for certain */
	while (cpus[0].nr_mine) {
		begun++;
		give(&cpus[0]);
	}
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), TASKS / CPUS - SCXU_EVENTS);
	for (i = 0; i < CPUS; i++) {
		cpus[i].number = i;
		cpus[i].seed = i;
		NEED(!pthread_create(&threads[i], NULL, cpu_main, &cpus[i]));
	}
	NEED(!pthread_create(&stats, NULL, stats_main, (void *)scxu_engine_counts(sched)));
	while (scxu_load_acquire(&gone) < CPUS)
		if (!scxu_engine_pass(sched, 1) && !scxu_engine_pending(sched))
			sched_yield();
	for (i = 0; i < CPUS; i++) {
		pthread_join(threads[i], &late);
		if (!CHECK(!late))
			printf("  CPU %u: waits without a decision\n", i);
		all += applied[i];
		all_wrong += wrong[i];
		all_stale += stale[i];
	}
	scxu_store(&ended, true);
	pthread_join(stats, &late);
	CHECK(!late);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(all, begun);
	CHECK_EQ(all_wrong, 0);
	CHECK_EQ(suspicious.torn, 0);
	CHECK_EQ(suspicious.strangers, 0);
	CHECK_EQ(suspicious.refused, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 0);
	CHECK_EQ(scxu_engine_counts(sched)->failed, 0);
	CHECK_LE(2, scxu_engine_counts(sched)->rescans);
	printf("%llu waits, %llu events dropped, %llu rescans, %llu stale\n",
	       (unsigned long long)all,
	       (unsigned long long)kernel_part_count(k, SCXU_COUNT_failed_enqueues),
	       (unsigned long long)scxu_engine_counts(sched)->rescans,
	       (unsigned long long)all_stale);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
	return UNIT_END();
}
