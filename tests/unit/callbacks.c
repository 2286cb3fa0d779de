// SPDX-License-Identifier: GPL-2.0-only
/*
 * The callbacks that are not mandatory: when each is called and when not, with what, and
 * that the engine can be asked which one it is in. What the kernel part sends by way of
 * hints may be anything.
 */
#include <errno.h>

#include <scxu/stats.h>

#include "kernel-part.h"
#include "unit.h"

#define CPUS 4

enum call { ENTER, ENQUEUE, DEQUEUE, RUNNING, STOPPING, TICK, WEIGHT, AFFINITY, ONLINE, OFFLINE };

static struct {
	enum call call;
	uint32_t slot; /* or CPU */
	int64_t value; /* CPU, or weight before */
} calls[64];

static unsigned int nr_calls;
static struct kernel_part *k;
static struct scxu_sched *sched;
static uint64_t now = 1000;

static void call(struct scxu_sched *s, enum call which, uint32_t slot, int64_t value)
{
	static const char *const names[] = { "task_enter", "enqueue",	   "dequeue",
					     "running",	   "stopping",	   "tick",
					     "set_weight", "set_affinity", "cpu_online",
					     "cpu_offline" };
	struct scxu_where where = { 0 };

	/* the engine says so, to whoever asks now */
	CHECK(scxu_engine_where(s, &where));
	CHECK_STR(where.callback, names[which]);
	CHECK_EQ(where.pid, which < ONLINE ? (int)slot + 100 : 0);
	CHECK_EQ(where.since, now);
	if (which < ONLINE)
		CHECK_STR(where.comm, "task");
	if (nr_calls < 64) {
		calls[nr_calls].call = which;
		calls[nr_calls].slot = slot;
		calls[nr_calls].value = value;
	}
	nr_calls++;
}

static void task_enter(struct scxu_sched *s, struct scxu_task *task)
{
	call(s, ENTER, task->slot, 0);
}

static void enqueue(struct scxu_sched *s, struct scxu_task *task, unsigned int flags)
{
	call(s, ENQUEUE, task->slot, flags);
}

static void dequeue(struct scxu_sched *s, struct scxu_task *task)
{
	call(s, DEQUEUE, task->slot, 0);
}

static void dispatch(struct scxu_sched *s)
{
	struct scxu_where where;

	CHECK(scxu_engine_where(s, &where));
	CHECK_STR(where.callback, "dispatch");
	CHECK_EQ(where.pid, 0);
}

static void running(struct scxu_sched *s, struct scxu_task *task, int cpu)
{
	call(s, RUNNING, task->slot, cpu);
}

static void stopping(struct scxu_sched *s, struct scxu_task *task, int cpu)
{
	call(s, STOPPING, task->slot, cpu);
}

static void tick(struct scxu_sched *s, struct scxu_task *task, int cpu)
{
	call(s, TICK, task->slot, cpu);
}

static void set_weight(struct scxu_sched *s, struct scxu_task *task, uint32_t before)
{
	CHECK(task->weight != before);
	call(s, WEIGHT, task->slot, before);
}

static void set_affinity(struct scxu_sched *s, struct scxu_task *task)
{
	call(s, AFFINITY, task->slot, task->nr_cpus_allowed);
}

static void cpu_online(struct scxu_sched *s, int cpu)
{
	call(s, ONLINE, (uint32_t)cpu, 0);
}

static void cpu_offline(struct scxu_sched *s, int cpu)
{
	call(s, OFFLINE, (uint32_t)cpu, 0);
}

static int init(struct scxu_sched *s)
{
	struct scxu_where where;

	CHECK(scxu_engine_where(s, &where));
	CHECK_STR(where.callback, "init");
	return 0;
}

static const struct scxu_policy_ops all = {
	.struct_size = sizeof(all),
	.abi = SCXU_POLICY_ABI,
	.name = "all",
	.init = init,
	.task_enter = task_enter,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
	.running = running,
	.stopping = stopping,
	.tick = tick,
	.set_weight = set_weight,
	.set_affinity = set_affinity,
	.cpu_online = cpu_online,
	.cpu_offline = cpu_offline,
};

