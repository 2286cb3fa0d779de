// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vruntime: weighted fair queueing by virtual run time, as the kernel's own fair
 * class did up to 6.5 (CFS, kernel/sched/fair.c; Documentation/scheduler/
 * sched-design-CFS.rst).
 *
 *  - vruntime += runtime * 100 / weight [calc_delta_fair()]. The task with the
 *    least goes first.
 *  - A task that slept returns at no less than min_vruntime minus a credit
 *    [place_entity(), GENTLE_FAIR_SLEEPERS: half of sched_latency, 3 ms], so that
 *    it neither starves nor hoards. min_vruntime is the least of all waiting and
 *    running tasks and never goes back [update_min_vruntime()]. It is known when all
 *    events of a pass are read, and who came with them is placed then.
 *  - No task comes back further ahead of min_vruntime than 128 slices of its
 *    own weight, a slice being a tick at least: what it ran for longer while nobody
 *    else wanted the CPU is no debt. [update_entity_lag() of 6.6 has two slices; but
 *    there each CPU has its own order. In one order, tasks that have a CPU each and
 *    less weight than that is worth are far ahead of others, and must stay in order
 *    among themselves.]
 *  - A new task begins one slice behind min_vruntime [START_DEBIT], as it would get one
 *    now, so that forking gains nothing.
 *  - A woken task preempts the running task that is furthest ahead, if it is
 *    ahead of the woken one by more than a granularity of 1 ms, as virtual time
 *    of the woken [wakeup_preempt_entity(), sysctl_sched_wakeup_granularity]. Not when
 *    its waker is about to sleep: there will be a CPU [not in CFS; later kernels' fair class
 *    has preempt_sync(), which lets the waker run for a while first].
 *  - The slice is a share of a round of 24 ms a CPU among those that wait, no
 *    longer than --slice-us and no shorter than 750 us; in proportion to its weight for a
 *    task of less than others, so that its turn comes as often as theirs [sched_slice(),
 *    sysctl_sched_min_granularity]. Where fewer wait than there are CPUs it may be longer than
 *    --slice-us in that proportion: as slices end one after the other, the last of those that
 *    wait does so for no longer than one of the usual ones.
 *  - Where so many wait that slices are shorter, a woken task that runs for a small part of
 *    one at a time goes first as soon as its share of the CPUs has made good for its last
 *    run, if it is not further on than two slices; and after 8 ms in any case, as long as all
 *    such have no more than a twentieth of the CPUs by that, which is charged to none. Those
 *    who ran within 8 ms before they woke are ahead of those who slept for longer: two thousand
 *    that have waited for a start, each as brief as can be until then, compute from then on. [Not
 *    in CFS. EEVDF has the former for a task with a short slice: entity_eligible().] By the
 *    order alone it would run a hundred times in a row on its credit, and then wait for a
 *    round of all: of two thousand that compute many are at the same place.
 */
#include <errno.h>
#include <sys/queue.h>

#include "policies/tree.h"
#include "vruntime.h"

#define CREDIT_NS      3000000ull
#define GRANULARITY_NS 1000000ull
#define ROUND_NS       24000000ull
#define TICK_NS	       4000000ull /* HZ=250 */
#define SLICE_MIN_NS   750000ull
#define BRIEF_NS       (SLICE_MIN_NS / 2)
#define SOON_NS	       8000000ull
#define SOON_PART      20 /* of the CPUs, for those that are not owed it yet */
#define SOON_MOST_NS   10000000ll /* of a CPU, saved up */
#define SAMPLES	       32
#define GUESS_SAMPLES  1
#define SOON_LOOK      16 /* so many that may not yet, in one pass */

struct vtask {
	RB_ENTRY(vtask) node;
	TAILQ_ENTRY(vtask) next;
	uint64_t vruntime;
	uint64_t runtime; /* charged up to here */
	uint64_t seq;  /* order among equals: first come, first served */
	RB_ENTRY(vtask) due_node;
	uint64_t due; /* by scxu_now(): when it may go first */
	uint64_t owed; /* likewise, when its share has made good for its last run */
	uint64_t began; /* likewise, when it was decided last */
	uint64_t woke; /* runtime at its last wake-up */
	uint64_t ran; /* ns from the one before to that */
	uint64_t usually; /* the same, as of late */
	unsigned int samples; /* of it */
	bool has_due; /* it has one in this wait */
	bool seldom; /* it slept for long before */
	bool paid; /* out of soon_left, likewise */
	bool arrived; /* in this pass: it is to be placed, and not in the tree yet */
	bool unknown; /* it was met just now, and what it ran for before is not known */
	bool is_new;
	bool woken;
	bool may_preempt; /* once */
};

