// SPDX-License-Identifier: GPL-2.0-only
/* What scxu_engine_create() refuses, and what a policy finds that it accepts. */
#include <errno.h>

#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

static struct kernel_part *k;
static struct scxu_sched *const untouched = (struct scxu_sched *)&k;
static int exits;
static int init_result;

static void refused(const struct scxu_policy_ops *policy, const struct scxu_shm *shm,
		    unsigned int batch, int err, const char *what)
{
	struct scxu_engine_options options = { .batch = batch, .slice_ns = 3000000 };
	struct scxu_sched *sched = untouched;

	if (!CHECK_EQ(scxu_engine_create(policy, shm, &options, &sched), err) ||
	    !CHECK(sched == untouched))
		printf("  %s\n", what);
}

static int init(struct scxu_sched *sched)
{
	unsigned char *data = scxu_sched_data(sched);
	size_t i;

	for (i = 0; i < 1000; i++)
		CHECK_EQ(data[i], 0);
	CHECK_EQ(scxu_nr_cpus(sched), 4);
	CHECK_EQ(scxu_max_tasks(sched), 64);
	CHECK_EQ(scxu_slice(sched), 3000000);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	return init_result;
}

static void exit_policy(struct scxu_sched *sched)
{
	(void)sched;
	exits++;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	unsigned char *data = scxu_task_data(task);

	(void)sched;
	(void)flags;
	CHECK_EQ((uintptr_t)data % 64, 0);
	CHECK(scxu_task_of(data) == task);
	/* all of it is there */
	memset(data, 0xff, 4096);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	(void)sched;
	(void)task;
}

static void ignore(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	(void)sched;
	(void)task;
	(void)flags;
}

static void dispatch(struct scxu_sched *sched)
{
	(void)sched;
}

static const struct scxu_policy_ops good = {
	.struct_size = sizeof(good),
	.abi = SCXU_POLICY_ABI,
	.name = "good",
	.task_size = 4096,
	.sched_size = 1000,
	.init = init,
	.exit = exit_policy,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};

#define BAD(member, value)                                   \
	do {                                                 \
		struct scxu_policy_ops bad = good;           \
		bad.member = value;                          \
		refused(&bad, &k->shm, 8, -EINVAL, #member); \
	} while (0)

#define BAD_SHM(member, value)                             \
	do {                                               \
		struct scxu_shm bad = k->shm;              \
		bad.member = value;                        \
		refused(&good, &bad, 8, -EINVAL, #member); \
	} while (0)

static void arguments(void)
{
	refused(NULL, &k->shm, 8, -EINVAL, "no policy");
	BAD(struct_size, 0);
	BAD(struct_size, sizeof(good) - 8);
	BAD(struct_size, sizeof(good) + 8);
	BAD(abi, SCXU_POLICY_ABI + 1);
	BAD(abi, 0);
	BAD(name, NULL);
	BAD(enqueue, NULL);
	BAD(dequeue, NULL);
	BAD(dispatch, NULL);
	BAD(task_size, 4097);
	BAD(task_size, SIZE_MAX);
	refused(&good, &k->shm, 0, -EINVAL, "batch");
	refused(&good, &k->shm, SCXU_STOCK + 1, -EINVAL, "batch");
	BAD_SHM(nr_cpus, 0);
	BAD_SHM(nr_cpus, SCXU_MAX_CPUS + 1);
	BAD_SHM(max_tasks, 0);
	BAD_SHM(max_tasks, SCXU_MAX_TASKS + 1);
	CHECK_EQ(exits, 0);
}

static void init_fails(void)
{
	init_result = -ENODEV;
	refused(&good, &k->shm, 8, -ENODEV, "init");
	init_result = 0;
	CHECK_EQ(exits, 0);
	CHECK(!scxu_engine_destroy(NULL));
}

/* All that is not mandatory left out. */
static void least(void)
{
	static const struct scxu_policy_ops policy = {
		.struct_size = sizeof(policy),
		.abi = SCXU_POLICY_ABI,
		.name = "least",
		.enqueue = ignore,
		.dequeue = dequeue,
		.dispatch = dispatch,
	};
	struct scxu_sched *sched = engine_with(k, &policy, SCXU_STOCK);

	kernel_part_birth(k, 0, 1, 0);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { 0 });
	scxu_engine_pass(sched, 1);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	kernel_part_exit(k, 0);
	kernel_part_birth(k, 0, 2, 0);
	kernel_part_enqueue(k, 0, 0, &(struct wait_facts) { 0 });
	scxu_engine_pass(sched, 2);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	CHECK(!scxu_engine_destroy(sched));
	kernel_part_exit(k, 0);
}

static void task_memory(void)
{
	struct scxu_sched *sched = engine_with(k, &good, 1);
	uint32_t slot;

	for (slot = 0; slot < 64; slot++) {
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		kernel_part_enqueue(k, slot, slot % 4, &(struct wait_facts) { 0 });
	}
	scxu_engine_pass(sched, 1);
	CHECK_EQ(scxu_nr_queued(sched), 64);
	CHECK(!scxu_engine_destroy(sched));
	CHECK_EQ(exits, 1);
}

/* An engine that comes second finds the tasks that wait, and the rings where they are. */
static void comes_late(void)
{
	struct scxu_sched *sched;
	struct scxu_decision d;
	unsigned int i;

	k->kernel->stock_tail[0] = 123456;
	k->kernel->stock_tail[1] = 654321;
	k->cpus[1].decisions_tail = 77;
	sched = engine_with(k, &test_fifo, 8);
	CHECK_EQ(fifo_of(sched)->enqueues, 64);
	CHECK_EQ(scxu_engine_counts(sched)->enqueued, 64);
	CHECK(!scxu_engine_pending(sched));
	CHECK(!kernel_part_next(k, 0, &d));
	scxu_engine_pass(sched, 1);
	CHECK_EQ(fifo_of(sched)->enqueues, 64);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(kernel_part_dispatch(k, 1, &d), APPLIED);
		CHECK_EQ(d.slot, i);
	}
	CHECK_EQ(kernel_part_dispatch(k, 1, &d), NOTHING);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 0);
	CHECK_EQ(fifo_of(sched)->wrong, 0);
	scxu_engine_destroy(sched);
}

int main(void)
{
	k = kernel_part_create(4, 64);
	arguments();
	init_fails();
	least();
	task_memory();
	comes_late();
	kernel_part_destroy(k);
	return UNIT_END();
}