static void pass(void)
{
	nr_calls = 0;
	while (scxu_engine_pass(sched, ++now))
		;
}

static void begin(const struct scxu_policy_ops *policy)
{
	struct scxu_where where;

	k = kernel_part_create(CPUS, 64);
	kernel_part_online(k, 3, false);
	sched = engine_with(k, policy, 8);
	CHECK(!scxu_engine_where(sched, &where));
	pass();
}

static void end(void)
{
	struct scxu_where where;

	CHECK(!scxu_engine_where(sched, &where));
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void expect(unsigned int i, enum call call, uint32_t slot, int64_t value)
{
	if (!CHECK(i < nr_calls) || !CHECK_EQ(calls[i].call, call) ||
	    !CHECK_EQ(calls[i].slot, slot) || !CHECK_EQ(calls[i].value, value))
		printf("  call %u of %u\n", i, nr_calls);
}

static void wait_of(uint32_t slot, uint32_t weight, uint64_t mask)
{
	kernel_part_affinity(k, slot, mask);
	kernel_part_enqueue(k, slot, 0, &(struct wait_facts) { .weight = weight });
}

static void cpus(void)
{
	begin(&all);
	/* those that are online come in the first pass, and once */
	CHECK_EQ(nr_calls, 3);
	expect(0, ONLINE, 0, 0);
	expect(1, ONLINE, 1, 0);
	expect(2, ONLINE, 2, 0);
	pass();
	CHECK_EQ(nr_calls, 0);
	kernel_part_online(k, 1, false);
	kernel_part_online(k, 3, true);
	pass();
	CHECK_EQ(nr_calls, 2);
	expect(0, OFFLINE, 1, 0);
	expect(1, ONLINE, 3, 0);
	end();
}

static void hints(void)
{
	unsigned int i;
	uint32_t event;

	begin(&all);
	kernel_part_birth(k, 5, 105, 0);
	kernel_part_hint(k, 0, SCXU_EVENT_RUNNING, 0, 5);
	pass();
	CHECK_EQ(nr_calls, 0); /* the policy has not met it */
	wait_of(5, 100, 0);
	kernel_part_hint(k, 0, SCXU_EVENT_RUNNING, 2, 5);
	kernel_part_hint(k, 0, SCXU_EVENT_TICK, 2, 5);
	kernel_part_hint(k, 0, SCXU_EVENT_STOPPING, 2, 5);
	pass();
	CHECK_EQ(nr_calls, 5);
	expect(2, RUNNING, 5, 2);
	expect(3, TICK, 5, 2);
	expect(4, STOPPING, 5, 2);
	CHECK_EQ(scxu_nr_queued(sched), 1); /* it was told, no more */

	/* nothing of a task whose slot is another's by now */
	kernel_part_exit(k, 5);
	kernel_part_hint(k, 0, SCXU_EVENT_STOPPING, 0, 5);
	pass();
	CHECK_EQ(nr_calls, 0);
	kernel_part_birth(k, 5, 105, 0);
	wait_of(5, 100, 0);
	pass();

	/* any value: slots and CPUs that there are not */
	for (event = 1u << SCXU_EVENT_KIND_SHIFT; event >= 1u << SCXU_EVENT_KIND_SHIFT;
	     event += 0x00f0f0f1) {
		kernel_part_event(k, 1, event);
		pass();
		for (i = 0; i < nr_calls; i++)
			CHECK(calls[i].slot == 5 && calls[i].value < CPUS);
	}
	kernel_part_event(k, 1, 3u << SCXU_EVENT_KIND_SHIFT | CPUS << SCXU_EVENT_CPU_SHIFT | 5);
	kernel_part_event(k, 1, 3u << SCXU_EVENT_KIND_SHIFT | 64);
	kernel_part_event(k, 1, 3u << SCXU_EVENT_KIND_SHIFT | 6);
	pass();
	CHECK_EQ(nr_calls, 0);

	/* they take half of a ring at most: waits find a place */
	for (i = 0; i < 2 * SCXU_EVENTS; i++)
		kernel_part_hint(k, 0, SCXU_EVENT_TICK, 0, 5);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), 0);
	kernel_part_birth(k, 6, 106, 0);
	wait_of(6, 100, 0);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_failed_enqueues), 0);
	pass();
	CHECK_EQ(nr_calls, SCXU_EVENT_HINTS + 2);
	end();
}

