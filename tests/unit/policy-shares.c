// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gets how much, and waits for how long: engine and policy over a played kernel part,
 * in simulated time. A CPU's slice ends; its task waits again; the agent runs on that CPU
 * (so that nothing else is seen to run there) and makes a pass; the CPU takes the next
 * decision. A task that it finds preempted waits again, too. Sleepers wake when it is
 * their time; the agent then runs on CPU 0, whose task waits meanwhile.
 */
#include "kernel-part.h"
#include "policies/eevdf/eevdf.h"
#include "policies/fifo/fifo.h"
#include "policies/prio/prio.h"
#include "policies/rr/rr.h"
#include "policies/vruntime/vruntime.h"
#include "unit.h"

#define MS	  1000000ull
#define SECOND	  (1000 * MS)
#define TICK	  (4 * MS)
#define MAX_CPUS  4
#define MAX_TASKS 200

struct hog {
	uint32_t weight;
	uint64_t slice; /* that it asks for */
	uint64_t runs, sleeps; /* ns; 0: it never sleeps */
	uint64_t wakes_at; /* 0: it is awake */
	uint64_t runtime, vtime, waits_since, longest_wait, all_waits, nr_waits;
};

struct cpu {
	int task; /* -1: none */
	uint64_t since, until;
};

static struct kernel_part *k;
static struct scxu_sched *sched;
static struct hog hogs[MAX_TASKS];
static struct cpu cpus[MAX_CPUS];
static unsigned int nr_cpus, nr_hogs;
static uint64_t now;

static void wait_again(unsigned int cpu, uint32_t slot, uint32_t flags)
{
	struct hog *h = &hogs[slot];

	h->waits_since = now;
	h->wakes_at = 0;
	kernel_part_enqueue(k, slot, cpu,
			    &(struct wait_facts) { .now = now,
						   .runtime = h->runtime,
						   .vtime = h->vtime,
						   .weight = h->weight,
						   .flags = flags,
						   .cpu = cpu,
						   .slice = h->slice });
}

static void stop(unsigned int cpu)
{
	struct cpu *c = &cpus[cpu];
	struct hog *h = &hogs[c->task];
	uint64_t ran = now - c->since;

	h->runtime += ran;
	h->vtime += scxu_vtime_of(ran, h->weight);
	if (h->sleeps && ran >= h->runs)
		h->wakes_at = now + h->sleeps;
	else
		wait_again(cpu, (uint32_t)c->task, 0);
	c->task = -1;
}

static bool start(unsigned int cpu)
{
	struct cpu *c = &cpus[cpu];
	struct scxu_decision d;
	enum outcome o;
	struct hog *h;

	while ((o = kernel_part_dispatch(k, cpu, &d)) == STALE)
		;
	if (o != APPLIED)
		return false;
	h = &hogs[d.slot];
	if (d.flags & SCXU_DECIDE_VTIME)
		h->vtime = d.vtime;
	h->all_waits += now - h->waits_since;
	h->nr_waits++;
	if (now - h->waits_since > h->longest_wait)
		h->longest_wait = now - h->waits_since;
	c->task = (int)d.slot;
	c->since = now;
	/* a slice ends at a tick */
	c->until = (now + d.slice_us * 1000ull + TICK - 1) / TICK * TICK;
	if (h->sleeps && c->until > now + h->runs)
		c->until = now + h->runs;
	kernel_part_idle(k, cpu, false);
	kernel_part_run_slot(k, cpu, d.slot, h->vtime, now);
	return true;
}

static void agent(unsigned int cpu)
{
	uint64_t kicked;
	unsigned int i;

	kernel_part_run(k, cpu, AGENT_TID, 0, 100, now);
	while (scxu_engine_pass(sched, now))
		;
	kernel_part_run(k, cpu, 0, 0, 0, now);
	kicked = k->shm.agent->preempt[0] | k->shm.agent->kick[0];
	for (i = 0; i < nr_cpus; i++)
		if (k->shm.agent->preempt[0] >> i & 1 || (kicked >> i & 1 && cpus[i].task < 0))
			cpus[i].until = now;
	k->shm.agent->preempt[0] = k->shm.agent->kick[0] = 0;
}

static void begin(const struct scxu_policy_ops *policy, unsigned int with_cpus,
		  unsigned int with_hogs, unsigned int batch)
{
	unsigned int i;

	nr_cpus = with_cpus;
	nr_hogs = with_hogs;
	k = kernel_part_create(nr_cpus, MAX_TASKS);
	sched = engine_with(k, policy, batch);
	now = SECOND;
	for (i = 0; i < nr_cpus; i++)
		cpus[i] = (struct cpu) { .task = -1 };
	for (i = 0; i < nr_hogs; i++) {
		kernel_part_birth(k, i, (int)i + 1, 0);
		wait_again(i % nr_cpus, i, SCXU_WAIT_NEW);
	}
}

