// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/queue.h>

#include "suspicious.h"

struct stask {
	TAILQ_ENTRY(stask) node;
	bool queued;
	int32_t pid;
};

TAILQ_HEAD(squeue, stask);

struct suspicious_counts suspicious;
int (*suspicious_where)(struct scxu_sched *sched);

struct wait_facts suspicious_facts(uint64_t x)
{
	return (struct wait_facts) {
		.now = x * 3,
		.runtime = x,
		.vtime = ~x,
		.weight = 1 + (uint32_t)(x % 10000),
		.waited_until = x * 5,
	};
}

/* 0 when they do not belong together */
static uint64_t number_of(const struct scxu_task *task)
{
	uint64_t x = task->runtime;
	bool good = task->vtime == ~x && task->enqueued_at == x * 3 &&
		    task->waited_until == x * 5 && task->weight == 1 + x % 10000;

	return good ? x : 0;
}

static int init(struct scxu_sched *sched)
{
	struct squeue *q = scxu_sched_data(sched);

	TAILQ_INIT(q);
	return 0;
}

static void task_enter(struct scxu_sched *sched, struct scxu_task *task)
{
	struct stask *t = scxu_task_data(task);

	(void)sched;
	suspicious.strangers += t->queued || t->pid;
	t->pid = task->pid;
}

static void task_exit(struct scxu_sched *sched, struct scxu_task *task)
{
	struct stask *t = scxu_task_data(task);

	(void)sched;
	suspicious.strangers += t->queued || t->pid != task->pid;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct squeue *q = scxu_sched_data(sched);
	struct stask *t = scxu_task_data(task);

	(void)flags;
	suspicious.strangers += t->queued || t->pid != task->pid;
	suspicious.torn += !number_of(task);
	t->queued = true;
	TAILQ_INSERT_TAIL(q, t, node);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct squeue *q = scxu_sched_data(sched);
	struct stask *t = scxu_task_data(task);

	suspicious.strangers += !t->queued || t->pid != task->pid;
	suspicious.dequeues++;
	TAILQ_REMOVE(q, t, node);
	t->queued = false;
}

static void dispatch(struct scxu_sched *sched)
{
	struct squeue *q = scxu_sched_data(sched);
	struct stask *t, *next;

	for (t = TAILQ_FIRST(q); t; t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int cpu = suspicious_where ? suspicious_where(sched) : SCXU_CPU_ANY;
		int err;

		next = TAILQ_NEXT(t, node);
		if (cpu == SCXU_CPU_ANY && !scxu_room(sched))
			break;
		err = scxu_decide(sched, task, cpu, 0, number_of(task), SCXU_VTIME);
		if (err == -EAGAIN)
			continue;
		if (err && err != -ESTALE) {
			suspicious.refused++;
			continue;
		}
		suspicious.late += err == -ESTALE;
		TAILQ_REMOVE(q, t, node);
		t->queued = false;
	}
}

const struct scxu_policy_ops suspicious_policy = {
	.struct_size = sizeof(suspicious_policy),
	.abi = SCXU_POLICY_ABI,
	.name = "suspicious",
	.task_size = sizeof(struct stask),
	.sched_size = sizeof(struct squeue),
	.init = init,
	.task_enter = task_enter,
	.task_exit = task_exit,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
