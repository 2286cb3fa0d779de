/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel part: hands waiting tasks to the agent, carries out its decisions,
 * and schedules by itself whatever the agent does not, may not or cannot.
 *
 * The way of one wake-up
 * ----------------------
 *  enqueue()   The task goes one of three ways:
 *                kernel thread       -> DSQ_KTHREADS, a FIFO, served first;
 *                kept in the kernel  -> DSQ_SHARED, by weighted virtual time:
 *                                       limited affinity, no slot, killed, a
 *                                       thread of the agent's process, floor in
 *                                       charge;
 *                all others          -> into *custody*: in no DSQ at all. The
 *                                       record tells the facts, the event ring
 *                                       of the executing CPU tells the agent.
 *  agent       Orders the waiting tasks and writes decisions ahead of need: into
 *              a CPU's ring, or into the stock, which any CPU takes from. Then it
 *              yields and is *parked*: in custody like others, until a CPU finds no
 *              decision, or one that has to be looked over (fetch_agent()). With
 *              nothing to do it sleeps on the bell. When it has had its time, in a
 *              pass or by sleeping a lot, it is parked as well, and due later.
 *  dispatch()  A CPU that needs work takes the next decision, claims the wait
 *              that it names, inserts the task, and looks again whether all that
 *              it relied on still holds.
 *
 * With --decide standing, a wake-up of which the agent has left word goes to DSQ_SHARED
 * at once (standing.bpf.h). Whatever the reason, who wakes into it preempts this CPU's task
 * if that is ahead of it, or else the task that is furthest ahead (preempt_for()).
 *
 * The floor: when the agent was asked and does not answer for floor_ns, waiting
 * tasks move from custody to DSQ_SHARED, and new ones go there directly, until
 * it answers. While both kinds are there, a CPU takes whichever is first by virtual
 * time: its own order and the agent's in one unit (state.bpf.h), so that neither side
 * starves the other. An agent that answers, but slowly, keeps the machine: a CPU that is
 * short of decisions for half as long takes the first that waits (take_first()).
 *
 * Why no task is lost
 * -------------------
 * A task in custody has a record with a state word, generation << 2 | state:
 *
 *   IDLE(g) or TAKEN(g) -> WAITING(g+1)  enqueue(), holding the task's rq lock
 *   WAITING(g)          -> WAITING(g+1)  enqueue(), likewise: it was dequeued and
 *                                        enqueued again (nice, affinity, bypass)
 *   WAITING(g)          -> TAKEN(g)      take(), compare-and-swap, on any CPU
 *   TAKEN(g)            -> WAITING(g)    take(), compare-and-swap, having
 *                                        cancelled the insert
 *   WAITING(g)          -> IDLE(g)       compare-and-swap: running(), when the
 *                                        kernel ran it in bypass; disable(), when
 *                                        it left our class
 *   any(g)              -> IDLE(g+1)     exit_task()
 *
 * 1. enqueue() always ends in WAITING with a new generation, published by an
 *    atomic exchange after the facts. So whatever happened before, a task that
 *    the kernel has just given us can be claimed.
 * 2. Only one CPU wins the swap WAITING(g) -> TAKEN(g); losers count "stale".
 * 3. The winner inserts. The kernel notes the task's queue sequence number at
 *    the insert and drops the insert in finish_dispatch() if the task has left
 *    that wait since. A dropped insert therefore means that the task was
 *    dequeued; it is then no business of ours, or enqueue() is called again and
 *    1. holds.
 * 4. The insert could note the number of a *later* wait, if the task was enqueued
 *    anew between swap and insert. So enqueue() keeps the number that the kernel
 *    gave to this wait (it is set before ops.enqueue), and take() compares it
 *    after the insert, and the generation after that, which enqueue() sets first:
 *    numbers only grow, so when it is equal afterwards it was equal at the insert.
 *    If not, the insert is cancelled and the later wait has its own WAITING(g+1).
 *    (Some kernels number by run queue, not by task: there an equal number of
 *    another queue would slip through, were the enqueue of that very task between
 *    swap and insert. The task then runs by a decision for its last wait.)
 * 5. Affinity is tested after the insert too. A change needs a dequeue: before
 *    the insert, the test sees the new mask; after it, 3. drops the insert.
 * 6. The map of possibly waiting slots is a hint that errs to one side: enqueue()
 *    publishes WAITING, then sets the bit if it is clear; the collector clears
 *    bits, then reads states, and sets again what it leaves. Both orders are
 *    fenced by atomics, so a waiting task without a bit does not exist.
 *
 * A record in WAITING whose task is in truth not in custody (it sleeps after a
 * bypass, say) does no harm: its decision's insert is dropped by 3.
 *
 * tests/model/ has models of this; ./test model looks at all their interleavings.
 *
 * Agents come and go
 * ------------------
 * User space pins maps, programs and link: all this lives without an agent. enlist()
 * names the thread that is one, while no other lives; exit_task() notices its end,
 * and the floor has the machine until another answers. What an agent knew is in
 * the records: a task's virtual time and run time go on. With none for orphan_ns
 * the watch ends the scheduler.
 *
 * An agent is believed as far as its word can do no harm: slots, generations and
 * rings are checked where they enter, CPUs after the insert. Values that no agent
 * of ours writes (makes_sense(), ring_next()) tell that it is broken: the floor
 * takes over, for longer each time that this happens again within a second.
 */
#include "standing.bpf.h"

char _license[] SEC("license")
= "GPL";

/* --- enqueue ------------------------------------------------------------ */

/* Tasks that the kernel part orders by itself. */
static __always_inline bool enqueue_shared(struct task_struct *p, u64 slice, u64 vtime,
					   u64 enq_flags, struct scxu_cpu *me, u64 now)
{
	dsq_fills(DSQ_SHARED, me, now);
	if (agent_orders(p))
		vtime = by_cpu(scx_bpf_task_cpu(p), vtime, p->scx.weight);
	dsq_insert_vtime(p, DSQ_SHARED, slice, vtime, enq_flags);
	/* The kick happens when the rq lock is released, after the insert. */
	if (kick_idle_for(p, me))
		return true;
	watch_arm(); /* for a CPU that goes idle before the insert takes effect */
	return false;
}

/* A woken task comes before the running one, by more than this [CFS: wakeup granularity]. */
#define PREEMPT_AHEAD_NS 1000000ull

/*
 * By how much virtual time the task that the CPU runs is ahead of a woken one; 0 where that displaces
 * none. vtime is by the agent's order for a task of that, by its CPU's for any other. What is so far
 * apart is by orders that say nothing of each other: see ORDER_SLICES.
 */