static void go_on_until(uint64_t end)
{
	while (now < end) {
		unsigned int first = 0, cpu, i;
		int wakes = -1;

		for (cpu = 1; cpu < nr_cpus; cpu++)
			if (cpus[cpu].until < cpus[first].until)
				first = cpu;
		for (i = 0; i < nr_hogs; i++)
			if (hogs[i].wakes_at &&
			    (wakes < 0 || hogs[i].wakes_at < hogs[wakes].wakes_at))
				wakes = (int)i;
		if (wakes >= 0 && hogs[wakes].wakes_at <= cpus[first].until) {
			now = hogs[wakes].wakes_at > now ? hogs[wakes].wakes_at : now;
			wait_again(0, (uint32_t)wakes, SCXU_WAIT_WAKEUP);
			first = 0;
		} else if (cpus[first].until > now) {
			now = cpus[first].until;
		}
		if (cpus[first].task >= 0)
			stop(first);
		agent(first);
		if (!start(first)) {
			kernel_part_idle(k, first, true);
			cpus[first].until = now + TICK;
		}
	}
}

static uint64_t longest_wait(const struct hog *h)
{
	uint64_t waits = kernel_part_waits(k, (uint32_t)(h - hogs)) ? now - h->waits_since : 0;

	return waits > h->longest_wait ? waits : h->longest_wait;
}

static void end(void)
{
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
	memset(hogs, 0, sizeof(hogs));
}

/* Shares by simulated time against those of the weights; no hog waits for longer than that. */
static void shares(const struct scxu_policy_ops *policy, unsigned int with_cpus,
		   const uint32_t *weights, unsigned int with_hogs, unsigned int batch,
		   double tolerance, uint64_t longest)
{
	bool fair = policy == &vruntime_policy || policy == &eevdf_policy;
	uint64_t sum = 0, before[MAX_TASKS] = { 0 };
	double all = 0;
	unsigned int i;

	for (i = 0; i < with_hogs; i++)
		hogs[i].weight = weights[i];
	begin(policy, with_cpus, with_hogs, batch);
	/* a second for beginners' debts, then 20 s that count */
	go_on_until(2 * SECOND);
	for (i = 0; i < nr_hogs; i++) {
		before[i] = hogs[i].runtime;
		hogs[i].longest_wait = 0;
	}
	go_on_until(22 * SECOND);
	for (i = 0; i < nr_hogs; i++) {
		all += fair ? weights[i] : 1;
		sum += hogs[i].runtime - before[i];
	}
	for (i = 0; i < nr_hogs; i++) {
		double got = (double)(hogs[i].runtime - before[i]) / (double)sum;
		double ideal = (fair ? weights[i] : 1) / all;
		uint64_t waited = longest_wait(&hogs[i]);

		if (!CHECK(got > ideal * (1 - tolerance) && got < ideal * (1 + tolerance)) ||
		    !CHECK_LE(waited, longest))
			printf("  %s, %u CPUs, %u hogs, batch %u: weight %u got %.4f, ideal %.4f, "
			       "waited %llu ms\n",
			       policy->name, nr_cpus, nr_hogs, batch, weights[i], got, ideal,
			       (unsigned long long)(waited / MS));
	}
	end();
}

/* Four hogs, and a task that runs for 100 us every 3 ms: how long it waits on average, in us. */
static uint64_t wait_of_sleeper(const struct scxu_policy_ops *policy, uint64_t slice)
{
	unsigned int i;
	uint64_t wait;

	for (i = 0; i < 5; i++)
		hogs[i].weight = 100;
	hogs[4].slice = slice;
	hogs[4].runs = MS / 10;
	hogs[4].sleeps = 3 * MS;
	begin(policy, 1, 5, 8);
	go_on_until(2 * SECOND);
	hogs[4].all_waits = hogs[4].nr_waits = 0;
	go_on_until(12 * SECOND);
	CHECK_LE(200, hogs[4].nr_waits);
	wait = hogs[4].all_waits / hogs[4].nr_waits / 1000;
	for (i = 0; i < 4; i++)
		CHECK_LE(2 * SECOND, hogs[i].runtime); /* nobody else pays much for it */
	end();
	return wait;
}

/* A task that asks for a shorter slice is not given more, but earlier. */
static void slice_is_latency(void)
{
	uint64_t plain = wait_of_sleeper(&eevdf_policy, 0);
	uint64_t shorter = wait_of_sleeper(&eevdf_policy, MS / 10);

	if (!CHECK_LE(2 * shorter, plain))
		printf("  waits %llu us, with a slice of 100 us %llu us\n",
		       (unsigned long long)plain, (unsigned long long)shorter);
}