RB_HEAD(tree, vtask);
RB_HEAD(dues, vtask);
TAILQ_HEAD(arrivals, vtask);

struct vsched {
	struct tree tree;
	struct dues dues[2]; /* some of them, by when they go first; [1]: who wake seldom */
	int64_t soon_left; /* ns of a CPU for these; they may owe some */
	uint64_t soon_at; /* as of then */
	struct arrivals arrivals; /* of this pass */
	bool news; /* there was an enqueue() in it */
	uint64_t min_vruntime;
	unsigned int runnable; /* they wait or run, as of the last news */
	uint32_t average; /* weight of those that run or are held, likewise */
	uint64_t load; /* weights of those in tree and arrivals */
	uint64_t all; /* likewise, of all that wait, those decided too; as of the last news */
	unsigned int nr;
	uint64_t seq;
	uint64_t slice_us; /* option; 0: the user's --slice-us */
};

static int compare(const struct vtask *a, const struct vtask *b)
{
	if (a->vruntime != b->vruntime)
		return (int64_t)(a->vruntime - b->vruntime) < 0 ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

RB_PROTOTYPE_STATIC(tree, vtask, node, compare)
RB_GENERATE_STATIC(tree, vtask, node, compare)

static int compare_due(const struct vtask *a, const struct vtask *b)
{
	if (a->due != b->due)
		return (int64_t)(a->due - b->due) < 0 ? -1 : 1;
	return compare(a, b);
}

RB_PROTOTYPE_STATIC(dues, vtask, due_node, compare_due)
RB_GENERATE_STATIC(dues, vtask, due_node, compare_due)

uint64_t vruntime_charge(uint64_t vruntime, uint64_t ran_ns, uint32_t weight)
{
	return vruntime + ran_ns * 100 / weight;
}

uint64_t vruntime_place(uint64_t vruntime, uint64_t min_vruntime)
{
	uint64_t least = min_vruntime - CREDIT_NS;

	return (int64_t)(vruntime - least) < 0 ? least : vruntime;
}

uint64_t vruntime_limit(uint64_t vruntime, uint64_t min_vruntime, uint64_t slice_ns,
			uint32_t weight)
{
	uint64_t slice = slice_ns > TICK_NS ? slice_ns : TICK_NS;
	uint64_t most = vruntime_charge(min_vruntime, 128 * slice, weight);

	return (int64_t)(vruntime - most) > 0 ? most : vruntime;
}

bool vruntime_preempts(uint64_t woken, uint32_t weight, uint64_t running)
{
	return (int64_t)(running - woken) > (int64_t)(GRANULARITY_NS * 100 / weight);
}

/* What those that wait share, as of this pass. */
struct turns {
	uint64_t longest; /* ns: slice_of() */
	uint64_t most; /* the same, longer where few wait */
	uint64_t slice; /* of weight average and more */
	unsigned int cpus;
	uint32_t average; /* weight */
};

static struct turns turns_among(uint64_t longest_ns, unsigned int runnable, unsigned int cpus,
				uint32_t average)
{
	unsigned int waiting = runnable > cpus ? runnable - cpus : 0;
	struct turns turns = {
		.longest = longest_ns,
		.most = longest_ns,
		.slice = ROUND_NS * cpus / (waiting + cpus),
		.cpus = cpus,
		.average = average,
	};

	/* with none, who comes next is not expected */
	if (waiting && waiting < cpus)
		turns.most = longest_ns * cpus / waiting;
	if (turns.slice > turns.most)
		turns.slice = turns.most;
	return turns;
}

static uint64_t turn_of(const struct turns *turns, uint32_t weight)
{
	uint64_t slice = turns->slice;

	if (weight < turns->average)
		slice = slice * weight / turns->average;
	if (slice < SLICE_MIN_NS)
		slice = SLICE_MIN_NS;
	return slice < turns->most ? slice : turns->most;
}

uint64_t vruntime_slice(uint64_t longest_ns, unsigned int runnable, unsigned int cpus,
			uint32_t weight, uint32_t average)
{
	struct turns turns = turns_among(longest_ns, runnable, cpus, average);

	return turn_of(&turns, weight);
}

static uint64_t slice_of(const struct scxu_sched *sched, const struct vsched *s)
{
	if (!s->slice_us)
		return scxu_slice(sched);
	/* shorter ones scxu_decide() refuses */
	return s->slice_us < 50 ? 50000 : s->slice_us * 1000;
}

static struct turns turns_of(const struct scxu_sched *sched, const struct vsched *s)
{
	return turns_among(slice_of(sched, s), s->runnable, scxu_nr_cpus(sched), s->average);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Not longer than --slice-us where few wait either. */
static uint64_t usual_turn(const struct turns *turns, uint32_t weight)
{
	return smaller(turn_of(turns, weight), turns->longest);
}

static void take_least(uint64_t vruntime, uint64_t *least, bool *any)
{
	if (!*any || (int64_t)(vruntime - *least) < 0)
		*least = vruntime;
	*any = true;
}

/* One that went first runs with a virtual time that is not its own. */
static uint64_t own_vruntime(const struct scxu_running *run)
{
	const struct vtask *t = run->task ? scxu_task_data(run->task) : NULL;

	return t && t->has_due && (int64_t)(run->vtime - t->vruntime) < 0 ? t->vruntime
									  : run->vtime;
}

/* Of all that run or wait. */
struct totals {
	uint64_t least; /* vruntime */
	bool any;
	uint64_t load;
	unsigned int nr;
};

static void count_decided(struct scxu_task *task, void *data)
{
	const struct vtask *t = scxu_task_data(task);
	struct totals *totals = data;

	take_least(t->vruntime, &totals->least, &totals->any);
	totals->load += task->weight;
	totals->nr++;
}

/*
 * When all events of the pass are read, and before those are placed that came: who woke or
 * is new tells nothing of it, unless there is nobody else. By the tasks that run alone it
 * would go past others that wait unread since the agent was slow, and CPUs went on with
 * what they had.
 */
static void update_min_vruntime(struct scxu_sched *sched, struct vsched *s)
{
	struct vtask *first = RB_MIN(tree, &s->tree), *t;
	struct totals totals = { .load = s->load, .nr = s->nr };
	unsigned int cpu, running = 0;
	struct scxu_running run;
	bool alone;

	if (!s->news)
		return;
	s->news = false;
	scxu_each_decided(sched, count_decided, &totals);
	s->all = totals.load;
	for (cpu = 0; cpu < scxu_nr_cpus(sched); cpu++) {
		if (!scxu_cpu_running(sched, (int)cpu, &run))
			continue;
		running++;
		/* also one that never waited: without it who comes next would be placed far ahead */
		if (!run.ordered)
			continue;
		take_least(own_vruntime(&run), &totals.least, &totals.any);
		totals.load += run.weight;
		totals.nr++;
	}
	s->runnable = scxu_nr_waiting(sched) + running;
	s->average = totals.nr ? (uint32_t)(totals.load / totals.nr) : 0;
	if (first)
		take_least(first->vruntime, &totals.least, &totals.any);
	for (t = TAILQ_FIRST(&s->arrivals); t; t = TAILQ_NEXT(t, next))
		if (!t->woken && !t->is_new)
			take_least(t->vruntime, &totals.least, &totals.any);
	alone = !totals.any;
	for (t = TAILQ_FIRST(&s->arrivals); t && alone; t = TAILQ_NEXT(t, next))
		take_least(t->vruntime, &totals.least, &totals.any);
	if (totals.any && (int64_t)(totals.least - s->min_vruntime) > 0)
		s->min_vruntime = totals.least;
}

static void into_tree(struct vsched *s, struct vtask *t)
{
	/* A recalled one is as early as it was. */
	if (!t->seq)
		t->seq = ++s->seq;
	RB_INSERT(tree, &s->tree, t);
	if (t->has_due)
		RB_INSERT(dues, &s->dues[t->seldom], t);
}

static void out_of_tree(struct vsched *s, struct vtask *t)
{
	RB_REMOVE(tree, &s->tree, t);
	if (t->has_due)
		RB_REMOVE(dues, &s->dues[t->seldom], t);
}

static void set_due(const struct vsched *s, struct vtask *t, const struct turns *turns,
		    uint32_t weight, uint64_t now)
{
	/* its share of the CPUs is weight / load */
	uint64_t wait = t->ran * s->all / ((uint64_t)weight * turns->cpus);

	t->owed = t->began + wait;
	t->due = t->began + (wait < SOON_NS ? wait : SOON_NS);
	/* it would be due before all who ran of late; and may have waited for a start, to compute */
	t->seldom = now - t->began > SOON_NS;
	t->paid = false;
}

/*
 * It is due. What it is owed is by the load of those that wait: many that are brief, and most of them
 * asleep, would go before those who compute for ever.
 */
static bool may_go_first(struct scxu_sched *sched, struct vsched *s, struct vtask *t,
			 const struct turns *turns)
{
	uint64_t reach = 2 * vruntime_charge(0, turn_of(turns, turns->average), 100);

	if (t->paid ||
	    ((int64_t)(t->owed - scxu_now(sched)) <= 0 &&
	     (int64_t)(t->vruntime - RB_MIN(tree, &s->tree)->vruntime) <= (int64_t)reach))
		return true;
	if (s->soon_left <= 0)
		return false;
	/* A debt, for who saves up waits while others spend; what going first gives is a slice at most. */
	s->soon_left -= (int64_t)smaller(t->ran > t->usually ? t->ran : t->usually,
					 turn_of(turns, scxu_task_of(t)->weight));
	t->paid = true;
	return true;
}

static void save_up(struct vsched *s, uint64_t now, unsigned int cpus)
{
	uint64_t passed = now - s->soon_at;

	s->soon_at = now;
	s->soon_left += (int64_t)(smaller(passed, SOON_MOST_NS * SOON_PART) * cpus / SOON_PART);
	if (s->soon_left > SOON_MOST_NS)
		s->soon_left = SOON_MOST_NS;
}

static void place_arrivals(struct vsched *s, const struct turns *turns, uint64_t now)
{
	struct vtask *t;

	while ((t = TAILQ_FIRST(&s->arrivals))) {
		uint32_t weight = scxu_task_of(t)->weight;

		TAILQ_REMOVE(&s->arrivals, t, next);
		t->arrived = false;
		if (t->woken)
			t->vruntime = vruntime_place(t->vruntime, s->min_vruntime);
		/*
		 * Not after what the kernel part says: where CPUs are idle its virtual now is
		 * that of the last that began, and each would begin a slice behind the last.
		 * And not by the longest slice: of 600 threads those that began while the
		 * first of them ran would have waited until each of these has had it.
		 */
		if (t->is_new)
			t->vruntime =
				vruntime_charge(s->min_vruntime, usual_turn(turns, weight), weight);
		t->vruntime = vruntime_limit(t->vruntime, s->min_vruntime, turns->longest, weight);
		/* one that was displaced has not done yet what it woke for */
		t->has_due = t->usually < BRIEF_NS &&
			     (t->woken || (t->has_due && t->runtime - t->woke < SLICE_MIN_NS));
		if (t->woken && t->has_due)
			set_due(s, t, turns, weight, now);
		t->paid &= t->has_due;
		into_tree(s, t);
	}
}

/*
 * The mean of what it ran from one wake-up to the next, the last thirty-two for the most part, with
 * the first guess as if it were one of them: by one that is short it is not brief yet, by two it is.
 * Once longer, by an interrupt's work perhaps, is not as a rule.
 */
static void take_sample(struct vtask *t)
{
	t->samples += t->samples < SAMPLES;
	t->usually += smaller(t->ran, SLICE_MIN_NS) / t->samples - t->usually / t->samples;
}

static void enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct vsched *s = scxu_sched_data(sched);
	struct vtask *t = scxu_task_data(task);

	s->news = true;
	s->load += task->weight;
	s->nr++;
	if (!(flags & (SCXU_ENQUEUE_RECALLED | SCXU_ENQUEUE_BOUNCED))) {
		/*
		 * Two accounts drift apart: by .6 s in 30 s of the floor, for which one that
		 * sleeps, placed by the one, would wait for those who compute.
		 */
		if (flags & SCXU_ENQUEUE_UNDECIDED)
			t->vruntime = task->vtime;
		/* Else it would be behind all others for it as soon as they are few. */
		else if (!t->paid)
			t->vruntime = vruntime_charge(t->vruntime, task->runtime - t->runtime,
						      task->weight);
		t->runtime = task->runtime;
		t->woken = flags & SCXU_ENQUEUE_WAKEUP;
		if (t->woken) {
			t->ran = task->runtime - t->woke;
			t->woke = task->runtime;
			/* who slept when it was met: what it ran for before is not known */
			if (!t->unknown)
				take_sample(t);
		}
		t->unknown = false;
		t->may_preempt = t->woken && !(flags & SCXU_ENQUEUE_SYNC);
		t->seq = 0;
		t->is_new = flags & SCXU_ENQUEUE_NEW;
		t->arrived = true;
		TAILQ_INSERT_TAIL(&s->arrivals, t, next);
		return;
	}
	t->arrived = false;
	into_tree(s, t);
}

static void task_enter(struct scxu_sched *sched, struct scxu_task *task)
{
	struct vsched *s = scxu_sched_data(sched);
	struct vtask *t = scxu_task_data(task);

	/* The kernel part's account goes on where another agent's ended. */
	t->vruntime = vruntime_place(task->vtime, s->min_vruntime);
	t->runtime = task->runtime;
	t->woke = task->runtime;
	t->usually = SLICE_MIN_NS; /* until it has shown something else */
	t->samples = GUESS_SAMPLES;
	t->unknown = true;
}

static void dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct vsched *s = scxu_sched_data(sched);
	struct vtask *t = scxu_task_data(task);

	s->load -= task->weight;
	s->nr--;
	if (t->arrived)
		TAILQ_REMOVE(&s->arrivals, t, next);
	else
		out_of_tree(s, t);
}

