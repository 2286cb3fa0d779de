// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fifo: first come, first served, whatever the weight, as the kernel's scx_simple -f
 * [tools/sched_ext/scx_simple.bpf.c: one global queue, SCX_SLICE_DFL of 20 ms]. Whose
 * slice has ended goes to the tail. The least that a policy can be: what others gain
 * is to be seen beside it.
 *
 * A tree instead of a list, since a task that is taken back from the stock has to find
 * its place again.
 */
#include <errno.h>

#include "fifo.h"
#include "policies/tree.h"

struct ftask {
	RB_ENTRY(ftask) node;
	uint64_t seq; /* of its wait */
};

RB_HEAD(queue, ftask);

struct fsched {
	struct queue queue;
	uint64_t seq;
	uint64_t slice_us;
};

static int compare(const struct ftask *a, const struct ftask *b)
{
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

RB_PROTOTYPE_STATIC(queue, ftask, node, compare)
RB_GENERATE_STATIC(queue, ftask, node, compare)

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct fsched *s = scxu_sched_data(sched);
	struct ftask *t = scxu_task_data(task);

	if (!(flags & (SCXU_ENQUEUE_RECALLED | SCXU_ENQUEUE_BOUNCED)))
		t->seq = ++s->seq;
	RB_INSERT(queue, &s->queue, t);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct fsched *s = scxu_sched_data(sched);

	RB_REMOVE(queue, &s->queue, (struct ftask *)scxu_task_data(task));
}

static void dispatch(struct scxu_sched *sched)
{
	struct fsched *s = scxu_sched_data(sched);
	unsigned int room = scxu_room(sched);
	struct ftask *t, *next;

	for (t = RB_MIN(queue, &s->queue); t && room; t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int cpu = scxu_select_cpu(sched, task), err;

		next = RB_NEXT(queue, &s->queue, t);
		err = scxu_decide(sched, task, cpu, s->slice_us * 1000, 0, 0);
		/* no place now, or its affinity has just changed: it stays */
		if (err && err != -ESTALE)
			continue;
		RB_REMOVE(queue, &s->queue, t);
		if (!err && cpu == SCXU_CPU_ANY)
			room--;
	}
}

static const struct scxu_policy_option options[] = {
	{ "slice_us", "how long a task runs before it goes to the tail, in us", 100, 1000000, 20000,
	  offsetof(struct fsched, slice_us) },
	{ 0 },
};

const struct scxu_policy_ops fifo_policy = {
	.struct_size = sizeof(fifo_policy),
	.abi = SCXU_POLICY_ABI,
	.name = "fifo",
	.summary = "first come, first served",
	.task_size = sizeof(struct ftask),
	.sched_size = sizeof(struct fsched),
	.options = options,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
