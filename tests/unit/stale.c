// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record has changed since the event, or since the decision: what is over is
 * never decided, or its decision is dropped by the generation; counts come back to 0.
 */
#include <errno.h>

#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void begin(bool hold)
{
	k = kernel_part_create(2, 64);
	sched = engine_with(k, &test_fifo, 8);
	f = fifo_of(sched);
	f->hold = hold;
	kernel_part_birth(k, 7, 70, 0);
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void gone_before_the_event_is_read(void)
{
	begin(false);
	kernel_part_enqueue(k, 7, 0, &plain);
	kernel_part_leave(k, 7);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(f->enqueues, 0);
	end();
}

static void next_wait_before_the_event_is_read(void)
{
	struct scxu_decision d;

	begin(false);
	kernel_part_enqueue(k, 7, 0, &plain);
	kernel_part_leave(k, 7);
	CHECK_EQ(kernel_part_enqueue(k, 7, 1, &plain), 2);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(f->enqueues, 1); /* two events, one wait */
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.gen, 2);
	end();
}

static void gone_while_the_policy_holds_it(void)
{
	begin(true);
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	kernel_part_leave(k, 7);
	f->hold = false;
	scxu_engine_pass(sched, 2);
	CHECK_EQ(f->err, -ESTALE);
	CHECK_EQ(f->dequeues, 0); /* the decision tells */
	CHECK_EQ(scxu_engine_counts(sched)->decided, 0);
	CHECK_EQ(scxu_engine_counts(sched)->failed, 0);
	end();
}

/* An event for a wait that is over by then takes the one before from the policy. */
static void two_waits_over(void)
{
	begin(true);
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 1);
	kernel_part_enqueue(k, 7, 0, &plain);
	kernel_part_leave(k, 7);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(f->dequeues, 1);
	end();
}

static void over_when_a_cpu_takes_it(void)
{
	struct scxu_decision d;

	begin(false);
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 1);
	kernel_part_leave(k, 7);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), STALE);
	/* and the next wait has its own decision */
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.gen, 2);
	end();
}

/* What a policy may ask of a wait that it has decided. */
static void waits_until_taken(void)
{
	struct scxu_decision d;
	struct scxu_task *task;

	begin(true);
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 1);
	task = fifo_first(sched);
	NEED(task);
	CHECK(scxu_task_waits(sched, task));
	f->hold = false;
	scxu_engine_pass(sched, 2);
	CHECK(scxu_task_waits(sched, task)); /* decided, not taken */
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK(!scxu_task_waits(sched, task));
	/* the next wait is another, until the policy is told of it */
	kernel_part_enqueue(k, 7, 0, &plain);
	CHECK(!scxu_task_waits(sched, task));
	scxu_engine_pass(sched, 3);
	CHECK(scxu_task_waits(sched, task));
	kernel_part_leave(k, 7);
	CHECK(!scxu_task_waits(sched, task));
	end();
}

static void the_floor_takes_it(void)
{
	struct scxu_decision floor = { .slot = 7, .gen = 1 }, d;

	begin(true);
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_claim(k, 0, &floor), APPLIED);
	/* it runs, and comes again, before the agent looks */
	kernel_part_enqueue(k, 7, 1, &plain);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(f->enqueues, 2);
	CHECK_EQ(f->dequeues, 1);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	f->hold = false;
	scxu_engine_pass(sched, 3);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.gen, 2);
	end();
}

/* Between the policy's two looks, in one dispatch(). */
static void leave_now(struct scxu_sched *s)
{
	(void)s;
	kernel_part_leave(k, 7);
}

static void during_dispatch(void)
{
	struct scxu_decision d;

	begin(false);
	f->before = leave_now;
	kernel_part_enqueue(k, 7, 0, &plain);
	kernel_part_birth(k, 8, 80, 0);
	kernel_part_enqueue(k, 8, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 8);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), NOTHING);
	end();
}

int main(void)
{
	gone_before_the_event_is_read();
	next_wait_before_the_event_is_read();
	gone_while_the_policy_holds_it();
	two_waits_over();
	over_when_a_cpu_takes_it();
	waits_until_taken();
	the_floor_takes_it();
	during_dispatch();
	return UNIT_END();
}
