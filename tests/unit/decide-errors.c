// SPDX-License-Identifier: GPL-2.0-only
/* Each error of scxu_decide(), and whose the task is afterwards. */
#include <errno.h>

#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void invalid(struct scxu_sched *s)
{
	static const struct {
		int cpu;
		uint64_t slice_ns;
		unsigned int flags;
	} bad[] = {
		{ -3, 0, 0 },
		{ 4, 0, 0 },
		{ INT32_MAX, 0, 0 },
		{ INT32_MIN, 0, 0 },
		{ 2, 0, 0 }, /* not allowed */
		{ 3, 0, 0 }, /* offline */
		{ 3, 0, SCXU_PREEMPT },
		{ SCXU_CPU_ANY, 0, SCXU_PREEMPT }, /* whom? */
		{ SCXU_CPU_ANY, 0, SCXU_PREEMPT | SCXU_VTIME },
		{ SCXU_CPU_ANY, 0, 1u << 2 },
		{ 0, 0, 1u << 31 },
		{ SCXU_CPU_ANY, 1, 0 },
		{ SCXU_CPU_ANY, SCXU_SLICE_MIN_NS - 1, 0 },
		{ 0, SCXU_SLICE_MAX_NS + 1, 0 },
		{ 0, UINT64_MAX, 0 },
	};
	struct scxu_task *task = fifo_first(s);
	unsigned int i;

	NEED(task);
	/* what scxu_select_cpu() returns when there is no place is no error of the policy's */
	CHECK_EQ(scxu_decide(s, task, SCXU_CPU_NONE, 0, 0, 0), -EAGAIN);
	CHECK_EQ(scxu_engine_counts(s)->failed, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!CHECK_EQ(scxu_decide(s, task, bad[i].cpu, bad[i].slice_ns, 0, bad[i].flags),
			      -EINVAL))
			printf("  cpu %d slice %llu flags %#x\n", bad[i].cpu,
			       (unsigned long long)bad[i].slice_ns, bad[i].flags);
		CHECK_EQ(scxu_engine_counts(s)->failed, i + 1);
		CHECK_EQ(scxu_nr_queued(s), 1); /* the task is still the policy's */
	}
	CHECK_EQ(k->shm.agent->kick[0] | k->shm.agent->preempt[0], 0);
	f->before = NULL;
}

static void good(struct scxu_sched *s)
{
	static const struct {
		int cpu;
		uint64_t slice_ns;
		unsigned int flags;
		struct scxu_decision d;
	} good[] = {
		{ SCXU_CPU_ANY, 0, 0, { .slice_us = 0 } },
		{ SCXU_CPU_ANY,
		  SCXU_SLICE_MIN_NS,
		  SCXU_VTIME,
		  { .slice_us = 50, .flags = SCXU_DECIDE_VTIME } },
		{ 0,
		  SCXU_SLICE_MAX_NS,
		  SCXU_PREEMPT,
		  { .slice_us = 1000000, .flags = SCXU_DECIDE_PREEMPT } },
		{ 1,
		  1500999,
		  SCXU_PREEMPT | SCXU_VTIME,
		  { .slice_us = 1500, .flags = SCXU_DECIDE_PREEMPT | SCXU_DECIDE_VTIME } },
	};
	struct scxu_task *task;
	unsigned int i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct scxu_agent_cpu *ac = &k->shm.agent_cpus[good[i].cpu];
		uint64_t vtime = 0x123456789abcdef0 + i;
		const struct scxu_decision *d;

		task = fifo_first(s);
		NEED(task);
		TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
		CHECK_EQ(scxu_decide(s, task, good[i].cpu, good[i].slice_ns, vtime, good[i].flags),
			 0);
		d = good[i].cpu < 0 ? &k->shm.agent->stock[0][i] : &ac->ring[0];
		CHECK_EQ(d->slot, task->slot);
		CHECK_EQ(d->gen, 1);
		CHECK_EQ(d->vtime, vtime);
		CHECK_EQ(d->slice_us, good[i].d.slice_us);
		CHECK_EQ(d->flags, good[i].d.flags);
		CHECK_EQ(d->pad, 0);
		/* it is no longer the policy's */
		CHECK_EQ(scxu_decide(s, task, SCXU_CPU_ANY, 0, 0, 0), -EINVAL);
	}
	f->before = NULL;
}

