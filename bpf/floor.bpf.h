/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The floor: notices that the agent is out, takes waiting tasks over, notices that
 * it is back. And the two bounds on starvation that hold whoever is in charge.
 */
#ifndef SCXU_BPF_FLOOR_H
#define SCXU_BPF_FLOOR_H

#include "custody.bpf.h"

static __always_inline bool agent_in_charge(struct scxu_kernel *k)
{
	return *(volatile u32 *)&k->floor_reason == SCXU_FLOOR_NONE;
}

static __always_inline void floor_enter(struct scxu_kernel *k, struct scxu_cpu *me, u32 reason,
					u64 now)
{
	struct scxu_episode *e;

	if (test_no_floor && reason != SCXU_FLOOR_ABSENT)
		return;
	/* before the reason: an old answer of the agent must not end this one */
	__sync_fetch_and_add(&k->floor_seq, 1);
	if (__sync_val_compare_and_swap(&k->floor_reason, SCXU_FLOOR_NONE, reason) !=
	    SCXU_FLOOR_NONE)
		return;
	/* one CPU at a time gets here: the next has to pass floor_check() first */
	k->nr_episodes++;
	e = last_episode(k);
	e->ended = 0;
	e->tasks = 0;
	e->reason = reason;
	e->began = now;
	/* an agent that answers and fails again is believed later each time */
	if ((s64)(now - floor_left_at) < (s64)SECOND_NS)
		floor_hold = floor_hold ? (floor_hold < 500000000ull ? floor_hold * 2 : floor_hold)
					: floor_ns;
	else
		floor_hold = 0;
	k->in_charge_since = now;
	if (reason == SCXU_FLOOR_SILENT)
		me->counters[SCXU_COUNT_floor_silent]++;
	else if (reason == SCXU_FLOOR_LATE)
		me->counters[SCXU_COUNT_floor_late]++;
	else if (reason == SCXU_FLOOR_BROKEN)
		me->counters[SCXU_COUNT_floor_broken]++;
	short_since = 0;
	helped_at = 0;
}

/* The agent's thread has ended. The floor may have the machine already. */
static __always_inline void agent_gone(struct scxu_kernel *k, struct scxu_cpu *me, s32 tid,
				       s32 tgid, u64 now)
{
	/* of the old one's: see agent_exits() */
	__sync_val_compare_and_swap(&k->agent_tid, tid, 0);
	__sync_val_compare_and_swap(&k->agent_tgid, tgid, 0);
	k->agent_gone_at = now;
	me->counters[SCXU_COUNT_floor_absent]++;
	floor_enter(k, me, SCXU_FLOOR_ABSENT, now);
	k->floor_reason = SCXU_FLOOR_ABSENT;
	last_episode(k)->reason = SCXU_FLOOR_ABSENT;
}

/*
 * A CPU has found nothing, and tasks wait: whatever the agent says that it has given, it was not for
 * this CPU. With limited tasks it may be that none of them is: an agent that says that
 * it holds none is believed, for as long as two slices may last.
 */
static __always_inline void falls_short(const struct scxu_agent *a, struct scxu_cpu *me, u64 now)
{
	u64 since = now;

	me->counters[SCXU_COUNT_shortages]++;
	if (affinity_agent && !agent_has_work(a))
		since += 2 * SCXU_SLICE_MAX_NS;
	if (!short_since || (s64)(short_since - since) > 0)
		short_since = since;
}

/* Decisions that no CPU has come for yet, or so the agent says. */
static __always_inline bool gave_any(struct scxu_agent *a, struct scxu_kernel *k)
{
	u32 cpu;

	if (stock_left(a, k))
		return true;
	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_agent_cpu *ac = bpf_map_lookup_elem(&agent_cpus, &cpu);
		struct scxu_cpu *c = cpu_state(cpu);

		if (ac && c && load(&ac->decisions_head) != load(&c->decisions_tail))
			return true;
	}
	return false;
}

