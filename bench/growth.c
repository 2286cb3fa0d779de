// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine and a policy alone, with as many runnable tasks as wanted: what one event costs, from
 * reading it to the decision given for it. The kernel part is the unit tests' (tests/unit/kernel-part.h).
 *
 *	bench-growth POLICY TASKS EVENTS
 *
 * TASKS tasks wait or run on four CPUs. EVENTS times, a CPU's task runs for 50 to 150 us and waits again,
 * the engine makes a pass, and the CPU takes the next decision. Only those passes are in measured_pass(),
 * for callgrind to count (bench/engine.sh). Prints how many decisions were carried out.
 */
#include <inttypes.h>

#include <scxu/loader.h>

#include "tests/unit/kernel-part.h"
#include "tests/unit/unit.h"
#include "vm/guest/random.h"

#define CPUS	   4u
#define STEP	   1000u /* tasks made known in one pass */
#define PASSES_MAX 100u

static struct kernel_part *k;
static struct scxu_sched *sched;
static uint64_t now = 1000000000ull, random_state = 1;

struct task {
	uint64_t runtime;
	uint64_t vtime;
	uint32_t weight;
	int32_t cpu;
};
static struct task *tasks;

static const uint32_t weights[] = { 100, 100, 33, 11, 1 };

static void __attribute__((noinline)) measured_pass(void)
{
	scxu_engine_pass(sched, now);
}

static void wait_again(uint32_t slot, unsigned int cpu, uint32_t flags)
{
	const struct task *t = &tasks[slot];
	const struct wait_facts facts = {
		.now = now,
		.runtime = t->runtime,
		.vtime = t->vtime,
		.weight = t->weight,
		.flags = flags,
		.cpu = cpu,
	};

	kernel_part_enqueue(k, slot, cpu, &facts);
}

/* The CPU takes a decision that holds; false when there is none. */
static bool take(unsigned int cpu, uint32_t *ret)
{
	struct scxu_decision d;
	enum outcome outcome;

	do
		outcome = kernel_part_dispatch(k, cpu, &d);
	while (outcome != APPLIED && outcome != NOTHING);
	if (outcome == NOTHING)
		return false;
	if (d.flags & SCXU_DECIDE_VTIME)
		tasks[d.slot].vtime = d.vtime;
	if (!scxu_vtime_before(tasks[d.slot].vtime, k->kernel->vnow))
		k->kernel->vnow = tasks[d.slot].vtime;
	kernel_part_idle(k, cpu, false);
	kernel_part_run_slot(k, cpu, d.slot, tasks[d.slot].vtime, now);
	*ret = d.slot;
	return true;
}

static void settle(void)
{
	unsigned int i;

	for (i = 0; i < PASSES_MAX && scxu_engine_pass(sched, now); i++)
		;
	scxu_engine_settle(sched);
}

static void fill(uint32_t nr_tasks)
{
	uint32_t slot;

	for (slot = 0; slot < nr_tasks; slot++) {
		tasks[slot].weight = weights[slot % (sizeof(weights) / sizeof(weights[0]))];
		tasks[slot].vtime = random_below(&random_state, 10000000);
		kernel_part_birth(k, slot, (int)slot + 1, 0);
		wait_again(slot, slot % CPUS, SCXU_WAIT_WAKEUP);
		if (slot % STEP == STEP - 1)
			settle();
	}
	settle();
}

int main(int argc, char **argv)
{
	uint32_t nr_tasks, running[CPUS] = { 0 };
	uint64_t events, done = 0, i;
	struct scxu_policy *policy;
	bool busy[CPUS] = { false };
	unsigned int cpu;

	if (argc != 4) {
		fprintf(stderr, "usage: bench-growth POLICY TASKS EVENTS\n");
		return 2;
	}
	nr_tasks = (uint32_t)strtoul(argv[2], NULL, 10);
	events = strtoull(argv[3], NULL, 10);
	if (nr_tasks <= CPUS || nr_tasks > SCXU_MAX_TASKS) {
		fprintf(stderr, "bench-growth: TASKS from %u to %u\n", CPUS + 1, SCXU_MAX_TASKS);
		return 2;
	}
	NEED(!scxu_policy_open(argv[1], &policy));
	tasks = calloc(nr_tasks, sizeof(*tasks));
	NEED(tasks);
	k = kernel_part_create(CPUS, (nr_tasks + 63) / 64 * 64);
	sched = engine_with(k, policy->ops, 8);
	fill(nr_tasks);
	for (cpu = 0; cpu < CPUS; cpu++)
		busy[cpu] = take(cpu, &running[cpu]);
	settle();
	for (i = 0; i < events; i++) {
		uint64_t ran = 50000 + random_below(&random_state, 100000);
		struct task *t;

		cpu = (unsigned int)(i % CPUS);
		now += ran / CPUS;
		if (busy[cpu]) {
			t = &tasks[running[cpu]];
			t->runtime += ran;
			t->vtime += scxu_vtime_of(ran, t->weight);
			wait_again(running[cpu], cpu, 0);
		}
		measured_pass();
		busy[cpu] = take(cpu, &running[cpu]);
		done += busy[cpu];
		scxu_engine_settle(sched);
	}
	printf("%" PRIu64 "\n", done);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
	free(tasks);
	scxu_policy_close(policy);
	return 0;
}
