// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is decided and not yet taken goes back to the policy when there is news (the
 * stock) or when its CPU did not come (its ring): newest first, so that a policy that
 * puts it at the head of its queue keeps its order (else the oldest wait for ever), once,
 * and never so that no decision finds a place any more.
 */
#include <errno.h>

#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;
static uint64_t now;

/* Late enough that a CPU which was given a decision had time to come. */
static bool pass(void)
{
	now += 2000000;
	return scxu_engine_pass(sched, now);
}

static void begin(unsigned int tasks, unsigned int batch)
{
	uint32_t slot;

	k = kernel_part_create(2, 8192);
	sched = engine_with(k, &test_fifo, batch);
	f = fifo_of(sched);
	for (slot = 0; slot < 8192; slot++)
		kernel_part_birth(k, slot, (int)slot + 1, 0);
	for (slot = 0; slot < tasks; slot++)
		kernel_part_enqueue(k, slot, slot / 4096, &plain);
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

/* With news, every decision is up for revision; what is new stays behind the old. */
static void stock_at_news(void)
{
	struct scxu_decision d;
	unsigned int i;

	begin(4, 8);
	pass();
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	pass(); /* no news: it stays */
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 0);

	f->logged = 0;
	kernel_part_enqueue(k, 9, 0, &plain);
	pass();
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 3);
	NEED(f->logged == 5);
	CHECK_EQ(f->log[1].slot, 9);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(f->log[2 + i].call, FIFO_ENQUEUE);
		CHECK_EQ(f->log[2 + i].flags, SCXU_ENQUEUE_RECALLED);
		CHECK_EQ(f->log[2 + i].slot, 3 - i);
	}
	for (i = 1; i < 4; i++) {
		CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
		CHECK_EQ(d.slot, i);
	}
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.slot, 9);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/* A CPU has read the old entry just before: one of the two decisions is stale. */
static void taken_while_recalled(void)
{
	struct scxu_decision d, again;

	begin(1, 8);
	pass();
	NEED(kernel_part_peek(k, -1, &d, 1) == 1);
	kernel_part_enqueue(k, 9, 0, &plain);
	pass();
	CHECK_EQ(kernel_part_claim(k, 0, &d), APPLIED);
	while (kernel_part_next(k, 1, &again))
		CHECK_EQ(kernel_part_claim(k, 1, &again), again.slot == 0 ? STALE : APPLIED);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	end();
}

/* Taken before the recall looks: it is not the policy's. */
static void taken_before(void)
{
	struct scxu_decision d;

	begin(2, 8);
	pass();
	NEED(kernel_part_peek(k, -1, &d, 1) == 1);
	CHECK_EQ(kernel_part_claim(k, 0, &d), APPLIED); /* claimed, the tail not yet seen */
	kernel_part_enqueue(k, 9, 0, &plain);
	pass();
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 1);
	CHECK_EQ(scxu_engine_counts(sched)->scheduled, 0);
	end();
}

static void cpu_ring_after_a_while(void)
{
	struct scxu_task task = { .cpu = 1, .nr_cpus_allowed = 2 };
	struct scxu_running run;
	struct scxu_decision d;

	begin(1, 8);
	f->cpu = 1;
	kernel_part_idle(k, 1, true);
	kernel_part_run(k, 1, 77, 0, 100, 0);
	pass();
	f->cpu = 0;
	f->logged = 0;
	/* no news; CPU 1 has been kicked, and is on its way: it counts as taken */
	now += 900000;
	scxu_engine_pass(sched, now);
	CHECK_EQ(f->logged, 0);
	CHECK_EQ(scxu_idle_cpu(sched, &task), -1);
	CHECK(!scxu_cpu_running(sched, 1, &run));
	/* it did not come */
	now += 100000;
	scxu_engine_pass(sched, now);
	CHECK_EQ(scxu_idle_cpu(sched, &task), 1);
	NEED(f->logged == 1);
	CHECK_EQ(f->log[0].flags, SCXU_ENQUEUE_RECALLED);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	pass();
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 1);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/*
 * News after news while no CPU takes from the stock: recalled entries keep their
 * places, and the kernel part skips them only on its way to a later one.
 */
