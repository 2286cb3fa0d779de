/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bpf/agent.bpf.h: asking the agent, running it, and what it has given. */
#ifndef SCXU_SIM_KERNEL_PART_AGENT_H
#define SCXU_SIM_KERNEL_PART_AGENT_H

#include "state.h"

static void push_event(struct scxu_sim *m, unsigned int here, uint32_t slot)
{
	struct scxu_cpu *me = &m->kcpus[here];
	uint64_t head = me->events_head;

	if (head - m->shm.agent_cpus[here].events_tail >= SCXU_EVENTS) {
		count(m, here, SCXU_COUNT_failed_enqueues);
		return;
	}
	me->events[head % SCXU_EVENTS] = slot;
	me->events_head = head + 1;
}

static void note_unread(struct scxu_sim *m, uint64_t vtime)
{
	uint64_t passes = m->shm.agent->passes;

	if (m->k.unread_pass != passes || scxu_vtime_before(vtime, m->k.unread_vtime))
		m->k.unread_vtime = vtime;
	m->k.unread_pass = passes;
}

static bool has_unread(const struct scxu_sim *m)
{
	return m->k.unread_pass == m->shm.agent->passes;
}

static bool unread_before(const struct scxu_sim *m, unsigned int cpu, uint64_t vtime)
{
	return has_unread(m) && (m->k.own_order ||
				 scxu_vtime_before(m->k.unread_vtime + m->kcpus[cpu].shift, vtime));
}

static bool agent_has_work(const struct scxu_sim *m)
{
	return m->shm.agent->held || (m->k.unasked && has_unread(m));
}

static bool agent_is_wanted(const struct scxu_sim *m)
{
	return m->k.asked_at && m->k.asked_pass == m->shm.agent->passes;
}

static bool ask_agent(struct scxu_sim *m, unsigned int here)
{
	const struct scxu_agent *a = m->shm.agent;

	count(m, here, SCXU_COUNT_asks);
	m->k.unasked = ASKED;
	if (!m->k.asked_at || m->k.asked_pass != a->passes) {
		m->k.asked_at = m->now;
		m->k.asked_pass = a->passes;
	}
	if (m->k.agent_parked)
		return true;
	if (a->rest != SCXU_REST_SLEEPS || m->k.woken == a->sleeps)
		return false;
	m->k.woken = a->sleeps;
	count(m, here, SCXU_COUNT_wakes);
	machine_ring_bell(m, here);
	return false;
}

static bool kick_an_idle_cpu(struct scxu_sim *m, unsigned int here)
{
	if (!m->idle_mask)
		return false;
	machine_kick(m, (unsigned int)__builtin_ctzll(m->idle_mask), KICK_IDLE);
	count(m, here, SCXU_COUNT_kicks);
	return true;
}

static int cpu_for_agent(const struct scxu_sim *m, int prev)
{
	uint64_t best = 0;
	int found = prev;
	unsigned int cpu;
	bool any = false;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		const struct scxu_cpu *c = &m->kcpus[cpu];
		uint64_t vtime;

		if (!c->online || !c->pid || (c->slot == SCXU_NO_SLOT && !c->in_order))
			continue;
		if (m->k.own_order)
			vtime = m->now - c->since - c->slice;
		else
			vtime = running_vtime(m, c);
		if (any && !scxu_vtime_before(best, vtime))
			continue;
		any = true;
		best = vtime;
		found = (int)cpu;
	}
	return found;
}

static bool agent_waits(const struct scxu_sim *m)
{
	return m->k.agent_due && (int64_t)(m->k.agent_due - m->now) > 0;
}

static void kick_for_agent(struct scxu_sim *m, unsigned int here)
{
	int cpu;

	if (kick_an_idle_cpu(m, here) || agent_waits(m))
		return;
	cpu = cpu_for_agent(m, -1);
	if (cpu < 0)
		return;
	machine_kick(m, (unsigned int)cpu, KICK_PREEMPT);
	count(m, here, SCXU_COUNT_kicks);
}

static void call_agent(struct scxu_sim *m, unsigned int here)
{
	if (ask_agent(m, here))
		kick_for_agent(m, here);
}