__noinline int floor_look(u64 now)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	u64 since, pass;
	u32 reason;

	if (!a || !k || !me)
		return 0;
	reason = *(volatile u32 *)&k->floor_reason;
	if (reason != SCXU_FLOOR_NONE) {
		/* it answers: it has read all events, and knows that it was out */
		since = k->in_charge_since;
		/* signed: a CPU that read the clock later may have entered since */
		if (!agent_tid || load(&a->floor_ack) != load(&k->floor_seq) ||
		    (s64)(now - since) < (s64)floor_hold)
			return 0;
		last_episode(k)->ended = now;
		if (__sync_val_compare_and_swap(&k->floor_reason, reason, SCXU_FLOOR_NONE) !=
		    reason)
			return 0;
		if (reason != SCXU_FLOOR_START && now - since > k->floor_longest)
			k->floor_longest = now - since;
		k->in_charge_since = now;
		floor_left_at = now;
		probation = now;
		asked_at = 0;
		short_since = 0;
		return 0;
	}
	if (*(volatile u32 *)&agent_broken) {
		agent_broken = 0;
		floor_enter(k, me, SCXU_FLOOR_BROKEN, now);
		return 0;
	}
	if (!load(&k->nr_waiting))
		return 0;
	/* the pass first: see ask_agent() */
	pass = *(volatile u64 *)&asked_pass;
	since = *(volatile u64 *)&asked_at;
	if (since && pass == load(&a->passes) && (s64)(now - since) > (s64)floor_ns) {
		floor_enter(k, me, SCXU_FLOOR_SILENT, now);
		return 0;
	}
	since = short_since;
	/*
	 * CPUs have what the floor left in DSQ_SHARED, and are short of decisions only
	 * after that. One that has just answered is not given that long; that it has given
	 * some is not believed of one that failed before.
	 */
	if (probation && (floor_hold || !gave_any(a, k)))
		since = probation;
	if (since && (s64)(now - since) > (s64)floor_ns)
		floor_enter(k, me, SCXU_FLOOR_LATE, now);
	return 0;
}

/* Whether the floor takes over, or gives back. Most of the time there is nothing to look at. */
static __always_inline void floor_check(struct scxu_kernel *k, struct scxu_agent *a, u64 now)
{
	/* the pass first: see ask_agent() */
	u64 pass = *(volatile u64 *)&asked_pass, since = *(volatile u64 *)&asked_at;

	if (!agent_in_charge(k) || *(volatile u32 *)&agent_broken || short_since || probation ||
	    (since && pass == load(&a->passes) && (s64)(now - since) > (s64)floor_ns))
		floor_look(now);
}

/*
 * Moves tasks out of custody: all of them to DSQ_SHARED for the floor, or those that
 * have waited for starve_ns to DSQ_STARVED. Returns how many; -EBUSY when there was no room for all.
 */
__noinline int collect(s32 cpu, u64 now, u32 how)
{
	u32 words, i, room = scx_bpf_dispatch_nr_slots();
	struct scxu_kernel *k = kernel_state();
	int moved = 0;

	if (!k)
		return 0;
	words = (*(volatile u32 *)&k->slots_high + 63) / 64;
	if (room <= 1)
		return -EBUSY;
	room--; /* one is left for the decision that this CPU takes */
	bpf_for (i, 0, words) {
		u32 w = collect_from, b;
		u64 *word, bits;

		if (w >= words)
			w = 0;
		word = bpf_map_lookup_elem(&maybe_waiting, &w);
		if (!word)
			break;
		collect_from = w + 1;
		if (!load(word))
			continue;
		bits = __sync_lock_test_and_set(word, 0);
		bpf_for (b, 0, 64) {
			struct scxu_decision d = {};
			struct scxu_record *r;
			u64 state;

			if (!(bits & (1ull << b)))
				continue;
			d.slot = w * 64 + b;
			r = record(d.slot);
			if (!r)
				continue;
			state = load(&r->state);
			if ((state & SCXU_STATE_MASK) != SCXU_TASK_WAITING)
				continue;
			if (room &&
			    (how == TAKE_FLOOR || (s64)(now - r->enqueued_at) >= (s64)starve_ns)) {
				d.gen = state >> SCXU_GEN_SHIFT;
				room--;
				if (take(&d, cpu, how) >= 0)
					moved++;
				continue;
			}
			__sync_fetch_and_or(word, 1ull << b);
		}
		if (!room) {
			collect_from = w;
			return -EBUSY;
		}
	}
	return moved;
}

/*
 * A CPU's task goes on beside one that would come before it, and that the agent has not
 * decided. For longer than this it does not go on: the agent is slow, though not out, and the
 * CPU takes the first by itself of those that have waited for as long. Of many, the first of
 * those that it looks at.
 */
