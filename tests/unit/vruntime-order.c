// SPDX-License-Identifier: GPL-2.0-only
/* What the vruntime policy decides: who first, where, for how long. Seen in its decisions. */
#include <errno.h>

#include "kernel-part.h"
#include "policies/vruntime/vruntime.h"
#include "unit.h"

#define MS 1000000ull

/* The engine refuses for once; linked with --wrap=scxu_decide. */
static int refuse;
int __real_scxu_decide(struct scxu_sched *sched, struct scxu_task *task, int cpu, uint64_t slice_ns,
		       uint64_t vtime, unsigned int flags);
int __wrap_scxu_decide(struct scxu_sched *sched, struct scxu_task *task, int cpu, uint64_t slice_ns,
		       uint64_t vtime, unsigned int flags);

int __wrap_scxu_decide(struct scxu_sched *sched, struct scxu_task *task, int cpu, uint64_t slice_ns,
		       uint64_t vtime, unsigned int flags)
{
	if (refuse)
		return refuse;
	return __real_scxu_decide(sched, task, cpu, slice_ns, vtime, flags);
}

static struct kernel_part *k;
static struct scxu_sched *sched;

static void begin_with(unsigned int cpus, unsigned int batch, uint64_t slice_ns)
{
	struct scxu_engine_options options = { .batch = batch, .slice_ns = slice_ns };

	k = kernel_part_create(cpus, 4096);
	sched = NULL;
	NEED(!scxu_engine_create(&vruntime_policy, &k->shm, &options, &sched));
}

static void begin(unsigned int cpus, unsigned int batch)
{
	begin_with(cpus, batch, 3 * MS);
}