__noinline s64 runs_ahead(u32 cpu, u64 vtime, u32 weight, bool agents, u64 now)
{
	struct scxu_cpu *c = cpu_state(cpu);
	s64 ahead;

	if (!c || !c->online || !c->pid || !c->in_order || c->in_order == SCXU_GIVES_WAY)
		return 0;
	ahead = running_vtime(c, now) + (agents ? 0 : c->shift) - vtime;
	if (ahead > (s64)slices(ORDER_SLICES, weight) &&
	    ahead > (s64)slices(ORDER_SLICES, c->weight))
		return 0;
	return ahead;
}

/*
 * A woken task lies in DSQ_SHARED: this CPU looks what comes next if its task is ahead of it, and
 * no other is disturbed [CFS: check_preempt_wakeup() knows this one only]; or else, of those that it
 * may use, the one whose task is furthest ahead; not one that another such has asked. A policy's own
 * order says nothing of virtual time.
 */
__noinline int preempt_for(struct task_struct *p __arg_trusted, u64 vtime, u64 now)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	s64 most = scxu_vtime_of(PREEMPT_AHEAD_NS, p->scx.weight ?: 1);
	u32 i, here = bpf_get_smp_processor_id(), first = here, n = nr_cpu_ids;
	bool agents = agent_orders(p);
	struct scxu_cpu *its;
	s32 found = -1;

	if (own_order || !me)
		return 0;
	if (p->nr_cpus_allowed == 1) {
		first = scx_bpf_task_cpu(p);
		n = 1;
	}
	bpf_for (i, 0, n) {
		u32 cpu = first + i < nr_cpu_ids ? first + i : first + i - nr_cpu_ids;
		s64 ahead;

		if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
			continue;
		ahead = runs_ahead(cpu, vtime, p->scx.weight, agents, now);
		if (ahead <= most)
			continue;
		most = ahead;
		found = cpu;
		if (cpu == here)
			break;
	}
	its = found < 0 ? NULL : cpu_state(found);
	if (!its || !may_preempt(found))
		return 0;
	its->in_order = SCXU_GIVES_WAY;
	kick_cpu(found, KICK_PREEMPT);
	me->counters[SCXU_COUNT_kicks]++;
	me->counters[SCXU_COUNT_preemptions]++;
	return 0;
}

/*
 * A task waits whose waker says that it is about to sleep: this CPU will take it then, and none has to
 * give way for it. The watch sees to those that do not, and once more: a CPU that gives way
 * may take another, which came before. (One that waits for the agent needs none of this: the CPU
 * that the agent leaves looks what comes next.)
 */
static __always_inline void await_sleep(struct scxu_cpu *me)
{
	if (me->pid) {
		sleep_awaited = 2;
		watch_arm();
	}
}

static __always_inline void enqueue_woken(struct task_struct *p, u64 slice, u64 vtime,
					  u64 enq_flags, bool sync, struct scxu_cpu *me, u64 now)
{
	u32 here = bpf_get_smp_processor_id();
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();

	/* an idle CPU takes it, or what is decided and before it: then it waits all the same */
	if (enqueue_shared(p, slice, vtime, enq_flags, me, now) && !(k && a && stock_left(a, k)))
		return;
	if (sync && bpf_cpumask_test_cpu(here, p->cpus_ptr))
		await_sleep(me);
	else
		preempt_for(p, vtime, now);
}

static __always_inline void enqueue_standing(struct task_struct *p, struct task_ctx *t,
					     const struct scxu_standing *s, u64 enq_flags,
					     bool sync, struct scxu_cpu *me, u64 now)
{
	u64 vtime = t->vtime + s->deadline_us * 1000ll;

	me->counters[SCXU_COUNT_standing]++;
	t->flags |= TASK_UNDECIDED;
	t->slice = standing_slice(s);
	if (s->flags & SCXU_DECIDE_PREEMPT)
		enqueue_woken(p, t->slice, vtime, enq_flags, sync, me, now);
	else
		enqueue_shared(p, t->slice, vtime, enq_flags, me, now);
}

static __always_inline bool kept_in_kernel(struct task_struct *p)
{
	if (p->tgid == agent_tgid)
		return true; /* the agent's other threads: never through itself */
	if (p->flags & PF_EXITING)
		return true; /* its pid may be gone, by which take() finds it */
	if (is_killed(p))
		return true; /* it may be one of ten thousand: there is nothing to decide */
	return !agent_orders(p);
}

/*
 * It yields, or has had its time: it is kept in no DSQ until a CPU needs it, or until
 * agent_due, and the watch looks after it.
 */
static __always_inline void park_agent(struct scxu_agent *a, struct scxu_cpu *me, u64 now)
{
	/* pairs with ask_agent() */
	__sync_lock_test_and_set(&agent_parked, 1);
	watch_arm();
	if (agent_is_wanted(a))
		kick_for_agent(me, now);
	else if (agent_shall_rest)
		kick_an_idle_cpu();
}

static __always_inline void enqueue_agent(struct task_struct *p, u64 enq_flags,
					  struct scxu_agent *a, struct scxu_cpu *me)
{
	u64 now = bpf_ktime_get_ns(), ran, passes = load(&a->passes);
	struct scxu_cpu *its = cpu_state(scx_bpf_task_cpu(p));
	bool has_budget = agent_has_budget(p->se.sum_exec_runtime, now);
	bool works = passes != agent_pass;