#define SHORT_NS   (floor_ns / 2)
#define FIRST_LOOK 8 /* words of maybe_waiting with any bit */

static __always_inline void note_short(const struct scxu_agent *a, struct scxu_cpu *me,
				       u64 prev_vtime, u64 now)
{
	if (!load(&a->held) && !unread_before(a, me, prev_vtime))
		me->short_since = 0;
	else if (!me->short_since)
		me->short_since = now;
}

/* So far a loop has looked, counted in memory: see forgotten(). */
static __always_inline bool looks_on(struct scxu_cpu *me, u32 by, u32 limit)
{
	volatile u32 *looked = &me->scratch;

	return (*looked += by) < limit;
}

__noinline int take_first(u32 cpu, u64 prev_vtime, u64 now)
{
	struct scxu_kernel *k = kernel_state();
	struct scxu_cpu *me = cpu_state(cpu);
	struct scxu_decision d = {};
	u32 words, i;
	u64 best = prev_vtime;
	bool found = false;

	if (!k || !me)
		return -EINVAL;
	words = (*(volatile u32 *)&k->slots_high + 63) / 64;
	me->scratch = 0;
	bpf_for (i, 0, words) {
		u32 w = first_from, b;
		u64 *word, bits;

		if (w >= words)
			w = 0;
		first_from = w + 1;
		word = bpf_map_lookup_elem(&maybe_waiting, &w);
		if (!word)
			break;
		bits = load(word);
		if (!bits)
			continue;
		bpf_for (b, 0, 64) {
			struct scxu_record *r;
			u64 state, vtime;

			if (!(bits & (1ull << b)))
				continue;
			r = record(w * 64 + b);
			if (!r)
				continue;
			state = load(&r->state);
			if ((state & SCXU_STATE_MASK) != SCXU_TASK_WAITING ||
			    (s64)(now - r->enqueued_at) < (s64)SHORT_NS ||
			    (r->nr_cpus_allowed < nr_possible &&
			     !(r->cpus[cpu / 64 % (SCXU_MAX_CPUS / 64)] >> (cpu & 63) & 1)))
				continue;
			vtime = r->vtime + me->shift;
			if (r->flags & SCXU_WAIT_NEW)
				vtime += slices(1, r->weight);
			if (!scxu_vtime_before(vtime, best))
				continue;
			best = vtime;
			found = true;
			d.slot = w * 64 + b;
			d.gen = state >> SCXU_GEN_SHIFT;
		}
		if (!looks_on(me, 1, FIRST_LOOK))
			break;
	}
	if (!found)
		return -ENOENT;
	d.slice_us = shared_slice() / 1000;
	return take(&d, cpu, TAKE_SHORT);
}

/* So far the kernel part looks into DSQ_SHARED, which may be of any length, at a time. */
#define HEAD_LOOK   512
#define RESCUE_LOOK 4096
#define RESCUE_MOVE 64

/*
 * Virtual time alone would let a light task in DSQ_SHARED wait beside heavy ones
 * for longer than the kernel's watchdog. Who has waited there for starve_ns goes to
 * DSQ_STARVED, as those in custody do; by turns from both ends of the order, should it be
 * longer than we look.
 */
__noinline int rescue_shared(s32 cpu, u64 now)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct task_struct *p;
	u64 again = SECOND_NS;

	if (!me)
		return 0;
	me->scratch = 0;
	bpf_rcu_read_lock();
	bpf_for_each (scx_dsq, p, DSQ_SHARED, DSQ_ITER_REV * (rescue_turn++ & 1)) {
		struct task_ctx *t = task_ctx(p);
		u32 by = 1;

		if (t && t->enqueued_at && (s64)(now - t->enqueued_at) > (s64)starve_ns)
			dsq_fills(DSQ_STARVED, me, now);
		if (t && t->enqueued_at && (s64)(now - t->enqueued_at) > (s64)starve_ns &&
		    dsq_move_vtime(FOR_EACH_ITER, p, DSQ_STARVED, t->enqueued_at)) {
			t->flags |= TASK_STARVED;
			me->counters[SCXU_COUNT_starved]++;
			by = RESCUE_LOOK / RESCUE_MOVE;
		}
		if (!looks_on(me, by, RESCUE_LOOK)) {
			again = SECOND_NS / 16;
			break;
		}
	}
	bpf_rcu_read_unlock();
	rescue_at = now + again;
	return 0;
}

