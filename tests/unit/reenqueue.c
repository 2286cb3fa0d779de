// SPDX-License-Identifier: GPL-2.0-only
/*
 * A task that waits is dequeued and enqueued anew by the kernel (its weight or its
 * affinity has changed): the policy forgets the old wait and gets the new one.
 */
#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

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
	kernel_part_enqueue(k, 7, 0, &(struct wait_facts) { .weight = 100 });
	scxu_engine_pass(sched, 1);
	f->logged = 0;
	kernel_part_enqueue(k, 7, 1, &(struct wait_facts) { .weight = 15 });
}

static void end(void)
{
	struct scxu_decision d;

	/* however it went: one decision can be applied, on the second wait */
	f->hold = false;
	scxu_engine_pass(sched, 3);
	while (kernel_part_next(k, 0, &d)) {
		if (d.gen == 2)
			CHECK_EQ(kernel_part_claim(k, 0, &d), APPLIED);
		else
			CHECK_EQ(kernel_part_claim(k, 0, &d), STALE);
	}
	CHECK_EQ(kernel_part_state(k, 7), 2 << SCXU_GEN_SHIFT | SCXU_TASK_TAKEN);
	CHECK_EQ(f->wrong, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void while_queued(void)
{
	begin(true);
	scxu_engine_pass(sched, 2);
	NEED(f->logged == 2);
	CHECK_EQ(f->log[0].call, FIFO_DEQUEUE);
	CHECK_EQ(f->log[1].call, FIFO_ENQUEUE);
	CHECK_EQ(f->log[1].flags, 0);
	CHECK_EQ(fifo_first(sched)->weight, 15);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	CHECK_EQ(scxu_engine_counts(sched)->enqueued, 2);
	end();
}

/* Decided, and in the stock: it comes once, as a new wait and not as recalled. */
static void while_in_stock(void)
{
	begin(false);
	scxu_engine_pass(sched, 2);
	NEED(f->logged == 1);
	CHECK_EQ(f->log[0].call, FIFO_ENQUEUE);
	CHECK_EQ(f->log[0].flags, 0);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	CHECK_EQ(scxu_engine_counts(sched)->decided, 2);
	end();
}

/* A decision that a CPU has taken out of the ring, but not yet claimed, comes too late. */
static void while_a_cpu_takes_it(void)
{
	struct scxu_decision d;

	begin(false);
	NEED(kernel_part_next(k, 0, &d));
	CHECK_EQ(d.gen, 1);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(kernel_part_claim(k, 0, &d), STALE);
	end();
}

int main(void)
{
	while_queued();
	while_in_stock();
	while_a_cpu_takes_it();
	return UNIT_END();
}
