/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bpf/floor.bpf.h: what goes on without the agent, and the watch. */
#ifndef SCXU_SIM_KERNEL_PART_FLOOR_H
#define SCXU_SIM_KERNEL_PART_FLOOR_H

#include "custody.h"

static void floor_enter(struct scxu_sim *m, unsigned int here, enum scxu_floor_reason reason)
{
	struct kernel_private *k = &m->k;

	m->kernel->floor_seq++;
	if (!agent_in_charge(m))
		return;
	m->kernel->floor_reason = reason;
	m->kernel->nr_episodes++;
	if (m->now - k->floor_left_at < SECOND_NS)
		k->floor_hold = k->floor_hold ? (k->floor_hold < SECOND_NS / 2 ? k->floor_hold * 2
									       : k->floor_hold)
					      : m->o.floor_ns;
	else
		k->floor_hold = 0;
	m->kernel->in_charge_since = m->now;
	count(m, here,
	      reason == SCXU_FLOOR_SILENT ? SCXU_COUNT_floor_silent
	      : reason == SCXU_FLOOR_LATE ? SCXU_COUNT_floor_late
					  : SCXU_COUNT_floor_absent);
	k->short_since = 0;
	k->helped_at = 0;
	machine_note(m, "floor takes over", NULL, (int)here, reason);
}

static void falls_short(struct scxu_sim *m, unsigned int cpu)
{
	uint64_t since = m->now;

	count(m, cpu, SCXU_COUNT_shortages);
	if (m->o.affinity_agent && !agent_has_work(m))
		since += 2 * SCXU_SLICE_MAX_NS;
	if (m->k.short_since && (int64_t)(m->k.short_since - since) <= 0)
		return;
	m->k.short_since = since;
	m->k.short_cpu = cpu;
}

static bool gave_any(const struct scxu_sim *m)
{
	unsigned int cpu;

	if (stock_left(m))
		return true;
	for (cpu = 0; cpu < m->o.nr_cpus; cpu++)
		if (m->shm.agent_cpus[cpu].decisions_head != m->kcpus[cpu].decisions_tail)
			return true;
	return false;
}

static void floor_check(struct scxu_sim *m, unsigned int here)
{
	const struct scxu_agent *a = m->shm.agent;
	struct scxu_kernel *k = m->kernel;
	uint64_t since;

	if (!agent_in_charge(m)) {
		if (a->floor_ack != k->floor_seq || m->now - k->in_charge_since < m->k.floor_hold)
			return;
		if (k->floor_reason != SCXU_FLOOR_START &&
		    m->now - k->in_charge_since > k->floor_longest)
			k->floor_longest = m->now - k->in_charge_since;
		k->floor_reason = SCXU_FLOOR_NONE;
		m->k.floor_left_at = m->now;
		m->k.probation = m->now;
		m->k.asked_at = 0;
		m->k.short_since = 0;
		machine_note(m, "agent in charge", NULL, (int)here, 0);
		return;
	}
	if (!k->nr_waiting)
		return;
	if (m->k.asked_at && m->k.asked_pass == a->passes &&
	    (int64_t)(m->now - m->k.asked_at) > (int64_t)m->o.floor_ns) {
		floor_enter(m, here, SCXU_FLOOR_SILENT);
		return;
	}
	since = m->k.short_since;
	if (m->k.probation && (m->k.floor_hold || !gave_any(m)))
		since = m->k.probation;
	if (since && (int64_t)(m->now - since) > (int64_t)m->o.floor_ns)
		floor_enter(m, here, SCXU_FLOOR_LATE);
}

static int collect(struct scxu_sim *m, unsigned int cpu, enum take_how how)
{
	unsigned int room = (unsigned int)(sizeof(m->buffer) / sizeof(m->buffer[0])) - m->nr_buffer;
	uint64_t n = words(m), i;
	int moved = 0;

	if (room <= 1)
		return -EBUSY;
	room--; /* one is left for the decision that this CPU takes */
	for (i = 0; i < n; i++) {
		uint32_t w = m->k.collect_from < n ? m->k.collect_from : 0;
		uint64_t bits = m->k.waiting_bits[w], left = 0;

		m->k.collect_from = w + 1;
		m->k.waiting_bits[w] = 0;
		for (; bits; bits &= bits - 1) {
			struct scxu_decision d = { .slot = w * 64 +
							   (uint32_t)__builtin_ctzll(bits) };
			const struct scxu_record *r = &m->records[d.slot];

			if ((r->state & SCXU_STATE_MASK) != SCXU_TASK_WAITING)
				continue;
			if (!room || (how == TAKE_STARVED && m->now - r->enqueued_at < STARVE_NS)) {
				left |= 1ull << d.slot % 64;
				continue;
			}
			d.gen = r->state >> SCXU_GEN_SHIFT;
			room--;
			if (take(m, &d, cpu, how) >= 0)
				moved++;
		}
		m->k.waiting_bits[w] |= left;
		if (!room) {
			m->k.collect_from = w;
			return -EBUSY;
		}
	}
	return moved;
}

#define FIRST_LOOK 8

static void note_short(struct scxu_sim *m, unsigned int cpu, uint64_t prev_vtime)
{
	struct scxu_cpu *me = &m->kcpus[cpu];

	if (!m->shm.agent->held && !unread_before(m, cpu, prev_vtime))
		me->short_since = 0;
	else if (!me->short_since)
		me->short_since = m->now;
}

