// SPDX-License-Identifier: GPL-2.0-only
/*
 * A slot passes to another task: task_exit() for the old one, zeroed data and
 * task_enter() for the new one; nothing that was decided for the old one hits it.
 */
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
	kernel_part_enqueue(k, 7, 0, &plain);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(f->enters, 1);
	if (hold)
		((struct fifo_task *)scxu_task_data(fifo_first(sched)))->mark = 5;
	f->logged = 0;
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0); /* data that was not zeroed, too */
	CHECK_EQ(scxu_nr_queued(sched), 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void next_owner(int pid)
{
	kernel_part_exit(k, 7);
	kernel_part_birth(k, 7, pid, 0);
	kernel_part_enqueue(k, 7, 1, &plain);
}

static void while_queued(void)
{
	struct scxu_decision d;

	begin(true);
	next_owner(71);
	scxu_engine_pass(sched, 2);
	NEED(f->logged == 4);
	CHECK_EQ(f->log[0].call, FIFO_DEQUEUE);
	CHECK_EQ(f->log[0].pid, 70);
	CHECK_EQ(f->log[1].call, FIFO_EXIT);
	CHECK_EQ(f->log[1].pid, 70);
	CHECK_EQ(f->log[2].call, FIFO_ENTER);
	CHECK_EQ(f->log[2].pid, 71);
	CHECK_EQ(f->log[3].call, FIFO_ENQUEUE);
	CHECK_EQ(f->log[3].pid, 71);
	CHECK_EQ(f->log[3].flags, SCXU_ENQUEUE_NEW);
	f->hold = false;
	scxu_engine_pass(sched, 3);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.gen, kernel_part_gen(k, 7));
	end();
}

static void while_decided(void)
{
	struct scxu_decision d, old;

	begin(false);
	NEED(kernel_part_next(k, 0, &old));
	next_owner(71);
	CHECK_EQ(kernel_part_claim(k, 0, &old), STALE);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(kernel_part_claim(k, 0, &old), STALE);
	NEED(f->logged == 3);
	CHECK_EQ(f->log[0].call, FIFO_EXIT);
	CHECK_EQ(f->log[1].call, FIFO_ENTER);
	CHECK_EQ(f->log[2].call, FIFO_ENQUEUE);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	end();
}

/* Several owners between two passes: the policy hears of the first and of the last. */
static void many_owners(void)
{
	struct scxu_decision d;
	int pid;

	begin(true);
	for (pid = 71; pid < 80; pid++)
		next_owner(pid);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(f->exits, 1);
	CHECK_EQ(f->enters, 2);
	CHECK_EQ(fifo_first(sched)->pid, 79);
	f->hold = false;
	scxu_engine_pass(sched, 3);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	end();
}

/* The old one has exited and no one came: nothing is said, the count comes back. */
static void exit_only(void)
{
	begin(true);
	kernel_part_exit(k, 7);
	f->hold = false;
	scxu_engine_pass(sched, 2);
	CHECK_EQ(f->exits, 0);
	CHECK_EQ(f->logged, 0);
	end();
}

/* The same pid in the same slot is another task all the same. */
static void same_pid(void)
{
	begin(true);
	next_owner(70);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(f->exits, 1);
	CHECK_EQ(f->enters, 2);
	CHECK_EQ(((struct fifo_task *)scxu_task_data(fifo_first(sched)))->mark, 0);
	f->hold = false;
	scxu_engine_pass(sched, 3);
	end();
}

int main(void)
{
	while_queued();
	while_decided();
	many_owners();
	exit_only();
	same_pid();
	return UNIT_END();
}
