/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to the agent and back: events, asking and waking it, its wishes for other CPUs. */
#ifndef SCXU_BPF_AGENT_H
#define SCXU_BPF_AGENT_H

#include "dsq.bpf.h"

/*
 * Callbacks run on a CPU that goes offline until its very end, for tasks of others that
 * wake there. An irq_work queued then, when its local APIC takes no interrupts any more,
 * is never run; and none after it, until the CPU goes offline once more: nothing on that
 * CPU kicks another or rings the bell, and the kernel waits for it for ever when the
 * scheduler ends (irq_work_sync() in free_kick_syncs() of 7.x). The watch does what is
 * not done here. It may be on this very CPU, and stays there until the CPU's end: its
 * timer has just interrupted it, so that there is no harm.
 */
static __always_inline bool cpu_is_leaving(void)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());

	return !me || (me->left && !me->in_watch);
}

__noinline int kick_cpu(s32 cpu, u64 flags)
{
	if (!cpu_is_leaving())
		scx_bpf_kick_cpu(cpu, flags);
	return 0;
}

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
 * What was enqueued and may not be read yet: until a pass has ended, for the agent
 * looks once more before it rests. Else the task that the agent displaces on waking
 * would have it woken again as soon as it sleeps, for ever.
 */
static __always_inline void note_unread(const struct scxu_agent *a, u64 vtime)
{
	u64 passes = load(&a->passes);

	if (unread_pass != passes || scxu_vtime_before(vtime, unread_vtime))
		unread_vtime = vtime;
	unread_pass = passes;
}

static __always_inline bool has_unread(const struct scxu_agent *a)
{
	return *(volatile u64 *)&unread_pass == load(&a->passes);
}

/*
 * Would one of those come before a task of that virtual time, which is by the CPU's order
 * (by_cpu()). By the policy's own order: perhaps.
 */
static __always_inline bool unread_before(const struct scxu_agent *a, const struct scxu_cpu *c,
					  u64 vtime)
{
	return has_unread(a) && (own_order || scxu_vtime_before(unread_vtime + c->shift, vtime));
}

enum unasked { ASKED, UNASKED, UNASKED_WAKEUP };

/*
 * Would the agent have something to decide. If not, all that waits is decided, for
 * CPUs that will come; asking would only make it take decisions back.
 */
static __always_inline bool agent_has_work(const struct scxu_agent *a)
{
	return load(&a->held) || (*(volatile u32 *)&unasked && has_unread(a));
}

static __always_inline bool agent_is_parked(void)
{
	return *(volatile u32 *)&agent_parked;
}

/* Asked, and no pass since. */
static __always_inline bool agent_is_wanted(const struct scxu_agent *a)
{
	return *(volatile u64 *)&asked_at && *(volatile u64 *)&asked_pass == load(&a->passes);
}

/* Ends the agent's poll(). False: full of unread ones, contended, or not from this CPU. */
static __always_inline bool ring_bell(void)
{
	void *e = cpu_is_leaving() ? NULL : bpf_ringbuf_reserve(&bell, 8, 0);

	if (!e)
		return false;
	bpf_ringbuf_discard(e, BPF_RB_FORCE_WAKEUP);
	return true;
}

/*
 * Pairs with park_agent(), which parks and then looks whether it is asked. Who has been
 * slow must not put its older pass over a newer one: the agent would stay parked.
 */
static __always_inline void note_asked(u64 passes)
{
	int i;

	bpf_for (i, 0, 8) {
		u64 old = *(volatile u64 *)&asked_pass;

		/* as far ahead as nobody can be slow: the agent has set its count back */
		if (old - passes < 1024 ||
		    __sync_val_compare_and_swap(&asked_pass, old, passes) == old)
			break;
	}
}

/*
 * The agent shall look. Begins the time within which it has to, and wakes it when it
 * sleeps. True when it is parked: then a CPU has to come and fetch it.
 */
__noinline bool ask_agent(u64 now)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct scxu_agent *a = agent_area();
	u64 sleeps, passes;

	if (!a || !me)
		return false;
	me->counters[SCXU_COUNT_asks]++;
	unasked = ASKED;
	passes = load(&a->passes);
	if (!asked_at || asked_pass != passes) {
		/* in this order: who sees the new pass sees the new time, or an older pass */
		asked_at = now;
		barrier();
		note_asked(passes);
	}
	if (agent_is_parked())
		return true;
	/* Pairs with the agent's: rest = SLEEPS, fence, look at the rings once more. */
	sleeps = load(&a->sleeps);
	if (load(&a->rest) != SCXU_REST_SLEEPS || woken == sleeps)
		return false;
	if (!ring_bell()) /* who asks next tries again */
		return false;
	woken = sleeps;
	me->counters[SCXU_COUNT_wakes]++;
	return false;
}

/*
 * False: one that went offline while idle, or is about to. The kernel leaves its bit in the
 * idle mask, and a kick for it is one for nobody.
 */
