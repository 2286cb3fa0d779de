/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to the agent and back: events, asking and waking it, its wishes for other CPUs. */
#ifndef SCXU_BPF_AGENT_H
#define SCXU_BPF_AGENT_H

#include "state.bpf.h"

/* Callbacks under an rq lock run with interrupts off: this CPU is the one producer. */
static __always_inline void push_event(struct scxu_cpu *me, u32 cpu, u32 slot)
{
	struct scxu_agent_cpu *ac = bpf_map_lookup_elem(&agent_cpus, &cpu);
	u64 head = me->events_head;

	/*
	 * A tail that is no possible one reads as "full" and is the agent's own
	 * harm: it sees the count and scans the records.
	 */
	if (!ac || head - load(&ac->events_tail) >= SCXU_EVENTS) {
		me->counters[SCXU_COUNT_failed_enqueues]++;
		return;
	}
	me->events[head & (SCXU_EVENTS - 1)] = slot;
	__sync_lock_test_and_set(&me->events_head, head + 1);
}

/* For policies that want to know; see enum scxu_event_kind. p is on its run queue's CPU. */
static __always_inline void push_hint(u32 kind, struct task_struct *p, u32 slot)
{
	u32 cpu = bpf_get_smp_processor_id(), where;
	struct scxu_agent_cpu *ac;
	struct scxu_cpu *me;
	u64 head;

	if (!(wanted_hints & (1u << kind)) || slot == SCXU_NO_SLOT)
		return;
	where = scx_bpf_task_cpu(p);
	ac = bpf_map_lookup_elem(&agent_cpus, &cpu);
	me = cpu_state(cpu);
	if (!ac || !me || where >= SCXU_MAX_CPUS)
		return;
	head = me->events_head;
	if (head - load(&ac->events_tail) >= SCXU_EVENT_HINTS)
		return;
	me->events[head & (SCXU_EVENTS - 1)] = kind << SCXU_EVENT_KIND_SHIFT |
					       where << SCXU_EVENT_CPU_SHIFT | slot;
	__sync_lock_test_and_set(&me->events_head, head + 1);
}

/*
 * Would the agent have something to decide. If not, all that waits is decided, for
 * CPUs that will come; asking would only make it take decisions back.
 */
static __always_inline bool agent_has_work(const struct scxu_agent *a)
{
	return load(&a->held) ||
	       (*(volatile u32 *)&unasked && *(volatile u64 *)&unasked_pass == load(&a->passes));
}

/*
 * Until a pass has ended: the agent looks once more before it sleeps. Else the task that
 * the agent displaces on waking would have it woken again as soon as it sleeps, for ever.
 */
static __always_inline void has_not_asked(const struct scxu_agent *a)
{
	unasked_pass = load(&a->passes);
	unasked = 1;
}

/* Ends the agent's poll(). False: full of unread ones, or contended. */
static __always_inline bool ring_bell(void)
{
	void *e = bpf_ringbuf_reserve(&bell, 8, 0);

	if (!e)
		return false;
	bpf_ringbuf_discard(e, BPF_RB_FORCE_WAKEUP);
	return true;
}

/* The agent shall look. Begins the time within which it has to. */
static __always_inline void ask_agent(struct scxu_cpu *me, u64 now)
{
	struct scxu_agent *a = agent_area();
	u64 sleeps, passes;

	if (!a)
		return;
	me->counters[SCXU_COUNT_asks]++;
	unasked = 0;
	passes = load(&a->passes);
	if (!asked_at || asked_pass != passes) {
		/* in this order: who sees the new pass sees the new time, or an older pass */
		asked_at = now;
		barrier();
		asked_pass = passes;
	}
	/* Pairs with the agent's: sleeping = 1, fence, look at the rings once more. */
	sleeps = load(&a->sleeps);
	if (!load(&a->sleeping) || woken == sleeps)
		return;
	if (!ring_bell()) /* who asks next tries again */
		return;
	woken = sleeps;
	me->counters[SCXU_COUNT_wakes]++;
}

/*
 * False: one that went offline while idle. The kernel leaves its bit in the idle mask, and a
 * kick for it is one for nobody.
 */
static __always_inline bool can_be_kicked(s32 cpu)
{
	struct scxu_cpu *c = cpu_state(cpu);

	return !c || c->online;
}

/* There is work that any CPU may take. */
static __always_inline void kick_an_idle_cpu(struct scxu_cpu *me)
{
	u32 i;

	bpf_for (i, 0, 8) {
		const struct cpumask *idle = scx_bpf_get_idle_cpumask();
		u32 cpu = bpf_cpumask_first(idle);

		scx_bpf_put_idle_cpumask(idle);
		if (cpu >= nr_cpu_ids)
			break;
		if (can_be_kicked(cpu)) {
			scx_bpf_kick_cpu(cpu, KICK_IDLE);
			me->counters[SCXU_COUNT_kicks]++;
			break;
		}
		scx_bpf_test_and_clear_cpu_idle(cpu);
	}
}

