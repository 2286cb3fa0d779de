// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel part of the simulator: function by function what bpf/ does, over the
 * same struct scxu_shm, so that engine and policy see the same memory change in the
 * same order. Names are those of bpf/; whoever changes one side changes the other.
 *
 * Left out is what one thread of virtual time cannot have: retries of a
 * compare-and-swap that another CPU won, torn reads, a pid that passes to another
 * task between two steps. Also kernel threads (the workload has none), and the
 * slots' free list is a plain stack. The values that the agent wrote are checked as
 * there: a policy goes through the same refusals.
 */
#include <errno.h>
#include <stdlib.h>

#include "kernel-part.h"

#define TICK_NS		   4000000ull
#define CREDIT_NS	   3000000ull
#define VTIME_SHIFT_MAX_NS (60 * SECOND_NS)
#define OVERLOAD	   8
#define IN_A_ROW	   4

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

static void advance_vnow(struct scxu_sim *m, uint64_t vtime)
{
	m->kernel->vnow = max_vtime(m->kernel->vnow, vtime);
}

static uint64_t task_vtime(const struct task *t)
{
	return t->vtime + scxu_vtime_of(t->runtime - t->run_start, t->weight);
}

static uint64_t shared_slice(const struct scxu_sim *m)
{
	return m->o.slice_ns < TICK_NS / 2 ? m->o.slice_ns : TICK_NS / 2;
}