/* The CPU whose task is furthest ahead of the woken one, by more than the rule's; or -1. */
static int preempt_where(struct scxu_sched *sched, const struct scxu_task *task,
			 const struct vtask *t)
{
	struct scxu_running run;
	uint64_t most = 0;
	unsigned int cpu;
	int found = -1;

	for (cpu = 0; cpu < scxu_nr_cpus(sched); cpu++) {
		if (!scxu_cpu_running(sched, (int)cpu, &run) ||
		    !vruntime_preempts(t->vruntime, task->weight, run.vtime) ||
		    run.vtime - t->vruntime <= most || !scxu_cpu_allowed(sched, task, (int)cpu))
			continue;
		most = run.vtime - t->vruntime;
		found = (int)cpu;
	}
	return found;
}

/* Of the CPUs that the task may use, the one whose task is furthest ahead; else any; or -1. */
static int cpu_for_limited(struct scxu_sched *sched, const struct scxu_task *task)
{
	struct scxu_running run;
	uint64_t most = 0;
	unsigned int cpu;
	int found = -1;
	bool runs = false;

	for (cpu = 0; cpu < scxu_nr_cpus(sched); cpu++) {
		if (!scxu_cpu_allowed(sched, task, (int)cpu))
			continue;
		if (!scxu_cpu_running(sched, (int)cpu, &run)) {
			if (found < 0)
				found = (int)cpu;
			continue;
		}
		if (runs && (int64_t)(run.vtime - most) <= 0)
			continue;
		most = run.vtime;
		found = (int)cpu;
		runs = true;
	}
	return found;
}