/* Heavier ones run all the time, the lighter as often as the bound says. */
static void priorities(unsigned int with_cpus, uint64_t starve_ms)
{
	struct scxu_engine_options options = { .batch = 8,
					       .slice_ns = 3 * MS,
					       .values = &starve_ms };
	uint64_t low, high = 0;
	unsigned int i;

	for (i = 0; i < 2 * with_cpus; i++)
		hogs[i].weight = 100;
	hogs[i].weight = 10;
	begin(&prio_policy, with_cpus, 2 * with_cpus + 1, 8);
	scxu_engine_destroy(sched); /* again, with the option */
	NEED(!scxu_engine_create(&prio_policy, &k->shm, &options, &sched));
	go_on_until(11 * SECOND);
	for (i = 0; i < 2 * with_cpus; i++) {
		high += hogs[i].runtime;
		/* among themselves they take turns */
		CHECK_LE(4 * SECOND, hogs[i].runtime);
	}
	low = hogs[2 * with_cpus].runtime;
	if (starve_ms) {
		CHECK_LE(longest_wait(&hogs[2 * with_cpus]), starve_ms * MS + 2 * TICK);
		CHECK_LE(10 * SECOND / (starve_ms * MS) / 2 * TICK, low);
		CHECK_LE(low, 10 * SECOND / (starve_ms * MS) * 2 * TICK);
	} else {
		CHECK_LE(low, 20 * MS); /* of the begin */
	}
	CHECK_LE(9 * SECOND * with_cpus, high);
	end();
}

/* One of higher priority preempts at once. */
static void preempts(void)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		hogs[i].weight = 100;
	hogs[8].weight = 1000;
	hogs[8].runs = MS;
	hogs[8].sleeps = 5 * MS;
	begin(&prio_policy, 4, 9, 8);
	go_on_until(2 * SECOND);
	hogs[8].all_waits = hogs[8].nr_waits = hogs[8].longest_wait = 0;
	go_on_until(12 * SECOND);
	CHECK_LE(1600, hogs[8].nr_waits);
	CHECK_LE(hogs[8].longest_wait, MS);
	end();
}

int main(void)
{
	/* nice 0, 5, 10, 19, as the kernel gives them to sched_ext */
	static const uint32_t two[] = { 100, 1 };
	static const uint32_t four[] = { 100, 33, 11, 1 };
	static const uint32_t sixteen[] = { 100, 100, 100, 100, 33, 33, 33, 33,
					    11,	 11,  11,  11,	1,  1,	1,  1 };
	static const struct scxu_policy_ops *const fair[] = { &vruntime_policy, &eevdf_policy };
	static uint32_t many[MAX_TASKS];
	unsigned int i;

	for (i = 0; i < MAX_TASKS; i++)
		many[i] = i % 2 ? 100 : 50;
	/* on one CPU the agent sees nothing run, and all that waits may be decided already */
	for (i = 0; i < 2; i++) {
		shares(fair[i], 1, two, 2, 8, 0.10, 2 * SECOND);
		shares(fair[i], 1, four, 4, 8, 0.10, 2 * SECOND);
		shares(fair[i], 1, four, 4, 1, 0.10, 2 * SECOND);
		shares(fair[i], 1, sixteen, 16, 8, 0.15, 8 * SECOND);
		shares(fair[i], 1, sixteen, 16, 4096, 0.15, 8 * SECOND);
		shares(fair[i], 1, many, 100, 4096, 0.05, 3 * SECOND);
		shares(fair[i], 4, sixteen, 16, 8, 0.15, 2 * SECOND);
		shares(fair[i], 4, sixteen, 16, 1, 0.15, 2 * SECOND);
		shares(fair[i], 4, sixteen, 16, 4096, 0.15, 2 * SECOND);
		shares(fair[i], 4, many, MAX_TASKS, 64, 0.05, 3 * SECOND);
	}
	/* whatever the weight */
	shares(&fifo_policy, 1, four, 4, 8, 0.01, SECOND / 5);
	shares(&fifo_policy, 4, sixteen, 16, 8, 0.01, SECOND / 5);
	shares(&rr_policy, 1, four, 4, 8, 0.02, SECOND);
	shares(&rr_policy, 4, sixteen, 16, 8, 0.02, SECOND);
	slice_is_latency();
	priorities(1, 1000);
	priorities(4, 1000);
	priorities(4, 100);
	priorities(4, 0);
	preempts();
	return UNIT_END();
}
