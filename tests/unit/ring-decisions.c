// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three CPUs take decisions out of the stock and out of their rings while the engine
 * gives and recalls them, and the kernel does all that it may do meanwhile: enqueue a
 * waiting task anew (another generation), bounce, end a task and give its slot to the
 * next. Each wait is carried out once, by facts that are its own, or superseded.
 *
 * As in the kernel, enqueue and exit of a task, and the last step of a dispatch, hold
 * its rq lock; taking and claiming a decision do not.
 *
 *	unit-ring-decisions [WAITS]
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "suspicious.h"
#include "unit.h"

#define CPUS	 3u
#define TASKS	 300u
#define SECONDS	 5 /* then no more begin: the machine may have other things to do */
#define PATIENCE 40 /* ... and this long until none waits */

struct ktask {
	bool locked;
	/* under it */
	uint64_t gen; /* of the present wait */
	uint64_t x; /* its facts */
	uint64_t carried_out; /* the last wait that was */
	bool finished; /* not enqueued any more */
};

struct cpu {
	unsigned int number;
	uint64_t seed;
	uint64_t applied, superseded, dropped, bounced, born, wrong, twice;
};

static struct kernel_part *k;
static struct scxu_sched *sched;
static struct ktask tasks[TASKS];
static struct cpu cpus[CPUS];
static uint64_t limit = UNIT_TSAN ? 200000 : 1000000;
static uint64_t begun; /* waits */
static uint64_t started; /* seconds */
static unsigned int gone; /* CPUs that have ended */
static uint64_t agent_seed = 99;
static int last_pid = TASKS;

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

static bool lock_if_free(struct ktask *t)
{
	return !__atomic_exchange_n(&t->locked, true, __ATOMIC_ACQUIRE);
}

static void lock(struct ktask *t)
{
	while (!lock_if_free(t))
		sched_yield();
}

static void unlock(struct ktask *t)
{
	__atomic_store_n(&t->locked, false, __ATOMIC_RELEASE);
}

/* Where races are: few CPUs would run one thread after the other. */
static void perhaps_another(uint64_t *seed)
{
	if (!unit_below(seed, 256))
		sched_yield();
}

/* Facts half written: the engine may read them meanwhile. */
static void midway(void)
{
	static uint64_t n;

	if (!(__atomic_add_fetch(&n, 1, __ATOMIC_RELAXED) % (UNIT_TSAN ? 4 : 128)))
		sched_yield();
}

/* Holding its lock. */
static void enqueue(struct cpu *c, uint32_t slot)
{
	struct ktask *t = &tasks[slot];
	struct wait_facts wait;

	t->x = unit_random(&c->seed) | 1;
	wait = suspicious_facts(t->x);
	__atomic_fetch_add(&begun, 1, __ATOMIC_RELAXED);
	t->gen = kernel_part_enqueue(k, slot, c->number, &wait);
}

/* What finish_dispatch() sees: the claimed wait is the present one, or the insert is dropped. */
static void carry_out(struct cpu *c, const struct scxu_decision *d)
{
	struct ktask *t = &tasks[d->slot];

	lock(t);
	if (t->gen != d->gen || t->finished) {
		c->dropped++;
		unlock(t);
		return;
	}
	c->twice += t->carried_out >= d->gen;
	c->wrong += d->vtime != t->x;
	t->carried_out = d->gen;
	c->applied++;
	if (stopping()) {
		t->finished = true;
	} else {
		if (!unit_below(&c->seed, 50)) {
			kernel_part_exit(k, d->slot);
			kernel_part_birth(k, d->slot,
					  __atomic_add_fetch(&last_pid, 1, __ATOMIC_RELAXED), 0);
			c->born++;
		}
		enqueue(c, d->slot);
	}
	unlock(t);
}

/* nice, or a change of affinity: the kernel takes it out and puts it in again */
static void enqueue_anew(struct cpu *c, uint32_t slot)
{
	struct ktask *t = &tasks[slot];

	if (!lock_if_free(t))
		return;
	if (!t->finished) {
		c->superseded++;
		enqueue(c, slot);
	}
	unlock(t);
}

