// SPDX-License-Identifier: GPL-2.0-only
/* An event becomes an enqueue() with the facts of its record, once a wait, in order. */
#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void begin(void)
{
	k = kernel_part_create(4, 128);
	sched = engine_with(k, &test_fifo, 8);
	f = fifo_of(sched);
	f->hold = true;
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void facts(void)
{
	const struct wait_facts wait = { .now = 1000,
					 .runtime = 2000,
					 .vtime = 3000,
					 .weight = 335,
					 .flags = SCXU_WAIT_WAKEUP,
					 .cpu = 2,
					 .waited_until = 900 };
	struct scxu_task *task;

	begin();
	kernel_part_birth(k, 5, 42, 0);
	k->records[5].tgid = 40;
	kernel_part_enqueue(k, 5, 1, &wait);
	CHECK(scxu_engine_pending(sched));
	CHECK(!scxu_engine_pass(sched, 1234));
	CHECK(!scxu_engine_pending(sched));
	CHECK_EQ(scxu_now(sched), 1234);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	CHECK_EQ(k->shm.agent->passes, 1);
	CHECK_EQ(k->shm.agent_cpus[1].events_tail, 1);
	NEED(f->logged == 2);
	CHECK_EQ(f->log[0].call, FIFO_ENTER);
	CHECK_EQ(f->log[1].call, FIFO_ENQUEUE);
	CHECK_EQ(f->log[1].flags, SCXU_ENQUEUE_WAKEUP | SCXU_ENQUEUE_NEW);
	task = fifo_first(sched);
	NEED(task);
	CHECK_EQ(task->slot, 5);
	CHECK_EQ(task->pid, 42);
	CHECK_EQ(task->tgid, 40);
	CHECK_EQ(task->cpu, 2);
	CHECK_EQ(task->weight, 335);
	CHECK_EQ(task->nr_cpus_allowed, 4);
	CHECK_EQ(task->runtime, 2000);
	CHECK_EQ(task->vtime, 3000);
	CHECK_EQ(task->enqueued_at, 1000);
	CHECK_EQ(task->waited_until, 900);
	CHECK_STR(task->comm, "task");
	end();
}

static void flags(void)
{
	static const struct {
		uint32_t wait;
		unsigned int enqueue;
	} cases[] = {
		{ 0, 0 },
		{ SCXU_WAIT_WAKEUP, SCXU_ENQUEUE_WAKEUP },
		{ SCXU_WAIT_NEW, SCXU_ENQUEUE_NEW },
		{ SCXU_WAIT_BOUNCED, 0 }, /* never decided: see bounced.c for those that were */
		{ SCXU_WAIT_UNDECIDED, SCXU_ENQUEUE_UNDECIDED },
		{ SCXU_WAIT_WAKEUP | SCXU_WAIT_SYNC, SCXU_ENQUEUE_WAKEUP | SCXU_ENQUEUE_SYNC },
		{ ~0u, SCXU_ENQUEUE_WAKEUP | SCXU_ENQUEUE_NEW | SCXU_ENQUEUE_UNDECIDED |
			       SCXU_ENQUEUE_SYNC },
	};
	unsigned int i;

	begin();
	kernel_part_birth(k, 0, 1, 0);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { 0 });
	scxu_engine_pass(sched, 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kernel_part_leave(k, 0);
		kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .flags = cases[i].wait });
		f->logged = 0;
		scxu_engine_pass(sched, 1);
		NEED(f->logged == 2);
		CHECK_EQ(f->log[1].call, FIFO_ENQUEUE);
		CHECK_EQ(f->log[1].flags, cases[i].enqueue);
	}
	end();
}

/* Values out of range are brought into it before the policy sees them. */
static void ranges(void)
{
	begin();
	kernel_part_birth(k, 0, 1, 0);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .cpu = 4 });
	k->records[0].weight = 0;
	scxu_engine_pass(sched, 1);
	NEED(fifo_first(sched));
	CHECK_EQ(fifo_first(sched)->cpu, 0);
	CHECK_EQ(fifo_first(sched)->weight, 1);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .cpu = ~0u });
	scxu_engine_pass(sched, 1);
	CHECK_EQ(fifo_first(sched)->cpu, 0);
	end();
}

static void bogus_slots(void)
{
	static const uint32_t slots[] = {
		128, 129, 1u << 20, 0x7fffffff, 0x80000000, SCXU_NO_SLOT
	};
	unsigned int i;

	begin();
	for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		kernel_part_event(k, i % 4, slots[i]);
	/* slots that no one has, and one whose task does not wait */
	kernel_part_event(k, 0, 127);
	kernel_part_birth(k, 3, 1, 0);
	kernel_part_event(k, 0, 3);
	CHECK(!scxu_engine_pass(sched, 1));
	CHECK(!scxu_engine_pending(sched));
	CHECK_EQ(f->logged, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/* A second event for the same wait says nothing new. */
static void once_a_wait(void)
{
	begin();
	kernel_part_birth(k, 9, 1, 0);
	kernel_part_enqueue(k, 9, 0, &(struct wait_facts) { 0 });
	kernel_part_event(k, 0, 9);
	kernel_part_event(k, 3, 9);
	scxu_engine_pass(sched, 1);
	kernel_part_event(k, 2, 9);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(f->enqueues, 1);
	CHECK_EQ(f->dequeues, 0);
	f->hold = false; /* nor when it is decided */
	scxu_engine_pass(sched, 3);
	kernel_part_event(k, 2, 9);
	scxu_engine_pass(sched, 4);
	CHECK_EQ(f->enqueues, 1);
	CHECK_EQ(scxu_engine_counts(sched)->decided, 1);
	end();
}

static void order(void)
{
	struct scxu_decision d;
	uint32_t i;

	begin();
	f->hold = false;
	for (i = 0; i < 8; i++) {
		kernel_part_birth(k, i * 7 % 8, (int)i + 1, 0);
		kernel_part_enqueue(k, i * 7 % 8, 2, &(struct wait_facts) { 0 });
	}
	scxu_engine_pass(sched, 1);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(kernel_part_dispatch(k, i % 4, &d), APPLIED);
		CHECK_EQ(d.slot, i * 7 % 8);
		CHECK_EQ(d.gen, 1);
	}
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(k->kernel->nr_waiting, 0);
	end();
}

/* The answer to the floor is the one that it gave last. */
static void settle(void)
{
	begin();
	k->kernel->floor_seq = 17;
	scxu_engine_pass(sched, 1);
	CHECK_EQ(k->shm.agent->floor_ack, 0);
	scxu_engine_settle(sched);
	CHECK_EQ(k->shm.agent->floor_ack, 17);
	end();
}

int main(void)
{
	facts();
	flags();
	ranges();
	bogus_slots();
	once_a_wait();
	order();
	settle();
	return UNIT_END();
}
