// SPDX-License-Identifier: GPL-2.0-only
/* A decision that its CPU could not carry out: the wait comes back, and can be decided anew. */
#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void begin(void)
{
	k = kernel_part_create(2, 64);
	sched = engine_with(k, &test_fifo, 8);
	f = fifo_of(sched);
	kernel_part_birth(k, 7, 70, 1 << 1); /* CPU 1 only; fifo does not look */
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 1);
	f->logged = 0;
}

static void end(void)
{
	struct scxu_decision d;

	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.slot, 7);
	CHECK_EQ(d.gen, 1);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void comes_back(void)
{
	struct scxu_decision d;

	begin();
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), BOUNCED);
	CHECK(scxu_engine_pending(sched));
	scxu_engine_pass(sched, 2);
	NEED(f->logged == 1);
	CHECK_EQ(f->log[0].call, FIFO_ENQUEUE);
	CHECK_EQ(f->log[0].flags, SCXU_ENQUEUE_NEW | SCXU_ENQUEUE_BOUNCED);
	end();
}

static void again_and_again(void)
{
	struct scxu_decision d;
	int i;

	begin();
	for (i = 0; i < 100; i++) {
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), BOUNCED);
		scxu_engine_pass(sched, 2);
	}
	CHECK_EQ(f->enqueues, 101);
	end();
}

/* Its event was dropped: the scan of all records finds it. */
static void event_dropped(void)
{
	struct scxu_decision d;
	unsigned int i;

	begin();
	for (i = 0; i < SCXU_EVENTS; i++)
		kernel_part_event(k, 0, 63);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), BOUNCED);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), 1);
	while (scxu_engine_pass(sched, 2))
		;
	CHECK_EQ(f->enqueues, 2);
	end();
}

/* The CPU holds it (taken) when the stock is recalled, then it bounces. */
static void recalled_meanwhile(void)
{
	struct scxu_decision d, other;

	begin();
	NEED(kernel_part_next(k, 0, &d));
	CHECK_EQ(kernel_part_claim(k, 0, &d), APPLIED);
	kernel_part_birth(k, 8, 80, 0);
	kernel_part_enqueue(k, 8, 0, &plain);
	scxu_engine_pass(sched, 2);
	CHECK(kernel_part_bounce(k, 0, &d));
	scxu_engine_pass(sched, 3);
	CHECK_EQ(kernel_part_dispatch(k, 1, &other), APPLIED);
	CHECK_EQ(other.slot, 8); /* recalled, so at the head */
	CHECK_EQ(kernel_part_dispatch(k, 1, &other), APPLIED);
	CHECK_EQ(other.slot, 7);
	CHECK(kernel_part_bounce(k, 1, &other));
	scxu_engine_pass(sched, 4);
	NEED(kernel_part_next(k, 1, &other));
	CHECK_EQ(other.slot, 7);
	CHECK_EQ(kernel_part_claim(k, 1, &other), APPLIED);
	CHECK_EQ(kernel_part_state(k, 7), 1 << SCXU_GEN_SHIFT | SCXU_TASK_TAKEN);
	/* back, for end() */
	CHECK(kernel_part_bounce(k, 1, &other));
	scxu_engine_pass(sched, 5);
	end();
}

/* It was enqueued anew while the CPU found that it may not run there. */
static void reenqueued_meanwhile(void)
{
	struct scxu_decision d;

	begin();
	NEED(kernel_part_next(k, 0, &d));
	CHECK_EQ(kernel_part_claim(k, 0, &d), APPLIED);
	CHECK_EQ(kernel_part_enqueue(k, 7, 1, &plain), 2);
	CHECK(!kernel_part_bounce(k, 0, &d));
	scxu_engine_pass(sched, 2);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.gen, 2);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

int main(void)
{
	comes_back();
	again_and_again();
	event_dropped();
	recalled_meanwhile();
	reenqueued_meanwhile();
	return UNIT_END();
}