static void arguments(void)
{
	uint32_t slot;

	k = kernel_part_create(4, 64);
	kernel_part_online(k, 3, false);
	sched = engine_with(k, &test_fifo, 64);
	f = fifo_of(sched);
	f->hold = true;
	f->before = invalid;
	kernel_part_birth(k, 0, 1, 1 << 0 | 1 << 1 | 1 << 3);
	kernel_part_enqueue(k, 0, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK(!f->before);

	for (slot = 1; slot < 4; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, 0, &plain);
	}
	f->before = good;
	scxu_engine_pass(sched, 2);
	CHECK(!f->before);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(scxu_engine_counts(sched)->decided, 4);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

/* The stock holds SCXU_STOCK and a CPU's ring SCXU_CPU_DECISIONS; then the task stays. */
static void no_room(int cpu, unsigned int size)
{
	static bool seen[SCXU_STOCK + 100];
	struct scxu_decision d;
	unsigned int n = 0;
	uint32_t slot;

	memset(seen, 0, sizeof(seen));
	k = kernel_part_create(2, SCXU_STOCK + 100);
	sched = engine_with(k, &test_fifo, SCXU_STOCK);
	f = fifo_of(sched);
	f->cpu = cpu;
	for (slot = 0; slot < size + 100; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, slot >= SCXU_EVENTS, &plain);
	}
	f->hold = true;
	while (scxu_engine_pass(sched, 1))
		;
	f->hold = false;
	scxu_engine_pass(sched, 2);
	if (cpu != SCXU_CPU_ANY) /* scxu_room() has kept fifo from it */
		CHECK_EQ(f->err, -EAGAIN);
	CHECK_EQ(scxu_engine_counts(sched)->failed, 0);
	CHECK_EQ(scxu_engine_counts(sched)->decided, size);
	CHECK_EQ(scxu_nr_queued(sched), 100);
	/* one taken, one more decided */
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	seen[d.slot] = true;
	scxu_engine_pass(sched, 3);
	CHECK_EQ(scxu_nr_queued(sched), 99);
	for (n = 1; kernel_part_dispatch(k, 0, &d) == APPLIED; n++) {
		CHECK(!seen[d.slot]);
		seen[d.slot] = true;
		scxu_engine_pass(sched, 4);
	}
	CHECK_EQ(n, size + 100);
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

/* Past the room that the engine wants to be used: allowed up to the ring's size. */
static void more_than_room(struct scxu_sched *s)
{
	struct fifo_task *t, *next;
	int err = 0;

	CHECK_EQ(scxu_room(s), 8);
	for (t = TAILQ_FIRST(&f->queue); t && !err; t = next) {
		next = TAILQ_NEXT(t, node);
		err = scxu_decide(s, scxu_task_of(t), SCXU_CPU_ANY, 0, 0, 0);
		if (!err) {
			TAILQ_REMOVE(&f->queue, t, node);
			t->queued = false;
		}
	}
	CHECK_EQ(err, -EAGAIN);
	CHECK_EQ(scxu_room(s), 0);
	CHECK_EQ(scxu_engine_counts(s)->decided, SCXU_STOCK);
	CHECK_EQ(scxu_nr_queued(s), 10);
	f->before = NULL;
}

static void beyond_room(void)
{
	uint32_t slot;

	k = kernel_part_create(2, SCXU_STOCK + 10);
	sched = engine_with(k, &test_fifo, 8);
	f = fifo_of(sched);
	f->hold = true;
	for (slot = 0; slot < SCXU_STOCK + 10; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, slot & 1, &plain);
	}
	while (scxu_engine_pass(sched, 1))
		;
	f->before = more_than_room;
	scxu_engine_pass(sched, 2);
	CHECK(!f->before);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

int main(void)
{
	arguments();
	no_room(SCXU_CPU_ANY, SCXU_STOCK);
	no_room(0, SCXU_CPU_DECISIONS);
	beyond_room();
	return UNIT_END();
}