/* What is decided for any CPU is enough, but for who comes before some of it. */
static bool is_wanted(const struct scxu_sched *sched, uint64_t vtime, unsigned int room)
{
	return room || scxu_precedes(sched, vtime);
}

/* Decides it, if it can be. -EAGAIN: there is no room left in the stock, for any; else 0. */
static int decide(struct scxu_sched *sched, struct vsched *s, struct vtask *t,
		  const struct turns *turns, uint64_t vtime, unsigned int *room)
{
	struct scxu_task *task = scxu_task_of(t);
	bool limited = task->nr_cpus_allowed < turns->cpus;
	uint64_t slice = turn_of(turns, task->weight), usual = smaller(slice, turns->longest);
	unsigned int flags = SCXU_VTIME;
	int cpu = scxu_idle_cpu(sched, task), err;

	if (cpu < 0 && t->may_preempt && !scxu_agent_cpu_free(sched)) {
		cpu = preempt_where(sched, task, t);
		if (cpu >= 0)
			flags |= SCXU_PREEMPT;
	}
	/* In the stock it could be taken by a CPU that it may not use. */
	if (cpu < 0 && limited) {
		cpu = cpu_for_limited(sched, task);
		if (cpu < 0)
			return 0; /* none is online: the kernel will move it */
	}
	/* one that may not use all CPUs waits for those of few slices */
	err = scxu_decide(sched, task, cpu < 0 ? SCXU_CPU_ANY : cpu, limited ? usual : slice, vtime,
			  flags);
	if (err == -EAGAIN && cpu < 0)
		return err;
	/*
	 * That CPU has plenty, others may not; or (-EINVAL) its affinity has
	 * changed under our feet, and an event comes. It stays ours.
	 */
	if (err && err != -ESTALE)
		return 0;
	out_of_tree(s, t);
	s->load -= task->weight;
	s->nr--;
	t->may_preempt = false;
	t->began = scxu_now(sched);
	if (!err)
		scxu_stand(sched, task, usual, 0, SCXU_PREEMPT);
	if (!err && cpu < 0 && *room)
		--*room;
	return 0;
}