static void end(void)
{
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

/* The kernel part's virtual now says nothing of where it begins. */
static void new_task(uint32_t slot, uint64_t vnow, uint32_t weight, uint64_t mask)
{
	kernel_part_birth(k, slot, (int)slot + 1, mask);
	kernel_part_enqueue(k, slot, 0, &(struct wait_facts) { .vtime = vnow, .weight = weight });
}

/* One that has run before this agent came, up to that virtual time. */
static void old_task(uint32_t slot, uint64_t vtime)
{
	kernel_part_birth(k, slot, (int)slot + 1, 0);
	k->records[slot].pad[0] = false;
	kernel_part_enqueue(k, slot, 0, &(struct wait_facts) { .vtime = vtime, .weight = 100 });
}

/* A CPU runs a task of ours, that begins there with that virtual time. */
static void runs_with(unsigned int cpu, uint64_t vtime, uint32_t weight, uint64_t now)
{
	uint32_t slot = 3000 + cpu;
	struct scxu_decision d;

	if (!kernel_part_gen(k, slot)) {
		old_task(slot, vtime);
		scxu_engine_pass(sched, now);
		NEED(kernel_part_dispatch(k, cpu, &d) == APPLIED && d.slot == slot);
	}
	k->records[slot].weight = weight;
	kernel_part_run_slot(k, cpu, slot, vtime, now);
}

static void runs(unsigned int cpu, uint64_t vtime, uint64_t now)
{
	runs_with(cpu, vtime, 100, now);
}

static void by_vruntime(void)
{
	static const uint64_t vtimes[] = { 50, 10, 40, 10, 30, 10, 20, 0 };
	static const uint32_t order[] = { 7, 1, 3, 5, 6, 4, 2, 0 };
	struct scxu_decision d;
	unsigned int i;

	begin(1, 8);
	for (i = 0; i < 8; i++)
		old_task(i, vtimes[i] * MS / 10);
	scxu_engine_pass(sched, 1);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		CHECK_EQ(d.slot, order[i]);
		CHECK_EQ(d.vtime, vtimes[order[i]] * MS / 10);
		CHECK_EQ(d.flags, SCXU_DECIDE_VTIME);
	}
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/*
 * Who is new begins a slice behind the least of all, and not behind the last that was new:
 * CPUs that are idle take each as it comes, and the kernel part's virtual now goes with it.
 */
static void new_ones(void)
{
	struct scxu_decision d;
	uint32_t slot;

	begin(4, 8);
	runs(0, 10 * MS, 0);
	for (slot = 0; slot < 3; slot++) {
		new_task(slot, slot ? 10 * MS + slot * 3 * MS : 0, 100, 0);
		scxu_engine_pass(sched, 1);
		CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
		CHECK_LE(13 * MS, d.vtime);
		CHECK_LE(d.vtime, 13 * MS + 10);
	}
	end();
}

/*
 * Behind by the slice that it would get among those that wait, not by the longest: threads
 * that began a little later than 300 others did not run in 5 s with --slice-us 100000.
 */
static void new_ones_among_many(void)
{
	struct scxu_decision d;
	uint32_t slot;

	begin_with(4, 8, 100 * MS);
	for (slot = 0; slot < 600; slot++)
		old_task(slot, 0);
	scxu_engine_pass(sched, 1);
	new_task(600, 0, 100, 0);
	new_task(601, 0, 50, 0);
	scxu_engine_pass(sched, 2);
	for (slot = 0; slot < 602; slot++) {
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		if (d.slot >= 600)
			CHECK_EQ(d.vtime, (d.slot == 600 ? 750 : 1500) * MS / 1000);
		scxu_engine_pass(sched, 3);
	}
	end();
}

static void takes_in_order(const uint32_t *slots, unsigned int n)
{
	struct scxu_decision d;
	unsigned int i;

	for (i = 0; i < n; i++) {
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		CHECK_EQ(d.slot, slots[i]);
	}
}

/* Who comes before all that is decided is decided too, and none of the others anew. */
static void first_without_a_recall(void)
{
	static const uint32_t order[] = { 8, 9, 0, 1, 2, 3, 10, 4, 5, 6, 7 };
	uint32_t slot;

	begin(4, 8);
	for (slot = 0; slot < 8; slot++)
		old_task(slot, (10 + slot) * MS);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(scxu_room(sched), 0);
	old_task(8, 8 * MS);
	scxu_engine_pass(sched, 2);
	old_task(9, 9 * MS);
	old_task(10, 13500 * MS / 1000);
	scxu_engine_pass(sched, 3);
	/* after the last: it is not wanted yet */
	old_task(11, 18 * MS);
	scxu_engine_pass(sched, 4);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	CHECK_EQ(scxu_engine_counts(sched)->decided, 11);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	takes_in_order(order, 11);
	end();
}

/* Two rows cannot hold it where it belongs: all are decided anew, in that pass. */
static void recall_for_one_between(void)
{
	static const uint32_t order[] = { 9, 0, 1, 2, 10, 3, 4, 5 };
	uint32_t slot;

	begin(4, 8);
	for (slot = 0; slot < 8; slot++)
		old_task(slot, (10 + slot) * MS);
	scxu_engine_pass(sched, 1);
	old_task(8, 17500 * MS / 1000);
	old_task(9, 9 * MS);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	old_task(11, 16 * MS); /* behind 9 in its row */
	scxu_engine_pass(sched, 3);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	old_task(10, 12500 * MS / 1000);
	scxu_engine_pass(sched, 4);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 10);
	/* no more than wanted */
	CHECK_EQ(scxu_room(sched), 0);
	takes_in_order(order, 8);
	end();
}

/* So many come before the last that is decided that both rows would be long. */
static void recall_of_long_rows(void)
{
	struct scxu_decision d;
	unsigned int i;
	uint32_t slot;

	begin(4, 8);
	for (slot = 0; slot < 8; slot++)
		old_task(slot, 20 * MS);
	scxu_engine_pass(sched, 1);
	for (; slot < 20; slot++) {
		old_task(slot, (18 * 1000 + slot) * MS / 1000);
		scxu_engine_pass(sched, slot);
	}
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	old_task(20, 18500 * MS / 1000);
	scxu_engine_pass(sched, 20);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 20);
	CHECK_EQ(scxu_nr_queued(sched), 13);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		CHECK_EQ(d.slot, 8 + i);
	}
	end();
}

/* Another process that has the memory writes a slot into our rows: they are read at each news. */
static void rows_trampled(void)
{
	static const uint32_t order[] = { 8, 1, 2, 3 };
	uint32_t slot;

	begin(4, 8);
	for (slot = 0; slot < 4; slot++)
		old_task(slot, (10 + slot) * MS);
	scxu_engine_pass(sched, 1);
	k->shm.agent->stock[0][0].slot = SCXU_NO_SLOT;
	old_task(8, 9 * MS);
	scxu_engine_pass(sched, 2);
	k->shm.agent->stock[0][0].slot = k->shm.max_tasks;
	old_task(9, 20 * MS);
	scxu_engine_pass(sched, 3);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 0);
	takes_in_order(order, 1);
	/* the kernel part drops it */
	CHECK_EQ(kernel_part_dispatch(k, 0, &(struct scxu_decision) { 0 }), INVALID);
	takes_in_order(order + 1, 3);
	end();
}

