// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every policy has to do, whatever its order: random wake-ups, ends of slices,
 * changes of weight and of affinity, exits, slots that pass to others, CPUs that come and
 * go, bounces, rings that overflow. After each pass no wait is decided twice, and none
 * for a CPU that it may not use; at the end no one is left waiting.
 *
 *	unit-policy-suite [POLICY [SEED [OPERATIONS]]]
 */
#include <scxu/loader.h>

#include "kernel-part.h"
#include "unit.h"

#define MS	  1000000ull
#define MAX_CPUS  8u
#define MAX_SLOTS 5000u

struct model_task {
	bool alive;
	uint64_t mask; /* 0: all CPUs */
	uint32_t weight;
	uint64_t runtime, vtime;
	int cpu; /* it runs there; -1: does not */
	uint64_t taken; /* generation of the last wait that a CPU took */
};

static struct model_task tasks[MAX_SLOTS];
static int runs[MAX_CPUS]; /* slot; -1: none */
static uint64_t since[MAX_CPUS];
static bool online[MAX_CPUS];
static unsigned int cpus, slots;
static uint64_t now, waits, applied, superseded, bounces;
static int last_pid;

static struct kernel_part *k;
static struct scxu_sched *sched;
static uint64_t seed;

static uint64_t all_cpus(void)
{
	return (1ull << cpus) - 1;
}

static bool allowed(uint32_t slot, unsigned int cpu)
{
	return !tasks[slot].mask || tasks[slot].mask >> cpu & 1;
}

/* --- what must hold after each pass ------------------------------------------------ */

static uint64_t seen[MAX_SLOTS]; /* generation that is decided, in the present check */

static void check_decision(const struct scxu_decision *d, int cpu)
{
	bool live;

	NEED(d->slot < slots);
	live = kernel_part_waits(k, d->slot) && kernel_part_gen(k, d->slot) == d->gen;
	if (!live)
		return; /* stale: no harm */
	CHECK(seen[d->slot] != d->gen);
	seen[d->slot] = d->gen;
	CHECK(cpu < 0 ? !tasks[d->slot].mask : allowed(d->slot, (unsigned int)cpu));
}

static void check_all(void)
{
	static struct scxu_decision list[SCXU_STOCK];
	unsigned int n, i, cpu;

	memset(seen, 0, sizeof(seen));
	n = kernel_part_peek(k, -1, list, SCXU_STOCK);
	for (i = 0; i < n; i++)
		check_decision(&list[i], -1);
	for (cpu = 0; cpu < cpus; cpu++) {
		n = kernel_part_peek(k, (int)cpu, list, SCXU_STOCK);
		for (i = 0; i < n; i++)
			check_decision(&list[i], (int)cpu);
	}
}

static void pass(void)
{
	do {
		now += 1 + unit_below(&seed, 300000);
	} while (scxu_engine_pass(sched, now));
	scxu_engine_settle(sched);
	check_all();
}

/* --- what happens to a task ---------------------------------------------------------- */

static void begin_wait(uint32_t slot, uint32_t flags)
{
	struct model_task *t = &tasks[slot];

	if (kernel_part_waits(k, slot))
		superseded++;
	waits++;
	kernel_part_affinity(k, slot, t->mask);
	kernel_part_enqueue(k, slot, unit_below(&seed, cpus),
			    &(struct wait_facts) { .now = now,
						   .runtime = t->runtime,
						   .vtime = t->vtime,
						   .weight = t->weight,
						   .flags = flags,
						   .cpu = unit_below(&seed, cpus),
						   .slice = unit_below(&seed, 4) ? 0 : MS });
}

static uint32_t random_weight(void)
{
	static const uint32_t weights[] = { 1, 15, 100, 100, 100, 335, 1024, 10000 };

	return weights[unit_below(&seed, 8)];
}

static uint64_t random_mask(void)
{
	uint64_t mask = unit_below(&seed, 4) ? 0 : unit_random(&seed) & all_cpus();

	return mask == all_cpus() ? 0 : mask;
}

static void stop(unsigned int cpu, bool sleeps)
{
	int slot = runs[cpu];

	if (slot < 0)
		return;
	tasks[slot].runtime += now - since[cpu];
	tasks[slot].vtime += scxu_vtime_of(now - since[cpu], tasks[slot].weight);
	tasks[slot].cpu = -1;
	runs[cpu] = -1;
	kernel_part_run(k, cpu, 0, 0, 0, now);
	kernel_part_hint(k, cpu, SCXU_EVENT_STOPPING, cpu, (uint32_t)slot);
	if (!sleeps)
		begin_wait((uint32_t)slot, 0);
}

static void come(uint32_t slot)
{
	struct model_task *t = &tasks[slot];

	if (t->alive && (t->cpu >= 0 || kernel_part_waits(k, slot)))
		return;
	if (t->alive) {
		begin_wait(slot, SCXU_WAIT_WAKEUP);
		return;
	}
	*t = (struct model_task) { .alive = true,
				   .mask = random_mask(),
				   .weight = random_weight(),
				   .cpu = -1,
				   .taken = t->taken };
	kernel_part_birth(k, slot, ++last_pid, t->mask);
	begin_wait(slot, SCXU_WAIT_NEW);
}

static void die(uint32_t slot)
{
	struct model_task *t = &tasks[slot];

	if (!t->alive)
		return;
	if (kernel_part_waits(k, slot))
		superseded++;
	if (t->cpu >= 0)
		stop((unsigned int)t->cpu, true);
	kernel_part_exit(k, slot);
	t->alive = false;
}

