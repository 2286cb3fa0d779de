// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * eevdf: earliest eligible virtual deadline first [Stoica, Abdel-Wahab: "Earliest
 * Eligible Virtual Deadline First", TR-95-22, Old Dominion University, 1995], as the
 * kernel's fair class since 6.6 [kernel/sched/fair.c; names of its functions below].
 *
 *  - vruntime += runtime * 100 / weight. Virtual now V is the average of the vruntimes
 *    of all that compete, by weight [avg_vruntime()]; V - vruntime is a task's lag: what
 *    it is owed. Who is owed nothing (vruntime > V) is not eligible [entity_eligible()].
 *  - A task asks for a slice at a time; its deadline is vruntime + slice * 100 / weight,
 *    and a new one when that is reached [update_deadline()]. Of the eligible tasks the
 *    one with the earliest deadline is next [pick_eevdf()]: a shorter slice gives no
 *    more time, but earlier. It is slice_us, or what the task asked for by
 *    sched_setattr(2) [se.custom_slice, 6.12].
 *  - A task that slept comes back with the lag that it had, at most two slices to either
 *    side [update_entity_lag(), place_entity(), which tell why it is scaled by the load].
 *    V when it went to sleep is reckoned from when it was decided: it went on for as long as
 *    the task still waited, and for as long as it ran. (Without the wait, one that waits for
 *    the end of a slice each time would lose what it is owed for that.)
 *  - A new task begins at V and asks for half a slice first [PLACE_DEADLINE_INITIAL].
 *  - A woken task preempts the task whose deadline is the latest, and later than its own
 *    [check_preempt_wakeup_fair() without RUN_TO_PARITY]; not when its waker is about
 *    to sleep [preempt_sync(), which lets the waker run for a while first].
 *
 * There is one order for all CPUs, and decisions are made ahead: who is decided and not
 * taken yet still competes. Where none is eligible, as when many CPUs ask, the one with
 * the least vruntime is next: a CPU must not be idle for a matter of order.
 *
 * A tree in order of deadlines, in which each node knows the least vruntime below it,
 * finds the task in O(log n) [as from 6.8 on].
 */
#include <errno.h>
#include <sys/queue.h>

#include "eevdf.h"

struct etask;
static void refresh(struct etask *t);
#define RB_AUGMENT(t) refresh(t)
#include "policies/tree.h"

#define TICK_NS	     4000000ull /* HZ=250 */
#define SLICE_MIN_NS 100000ull /* [__setparam_fair()] */
#define SLICE_MAX_NS 100000000ull
#define AHEAD_SLICES 128 /* as policies/vruntime tells */

struct etask {
	RB_ENTRY(etask) node;
	TAILQ_ENTRY(etask) listed; /* in the stock, or in arrivals */
	uint64_t vruntime;
	uint64_t deadline;
	uint64_t least; /* vruntime of this node and all below */
	uint64_t seq; /* order among equals */
	uint64_t runtime; /* charged up to here */
	uint32_t weight;
	bool in_stock;
	bool arrived; /* in that list, and not in the tree yet */
	bool is_new;
	bool woken;
	bool may_preempt; /* once */
	/* when it was decided: */
	uint64_t decided_at;
	int64_t lag;
	uint64_t load;
	unsigned int at_once; /* how many tasks could run then */
};

RB_HEAD(tree, etask);
TAILQ_HEAD(stock, etask);

struct esched {
	struct tree tree;
	struct stock stock; /* decided for any CPU, perhaps not taken */
	struct stock arrivals; /* new in this pass */
	/*
	 * Sum of (vruntime - zero) * weight, and of weights, of both. As virtual times do,
	 * the sum wraps: what was added can be taken away, however far apart they are.
	 */
	uint64_t zero;
	uint64_t sum;
	uint64_t load;
	unsigned int nr;
	/* with the running ones: */
	uint64_t now;
	uint64_t all_load;
	unsigned int all_nr;
	uint64_t pass; /* scxu_now() of the last enqueue */
	uint64_t seq;
	uint64_t slice_us; /* option */
};

static bool before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

