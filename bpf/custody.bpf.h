/* SPDX-License-Identifier: GPL-2.0-only */
/* Custody: a waiting task's slot and record, into custody, out of it, and claiming it. */
#ifndef SCXU_BPF_CUSTODY_H
#define SCXU_BPF_CUSTODY_H

#include "agent.bpf.h"

static __noinline u32 slot_alloc(struct scxu_kernel *k)
{
	u32 used;
	int i;

	if (!k)
		return SCXU_NO_SLOT;
	bpf_for (i, 0, 64) {
		u64 head = load(&free_head), next;
		u32 slot = (u32)head - 1, *link;

		if (!(u32)head)
			break;
		link = bpf_map_lookup_elem(&next_free, &slot);
		if (!link)
			return SCXU_NO_SLOT;
		/* the tag makes a head that went and came back differ */
		next = ((head >> 32) + 1) << 32 | *(volatile u32 *)link;
		if (__sync_val_compare_and_swap(&free_head, head, next) == head) {
			__sync_fetch_and_add(&k->slots_used, 1);
			return slot;
		}
	}
	bpf_for (i, 0, 64) {
		used = *(volatile u32 *)&k->slots_high;
		if (used >= max_tasks)
			break;
		if (__sync_val_compare_and_swap(&k->slots_high, used, used + 1) == used) {
			__sync_fetch_and_add(&k->slots_used, 1);
			return used;
		}
	}
	return SCXU_NO_SLOT;
}

static __noinline int slot_free(struct scxu_kernel *k, u32 slot)
{
	u32 *link = bpf_map_lookup_elem(&next_free, &slot);
	int i;

	if (!link || !k)
		return -EINVAL;
	bpf_for (i, 0, 1024) {
		u64 head = load(&free_head);
		u64 next = ((head >> 32) + 1) << 32 | (slot + 1);

		*(volatile u32 *)link = (u32)head;
		if (__sync_val_compare_and_swap(&free_head, head, next) == head) {
			__sync_fetch_and_sub(&k->slots_used, 1);
			return 0;
		}
	}
	return -EBUSY; /* the slot is lost; not seen with 1024 tries */
}

static __always_inline void record_affinity(struct scxu_record *r, struct task_struct *p)
{
	u32 words = (nr_cpu_ids + 63) / 64, w;

	r->nr_cpus_allowed = p->nr_cpus_allowed;
	if (!affinity_agent)
		return;
	bpf_for (w, 0, words) {
		if (w >= SCXU_MAX_CPUS / 64)
			break;
		bpf_probe_read_kernel(&r->cpus[w], sizeof(u64), (const u64 *)p->cpus_ptr + w);
	}
}

/* Gives the task a slot at its first wait; the generation goes on from the last owner's. */
static __noinline int task_slot(struct task_struct *p, struct task_ctx *t, struct scxu_kernel *k)
{
	struct scxu_record *r;
	u32 slot;

	if (!t || !k)
		return -EINVAL;
	if (t->slot != SCXU_NO_SLOT)
		return 0;
	slot = slot_alloc(k);
	r = record(slot);
	if (!r)
		return -ENOENT;
	r->birth = __sync_fetch_and_add(&births, 1) + 1;
	t->slot = slot;
	return 0;
}

/* See watch_fire(). Interrupts of this CPU have to work: see cpu_is_leaving(). */
__noinline int watch_start(void)
{
	struct watch *watch;
	u32 zero = 0;

	if (__sync_val_compare_and_swap(&watch_armed, 0, 1))
		return 0;
	watch = bpf_map_lookup_elem(&watches, &zero);
	/* 7.x: with interrupts off it has to allocate, and may fail */
	if (!watch || bpf_timer_start(&watch->timer, WATCH_NS, 0))
		watch_armed = 0;
	return 0;
}

static __always_inline void watch_arm(void)
{
	if (!watch_armed && !cpu_is_leaving())
		watch_start();
}

/* After the record says WAITING: see 6. of the opening comment. */
static __always_inline void mark_waiting(u32 slot)
{
	u32 w = slot / 64;
	u64 *word = bpf_map_lookup_elem(&maybe_waiting, &w), bit = 1ull << (slot & 63);

	if (word && !(load(word) & bit))
		__sync_fetch_and_or(word, bit);
}

/*
 * Of late a CPU has helped itself (take_first()): that nothing waited for a moment was not the
 * agent's doing, and the floor's time goes on.
 */
