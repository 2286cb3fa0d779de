// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel part of the simulator: function by function what bpf/ does, over the
 * same struct scxu_shm, so that engine and policy see the same memory change in the
 * same order. Names are those of bpf/, and the files of kernel-part/ those of its headers,
 * this one scxu.bpf.c; whoever changes one side changes the other.
 *
 * Left out is what one thread of virtual time cannot have: retries of a
 * compare-and-swap that another CPU won, torn reads, a pid that passes to another
 * task between two steps. Also kernel threads and wakers that say they are about to
 * sleep (SCX_WAKE_SYNC): the workload has none. And that a task which is alone is not asked
 * at each tick (scxu_cpu.alone), which changes nothing for others. The slots' free list is a
 * plain stack. The values that the agent wrote are checked as there: a policy goes through the
 * same refusals.
 */
#include <stdlib.h>

#include "kernel-part/floor.h"

/* The watch's timer; the rest of it is in kernel-part/floor.h. */
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
	unsigned int cpu, i;
	int found = -1;

	if (m->k.own_order)
		return;
	for (i = 0; i < m->o.nr_cpus && found != (int)here; i++) {
		const struct scxu_cpu *c;

		cpu = (here + i) % m->o.nr_cpus;
		c = &m->kcpus[cpu];

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
	if (flags == SCXU_WAIT_NEW && !agent_in_charge(m))
		t->vtime += scxu_vtime_of(m->o.slice_ns, t->weight);
	if (flags & SCXU_WAIT_WAKEUP)
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
	uint32_t weight = 0;
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
	head = shared ? shared_head(m, cpu, &agents, &weight) : 0;
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
		preempt = n.from == OWN_RING && n.d.flags & SCXU_DECIDE_PREEMPT &&
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
				advance_vnow(&m->kernel->vnow, least_vtime(m, agents, weight));
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
		t->waited_until = m->now;
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