static uint64_t place(const struct scxu_sim *m, const struct task *t, bool slept, bool fresh)
{
	uint64_t slice = m->o.slice_ns > TICK_NS ? m->o.slice_ns : TICK_NS;
	uint64_t vtime = t->vtime, vnow = m->kernel->vnow;
	uint64_t most = vnow + scxu_vtime_of(128 * slice, t->weight);

	if (m->k.own_order) {
		slice = scxu_vtime_of(slice, t->weight);
		most = vnow + slice;
		vtime = max_vtime(vtime, vnow - slice);
	}
	if (fresh)
		vtime = max_vtime(vtime, vnow);
	else if (slept)
		vtime = max_vtime(vtime, vnow - CREDIT_NS);
	return scxu_vtime_before(most, vtime) ? most : vtime;
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

static bool agent_has_work(const struct scxu_sim *m)
{
	const struct scxu_agent *a = m->shm.agent;

	return a->held || (m->k.unasked && m->k.unasked_pass == a->passes);
}

/*
 * Until a pass has ended: the agent looks once more before it sleeps. Else the task that
 * the agent displaces on waking would have it woken again as soon as it sleeps, for ever.
 */
static void has_not_asked(struct scxu_sim *m)
{
	m->k.unasked = true;
	m->k.unasked_pass = m->shm.agent->passes;
}

static void ask_agent(struct scxu_sim *m, unsigned int here)
{
	const struct scxu_agent *a = m->shm.agent;

	count(m, here, SCXU_COUNT_asks);
	m->k.unasked = false;
	if (!m->k.asked_at || m->k.asked_pass != a->passes) {
		m->k.asked_at = m->now;
		m->k.asked_pass = a->passes;
	}
	if (!a->sleeping || m->k.woken == a->sleeps)
		return;
	m->k.woken = a->sleeps;
	count(m, here, SCXU_COUNT_wakes);
	machine_ring_bell(m, here);
}

static void kick_an_idle_cpu(struct scxu_sim *m, unsigned int here)
{
	if (!m->idle_mask)
		return;
	machine_kick(m, (unsigned int)__builtin_ctzll(m->idle_mask), KICK_IDLE);
	count(m, here, SCXU_COUNT_kicks);
}

static uint64_t stock_left(const struct scxu_sim *m)
{
	const struct scxu_agent *a = m->shm.agent;
	uint64_t tail = m->kernel->stock_tail, head = a->stock_head, skip = a->stock_skip;

	if (head - tail > SCXU_STOCK)
		return 0;
	return skip - tail <= head - tail ? head - skip : head - tail;
}

/* not: the CPU that needs none, or SCXU_SIM_MAX_CPUS */
static void serve_kicks(struct scxu_sim *m, unsigned int here, unsigned int not)
{
	struct scxu_agent *a = m->shm.agent;
	uint64_t bits, preempt;

	if (a->kick_seq == m->k.kicks_served)
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
		if (preempt >> cpu & 1)
			count(m, here, SCXU_COUNT_preemptions);
		machine_kick(m, cpu, preempt >> cpu & 1 ? KICK_PREEMPT : KICK_IDLE);
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
	r->flags = flags;
	r->cpu = t->cpu;
	r->nr_cpus_allowed = (uint32_t)__builtin_popcountll(t->cpus);
	r->cpus[0] = t->cpus;
	memcpy(r->comm, t->comm, sizeof(r->comm));
	r->state = t->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING;
	t->where = CUSTODY;
	m->nr_custody++;
	if ((old & SCXU_STATE_MASK) != SCXU_TASK_WAITING && !m->kernel->nr_waiting++) {
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

enum take_how { TAKE_DECISION, TAKE_FLOOR, TAKE_STARVED };

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
	if (d->flags & SCXU_DECIDE_VTIME) {
		vtime = d->vtime;
		if ((int64_t)(vtime - t->vtime) > (int64_t)VTIME_SHIFT_MAX_NS)
			vtime = t->vtime + VTIME_SHIFT_MAX_NS;
		if ((int64_t)(t->vtime - vtime) > (int64_t)VTIME_SHIFT_MAX_NS)
			vtime = t->vtime - VTIME_SHIFT_MAX_NS;
	}
	if (how == TAKE_DECISION && !task_allowed(t, cpu)) {
		count(m, cpu, SCXU_COUNT_bounced);
		r->flags |= SCXU_WAIT_BOUNCED;
		push_event(m, cpu, d->slot);
		has_not_asked(m);
		watch_arm(m);
		return -EBUSY;
	}
	r->state = d->gen << SCXU_GEN_SHIFT | SCXU_TASK_TAKEN;
	m->kernel->nr_waiting--;
	m->nr_custody--;
	if (how != TAKE_DECISION)
		slice = shared_slice(m);
	t->vtime = vtime;
	t->last_slice = slice;
	if (how == TAKE_DECISION && slice > m->longest_slice)
		m->longest_slice = slice;
	switch (how) {
	case TAKE_FLOOR:
		machine_insert_shared(m, t, slice, vtime);
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
		m->k.probation = 0;
		if (!(d->flags & SCXU_DECIDE_PREEMPT))
			advance_vnow(m, vtime);
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
	machine_note(m, "floor takes over", NULL, (int)here, reason);
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
		m->k.probation = m->k.floor_hold ? m->now : 0;
		m->k.asked_at = 0;
		m->k.short_since = 0;
		machine_note(m, "agent in charge", NULL, (int)here, 0);
		return;
	}
	if (!k->nr_waiting)
		return;
	if (m->k.asked_at && m->k.asked_pass == a->passes &&
	    m->now - m->k.asked_at > m->o.floor_ns) {
		floor_enter(m, here, SCXU_FLOOR_SILENT);
		return;
	}
	since = m->k.probation ? m->k.probation : m->k.short_since;
	if (since && m->now - since > m->o.floor_ns)
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

static bool rescue_shared(struct scxu_sim *m, unsigned int cpu)
{
	struct task *t;
	int n = 0;

	RB_FOREACH_REVERSE(t, vtime_tree, &m->shared)
	{
		if (m->now - t->enqueued_at > STARVE_NS && task_allowed(t, cpu)) {
			machine_move_task(m, t, cpu);
			return true;
		}
		if (++n >= 64)
			break;
	}
	return false;
}

static bool starved_too_long(const struct scxu_sim *m)
{
	return m->now - TAILQ_FIRST(&m->starved)->enqueued_at > STARVE_NS + STARVE_NS / 4;
}

static uint64_t shared_head(struct scxu_sim *m, unsigned int cpu)
{
	struct task *t;
	int n = 0;

	RB_FOREACH (t, vtime_tree, &m->shared) {
		if (task_allowed(t, cpu))
			return t->dsq_vtime | 1;
		if (++n >= 32)
			break;
	}
	return 0;
}

static void watch_start(struct scxu_sim *m)
{
	m->k.watch_armed = true;
	machine_event(m, m->now + m->o.floor_ns / 2, EVENT_WATCH, 0, NULL, 0);
}

static void watch_arm(struct scxu_sim *m)
{
	if (!m->k.watch_armed)
		watch_start(m);
}

static void end_slices(struct scxu_sim *m, bool all)
{
	unsigned int cpu;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		const struct scxu_cpu *c = &m->kcpus[cpu];

		if (c->pid && c->pid != AGENT_PID &&
		    (all || (int64_t)(m->now - c->since - c->slice) > 0))
			machine_kick(m, cpu, KICK_PREEMPT);
	}
}

void kernel_part_watch(struct scxu_sim *m, unsigned int here)
{
	bool in_charge;

	m->k.watch_armed = false;
	if ((int64_t)(m->k.leaving_until - m->now) > 0)
		machine_kick(m, m->k.leaving_cpu, KICK_PLAIN);
	else if (!m->kernel->nr_waiting && !m->nr_shared && !m->nr_starved)
		return;
	in_charge = agent_in_charge(m);
	floor_check(m, here);
	if (m->kernel->nr_waiting)
		ask_agent(m, here);
	if (in_charge && !agent_in_charge(m))
		end_slices(m, true);
	serve_kicks(m, here, SCXU_SIM_MAX_CPUS);
	if (m->kernel->nr_waiting > (uint64_t)OVERLOAD * m->o.nr_cpus)
		end_slices(m, false);
	if (!agent_in_charge(m) || stock_left(m) || m->nr_shared)
		kick_an_idle_cpu(m, here);
	watch_start(m);
}

/* --- scxu.bpf.c -------------------------------------------------------------- */

static void enqueue_shared(struct scxu_sim *m, struct task *t, uint64_t vtime, unsigned int here)
{
	int cpu;

	machine_insert_shared(m, t, shared_slice(m), vtime);
	cpu = machine_pick_idle_cpu(m, t->cpus);
	if (cpu < 0) {
		watch_arm(m);
		return;
	}
	machine_kick(m, (unsigned int)cpu, KICK_PLAIN);
	count(m, here, SCXU_COUNT_kicks);
}

static bool kept_in_kernel(const struct scxu_sim *m, const struct task *t)
{
	unsigned int n = (unsigned int)__builtin_popcountll(t->cpus);

	if (n >= m->o.nr_cpus)
		return false;
	return !m->o.affinity_agent || n < 2;
}

static void enqueue_agent(struct scxu_sim *m, struct task *t, bool wakeup, unsigned int here)
{
	uint64_t ran;

	if (wakeup)
		m->k.agent_woke_at = t->runtime;
	ran = t->runtime - m->k.agent_woke_at;
	if (ran >= m->o.floor_ns) {
		t->vtime = place(m, t, true, false);
		enqueue_shared(m, t, t->vtime, here);
		return;
	}
	machine_insert_local(m, t, t->cpu, m->o.floor_ns - ran, true, wakeup);
	machine_kick(m, t->cpu, wakeup ? KICK_PLAIN : KICK_PREEMPT);
}

void kernel_part_enqueue(struct scxu_sim *m, struct task *t, bool wakeup, unsigned int here)
{
	uint32_t flags = wakeup ? SCXU_WAIT_WAKEUP : 0;

	if (t == &m->agent.task) {
		enqueue_agent(m, t, wakeup, here);
		return;
	}
	t->enqueued_at = m->now;
	if (t->fresh)
		flags |= SCXU_WAIT_NEW;
	t->fresh = false;
	t->vtime = place(m, t, wakeup, flags & SCXU_WAIT_NEW);
	if (kept_in_kernel(m, t)) {
		count(m, here, SCXU_COUNT_kernel_enqueues);
		goto shared;
	}
	floor_check(m, here);
	if (!agent_in_charge(m)) {
		count(m, here, SCXU_COUNT_floor_enqueues);
		ask_agent(m, here);
		goto shared;
	}
	if (!task_slot(m, t)) {
		count(m, here, SCXU_COUNT_no_slot);
		goto shared;
	}
	into_custody(m, t, here, flags);
	count(m, here, SCXU_COUNT_user_enqueues);
	watch_arm(m);
	if (flags || !stock_left(m))
		ask_agent(m, here);
	else
		has_not_asked(m);
	return;
shared:
	if (t->slot != SCXU_NO_SLOT)
		leave_custody(m, t);
	if (flags & SCXU_WAIT_NEW && !agent_in_charge(m))
		t->vtime += scxu_vtime_of(m->o.slice_ns, t->weight);
	enqueue_shared(m, t, t->vtime, here);
}

static unsigned int cpu_for_agent(const struct scxu_sim *m, unsigned int prev)
{
	unsigned int cpu, found = prev;
	uint64_t best = 0;
	bool any = false;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		const struct scxu_cpu *c = &m->kcpus[cpu];
		uint64_t vtime;

		if (!c->online || !c->pid || c->slot == SCXU_NO_SLOT)
			continue;
		if (m->k.own_order)
			vtime = m->now - c->since - c->slice;
		else
			vtime = c->vtime + scxu_vtime_of(m->now - c->since, c->weight);
		if (any && !scxu_vtime_before(best, vtime))
			continue;
		any = true;
		best = vtime;
		found = cpu;
	}
	return found;
}

bool kernel_part_select_cpu(struct scxu_sim *m, struct task *t, unsigned int *cpu,
			    unsigned int here)
{
	bool agent = t == &m->agent.task, kept = agent || kept_in_kernel(m, t);
	int idle;

	if (agent)
		m->k.agent_woke_at = t->runtime;
	if (!kept && !agent_in_charge(m)) {
		floor_check(m, here);
		ask_agent(m, here);
		kept = !agent_in_charge(m);
	}
	if (!kept && !m->o.idle_kernel)
		return false;
	idle = machine_select_cpu_dfl(m, t, *cpu);
	if (idle < 0) {
		if (agent)
			*cpu = cpu_for_agent(m, *cpu);
		return false;
	}
	*cpu = (unsigned int)idle;
	machine_insert_local(m, t, *cpu, agent ? m->o.floor_ns : m->o.slice_ns, false, false);
	if (!kept)
		count(m, here, SCXU_COUNT_idle_direct);
	else if (!agent)
		count(m, here, SCXU_COUNT_kernel_enqueues);
	return true;
}

static void keep_running(struct scxu_sim *m, struct task *prev, unsigned int cpu)
{
	count(m, cpu, SCXU_COUNT_kept_running);
	m->k.short_since = 0;
	prev->slice = prev->last_slice ? prev->last_slice : m->o.slice_ns;
}

void kernel_part_dispatch(struct scxu_sim *m, unsigned int cpu, struct task *prev)
{
	struct scxu_cpu *me = &m->kcpus[cpu];
	uint64_t prev_vtime = prev ? task_vtime(prev) : 0, head, left;
	bool shared, taken = false;
	int i;

	serve_kicks(m, cpu, cpu);
	shared = m->nr_shared > 0;
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
	head = shared ? shared_head(m, cpu) : 0;
	if (shared && (int64_t)(m->now - me->rescue_at) > 0) {
		if (rescue_shared(m, cpu)) {
			count(m, cpu, SCXU_COUNT_starved);
			return;
		}
		me->rescue_at = m->now + SECOND_NS / 8;
	}
	for (i = 0; i < 16; i++) {
		struct next_decision n;
		bool preempt;
		int err;

		if (!peek_decision(m, cpu, &n))
			break;
		if (!waits_still(m, &n.d)) {
			pop_decision(m, cpu, &n);
			count(m, cpu, SCXU_COUNT_stale);
			continue;
		}
		preempt = n.own && n.d.flags & SCXU_DECIDE_PREEMPT &&
			  (me->preempt_row < IN_A_ROW || !shared);
		if (!preempt) {
			if (head && scxu_vtime_before(head, n.vtime)) {
				m->k.short_since = 0; /* it has one, and another is first */
				m->k.probation = 0;
				break;
			}
			if (prev && n.d.flags & SCXU_DECIDE_VTIME &&
			    scxu_vtime_before(prev_vtime, n.vtime)) {
				keep_running(m, prev, cpu);
				taken = true;
				break;
			}
		}
		pop_decision(m, cpu, &n);
		err = take(m, &n.d, cpu, TAKE_DECISION);
		if (err)
			continue;
		me->preempt_row = preempt ? (uint8_t)(me->preempt_row + 1) : 0;
		taken = true;
		break;
	}
	if (!taken && shared) {
		me->preempt_row = 0;
		/* by an order of the policy's own virtual now may run far ahead of prev */
		if (head && prev && !m->k.own_order && scxu_vtime_before(prev_vtime, head)) {
			prev->last_slice = shared_slice(m);
			keep_running(m, prev, cpu);
			taken = true;
		} else {
			if (head)
				advance_vnow(m, head);
			taken = machine_move_shared(m, cpu);
		}
	}
	if (!taken && !prev)
		taken = machine_move_starved(m, cpu);
	left = stock_left(m);
	if (left)
		kick_an_idle_cpu(m, cpu);
	if (!taken) {
		if (prev && !m->cpus[cpu].nr_local)
			prev->slice = m->o.slice_ns;
		else if (left && !prev)
			machine_kick(m, cpu, KICK_PLAIN);
	}
	if (m->kernel->nr_waiting > left && (!taken || left < m->o.nr_cpus)) {
		if (!taken) {
			count(m, cpu, SCXU_COUNT_shortages);
			if (!m->k.short_since && (!m->o.affinity_agent || agent_has_work(m))) {
				m->k.short_since = m->now;
				m->k.short_cpu = cpu;
			}
		}
		if (agent_has_work(m))
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
	if (t->enqueued_at)
		me->waits[wait_bucket(m->now - t->enqueued_at)]++;
	t->enqueued_at = 0;
	me->idle = 0;
	me->since = m->now;
	me->vtime = t->vtime;
	me->slice = t->last_slice ? t->last_slice : m->o.slice_ns;
	me->weight = t->weight;
	me->slot = t->slot;
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
		ask_agent(m, cpu);
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
	m->k.free_slots = calloc(n, sizeof(*m->k.free_slots));
	m->k.tasks = calloc(n, sizeof(struct task *));
	m->k.waiting_bits = calloc((n + 63) / 64, sizeof(*m->k.waiting_bits));
	if (!m->records || !m->kcpus || !m->kernel || !m->shm.agent || !m->shm.agent_cpus ||
	    !m->k.free_slots || !m->k.tasks || !m->k.waiting_bits)
		return -ENOMEM;
	m->shm.records = m->records;
	m->shm.cpus = m->kcpus;
	m->shm.kernel = m->kernel;
	m->shm.max_tasks = n;
	m->shm.nr_cpus = m->o.nr_cpus;
	m->shm.agent_tid = AGENT_PID;
	m->kernel->loaded.abi = SCXU_ABI;
	m->kernel->floor_seq = 1;
	m->kernel->floor_reason = SCXU_FLOOR_START;
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
	free(m->shm.agent_cpus);
	free(m->shm.agent);
	free(m->kernel);
	free(m->kcpus);
	free(m->records);
}
