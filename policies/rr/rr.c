// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rr: round robin, all tasks alike, as SCHED_RR has it among equals [sched(7);
 * kernel/sched/rt.c: task_tick_rt(), RR_TIMESLICE of 100 ms]. Each has a quantum. Who
 * has used it up goes to the tail; who was interrupted before keeps its place, at the
 * head, and the rest of the quantum; who slept comes to the tail with a new one.
 */
#include <errno.h>

#include "policies/tree.h"
#include "rr.h"

#define LEAST_NS 50000ull /* that scxu_decide() takes */

struct rtask {
	RB_ENTRY(rtask) node;
	uint64_t seq; /* its place */
	uint64_t left; /* ns of its quantum */
	uint64_t runtime; /* at the last wait */
};

RB_HEAD(queue, rtask);

struct rsched {
	struct queue queue;
	uint64_t seq;
	uint64_t quantum_us;
};

static int compare(const struct rtask *a, const struct rtask *b)
{
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

RB_PROTOTYPE_STATIC(queue, rtask, node, compare)
RB_GENERATE_STATIC(queue, rtask, node, compare)

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct rsched *s = scxu_sched_data(sched);
	struct rtask *t = scxu_task_data(task);
	uint64_t ran = task->runtime - t->runtime;

	if (!(flags & (SCXU_ENQUEUE_RECALLED | SCXU_ENQUEUE_BOUNCED))) {
		t->runtime = task->runtime;
		if (flags & (SCXU_ENQUEUE_WAKEUP | SCXU_ENQUEUE_NEW) || ran + LEAST_NS > t->left) {
			t->left = s->quantum_us * 1000;
			t->seq = ++s->seq;
		} else {
			t->left -= ran;
		}
	}
	RB_INSERT(queue, &s->queue, t);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct rsched *s = scxu_sched_data(sched);

	RB_REMOVE(queue, &s->queue, (struct rtask *)scxu_task_data(task));
}

static void dispatch(struct scxu_sched *sched)
{
	struct rsched *s = scxu_sched_data(sched);
	unsigned int room = scxu_room(sched);
	struct rtask *t, *next;

	for (t = RB_MIN(queue, &s->queue); t && room; t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int cpu = scxu_select_cpu(sched, task), err;

		next = RB_NEXT(queue, &s->queue, t);
		err = scxu_decide(sched, task, cpu, t->left, 0, 0);
		/* no place now, or its affinity has just changed: it stays */
		if (err && err != -ESTALE)
			continue;
		RB_REMOVE(queue, &s->queue, t);
		if (!err && cpu == SCXU_CPU_ANY)
			room--;
	}
}

static const struct scxu_policy_option options[] = {
	{ "quantum_us", "how long a task runs before others have had their turn, in us", 100,
	  1000000, 100000, offsetof(struct rsched, quantum_us) },
	{ 0 },
};

const struct scxu_policy_ops rr_policy = {
	.struct_size = sizeof(rr_policy),
	.abi = SCXU_POLICY_ABI,
	.name = "rr",
	.summary = "round robin, all tasks alike",
	.task_size = sizeof(struct rtask),
	.sched_size = sizeof(struct rsched),
	.options = options,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