/* A slow policy keeps less in stock: also of such as come before the last that is decided. */
static void slow_policy_has_short_rows(void)
{
	struct scxu_decision ds[32];
	uint64_t now = 1;
	uint32_t slot;

	begin(4, 8);
	for (slot = 0; slot < 8; slot++)
		old_task(slot, 20 * MS);
	scxu_engine_pass(sched, now);
	for (; slot < 20; slot++) {
		old_task(slot, (18 * 1000 + slot) * MS / 1000);
		CHECK(scxu_engine_pending(sched)); /* the next pass follows at once */
		now += 3 * MS;
		scxu_engine_pass(sched, now);
	}
	CHECK_LE(kernel_part_peek(k, -1, ds, 32), 6);
	CHECK_LE(14, scxu_nr_queued(sched));
	end();
}

/* One that is recalled from the stock goes before its equals that came later. */
static void recalled_keeps_its_turn(void)
{
	struct scxu_decision d;
	uint32_t slot;

	begin(1, 1);
	for (slot = 0; slot < 10; slot++)
		new_task(slot, 0, 100, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_peek(k, -1, &d, 1), 1);
	CHECK_EQ(d.slot, 0);
	/* each before all others: in the other row there is place for one, then both are recalled */
	for (slot = 20; slot < 27; slot++) {
		old_task(slot, 2 * MS - (slot - 19) * MS / 10);
		scxu_engine_pass(sched, slot);
	}
	CHECK_EQ(scxu_engine_counts(sched)->recalled, 6);
	for (slot = 27; slot-- > 20;) {
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		CHECK_EQ(d.slot, slot);
		scxu_engine_pass(sched, 100 - slot);
	}
	for (slot = 0; slot < 10; slot++) {
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		CHECK_EQ(d.slot, slot);
		scxu_engine_pass(sched, 100 + slot);
	}
	end();
}

/* Who ran is charged by its weight; a change of weight counts from then on. */
static void charges(void)
{
	struct scxu_decision d;

	begin(1, 8);
	new_task(0, 0, 50, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 6 * MS);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .runtime = 4 * MS, .weight = 50 });
	scxu_engine_pass(sched, 2);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 14 * MS);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .runtime = 5 * MS, .weight = 200 });
	scxu_engine_pass(sched, 3);
	/* enqueued anew before it ran: not charged again */
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .runtime = 5 * MS, .weight = 10 });
	scxu_engine_pass(sched, 4);
	while (kernel_part_dispatch(k, 0, &d) == STALE)
		;
	CHECK_EQ(d.vtime, 14 * MS + MS / 2);
	end();
}

/*
 * Back from sleep: not behind min_vruntime by more than the credit, nor ahead of it by
 * more than the limit. min_vruntime is the least of what waits and of what runs, but for
 * those that woke in this pass.
 */
static void sleepers(void)
{
	struct scxu_decision d;

	begin(1, 1);
	runs(0, 100 * MS, 0);
	new_task(0, 0, 100, 0);
	scxu_engine_pass(sched, 10 * MS); /* the running one: 110 ms by now */
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 113 * MS); /* new: a slice behind */
	/* it slept while the other ran another 100 ms: back at no less than 210 - 3 */
	kernel_part_enqueue(k, 0, 0,
			    &(struct wait_facts) { .runtime = 1 * MS, .flags = SCXU_WAIT_WAKEUP });
	scxu_engine_pass(sched, 110 * MS);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 207 * MS);
	/* it did not sleep, but ran 550 ms alone: ahead by 128 ticks at most */
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .runtime = 551 * MS });
	scxu_engine_pass(sched, 110 * MS + 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 210 * MS + 1 + 512 * MS);
	/* a short sleep: what it has is kept */
	kernel_part_enqueue(k, 0, 0,
			    &(struct wait_facts) { .runtime = 552 * MS,
						   .flags = SCXU_WAIT_WAKEUP });
	scxu_engine_pass(sched, 115 * MS);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 723 * MS + 1);
	/* who did not sleep keeps its place, however far behind */
	runs(0, 1000 * MS, 115 * MS);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .runtime = 552 * MS });
	scxu_engine_pass(sched, 115 * MS + 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 723 * MS + 1);
	end();
}

