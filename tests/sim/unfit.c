// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy that cannot work: init() fails, if it is told so; else each decision asks for a
 * slice that none may have, and is refused. Or only in the first run of a process: it keeps
 * that in a static variable, as no policy should.
 */
#include <errno.h>

#include <scxu/policy.h>

struct unfit {
	uint64_t init_fails, once;
	struct scxu_task *task;
};

static unsigned int runs;

static int init(struct scxu_sched *sched)
{
	runs++;
	return ((struct unfit *)scxu_sched_data(sched))->init_fails ? -ENODEV : 0;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	(void)flags;
	((struct unfit *)scxu_sched_data(sched))->task = task;
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct unfit *u = scxu_sched_data(sched);

	if (u->task == task)
		u->task = NULL;
}

static void dispatch(struct scxu_sched *sched)
{
	struct unfit *u = scxu_sched_data(sched);

	if (u->task)
		scxu_decide(sched, u->task, SCXU_CPU_ANY, u->once && runs > 1 ? 0 : 1, 0, 0);
}

static const struct scxu_policy_option options[] = {
	{ "init_fails", "1: it does", 0, 1, 0, offsetof(struct unfit, init_fails) },
	{ "once", "1: in the first run only", 0, 1, 0, offsetof(struct unfit, once) },
	{ 0 },
};

static const struct scxu_policy_ops unfit = {
	.struct_size = sizeof(unfit),
	.abi = SCXU_POLICY_ABI,
	.name = "unfit",
	.summary = "fails in init(), or with each decision",
	.sched_size = sizeof(struct unfit),
	.options = options,
	.init = init,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
SCXU_POLICY(unfit);
