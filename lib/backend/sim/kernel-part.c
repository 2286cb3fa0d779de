// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel part of the simulator: function by function what bpf/ does, over the
 * same struct scxu_shm, so that engine and policy see the same memory change in the
 * same order. Names are those of bpf/; whoever changes one side changes the other.
 *
 * Left out is what one thread of virtual time cannot have: retries of a
 * compare-and-swap that another CPU won, torn reads, a pid that passes to another
 * task between two steps. Also kernel threads and wakers that say they are about to
 * sleep (SCX_WAKE_SYNC): the workload has none. And that a task which is alone is not asked
 * at each tick (scxu_cpu.alone), which changes nothing for others. The slots' free list is a
 * plain stack. The values that the agent wrote are checked as there: a policy goes through the
 * same refusals.
 */
#include <errno.h>
#include <stdlib.h>

#include "kernel-part.h"

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

/* --- state.bpf.h: virtual time ------------------------------------------------ */

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
	if (!t->order)
		t->vtime = vnow;
	t->order = order;
	if (how & SCXU_WAIT_NEW)
		lag = 0;
	else if (how & SCXU_WAIT_WAKEUP && CREDIT_NS < lag)
		lag = CREDIT_NS;
	t->vtime = within(t->vtime, vnow, lag, lead);
}

/* --- agent.bpf.h ---------------------------------------------------------------- */

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

		if (!c->online || !c->pid || c->slot == SCXU_NO_SLOT)
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