/*
 * Who wakes preempts the running one that is far ahead of it; not if its waker is about to
 * sleep. (80 tasks that wrote to each other took half as long again.)
 */
static void who_preempts(void)
{
	const uint32_t how[] = { SCXU_WAIT_WAKEUP, SCXU_WAIT_WAKEUP | SCXU_WAIT_SYNC };
	struct scxu_decision d;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		begin(1, 8);
		runs(0, 100 * MS, 0);
		new_task(0, 0, 100, 0);
		scxu_engine_pass(sched, 0);
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		runs(0, 200 * MS, 0);
		kernel_part_enqueue(k, 0, 0,
				    &(struct wait_facts) { .runtime = 1, .flags = how[i] });
		scxu_engine_pass(sched, 1);
		CHECK_EQ(k->shm.agent->preempt[0], i == 0);
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		CHECK_EQ(d.flags & SCXU_DECIDE_PREEMPT, i == 0 ? SCXU_DECIDE_PREEMPT : 0);
		end();
	}
}

/*
 * While a slow agent is in a pass, CPUs go on with what they have, and what they run says
 * nothing of those that wait unread. A sleeper read before one of these comes before it.
 */
static void slow_agent(void)
{
	struct scxu_decision d;

	begin(2, 8);
	runs(1, 0, 0);
	new_task(0, 0, 100, 0);
	new_task(1, 0, 100, 0);
	scxu_engine_pass(sched, 0);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	runs(1, 100 * MS, 0);
	kernel_part_enqueue(k, 0, 0,
			    &(struct wait_facts) { .runtime = 1 * MS, .flags = SCXU_WAIT_WAKEUP });
	kernel_part_enqueue(k, 1, 0, &(struct wait_facts) { .runtime = 50 * MS });
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.slot, 0);
	CHECK_EQ(d.vtime, 50 * MS); /* 3 ms before the other */
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 1);
	CHECK_EQ(d.vtime, 53 * MS);
	end();
}

/*
 * No event for ten seconds, in which each CPU had one task: those that come back are as far
 * as the others are, and not limited by what was virtual now before. And a pass without
 * news, with the first of the order in the stock, moves nothing.
 */
static void late_pass(void)
{
	struct scxu_decision d;
	uint32_t slot;

	begin(2, 8);
	runs(1, 0, 0);
	new_task(0, 0, 100, 0);
	scxu_engine_pass(sched, 0);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 3 * MS);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .runtime = 10000 * MS });
	scxu_engine_pass(sched, 10000 * MS);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.vtime, 10003 * MS);
	end();

	begin(1, 8);
	for (slot = 0; slot < 12; slot++)
		old_task(slot, slot < 8 ? 0 : 400 * MS);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 0);
	scxu_engine_pass(sched, 2);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .flags = SCXU_WAIT_WAKEUP });
	scxu_engine_pass(sched, 3);
	do
		NEED(kernel_part_dispatch(k, 0, &d) == APPLIED);
	while (d.slot);
	CHECK_EQ(d.vtime, 0);
	end();
}

/*
 * The floor has run it: then the kernel part's account counts, and not what the policy makes
 * of its run time, whichever is further on. Otherwise it says nothing.
 */
static void account_of_the_floor(void)
{
	static const struct {
		uint64_t vtime;
		uint32_t flags;
		uint64_t wanted;
	} waits[] = {
		{ 403 * MS, SCXU_WAIT_UNDECIDED, 403 * MS },
		{ 408 * MS, 0, 503 * MS },
		{ 450 * MS, SCXU_WAIT_UNDECIDED, 450 * MS },
		{ 390 * MS, SCXU_WAIT_UNDECIDED | SCXU_WAIT_WAKEUP, 397 * MS },
	};
	struct scxu_decision d;
	unsigned int i;

	begin(1, 8);
	runs(0, 100 * MS, 0);
	new_task(0, 0, 100, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	runs(0, 400 * MS, 2);
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		kernel_part_enqueue(k, 0, 0,
				    &(struct wait_facts) { .runtime = (i + 1) * 100 * MS,
							   .vtime = waits[i].vtime,
							   .flags = waits[i].flags });
		scxu_engine_pass(sched, 2 + i);
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
		CHECK_LE(waits[i].wanted, d.vtime);
		CHECK_LE(d.vtime, waits[i].wanted + 10);
	}
	end();
}