#define HELP_NS (2 * (floor_ns + TICK_NS))

static __always_inline bool helped_of_late(u64 now)
{
	return helped_at && (s64)(now - helped_at) < (s64)HELP_NS;
}

static __always_inline bool into_custody(struct task_struct *p, struct task_ctx *t,
					 struct scxu_kernel *k, struct scxu_cpu *me, u32 cpu,
					 u32 flags, u64 now)
{
	struct scxu_record *r = record(t->slot);
	u64 old;

	if (!r)
		return false;
	/* in this order: see 4. of the opening comment */
	*(volatile u64 *)&t->gen = (r->state >> SCXU_GEN_SHIFT) + 1;
	barrier();
	*(volatile u64 *)&t->qseq = task_qseq(p);
	/* exec() by a thread that does not lead its process changes its pid */
	r->pid = p->pid;
	r->tgid = p->tgid;
	r->enqueued_at = now;
	r->waited_until = t->waited_until;
	r->runtime = p->se.sum_exec_runtime;
	r->vtime = t->vtime;
	r->weight = p->scx.weight;
	r->slice = p->se.custom_slice ? p->se.slice : 0;
	r->flags = flags | (t->flags & TASK_UNDECIDED ? SCXU_WAIT_UNDECIDED : 0);
	r->cpu = scx_bpf_task_cpu(p);
	if (r->nr_cpus_allowed != (u32)p->nr_cpus_allowed || affinity_agent)
		record_affinity(r, p);
	__builtin_memcpy(r->comm, p->comm, sizeof(r->comm));

	old = __sync_lock_test_and_set(&r->state, t->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING);
	if ((old & SCXU_STATE_MASK) != SCXU_TASK_WAITING &&
	    !__sync_fetch_and_add(&k->nr_waiting, 1) && !helped_of_late(now)) {
		short_since = 0;
		if (probation)
			probation = now;
		/*
		 * An agent that was asked after it had read all events, with nothing
		 * waiting any more, may sleep without another pass: no answer to that.
		 */
		asked_at = 0;
	}

	mark_waiting(t->slot);
	push_event(me, cpu, t->slot);
	return true;
}

/* The kernel runs or releases it by other ways than ours. */
static __always_inline void leave_custody(struct task_ctx *t, struct scxu_kernel *k)
{
	struct scxu_record *r = record(t->slot);
	u64 state;

	if (!r)
		return;
	state = load(&r->state);
	if ((state & SCXU_STATE_MASK) == SCXU_TASK_WAITING &&
	    __sync_val_compare_and_swap(&r->state, state, state & ~SCXU_STATE_MASK) == state)
		__sync_fetch_and_sub(&k->nr_waiting, 1);
}

/*
 * Every value is possible, and worth a look at its wait. What the library writes
 * is: so one that is not tells that the agent is broken, not that it is late.
 */
static __always_inline bool makes_sense(const struct scxu_decision *d)
{
	struct scxu_record *r = record(d->slot);
	u64 slice = d->slice_us ? (u64)d->slice_us * 1000 : slice_ns;

	return r && !(d->flags & ~SCXU_DECIDE_FLAGS) && !(d->gen >> (64 - SCXU_GEN_SHIFT)) &&
	       slice >= SCXU_SLICE_MIN_NS && slice <= SCXU_SLICE_MAX_NS;
}

static __always_inline bool waits_still(const struct scxu_decision *d)
{
	struct scxu_record *r = record(d->slot);

	return r && load(&r->state) == (d->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING);
}

/* The task's virtual time by the decision, or by our account. */
static __always_inline u64 decided_vtime(const struct scxu_decision *d)
{
	struct scxu_record *r;

	if (d->flags & SCXU_DECIDE_VTIME)
		return d->vtime;
	r = record(d->slot);
	return r ? r->vtime : 0;
}

enum take_how { TAKE_DECISION, TAKE_SHORT, TAKE_FLOOR, TAKE_STARVED };

/*
 * Claims the wait that the decision (which makes sense) names and inserts its task into this CPU's
 * local DSQ (a decision, or one that the CPU makes for want of any), DSQ_SHARED (the floor), or
 * DSQ_STARVED. Returns 0; 1 when
 * it did not go into the local one; or -EINVAL, -ENOENT (stale), -EBUSY (bounced) having
 * counted it: the task then still waits, or is gone.
 */
