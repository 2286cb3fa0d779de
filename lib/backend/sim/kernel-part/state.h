/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bpf/state.bpf.h: virtual time. */
#ifndef SCXU_SIM_KERNEL_PART_STATE_H
#define SCXU_SIM_KERNEL_PART_STATE_H

#include <errno.h>

#include "../kernel-part.h"

#define TICK_NS	       4000000ull
#define CREDIT_NS      3000000ull
#define SHORT_SLICE_NS 3000000ull
#define IN_A_ROW       4
#define LAG_SLICES     8
#define ORDER_SLICES   64

static void count(struct scxu_sim *m, unsigned int here, enum scxu_counter counter)
{
	m->kcpus[here].counters[counter]++;
}

static bool agent_in_charge(const struct scxu_sim *m)
{
	return m->kernel->floor_reason == SCXU_FLOOR_NONE;
}

static uint64_t words(const struct scxu_sim *m)
{
	return (m->kernel->slots_high + 63) / 64;
}

static uint64_t max_vtime(uint64_t a, uint64_t b)
{
	return scxu_vtime_before(a, b) ? b : a;
}

static bool agent_orders(const struct scxu_sim *m, const struct task *t)
{
	unsigned int n = (unsigned int)__builtin_popcountll(t->cpus);

	return n >= m->o.nr_cpus || (m->o.affinity_agent && n >= 2);
}

static void advance_vnow(__u64 *vnow, uint64_t vtime)
{
	*vnow = max_vtime(*vnow, vtime);
}

static uint64_t slices(const struct scxu_sim *m, unsigned int n, uint32_t weight)
{
	uint64_t ns = n * (m->o.slice_ns > TICK_NS ? m->o.slice_ns : TICK_NS);

	return weight < SCXU_WEIGHT_DEFAULT ? scxu_vtime_of(ns, weight) : ns;
}

static uint64_t lead_limit(const struct scxu_sim *m, uint32_t weight)
{
	return scxu_vtime_of(128 * (m->o.slice_ns > TICK_NS ? m->o.slice_ns : TICK_NS), weight);
}

static uint64_t running_vtime(const struct scxu_sim *m, const struct scxu_cpu *c)
{
	return c->vtime + scxu_vtime_of(m->now - c->since, c->weight);
}

static uint64_t by_cpu(struct scxu_sim *m, unsigned int cpu, uint64_t vtime, uint32_t weight)
{
	uint64_t limit = slices(m, ORDER_SLICES, weight);
	struct scxu_cpu *c = &m->kcpus[cpu];

	if (vtime + c->shift - c->vnow + limit <= 2 * limit)
		return vtime + c->shift;
	if (!c->limited_at || m->now - c->limited_at > 2 * STARVE_NS) {
		c->shift = 0;
		c->vnow = vtime;
	} else {
		c->shift = c->vnow - vtime;
	}
	return vtime + c->shift;
}

static uint64_t least_vtime(const struct scxu_sim *m, uint64_t vtime, uint32_t weight)
{
	uint64_t limit = vtime - slices(m, 2, weight);
	unsigned int cpu;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		const struct scxu_cpu *c = &m->kcpus[cpu];
		uint64_t running;

		if (!c->pid || !c->in_order)
			continue;
		running = running_vtime(m, c);
		if (scxu_vtime_before(running, vtime) && !scxu_vtime_before(running, limit))
			vtime = running;
	}
	return vtime;
}

static uint64_t task_vtime(const struct task *t)
{
	return t->vtime + scxu_vtime_of(t->runtime - t->run_start, t->weight);
}

static uint64_t shared_slice(const struct scxu_sim *m)
{
	return m->o.slice_ns < TICK_NS / 2 ? m->o.slice_ns : TICK_NS / 2;
}

static uint64_t within(uint64_t vtime, uint64_t vnow, uint64_t lag, uint64_t lead)
{
	vtime = max_vtime(vtime, vnow - lag);
	return scxu_vtime_before(vnow + lead, vtime) ? vnow + lead : vtime;
}

static void place(const struct scxu_sim *m, struct task *t, uint32_t how)
{
	uint64_t lag = slices(m, LAG_SLICES, t->weight), lead = lead_limit(m, t->weight);
	uint64_t vnow = m->kernel->vnow;
	unsigned int order = 1;

	if (!agent_orders(m, t)) {
		order = t->cpu + 2;
		vnow = m->kcpus[t->cpu].vnow;
		m->kcpus[t->cpu].limited_at = m->now ? m->now : 1;
	}
	if (m->k.own_order)
		lag = lead /= 128;
	else if (t->order != order)
		lead = lag;
	else if (!(how & (SCXU_WAIT_NEW | SCXU_WAIT_WAKEUP)))
		lag = slices(m, ORDER_SLICES, t->weight);
	if (!t->order)
		t->vtime = vnow;
	t->order = order;
	if (how & SCXU_WAIT_NEW)
		lag = 0;
	else if (how & SCXU_WAIT_WAKEUP && CREDIT_NS < lag)
		lag = CREDIT_NS;
	t->vtime = within(t->vtime, vnow, lag, lead);
}

#endif