/* A woken one may have preempted. */
static enum outcome take_anywhere(struct scxu_decision *d)
{
	enum outcome o = NOTHING;
	unsigned int cpu;

	for (cpu = 0; cpu < k->shm.nr_cpus && o == NOTHING; cpu++)
		o = kernel_part_dispatch(k, cpu, d);
	return o;
}

/*
 * min_vruntime: of two that run and one that waits the one behind; it never goes back. What
 * the kernel part orders by itself says nothing.
 */
static void min_vruntime(void)
{
	struct scxu_decision d;

	begin(3, 1);
	runs(1, 40 * MS, 0);
	runs_with(2, 50 * MS, 200, 0);
	new_task(0, 0, 200, 0);
	scxu_engine_pass(sched, 2 * MS);
	CHECK_EQ(take_anywhere(&d), APPLIED);
	CHECK_EQ(d.vtime, 43500000);
	/* both have gone on: 60, and 60 at half the pace */
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { .flags = SCXU_WAIT_WAKEUP });
	scxu_engine_pass(sched, 20 * MS);
	CHECK_EQ(take_anywhere(&d), APPLIED);
	CHECK_EQ(d.vtime, 57 * MS);
	/* one far behind does not bring it back */
	runs(1, 0, 20 * MS);
	new_task(1, 0, 200, 0);
	scxu_engine_pass(sched, 21 * MS);
	CHECK_EQ(take_anywhere(&d), APPLIED);
	CHECK_EQ(d.vtime, 61500000);
	end();

	begin(2, 1);
	runs(0, 300 * MS, 0);
	kernel_part_run(k, 1, 90, 40 * MS, 100, 0);
	new_task(0, 0, 100, 0);
	scxu_engine_pass(sched, 0);
	CHECK_EQ(take_anywhere(&d), APPLIED);
	CHECK_EQ(d.vtime, 303 * MS);
	end();
}

/* An idle CPU at once, the last one first; each once; the rest into the stock. */
static void idle_first(void)
{
	struct scxu_decision d;
	uint32_t slot;

	begin(4, 8);
	kernel_part_idle(k, 1, true);
	kernel_part_idle(k, 3, true);
	for (slot = 0; slot < 4; slot++)
		new_task(slot, slot, 100, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_peek(k, 1, &d, 1), 1);
	CHECK_EQ(d.slot, 0);
	CHECK_EQ(kernel_part_peek(k, 3, &d, 1), 1);
	CHECK_EQ(d.slot, 1);
	CHECK_EQ(k->shm.agent->kick[0], 1 << 1 | 1 << 3);
	CHECK_EQ(k->shm.agent->preempt[0], 0);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 2);
	end();
}

