// SPDX-License-Identifier: GPL-2.0-only
/*
 * First come, first served; counts the calls of what is not mandatory, waits that did not end
 * between their begin and the task's next, and tasks called new that were there before this
 * process, and prints that at its end.
 */
#include <stdio.h>
#include <sys/queue.h>
#include <unistd.h>

#include <scxu/policy.h>

struct htask {
	TAILQ_ENTRY(htask) node;
	uint64_t enqueued_at, runtime;
};

struct hsched {
	TAILQ_HEAD(hqueue, htask) queue;
	unsigned long running, stopping, ticks, online, offline, weights;
	unsigned long wrong_cpu, waits, wrong_waits, new, wrong_new;
};

static int init(struct scxu_sched *sched)
{
	struct hsched *s = scxu_sched_data(sched);

	TAILQ_INIT(&s->queue);
	return 0;
}

static void exit_policy(struct scxu_sched *sched)
{
	struct hsched *s = scxu_sched_data(sched);

	printf("hints: running=%lu stopping=%lu ticks=%lu online=%lu offline=%lu weights=%lu "
	       "wrong_cpu=%lu waits=%lu wrong_waits=%lu new=%lu wrong_new=%lu\n",
	       s->running, s->stopping, s->ticks, s->online, s->offline, s->weights, s->wrong_cpu,
	       s->waits, s->wrong_waits, s->new, s->wrong_new);
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct hsched *s = scxu_sched_data(sched);
	struct htask *t = scxu_task_data(task);

	/* the wait that the policy was told of is the last one, and it has run since */
	if (t->enqueued_at && task->runtime > t->runtime && !(flags & SCXU_ENQUEUE_UNDECIDED)) {
		s->waits++;
		s->wrong_waits += task->waited_until < t->enqueued_at ||
				  task->waited_until > task->enqueued_at;
	}
	/* pids have not come round yet */
	s->new += flags &SCXU_ENQUEUE_NEW ? 1 : 0;
	s->wrong_new += flags & SCXU_ENQUEUE_NEW && task->pid < getpid();
	t->enqueued_at = task->enqueued_at;
	t->runtime = task->runtime;
	if (flags & SCXU_ENQUEUE_RECALLED)
		TAILQ_INSERT_HEAD(&s->queue, t, node);
	else
		TAILQ_INSERT_TAIL(&s->queue, t, node);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct hsched *s = scxu_sched_data(sched);

	TAILQ_REMOVE(&s->queue, (struct htask *)scxu_task_data(task), node);
}

static void dispatch(struct scxu_sched *sched)
{
	struct hsched *s = scxu_sched_data(sched);
	struct htask *t, *next;

	for (t = TAILQ_FIRST(&s->queue); t && scxu_room(sched); t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int err = scxu_decide(sched, task, scxu_select_cpu(sched, task), 0, 0, 0);

		next = TAILQ_NEXT(t, node);
		if (!err || err == -ESTALE)
			TAILQ_REMOVE(&s->queue, t, node);
	}
}

static void running(struct scxu_sched *sched, struct scxu_task *task, int cpu)
{
	struct hsched *s = scxu_sched_data(sched);

	(void)task;
	s->running++;
	s->wrong_cpu += (unsigned int)cpu >= scxu_nr_cpus(sched);
}

static void stopping(struct scxu_sched *sched, struct scxu_task *task, int cpu)
{
	(void)task;
	(void)cpu;
	((struct hsched *)scxu_sched_data(sched))->stopping++;
}

static void tick(struct scxu_sched *sched, struct scxu_task *task, int cpu)
{
	(void)task;
	(void)cpu;
	((struct hsched *)scxu_sched_data(sched))->ticks++;
}

static void set_weight(struct scxu_sched *sched, struct scxu_task *task, uint32_t before)
{
	(void)task;
	(void)before;
	((struct hsched *)scxu_sched_data(sched))->weights++;
}

static void cpu_online(struct scxu_sched *sched, int cpu)
{
	(void)cpu;
	((struct hsched *)scxu_sched_data(sched))->online++;
}

static void cpu_offline(struct scxu_sched *sched, int cpu)
{
	(void)cpu;
	((struct hsched *)scxu_sched_data(sched))->offline++;
}

static const struct scxu_policy_ops hints = {
	.struct_size = sizeof(hints),
	.abi = SCXU_POLICY_ABI,
	.name = "hints",
	.task_size = sizeof(struct htask),
	.sched_size = sizeof(struct hsched),
	.init = init,
	.exit = exit_policy,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
	.running = running,
	.stopping = stopping,
	.tick = tick,
	.set_weight = set_weight,
	.cpu_online = cpu_online,
	.cpu_offline = cpu_offline,
};

SCXU_POLICY(hints);