static void weight(void)
{
	begin(&all);
	kernel_part_birth(k, 7, 107, 0);
	wait_of(7, 100, 0);
	pass();
	CHECK_EQ(nr_calls, 2); /* ENTER, ENQUEUE: its first weight is no change */
	wait_of(7, 100, 0);
	pass();
	CHECK_EQ(nr_calls, 2); /* DEQUEUE, ENQUEUE */
	wait_of(7, 50, 0);
	pass();
	CHECK_EQ(nr_calls, 3);
	expect(0, DEQUEUE, 7, 0);
	expect(1, WEIGHT, 7, 100);
	expect(2, ENQUEUE, 7, 0);
	/* there and back between two passes */
	wait_of(7, 100, 0);
	wait_of(7, 50, 0);
	pass();
	CHECK_EQ(nr_calls, 2);
	/* another task in its slot */
	kernel_part_exit(k, 7);
	kernel_part_birth(k, 7, 107, 0);
	wait_of(7, 100, 0);
	pass();
	CHECK_EQ(nr_calls, 3);
	expect(1, ENTER, 7, 0);
	end();
}

static void affinity(void)
{
	static const struct {
		uint64_t mask;
		bool change;
		unsigned int nr;
	} steps[] = {
		{ 0x3, true, 2 }, { 0x3, false, 0 }, { 0x5, true, 2 },
		{ 0x6, true, 2 }, { 0x1, true, 1 },  { 0, true, 4 },
		{ 0, false, 0 },  { 0x8, true, 1 },  { 0x8, false, 0 },
	};
	unsigned int i;

	begin(&all);
	kernel_part_birth(k, 7, 107, 0);
	wait_of(7, 100, 0);
	pass();
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		wait_of(7, 100, steps[i].mask);
		pass();
		CHECK_EQ(nr_calls, steps[i].change ? 3 : 2);
		if (steps[i].change)
			expect(1, AFFINITY, 7, steps[i].nr);
	}
	/* a new task of limited affinity: no change */
	kernel_part_birth(k, 8, 108, 0x3);
	wait_of(8, 100, 0x3);
	pass();
	CHECK_EQ(nr_calls, 2);
	end();
}

/* All of this may be left out. */
static void none(void)
{
	struct scxu_policy_ops least = all;

	least.init = NULL;
	least.task_enter = NULL;
	least.running = least.stopping = least.tick = NULL;
	least.set_weight = NULL;
	least.set_affinity = NULL;
	least.cpu_online = least.cpu_offline = NULL;
	begin(&least);
	CHECK_EQ(nr_calls, 0);
	kernel_part_birth(k, 7, 107, 0);
	wait_of(7, 100, 0);
	kernel_part_hint(k, 0, SCXU_EVENT_TICK, 0, 7);
	kernel_part_online(k, 2, false);
	wait_of(7, 10, 0x3);
	pass();
	CHECK_EQ(nr_calls, 1);
	expect(0, ENQUEUE, 7, 0); /* its first wait was over before we looked */
	end();
}