/* A woken task preempts the one furthest ahead; not from the agent's CPU; once; by the rule. */
static void preempts(void)
{
	const struct wait_facts wake = { .flags = SCXU_WAIT_WAKEUP, .vtime = 10 * MS };
	struct scxu_decision d;

	begin(4, 8);
	kernel_part_run(k, 0, 90, 20 * MS, 100, 0);
	kernel_part_run(k, 1, 91, 40 * MS, 100, 0);
	kernel_part_run(k, 2, 92, 30 * MS, 100, 0);
	kernel_part_birth(k, 0, 1, 0);
	kernel_part_enqueue(k, 0, 0, &wake);
	kernel_part_birth(k, 1, 2, 0);
	kernel_part_enqueue(k, 1, 0, &wake);
	scxu_engine_pass(sched, 0);
	CHECK_EQ(k->shm.agent->preempt[0], 1 << 1 | 1 << 2);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	CHECK_EQ(d.slot, 0);
	CHECK_EQ(d.flags, SCXU_DECIDE_PREEMPT | SCXU_DECIDE_VTIME);
	CHECK_EQ(kernel_part_dispatch(k, 2, &d), APPLIED);
	CHECK_EQ(d.slot, 1);
	end();

	/* not when it did not sleep, nor within the granularity */
	begin(2, 8);
	kernel_part_run(k, 0, 90, 8 * MS, 100, 0);
	old_task(0, 1 * MS);
	kernel_part_birth(k, 1, 2, 0);
	k->records[1].pad[0] = false;
	kernel_part_enqueue(k, 1, 0,
			    &(struct wait_facts) { .flags = SCXU_WAIT_WAKEUP, .vtime = 7 * MS });
	scxu_engine_pass(sched, 0);
	CHECK_EQ(k->shm.agent->preempt[0], 0);
	CHECK_EQ(kernel_part_peek(k, -1, &d, 1), 1);
	end();

	/* the agent's CPU takes what is first when the agent sleeps: no preemption for that */
	begin(2, 8);
	kernel_part_run(k, 0, 90, 20 * MS, 100, 0);
	kernel_part_run(k, 1, AGENT_TID, 0, 100, 0);
	kernel_part_birth(k, 0, 1, 0);
	kernel_part_enqueue(k, 0, 0, &wake);
	scxu_engine_pass(sched, 0);
	CHECK_EQ(k->shm.agent->preempt[0], 0);
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
	end();

	/* a restricted one preempts where it may run */
	begin(4, 8);
	kernel_part_run(k, 0, 90, 40 * MS, 100, 0);
	kernel_part_run(k, 1, 91, 60 * MS, 100, 0);
	kernel_part_run(k, 2, 92, 20 * MS, 100, 0);
	kernel_part_birth(k, 0, 1, 1 << 0 | 1 << 3);
	kernel_part_enqueue(k, 0, 0, &wake);
	scxu_engine_pass(sched, 0);
	CHECK_EQ(k->shm.agent->preempt[0], 1 << 0);
	end();
}

/* Never where it may not run, and never in the stock, from which any CPU takes. */
static void restricted(void)
{
	struct scxu_decision d;

	begin(4, 8);
	kernel_part_idle(k, 0, true);
	new_task(0, 0, 100, 1 << 1 | 1 << 2);
	new_task(1, 0, 100, 1 << 3);
	kernel_part_online(k, 3, false);
	new_task(2, 0, 100, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_peek(k, 1, &d, 1), 1);
	CHECK_EQ(d.slot, 0);
	CHECK_EQ(kernel_part_peek(k, 0, &d, 1), 1);
	CHECK_EQ(d.slot, 2);
	CHECK_EQ(kernel_part_peek(k, -1, &d, 1), 0);
	CHECK_EQ(scxu_nr_queued(sched), 1); /* no CPU of its is online */
	kernel_part_online(k, 3, true);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(kernel_part_peek(k, 3, &d, 1), 1);
	CHECK_EQ(d.slot, 1);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_bounced), 0);
	CHECK_EQ(scxu_engine_counts(sched)->failed, 0);
	end();
}

/* More restricted tasks than their CPU's ring holds: the others do not wait for them. */
static void crowded_cpu(void)
{
	unsigned int taken = 0, i;
	struct scxu_decision d;
	uint32_t slot;

	begin(2, 8);
	for (slot = 0; slot < 200; slot++)
		new_task(slot, 0, 100, 1 << 1);
	new_task(200, 100 * MS, 100, 0);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, 200);
	for (i = 0; i < 300; i++) {
		scxu_engine_pass(sched, 2);
		taken += kernel_part_dispatch(k, 1, &d) == APPLIED;
	}
	CHECK_EQ(taken, 200);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

static uint32_t slice_of(unsigned int cpu, uint32_t slot)
{
	struct scxu_decision d;

	NEED(kernel_part_dispatch(k, cpu, &d) == APPLIED);
	CHECK_EQ(d.slot, slot);
	return d.slice_us;
}

/*
 * Fewer wait than there are CPUs: slices that are longer in that proportion. Not for who
 * may use one CPU only, nor of one that weighs less than those that run; nor does who is new begin so
 * far behind; nor is it what stands for a time when more may wait.
 */
