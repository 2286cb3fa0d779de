// SPDX-License-Identifier: GPL-2.0-only
/* The stock for any CPU: as many as --batch says, in order, over its wrap-around. */
#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void begin(unsigned int tasks, unsigned int batch, uint64_t tail)
{
	uint32_t slot;

	k = kernel_part_create(4, 8192);
	k->kernel->stock_tail[0] = tail;
	sched = engine_with(k, &test_fifo, batch);
	f = fifo_of(sched);
	for (slot = 0; slot < tasks; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, slot % 4, &plain);
	}
	f->hold = true;
	while (scxu_engine_pass(sched, 1))
		;
	f->hold = false;
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void filled_to_batch(unsigned int batch)
{
	static struct scxu_decision ds[SCXU_STOCK + 1];
	unsigned int taken;

	begin(5000, batch, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_peek(k, -1, ds, SCXU_STOCK + 1), batch);
	CHECK_EQ(scxu_nr_queued(sched), 5000 - batch);
	CHECK_EQ(scxu_room(sched), 0);
	/* filled up again by as many as were taken */
	for (taken = 0; taken < batch && taken < 5; taken++)
		CHECK_EQ(kernel_part_dispatch(k, taken % 4, ds), APPLIED);
	CHECK_EQ(scxu_room(sched), taken);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(kernel_part_peek(k, -1, ds, SCXU_STOCK + 1), batch);
	end();
}

static void no_more_than_wait(void)
{
	struct scxu_decision ds[16];

	begin(3, 8, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_peek(k, -1, ds, 16), 3);
	CHECK_EQ(scxu_room(sched), 5);
	end();
}

/*
 * A policy that takes longer than 30 us for a task keeps so much less in stock; when it is
 * fast again, as much as ever.
 */
static void slow_policy(void)
{
	const uint64_t each[] = { 1000, 100000, 10000000 };
	const uint64_t kept[] = { 8, 2, 1 };
	struct scxu_decision ds[16];
	uint64_t now = 1;
	unsigned int i, n;

	begin(100, 8, 0);
	for (n = 0; n < 3; n++) {
		for (i = 0; i < 100; i++) {
			uint64_t enqueued = scxu_engine_counts(sched)->enqueued;

			scxu_engine_pass(sched, now);
			/* news while it was at it: the next pass follows at once */
			kernel_part_birth(k, 100 + i, 101 + (int)i, 0);
			kernel_part_enqueue(k, 100 + i, 0, &plain);
			CHECK(scxu_engine_pending(sched));
			now += each[n] * (scxu_engine_counts(sched)->enqueued - enqueued);
			if (kernel_part_peek(k, -1, ds, 16) > kept[n])
				kernel_part_dispatch(k, 0, ds);
		}
		CHECK_EQ(kernel_part_peek(k, -1, ds, 16), kept[n]);
	}
	for (i = 0; i < 200; i++) {
		kernel_part_birth(k, 300 + i, 301 + (int)i, 0);
		kernel_part_enqueue(k, 300 + i, 0, &plain);
		scxu_engine_pass(sched, now);
	}
	CHECK_EQ(kernel_part_peek(k, -1, ds, 16), 8);
	end();
}

/* An interrupt in a pass that has one task: CPUs went short of decisions for it. */
static void interrupted(void)
{
	struct scxu_decision ds[16];
	unsigned int i;

	begin(100, 8, 0);
	for (i = 0; i < 64; i++) {
		scxu_engine_pass(sched, 1 + 2000000 * i);
		kernel_part_birth(k, 100 + i, 101 + (int)i, 0);
		kernel_part_enqueue(k, 100 + i, 0, &plain);
		if (i % 16 == 8)
			CHECK(scxu_engine_pending(sched)); /* this one took 2 ms */
		CHECK_EQ(kernel_part_peek(k, -1, ds, 16), 8);
	}
	end();
}

/* Many times around, from a position that wraps 2^64 too: order, and nothing lost. */
static void wraps(unsigned int batch, uint64_t from)
{
	uint32_t slot, next = 0;
	struct scxu_decision d;
	unsigned int i, n;

	begin(0, batch, from);
	for (slot = 0; slot < 64; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, 0, &plain);
	}
	for (i = 0; i < 3 * SCXU_STOCK; i += n) {
		scxu_engine_pass(sched, i);
		for (n = 0; n < batch && kernel_part_dispatch(k, i % 4, &d) == APPLIED; n++) {
			CHECK_EQ(d.slot, next);
			kernel_part_enqueue(k, d.slot, 0, &plain);
			next = (next + 1) % 64;
		}
		CHECK_EQ(n, batch < 64 ? batch : 64);
	}
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_stale), 0);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 0);
	end();
}

/* Somebody wrote over the head: the kernel part empties the ring, and it works again. */
static void head_trampled(void)
{
	struct scxu_decision d;
	unsigned int i;

	begin(8, 8, 0);
	scxu_engine_pass(sched, 1);
	k->shm.agent->stock_head[0] = 0xdeadbeefdeadbeef;
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), NOTHING);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 1);
	for (i = 0; i < 3; i++) {
		kernel_part_dispatch(k, 0, &d);
		scxu_engine_pass(sched, 2);
	}
	kernel_part_birth(k, 100, 1, 0);
	kernel_part_enqueue(k, 100, 0, &plain);
	scxu_engine_pass(sched, 3);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 100);
	end();
}

int main(void)
{
	filled_to_batch(1);
	filled_to_batch(8);
	filled_to_batch(1000);
	filled_to_batch(SCXU_STOCK);
	no_more_than_wait();
	slow_policy();
	interrupted();
	wraps(1, 0);
	wraps(7, 0);
	wraps(8, UINT64_MAX - 1000);
	wraps(SCXU_STOCK, UINT64_MAX - 5000);
	head_trampled();
	return UNIT_END();
}