static void options_and_topology(void)
{
	static const struct scxu_policy_option options[] = {
		{ "a_us", "", 0, 10, 5, 8 },
		{ "b", "", 0, UINT64_MAX, UINT64_MAX, 16 },
		{ 0 },
	};
	static const struct scxu_cpu_topology topology[CPUS] = {
		{ 0, 1, 0, 0 }, { 0, 0, 0, 0 }, { 2, 3, 2, 1 }, { 2, 2, 2, 1 }
	};
	struct scxu_policy_ops policy = all;
	struct scxu_cpu_topology got;
	struct scxu_engine_options with = { .batch = 8, .slice_ns = 3000000 };
	uint64_t values[] = { 7, 9 }, *data;
	struct scxu_stats stats;
	int cpu;

	policy.options = options;
	policy.sched_size = 24;
	k = kernel_part_create(CPUS, 64);
	sched = engine_with(k, &policy, 8);
	data = scxu_sched_data(sched);
	CHECK_EQ(data[0], 0);
	CHECK_EQ(data[1], 5);
	CHECK_EQ(data[2], UINT64_MAX);
	for (cpu = 0; cpu < CPUS; cpu++) {
		CHECK_EQ(scxu_cpu_topology(sched, cpu, &got), 0);
		CHECK(got.core == cpu && got.sibling == cpu && got.llc == cpu && !got.node);
	}
	got.node = 77;
	CHECK_EQ(scxu_cpu_topology(sched, -1, &got), -EINVAL);
	CHECK_EQ(scxu_cpu_topology(sched, CPUS, &got), -EINVAL);
	CHECK_EQ(got.node, 77);
	scxu_engine_destroy(sched);

	with.values = values;
	with.topology = topology;
	NEED(!scxu_engine_create(&policy, &k->shm, &with, &sched));
	values[0] = 1; /* copied by then */
	data = scxu_sched_data(sched);
	CHECK_EQ(data[1], 7);
	CHECK_EQ(data[2], 9);
	for (cpu = 0; cpu < CPUS; cpu++) {
		CHECK_EQ(scxu_cpu_topology(sched, cpu, &got), 0);
		CHECK(!memcmp(&got, &topology[cpu], sizeof(got)));
	}

	kernel_part_birth(k, 7, 107, 0);
	wait_of(7, 100, 0);
	pass();
	scxu_sched_stats(sched, &stats);
	CHECK_EQ(stats.scheduled, 1);
	CHECK_EQ(stats.waiting, 1);
	CHECK_EQ(stats.passes, 1);
	CHECK_EQ(stats.slots_max, 64);
	CHECK_EQ(scxu_stats_counter(&stats, "user_enqueues"), 1);
	end();
}

/* scxu_select_cpu(), and what scxu_cpu_running() tells of the task itself */
static void where_to(void)
{
	struct scxu_task task = { .cpu = 1, .nr_cpus_allowed = CPUS };
	struct scxu_running run;

	begin(&all);
	kernel_part_birth(k, 7, 107, 0);
	wait_of(7, 100, 0);
	kernel_part_idle(k, 2, true);
	pass();
	kernel_part_idle(k, 2, false);
	CHECK_EQ(scxu_select_cpu(sched, &task), SCXU_CPU_ANY);
	kernel_part_idle(k, 2, true);
	CHECK_EQ(scxu_select_cpu(sched, &task), 2);
	kernel_part_idle(k, 2, false);
	/* limited to 0, 1 and the offline 3: the one whose task runs for longest */
	task.nr_cpus_allowed = 3;
	kernel_part_affinity(k, 0, 0xb);
	kernel_part_run_slot(k, 0, 7, 0, 500);
	kernel_part_run(k, 1, 999, 0, 100, 400);
	CHECK_EQ(scxu_select_cpu(sched, &task), 1);
	kernel_part_run(k, 1, 999, 0, 100, 600);
	CHECK_EQ(scxu_select_cpu(sched, &task), 0);
	kernel_part_run(k, 1, AGENT_TID, 0, 100, 600); /* free after this pass */
	CHECK_EQ(scxu_select_cpu(sched, &task), 1);
	kernel_part_affinity(k, 0, 0x8);
	task.nr_cpus_allowed = 1;
	CHECK_EQ(scxu_select_cpu(sched, &task), SCXU_CPU_NONE);

	NEED(scxu_cpu_running(sched, 0, &run));
	NEED(run.task);
	CHECK_EQ(run.task->slot, 7);
	k->cpus[0].limited = 1; /* of the kernel part's order now */
	NEED(scxu_cpu_running(sched, 0, &run));
	CHECK(!run.task);
	k->cpus[0].limited = 0;
	kernel_part_run(k, 0, 999, 0, 100, 600);
	k->cpus[0].slot = 7; /* torn: of another moment */
	NEED(scxu_cpu_running(sched, 0, &run));
	CHECK(!run.task);
	k->cpus[0].slot = 64;
	NEED(scxu_cpu_running(sched, 0, &run));
	CHECK(!run.task);
	end();
}

int main(void)
{
	cpus();
	hints();
	weight();
	affinity();
	none();
	options_and_topology();
	where_to();
	return UNIT_END();
}