/* The task lies in a DSQ: a CPU that idles and may run it shall look. False: there is none. */
static __always_inline bool kick_idle_for(struct task_struct *p, struct scxu_cpu *me)
{
	s32 cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);

	if (cpu >= 0 && !can_be_kicked(cpu))
		cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu < 0)
		return false;
	scx_bpf_kick_cpu(cpu, 0);
	me->counters[SCXU_COUNT_kicks]++;
	return true;
}

/* Decisions for any CPU that nobody has taken, as the agent's words tell. */
static __always_inline u64 stock_left(struct scxu_agent *a, struct scxu_kernel *k)
{
	u64 tail = load(&k->stock_tail), head, skip;

	barrier();
	head = load(&a->stock_head);
	skip = load(&a->stock_skip);
	if (head - tail > SCXU_STOCK)
		return 0;
	return skip - tail <= head - tail ? head - skip : head - tail;
}

/*
 * A CPU that is preempted without end gets nothing done. More often than that, a decision
 * waits for the end of a slice.
 */
#define PREEMPTS_MAX  256u
#define PREEMPTS_BITS 22 /* in so many bits of ns: 4 ms */

static __always_inline bool may_preempt(u32 cpu)
{
	struct scxu_cpu *c = cpu_state(cpu);
	u32 window = bpf_ktime_get_ns() >> PREEMPTS_BITS;

	if (!c)
		return false;
	if (c->preempts_at != window) {
		c->preempts_at = window;
		c->preempts = 0;
	}
	return c->preempts++ < PREEMPTS_MAX;
}

/* The agent's wishes that concern other CPUs; none of one that is not in charge. */
static __always_inline void serve_kicks(struct scxu_agent *a, struct scxu_kernel *k,
					struct scxu_cpu *me, s32 here)
{
	u32 words = (nr_cpu_ids + 63) / 64, w, i;
	u64 seq = load(&a->kick_seq);

	if (seq == kicks_served || *(volatile u32 *)&k->floor_reason != SCXU_FLOOR_NONE)
		return;
	kicks_served = seq;
	bpf_for (w, 0, words) {
		u64 kick, preempt, bits;

		if (w >= SCXU_MAX_CPUS / 64)
			break;
		kick = load(&a->kick[w]) ? __sync_lock_test_and_set(&a->kick[w], 0) : 0;
		preempt = load(&a->preempt[w]) ? __sync_lock_test_and_set(&a->preempt[w], 0) : 0;
		bits = kick | preempt;
		bpf_for (i, 0, 64) {
			u32 bit, cpu;

			if (!bits)
				break;
			bit = lowest_bit(bits) & 63;
			bits &= bits - 1;
			cpu = w * 64 + bit;
			if (cpu >= nr_cpu_ids || cpu == (u32)here)
				continue;
			me->counters[SCXU_COUNT_kicks]++;
			if (preempt & (1ull << bit) && may_preempt(cpu)) {
				me->counters[SCXU_COUNT_preemptions]++;
				scx_bpf_kick_cpu(cpu, KICK_PREEMPT);
			} else {
				scx_bpf_kick_cpu(cpu, KICK_IDLE);
			}
		}
	}
}

/*
 * Where a ring's next decision is: at or after *tail, the kernel part's own. head
 * and skip are the agent's, so any value may be there. Returns false for none; a
 * ring that makes no sense is emptied by moving *tail to head.
 */
static __always_inline bool ring_next(u64 *tail, const u64 *head_p, const u64 *skip_p, u64 size,
				      struct scxu_cpu *me, u64 *seen, u64 *next)
{
	u64 head, skip;

	/* the tail first: the other way round, another CPU's take would pass the head */
	*seen = load(tail);
	barrier();
	head = load(head_p);
	skip = load(skip_p);
	*next = *seen;
	if (head - *seen > size) {
		if (__sync_val_compare_and_swap(tail, *seen, head) == *seen)
			count_invalid(me);
		return false;
	}
	if (skip - *seen <= head - *seen)
		*next = skip;
	/*
	 * What is taken back needs no place any more, also when nothing is taken now:
	 * beside a task that goes on for long, a ring would be full of it. When another
	 * CPU has moved the tail, who pops will see it.
	 */
	if (*next != *seen && __sync_val_compare_and_swap(tail, *seen, *next) == *seen)
		*seen = *next;
	return *next != head;
}

#endif