	agent_pass = passes;
	if (enq_flags & ENQ_WAKEUP)
		agent_runs(p, kernel_state(), now);
	if (enq_flags & ENQ_REENQ || (its && its->displaced)) {
		/* another class has its CPU, in the middle of its work, perhaps: it goes on elsewhere */
		if (!has_budget)
			wait_for_budget(now);
		agent_shall_rest = GOES_ON;
		__sync_lock_test_and_set(&agent_parked, 1);
		watch_arm();
		kick_for_agent(me, now);
		return;
	}
	if (enq_flags & ENQ_WAKEUP && has_budget) {
		/* It has slept: it may run at once, for so long as the floor would wait. */
		dsq_insert(p, DSQ_LOCAL, floor_ns, enq_flags | ENQ_HEAD | ENQ_PREEMPT);
		/* 6.16: a CPU on its way to idle does not see the insert by itself */
		kick_cpu(scx_bpf_task_cpu(p), 0);
		return;
	}
	if (load(&a->rest) == SCXU_REST_PARKS) {
		if (!has_budget)
			wait_for_budget(now);
		park_agent(a, me, now);
		return;
	}
	/*
	 * A preempting kick for the task that ran before may arrive when the agent is
	 * there already: it has not had its time, and nothing goes on without it. Or it
	 * has much to read, and gets on with it: in its turn among ten thousand tasks it
	 * would come after seconds.
	 */
	ran = p->se.sum_exec_runtime - agent_woke_at;
	if (ran >= floor_ns && works) {
		agent_woke_at += ran;
		ran = 0;
	}
	if (ran < floor_ns && has_budget) {
		dsq_insert(p, DSQ_LOCAL, floor_ns - ran, enq_flags | ENQ_HEAD);
		kick_cpu(scx_bpf_task_cpu(p), KICK_PREEMPT);
		return;
	}
	if (ran >= floor_ns)
		wait_in_pass(now); /* its silence counts, whatever its budget */
	else
		wait_for_budget(now);
	agent_shall_rest = GOES_ON; /* it wants to, whether it is asked or not */
	park_agent(a, me, now);
}