/* Those that are due, who wake seldom or the others. -EAGAIN: as decide() says. */
static int decide_due(struct scxu_sched *sched, struct vsched *s, bool seldom,
		      const struct turns *turns, unsigned int *room)
{
	/* the kernel part, too, goes by virtual time: nobody is placed before that */
	uint64_t first = s->min_vruntime - CREDIT_NS;
	unsigned int passed_over = 0;
	struct vtask *t, *next;
	int err = 0;

	for (t = RB_MIN(dues, &s->dues[seldom]); t && !err && is_wanted(sched, first, *room);
	     t = next) {
		if ((int64_t)(t->due - scxu_now(sched)) > 0)
			break;
		next = RB_NEXT(dues, &s->dues[seldom], t);
		if (!may_go_first(sched, s, t, turns)) {
			if (++passed_over == SOON_LOOK)
				break;
			continue;
		}
		err = decide(sched, s, t, turns, first, room);
	}
	return err;
}

static void dispatch(struct scxu_sched *sched)
{
	struct vsched *s = scxu_sched_data(sched);
	unsigned int room = scxu_room(sched);
	struct vtask *t, *next;
	struct turns turns;
	int err = 0;

	update_min_vruntime(sched, s);
	turns = turns_of(sched, s);
	save_up(s, scxu_now(sched), turns.cpus);
	place_arrivals(s, &turns, scxu_now(sched));
	/* Few that wait now may be many in the next pass: only then it matters who is due. */
	if (turn_of(&turns, turns.average) < turns.longest) {
		err = decide_due(sched, s, false, &turns, &room);
		if (!err)
			err = decide_due(sched, s, true, &turns, &room);
	}
	for (t = RB_MIN(tree, &s->tree); t && !err && is_wanted(sched, t->vruntime, room);
	     t = next) {
		next = RB_NEXT(tree, &s->tree, t);
		err = decide(sched, s, t, &turns, t->vruntime, &room);
	}
}

static const struct scxu_policy_option options[] = {
	{ "slice_us",
	  "longest slice where many wait, in us (1 to 49 are taken for 50); 0: what --slice-us "
	  "says",
	  0, 100000, 0, offsetof(struct vsched, slice_us) },
	{ 0 },
};

static int init(struct scxu_sched *sched)
{
	struct vsched *s = scxu_sched_data(sched);

	TAILQ_INIT(&s->arrivals);
	s->min_vruntime = scxu_vtime_now(sched); /* an agent that takes over: not from 0 */
	return 0;
}

const struct scxu_policy_ops vruntime_policy = {
	.struct_size = sizeof(vruntime_policy),
	.abi = SCXU_POLICY_ABI,
	.name = "vruntime",
	.summary = "weighted fair queueing by virtual run time, as CFS",
	.task_size = sizeof(struct vtask),
	.sched_size = sizeof(struct vsched),
	.options = options,
	.stands = true,
	.by_vtime = true,
	.init = init,
	.task_enter = task_enter,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
