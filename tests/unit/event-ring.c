// SPDX-License-Identifier: GPL-2.0-only
/* The ring of events: wraps, fills (and then the records tell), is read in bounded pieces. */
#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

#define TASKS 10000u

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void begin(void)
{
	k = kernel_part_create(2, TASKS);
	sched = engine_with(k, &test_fifo, 4096);
	f = fifo_of(sched);
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static unsigned int take_all(unsigned int cpu)
{
	struct scxu_decision d;
	unsigned int n = 0;
	enum outcome o;

	while ((o = kernel_part_dispatch(k, cpu, &d)) != NOTHING)
		n += o == APPLIED;
	return n;
}

static void wraps(void)
{
	uint32_t round, slot;

	begin();
	for (slot = 0; slot < 100; slot++)
		kernel_part_birth(k, slot, (int)slot + 1, 0);
	for (round = 0; round < 3 * SCXU_EVENTS / 100; round++) {
		for (slot = 0; slot < 100; slot++)
			kernel_part_enqueue(k, slot, 0, &plain);
		CHECK(!scxu_engine_pass(sched, round));
		CHECK_EQ(take_all(1), 100);
	}
	CHECK(k->cpus[0].events_head > 2 * SCXU_EVENTS);
	CHECK_EQ(k->shm.agent_cpus[0].events_tail, k->cpus[0].events_head);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), 0);
	CHECK_EQ(scxu_engine_counts(sched)->rescans, 1); /* that of its creation */
	end();
}

/* Positions are modulo 2^64 too. */
static void wraps_the_counter(void)
{
	uint32_t slot;

	begin();
	scxu_engine_destroy(sched);
	k->cpus[0].events_head = UINT64_MAX - 49;
	sched = engine_with(k, &test_fifo, 4096);
	f = fifo_of(sched);
	for (slot = 0; slot < 100; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, 0, &plain);
	}
	CHECK(!scxu_engine_pass(sched, 1));
	CHECK_EQ(f->enqueues, 100);
	CHECK_EQ(k->shm.agent_cpus[0].events_tail, 50);
	CHECK_EQ(take_all(0), 100);
	end();
}

static void bounded(void)
{
	unsigned int passes = 1;
	uint32_t slot;

	begin();
	for (slot = 0; slot < 2000; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, 1, &plain);
	}
	while (scxu_engine_pass(sched, 1)) {
		CHECK_LE(f->enqueues, 1024 * passes);
		CHECK(scxu_engine_pending(sched));
		passes++;
	}
	CHECK_LE(2, passes);
	CHECK(!scxu_engine_pending(sched));
	CHECK_EQ(f->enqueues - scxu_engine_counts(sched)->recalled, 2000);
	CHECK_EQ(take_all(0), 2000);
	end();
}

/* 10 000 tasks come between two passes: none is forgotten, none comes twice. */
static void full(void)
{
	unsigned int taken = 0;
	uint32_t slot;

	begin();
	for (slot = 0; slot < TASKS; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, 1, &plain);
	}
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), TASKS - SCXU_EVENTS);
	f->hold = true;
	while (scxu_engine_pass(sched, 1))
		;
	CHECK_EQ(f->enqueues, TASKS);
	CHECK_EQ(f->dequeues, 0);
	CHECK_EQ(scxu_nr_queued(sched), TASKS);
	CHECK_EQ(scxu_engine_counts(sched)->rescans, 2);
	CHECK(!scxu_engine_pending(sched));
	/* no rescan without a new drop */
	scxu_engine_pass(sched, 2);
	CHECK_EQ(scxu_engine_counts(sched)->rescans, 2);
	f->hold = false;
	while (scxu_nr_queued(sched)) {
		unsigned int n;

		scxu_engine_pass(sched, 3);
		n = take_all(0);
		NEED(n > 0);
		taken += n;
	}
	taken += take_all(0);
	CHECK_EQ(taken, TASKS);
	end();
}

/* One event, dropped, in an empty system: pending() says so too. */
static void drop_wakes(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < SCXU_EVENTS; i++)
		kernel_part_event(k, 0, 0);
	while (scxu_engine_pass(sched, 1))
		;
	CHECK(!scxu_engine_pending(sched));
	kernel_part_birth(k, 9, 90, 0);
	k->no_events = true;
	kernel_part_enqueue(k, 9, 1, &plain);
	CHECK(!scxu_engine_pending(sched)); /* so it is the count that tells: */
	k->cpus[1].counters[SCXU_COUNT_failed_enqueues]++;
	CHECK(scxu_engine_pending(sched));
	scxu_engine_pass(sched, 2);
	CHECK(!scxu_engine_pending(sched));
	CHECK_EQ(take_all(0), 1);
	end();
}

/* slots_high beyond the last slot is not believed. */
static void bogus_high(void)
{
	begin();
	k->kernel->slots_high = ~0u;
	k->cpus[1].counters[SCXU_COUNT_failed_enqueues]++;
	scxu_engine_pass(sched, 1);
	CHECK_EQ(scxu_engine_counts(sched)->rescans, 2);
	CHECK_EQ(f->enqueues, 0);
	end();
}

/* Somebody wrote over the tail: events are dropped until the agent has noticed, not for ever. */
static void tail_trampled(void)
{
	begin();
	kernel_part_birth(k, 9, 90, 0);
	k->shm.agent_cpus[0].events_tail = 0xdeadbeefdeadbeef;
	kernel_part_enqueue(k, 9, 0, &plain);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), 1);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(take_all(0), 1);
	kernel_part_enqueue(k, 9, 0, &plain);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), 1);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(take_all(0), 1);
	end();
}

int main(void)
{
	wraps();
	wraps_the_counter();
	bounded();
	full();
	drop_wakes();
	bogus_high();
	tail_trampled();
	return UNIT_END();
}