__noinline int take(struct scxu_decision *d __arg_nonnull, s32 cpu, u32 how)
{
	u32 here = bpf_get_smp_processor_id(), slots;
	struct scxu_cpu *me = cpu_state(here);
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	u64 waiting, taken, slice, vtime;
	struct scxu_record *r;
	struct task_struct *p;
	struct task_ctx *t;
	int err = -ENOENT;
	bool shared, same_wait;

	if (!me || !k)
		return -EINVAL;
	r = record(d->slot);
	if (!r) {
		count_invalid(me);
		return -EINVAL;
	}
	slice = d->slice_us ? (u64)d->slice_us * 1000 : slice_ns;
	if (how == TAKE_FLOOR || how == TAKE_STARVED)
		/* who starves does so beside thousands: the watch ends it early */
		slice = how == TAKE_STARVED ? TICK_NS / 4 : shared_slice();
	waiting = d->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING;
	taken = d->gen << SCXU_GEN_SHIFT | SCXU_TASK_TAKEN;
	if (__sync_val_compare_and_swap(&r->state, waiting, taken) != waiting)
		goto stale;
	__sync_fetch_and_sub(&k->nr_waiting, 1);
	p = bpf_task_from_pid(r->pid);
	if (!p)
		goto stale;
	t = task_ctx(p);
	if (!t || t->slot != d->slot) { /* the pid is another's by now */
		bpf_task_release(p);
		goto stale;
	}
	vtime = t->vtime;
	/* The policy's account, as far as it leaves the task in the order. */
	if (d->flags & SCXU_DECIDE_VTIME)
		vtime = within(d->vtime, k->vnow, slices(ORDER_SLICES, p->scx.weight),
			       lead_limit(p->scx.weight));
	/* it began to wait before CPUs were scarce */
	if (how == TAKE_FLOOR && cpus_scarce)
		vtime = within(vtime, k->vnow, slices(ORDER_SLICES, p->scx.weight),
			       scarce_lead(p->scx.weight));
	/*
	 * One that another CPU is just switching out: 6.12 tests its migration
	 * state without a lock, may find it disabled (by a callback that runs on
	 * its behalf) and ejects. From DSQ_SHARED such a task is passed over.
	 */
	shared = how == TAKE_FLOOR || how == TAKE_STARVED ||
		 (scx_bpf_task_running(p) && scx_bpf_task_cpu(p) != cpu);

	slots = scx_bpf_dispatch_nr_slots();
	if (how == TAKE_STARVED) {
		dsq_fills(DSQ_STARVED, me, bpf_ktime_get_ns());
		dsq_insert_vtime(p, DSQ_STARVED, slice, t->enqueued_at, 0);
	} else if (shared) {
		dsq_fills(DSQ_SHARED, me, bpf_ktime_get_ns());
		dsq_insert_vtime(p, DSQ_SHARED, slice, by_cpu(cpu, vtime, p->scx.weight), 0);
	} else {
		dsq_insert(p, DSQ_LOCAL, slice, 0);
	}

	/* 4. and 5. of the opening comment */
	same_wait = *(volatile u64 *)&t->qseq == task_qseq(p);
	barrier();
	if (same_wait && *(volatile u64 *)&t->gen == d->gen) {
		if (shared || test_no_affinity_check ||
		    (bpf_cpumask_test_cpu(cpu, p->cpus_ptr) &&
		     (!task_migration_disabled(p, 1) || scx_bpf_task_cpu(p) == cpu)))
			err = shared;
		else
			err = -EBUSY;
	}
	if (err < 0) {
		/* an insert that the kernel refused took no slot */
		if (scx_bpf_dispatch_nr_slots() != slots)
			scx_bpf_dispatch_cancel();
		bpf_task_release(p);
		if (err == -ENOENT)
			goto stale;
		me->counters[SCXU_COUNT_bounced]++;
		if (__sync_val_compare_and_swap(&r->state, taken, waiting) == taken) {
			__sync_fetch_and_add(&k->nr_waiting, 1);
			mark_waiting(d->slot);
			r->flags |= SCXU_WAIT_BOUNCED;
			push_event(me, here, d->slot);
			/* while it was taken nothing waited: watch and agent may sleep */
			if (a) {
				note_unread(a, r->vtime);
				unasked = UNASKED;
			}
			watch_arm();
		}
		return err;
	}
	t->vtime = vtime;
	t->slice = slice;
	if (how == TAKE_DECISION)
		t->flags &= ~TASK_UNDECIDED;
	else
		t->flags |= how == TAKE_STARVED ? TASK_UNDECIDED | TASK_STARVED : TASK_UNDECIDED;
	/*
	 * This CPU takes one, and not one that may not run here; a CPU that is idle does
	 * not look by itself.
	 */
	if (shared)
		kick_idle_for(p, me);
	bpf_task_release(p);
	if (how == TAKE_SHORT) {
		helped_at = bpf_ktime_get_ns();
		me->counters[SCXU_COUNT_floor_rescues]++;
	} else if (how == TAKE_FLOOR) {
		me->counters[SCXU_COUNT_floor_rescues]++;
		__sync_fetch_and_add(&last_episode(k)->tasks, 1);
	} else if (how == TAKE_STARVED) {
		me->counters[SCXU_COUNT_starved]++;
	} else {
		me->counters[SCXU_COUNT_applied]++;
		if (own_order != !(d->flags & SCXU_DECIDE_VTIME))
			own_order = !(d->flags & SCXU_DECIDE_VTIME);
		short_since = 0;
		helped_at = 0;
		probation = 0;
		if (!(d->flags & SCXU_DECIDE_PREEMPT))
			advance_vnow(&k->vnow, vtime);
	}
	return err;
stale:
	me->counters[SCXU_COUNT_stale]++;
	return -ENOENT;
}