static uint64_t stock_left(const struct scxu_sim *m)
{
	const struct scxu_agent *a = m->shm.agent;
	uint64_t tail = m->kernel->stock_tail, head = a->stock_head, skip = a->stock_skip;

	if (head - tail > SCXU_STOCK)
		return 0;
	return skip - tail <= head - tail ? head - skip : head - tail;
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

/* --- custody.bpf.h ------------------------------------------------------------ */

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
		vtime = within(d->vtime, m->kernel->vnow, slices(m, LAG_SLICES, t->weight),
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
	bool own;
};

static bool peek_decision(struct scxu_sim *m, unsigned int cpu, struct next_decision *n)
{
	const struct scxu_agent_cpu *ac = &m->shm.agent_cpus[cpu];
	const struct scxu_agent *a = m->shm.agent;
	struct scxu_decision d;
	uint64_t next, vtime;

	n->own = ring_next(m, cpu, &m->kcpus[cpu].decisions_tail, ac->decisions_head,
			   ac->decisions_skip, SCXU_CPU_DECISIONS, &n->next);
	if (n->own) {
		n->d = ac->ring[n->next % SCXU_CPU_DECISIONS];
		n->vtime = decided_vtime(m, &n->d);
		if (n->d.flags & SCXU_DECIDE_PREEMPT)
			return true;
	}
	if (!ring_next(m, cpu, &m->kernel->stock_tail, a->stock_head, a->stock_skip, SCXU_STOCK,
		       &next))
		return n->own;
	d = a->stock[next % SCXU_STOCK];
	vtime = decided_vtime(m, &d);
	if (n->own && !scxu_vtime_before(vtime, n->vtime))
		return true;
	*n = (struct next_decision) { .d = d, .vtime = vtime, .next = next };
	return true;
}

static void pop_decision(struct scxu_sim *m, unsigned int cpu, const struct next_decision *n)
{
	if (n->own)
		m->kcpus[cpu].decisions_tail = n->next + 1;
	else
		m->kernel->stock_tail = n->next + 1;
	count(m, cpu, SCXU_COUNT_decisions);
}

/* --- floor.bpf.h ---------------------------------------------------------------- */

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

static uint64_t shared_head(struct scxu_sim *m, unsigned int cpu, uint64_t *agents)
{
	uint64_t vnow = m->kcpus[cpu].vnow;
	struct task *t;
	int n = 0;

	RB_FOREACH (t, vtime_tree, &m->shared) {
		if (task_allowed(t, cpu)) {
			if (agent_orders(m, t))
				*agents = t->vtime;
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

void kernel_part_watch(struct scxu_sim *m, unsigned int here)
{
	m->k.watch_armed = false;
	if ((int64_t)(m->k.leaving_until - m->now) > 0)
		machine_kick(m, m->k.leaving_cpu, KICK_PLAIN);
	else if (!m->kernel->nr_waiting && !m->nr_shared && !m->nr_starved && !m->k.agent_parked)
		return;
	floor_check(m, here);
	look_after_agent(m, here);
	if (!agent_in_charge(m) && m->k.slices_ended != m->kernel->nr_episodes) {
		m->k.slices_ended = m->kernel->nr_episodes;
		end_slices(m, 0);
	}
	serve_kicks(m, here, SCXU_SIM_MAX_CPUS);
	if (m->kernel->nr_waiting || m->nr_shared || m->nr_starved)
		end_slices(m, SCXU_SLICE_MAX_NS);
	if (!agent_in_charge(m) || stock_left(m) || m->nr_shared || m->nr_starved)
		kick_idle_cpus(m, here);
	watch_start(m);
}

/* --- scxu.bpf.c -------------------------------------------------------------- */

static bool runs_behind(const struct scxu_sim *m, unsigned int cpu, uint64_t vtime)
{
	const struct scxu_cpu *c = &m->kcpus[cpu];

	return c->pid && c->slot != SCXU_NO_SLOT && scxu_vtime_before(vtime, running_vtime(m, c));
}

static bool enqueue_shared(struct scxu_sim *m, struct task *t, uint64_t slice, uint64_t vtime,
			   unsigned int here)
{
	int cpu;

	if (agent_orders(m, t))
		vtime = by_cpu(m, t->cpu, vtime, t->weight);
	machine_insert_shared(m, t, slice, vtime);
	cpu = machine_pick_idle_cpu(m, t->cpus);
	if (cpu < 0) {
		watch_arm(m);
		return false;
	}
	machine_kick(m, (unsigned int)cpu, KICK_PLAIN);
	count(m, here, SCXU_COUNT_kicks);
	return true;
}

/* The library wrote it: no value is out of range here. */
static const struct scxu_standing *stands(const struct scxu_sim *m, const struct task *t)
{
	const struct scxu_standing *s;

	if (!m->o.standing || t->slot == SCXU_NO_SLOT || t->fresh)
		return NULL;
	s = &m->shm.standing[t->slot];
	return s->birth && s->birth == (uint32_t)m->records[t->slot].birth ? s : NULL;
}

static uint64_t standing_slice(const struct scxu_sim *m, const struct scxu_standing *s)
{
	return s->slice_us ? s->slice_us * 1000ull : m->o.slice_ns;
}

#define PREEMPT_AHEAD_NS 1000000ull

static void preempt_for(struct scxu_sim *m, const struct task *t, uint64_t vtime, unsigned int here)
{
	int64_t most = (int64_t)scxu_vtime_of(PREEMPT_AHEAD_NS, t->weight), ahead;
	bool agents = agent_orders(m, t);
	unsigned int cpu;
	int found = -1;

	if (m->k.own_order)
		return;
	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		const struct scxu_cpu *c = &m->kcpus[cpu];

		if (!c->online || !c->pid || !c->in_order || c->in_order == SCXU_GIVES_WAY ||
		    !task_allowed(t, cpu))
			continue;
		ahead = (int64_t)(running_vtime(m, c) + (agents ? 0 : c->shift) - vtime);
		if (ahead <= most || (ahead > (int64_t)slices(m, ORDER_SLICES, t->weight) &&
				      ahead > (int64_t)slices(m, ORDER_SLICES, c->weight)))
			continue;
		most = ahead;
		found = (int)cpu;
	}
	if (found < 0 || !may_preempt(m, (unsigned int)found))
		return;
	m->kcpus[found].in_order = SCXU_GIVES_WAY;
	machine_kick(m, (unsigned int)found, KICK_PREEMPT);
	count(m, here, SCXU_COUNT_kicks);
	count(m, here, SCXU_COUNT_preemptions);
}

static void enqueue_woken(struct scxu_sim *m, struct task *t, uint64_t slice, uint64_t vtime,
			  unsigned int here)
{
	if (!enqueue_shared(m, t, slice, vtime, here))
		preempt_for(m, t, vtime, here);
}

static void enqueue_standing(struct scxu_sim *m, struct task *t, const struct scxu_standing *s,
			     unsigned int here)
{
	uint64_t vtime = t->vtime + (uint64_t)(s->deadline_us * 1000ll);

	count(m, here, SCXU_COUNT_standing);
	t->undecided = true;
	t->last_slice = standing_slice(m, s);
	if (s->flags & SCXU_DECIDE_PREEMPT)
		enqueue_woken(m, t, t->last_slice, vtime, here);
	else
		enqueue_shared(m, t, t->last_slice, vtime, here);
}

static bool kept_in_kernel(const struct scxu_sim *m, const struct task *t)
{
	return !agent_orders(m, t);
}

static void park_agent(struct scxu_sim *m, unsigned int here)
{
	m->k.agent_parked = true;
	m->agent.task.where = PARKED;
	watch_arm(m);
	if (agent_is_wanted(m))
		kick_for_agent(m, here);
	else if (m->k.agent_shall_rest)
		kick_an_idle_cpu(m, here);
}

static void enqueue_agent(struct scxu_sim *m, struct task *t, bool wakeup, unsigned int here)
{
	bool has_budget = agent_has_budget(m, t->runtime), works;
	uint64_t ran;

	works = m->shm.agent->passes != m->k.agent_pass;
	m->k.agent_pass = m->shm.agent->passes;
	if (wakeup)
		agent_runs(m);
	if (!(wakeup && has_budget) && m->shm.agent->rest == SCXU_REST_PARKS) {
		if (!has_budget)
			wait_for_budget(m);
		park_agent(m, here);
		return;
	}
	ran = t->runtime - m->k.agent_woke_at;
	if (ran >= m->o.floor_ns && works) {
		m->k.agent_woke_at += ran;
		ran = 0;
	}
	if (ran >= m->o.floor_ns || !has_budget) {
		if (ran >= m->o.floor_ns)
			wait_in_pass(m);
		else
			wait_for_budget(m);
		m->k.agent_shall_rest = GOES_ON;
		park_agent(m, here);
		return;
	}
	machine_insert_local(m, t, t->cpu, m->o.floor_ns - ran, true, wakeup);
	machine_kick(m, t->cpu, wakeup ? KICK_PLAIN : KICK_PREEMPT);
}

static void tell_agent(struct scxu_sim *m, const struct task *t, uint32_t flags, unsigned int here)
{
	m->k.agent_goes = t->cpu;
	if (!m->k.agent_parked) {
		if (flags || !stock_left(m))
			call_agent(m, here);
		else
			m->k.unasked = UNASKED;
		return;
	}
	if (m->kcpus[t->cpu].idle || kick_an_idle_cpu(m, here))
		ask_agent(m, here);
	else if (flags & SCXU_WAIT_WAKEUP) {
		ask_agent(m, here);
		if (!m->k.own_order && runs_behind(m, here, t->vtime))
			machine_kick(m, here, KICK_PREEMPT);
		else
			kick_for_agent(m, here);
	} else
		m->k.unasked = flags ? UNASKED_WAKEUP : UNASKED;
}

void kernel_part_enqueue(struct scxu_sim *m, struct task *t, bool wakeup, unsigned int here)
{
	uint32_t flags = wakeup ? SCXU_WAIT_WAKEUP : 0;
	const struct scxu_standing *stand;

	if (t == &m->agent.task) {
		enqueue_agent(m, t, wakeup, here);
		return;
	}
	t->enqueued_at = m->now;
	if (t->fresh)
		flags |= SCXU_WAIT_NEW;
	t->fresh = false;
	place(m, t, flags);
	if (kept_in_kernel(m, t)) {
		count(m, here, SCXU_COUNT_kernel_enqueues);
		goto shared;
	}
	floor_check(m, here);
	if (!agent_in_charge(m)) {
		count(m, here, SCXU_COUNT_floor_enqueues);
		call_agent(m, here);
		goto shared;
	}
	stand = flags == SCXU_WAIT_WAKEUP ? stands(m, t) : NULL;
	if (stand) {
		leave_custody(m, t);
		enqueue_standing(m, t, stand, here);
		return;
	}
	if (!task_slot(m, t)) {
		count(m, here, SCXU_COUNT_no_slot);
		goto shared;
	}
	into_custody(m, t, here, flags);
	count(m, here, SCXU_COUNT_user_enqueues);
	watch_arm(m);
	note_unread(m, t->vtime);
	tell_agent(m, t, flags, here);
	return;
shared:
	t->undecided = true;
	if (t->slot != SCXU_NO_SLOT)
		leave_custody(m, t);
	if (flags & SCXU_WAIT_NEW && !agent_in_charge(m))
		t->vtime += scxu_vtime_of(m->o.slice_ns, t->weight);
	if (flags == SCXU_WAIT_WAKEUP)
		enqueue_woken(m, t, shared_slice(m), t->vtime, here);
	else
		enqueue_shared(m, t, shared_slice(m), t->vtime, here);
}

bool kernel_part_select_cpu(struct scxu_sim *m, struct task *t, unsigned int *cpu,
			    unsigned int here)
{
	bool agent = t == &m->agent.task, kept = agent || kept_in_kernel(m, t);
	const struct scxu_standing *stand;
	int idle;

	if (agent)
		agent_runs(m);
	if (!kept && !agent_in_charge(m)) {
		floor_check(m, here);
		call_agent(m, here);
		kept = !agent_in_charge(m);
	}
	stand = kept ? NULL : stands(m, t);
	if (!kept && !m->o.idle_kernel && !stand)
		return false;
	if (agent && m->cpus[m->k.agent_goes].online)
		*cpu = m->k.agent_goes;
	idle = machine_select_cpu_dfl(m, t, *cpu);
	if (idle < 0) {
		if (agent)
			*cpu = (unsigned int)cpu_for_agent(m, (int)*cpu);
		return false;
	}
	*cpu = (unsigned int)idle;
	if (stand) {
		t->undecided = true;
		t->last_slice = standing_slice(m, stand);
		machine_insert_local(m, t, *cpu, t->last_slice, false, false);
		count(m, here, SCXU_COUNT_standing);
		return true;
	}
	machine_insert_local(m, t, *cpu, agent ? m->o.floor_ns : m->o.slice_ns, false, false);
	if (!kept)
		count(m, here, SCXU_COUNT_idle_direct);
	else if (!agent)
		count(m, here, SCXU_COUNT_kernel_enqueues);
	return true;
}

static void runs_on(struct scxu_sim *m, struct task *prev, uint64_t slice, uint64_t vtime,
		    unsigned int cpu)
{
	struct scxu_cpu *me = &m->kcpus[cpu];

	advance_vnow(&me->vnow, vtime);
	me->vtime = vtime - me->shift;
	me->since = m->now;
	if (me->in_order)
		me->in_order = SCXU_IN_ORDER;
	prev->slice = slice;
}

static void keep_running(struct scxu_sim *m, struct task *prev, uint64_t vtime, unsigned int cpu)
{
	count(m, cpu, SCXU_COUNT_kept_running);
	m->k.short_since = 0;
	m->kcpus[cpu].short_since = 0;
	runs_on(m, prev, prev->last_slice ? prev->last_slice : m->o.slice_ns, vtime, cpu);
}

void kernel_part_dispatch(struct scxu_sim *m, unsigned int cpu, struct task *prev)
{
	struct scxu_cpu *me = &m->kcpus[cpu];
	bool shared, taken = false, in_order, parked = m->k.agent_parked && !agent_waits(m);
	uint64_t prev_vtime, head, agents = 0, left;
	int i;

	if (prev == &m->agent.task)
		prev = NULL;
	in_order = prev;
	prev_vtime = prev ? task_vtime(prev) : 0;
	if (in_order && agent_orders(m, prev))
		prev_vtime = by_cpu(m, cpu, prev_vtime, prev->weight);
	serve_kicks(m, cpu, cpu);
	shared = m->nr_shared > 0;
	if (parked && (agent_is_wanted(m) || m->k.agent_shall_rest) && fetch_agent(m, cpu))
		return;
	if (m->nr_starved && (me->starved_turn++ & 1 || starved_too_long(m)) &&
	    machine_move_starved(m, cpu))
		return;
	if (m->kernel->nr_waiting) {
		floor_check(m, cpu);
		if (!agent_in_charge(m)) {
			if (collect(m, cpu, TAKE_FLOOR))
				shared = true;
		} else if ((int64_t)(m->now - m->k.collect_at) > 0 &&
			   collect(m, cpu, TAKE_STARVED) >= 0) {
			m->k.collect_at = m->now + SECOND_NS;
		}
	}
	if (shared && (int64_t)(m->now - m->k.rescue_at) > 0)
		rescue_shared(m, cpu);
	head = shared ? shared_head(m, cpu, &agents) : 0;
	if (head == HEAD_UNKNOWN) {
		head = 0;
		if (me->unknown_turn++ & 1 && machine_move_shared(m, cpu))
			return;
	}
	for (i = 0; i < 16; i++) {
		struct next_decision n;
		uint64_t vtime;
		bool preempt;
		int err;

		if (!peek_decision(m, cpu, &n))
			break;
		if (!waits_still(m, &n.d)) {
			pop_decision(m, cpu, &n);
			count(m, cpu, SCXU_COUNT_stale);
			continue;
		}
		vtime = by_cpu(m, cpu, n.vtime, m->records[n.d.slot].weight);
		preempt = n.own && n.d.flags & SCXU_DECIDE_PREEMPT &&
			  (me->preempt_row < IN_A_ROW || !shared);
		if (!preempt) {
			bool stays = in_order && n.d.flags & SCXU_DECIDE_VTIME &&
				     scxu_vtime_before(prev_vtime, vtime);

			if (parked && unread_before(m, cpu, stays ? prev_vtime : vtime)) {
				if (fetch_agent(m, cpu))
					return;
				parked = false;
			}
			if (head && scxu_vtime_before(head, vtime)) {
				m->k.short_since = 0; /* it has one, and another is first */
				m->k.probation = 0;
				break;
			}
			if (stays) {
				keep_running(m, prev, prev_vtime, cpu);
				taken = true;
				break;
			}
		}
		pop_decision(m, cpu, &n);
		err = take(m, &n.d, cpu, TAKE_DECISION);
		if (err)
			continue;
		me->preempt_row = preempt ? (uint8_t)(me->preempt_row + 1) : 0;
		if (!preempt)
			advance_vnow(&me->vnow, vtime);
		taken = true;
		break;
	}
	if (!taken && shared) {
		me->preempt_row = 0;
		/* by an order of the policy's own virtual now may run far ahead of prev */
		if (head && in_order && !m->k.own_order && scxu_vtime_before(prev_vtime, head)) {
			prev->last_slice = shared_slice(m);
			keep_running(m, prev, prev_vtime, cpu);
			taken = true;
		} else {
			if (head)
				advance_vnow(&me->vnow, head);
			if (agents && !m->kernel->nr_waiting)
				advance_vnow(&m->kernel->vnow, agents);
			taken = machine_move_shared(m, cpu);
		}
	}
	if (!taken && !prev)
		taken = machine_move_starved(m, cpu);
	if (!prev)
		parked = m->k.agent_parked;
	if (!taken && parked &&
	    (m->shm.agent->held || (prev ? unread_before(m, cpu, prev_vtime)
					 : has_unread(m) || m->k.agent_shall_rest ||
						    m->k.fetched_after > AGENT_BUSY_NS)) &&
	    fetch_agent(m, cpu))
		return;
	if (!taken && in_order && me->short_since && agent_in_charge(m) &&
	    (int64_t)(m->now - me->short_since) > (int64_t)(m->o.floor_ns / 2))
		taken = !take_first(m, cpu, prev_vtime);
	left = stock_left(m);
	if (left)
		kick_an_idle_cpu(m, cpu);
	if (!taken) {
		if (prev && !m->cpus[cpu].nr_local) {
			if (in_order)
				runs_on(m, prev, m->o.slice_ns, prev_vtime, cpu);
			else
				prev->slice = m->o.slice_ns;
		} else if (left && !prev)
			machine_kick(m, cpu, KICK_PLAIN);
	}
	if (!taken && m->kernel->nr_waiting) {
		falls_short(m, cpu);
		if (in_order)
			note_short(m, cpu, prev_vtime);
	}
	if (m->kernel->nr_waiting > left && (!taken || left < m->o.nr_cpus) && agent_has_work(m)) {
		if (!taken || (!left && m->shm.agent->rest == SCXU_REST_SLEEPS))
			call_agent(m, cpu);
		else if (!left && kick_an_idle_cpu(m, cpu))
			ask_agent(m, cpu);
	}
}

static unsigned int wait_bucket(uint64_t ns)
{
	unsigned int log;

	if (ns < 1024)
		return 0;
	if (ns >> 40)
		ns = (1ull << 40) - 1;
	log = 63 - (unsigned int)__builtin_clzll(ns);
	return ((log - 10) * 4 + (ns >> (log - 2) & 3)) % SCXU_WAIT_BUCKETS;
}

void kernel_part_running(struct scxu_sim *m, struct task *t, unsigned int cpu)
{
	struct scxu_cpu *me = &m->kcpus[cpu];

	t->run_start = t->runtime;
	if (t->slot != SCXU_NO_SLOT)
		leave_custody(m, t);
	if (t->enqueued_at) {
		me->waits[wait_bucket(m->now - t->enqueued_at)]++;
	} else if (t != &m->agent.task) {
		place(m, t, 0);
		advance_vnow(&me->vnow,
			     agent_orders(m, t) ? by_cpu(m, cpu, t->vtime, t->weight) : t->vtime);
	}
	t->enqueued_at = 0;
	me->idle = 0;
	me->idle_kicks = 0;
	me->since = m->now;
	me->vtime = t->order <= 1 ? t->vtime : t->vtime - me->shift;
	me->slice = t->last_slice ? t->last_slice : m->o.slice_ns;
	me->weight = t->weight;
	me->slot = t->slot;
	me->limited = !agent_orders(m, t);
	me->short_since = 0;
	me->in_order = t == &m->agent.task || t->starved ? SCXU_NOT_IN_ORDER : SCXU_IN_ORDER;
	t->starved = false;
	me->pid = t->pid;
}

void kernel_part_stopping(struct scxu_sim *m, struct task *t, unsigned int cpu)
{
	t->vtime = task_vtime(t);
	t->run_start = t->runtime;
	m->kcpus[cpu].pid = 0;
	m->kcpus[cpu].slot = SCXU_NO_SLOT;
}

void kernel_part_update_idle(struct scxu_sim *m, unsigned int cpu, bool idle)
{
	struct scxu_cpu *me = &m->kcpus[cpu];

	if (!me->online)
		return;
	me->idle = idle;
	if (!idle)
		return;
	if (stock_left(m) || m->nr_shared || m->nr_starved) {
		watch_arm(m);
		if (me->idle_kicks < IN_A_ROW) {
			me->idle_kicks++;
			machine_kick(m, cpu, KICK_PLAIN);
			count(m, cpu, SCXU_COUNT_kicks);
		}
	} else {
		me->idle_kicks = 0;
	}
	if (m->kernel->nr_waiting && agent_has_work(m))
		call_agent(m, cpu);
}

void kernel_part_init_task(struct scxu_sim *m, struct task *t)
{
	t->slot = SCXU_NO_SLOT;
	t->fresh = true;
	t->vtime = m->kernel->vnow;
	t->run_start = t->runtime;
}

void kernel_part_exit_task(struct scxu_sim *m, struct task *t)
{
	struct scxu_record *r;

	if (t->slot == SCXU_NO_SLOT)
		return;
	r = &m->records[t->slot];
	if ((r->state & SCXU_STATE_MASK) == SCXU_TASK_WAITING)
		m->kernel->nr_waiting--;
	r->state = ((r->state >> SCXU_GEN_SHIFT) + 1) << SCXU_GEN_SHIFT;
	r->birth = 0;
	m->k.tasks[t->slot] = NULL;
	m->k.free_slots[m->k.nr_free++] = t->slot;
	m->kernel->slots_used--;
	t->slot = SCXU_NO_SLOT;
}

static void set_online(struct scxu_sim *m, unsigned int cpu, bool online)
{
	m->kcpus[cpu].online = online;
	m->kcpus[cpu].idle = 0;
}

void kernel_part_cpu_online(struct scxu_sim *m, unsigned int cpu)
{
	set_online(m, cpu, true);
}

/* That its run queue is emptied is the machine's business: see machine.c. */
void kernel_part_cpu_offline(struct scxu_sim *m, unsigned int cpu)
{
	set_online(m, cpu, false);
	m->k.leaving_cpu = cpu;
	m->k.leaving_until = m->now + 10 * SECOND_NS;
	watch_arm(m);
}

void kernel_part_commit(struct scxu_sim *m, unsigned int here)
{
	serve_kicks(m, here, SCXU_SIM_MAX_CPUS);
	if (stock_left(m))
		kick_an_idle_cpu(m, here);
}

int kernel_part_create(struct scxu_sim *m)
{
	unsigned int n = m->o.max_tasks, cpu;

	m->records = calloc(n, sizeof(*m->records));
	m->kcpus = calloc(m->o.nr_cpus, sizeof(*m->kcpus));
	m->kernel = calloc(1, sizeof(*m->kernel));
	m->shm.agent = calloc(1, sizeof(*m->shm.agent));
	m->shm.agent_cpus = calloc(m->o.nr_cpus, sizeof(*m->shm.agent_cpus));
	m->shm.standing = calloc(n, sizeof(*m->shm.standing));
	m->k.free_slots = calloc(n, sizeof(*m->k.free_slots));
	m->k.tasks = calloc(n, sizeof(struct task *));
	m->k.waiting_bits = calloc((n + 63) / 64, sizeof(*m->k.waiting_bits));
	if (!m->records || !m->kcpus || !m->kernel || !m->shm.agent || !m->shm.agent_cpus ||
	    !m->shm.standing || !m->k.free_slots || !m->k.tasks || !m->k.waiting_bits)
		return -ENOMEM;
	m->shm.records = m->records;
	m->shm.cpus = m->kcpus;
	m->shm.kernel = m->kernel;
	m->shm.max_tasks = n;
	m->shm.nr_cpus = m->o.nr_cpus;
	m->shm.agent_tid = AGENT_PID;
	m->kernel->loaded.abi = SCXU_ABI;
	m->kernel->loaded.modes = m->o.standing ? SCXU_MODE_STANDING : 0;
	m->kernel->floor_seq = 1;
	m->kernel->floor_reason = SCXU_FLOOR_START;
	m->kernel->nr_episodes = 1;
	m->k.agent_budget = (int64_t)(16 * m->o.floor_ns); /* it did not run for long */
	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		set_online(m, cpu, true);
		m->kcpus[cpu].slot = SCXU_NO_SLOT;
	}
	return 0;
}

void kernel_part_destroy(struct scxu_sim *m)
{
	free(m->k.waiting_bits);
	free(m->k.tasks);
	free(m->k.free_slots);
	free(m->shm.standing);
	free(m->shm.agent_cpus);
	free(m->shm.agent);
	free(m->kernel);
	free(m->kcpus);
	free(m->records);
}