/*
 * Who starved is run by turns with those whose turn it is. When many starve
 * at once, the last of them would wait for as long again: from here on they go first.
 */
__noinline bool starved_too_long(u64 now)
{
	struct task_struct *p;
	bool too_long = false;

	bpf_rcu_read_lock();
	bpf_for_each (scx_dsq, p, DSQ_STARVED, 0) {
		/* ordered by when they began to wait: see take() and rescue_shared() */
		too_long = (s64)(now - p->scx.dsq_vtime) > (s64)(starve_ns + starve_ns / 4);
		break;
	}
	bpf_rcu_read_unlock();
	return too_long;
}

/*
 * The virtual time of the first task of DSQ_SHARED that may run here, made odd; 0 for
 * none. HEAD_UNKNOWN: more than HEAD_LOOK come first, which may not. (A function of its
 * own for the verifier, which then follows its loop once and not once for each path
 * through the caller.) *agents: its virtual time in the agent's order, if that orders it;
 * *weight: its weight then.
 */
#define HEAD_UNKNOWN 2

__noinline u64 shared_head(s32 cpu, u64 *agents __arg_nonnull, u32 *weight __arg_nonnull)
{
	struct scxu_cpu *me = cpu_state(cpu);
	struct task_struct *p;
	u64 vtime = 0;

	if (!me)
		return 0;
	me->scratch = 0;
	bpf_rcu_read_lock();
	bpf_for_each (scx_dsq, p, DSQ_SHARED, 0) {
		if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) {
			struct task_ctx *t = agent_orders(p) ? task_ctx(p) : NULL;

			vtime = p->scx.dsq_vtime;
			if (t) {
				*agents = t->vtime;
				*weight = p->scx.weight;
			}
			/* by another CPU's order, that has gone apart from ours */
			if ((s64)(vtime - me->vnow) > (s64)slices(ORDER_SLICES, p->scx.weight))
				vtime = me->vnow;
			vtime |= 1;
			break;
		}
		if (!looks_on(me, 1, HEAD_LOOK)) {
			vtime = HEAD_UNKNOWN;
			break;
		}
	}
	bpf_rcu_read_unlock();
	return vtime;
}

static __always_inline bool tasks_wait(struct scxu_kernel *k)
{
	return load(&k->nr_waiting) || dsqs_have_any();
}

static __always_inline bool work_waits(struct scxu_kernel *k)
{
	return tasks_wait(k) || agent_is_parked();
}

/*
 * The kernel ends slices at ticks: each 4 ms, whatever was asked for. Those shorter than
 * this, for a task of little weight or since many wait, end at the look nearest to that,
 * at half at least. None is longer than longest.
 */
#define SHORT_SLICE_NS 3000000ull

static __always_inline void end_slices(u64 now, u64 longest)
{
	u32 cpu;

	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_cpu *c = cpu_state(cpu);
		u64 slice;

		if (!c || !c->pid || c->pid == agent_tid)
			continue;
		slice = c->slice;
		if (slice >= SHORT_SLICE_NS)
			slice = SCXU_SLICE_MAX_NS;
		else if (slice > WATCH_NS)
			slice -= WATCH_NS / 2; /* half the time to the next look */
		else
			slice /= 2;
		if ((s64)(now - c->since) > (s64)(slice < longest ? slice : longest))
			kick_cpu(cpu, KICK_PREEMPT);
	}
}

/*
 * A CPU is scarce when tasks of a class above ours have it for more than two thirds of the
 * time: a bucket, which each look of the watch fills or drains. Four looks in a row are enough;
 * it holds so many that a piece of some ms in our hands does not empty it.
 */
#define AWAY_SCARCE 4
#define AWAY_MOST   64

static __always_inline bool cpu_is_scarce(struct scxu_cpu *c, bool ours_or_idle)
{
	if (!ours_or_idle)
		c->away += c->away < AWAY_MOST;
	else
		c->away -= c->away > 2 ? 2 : c->away;
	return c->away >= AWAY_SCARCE;
}

/*
 * When real-time tasks have all CPUs, the kernel (7.0 on: ext_server) leaves us a piece of
 * each now and then, shorter than a slice, and ends it at a tick. Were each for one task, the
 * turn of the last would come after as many pieces: so we end slices ourselves, several to a
 * piece. That ends the piece, too, when it is used up: the kernel looks at each switch. In
 * partial mode the class above is the fair one, whose load is no reason for short slices.
 */