/* nice, cgroup weight or affinity: whoever waits is enqueued anew */
static void change(uint32_t slot)
{
	struct model_task *t = &tasks[slot];

	if (!t->alive || t->cpu >= 0)
		return;
	if (unit_below(&seed, 2))
		t->weight = random_weight();
	else
		t->mask = random_mask();
	if (kernel_part_waits(k, slot))
		begin_wait(slot, 0);
}

static void leave(uint32_t slot)
{
	superseded += kernel_part_leave(k, slot);
}

static void take(unsigned int cpu)
{
	struct scxu_decision d;
	struct model_task *t;

	if (!online[cpu])
		return;
	stop(cpu, unit_below(&seed, 2));
	kernel_part_idle(k, cpu, true);
	if (!kernel_part_next(k, cpu, &d) || kernel_part_claim(k, cpu, &d) != APPLIED)
		return;
	t = &tasks[d.slot];
	CHECK(t->taken < d.gen);
	CHECK(allowed(d.slot, cpu));
	if (!allowed(d.slot, cpu) || !unit_below(&seed, 20)) {
		kernel_part_bounce(k, cpu, &d);
		bounces++;
		return;
	}
	t->taken = d.gen;
	applied++;
	t->cpu = (int)cpu;
	if (d.flags & SCXU_DECIDE_VTIME)
		t->vtime = d.vtime;
	runs[cpu] = (int)d.slot;
	since[cpu] = now;
	kernel_part_idle(k, cpu, false);
	kernel_part_run_slot(k, cpu, d.slot, t->vtime, now);
	kernel_part_hint(k, cpu, SCXU_EVENT_RUNNING, cpu, d.slot);
}

static void hotplug(unsigned int cpu, bool on)
{
	if (!cpu)
		return;
	if (!on) {
		stop(cpu, false);
		kernel_part_idle(k, cpu, false);
	}
	online[cpu] = on;
	kernel_part_online(k, cpu, on);
}

/* The agent has a CPU, too. */
static void agent_runs(unsigned int cpu)
{
	if (online[cpu] && runs[cpu] < 0)
		kernel_part_run(k, cpu, AGENT_TID, 0, 100, now);
}

/* --- one life ---------------------------------------------------------------------------- */

static void run(const struct scxu_policy_ops *policy, uint64_t with_seed, unsigned int with_cpus,
		unsigned int with_slots, unsigned int batch, unsigned int operations)
{
	unsigned long failures = unit_failures;
	unsigned int i, cpu;
	uint32_t slot;

	seed = with_seed;
	cpus = with_cpus;
	slots = with_slots;
	waits = applied = superseded = bounces = 0;
	now = 1000 * MS;
	memset(tasks, 0, sizeof(tasks));
	k = kernel_part_create(cpus, slots);
	sched = engine_with(k, policy, batch);
	for (cpu = 0; cpu < cpus; cpu++) {
		runs[cpu] = -1;
		online[cpu] = true;
	}
	for (i = 0; i < operations && unit_failures == failures; i++) {
		slot = unit_below(&seed, slots);
		cpu = unit_below(&seed, cpus);
		switch (unit_below(&seed, 20)) {
		case 0 ... 5:
			come(slot);
			break;
		case 6 ... 11:
			take(cpu);
			break;
		case 12:
			change(slot);
			break;
		case 13:
			if (unit_below(&seed, 2))
				leave(slot);
			else
				die(slot);
			break;
		case 14:
			if (!unit_below(&seed, 10))
				hotplug(cpu, unit_below(&seed, 2));
			agent_runs(cpu);
			break;
		case 15: /* all of them at once: their ring overflows */
			if (unit_below(&seed, 500))
				break;
			for (slot = 0; slot < slots; slot++)
				come(slot);
			break;
		default:
			pass();
		}
	}
	/* No one comes any more: each that waits is decided, taken, and goes to sleep. */
	for (cpu = 0; cpu < cpus; cpu++)
		hotplug(cpu, true);
	for (i = 0; i < 10 * slots + 1000 && k->kernel->nr_waiting; i++) {
		now += MS; /* who did not come for a decision is not waited for */
		pass();
		for (cpu = 0; cpu < cpus; cpu++) {
			now += MS;
			stop(cpu, true);
			take(cpu);
		}
	}
	CHECK_EQ(k->kernel->nr_waiting, 0);
	pass();
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(applied + superseded, waits);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 0);
	CHECK_EQ(scxu_engine_counts(sched)->failed, 0);
	/* it did what it is for */
	CHECK_LE(operations / 40, applied);
	CHECK_LE(operations / 4000, bounces);
	if (unit_failures != failures)
		printf("  policy %s, seed %llu, %u CPUs, %u slots, batch %u: %llu waits, %llu "
		       "applied, "
		       "%llu superseded, %llu left\n",
		       policy->name, (unsigned long long)with_seed, cpus, slots, batch,
		       (unsigned long long)waits, (unsigned long long)applied,
		       (unsigned long long)superseded, (unsigned long long)k->kernel->nr_waiting);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

int main(int argc, char **argv)
{
	uint64_t with_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	unsigned int operations = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 20000;
	const struct scxu_policy_ops *policy;
	unsigned int i, tested = 0;

	for (i = 0; (policy = scxu_policy_builtin(i)); i++) {
		if (argc > 1 && strcmp(argv[1], policy->name) != 0)
			continue;
		tested++;
		run(policy, with_seed, 4, 200, 8, operations);
		run(policy, with_seed + 1, 1, 50, 8, operations);
		run(policy, with_seed + 2, 8, 300, 1, operations);
		run(policy, with_seed + 3, 4, 200, SCXU_STOCK, operations);
		run(policy, with_seed + 4, 2, MAX_SLOTS, 64, operations);
	}
	CHECK_LE(1, tested);
	return UNIT_END();
}