/* The next decision for a CPU, out of its ring or out of the stock. */
struct next_decision {
	struct scxu_decision d;
	u64 vtime; /* decided_vtime() */
	u64 seen; /* the ring's tail then */
	u64 next; /* where the decision is */
	u32 from; /* row of the stock, or OWN_RING */
	u32 pad;
};
#define OWN_RING SCXU_ROWS

/* False: there is none, which is half of the time. */
static __always_inline bool has_decision(u32 cpu, const struct scxu_cpu *me,
					 const struct scxu_agent *a, const struct scxu_kernel *k)
{
	struct scxu_agent_cpu *ac = bpf_map_lookup_elem(&agent_cpus, &cpu);

	return !ac || load(&ac->decisions_head) != load(&me->decisions_tail) ||
	       load(&a->stock_head[0]) != load(&k->stock_tail[0]) ||
	       load(&a->stock_head[1]) != load(&k->stock_tail[1]);
}

/* Fills *n with the earliest of the three, a preempting one of the CPU's ring first. 0: none. */
__noinline int peek_decision(s32 cpu, struct next_decision *n __arg_nonnull)
{
	struct scxu_cpu *me = cpu_state(cpu);
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	struct scxu_agent_cpu *ac;
	u32 key = cpu, row;
	int found = 0;

	ac = bpf_map_lookup_elem(&agent_cpus, &key);
	if (!me || !k || !a || !ac)
		return 0;
	if (ring_next(&me->decisions_tail, &ac->decisions_head, &ac->decisions_skip,
		      SCXU_CPU_DECISIONS, me, &n->seen, &n->next)) {
		found = 1;
		n->from = OWN_RING;
		n->d = ac->ring[n->next & (SCXU_CPU_DECISIONS - 1)];
		n->vtime = decided_vtime(&n->d);
		if (n->d.flags & SCXU_DECIDE_PREEMPT)
			return 1;
	}
	bpf_for (row, 0, SCXU_ROWS) {
		u64 seen = 0, next = 0, vtime;
		struct scxu_decision d;

		if (row >= SCXU_ROWS ||
		    !ring_next(&k->stock_tail[row], &a->stock_head[row], &a->stock_skip[row],
			       SCXU_STOCK, me, &seen, &next))
			continue;
		d = a->stock[row][next & (SCXU_STOCK - 1)];
		barrier_var(d.slot);
		vtime = decided_vtime(&d);
		if (found && !scxu_vtime_before(vtime, n->vtime))
			continue;
		found = 1;
		n->from = row;
		n->d = d;
		n->vtime = vtime;
		n->seen = seen;
		n->next = next;
	}
	return found;
}

/* Takes it out of its ring; false when another CPU was first. */
static __always_inline bool pop_decision(const struct next_decision *n, struct scxu_cpu *me,
					 struct scxu_kernel *k)
{
	u64 *tail = n->from == OWN_RING ? &me->decisions_tail : &k->stock_tail[n->from & 1];

	if (__sync_val_compare_and_swap(tail, n->seen, n->next + 1) != n->seen)
		return false;
	me->counters[SCXU_COUNT_decisions]++;
	return true;
}

#endif
