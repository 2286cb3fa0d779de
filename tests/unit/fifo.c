// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "fifo.h"

static void see(struct fifo *f, enum fifo_call call, const struct scxu_task *task,
		unsigned int flags)
{
	if (f->logged < FIFO_LOG)
		f->log[f->logged] = (struct fifo_seen) { call, task->slot, task->pid, flags };
	f->logged++;
}

static int init(struct scxu_sched *sched)
{
	struct fifo *f = fifo_of(sched);

	TAILQ_INIT(&f->queue);
	f->cpu = SCXU_CPU_ANY;
	return 0;
}

static void task_enter(struct scxu_sched *sched, struct scxu_task *task)
{
	struct fifo_task *t = scxu_task_data(task);
	struct fifo *f = fifo_of(sched);

	f->wrong += t->queued || t->pid || t->mark;
	t->pid = task->pid;
	f->enters++;
	see(f, FIFO_ENTER, task, 0);
}

static void task_exit(struct scxu_sched *sched, struct scxu_task *task)
{
	struct fifo_task *t = scxu_task_data(task);
	struct fifo *f = fifo_of(sched);

	f->wrong += t->queued || t->pid != task->pid;
	f->exits++;
	see(f, FIFO_EXIT, task, 0);
}

/* Returns whether the queue goes on. */
static bool decide(struct scxu_sched *sched, struct fifo *f, struct fifo_task *t)
{
	f->err = scxu_decide(sched, scxu_task_of(t), f->cpu, f->slice_ns, 0, f->flags);
	if (f->err == -EAGAIN)
		return false;
	if (f->err && f->err != -ESTALE)
		return true;
	TAILQ_REMOVE(&f->queue, t, node);
	t->queued = false;
	return true;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct fifo_task *t = scxu_task_data(task);
	struct fifo *f = fifo_of(sched);

	f->wrong += t->queued || t->pid != task->pid;
	t->queued = true;
	if (flags & SCXU_ENQUEUE_RECALLED)
		TAILQ_INSERT_HEAD(&f->queue, t, node);
	else
		TAILQ_INSERT_TAIL(&f->queue, t, node);
	f->enqueues++;
	see(f, FIFO_ENQUEUE, task, flags);
	if (f->at_enqueue)
		decide(sched, f, t);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct fifo_task *t = scxu_task_data(task);
	struct fifo *f = fifo_of(sched);

	f->dequeues++;
	see(f, FIFO_DEQUEUE, task, 0);
	if (!t->queued) {
		f->wrong++;
		return;
	}
	TAILQ_REMOVE(&f->queue, t, node);
	t->queued = false;
}

static void dispatch(struct scxu_sched *sched)
{
	struct fifo *f = fifo_of(sched);
	struct fifo_task *t, *next;

	if (f->before)
		f->before(sched);
	for (t = f->hold ? NULL : TAILQ_FIRST(&f->queue); t; t = next) {
		next = TAILQ_NEXT(t, node);
		if ((f->cpu == SCXU_CPU_ANY && !scxu_room(sched)) || !decide(sched, f, t))
			break;
	}
	if (f->after)
		f->after(sched);
}

struct scxu_task *fifo_first(struct scxu_sched *sched)
{
	struct fifo_task *t = TAILQ_FIRST(&fifo_of(sched)->queue);

	return t ? scxu_task_of(t) : NULL;
}

const struct scxu_policy_ops test_fifo = {
	.struct_size = sizeof(test_fifo),
	.abi = SCXU_POLICY_ABI,
	.name = "fifo",
	.summary = "first come, first served, for tests",
	.task_size = sizeof(struct fifo_task),
	.sched_size = sizeof(struct fifo),
	.init = init,
	.task_enter = task_enter,
	.task_exit = task_exit,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