static int take_first(struct scxu_sim *m, unsigned int cpu, uint64_t prev_vtime)
{
	uint64_t n = words(m), i, best = prev_vtime;
	unsigned int looked = 0;
	struct scxu_decision d = { .slice_us = (uint32_t)(shared_slice(m) / 1000) };
	bool found = false;

	for (i = 0; i < n && looked < FIRST_LOOK; i++) {
		uint32_t w = m->k.first_from < n ? m->k.first_from : 0;
		uint64_t bits = m->k.waiting_bits[w];

		m->k.first_from = w + 1;
		if (bits)
			looked++;
		for (; bits; bits &= bits - 1) {
			uint32_t slot = w * 64 + (uint32_t)__builtin_ctzll(bits);
			const struct scxu_record *r = &m->records[slot];
			uint64_t vtime;

			if ((r->state & SCXU_STATE_MASK) != SCXU_TASK_WAITING ||
			    m->now - r->enqueued_at < m->o.floor_ns / 2 || !m->k.tasks[slot] ||
			    !task_allowed(m->k.tasks[slot], cpu))
				continue;
			vtime = r->vtime + m->kcpus[cpu].shift;
			if (r->flags & SCXU_WAIT_NEW)
				vtime += slices(m, 1, r->weight);
			if (!scxu_vtime_before(vtime, best))
				continue;
			best = vtime;
			found = true;
			d.slot = slot;
			d.gen = r->state >> SCXU_GEN_SHIFT;
		}
	}
	return found ? take(m, &d, cpu, TAKE_SHORT) : -ENOENT;
}

#define HEAD_LOOK    512
#define RESCUE_LOOK  4096
#define RESCUE_MOVE  64
#define HEAD_UNKNOWN 2

static void rescue_shared(struct scxu_sim *m, unsigned int cpu)
{
	bool forward = !(m->k.rescue_turn++ & 1);
	unsigned int looked = 0;
	struct task *t, *next;

	t = forward ? RB_MIN(vtime_tree, &m->shared) : RB_MAX(vtime_tree, &m->shared);
	for (; t && looked < RESCUE_LOOK; t = next) {
		next = forward ? RB_NEXT(vtime_tree, &m->shared, t)
			       : RB_PREV(vtime_tree, &m->shared, t);
		looked++;
		if (m->now - t->enqueued_at <= STARVE_NS)
			continue;
		machine_starve_task(m, t);
		t->starved = true;
		count(m, cpu, SCXU_COUNT_starved);
		looked += RESCUE_LOOK / RESCUE_MOVE - 1;
	}
	m->k.rescue_at = m->now + (looked < RESCUE_LOOK ? SECOND_NS : SECOND_NS / 16);
}

static bool starved_too_long(const struct scxu_sim *m)
{
	return m->now - TAILQ_FIRST(&m->starved)->enqueued_at > STARVE_NS + STARVE_NS / 4;
}

static uint64_t shared_head(struct scxu_sim *m, unsigned int cpu, uint64_t *agents,
			    uint32_t *weight)
{
	uint64_t vnow = m->kcpus[cpu].vnow;
	struct task *t;
	int n = 0;

	RB_FOREACH (t, vtime_tree, &m->shared) {
		if (task_allowed(t, cpu)) {
			if (agent_orders(m, t)) {
				*agents = t->vtime;
				*weight = t->weight;
			}
			if ((int64_t)(t->dsq_vtime - vnow) >
			    (int64_t)slices(m, ORDER_SLICES, t->weight))
				return vnow | 1;
			return t->dsq_vtime | 1;
		}
		if (++n >= HEAD_LOOK)
			return HEAD_UNKNOWN;
	}
	return 0;
}

static uint64_t watch_ns(const struct scxu_sim *m)
{
	return (m->o.floor_ns < TICK_NS ? m->o.floor_ns : TICK_NS) / 2;
}

static void watch_start(struct scxu_sim *m)
{
	m->k.watch_armed = true;
	machine_event(m, m->now + watch_ns(m), EVENT_WATCH, 0, NULL, 0);
}

static void watch_arm(struct scxu_sim *m)
{
	if (!m->k.watch_armed)
		watch_start(m);
}

static void end_slices(struct scxu_sim *m, uint64_t longest)
{
	unsigned int cpu;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		const struct scxu_cpu *c = &m->kcpus[cpu];
		uint64_t slice = c->slice;

		if (slice >= SHORT_SLICE_NS)
			slice = SCXU_SLICE_MAX_NS;
		else if (slice > watch_ns(m))
			slice -= watch_ns(m) / 2;
		else
			slice /= 2;
		if (c->pid && c->pid != AGENT_PID &&
		    m->now - c->since > (slice < longest ? slice : longest))
			machine_kick(m, cpu, KICK_PREEMPT);
	}
}

static void look_after_agent(struct scxu_sim *m, unsigned int here)
{
	uint64_t passes = m->shm.agent->passes, waiting = m->kernel->nr_waiting;
	bool since = m->k.parked_pass == passes;

	m->k.parked_pass = passes;
	if (!m->k.agent_parked) {
		if (waiting)
			call_agent(m, here);
	} else if (agent_is_wanted(m) || m->k.unasked == UNASKED_WAKEUP ||
		   (waiting && !stock_left(m))) {
		call_agent(m, here);
	} else if (since && !waiting) {
		m->k.agent_shall_rest = SHALL_SLEEP;
		kick_an_idle_cpu(m, here);
	}
}

static void kick_idle_cpus(struct scxu_sim *m, unsigned int here)
{
	unsigned int i;

	for (i = 0; i < 4 && m->idle_mask; i++) {
		uint64_t later = m->idle_mask & ~((2ull << m->k.kicked) - 1);

		m->k.kicked = (unsigned int)__builtin_ctzll(later ? later : m->idle_mask);
		machine_kick(m, m->k.kicked, KICK_IDLE);
		count(m, here, SCXU_COUNT_kicks);
	}
}

#endif
