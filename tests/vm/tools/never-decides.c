// SPDX-License-Identifier: GPL-2.0-only
/* A control: a policy that takes every task and never decides. */
#include <scxu/policy.h>

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	(void)sched;
	(void)task;
	(void)flags;
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	(void)sched;
	(void)task;
}

static void dispatch(struct scxu_sched *sched)
{
	(void)sched;
}

static const struct scxu_policy_ops never_decides = {
	.struct_size = sizeof(never_decides),
	.abi = SCXU_POLICY_ABI,
	.name = "never-decides",
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};

SCXU_POLICY(never_decides);
