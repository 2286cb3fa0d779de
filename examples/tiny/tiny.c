// SPDX-License-Identifier: LGPL-2.1-or-later
/* A whole policy: first come, first served. scxu-policy(7) goes through it. */
#include <sys/queue.h>
#include <scxu/policy.h>
struct tiny_task { /* the policy's memory of a task: zeroed at its birth */
	TAILQ_ENTRY(tiny_task) node;
};
TAILQ_HEAD(queue, tiny_task); /* and of itself */

static int init(struct scxu_sched *sched)
{
	TAILQ_INIT((struct queue *)scxu_sched_data(sched));
	return 0;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct queue *queue = scxu_sched_data(sched);
	struct tiny_task *t = scxu_task_data(task), *last = TAILQ_LAST(queue, queue);

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
	TAILQ_REMOVE((struct queue *)scxu_sched_data(sched),
		     (struct tiny_task *)scxu_task_data(task), node);
}

static void dispatch(struct scxu_sched *sched)
{
	struct queue *queue = scxu_sched_data(sched);
	struct tiny_task *t, *next;

	for (t = TAILQ_FIRST(queue); t && scxu_room(sched); t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int err = scxu_decide(sched, task, scxu_select_cpu(sched, task), 0, 0, 0);

		next = TAILQ_NEXT(t, node);
		if (!err || err == -ESTALE) /* else it stays ours */
			TAILQ_REMOVE(queue, t, node);
	}
}

static const struct scxu_policy_ops tiny = { .struct_size = sizeof(tiny),
					     .abi = SCXU_POLICY_ABI,
					     .name = "tiny",
					     .task_size = sizeof(struct tiny_task),
					     .sched_size = sizeof(struct queue),
					     .init = init,
					     .enqueue = enqueue,
					     .dequeue = dequeue,
					     .dispatch = dispatch };
SCXU_POLICY(tiny);