static int compare(const struct etask *a, const struct etask *b)
{
	if (a->deadline != b->deadline)
		return before(a->deadline, b->deadline) ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

RB_PROTOTYPE_STATIC(tree, etask, node, compare)
RB_GENERATE_STATIC(tree, etask, node, compare)

/* --- the tree ----------------------------------------------------------------- */

static void refresh(struct etask *t)
{
	struct etask *left = RB_LEFT(t, node), *right = RB_RIGHT(t, node);

	t->least = t->vruntime;
	if (left && before(left->least, t->least))
		t->least = left->least;
	if (right && before(right->least, t->least))
		t->least = right->least;
}

/* tree.h refreshes what it rotates, and not always what is above. */
static void refresh_upwards(struct etask *t)
{
	for (; t; t = RB_PARENT(t, node))
		refresh(t);
}

static void tree_insert(struct esched *s, struct etask *t)
{
	t->least = t->vruntime;
	RB_INSERT(tree, &s->tree, t);
	refresh_upwards(t);
}

static void tree_remove(struct esched *s, struct etask *t)
{
	struct etask *parent = RB_PARENT(t, node);

	RB_REMOVE(tree, &s->tree, t);
	refresh_upwards(parent);
}

/* The eligible one with the earliest deadline, else the one with the least vruntime. */
static struct etask *pick(const struct esched *s)
{
	struct etask *t = RB_ROOT(&s->tree), *left;
	uint64_t limit = s->now;

	if (t && before(limit, t->least))
		limit = t->least;
	/* somewhere at or below t is one that is eligible */
	while (t) {
		left = RB_LEFT(t, node);
		if (left && !before(limit, left->least))
			t = left;
		else if (!before(limit, t->vruntime))
			return t;
		else
			t = RB_RIGHT(t, node);
	}
	return NULL;
}

/* --- virtual time --------------------------------------------------------------- */

static uint64_t virtual(uint64_t ns, uint32_t weight)
{
	return ns * 100 / weight;
}

static uint64_t slice_of(const struct scxu_sched *sched, const struct esched *s,
			 const struct scxu_task *task)
{
	uint64_t slice = task && task->slice ? task->slice : s->slice_us * 1000;

	if (!slice)
		slice = scxu_slice(sched);
	if (slice < SLICE_MIN_NS)
		return SLICE_MIN_NS;
	return slice < SLICE_MAX_NS ? slice : SLICE_MAX_NS;
}

static void compete(struct esched *s, const struct etask *t, int sign)
{
	uint64_t times = (uint64_t)(int64_t)sign;

	s->sum += times * (t->vruntime - s->zero) * t->weight;
	s->load += times * t->weight;
	s->nr += (unsigned int)sign;
}

static void leave_stock(struct esched *s, struct etask *t)
{
	if (!t->in_stock)
		return;
	TAILQ_REMOVE(&s->stock, t, listed);
	t->in_stock = false;
	compete(s, t, -1);
}

/* V, of those that wait and of those that are seen to run. */
static void update_now(struct scxu_sched *sched, struct esched *s)
{
	uint64_t sum = s->sum;
	struct scxu_running run;
	unsigned int cpu;
	uint64_t to;

	s->all_load = s->load;
	s->all_nr = s->nr;
	for (cpu = 0; cpu < scxu_nr_cpus(sched); cpu++) {
		struct etask *t;

		/* what the kernel part orders by itself has a virtual time of its own */
		if (!scxu_cpu_running(sched, (int)cpu, &run) || !run.ordered)
			continue;
		t = run.task ? scxu_task_data(run.task) : NULL;
		if (t && t->in_stock) { /* taken, we are not told yet: only its time has changed */
			sum += (run.vtime - t->vruntime) * t->weight;
			continue;
		}
		sum += (run.vtime - s->zero) * run.weight;
		s->all_load += run.weight;
		s->all_nr++;
	}
	if (!s->all_load)
		return;
	to = s->zero + (uint64_t)((int64_t)sum / (int64_t)s->all_load);
	/* keeps the products small */
	s->sum -= (to - s->zero) * s->load;
	s->zero = to;
	s->now = to;
}

/*
 * Before the first enqueue of a pass: V as it was before the news, without those who have
 * been taken from the stock and do not run any more: of two that wake each other the one
 * that sleeps would keep V, and the lag of the other, where it was, and a third waited
 * for ever. From then on those in the stock are either taken or come back.
 */
static void begin_pass(struct scxu_sched *sched, struct esched *s)
{
	struct etask *t, *next;

	if (s->pass == scxu_now(sched))
		return;
	s->pass = scxu_now(sched);
	for (t = TAILQ_FIRST(&s->stock); t; t = next) {
		next = TAILQ_NEXT(t, listed);
		if (!scxu_task_waits(sched, scxu_task_of(t)))
			leave_stock(s, t);
	}
	update_now(sched, s);
	while ((t = TAILQ_FIRST(&s->stock)))
		leave_stock(s, t);
}

static int64_t clamp_lag(int64_t lag, uint64_t slice, uint32_t weight)
{
	int64_t most = (int64_t)virtual(2 * slice > TICK_NS ? 2 * slice : TICK_NS, weight);

	return lag > most ? most : lag < -most ? -most : lag;
}

/* It slept, after having waited for a CPU that took it, and having run for ran. */
static void place(struct esched *s, struct etask *t, uint64_t waited, uint64_t ran, uint64_t slice)
{
	uint64_t now_went = t->load ? virtual((waited + ran) * t->at_once, 1) / t->load : 0;
	int64_t lag = (int64_t)((uint64_t)t->lag + now_went - virtual(ran, t->weight));

	lag = clamp_lag(lag, slice, t->weight);
	/* its coming moves V: so that it has that lag then */
	if (s->all_load)
		lag += lag * (int64_t)t->weight / (int64_t)s->all_load;
	t->vruntime = s->now - (uint64_t)lag;
}

/* How long it waited, once decided. What ran without a decision of ours waited for others. */
static uint64_t waited_decided(const struct scxu_task *task, const struct etask *t,
			       unsigned int flags)
{
	if (flags & SCXU_ENQUEUE_UNDECIDED || !before(t->decided_at, task->waited_until))
		return 0;
	return task->waited_until - t->decided_at;
}

/* --- callbacks ------------------------------------------------------------------- */

static int init(struct scxu_sched *sched)
{
	struct esched *s = scxu_sched_data(sched);

	TAILQ_INIT(&s->stock);
	TAILQ_INIT(&s->arrivals);
	return 0;
}

static void task_enter(struct scxu_sched *sched, struct scxu_task *task)
{
	struct esched *s = scxu_sched_data(sched);
	struct etask *t = scxu_task_data(task);

	begin_pass(sched, s);
	t->weight = task->weight;
	t->runtime = task->runtime;
	t->vruntime = s->now;
	t->deadline = t->vruntime + virtual(slice_of(sched, s, task) / 2, t->weight);
}

static void task_exit(struct scxu_sched *sched, struct scxu_task *task)
{
	leave_stock(scxu_sched_data(sched), scxu_task_data(task));
}

static void into_tree(struct esched *s, struct etask *t)
{
	tree_insert(s, t);
	compete(s, t, 1);
}

/* It waits anew, with its vruntime of now. */
static void admit(const struct scxu_sched *sched, struct esched *s, struct etask *t)
{
	const struct scxu_task *task = scxu_task_of(t);
	uint64_t slice = slice_of(sched, s, task), most;

	/*
	 * [reweight_entity(), which limits the lag as for one that sleeps.] A heavy one that is
	 * worth more than a CPU is owed ever more: as a light one it would be a hundred
	 * times as far behind V, take V back, and those that waited stayed where it had been.
	 */
	if (t->weight != task->weight) {
		int64_t lag = clamp_lag((int64_t)(s->now - t->vruntime), slice, t->weight);

		t->vruntime = s->now - (uint64_t)(lag * t->weight / task->weight);
		t->weight = task->weight;
		t->deadline = t->vruntime;
	}
	most = s->now + virtual(AHEAD_SLICES * (slice > TICK_NS ? slice : TICK_NS), t->weight);
	if (before(most, t->vruntime))
		t->vruntime = most;
	if (t->is_new)
		t->deadline = t->vruntime + virtual(slice / 2, t->weight);
	else if (t->woken || !before(t->vruntime, t->deadline))
		t->deadline = t->vruntime + virtual(slice, t->weight);
	into_tree(s, t);
}

/*
 * When all events of the pass are read: a new task begins at the V of all others, also of the
 * one whose CPU the agent has taken, and of who came back in this pass. Without a heavy one
 * that would be far ahead of it.
 */
static void place_new(const struct scxu_sched *sched, struct esched *s)
{
	struct etask *t;

	while ((t = TAILQ_FIRST(&s->arrivals))) {
		TAILQ_REMOVE(&s->arrivals, t, listed);
		t->arrived = false;
		t->vruntime = s->now;
		admit(sched, s, t);
	}
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct esched *s = scxu_sched_data(sched);
	struct etask *t = scxu_task_data(task);
	uint64_t ran;

	/* it has slept: in the V at which it is placed it does not count, first of a pass or not */
	if (flags & SCXU_ENQUEUE_WAKEUP)
		leave_stock(s, t);
	begin_pass(sched, s);
	leave_stock(s, t); /* two passes may be at the same time */
	if (flags & (SCXU_ENQUEUE_RECALLED | SCXU_ENQUEUE_BOUNCED)) {
		into_tree(s, t);
		return;
	}
	ran = task->runtime - t->runtime;
	t->runtime = task->runtime;
	t->vruntime += virtual(ran, t->weight);
	t->woken = flags & SCXU_ENQUEUE_WAKEUP;
	t->is_new = flags & SCXU_ENQUEUE_NEW;
	t->may_preempt = t->woken && !(flags & SCXU_ENQUEUE_SYNC);
	t->seq = ++s->seq;
	if (t->is_new) {
		t->arrived = true;
		TAILQ_INSERT_TAIL(&s->arrivals, t, listed);
		return;
	}
	if (t->woken)
		place(s, t, waited_decided(task, t, flags), ran, slice_of(sched, s, task));
	admit(sched, s, t);
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct esched *s = scxu_sched_data(sched);
	struct etask *t = scxu_task_data(task);

	if (t->arrived) {
		TAILQ_REMOVE(&s->arrivals, t, listed);
		t->arrived = false;
		return;
	}
	tree_remove(s, t);
	compete(s, t, -1);
}

/* The CPU whose task has the latest deadline, if that is later than the woken one's; or -1. */
static int preempt_where(struct scxu_sched *sched, const struct scxu_task *task,
			 const struct etask *t)
{
	uint64_t latest = t->deadline, deadline;
	struct scxu_running run;
	unsigned int cpu;
	int found = -1;

	for (cpu = 0; cpu < scxu_nr_cpus(sched); cpu++) {
		if (!scxu_cpu_running(sched, (int)cpu, &run) ||
		    !scxu_cpu_allowed(sched, task, (int)cpu))
			continue;
		if (run.task)
			deadline = ((struct etask *)scxu_task_data(run.task))->deadline;
		else
			deadline = run.vtime + virtual(scxu_slice(sched), run.weight);
		if (!before(latest, deadline))
			continue;
		latest = deadline;
		found = (int)cpu;
	}
	return found;
}

/* A task that asks for shorter slices than others is queued so much earlier. */
static void stand(struct scxu_sched *sched, const struct esched *s, const struct scxu_task *task)
{
	uint64_t slice = slice_of(sched, s, task);
	int64_t most = 100000000,
		later = ((int64_t)slice - (int64_t)slice_of(sched, s, NULL)) * 100 / task->weight;

	if (later > most || later < -most)
		later = later < 0 ? -most : most;
	scxu_stand(sched, task, slice, later, SCXU_PREEMPT);
}

/* Decides it, if there is a place for it. Returns whether it is the engine's now, or no one's. */
static bool decide(struct scxu_sched *sched, struct esched *s, struct etask *t, unsigned int *room)
{
	struct scxu_task *task = scxu_task_of(t);
	unsigned int flags = SCXU_VTIME;
	int cpu = scxu_idle_cpu(sched, task), err;

	if (cpu < 0 && t->may_preempt && !before(s->now, t->vruntime) &&
	    !scxu_agent_cpu_free(sched)) {
		cpu = preempt_where(sched, task, t);
		if (cpu >= 0)
			flags |= SCXU_PREEMPT;
	}
	if (cpu < 0)
		cpu = scxu_select_cpu(sched, task);
	err = scxu_decide(sched, task, cpu, slice_of(sched, s, task), t->vruntime, flags);
	if (err && err != -ESTALE)
		return false;
	if (!err)
		stand(sched, s, task);
	t->may_preempt = false;
	t->decided_at = scxu_now(sched);
	t->lag = (int64_t)(s->now - t->vruntime);
	t->load = s->all_load;
	t->at_once = s->all_nr < scxu_nr_cpus(sched) ? s->all_nr : scxu_nr_cpus(sched);
	if (!err && cpu == SCXU_CPU_ANY) {
		t->in_stock = true;
		TAILQ_INSERT_TAIL(&s->stock, t, listed);
		(*room)--;
	} else {
		compete(s, t, -1);
	}
	return true;
}

static void dispatch(struct scxu_sched *sched)
{
	struct esched *s = scxu_sched_data(sched);
	unsigned int room = scxu_room(sched);
	struct stock aside = TAILQ_HEAD_INITIALIZER(aside);
	struct etask *t;

	if (TAILQ_EMPTY(&s->arrivals) && (!room || RB_EMPTY(&s->tree)))
		return;
	update_now(sched, s);
	if (!TAILQ_EMPTY(&s->arrivals)) {
		place_new(sched, s);
		update_now(sched, s);
	}
	while (room && (t = pick(s))) {
		tree_remove(s, t);
		if (!decide(sched, s, t, &room))
			TAILQ_INSERT_TAIL(&aside, t, listed);
	}
	/* no place for it now: it stays */
	while ((t = TAILQ_FIRST(&aside))) {
		TAILQ_REMOVE(&aside, t, listed);
		tree_insert(s, t);
	}
}

static const struct scxu_policy_option options[] = {
	{ "slice_us", "slice of tasks that did not ask for one, in us; 0: what --slice-us says", 0,
	  100000, 0, offsetof(struct esched, slice_us) },
	{ 0 },
};

const struct scxu_policy_ops eevdf_policy = {
	.struct_size = sizeof(eevdf_policy),
	.abi = SCXU_POLICY_ABI,
	.name = "eevdf",
	.summary = "earliest eligible virtual deadline first; a task's slice is its latency",
	.task_size = sizeof(struct etask),
	.sched_size = sizeof(struct esched),
	.options = options,
	.stands = true,
	.init = init,
	.task_enter = task_enter,
	.task_exit = task_exit,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
