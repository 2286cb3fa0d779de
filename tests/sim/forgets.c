// SPDX-License-Identifier: GPL-2.0-only
/*
 * examples/tiny with a bug: it takes a task that is dequeued for one that has ended, and
 * forgets it. Such a task may come back at once, with another weight, say. The simulator
 * has to find it; scxu-policy(7) tells how.
 */
#include <sys/queue.h>
#include <scxu/policy.h>

struct tiny_task {
	TAILQ_ENTRY(tiny_task) node;
	bool ended;
};
TAILQ_HEAD(queue, tiny_task);

static int init(struct scxu_sched *sched)
{
	TAILQ_INIT((struct queue *)scxu_sched_data(sched));
	return 0;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct queue *queue = scxu_sched_data(sched);
	struct tiny_task *t = scxu_task_data(task), *last = TAILQ_LAST(queue, queue);

	if (t->ended) /* the bug: it is back */
		return;
	(void)flags; /* by age: who was decided and is taken back finds its place */
	while (last && scxu_task_of(last)->enqueued_at > task->enqueued_at)
		last = TAILQ_PREV(last, queue, node);
	if (last)
		TAILQ_INSERT_AFTER(queue, last, t, node);
	else
		TAILQ_INSERT_HEAD(queue, t, node);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct tiny_task *t = scxu_task_data(task);

	if (!t->ended)
		TAILQ_REMOVE((struct queue *)scxu_sched_data(sched), t, node);
	t->ended = true;
}

static void dispatch(struct scxu_sched *sched)
{
	struct queue *queue = scxu_sched_data(sched);
	struct tiny_task *t, *next;

	for (t = TAILQ_FIRST(queue); t && scxu_room(sched); t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int err = scxu_decide(sched, task, scxu_select_cpu(sched, task), 0, 0, 0);

		next = TAILQ_NEXT(t, node);
		if (!err || err == -ESTALE)
			TAILQ_REMOVE(queue, t, node);
	}
}

static const struct scxu_policy_ops forgets = {
	.struct_size = sizeof(forgets),
	.abi = SCXU_POLICY_ABI,
	.name = "forgets",
	.summary = "examples/tiny with a planted bug",
	.task_size = sizeof(struct tiny_task),
	.sched_size = sizeof(struct queue),
	.init = init,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
SCXU_POLICY(forgets);
