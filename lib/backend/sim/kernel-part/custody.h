/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bpf/custody.bpf.h: tasks that wait for a decision. */
#ifndef SCXU_SIM_KERNEL_PART_CUSTODY_H
#define SCXU_SIM_KERNEL_PART_CUSTODY_H

#include "agent.h"

static bool task_slot(struct scxu_sim *m, struct task *t)
{
	struct scxu_record *r;

	if (t->slot != SCXU_NO_SLOT)
		return true;
	if (m->k.nr_free)
		t->slot = m->k.free_slots[--m->k.nr_free];
	else if (m->kernel->slots_high < m->o.max_tasks)
		t->slot = m->kernel->slots_high++;
	else
		return false;
	m->kernel->slots_used++;
	m->k.tasks[t->slot] = t;
	r = &m->records[t->slot];
	r->birth = ++m->k.births;
	return true;
}

static void mark_waiting(struct scxu_sim *m, uint32_t slot)
{
	m->k.waiting_bits[slot / 64] |= 1ull << slot % 64;
}

static bool helped_of_late(const struct scxu_sim *m)
{
	return m->k.helped_at && m->now - m->k.helped_at < 2 * (m->o.floor_ns + TICK_NS);
}

static void into_custody(struct scxu_sim *m, struct task *t, unsigned int here, uint32_t flags)
{
	struct scxu_record *r = &m->records[t->slot];
	uint64_t old = r->state;

	t->gen = (old >> SCXU_GEN_SHIFT) + 1;
	r->pid = t->pid;
	r->tgid = t->pid;
	r->enqueued_at = m->now;
	r->waited_until = t->waited_until;
	r->runtime = t->runtime;
	r->vtime = t->vtime;
	r->weight = t->weight;
	r->flags = flags | (t->undecided ? SCXU_WAIT_UNDECIDED : 0);
	r->cpu = t->cpu;
	r->nr_cpus_allowed = (uint32_t)__builtin_popcountll(t->cpus);
	r->cpus[0] = t->cpus;
	memcpy(r->comm, t->comm, sizeof(r->comm));
	r->state = t->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING;
	t->where = CUSTODY;
	m->nr_custody++;
	if ((old & SCXU_STATE_MASK) != SCXU_TASK_WAITING && !m->kernel->nr_waiting++ &&
	    !helped_of_late(m)) {
		m->k.short_since = 0;
		if (m->k.probation)
			m->k.probation = m->now;
		m->k.asked_at = 0;
	}
	check_custody(m, t, old);
	mark_waiting(m, t->slot);
	push_event(m, here, t->slot);
}

static void leave_custody(struct scxu_sim *m, struct task *t)
{
	struct scxu_record *r = &m->records[t->slot];

	if ((r->state & SCXU_STATE_MASK) != SCXU_TASK_WAITING)
		return;
	r->state &= ~SCXU_STATE_MASK;
	m->kernel->nr_waiting--;
}

static bool waits_still(const struct scxu_sim *m, const struct scxu_decision *d)
{
	return d->slot < m->o.max_tasks &&
	       m->records[d->slot].state == (d->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING);
}

static uint64_t decided_vtime(const struct scxu_sim *m, const struct scxu_decision *d)
{
	if (d->flags & SCXU_DECIDE_VTIME)
		return d->vtime;
	return d->slot < m->o.max_tasks ? m->records[d->slot].vtime : 0;
}

/* So that a task that waits in a DSQ is found by an idle CPU that may run it. */
static void kick_idle_for(struct scxu_sim *m, const struct task *t, unsigned int here)
{
	int cpu = machine_pick_idle_cpu(m, t->cpus);

	if (cpu < 0)
		return;
	machine_kick(m, (unsigned int)cpu, KICK_PLAIN);
	count(m, here, SCXU_COUNT_kicks);
}

static void watch_arm(struct scxu_sim *m);

enum take_how { TAKE_DECISION, TAKE_SHORT, TAKE_FLOOR, TAKE_STARVED };

/* 0; 1: not into the local DSQ; -EINVAL, -ENOENT, -EBUSY: counted, see bpf/ */
static int take(struct scxu_sim *m, const struct scxu_decision *d, unsigned int cpu,
		enum take_how how)
{
	uint64_t slice = d->slice_us ? d->slice_us * 1000ull : m->o.slice_ns, vtime;
	struct scxu_record *r;
	struct task *t;

