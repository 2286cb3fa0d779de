// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * prio: strict priorities by nice value (by weight: a cgroup's counts too). Who has a
 * higher one runs first, and preempts; equals take turns by slices. As SCHED_FIFO and
 * SCHED_RR [sched(7); kernel/sched/rt.c: an array of queues by priority; here a tree, as
 * there are 10000 weights], with a bound on starvation in place of RT throttling
 * [sched_rt_runtime_us]: who has waited for starve_ms gets one slice before all others,
 * which nobody preempts. A wait in which it ran for less than half a slice goes on after that.
 *
 * Decisions are made ahead of need, so that a CPU on which a slice ends takes one of
 * lower priority if that is all that waits, until we take it back by preemption. So a
 * task that is alone with its priority gets longer slices.
 */
#include <errno.h>

#include "policies/tree.h"
#include "prio.h"

#define ALONE_NS 20000000ull /* SCX_SLICE_DFL */

struct ptask {
	RB_ENTRY(ptask) by_weight; /* the greater first, then by seq */
	RB_ENTRY(ptask) by_age;
	uint64_t seq; /* of its wait */
	uint64_t since; /* ns; it waits, with hardly a run between */
	uint64_t ran; /* ns; its run time then, or when it was given its one slice */
	uint32_t weight;
	bool known; /* not new */
	bool starved; /* has its one slice by the bound */
};

RB_HEAD(order, ptask);
RB_HEAD(ages, ptask);

struct psched {
	struct order order;
	struct ages ages;
	uint64_t seq;
	uint64_t starve_ms; /* option; 0: no bound */
};

static int compare_seq(const struct ptask *a, const struct ptask *b)
{
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int compare_age(const struct ptask *a, const struct ptask *b)
{
	if (a->since != b->since)
		return a->since < b->since ? -1 : 1;
	return compare_seq(a, b);
}

static int compare_weight(const struct ptask *a, const struct ptask *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return compare_seq(a, b);
}

RB_PROTOTYPE_STATIC(order, ptask, by_weight, compare_weight)
RB_GENERATE_STATIC(order, ptask, by_weight, compare_weight)
RB_PROTOTYPE_STATIC(ages, ptask, by_age, compare_age)
RB_GENERATE_STATIC(ages, ptask, by_age, compare_age)

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct psched *s = scxu_sched_data(sched);
	struct ptask *t = scxu_task_data(task);

	if (!(flags & (SCXU_ENQUEUE_RECALLED | SCXU_ENQUEUE_BOUNCED))) {
		t->weight = task->weight;
		t->seq = ++s->seq;
		/*
		 * Displaced as it had hardly begun, by the agent or a kernel thread, or by one of higher
		 * priority, since for a moment nobody else had waited: its wait goes on.
		 */
		if (!t->known || flags & SCXU_ENQUEUE_WAKEUP ||
		    task->runtime - t->ran >= scxu_slice(sched) / 2) {
			t->known = true;
			t->since = task->enqueued_at;
			t->ran = task->runtime;
			t->starved = false;
		}
	}
	RB_INSERT(order, &s->order, t);
	RB_INSERT(ages, &s->ages, t);
}

static void forget(struct psched *s, struct ptask *t)
{
	RB_REMOVE(order, &s->order, t);
	RB_REMOVE(ages, &s->ages, t);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	forget(scxu_sched_data(sched), scxu_task_data(task));
}

/* The CPU whose task has the least weight, if that is less than limit; or -1. */
static int preempt_where(struct scxu_sched *sched, const struct scxu_task *task, uint32_t limit)
{
	struct scxu_running run;
	unsigned int cpu;
	int found = -1;

	for (cpu = 0; cpu < scxu_nr_cpus(sched); cpu++) {
		if (!scxu_cpu_running(sched, (int)cpu, &run) || run.weight >= limit ||
		    !scxu_cpu_allowed(sched, task, (int)cpu))
			continue;
		if (run.task && ((struct ptask *)scxu_task_data(run.task))->starved)
			continue;
		limit = run.weight;
		found = (int)cpu;
	}
	return found;
}

/* Returns whether a decision for any CPU was made of it. */
static bool decide(struct scxu_sched *sched, struct psched *s, struct ptask *t, bool starved)
{
	struct ptask *after = RB_NEXT(order, &s->order, t);
	struct scxu_task *task = scxu_task_of(t);
	bool alone = !starved && (!after || after->weight != t->weight);
	uint64_t slice = alone && scxu_slice(sched) < ALONE_NS ? ALONE_NS : scxu_slice(sched);
	int cpu = scxu_idle_cpu(sched, task), err;
	unsigned int flags = 0;

	if (cpu < 0) {
		cpu = preempt_where(sched, task, starved ? UINT32_MAX : t->weight);
		flags = cpu < 0 ? 0 : SCXU_PREEMPT;
	}
	if (cpu < 0)
		cpu = scxu_select_cpu(sched, task);
	err = scxu_decide(sched, task, cpu, slice, 0, flags);
	/* no place now, or its affinity has just changed: it stays */
	if (err && err != -ESTALE)
		return false;
	forget(s, t);
	if (starved && !t->starved) {
		t->starved = true;
		t->ran = task->runtime;
	}
	return !err && cpu == SCXU_CPU_ANY;
}

static void dispatch(struct scxu_sched *sched)
{
	struct psched *s = scxu_sched_data(sched);
	unsigned int room = scxu_room(sched);
	uint64_t bound = s->starve_ms * 1000000;
	struct ptask *t, *next;

	for (t = RB_MIN(ages, &s->ages); t && room && bound; t = next) {
		next = RB_NEXT(ages, &s->ages, t);
		if (!t->starved && (int64_t)(scxu_now(sched) - t->since) < (int64_t)bound)
			break;
		room -= decide(sched, s, t, true);
	}
	for (t = RB_MIN(order, &s->order); t && room; t = next) {
		next = RB_NEXT(order, &s->order, t);
		room -= decide(sched, s, t, t->starved);
	}
}

static const struct scxu_policy_option options[] = {
	{ "starve_ms", "who waits for so long runs a slice before all others; 0: never", 0, 10000,
	  1000, offsetof(struct psched, starve_ms) },
	{ 0 },
};

const struct scxu_policy_ops prio_policy = {
	.struct_size = sizeof(prio_policy),
	.abi = SCXU_POLICY_ABI,
	.name = "prio",
	.summary = "strict priorities by nice value, with a bound on starvation",
	.task_size = sizeof(struct ptask),
	.sched_size = sizeof(struct psched),
	.options = options,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
