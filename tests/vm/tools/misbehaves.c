// SPDX-License-Identifier: GPL-2.0-only
/* First come, first served, until the Nth enqueue: there it crashes, aborts, or loops for some seconds. */
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include <scxu/policy.h>

struct mtask {
	TAILQ_ENTRY(mtask) node;
};

struct msched {
	TAILQ_HEAD(mqueue, mtask) queue;
	uint64_t enqueues;
	uint64_t crash_at, abort_at, loop_at, loop_s;
};

static int init(struct scxu_sched *sched)
{
	struct msched *s = scxu_sched_data(sched);

	TAILQ_INIT(&s->queue);
	return 0;
}

static void loop(uint64_t seconds)
{
	struct timespec ts;
	time_t end;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	for (end = ts.tv_sec + (time_t)seconds; ts.tv_sec < end;)
		clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct msched *s = scxu_sched_data(sched);
	struct mtask *t = scxu_task_data(task);

	s->enqueues++;
	if (s->enqueues == s->crash_at)
		*(volatile int *)(uintptr_t)s->crash_at = 1; /* of the first page */
	if (s->enqueues == s->abort_at)
		abort();
	if (s->enqueues == s->loop_at)
		loop(s->loop_s);
	if (flags & SCXU_ENQUEUE_RECALLED)
		TAILQ_INSERT_HEAD(&s->queue, t, node);
	else
		TAILQ_INSERT_TAIL(&s->queue, t, node);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct msched *s = scxu_sched_data(sched);

	TAILQ_REMOVE(&s->queue, (struct mtask *)scxu_task_data(task), node);
}

static void dispatch(struct scxu_sched *sched)
{
	struct msched *s = scxu_sched_data(sched);
	struct mtask *t, *next;

	for (t = TAILQ_FIRST(&s->queue); t && scxu_room(sched); t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int err = scxu_decide(sched, task, scxu_select_cpu(sched, task), 0, 0, 0);

		next = TAILQ_NEXT(t, node);
		if (!err || err == -ESTALE)
			TAILQ_REMOVE(&s->queue, t, node);
	}
}

static const struct scxu_policy_option options[] = {
	{ "crash_at", "", 0, UINT64_MAX, 0, offsetof(struct msched, crash_at) },
	{ "abort_at", "", 0, UINT64_MAX, 0, offsetof(struct msched, abort_at) },
	{ "loop_at", "", 0, UINT64_MAX, 0, offsetof(struct msched, loop_at) },
	{ "loop_s", "", 1, 60, 5, offsetof(struct msched, loop_s) },
	{ 0 },
};

static const struct scxu_policy_ops misbehaves = {
	.struct_size = sizeof(misbehaves),
	.abi = SCXU_POLICY_ABI,
	.name = "misbehaves",
	.task_size = sizeof(struct mtask),
	.sched_size = sizeof(struct msched),
	.options = options,
	.init = init,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};

SCXU_POLICY(misbehaves);