static __always_inline bool can_be_kicked(s32 cpu)
{
	struct scxu_cpu *c = cpu_state(cpu);

	return !c || c->online;
}

/* There is work that any CPU may take. False: no CPU is idle. */
__noinline bool kick_an_idle_cpu(void)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	u32 i;

	if (!me)
		return false;
	bpf_for (i, 0, 8) {
		const struct cpumask *idle = scx_bpf_get_idle_cpumask();
		u32 cpu = bpf_cpumask_first(idle);

		scx_bpf_put_idle_cpumask(idle);
		if (cpu >= nr_cpu_ids)
			break;
		if (can_be_kicked(cpu)) {
			kick_cpu(cpu, KICK_IDLE);
			me->counters[SCXU_COUNT_kicks]++;
			return true;
		}
		scx_bpf_test_and_clear_cpu_idle(cpu);
	}
	return false;
}

/* The task lies in a DSQ: a CPU that idles and may run it shall look. False: there is none. */
static __always_inline bool kick_idle_for(struct task_struct *p, struct scxu_cpu *me)
{
	s32 cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);

	if (cpu >= 0 && !can_be_kicked(cpu))
		cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu < 0)
		return false;
	kick_cpu(cpu, 0);
	me->counters[SCXU_COUNT_kicks]++;
	return true;
}

/*
 * Where the agent shall run when no CPU is idle: in place of the task that is
 * furthest ahead of its share. Always in the same place, the agent's own time would
 * be taken from whoever has that CPU. Where virtual time is not the policy's order,
 * in place of the task that loses least: whose slice is the first to end. Not of a kernel
 * thread; of one that never met the agent as of any: all CPUs may have such.
 */
__noinline s32 cpu_for_agent(s32 prev_cpu)
{
	u64 now = bpf_ktime_get_ns(), best = 0;
	s32 found = prev_cpu;
	bool any = false;
	u32 cpu;

	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_cpu *c = cpu_state(cpu);
		u64 vtime; /* or what else is to be the largest */

		if (!c || !c->online || !c->pid || (c->slot == SCXU_NO_SLOT && !c->in_order))
			continue;
		if (own_order)
			vtime = now - c->since - c->slice;
		else
			vtime = running_vtime(c, now);
		if (any && !scxu_vtime_before(best, vtime))
			continue;
		any = true;
		best = vtime;
		found = cpu;
	}
	return found;
}

/* It has had its time: nobody has to give way to it yet. */
static __always_inline bool agent_waits(u64 now)
{
	u64 due = *(volatile u64 *)&agent_due;

	return due && (s64)(due - now) > 0;
}

/* The CPU whose task is furthest ahead looks what comes next: that task, if nothing is before it. */
static __always_inline void kick_furthest(struct scxu_cpu *me)
{
	s32 cpu = cpu_for_agent(-1);

	if (cpu < 0 || (u32)cpu >= nr_cpu_ids)
		return;
	kick_cpu(cpu, KICK_PREEMPT);
	me->counters[SCXU_COUNT_kicks]++;
}

/* A CPU shall come and fetch the parked agent: an idle one, or else one that is busy. */
static __always_inline void kick_for_agent(struct scxu_cpu *me, u64 now)
{
	if (!kick_an_idle_cpu() && !agent_waits(now))
		kick_furthest(me);
}

static __always_inline void call_agent(struct scxu_cpu *me, u64 now)
{
	if (ask_agent(now))
		kick_for_agent(me, now);
}

/*
 * Ahead of all others it may run for 7/8 of the time, some of it saved up. Else one that sleeps
 * for a nanosecond now and then would have its CPU for itself: each time it has slept.
 */
static __always_inline bool agent_has_budget(u64 runtime, u64 now)
{
	s64 most = 16 * floor_ns, budget;

	budget = agent_budget + (s64)((now - budget_at) / 8 * 7) - (s64)(runtime - budget_runtime);
	budget_at = now;
	budget_runtime = runtime;
	if (budget > most)
		budget = most;
	if (budget < -most)
		budget = -most;
	agent_budget = budget;
	return budget > 0;
}

/*
 * It has had more than its time. It displaces nobody for so long as makes up for that, and a
 * ms more, lest it be at each end of a slice: an honest agent with so much to do is worth
 * more than its share among a thousand tasks, and that it does not answer meanwhile is not
 * its fault.
 */
static __always_inline void wait_for_budget(u64 now)
{
	s64 lacks = -agent_budget;

	agent_due = now + 1000000 + (lacks > 0 ? lacks / 7 * 8 : 0);
	if (asked_at)
		asked_at = agent_due;
}

/* A floor bound of a second is no reason to be away for three. */
#define PASS_PAUSE_NS 20000000ull