static __always_inline void enqueue_kthread(struct task_struct *p, u64 enq_flags,
					    struct scxu_cpu *me)
{
	me->counters[SCXU_COUNT_kernel_enqueues]++;
	/*
	 * One that a real-time task displaced is not put there again: with a new slice each time
	 * it would keep the one behind it out, which the kernel (7.1 on) counts, and ejects us.
	 */
	if (p->nr_cpus_allowed == 1 && !(enq_flags & ENQ_REENQ)) {
		struct scxu_cpu *c = cpu_state(scx_bpf_task_cpu(p));

		/* A policy may give a slice of a second; the watch ends it for all others. */
		if (c && c->pid && c->slice > LONG_SLICE_NS)
			enq_flags |= ENQ_PREEMPT;
		dsq_insert(p, DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	dsq_fills(DSQ_KTHREADS, me, bpf_ktime_get_ns());
	dsq_insert(p, DSQ_KTHREADS, slice_ns, enq_flags);
	if (!kick_idle_for(p, me))
		watch_arm();
}

/* The CPU runs a task that is further on in virtual time. */
static __always_inline bool runs_behind(const struct scxu_cpu *c, u64 vtime, u64 now)
{
	return c->pid && c->slot != SCXU_NO_SLOT && scxu_vtime_before(vtime, running_vtime(c, now));
}

/*
 * A task went into custody. One that wakes may deserve a CPU at once. One whose slice
 * has ended does not, as long as CPUs find decisions: dispatch() asks in time.
 *
 * A parked agent costs nobody his CPU when a CPU comes by itself: that of the task,
 * which the kernel wakes when it idles, or the one that does this, for a waker that is
 * about to sleep. What is not asked then, is by the watch.
 */
static __always_inline void tell_agent(struct task_struct *p, struct scxu_kernel *k,
				       struct scxu_agent *a, struct scxu_cpu *me, u32 flags,
				       bool sync, u64 vtime, u64 now)
{
	s32 cpu = scx_bpf_task_cpu(p);
	struct scxu_cpu *its = cpu_state(cpu);

	agent_goes = cpu;
	if (!agent_is_parked()) {
		if (flags || !stock_left(a, k))
			call_agent(me, now);
		else
			unasked = UNASKED;
		return;
	}
	if (its && its->idle) {
		ask_agent(now);
		return;
	}
	if (!(sync && its == me) && kick_an_idle_cpu()) {
		ask_agent(now);
		return;
	}
	if (flags & SCXU_WAIT_WAKEUP && !sync) {
		ask_agent(now);
		/* here, if this CPU's task has to give way to that one anyway: no other is disturbed */
		if (!own_order && runs_behind(me, vtime, now))
			kick_cpu(bpf_get_smp_processor_id(), KICK_PREEMPT);
		else
			kick_for_agent(me, now);
	} else {
		unasked = flags ? UNASKED_WAKEUP : UNASKED;
	}
}

void BPF_STRUCT_OPS(scxu_enqueue, struct task_struct *p, u64 enq_flags)
{
	u32 cpu = bpf_get_smp_processor_id(), flags = 0;
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	struct scxu_cpu *me = cpu_state(cpu);
	struct scxu_standing stand = {}; /* clang would spill an undefined one */
	struct task_ctx *t;
	bool sync, stays;
	u64 now;

	if (!k || !me || !a) { /* impossible; but a task must go somewhere */
		dsq_insert(p, DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	/* of a task with one CPU select_cpu() is not asked: it is another's */
	sync = me->wake_sync && p->nr_cpus_allowed > 1;
	me->wake_sync = 0;
	stays = task_migration_disabled(p, me->in_release ? 2 : 1);
	/* one that ends is no agent any more: parked, nobody would find it by its pid */
	if (p->pid == agent_tid && !(p->flags & PF_EXITING)) {
		if (stays)
			dsq_insert(p, DSQ_LOCAL, floor_ns, enq_flags);
		else
			enqueue_agent(p, enq_flags, a, me);
		return;
	}
	if (p->flags & PF_KTHREAD) {
		enqueue_kthread(p, enq_flags, me);
		return;
	}
	t = task_ctx(p);
	if (!t) { /* impossible too */
		dsq_insert(p, DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	now = bpf_ktime_get_ns();
	t->enqueued_at = now;
	/* all threads of a process die at once: what sleepers are owed would put all before others */
	if (enq_flags & ENQ_WAKEUP)
		flags |= is_killed(p) ? SCXU_WAIT_NEW : SCXU_WAIT_WAKEUP;
	if (t->flags & TASK_FRESH) {
		flags |= SCXU_WAIT_NEW;
		t->flags &= ~TASK_FRESH;
	}
	flags = forgotten(me, flags);
	place(p, t, k, flags);

	if (stays && !(enq_flags & ENQ_REENQ)) {
		me->counters[SCXU_COUNT_kernel_enqueues]++;
		dsq_insert(p, DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	if (stays || kept_in_kernel(p)) {
		me->counters[SCXU_COUNT_kernel_enqueues]++;
		goto shared;
	}
	floor_check(k, a, now);
	if (!agent_in_charge(k)) {
		me->counters[SCXU_COUNT_floor_enqueues]++;
		__sync_fetch_and_add(&last_episode(k)->tasks, 1);
		floor_calls_agent(me, now);
		goto shared;
	}
	if (flags == SCXU_WAIT_WAKEUP && stands(t, me, &stand)) {
		leave_custody(t, k); /* see "shared" */
		enqueue_standing(p, t, &stand, enq_flags, sync, me, now);
		return;
	}
	if (task_slot(p, t, k) ||
	    !into_custody(p, t, k, me, cpu, flags | (sync ? SCXU_WAIT_SYNC : 0), now)) {
		me->counters[SCXU_COUNT_no_slot]++;
		goto shared;
	}
	me->counters[SCXU_COUNT_user_enqueues]++;
	watch_arm();
	note_unread(a, t->vtime);
	tell_agent(p, k, a, me, flags, sync, t->vtime, now);
	return;
shared:
	t->flags |= TASK_UNDECIDED;
	if (t->slot != SCXU_NO_SLOT)
		leave_custody(t, k); /* of an earlier wait: its decision must not touch this one */
	/*
	 * Forking shall gain nothing from the floor either [START_DEBIT, as
	 * policies/vruntime tells], unless it has slept since. Beside an agent, that has others
	 * to order, it would add up: each that is first takes virtual now along.
	 */
	if (flags == SCXU_WAIT_NEW && is_killed(p))
		t->vtime = place_ending(p, t->vtime);
	else if (flags == SCXU_WAIT_NEW && !agent_in_charge(k))
		t->vtime += scxu_vtime_of(cpus_scarce ? SCARCE_NS : slice_ns, p->scx.weight);
	if (flags & SCXU_WAIT_WAKEUP)
		enqueue_woken(p, shared_slice(), t->vtime, enq_flags, sync, me, now);
	else
		enqueue_shared(p, shared_slice(), t->vtime, enq_flags, me, now);
}

s32 BPF_STRUCT_OPS(scxu_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	bool is_idle = false, is_agent = p->pid == agent_tid, kept, standing_one = false;
	struct scxu_standing stand = {}; /* clang would spill an undefined one */
	struct task_ctx *t = NULL;
	s32 cpu;

	if (!k || !me || !a)
		return prev_cpu;
	if (is_agent)
		agent_runs(p, k, bpf_ktime_get_ns());
	kept = is_agent || (p->flags & PF_KTHREAD) || kept_in_kernel(p);
	if (!kept && !agent_in_charge(k)) {
		u64 now = bpf_ktime_get_ns();

		/* with idle CPUs no task may come by enqueue(): look here too */
		floor_check(k, a, now);
		floor_calls_agent(me, now);
		kept = !agent_in_charge(k);
	}
	me->wake_sync = !!(wake_flags & WAKE_SYNC);
	if (decide_standing && !kept) {
		t = task_ctx(p);
		standing_one = stands(t, me, &stand);
	}
	if (!kept && !idle_kernel && !standing_one)
		return prev_cpu; /* where it goes is the agent's to say */
	/* where the kernel wakes an idle CPU in any case: for the task for which it was asked */
	if (is_agent && (u32)agent_goes < nr_cpu_ids)
		prev_cpu = agent_goes;
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);
	if (is_idle) {
		/* "idle" is also this CPU, beside idle ones, when the waker is about to sleep */
		if (me->wake_sync && (u32)cpu == bpf_get_smp_processor_id()) {
			me->awaited = 1;
			await_sleep(me);
		}
		me->wake_sync = 0; /* it does not come by enqueue() */
	}
	if (!is_idle) {
		if (!is_agent)
			return prev_cpu;
		cpu = cpu_for_agent(prev_cpu);
		return bpf_cpumask_test_cpu(cpu, p->cpus_ptr) ? cpu : prev_cpu;
	}
	if (standing_one && t) {
		t->flags |= TASK_UNDECIDED;
		t->slice = standing_slice(&stand);
		dsq_insert(p, DSQ_LOCAL, t->slice, 0);
		me->counters[SCXU_COUNT_standing]++;
		return cpu;
	}
	dsq_insert(p, DSQ_LOCAL, is_agent ? floor_ns : slice_ns, 0);
	if (!kept)
		me->counters[SCXU_COUNT_idle_direct]++;
	else if (!is_agent)
		me->counters[SCXU_COUNT_kernel_enqueues]++;
	return cpu;
}

/* --- dispatch ----------------------------------------------------------- */

/*
 * The task that runs goes on, without running(): who looks at it sees it begin anew. Not with
 * that slice, which is long when there was nothing else: see end_slices().
 */
static __always_inline void runs_on(struct task_struct *prev, u64 slice, u64 vtime,
				    struct scxu_cpu *me, u64 now)
{
	advance_vnow(&me->vnow, vtime);
	me->vtime = vtime - me->shift;
	me->since = now;
	me->alone = 0;
	if (me->in_order)
		me->in_order = SCXU_IN_ORDER;
	task_set_slice(prev, slice);
}

/*
 * There is nothing else: the kernel need not ask again at the next tick, which costs a CPU
 * some thousandths of its time. What comes meanwhile waits no longer for that: scxu_tick().
 */
static __always_inline void runs_on_alone(struct task_struct *prev, u64 vtime, struct scxu_cpu *me,
					  u64 now)
{
	runs_on(prev, slice_ns > LONG_SLICE_NS ? slice_ns : LONG_SLICE_NS, vtime, me, now);
	me->alone = 1;
}

static __always_inline void keep_running(struct task_struct *prev, struct task_ctx *t, u64 vtime,
					 struct scxu_cpu *me, u64 now)
{
	me->counters[SCXU_COUNT_kept_running]++;
	short_since = 0; /* the CPU has what it wants */
	me->short_since = 0;
	runs_on(prev, t->slice ?: slice_ns, vtime, me, now);
}

/* So often in a row one kind of task is served before DSQ_SHARED, whatever its virtual time. */
#define IN_A_ROW 4

/* What a CPU that needs work has besides the agent's decisions. */
struct turn {
	u64 prev_vtime; /* of the task that would go on, with in_order */
	u64 head; /* shared_head(); 0: none is known */
	u32 in_order; /* one would, and goes by virtual time */
	u32 shared; /* there may be tasks in DSQ_SHARED */
	u32 parked; /* a CPU may fetch the agent */
	u32 pad;
};

enum by_decision {
	BY_DECISION_NONE, /* there is none, or DSQ_SHARED is first */
	BY_DECISION_TAKEN, /* the next task is in the local DSQ */
	BY_DECISION_STAYS, /* it is the turn of the one that runs */
	BY_DECISION_AGENT, /* the agent was fetched */
};

/*
 * The CPU's next task by the agent's decisions: enum by_decision. (A function of its own for
 * the verifier: see shared_head().)
 */
__noinline int by_decision(s32 cpu, struct turn *turn __arg_nonnull, u64 now)
{
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	struct scxu_cpu *me = cpu_state(cpu);
	int i;

	if (!k || !a || !me)
		return BY_DECISION_NONE;
	bpf_for (i, 0, 16) {
		struct next_decision n;
		struct scxu_record *r;
		bool preempt;
		u64 vtime;
		int err;

		if (!peek_decision(cpu, &n))
			break;
		if (!makes_sense(&n.d)) {
			if (pop_decision(&n, me, k))
				count_invalid(me);
			continue;
		}
		if (!waits_still(&n.d)) {
			if (pop_decision(&n, me, k))
				me->counters[SCXU_COUNT_stale]++;
			continue;
		}
		r = record(n.d.slot);
		vtime = by_cpu(cpu, n.vtime, r ? r->weight : 0);
		preempt = n.from == OWN_RING && n.d.flags & SCXU_DECIDE_PREEMPT &&
			  (me->preempt_row < IN_A_ROW || !turn->shared);
		if (!preempt) {
			bool stays = turn->in_order && n.d.flags & SCXU_DECIDE_VTIME &&
				     scxu_vtime_before(turn->prev_vtime, vtime);

			/* one that the agent has not read may come before */
			if (turn->parked &&
			    unread_before(a, me, stays ? turn->prev_vtime : vtime)) {
				if (fetch_agent(cpu, now))
					return BY_DECISION_AGENT;
				turn->parked = false;
			}
			/* by virtual time it is the turn of another */
			if (turn->head && scxu_vtime_before(turn->head, vtime)) {
				short_since = 0; /* it has one, and another is first */
				probation = 0;
				break;
			}
			/*
			 * The slice of the running task has ended, but it is still
			 * first. Without this, weights have no effect among few
			 * tasks: each would run once in turn.
			 */
			if (stays)
				return BY_DECISION_STAYS;
		}
		if (!pop_decision(&n, me, k))
			continue; /* another CPU has it */
		err = take(&n.d, cpu, TAKE_DECISION);
		if (!err) {
			me->preempt_row = preempt ? me->preempt_row + 1 : 0;
			if (!preempt)
				advance_vnow(&me->vnow, vtime);
			return BY_DECISION_TAKEN;
		}
		if (err > 0) {
			turn->shared = true;
			break;
		}
	}
	return BY_DECISION_NONE;
}

void BPF_STRUCT_OPS(scxu_dispatch, s32 cpu, struct task_struct *prev)
{
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	struct scxu_cpu *me = cpu_state(cpu);
	struct task_ctx *prev_t = NULL;
	u64 now, agents = 0, left;
	u32 weight = 0;
	struct turn turn = {};
	bool taken = false;

	if (!k || !a || !me)
		return;
	me->displaced = 0;
	dsq_filled(cpu, me);
	if (has_kicks(a))
		serve_kicks(cpu);
	/*
	 * It is about to go offline. What it took for itself the kernel would move on into a
	 * queue of its own, behind all that lies there: tasks in no order, and the agent. Up to
	 * 6.19 the kernel does not ask it.
	 */
	me->online = cpu_is_active(cpu);
	if (me->online) {
		me->left = 0; /* 6.12 does not tell when it could not go */
	} else {
		dsq_move_to_local(DSQ_KTHREADS) || dsq_move_to_local(DSQ_STARVED) ||
			dsq_move_to_local(DSQ_SHARED);
		return;
	}
	now = bpf_ktime_get_ns();
	turn.shared = dsq_has(DSQ_SHARED, now);
	/* Kernel threads first: others wait for them. But not for ever. */
	if ((me->kthread_row < IN_A_ROW || !(turn.shared || load(&k->nr_waiting))) &&
	    dsq_has(DSQ_KTHREADS, now) && dsq_move_to_local(DSQ_KTHREADS)) {
		if (me->kthread_row < IN_A_ROW)
			me->kthread_row++;
		return;
	}
	me->kthread_row = 0;
	turn.parked = agent_is_parked() && !agent_waits(now);
	if (turn.parked && (agent_is_wanted(a) || agent_shall_rest) && fetch_agent(cpu, now))
		return;
	if (dsq_has(DSQ_STARVED, now) && (me->starved_turn++ & 1 || starved_too_long(now)) &&
	    dsq_move_to_local(DSQ_STARVED))
		return;

	if (prev && prev->scx.flags & TASK_QUEUED && prev->pid != agent_tid) {
		prev_t = task_ctx(prev);
		/* These go by other rules, and their virtual time by none. */
		turn.in_order = prev_t && !(prev->flags & PF_KTHREAD);
		if (turn.in_order) {
			turn.prev_vtime = task_vtime(prev, prev_t);
			if (agent_orders(prev))
				turn.prev_vtime = by_cpu(cpu, turn.prev_vtime, prev->scx.weight);
		}
	}
	if (load(&k->nr_waiting)) {
		floor_check(k, a, now);
		if (!agent_in_charge(k)) {
			if (collect(cpu, now, TAKE_FLOOR))
				turn.shared = true;
		} else if ((s64)(now - collect_at) > 0 && !test_no_floor) {
			int n = collect(cpu, now, TAKE_STARVED);

			if (n >= 0)
				collect_at = now + SECOND_NS;
		}
	}
	if (turn.shared && (s64)(now - rescue_at) > 0)
		rescue_shared(cpu, now);
	/* What was collected lies in a buffer and gets into the DSQ when we move from it. */
	turn.head = turn.shared ? shared_head(cpu, &agents, &weight) : 0;
	/* By turns then: whoever is behind them must not wait for all decisions. */
	if (turn.head == HEAD_UNKNOWN) {
		turn.head = 0;
		if (me->unknown_turn++ & 1 && dsq_move_to_local(DSQ_SHARED))
			return;
	}

	switch (has_decision(cpu, me, a, k) ? by_decision(cpu, &turn, now) : BY_DECISION_NONE) {
	case BY_DECISION_AGENT:
		return;
	case BY_DECISION_STAYS:
		if (prev_t)
			keep_running(prev, prev_t, turn.prev_vtime, me, now);
		taken = true;
		break;
	case BY_DECISION_TAKEN:
		taken = true;
		break;
	}
	if (!taken && turn.shared) {
		me->preempt_row = 0;
		/* by an order of the policy's own virtual now may run far ahead of prev */
		if (prev_t && turn.in_order && turn.head && !own_order &&
		    scxu_vtime_before(turn.prev_vtime, turn.head)) {
			prev_t->slice = shared_slice();
			keep_running(prev, prev_t, turn.prev_vtime, me, now);
			taken = true;
		} else {
			if (turn.head)
				advance_vnow(&me->vnow, turn.head);
			/*
			 * Of what waits for a decision, others may be far behind this one, and
			 * who wakes would wait for all of them: then decisions tell.
			 */
			if (agents && !load(&k->nr_waiting))
				advance_vnow(&k->vnow, least_vtime(agents, weight));
			taken = dsq_move_to_local(DSQ_SHARED);
		}
	}

	/* nothing else: then those too, also those who had their turns */
	if (!taken && !prev_t)
		taken = (dsq_has(DSQ_STARVED, now) && dsq_move_to_local(DSQ_STARVED)) ||
			(dsq_has(DSQ_KTHREADS, now) && dsq_move_to_local(DSQ_KTHREADS));
	/*
	 * No decision: the agent makes one, here; not in place of a task that is before all
	 * that it has not read. With nothing to do it may go to sleep.
	 */
	if (!prev_t)
		turn.parked = agent_is_parked(); /* nobody has to give way */
	if (!taken && turn.parked &&
	    (load(&a->held) ||
	     (prev_t ? unread_before(a, me, turn.prev_vtime)
		     : has_unread(a) || agent_shall_rest || fetched_after > AGENT_BUSY_NS)) &&
	    fetch_agent(cpu, now))
		return;
	if (!taken && turn.in_order && me->short_since && agent_in_charge(k) &&
	    (s64)(now - me->short_since) > (s64)SHORT_NS && !test_no_floor)
		taken = !take_first(cpu, turn.prev_vtime, now);
	taken = forgotten(me, taken);
	left = stock_left(a, k);
	if (left)
		kick_an_idle_cpu();
	if (!taken) {
		/* nothing for this CPU: a running task goes on */
		if (prev_t && !scx_bpf_dsq_nr_queued(DSQ_LOCAL)) {
			if (turn.in_order)
				runs_on_alone(prev, turn.prev_vtime, me, now);
			else
				task_set_slice(prev, slice_ns);
		} else if (left && !prev_t)
			kick_cpu(cpu, 0); /* we saw too many stale ones: again */
	}
	if (!taken && load(&k->nr_waiting)) {
		falls_short(a, me, now);
		if (turn.in_order)
			note_short(a, me, turn.prev_vtime, now);
	}
	if (load(&k->nr_waiting) > left && (!taken || left < nr_cpu_ids)) {
		/* ahead of need while it sleeps, or a CPU idles; else it comes in time */
		if (agent_has_work(a)) {
			if (!taken || (!left && load(&a->rest) == SCXU_REST_SLEEPS))
				call_agent(me, now);
			else if (!left && kick_an_idle_cpu())
				ask_agent(now);
		}
	}
}

/* --- accounting --------------------------------------------------------- */

/* See SCXU_WAIT_BUCKETS. */
__noinline u32 wait_bucket(u64 ns)
{
	u32 log = 10;

	if (ns < 1024)
		return 0;
	if (ns >> 40)
		ns = (1ull << 40) - 1;
	if (ns >> (log + 16))
		log += 16;
	if (ns >> (log + 8))
		log += 8;
	if (ns >> (log + 4))
		log += 4;
	if (ns >> (log + 2))
		log += 2;
	if (ns >> (log + 1))
		log += 1;
	return (log - 10) * 4 + ((ns >> (log - 2)) & 3);
}

/*
 * A change of nice or affinity has another CPU call these two, for a task that runs: me is the
 * task's CPU, whose lock is held.
 */
void BPF_STRUCT_OPS(scxu_running, struct task_struct *p)
{
	struct scxu_cpu *me = cpu_state(scx_bpf_task_cpu(p));
	struct scxu_kernel *k = kernel_state();
	struct task_ctx *t = task_ctx(p);
	u64 now;

	if (!me || !k || !t)
		return;
	if (p->pid == agent_tid)
		agent_parked = 0; /* the kernel ran it in bypass */
	now = bpf_ktime_get_ns();
	t->run_start = p->se.sum_exec_runtime;
	if (t->slot != SCXU_NO_SLOT)
		leave_custody(t, k);
	if (t->enqueued_at) {
		u32 bucket = wait_bucket(now - t->enqueued_at);

		barrier_var(bucket); /* the compiler may know its range; the verifier does not */
		me->waits[bucket & (SCXU_WAIT_BUCKETS - 1)]++;
		t->waited_until = now;
		t->enqueued_at = 0;
	} else if (!(p->flags & PF_KTHREAD) && p->pid != agent_tid) {
		/* By select_cpu() on an idle CPU: it was not placed, and nobody was before it. */
		place(p, t, k, 0);
		advance_vnow(&me->vnow,
			     agent_orders(p) ? by_cpu(scx_bpf_task_cpu(p), t->vtime, p->scx.weight)
					     : t->vtime);
	}
	me->displaced = 0;
	me->idle = 0;
	me->idle_kicks = 0;
	me->since = now;
	me->vtime = t->order <= 1 ? t->vtime : t->vtime - me->shift;
	me->slice = t->slice ?: slice_ns;
	me->weight = p->scx.weight;
	me->slot = t->slot;
	/* one that another class displaced, or whose nice changes, comes with what it has left */
	me->alone = p->pid != agent_tid && p->scx.slice > me->slice;
	me->short_since = 0;
	me->limited = !agent_orders(p);
	/* nor who starved: by its virtual time it would have to give way at once */
	me->in_order = p->flags & PF_KTHREAD || p->pid == agent_tid || t->flags & TASK_STARVED
			       ? SCXU_NOT_IN_ORDER
			       : SCXU_IN_ORDER;
	t->flags &= ~TASK_STARVED;
	me->pid = p->pid;
	push_hint(SCXU_EVENT_RUNNING, p, t->slot);
}

void BPF_STRUCT_OPS(scxu_stopping, struct task_struct *p, bool runnable)
{
	struct scxu_cpu *me = cpu_state(scx_bpf_task_cpu(p));
	struct task_ctx *t = task_ctx(p);

	if (!me || !t)
		return;
	t->vtime = task_vtime(p, t);
	t->run_start = p->se.sum_exec_runtime;
	me->pid = 0;
	me->slot = SCXU_NO_SLOT;
	push_hint(SCXU_EVENT_STOPPING, p, t->slot);
}

void BPF_STRUCT_OPS(scxu_tick, struct task_struct *p)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct scxu_kernel *k = kernel_state();
	struct task_ctx *t;

	/*
	 * The watch is armed while anything waits, but for a moment, or when an idle CPU was
	 * kicked for it. What the kernel itself inserts is in no queue of ours.
	 */
	if (me && k && me->alone && (work_waits(k) || scx_bpf_dsq_nr_queued(DSQ_LOCAL) > 0) &&
	    (s64)(bpf_ktime_get_ns() - me->since) >= (s64)slice_ns)
		task_set_slice(p, 0);
	if (!(wanted_hints & 1u << SCXU_EVENT_TICK))
		return;
	t = task_ctx(p);
	if (!me || !t || t->slot == SCXU_NO_SLOT)
		return;
	push_hint(SCXU_EVENT_TICK, p, t->slot);
	call_agent(me, bpf_ktime_get_ns());
}

void BPF_STRUCT_OPS(scxu_update_idle, s32 cpu, bool idle)
{
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();
	struct scxu_cpu *me = cpu_state(cpu);

	if (!k || !a || !me || me->left)
		return;
	dsq_filled(cpu, me);
	me->online = cpu_is_active(cpu);
	me->idle = idle && me->online;
	if (!me->idle)
		return;
	/* Work came between dispatch() and here. */
	if (stock_left(a, k) || (dsqs_may_have_any() && dsqs_have_any())) {
		watch_arm(); /* it may be for other CPUs only: no kicks without end */
		if (me->idle_kicks < IN_A_ROW) {
			me->idle_kicks++;
			kick_cpu(cpu, 0);
			me->counters[SCXU_COUNT_kicks]++;
		}
	} else {
		me->idle_kicks = 0;
	}
	if (load(&k->nr_waiting) && agent_has_work(a))
		call_agent(me, bpf_ktime_get_ns());
}

/*
 * A class above ours takes the CPU. Real-time tasks may keep it for long: up to 6.19 as long as
 * they want, later for 95 % of the time. What lies in its local DSQ, and the task that was
 * displaced is there now, would wait for them beside other CPUs, until the kernel ejects us
 * for that. It is enqueued anew. (The kernel does not tell when the CPU did not run one of
 * ours: what select_cpu() has just put there, since it was idle, waits as it always did.)
 */
void BPF_STRUCT_OPS(scxu_cpu_release, s32 cpu, struct scx_cpu_release_args *args)
{
	struct scxu_cpu *me = cpu_state(cpu);

	if (!me)
		return;
	me->displaced = 1;
	me->in_release = 1;
	reenqueue_local();
	me->in_release = 0;
}

/* --- tasks come and go -------------------------------------------------- */

s32 BPF_STRUCT_OPS_SLEEPABLE(scxu_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct scxu_kernel *k = kernel_state();
	struct task_ctx *t = NULL;
	int i;

	/* 6.12: it may fail for being busy too */
	bpf_for (i, 0, 8) {
		t = bpf_task_storage_get(&task_ctxs, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (t)
			break;
	}
	if (!t || !k)
		return -ENOMEM;
	t->slot = SCXU_NO_SLOT;
	t->flags = args->fork ? TASK_FRESH : 0;
	t->vtime = k->vnow;
	t->run_start = p->se.sum_exec_runtime;
	return 0;
}

/* It leaves our class, or the scheduler ends. */
void BPF_STRUCT_OPS(scxu_disable, struct task_struct *p)
{
	struct scxu_kernel *k = kernel_state();
	struct task_ctx *t = task_ctx(p);

	if (p->pid == agent_tid)
		agent_parked = 0;
	if (k && t && t->slot != SCXU_NO_SLOT)
		leave_custody(t, k);
}

/*
 * Its thread ends; another may be enlisting at this moment. Who wins agent_task acts for
 * the old one. What is taken away are the old one's words only: read before, while it
 * cannot be another's, and gone if they are.
 */
static __always_inline void agent_exits(struct task_struct *p, struct scxu_kernel *k,
					struct scxu_cpu *me)
{
	s32 tid = *(volatile s32 *)&agent_tid, tgid = *(volatile s32 *)&agent_tgid;

	barrier();
	if (__sync_val_compare_and_swap(&agent_task, (u64)p, 0) != (u64)p)
		return;
	__sync_val_compare_and_swap(&agent_tgid, tgid, 0);
	if (__sync_val_compare_and_swap(&agent_tid, tid, 0) != tid)
		return; /* enlist() has told of the end */
	agent_parked = 0;
	agent_gone(k, me, tid, tgid, bpf_ktime_get_ns());
	watch_arm();
}

void BPF_STRUCT_OPS(scxu_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct scxu_kernel *k = kernel_state();
	struct task_ctx *t = task_ctx(p);
	struct scxu_record *r;
	u64 old, state;

	if (!k || !me || !t)
		return;
	if ((u64)p == load(&agent_task))
		agent_exits(p, k, me);
	if (t->slot == SCXU_NO_SLOT)
		return;
	r = record(t->slot);
	if (!r)
		return;
	state = load(&r->state);
	old = __sync_lock_test_and_set(&r->state, ((state >> SCXU_GEN_SHIFT) + 1)
							  << SCXU_GEN_SHIFT);
	if ((old & SCXU_STATE_MASK) == SCXU_TASK_WAITING)
		__sync_fetch_and_sub(&k->nr_waiting, 1);
	r->birth = 0;
	slot_free(k, t->slot);
	t->slot = SCXU_NO_SLOT;
}

/* --- CPUs come and go: we stay ------------------------------------------ */

static __always_inline bool is_online(s32 cpu)
{
	const struct cpumask *online = scx_bpf_get_online_cpumask();
	bool is = bpf_cpumask_test_cpu(cpu, online);

	scx_bpf_put_cpumask(online);
	return is;
}

static __always_inline void set_online(s32 cpu, bool online)
{
	struct scxu_cpu *c = cpu_state(cpu);

	if (!c)
		return;
	c->online = online;
	c->left = !online;
	c->idle = 0; /* until it tells otherwise */
}

void BPF_STRUCT_OPS_SLEEPABLE(scxu_cpu_online, s32 cpu)
{
	if (cpu == leaving_cpu)
		leaving_until = 0;
	set_online(cpu, true);
}

/*
 * The CPU dispatches no more, and the kernel waits until no task is left on its run
 * queue. Up to 6.19 that needs help: tasks that may run nowhere else have to pass
 * through its local DSQ; and of those that other CPUs take from it nobody tells the
 * one that waits, unless the CPU, idle by then, comes through the scheduler again
 * (balance_push() in kernel/sched/core.c): the watch kicks it for a while.
 */
void BPF_STRUCT_OPS_SLEEPABLE(scxu_cpu_offline, s32 cpu)
{
	struct task_struct *p;

	set_online(cpu, false);
	bpf_rcu_read_lock();
	bpf_for_each (scx_dsq, p, DSQ_SHARED, 0) {
		if (p->nr_cpus_allowed == 1 && bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
			dsq_move(FOR_EACH_ITER, p, DSQ_LOCAL_ON | cpu);
	}
	bpf_rcu_read_unlock();
	leaving_cpu = cpu;
	leaving_until = bpf_ktime_get_ns() + 10 * SECOND_NS;
	watch_start(); /* here, in a thread of this CPU */
}

/* --- begin and end ------------------------------------------------------ */

s32 BPF_STRUCT_OPS_SLEEPABLE(scxu_init)
{
	struct scxu_kernel *k = kernel_state();
	struct watch *watch;
	u32 zero = 0, cpu;
	int err;

	if (!k || !nr_cpu_ids || nr_cpu_ids > SCXU_MAX_CPUS || !max_tasks)
		return -EINVAL;
	err = scx_bpf_create_dsq(DSQ_KTHREADS, -1);
	if (!err)
		err = scx_bpf_create_dsq(DSQ_SHARED, -1);
	if (!err)
		err = scx_bpf_create_dsq(DSQ_STARVED, -1);
	if (err)
		return err;
	/* Until the agent answers for the first time. */
	k->loaded.abi = SCXU_ABI;
	k->loaded.max_tasks = max_tasks;
	k->loaded.nr_cpus = nr_cpu_ids;
	k->loaded.slice_us = slice_ns / 1000;
	k->loaded.floor_us = floor_ns / 1000;
	k->loaded.orphan_s = orphan_ns / SECOND_NS;
	k->loaded.modes = modes;
	k->floor_seq = 1;
	k->in_charge_since = bpf_ktime_get_ns();
	k->nr_episodes = 1;
	k->episodes[0].began = k->in_charge_since;
	k->episodes[0].reason = SCXU_FLOOR_START;
	k->floor_reason = SCXU_FLOOR_START;
	bpf_for (cpu, 0, nr_cpu_ids)
		set_online(cpu, is_online(cpu));

	watch = bpf_map_lookup_elem(&watches, &zero);
	if (!watch)
		return -ENOENT;
	err = bpf_timer_init(&watch->timer, &watches, CLOCK_MONOTONIC);
	if (!err)
		err = bpf_timer_set_callback(&watch->timer, watch_fire);
	return err;
}

void BPF_STRUCT_OPS(scxu_exit, struct scx_exit_info *ei)
{
	struct scxu_kernel *k = kernel_state();

	if (!k)
		return;
	bpf_probe_read_kernel_str(k->exit_reason, sizeof(k->exit_reason), ei->reason);
	bpf_probe_read_kernel_str(k->exit_msg, sizeof(k->exit_msg), ei->msg);
	bpf_probe_read_kernel_str(k->exit_dump, sizeof(k->exit_dump), ei->dump);
	k->exit_kind = ei->kind;
	k->exit_code = ei->exit_code;
	__sync_lock_test_and_set(&k->exited, 1);
	ring_bell();
}

/* The agent has decided and goes on working: CPUs shall look now, not when it sleeps. */
SEC("syscall")
int scxu_commit(void *ctx)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	struct scxu_kernel *k = kernel_state();
	struct scxu_agent *a = agent_area();

	if (!me || !k || !a)
		return 0;
	serve_kicks(-1);
	if (stock_left(a, k))
		kick_an_idle_cpu();
	return 0;
}

/*
 * While agent_task names it, exit_task() has not been called: it is not freed. Its thread's
 * end gets there only when nobody holds the task any more.
 */
static __always_inline bool agent_lives(u64 task)
{
	return task && !(BPF_CORE_READ((struct task_struct *)task, flags) & PF_EXITING);
}

/*
 * Names the agent's thread: the one that calls it by bpf_prog_test_run(). While
 * another lives it is refused; that one is asked to give way if so wished.
 */
SEC("syscall")
int scxu_enlist(struct scxu_enlist_args *args)
{
	struct scxu_cpu *me = cpu_state(bpf_get_smp_processor_id());
	u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns(), task = load(&agent_task);
	struct scxu_kernel *k = kernel_state();
	s32 tid = (s32)id, old;

	barrier(); /* whose pid it is: see agent_exits() */
	old = *(volatile s32 *)&agent_tid;
	args->tid = tid;
	args->result = -EBUSY;
	if (!k || !me)
		return 0;
	args->holder = k->agent_tgid;
	if (agent_lives(task)) {
		if (args->retire) {
			k->retire_tid = old;
			ring_bell();
		}
		return 0;
	}
	if (__sync_val_compare_and_swap(&agent_task, task, (u64)bpf_get_current_task_btf()) != task)
		return 0;
	__sync_lock_test_and_set(&agent_tid, tid);
	agent_tgid = id >> 32;
	wanted_hints = args->hints;
	/* the old one's end may not have been noticed yet; the first comes before scxu_init() */
	if (task && k->floor_reason == SCXU_FLOOR_NONE)
		agent_gone(k, me, old, k->agent_tgid, now);
	else /* its answer, should it have given one, is not ours */
		__sync_fetch_and_add(&k->floor_seq, 1);
	k->retire_tid = 0;
	k->agent_tgid = id >> 32;
	k->agent_tid = tid;
	k->agent_gone_at = 0;
	args->result = 0;
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops scx_userland = {
	.select_cpu = (void *)scxu_select_cpu,
	.enqueue = (void *)scxu_enqueue,
	.dispatch = (void *)scxu_dispatch,
	.running = (void *)scxu_running,
	.stopping = (void *)scxu_stopping,
	.tick = (void *)scxu_tick,
	.update_idle = (void *)scxu_update_idle,
	.cpu_release = (void *)scxu_cpu_release,
	.disable = (void *)scxu_disable,
	.init_task = (void *)scxu_init_task,
	.exit_task = (void *)scxu_exit_task,
	.cpu_online = (void *)scxu_cpu_online,
	.cpu_offline = (void *)scxu_cpu_offline,
	.init = (void *)scxu_init,
	.exit = (void *)scxu_exit,
	.dispatch_max_batch = 256,
	.timeout_ms = 30000,
	.exit_dump_len = 32768,
	.name = "userland",
};