static void *cpu_main(void *arg)
{
	struct cpu *c = arg;
	void *late = NULL;

	while (!stopping() || scxu_load(&k->kernel->nr_waiting)) {
		struct scxu_decision d;

		if (seconds() > started + PATIENCE) {
			late = c;
			break;
		}
		if (!kernel_part_next(k, c->number, &d)) {
			sched_yield();
			continue;
		}
		if (!stopping() && !unit_below(&c->seed, 20))
			enqueue_anew(c, unit_below(&c->seed, 2) ? d.slot
								: unit_below(&c->seed, TASKS));
		perhaps_another(&c->seed);
		if (kernel_part_claim(k, c->number, &d) != APPLIED)
			continue;
		perhaps_another(&c->seed);
		if (!unit_below(&c->seed, 20)) {
			c->bounced += kernel_part_bounce(k, c->number, &d);
			continue;
		}
		carry_out(c, &d);
	}
	__atomic_fetch_add(&gone, 1, __ATOMIC_RELEASE);
	return late;
}

/* Some for a CPU of its own, which may not come in time. */
static int where(struct scxu_sched *s)
{
	(void)s;
	perhaps_another(&agent_seed);
	return unit_below(&agent_seed, 3) ? SCXU_CPU_ANY : (int)unit_below(&agent_seed, CPUS);
}

int main(int argc, char **argv)
{
	struct cpu all = { 0 };
	pthread_t threads[CPUS];
	uint64_t now = 0;
	unsigned int i;
	void *late;

	if (argc > 1)
		limit = strtoull(argv[1], NULL, 10);
	started = seconds();
	k = kernel_part_create(CPUS, TASKS);
	suspicious_where = where;
	sched = engine_with(k, &suspicious_policy, 16);
	for (i = 0; i < TASKS; i++) {
		kernel_part_birth(k, i, (int)i + 1, 0);
		enqueue(&cpus[0], i);
	}
	k->midway = midway;
	for (i = 0; i < CPUS; i++) {
		cpus[i].number = i;
		cpus[i].seed = i;
		NEED(!pthread_create(&threads[i], NULL, cpu_main, &cpus[i]));
	}
	while (scxu_load_acquire(&gone) < CPUS)
		if (!scxu_engine_pass(sched, now += 700000) && !scxu_engine_pending(sched))
			sched_yield();
	for (i = 0; i < CPUS; i++) {
		pthread_join(threads[i], &late);
		if (!CHECK(!late))
			printf("  CPU %u: waits without a decision\n", i);
		all.applied += cpus[i].applied;
		all.superseded += cpus[i].superseded;
		all.dropped += cpus[i].dropped;
		all.bounced += cpus[i].bounced;
		all.born += cpus[i].born;
		all.wrong += cpus[i].wrong;
		all.twice += cpus[i].twice;
	}
	while (scxu_engine_pass(sched, 2))
		;
	CHECK_EQ(all.applied + all.superseded, begun);
	CHECK_EQ(all.twice, 0);
	CHECK_EQ(all.wrong, 0);
	CHECK_EQ(suspicious.strangers, 0);
	CHECK_EQ(suspicious.refused, 0);
	for (i = 0; i < TASKS; i++)
		CHECK(tasks[i].finished && tasks[i].carried_out == tasks[i].gen);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 0);
	/* it did what it is for */
	CHECK_LE(begun / 100, all.superseded);
	CHECK_LE(begun / 100, all.bounced);
	CHECK_LE(begun / 100, all.born);
	CHECK_LE(1, scxu_engine_counts(sched)->recalled);
	printf("%llu waits: %llu carried out, %llu superseded; %llu bounced, %llu recalled, "
	       "%llu stale, %llu inserts dropped, %llu tasks ended; %llu dequeued, %llu late, "
	       "%llu torn\n",
	       (unsigned long long)begun, (unsigned long long)all.applied,
	       (unsigned long long)all.superseded, (unsigned long long)all.bounced,
	       (unsigned long long)scxu_engine_counts(sched)->recalled,
	       (unsigned long long)kernel_part_count(k, SCXU_COUNT_stale),
	       (unsigned long long)all.dropped, (unsigned long long)all.born,
	       (unsigned long long)suspicious.dequeues, (unsigned long long)suspicious.late,
	       (unsigned long long)suspicious.torn);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
	return UNIT_END();
}