static void few(void)
{
	struct scxu_decision d;
	unsigned int cpu;

	begin(4, 8);
	for (cpu = 0; cpu < 4; cpu++)
		runs(cpu, 10 * MS, 0);
	k->kernel->loaded.modes = SCXU_MODE_STANDING;
	old_task(0, 10 * MS);
	scxu_engine_pass(sched, 1);
	CHECK_EQ(k->shm.standing[0].slice_us, 3000);
	CHECK_EQ(slice_of(0, 0), 12000);
	old_task(1, 10 * MS);
	old_task(2, 11 * MS);
	scxu_engine_pass(sched, 2);
	CHECK_EQ(slice_of(0, 1), 6000);
	CHECK_EQ(slice_of(0, 2), 6000);
	for (cpu = 1; cpu <= 4; cpu++)
		old_task(2 + cpu, 12 * MS);
	scxu_engine_pass(sched, 3);
	for (cpu = 1; cpu <= 4; cpu++)
		CHECK_EQ(slice_of(0, 2 + cpu), 3000);
	new_task(7, 0, 100, 0);
	scxu_engine_pass(sched, 4);
	NEED(kernel_part_dispatch(k, 0, &d) == APPLIED);
	CHECK_EQ(d.slice_us, 12000);
	CHECK_LE(d.vtime, 14 * MS);
	new_task(8, 0, 100, 1);
	scxu_engine_pass(sched, 5);
	CHECK_EQ(slice_of(0, 8), 3000);
	new_task(9, 0, 10, 0);
	scxu_engine_pass(sched, 6);
	CHECK_EQ(slice_of(0, 9), 12000 * 10 / 82);
	/* the agent has the fourth CPU, whose task waits too */
	kernel_part_run(k, 3, AGENT_TID, 0, 100, 7);
	old_task(10, 20 * MS);
	scxu_engine_pass(sched, 7);
	CHECK_EQ(slice_of(0, 10), 3000);
	old_task(11, 20 * MS);
	old_task(12, 20 * MS);
	scxu_engine_pass(sched, 8);
	CHECK_EQ(slice_of(0, 11), 12000);
	end();
}

/* However short --slice-us and however many tasks: the engine never refuses the slice. */
static void slices(uint64_t slice_ns)
{
	unsigned int taken = 0, i;
	struct scxu_decision d;
	uint32_t slot;

	begin_with(1, 8, slice_ns);
	for (slot = 0; slot < 4000; slot++)
		new_task(slot, 0, 100, 0);
	for (i = 0; i < 4000; i++) {
		scxu_engine_pass(sched, 1);
		if (kernel_part_dispatch(k, 0, &d) != APPLIED)
			continue;
		taken++;
		CHECK_LE(d.slice_us * 1000ull, slice_ns);
		CHECK_LE(slice_ns < 750000 ? slice_ns : 750000, d.slice_us * 1000ull);
	}
	if (!CHECK_EQ(taken, 4000))
		printf("  slice %llu ns\n", (unsigned long long)slice_ns);
	CHECK_EQ(scxu_engine_counts(sched)->failed, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

/* Refused, because the affinity changed between two looks: the task stays in the queue. */
static void refused(int err)
{
	struct scxu_decision d;
	uint32_t slot;

	begin(2, 8);
	for (slot = 0; slot < 20; slot++)
		new_task(slot, 0, 100, 0);
	refuse = err;
	scxu_engine_pass(sched, 1);
	refuse = 0;
	CHECK_EQ(scxu_nr_queued(sched), 20);
	for (slot = 0; slot < 10; slot++) /* as the engine takes them away */
		kernel_part_enqueue(k, slot, 0, &(struct wait_facts) { 0 });
	for (slot = 0; slot < 20; slot++) {
		scxu_engine_pass(sched, 2);
		CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	}
	CHECK_EQ(scxu_nr_queued(sched), 0);
	end();
}

int main(void)
{
	by_vruntime();
	new_ones();
	new_ones_among_many();
	first_without_a_recall();
	recall_for_one_between();
	recall_of_long_rows();
	rows_trampled();
	slow_policy_has_short_rows();
	recalled_keeps_its_turn();
	charges();
	sleepers();
	who_preempts();
	slow_agent();
	late_pass();
	account_of_the_floor();
	min_vruntime();
	idle_first();
	preempts();
	restricted();
	crowded_cpu();
	few();
	slices(3 * MS);
	slices(100 * MS);
	slices(750000);
	slices(100000);
	refused(-EINVAL);
	refused(-EAGAIN);
	return UNIT_END();
}