static bool agent_has_budget(struct scxu_sim *m, uint64_t runtime)
{
	int64_t most = (int64_t)(16 * m->o.floor_ns), budget;

	budget = m->k.agent_budget + (int64_t)((m->now - m->k.budget_at) / 8 * 7) -
		 (int64_t)(runtime - m->k.budget_runtime);
	m->k.budget_at = m->now;
	m->k.budget_runtime = runtime;
	m->k.agent_budget = budget > most ? most : budget < -most ? -most : budget;
	return budget > 0;
}

static void wait_for_budget(struct scxu_sim *m)
{
	int64_t lacks = -m->k.agent_budget;

	m->k.agent_due = m->now + 1000000 + (uint64_t)(lacks > 0 ? lacks / 7 * 8 : 0);
	if (m->k.asked_at)
		m->k.asked_at = m->k.agent_due;
}

#define PASS_PAUSE_NS 20000000u

static void wait_in_pass(struct scxu_sim *m)
{
	uint64_t pause = 3 * m->o.floor_ns;

	m->k.agent_due = m->now + (pause < PASS_PAUSE_NS ? pause : PASS_PAUSE_NS);
}

static void agent_runs(struct scxu_sim *m)
{
	if (m->k.agent_shall_rest == SHALL_SLEEP && !m->kernel->nr_waiting)
		m->kernel->rests++;
	m->k.agent_shall_rest = NO_REST;
	m->k.agent_due = 0;
	m->k.agent_woke_at = m->agent.task.runtime;
	m->k.fetched_after = m->now - m->k.fetched_at;
	m->k.fetched_at = m->now;
}

#define AGENT_BUSY_NS 500000u

static bool fetch_agent(struct scxu_sim *m, unsigned int cpu)
{
	struct task *t = &m->agent.task;

	if (!m->k.agent_parked)
		return false;
	m->k.agent_parked = false;
	agent_runs(m);
	count(m, cpu, SCXU_COUNT_wakes);
	machine_insert_local(m, t, cpu, m->o.floor_ns, true, false);
	m->nr_dispatched++;
	return true;
}

static uint64_t row_left(const struct scxu_sim *m, unsigned int row)
{
	const struct scxu_agent *a = m->shm.agent;
	uint64_t tail = m->kernel->stock_tail[row];
	uint64_t head = a->stock_head[row], skip = a->stock_skip[row];

	if (head - tail > SCXU_STOCK)
		return 0;
	return skip - tail <= head - tail ? head - skip : head - tail;
}

static uint64_t stock_left(const struct scxu_sim *m)
{
	return row_left(m, 0) + row_left(m, 1);
}

#define PREEMPTS_MAX  256u
#define PREEMPTS_BITS 22

static bool may_preempt(struct scxu_sim *m, unsigned int cpu)
{
	uint32_t window = (uint32_t)(m->now >> PREEMPTS_BITS);
	struct scxu_cpu *c = &m->kcpus[cpu];

	if (c->preempts_at != window) {
		c->preempts_at = window;
		c->preempts = 0;
	}
	return c->preempts++ < PREEMPTS_MAX;
}

/* not: the CPU that needs none, or SCXU_SIM_MAX_CPUS */
static void serve_kicks(struct scxu_sim *m, unsigned int here, unsigned int not)
{
	struct scxu_agent *a = m->shm.agent;
	uint64_t bits, preempt;

	if (a->kick_seq == m->k.kicks_served || !agent_in_charge(m))
		return;
	m->k.kicks_served = a->kick_seq;
	preempt = a->preempt[0];
	bits = a->kick[0] | preempt;
	a->kick[0] = 0;
	a->preempt[0] = 0;
	for (; bits; bits &= bits - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzll(bits);

		if (cpu >= m->o.nr_cpus || cpu == not)
			continue;
		count(m, here, SCXU_COUNT_kicks);
		if (!(preempt >> cpu & 1) || !may_preempt(m, cpu)) {
			machine_kick(m, cpu, KICK_IDLE);
			continue;
		}
		count(m, here, SCXU_COUNT_preemptions);
		machine_kick(m, cpu, KICK_PREEMPT);
	}
}

static bool ring_next(struct scxu_sim *m, unsigned int here, __u64 *tail, uint64_t head,
		      uint64_t skip, uint64_t size, uint64_t *next)
{
	*next = *tail;
	if (head - *tail > size) {
		*tail = head;
		count(m, here, SCXU_COUNT_invalid);
		return false;
	}
	if (skip - *tail <= head - *tail)
		*next = *tail = skip;
	return *next != head;
}

#endif