	if (d->slot >= m->o.max_tasks || d->flags & ~SCXU_DECIDE_FLAGS ||
	    d->gen >> (64 - SCXU_GEN_SHIFT) || slice < SCXU_SLICE_MIN_NS ||
	    slice > SCXU_SLICE_MAX_NS) {
		count(m, cpu, SCXU_COUNT_invalid);
		return -EINVAL;
	}
	r = &m->records[d->slot];
	t = m->k.tasks[d->slot];
	if (r->state != (d->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING) || !t) {
		count(m, cpu, SCXU_COUNT_stale);
		return -ENOENT;
	}
	vtime = t->vtime;
	if (d->flags & SCXU_DECIDE_VTIME)
		vtime = within(d->vtime, m->kernel->vnow, slices(m, ORDER_SLICES, t->weight),
			       lead_limit(m, t->weight));
	if ((how == TAKE_DECISION || how == TAKE_SHORT) && !task_allowed(t, cpu)) {
		count(m, cpu, SCXU_COUNT_bounced);
		r->flags |= SCXU_WAIT_BOUNCED;
		push_event(m, cpu, d->slot);
		note_unread(m, r->vtime);
		m->k.unasked = UNASKED;
		watch_arm(m);
		return -EBUSY;
	}
	r->state = d->gen << SCXU_GEN_SHIFT | SCXU_TASK_TAKEN;
	m->kernel->nr_waiting--;
	m->nr_custody--;
	if (how == TAKE_FLOOR || how == TAKE_STARVED)
		slice = how == TAKE_STARVED ? TICK_NS / 4 : shared_slice(m);
	t->vtime = vtime;
	t->last_slice = slice;
	t->undecided = how != TAKE_DECISION;
	t->starved |= how == TAKE_STARVED;
	if (how == TAKE_DECISION && slice > m->longest_slice)
		m->longest_slice = slice;
	switch (how) {
	case TAKE_SHORT:
		m->k.helped_at = m->now;
		machine_insert_local(m, t, cpu, slice, false, false);
		count(m, cpu, SCXU_COUNT_floor_rescues);
		break;
	case TAKE_FLOOR:
		machine_insert_shared(m, t, slice, by_cpu(m, cpu, vtime, t->weight));
		kick_idle_for(m, t, cpu);
		count(m, cpu, SCXU_COUNT_floor_rescues);
		return 1;
	case TAKE_STARVED:
		machine_insert_starved(m, t, slice);
		kick_idle_for(m, t, cpu);
		count(m, cpu, SCXU_COUNT_starved);
		return 1;
	case TAKE_DECISION:
		machine_insert_local(m, t, cpu, slice, false, false);
		count(m, cpu, SCXU_COUNT_applied);
		m->k.own_order = !(d->flags & SCXU_DECIDE_VTIME);
		m->k.short_since = 0;
		m->k.helped_at = 0;
		m->k.probation = 0;
		if (!(d->flags & SCXU_DECIDE_PREEMPT))
			advance_vnow(&m->kernel->vnow, vtime);
	}
	return 0;
}

struct next_decision {
	struct scxu_decision d;
	uint64_t vtime;
	uint64_t next;
	unsigned int from;
};
#define OWN_RING SCXU_ROWS

static bool peek_decision(struct scxu_sim *m, unsigned int cpu, struct next_decision *n)
{
	const struct scxu_agent_cpu *ac = &m->shm.agent_cpus[cpu];
	const struct scxu_agent *a = m->shm.agent;
	bool found = false;
	unsigned int row;

	if (ring_next(m, cpu, &m->kcpus[cpu].decisions_tail, ac->decisions_head, ac->decisions_skip,
		      SCXU_CPU_DECISIONS, &n->next)) {
		found = true;
		n->from = OWN_RING;
		n->d = ac->ring[n->next % SCXU_CPU_DECISIONS];
		n->vtime = decided_vtime(m, &n->d);
		if (n->d.flags & SCXU_DECIDE_PREEMPT)
			return true;
	}
	for (row = 0; row < SCXU_ROWS; row++) {
		struct scxu_decision d;
		uint64_t next, vtime;

		if (!ring_next(m, cpu, &m->kernel->stock_tail[row], a->stock_head[row],
			       a->stock_skip[row], SCXU_STOCK, &next))
			continue;
		d = a->stock[row][next % SCXU_STOCK];
		vtime = decided_vtime(m, &d);
		if (found && !scxu_vtime_before(vtime, n->vtime))
			continue;
		found = true;
		*n = (struct next_decision) { .d = d, .vtime = vtime, .next = next, .from = row };
	}
	return found;
}

static void pop_decision(struct scxu_sim *m, unsigned int cpu, const struct next_decision *n)
{
	if (n->from == OWN_RING)
		m->kcpus[cpu].decisions_tail = n->next + 1;
	else
		m->kernel->stock_tail[n->from] = n->next + 1;
	count(m, cpu, SCXU_COUNT_decisions);
}

#endif
