// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no sound kernel part writes: the engine believes none of it, and no policy has to
 * look. Each case was found by tests/fuzz/engine.c.
 */
#include <scxu/loader.h>

#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static const struct scxu_policy_ops *policy;
static struct kernel_part *k;
static struct scxu_sched *sched;

static void begin(void)
{
	k = kernel_part_create(2, 64);
	sched = engine_with(k, policy, 8);
}

/* With a policy that keeps what it gets, for the test to look at. */
static void begin_holding(void)
{
	policy = &test_fifo;
	begin();
	fifo_of(sched)->hold = true;
}

static void end(void)
{
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

/* A head so far ahead that no ring has so many: not 2^40 events, and the records tell. */
static void head_far_ahead(void)
{
	unsigned int passes = 0;

	begin();
	kernel_part_birth(k, 9, 90, 0);
	k->no_events = true;
	kernel_part_enqueue(k, 9, 0, &plain);
	k->cpus[0].events_head += 1ull << 40;
	CHECK(scxu_engine_pending(sched));
	while (scxu_engine_pass(sched, 1) && passes < 100)
		passes++;
	CHECK_LE(passes, SCXU_EVENTS / 512);
	CHECK(!scxu_engine_pending(sched));
	CHECK_EQ(take_all(0), 1);
	end();
}

/* Decided by an agent that is gone, and bounced: another agent's policy has no place for it. */
static void bounced_before(void)
{
	unsigned int i;

	begin();
	scxu_engine_destroy(sched);
	for (i = 0; i < 8; i++) {
		kernel_part_birth(k, i, (int)i + 1, 0);
		kernel_part_enqueue(k, i, 0, &plain);
		k->records[i].flags |= SCXU_WAIT_BOUNCED;
	}
	sched = engine_with(k, policy, 8);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(take_all(0), 8);
	/* and they leave no trace in the policy's order */
	for (i = 0; i < 8; i++)
		kernel_part_enqueue(k, i, 0, &plain);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(take_all(0), 8);
	end();
}

/* A wait without a task */
static void no_birth(void)
{
	begin();
	k->kernel->slots_high = 10;
	kernel_part_enqueue(k, 9, 0, &(struct wait_facts) { .flags = SCXU_WAIT_WAKEUP });
	scxu_engine_pass(sched, 1);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(take_all(0), 0);
	end();
}

static const uint32_t odd_weights[] = { 0, 1, 10000, 10001, ~0u };

static void odd_weight(uint32_t weight, uint64_t now)
{
	kernel_part_enqueue(k, 9, 0, &(struct wait_facts) { .flags = SCXU_WAIT_WAKEUP });
	k->records[9].weight = weight;
	kernel_part_run(k, 0, 77, 5, weight, 1);
	kernel_part_run(k, 1, 78, 5, weight, 1);
	scxu_engine_pass(sched, now);
}

/* No policy divides by 0. */
static void weights(void)
{
	unsigned int i;

	begin();
	kernel_part_birth(k, 9, 90, 0);
	for (i = 0; i < sizeof(odd_weights) / sizeof(odd_weights[0]); i++) {
		odd_weight(odd_weights[i], i + 2);
		CHECK_EQ(take_all(0) + take_all(1), 1);
	}
	end();
}

static void weights_seen(void)
{
	static const uint32_t seen[] = { 1, 1, 10000, 10000, 10000 };
	struct scxu_running run;
	unsigned int i;

	begin_holding();
	kernel_part_birth(k, 9, 90, 0);
	for (i = 0; i < sizeof(odd_weights) / sizeof(odd_weights[0]); i++) {
		odd_weight(odd_weights[i], i + 2);
		NEED(fifo_first(sched));
		CHECK_EQ(fifo_first(sched)->weight, seen[i]);
		NEED(scxu_cpu_running(sched, 0, &run));
		CHECK_EQ(run.weight, seen[i]);
	}
	end();
}

/* Nobody's name has 16 bytes: the last one is its end. */
static void name(void)
{
	begin_holding();
	kernel_part_birth(k, 9, 90, 0);
	kernel_part_enqueue(k, 9, 0, &plain);
	memset(k->records[9].comm, 'x', sizeof(k->records[9].comm));
	scxu_engine_pass(sched, 1);
	NEED(fifo_first(sched));
	CHECK_EQ(strnlen(fifo_first(sched)->comm, sizeof(fifo_first(sched)->comm)), 15);
	end();
}

/* Run times that jump, with every weight: no overflow (for the sanitizer to say). */
static void run_time_jumps(void)
{
	static const uint64_t of[] = { 0, 1ull << 62, 1, ~0ull, 1ull << 63, (1ull << 63) - 1 };
	unsigned int i;
	uint32_t slot;

	begin();
	for (slot = 0; slot < 4; slot++)
		kernel_part_birth(k, slot, (int)slot + 1, 0);
	for (i = 0; i < 200; i++) {
		struct wait_facts facts = {
			.runtime = of[i % 6],
			.vtime = of[i % 5],
			.weight = i % 7 ? 1 + i * 49 : 10000,
			.flags = i % 3 ? SCXU_WAIT_WAKEUP : 0,
		};

		kernel_part_enqueue(k, i % 4, 0, &facts);
		kernel_part_run_slot(k, i & 1, i % 4, of[(i + 3) % 6], of[i % 4]);
		scxu_engine_pass(sched, i + 1);
		take_all(i & 1);
	}
	CHECK_LE(1, scxu_engine_counts(sched)->decided);
	end();
}

int main(void)
{
	unsigned int i;

	for (i = 0; (policy = scxu_policy_builtin(i)); i++) {
		printf("%s\n", policy->name);
		head_far_ahead();
		bounced_before();
		no_birth();
		weights();
		run_time_jumps();
	}
	CHECK_LE(5, i);
	weights_seen();
	name();
	return UNIT_END();
}