static __always_inline void end_scarce_slices(u64 now)
{
	bool all = !(modes & SCXU_MODE_PARTIAL), anew = (s64)(now - scarce_look_at) > 10000000;
	const struct cpumask *idle = scx_bpf_get_idle_cpumask();
	u32 cpu;

	scarce_look_at = now;
	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_cpu *c = cpu_state(cpu);

		if (!c || !c->online)
			continue;
		if (anew) /* the watch was not armed: who knows what was meanwhile */
			c->away = 0;
		/* the kernel's mask: of one that idles since before we came nobody tells */
		if (!cpu_is_scarce(c, c->pid || c->idle || bpf_cpumask_test_cpu(cpu, idle)))
			all = false;
		else if (cpus_scarce && c->pid && c->pid != agent_tid &&
			 (s64)(now - c->since) > (s64)(SCARCE_NS / 2))
			kick_cpu(cpu, KICK_PREEMPT);
	}
	scx_bpf_put_idle_cpumask(idle);
	cpus_scarce = all;
}

/*
 * The floor has a task to place, and tells the agent so. While CPUs are scarce not for each: the
 * agent displaces who has the piece, which is over, perhaps, when it sleeps again.
 */
static __always_inline void floor_calls_agent(struct scxu_cpu *me, u64 now)
{
	if (cpus_scarce && (s64)(now - floor_called_at) < (s64)TICK_NS)
		return;
	floor_called_at = now;
	call_agent(me, now);
}

/* To the next look: one at all CPUs that are scarce must not cost too much itself. */
static __always_inline u64 watch_period(void)
{
	u64 period = SCARCE_NS > nr_cpu_ids * SCARCE_NS / 32 ? SCARCE_NS
							     : nr_cpu_ids * SCARCE_NS / 32;

	return cpus_scarce && period < WATCH_NS ? period : WATCH_NS;
}

/* The CPU whose task is furthest ahead looks what comes next. */
static __always_inline void preempt_furthest(u64 now)
{
	struct scxu_cpu *found = NULL;
	u32 cpu, where = 0;

	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_cpu *c = cpu_state(cpu);

		if (!c || !c->pid || !c->in_order || c->in_order == SCXU_GIVES_WAY ||
		    (found && !scxu_vtime_before(running_vtime(found, now), running_vtime(c, now))))
			continue;
		found = c;
		where = cpu;
	}
	if (!found)
		return;
	found->in_order = SCXU_GIVES_WAY;
	kick_cpu(where, KICK_PREEMPT);
}

/*
 * Somebody waits for a waker to sleep that does not, perhaps. In its CPU's local DSQ: that CPU gives
 * way. In DSQ_SHARED: as many CPUs as if the waker had said nothing; in one look, so many at most.
 */
#define AWAITED_A_LOOK 4

static __always_inline void end_waits_for_sleep(u64 now)
{
	s32 waiting = scx_bpf_dsq_nr_queued(DSQ_SHARED), i;
	u32 cpu;

	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_cpu *c = cpu_state(cpu);

		if (!c || !c->awaited)
			continue;
		c->awaited = 0;
		if (scx_bpf_dsq_nr_queued(DSQ_LOCAL_ON | cpu) > 0)
			kick_cpu(cpu, KICK_PREEMPT);
	}
	bpf_for (i, 0, AWAITED_A_LOOK)
		if (i < waiting)
			preempt_furthest(now);
}

/*
 * An agent that sleeps is asked in any case: none may sleep for ever beside waiting
 * tasks. One that is parked when no CPU finds it, when a task woke whose waker did not
 * sleep, or when it was parked all the time since the last look, and nothing waits: then
 * it shall sleep.
 */
static __always_inline void look_after_agent(struct scxu_kernel *k, struct scxu_agent *a,
					     struct scxu_cpu *me, u64 now)
{
	u64 passes = load(&a->passes), waiting = load(&k->nr_waiting);
	bool since = parked_pass == passes;

	parked_pass = passes;
	if (!agent_is_parked()) {
		if (waiting)
			call_agent(me, now);
	} else if (agent_is_wanted(a) || unasked == UNASKED_WAKEUP ||
		   (waiting && !stock_left(a, k))) {
		call_agent(me, now);
	} else if (since && !waiting) {
		/* nobody has to give way for that */
		agent_shall_rest = SHALL_SLEEP;
		kick_an_idle_cpu();
	}
}

