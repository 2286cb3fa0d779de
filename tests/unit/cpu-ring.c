// SPDX-License-Identifier: GPL-2.0-only
/* Decisions for one CPU: its ring, its wrap-around, and the kick that goes with them. */
#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void begin_with(unsigned int cpus, unsigned int batch)
{
	uint32_t slot;

	k = kernel_part_create(cpus, 256);
	sched = engine_with(k, &test_fifo, batch);
	f = fifo_of(sched);
	for (slot = 0; slot < 256; slot++)
		kernel_part_birth(k, slot, (int)slot + 1, 0);
}

static void begin(unsigned int cpus)
{
	begin_with(cpus, 8);
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void goes_there(void)
{
	struct scxu_decision d;

	begin(4);
	f->cpu = 2;
	kernel_part_enqueue(k, 5, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(k->shm.agent->kick[0], 1 << 2);
	CHECK_EQ(k->shm.agent->preempt[0], 0);
	CHECK_EQ(k->shm.agent->kick_seq, 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), NOTHING);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	CHECK_EQ(kernel_part_dispatch(k, 3, &d), NOTHING);
	CHECK_EQ(kernel_part_dispatch(k, 2, &d), APPLIED);
	CHECK_EQ(d.slot, 5);
	/* a pass that decides nothing kicks no one */
	k->shm.agent->kick[0] = 0;
	scxu_engine_pass(sched, 2);
	CHECK_EQ(k->shm.agent->kick[0], 0);
	CHECK_EQ(k->shm.agent->kick_seq, 1);
	end();
}

static void preempts(void)
{
	begin(4);
	f->cpu = 3;
	f->flags = SCXU_PREEMPT;
	kernel_part_enqueue(k, 5, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(k->shm.agent->preempt[0], 1 << 3);
	CHECK_EQ(k->shm.agent->kick_seq, 1);
	end();
}

/* The masks have a bit a CPU, beyond the first word too. */
static void high_cpu(void)
{
	struct scxu_decision d;

	begin(130);
	f->cpu = 129;
	kernel_part_enqueue(k, 5, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(k->shm.agent->kick[0] | k->shm.agent->kick[1], 0);
	CHECK_EQ(k->shm.agent->kick[2], 1 << 1);
	NEED(kernel_part_next(k, 129, &d));
	CHECK_EQ(kernel_part_claim(k, 129, &d), APPLIED);
	end();
}

static void rest_to_cpu_1(struct scxu_sched *engine)
{
	f->after = NULL;
	f->cpu = 1;
	test_fifo.dispatch(engine);
}

/* A decision for its CPU goes before the stock. */
static void before_the_stock(void)
{
	struct scxu_decision d;

	begin_with(4, 1);
	f->after = rest_to_cpu_1; /* the stock has room for one */
	kernel_part_enqueue(k, 1, 0, &plain);
	kernel_part_enqueue(k, 2, 0, &plain);
	scxu_engine_pass(sched, 1);
	NEED(kernel_part_peek(k, -1, &d, 1) == 1);
	CHECK_EQ(d.slot, 1);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.slot, 2);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.slot, 1);
	end();
}

/*
 * A kick must not be seen before the decision: another CPU that serves the kicks of
 * the last pass would take the bit, kick for nothing, and no one would again.
 */
static void look(struct scxu_sched *s)
{
	(void)s;
	CHECK_EQ(f->err, 0);
	if (k->shm.agent->kick[0] || k->shm.agent->preempt[0])
		CHECK_EQ(k->shm.agent_cpus[2].decisions_head, 1);
}

static void kick_after_decision(unsigned int flags)
{
	begin(4);
	f->cpu = 2;
	f->flags = flags;
	f->after = look;
	kernel_part_enqueue(k, 5, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(k->shm.agent_cpus[2].decisions_head, 1);
	CHECK_EQ(k->shm.agent->kick[0] | k->shm.agent->preempt[0], 1 << 2);
	end();
}

/* Around the ring, and 2^64, in order. */
static void wraps(unsigned int a_round, uint64_t from)
{
	uint32_t slot = 0, next = 0;
	struct scxu_decision d;
	unsigned int round, i;

	begin(2);
	scxu_engine_destroy(sched);
	k->cpus[1].decisions_tail = from;
	sched = engine_with(k, &test_fifo, 8);
	f = fifo_of(sched);
	f->cpu = 1;
	for (round = 0; round < 10; round++) {
		for (i = 0; i < a_round; i++, slot++)
			kernel_part_enqueue(k, slot % 256, 0, &plain);
		scxu_engine_pass(sched, round);
		for (i = 0; i < a_round; i++, next++) {
			CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
			CHECK_EQ(d.slot, next % 256);
		}
		CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	}
	CHECK_EQ(k->cpus[1].decisions_tail, from + 10 * a_round);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_stale), 0);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 0);
	end();
}

/* Somebody wrote over the head; the kernel part follows it, and is led back. */
static void head_trampled(void)
{
	struct scxu_decision d;
	unsigned int i;

	begin(2);
	f->cpu = 1;
	k->shm.agent_cpus[1].decisions_head = 0xdeadbeefdeadbeef;
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	kernel_part_enqueue(k, 5, 0, &plain);
	for (i = 0; i < 3; i++) {
		scxu_engine_pass(sched, 1);
		if (kernel_part_dispatch(k, 1, &d) == APPLIED)
			break;
	}
	CHECK_LE(i, 2);
	CHECK_EQ(d.slot, 5);
	end();
}

int main(void)
{
	goes_there();
	preempts();
	high_cpu();
	before_the_stock();
	kick_after_decision(0);
	kick_after_decision(SCXU_PREEMPT);
	wraps(1, 0);
	wraps(17, 0);
	wraps(SCXU_CPU_DECISIONS, UINT64_MAX - 100);
	head_trampled();
	return UNIT_END();
}
