// SPDX-License-Identifier: GPL-2.0-only
/* A policy with one thing wrong, -DPLANT_...: for each message of the loader. */
#include <scxu/policy.h>

#ifdef PLANT_UNDEFINED
void scxu_no_such_function(struct scxu_sched *sched);
#endif

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
#ifdef PLANT_UNDEFINED
	scxu_no_such_function(sched);
#else
	(void)sched;
#endif
}

static const struct scxu_policy_option options[] = {
#ifdef PLANT_OPTION_OFFSET
	{ "far_us", "beyond the policy's memory", 0, 10, 5, 16 },
#elif defined(PLANT_OPTION_DEFAULT)
	{ "odd_us", "its default is out of its range", 0, 10, 50, 0 },
#elif defined(PLANT_OPTION_NAME)
	{ "bad-us", "its name could not be written", 0, 10, 5, 0 },
#else
	{ "good_us", "as it should be", 1, 10, 5, 8 },
#endif
	{ 0 },
};

const struct scxu_policy_ops planted = {
#ifdef PLANT_SIZE
	.struct_size = sizeof(planted) - 8,
#else
	.struct_size = sizeof(planted),
#endif
#ifdef PLANT_ABI
	.abi = SCXU_POLICY_ABI - 1,
#else
	.abi = SCXU_POLICY_ABI,
#endif
#ifdef PLANT_NAME
	.name = "Planted policy",
#elif !defined(PLANT_NO_NAME)
	.name = "planted",
#endif
#ifdef PLANT_TASK_SIZE
	.task_size = 5000,
#endif
	.sched_size = 16,
	.options = options,
#ifndef PLANT_NO_ENQUEUE
	.enqueue = enqueue,
#endif
#ifndef PLANT_NO_DEQUEUE
	.dequeue = dequeue,
#endif
#ifndef PLANT_NO_DISPATCH
	.dispatch = dispatch,
#endif
};
#ifdef PLANT_NO_SYMBOL
const void *const keeps[] = { &planted, enqueue, dequeue, dispatch };
#elif defined(PLANT_NULL)
const struct scxu_policy_ops *const scxu_policy_of_object;
#elif defined(PLANT_FUNCTION)
__asm__(".globl scxu_policy_of_object\n"
	".type scxu_policy_of_object, @function\n"
	".set scxu_policy_of_object, planted_function");
__attribute__((used)) const void *planted_function(void);
const void *planted_function(void)
{
	return &planted;
}
#elif defined(PLANT_STRUCT)
__asm__(".globl scxu_policy_of_object\n"
	".set scxu_policy_of_object, planted");
#else
SCXU_POLICY(planted);
#endif
