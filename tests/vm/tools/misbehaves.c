// SPDX-License-Identifier: GPL-2.0-only
/*
 * First come, first served, until the Nth enqueue: there it crashes, aborts, calls itself for
 * ever, calls exit(), or loops or blocks for some seconds. Or it does so in init().
 */
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <scxu/policy.h>

struct mtask {
	TAILQ_ENTRY(mtask) node;
};

struct msched {
	TAILQ_HEAD(mqueue, mtask) queue;
	uint64_t enqueues;
	uint64_t crash_at, abort_at, overflow_at, exit_at, loop_at, loop_s, block_at;
	uint64_t in_init;
};

static void loop(uint64_t seconds)
{
	struct timespec ts;
	time_t end;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	for (end = ts.tv_sec + (time_t)seconds; ts.tv_sec < end;)
		clock_gettime(CLOCK_MONOTONIC, &ts);
}

/* Deeper than any stack is. */
static uint64_t recurse(volatile uint64_t *depth)
{
	volatile uint64_t here[64] = { *depth + 1 };

	return here[0] == UINT64_MAX ? 0 : recurse(here) + here[0];
}

/* As if it waited for what never comes, and as sensitive to signals as can be. */
static void block(void)
{
	pause();
	_exit(3);
}

/* The Nth time */
static void misbehave(struct msched *s, uint64_t n)
{
	if (n == s->crash_at)
		*(volatile int *)(uintptr_t)s->crash_at = 1; /* of the first page */
	if (n == s->abort_at)
		abort();
	if (n == s->overflow_at)
		s->enqueues = recurse(&s->enqueues);
	if (n == s->exit_at)
		exit(0);
	if (n == s->loop_at)
		loop(s->loop_s);
	if (n == s->block_at)
		block();
}

static int init(struct scxu_sched *sched)
{
	struct msched *s = scxu_sched_data(sched);

	TAILQ_INIT(&s->queue);
	if (s->in_init)
		misbehave(s, s->in_init);
	return 0;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct msched *s = scxu_sched_data(sched);
	struct mtask *t = scxu_task_data(task);

	misbehave(s, ++s->enqueues);
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
	{ "overflow_at", "", 0, UINT64_MAX, 0, offsetof(struct msched, overflow_at) },
	{ "exit_at", "", 0, UINT64_MAX, 0, offsetof(struct msched, exit_at) },
	{ "loop_at", "", 0, UINT64_MAX, 0, offsetof(struct msched, loop_at) },
	{ "loop_s", "", 1, 60, 5, offsetof(struct msched, loop_s) },
	{ "block_at", "", 0, UINT64_MAX, 0, offsetof(struct msched, block_at) },
	{ "in_init", "its init() is the Nth enqueue", 0, UINT64_MAX, 0,
	  offsetof(struct msched, in_init) },
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