/* How often an idle machine's watch looks whether a new agent has come. */
#define ORPHAN_LOOK_NS 100000000ull

static __always_inline void orphan_exit(void)
{
	static char text[] = "orphaned: no agent for %llu s (--orphan-s)";
	unsigned long long seconds = orphan_ns / SECOND_NS;

	scx_bpf_exit_bstr(0, text, &seconds, sizeof(seconds));
}

/* What waits may be for one of them only: others each time, until all had their turn. */
static __always_inline void kick_idle_cpus(struct scxu_cpu *me)
{
	u32 i;

	bpf_for (i, 0, 4) {
		const struct cpumask *idle = scx_bpf_get_idle_cpumask();
		u32 cpu = bpf_cpumask_any_distribute(idle);

		scx_bpf_put_idle_cpumask(idle);
		if (cpu >= nr_cpu_ids)
			break;
		kick_cpu(cpu, KICK_IDLE);
		me->counters[SCXU_COUNT_kicks]++;
	}
}

/*
 * The watch is not armed, and its timer runs: who arms it starts the timer anew. In this
 * order, since who did so before our start has lost its own.
 */
static __always_inline void orphan_look(struct watch *watch)
{
	bpf_timer_start(&watch->timer, ORPHAN_LOOK_NS, 0);
	if (*(volatile u32 *)&watch_armed)
		bpf_timer_start(&watch->timer, WATCH_NS, 0);
}

static __always_inline void watch_look(struct watch *watch, struct scxu_kernel *k,
				       struct scxu_agent *a, struct scxu_cpu *me)
{
	u64 now = bpf_ktime_get_ns(), gone_at;

	/* the end of one may be told after another has come */
	gone_at = agent_tid ? 0 : k->agent_gone_at;
	if (gone_at && orphan_ns && (s64)(now - gone_at - orphan_ns) > 0) {
		orphan_exit();
		return;
	}
	/* see scxu_cpu_offline() */
	if ((s64)(leaving_until - now) > 0)
		kick_cpu(leaving_cpu, 0);
	else if (!work_waits(k)) {
		cpus_scarce = 0; /* nobody waits for one */
		__sync_lock_test_and_set(&watch_armed, 0);
		/* who inserts now may have seen "armed" too, and it is not there yet */
		if (!work_waits(k) && !dsqs_fill(now)) {
			if (gone_at && orphan_ns)
				orphan_look(watch);
			return;
		}
		/* a task that came meanwhile saw "armed": arm for it */
		if (__sync_val_compare_and_swap(&watch_armed, 0, 1))
			return;
	}
	floor_check(k, a, now);
	look_after_agent(k, a, me, now);
	/* those who wait have waited for a slice and more: let CPUs collect them now */
	if (!agent_in_charge(k) && slices_ended != k->nr_episodes) {
		slices_ended = k->nr_episodes;
		end_slices(now, 0);
	}
	serve_kicks(-1);
	if (sleep_awaited) {
		sleep_awaited--; /* before the look: one that comes meanwhile is for the next */
		end_waits_for_sleep(now);
	}
	if (tasks_wait(k))
		end_slices(now, scx_bpf_dsq_nr_queued(DSQ_KTHREADS) > 0 ? LONG_SLICE_NS
									: SCXU_SLICE_MAX_NS);
	/* an insert that came after the CPU had looked, or the floor's work */
	if (!agent_in_charge(k) || stock_left(a, k) || dsqs_have_any())
		kick_idle_cpus(me);
	end_scarce_slices(now);
	if (bpf_timer_start(&watch->timer, watch_period(), 0))
		watch_armed = 0;
}

/* Looks after waiting tasks when no CPU does: all idle, or all in long slices. */
static int watch_fire(void *map, int *key, struct watch *watch)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();

	/*
	 * The scheduler may have ended before its maps and this timer. Up to 7.0
	 * scx_bpf_exit() would end the one that is loaded now.
	 */
	if (!k || !me || !a || *(volatile u32 *)&k->exited)
		return 0;
	me->in_watch = 1;
	watch_look(watch, k, a, me);
	me->in_watch = 0;
	return 0;
}

#endif