/*
 * It did not rest for as long as the floor waits, nor end a pass. The floor has the others
 * meanwhile; it goes on with a quarter of a CPU, with which a long pass will end and an
 * endless loop does little harm.
 */
static __always_inline void wait_in_pass(u64 now)
{
	u64 pause = 3 * floor_ns;

	agent_due = now + (pause < PASS_PAUSE_NS ? pause : PASS_PAUSE_NS);
}

/*
 * It begins to run. Only to sleep, perhaps: then it is told, for the task that it displaces
 * is work that would keep it awake for ever, beside as many hogs as CPUs.
 */
static __always_inline void agent_runs(struct task_struct *p, struct scxu_kernel *k, u64 now)
{
	if (agent_shall_rest == SHALL_SLEEP && k && !load(&k->nr_waiting))
		k->rests++;
	agent_shall_rest = NO_REST;
	agent_due = 0;
	agent_woke_at = p->se.sum_exec_runtime;
	/* signed: a CPU that read the clock later may have run it since */
	fetched_after = (s64)(now - fetched_at) > 0 ? now - fetched_at : 0;
	fetched_at = now;
}

/* It runs so often that sleeping between would cost more than it saves. */
#define AGENT_BUSY_NS 500000ull

/*
 * In dispatch(): the parked agent runs here, before all others. It is in custody as
 * any waiting task is: when it leaves that wait meanwhile (affinity, class, bypass), the
 * kernel drops the insert, and enqueue() parks it again or the kernel has it.
 */
__noinline bool fetch_agent(s32 cpu, u64 now)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct task_struct *p = bpf_task_from_pid(agent_tid);
	u32 slots = scx_bpf_dispatch_nr_slots();
	struct scxu_cpu *from;
	bool fetched = false;
	s32 where;

	if (!p)
		return false; /* it ends: exit_task() tells */
	where = scx_bpf_task_cpu(p);
	from = cpu_state(where);
	if (!me || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) {
		kick_cpu(where, KICK_PREEMPT);
	} else if (where != cpu && from && from->displaced && scx_bpf_task_running(p)) {
		/* just being switched out by another class: back there it would wait for that */
	} else if (slots < 2) {
		/* collect() has filled the buffer: one place is for the decision of this CPU */
	} else if (__sync_val_compare_and_swap(&agent_parked, 1, 0) == 1) {
		/*
		 * Not by what was read before: meanwhile another may have fetched it, to run on
		 * another CPU, and that be just switching it out. The kernel tests its migration
		 * state without a lock (6.18), finds it disabled by a callback there, and ejects
		 * (tests/model/fetch.pml).
		 */
		barrier();
		where = scx_bpf_task_cpu(p);
		agent_runs(p, kernel_state(), now);
		if (where != cpu && scx_bpf_task_running(p)) {
			/* that CPU is just switching it out (see take()): back there */
			dsq_insert(p, DSQ_LOCAL_ON | where, floor_ns, ENQ_HEAD | ENQ_PREEMPT);
		} else {
			dsq_insert(p, DSQ_LOCAL, floor_ns, ENQ_HEAD);
			fetched = bpf_cpumask_test_cpu(cpu, p->cpus_ptr);
			if (!fetched) {
				/* an insert that the kernel refused took no slot */
				if (scx_bpf_dispatch_nr_slots() != slots)
					scx_bpf_dispatch_cancel();
				__sync_lock_test_and_set(&agent_parked, 1);
			}
		}
		me->counters[SCXU_COUNT_wakes]++;
	}
	bpf_task_release(p);
	return fetched;
}

static __always_inline u64 row_left(struct scxu_agent *a, struct scxu_kernel *k, u32 row)
{
	u64 tail = load(&k->stock_tail[row]), head, skip;

	barrier();
	head = load(&a->stock_head[row]);
	skip = load(&a->stock_skip[row]);
	if (head - tail > SCXU_STOCK)
		return 0;
	return skip - tail <= head - tail ? head - skip : head - tail;
}

/* Decisions for any CPU that nobody has taken, as the agent's words tell. */
static __always_inline u64 stock_left(struct scxu_agent *a, struct scxu_kernel *k)
{
	return row_left(a, k, 0) + row_left(a, k, 1);
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

static __always_inline bool has_kicks(const struct scxu_agent *a)
{
	return load(&a->kick_seq) != kicks_served;
}

/* The agent's wishes that concern other CPUs; none of one that is not in charge. */
__noinline int serve_kicks(s32 here)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	u32 words = (nr_cpu_ids + 63) / 64, w, i;
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	u64 seq;

	if (!me || !k || !a)
		return 0;
	seq = load(&a->kick_seq);
	if (seq == kicks_served || *(volatile u32 *)&k->floor_reason != SCXU_FLOOR_NONE)
		return 0;
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
				kick_cpu(cpu, KICK_PREEMPT);
			} else {
				kick_cpu(cpu, KICK_IDLE);
			}
		}
	}
	return 0;
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