static void stock_never_wedged(unsigned int tasks, unsigned int batch)
{
	unsigned int round, i, taken = 0;
	struct scxu_decision d;
	enum outcome o;

	begin(tasks, batch);
	for (round = 0; round < 2 * SCXU_STOCK; round++) {
		kernel_part_enqueue(k, 8000, 0, &plain);
		while (pass())
			;
	}
	/* Now they come. Nothing new happens: all that wait are to be served. */
	for (i = 0; i < 3 * (tasks + 1) && taken < tasks + 1; i++) {
		o = kernel_part_dispatch(k, i % 2, &d);
		taken += o == APPLIED;
		if (o == NOTHING)
			pass();
	}
	if (!CHECK_EQ(taken, tasks + 1))
		printf("  %u tasks, batch %u\n", tasks, batch);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/* The same for a CPU that lets many passes go by. */
static void cpu_ring_never_wedged(unsigned int tasks)
{
	unsigned int round, taken = 0;
	struct scxu_decision d;

	begin(tasks, 8);
	f->cpu = 1;
	for (round = 0; round < 3 * SCXU_CPU_DECISIONS; round++)
		pass();
	for (round = 0; round < 3 * tasks && taken < tasks; round++) {
		while (kernel_part_dispatch(k, 1, &d) == APPLIED)
			taken++;
		pass();
	}
	if (!CHECK_EQ(taken, tasks))
		printf("  %u tasks\n", tasks);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/* A CPU goes away with decisions in its ring, however full: they are decided for another. */
static void cpu_goes_offline(unsigned int tasks)
{
	unsigned int taken = 0, i;
	struct scxu_decision d;

	begin(tasks, 8);
	f->cpu = 1;
	pass();
	kernel_part_online(k, 1, false);
	f->cpu = 0;
	for (i = 0; i < 10; i++) {
		pass();
		while (kernel_part_dispatch(k, 0, &d) == APPLIED)
			taken++;
	}
	if (!CHECK_EQ(taken, tasks))
		printf("  %u tasks\n", tasks);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	end();
}

/* It comes back, and finds its ring full of what was taken back: new decisions have a place. */
static void cpu_comes_back(void)
{
	struct scxu_decision d;

	begin(SCXU_CPU_DECISIONS, 8);
	f->cpu = 1;
	pass();
	kernel_part_online(k, 1, false);
	f->cpu = 0;
	pass();
	while (kernel_part_dispatch(k, 0, &d) == APPLIED)
		;
	kernel_part_online(k, 1, true);
	f->cpu = 1;
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	kernel_part_enqueue(k, 1000, 0, &plain);
	pass();
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.slot, 1000);
	end();
}

/*
 * One of 640 costs as much as ten of 64: with news in each pass it is recalled in one of
 * ten, and the last news is not forgotten because its pass was none of these.
 */
static void large_stock_less_often(void)
{
	unsigned int i, recalls = 0;
	uint64_t before = 0;
	struct scxu_decision d;

	begin(640, 4096);
	for (i = 0; i < 200; i++) {
		pass();
		recalls += scxu_engine_counts(sched)->recalled != before;
		before = scxu_engine_counts(sched)->recalled;
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		kernel_part_enqueue(k, d.slot, 0, &plain);
	}
	CHECK_LE(18, recalls);
	CHECK_LE(recalls, 200 / 9);
	for (i = 0; i < 11; i++)
		pass();
	CHECK_LE(before + 600, scxu_engine_counts(sched)->recalled);
	before = scxu_engine_counts(sched)->recalled;
	for (i = 0; i < 22; i++)
		pass();
	CHECK_EQ(scxu_engine_counts(sched)->recalled, before);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/* A policy that decides in enqueue(), also at a recall: it ends, and nothing is lost. */
static void decides_at_enqueue(int cpu)
{
	unsigned int taken = 0, i;
	struct scxu_decision d;

	begin(8, 8);
	f->at_enqueue = true;
	f->cpu = cpu;
	pass();
	kernel_part_enqueue(k, 9, 0, &plain);
	pass();
	pass(); /* what no CPU came for, too */
	CHECK_LE(1, scxu_engine_counts(sched)->recalled);
	CHECK_LE(scxu_engine_counts(sched)->recalled, 2 * 9);
	for (i = 0; i < 30; i++) {
		while (kernel_part_dispatch(k, 1, &d) == APPLIED)
			taken++;
		pass();
	}
	CHECK_EQ(taken, 9);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/* Another process that has the memory writes a slot into our ring: it is read back at a recall. */
static void ring_trampled(void)
{
	struct scxu_decision d;

	begin(3, 8);
	pass();
	k->shm.agent->stock[0][0].slot = 8192;
	k->shm.agent->stock[0][1].slot = SCXU_NO_SLOT;
	kernel_part_enqueue(k, 9, 0, &plain);
	pass();
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 2);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 9);
	end();
}

int main(void)
{
	stock_at_news();
	taken_while_recalled();
	taken_before();
	cpu_ring_after_a_while();
	stock_never_wedged(8, 8);
	stock_never_wedged(100, 8);
	stock_never_wedged(1, 1);
	stock_never_wedged(1000, 512);
	stock_never_wedged(3000, 4096);
	stock_never_wedged(5000, 4096);
	cpu_ring_never_wedged(1);
	cpu_ring_never_wedged(7);
	cpu_ring_never_wedged(64);
	cpu_ring_never_wedged(100);
	cpu_goes_offline(1);
	cpu_goes_offline(40);
	cpu_goes_offline(64);
	cpu_comes_back();
	decides_at_enqueue(SCXU_CPU_ANY);
	decides_at_enqueue(1);
	ring_trampled();
	large_stock_less_often();
	return UNIT_END();
}
