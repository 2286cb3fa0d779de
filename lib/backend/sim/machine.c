// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Time, events and CPUs: the kernel's scheduler core and its sched_ext class, as far
 * as the kernel part sees them (kernel/sched/core.c and ext.c, 6.12 onwards; what
 * differs between kernels is as on the newest).
 *
 * Events lie in a heap by time, and by order of coming among equals. A CPU has one
 * next event, the end of its task's step or slice; a version tells an event that has
 * been overtaken. Run time is charged when somebody looks: at events of that CPU.
 *
 * schedule() is __schedule(): a task that has slice left goes on; else what lies in
 * the local DSQ runs; else ops.dispatch is asked; and only then the one that ran
 * is enqueued, so that a dispatch never sees it wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel-part.h"
#include "machine.h"

#define BELL_NS	       300u /* until an irq_work runs on its own CPU */
#define SLICE_DFL_NS   20000000ull /* SCX_SLICE_DFL */
#define DISPATCH_LOOPS 32
#define TIMER_SLACK_NS 50000u /* the kernel's default */

int compare_vtime(const struct task *a, const struct task *b)
{
	if (a->dsq_vtime != b->dsq_vtime)
		return scxu_vtime_before(a->dsq_vtime, b->dsq_vtime) ? -1 : 1;
	return a->dsq_seq < b->dsq_seq ? -1 : a->dsq_seq > b->dsq_seq;
}

RB_GENERATE(vtime_tree, task, node, compare_vtime)

/* kernel/sched/core.c: sched_prio_to_weight[] */
static const uint32_t nice_weights[NICE_LEVELS] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,	 1991,	1586,  1277,
	1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
	110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};

/* sched_weight_to_cgroup(): what p->scx.weight is */
uint32_t weight_of_nice(int nice)
{
	uint32_t weight = (nice_weights[nice + 20] * 100 + 512) / 1024;

	return weight ? weight : 1;
}

uint64_t sim_random(struct scxu_sim *m)
{
	uint64_t z = m->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t sim_below(struct scxu_sim *m, uint64_t limit)
{
	return sim_random(m) % limit;
}

/* --- events --------------------------------------------------------------------- */

static bool earlier(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

int machine_event(struct scxu_sim *m, uint64_t at, enum event_kind kind, unsigned int cpu,
		  struct task *task, uint64_t version)
{
	struct event e = {
		.at = at,
		.seq = m->seq++,
		.kind = (uint16_t)kind,
		.cpu = (uint16_t)cpu,
		.task = task,
		.version = version,
	};
	size_t i;

	if (m->nr_events == m->max_events) {
		size_t more = m->max_events ? 2 * m->max_events : 256;
		struct event *heap = realloc(m->heap, more * sizeof(*heap));

		if (!heap)
			return m->err = -ENOMEM;
		m->heap = heap;
		m->max_events = more;
	}
	for (i = m->nr_events++; i && earlier(&e, &m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		m->heap[i] = m->heap[(i - 1) / 2];
	m->heap[i] = e;
	return 0;
}

static struct event next_event(struct scxu_sim *m)
{
	struct event first = m->heap[0], last = m->heap[--m->nr_events];
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < m->nr_events; i = child) {
		if (child + 1 < m->nr_events && earlier(&m->heap[child + 1], &m->heap[child]))
			child++;
		if (!earlier(&m->heap[child], &last))
			break;
		m->heap[i] = m->heap[child];
	}
	m->heap[i] = last;
	return first;
}

static struct happened happens(const struct scxu_sim *m, const char *what, const struct task *t,
			       int cpu, uint64_t value)
{
	return (struct happened) {
		.at = m->now,
		.what = what,
		.pid = t ? t->pid : 0,
		.cpu = cpu,
		.value = value,
		.times = 1,
	};
}

static void task_note(const struct scxu_sim *m, const char *what, struct task *t, int cpu,
		      uint64_t value)
{
	t->happened[t->nr_happened++ % TASK_EVENTS] = happens(m, what, t, cpu, value);
}

void machine_note(struct scxu_sim *m, const char *what, struct task *t, int cpu, uint64_t value)
{
	m->happened[m->nr_happened++ % LAST_EVENTS] = happens(m, what, t, cpu, value);
	if (t)
		task_note(m, what, t, cpu, value);
	if (m->nr_happened - m->first_happened > LAST_EVENTS)
		m->first_happened++;
}

static struct happened *note_at(struct scxu_sim *m, uint64_t i)
{
	return &m->happened[i % LAST_EVENTS];
}

static bool agent_note(struct scxu_sim *m, uint64_t i, const char *what)
{
	return note_at(m, i)->pid == AGENT_PID && !strcmp(note_at(m, i)->what, what);
}

static void forget_note(struct scxu_sim *m, uint64_t i)
{
	for (; i + 1 < m->nr_happened; i++)
		*note_at(m, i) = *note_at(m, i + 1);
	m->nr_happened--;
}

/*
 * An agent that wakes again and again and decides nothing would push out all that led to it.
 * That it woke goes without saying, and of several times in a row one note is left.
 */
void machine_note_decided(struct scxu_sim *m, int cpu, uint64_t decided)
{
	uint64_t i = m->nr_happened, times = 1;

	while (!decided && i-- > m->first_happened) {
		if (agent_note(m, i, "wakes") || agent_note(m, i, "runs")) {
			forget_note(m, i);
			continue;
		}
		if (!agent_note(m, i, "has decided"))
			continue;
		if (note_at(m, i)->value)
			break;
		/* its CPU, when it went to sleep */
		if (i + 1 < m->nr_happened && note_at(m, i + 1)->cpu == note_at(m, i)->cpu &&
		    !strcmp(note_at(m, i + 1)->what, "idle"))
			forget_note(m, i + 1);
		if (i + 1 == m->nr_happened) {
			times += note_at(m, i)->times;
			forget_note(m, i);
		}
		break;
	}
	machine_note(m, "has decided", &m->agent.task, cpu, decided);
	note_at(m, m->nr_happened - 1)->times = times;
}

/* --- DSQs -------------------------------------------------------------------------- */

static void link_shared(struct scxu_sim *m, struct task *t)
{
	t->dsq_seq = m->dsq_seq++;
	RB_INSERT(vtime_tree, &m->shared, t);
	m->nr_shared++;
}

/* Ordered by when they began to wait; they mostly come so. */
static void link_starved(struct scxu_sim *m, struct task *t)
{
	struct task *before = TAILQ_LAST(&m->starved, task_list);

	while (before && before->enqueued_at > t->enqueued_at)
		before = TAILQ_PREV(before, task_list, fifo);
	if (before)
		TAILQ_INSERT_AFTER(&m->starved, before, t, fifo);
	else
		TAILQ_INSERT_HEAD(&m->starved, t, fifo);
	m->nr_starved++;
}

static void unlink_task(struct scxu_sim *m, struct task *t)
{
	switch (t->where) {
	case SHARED:
		RB_REMOVE(vtime_tree, &m->shared, t);
		m->nr_shared--;
		break;
	case STARVED:
		TAILQ_REMOVE(&m->starved, t, fifo);
		m->nr_starved--;
		break;
	case LOCAL:
		TAILQ_REMOVE(&m->cpus[t->cpu].local, t, fifo);
		m->cpus[t->cpu].nr_local--;
		break;
	case CUSTODY:
		m->nr_custody--;
		break;
	case PARKED:
		m->k.agent_parked = false;
		break;
	case SLEEPS:
	case RUNS:
	case DEAD:
		break;
	}
}

/* By an interrupt, or by itself. */
static void resched(struct scxu_sim *m, unsigned int cpu)
{
	uint64_t at = m->now + (cpu == m->here ? 0 : m->o.interrupt_ns);
	struct cpu *c = &m->cpus[cpu];

	if (c->resched_at <= at)
		return;
	c->resched_at = at;
	machine_event(m, c->resched_at, EVENT_RESCHED, cpu, NULL, 0);
}

void machine_kick(struct scxu_sim *m, unsigned int cpu, enum kick kick)
{
	struct cpu *c = &m->cpus[cpu];

	if (!c->online || (kick == KICK_IDLE && c->curr))
		return;
	if (kick == KICK_PREEMPT)
		c->resched_preempt = true;
	resched(m, cpu);
}

void machine_insert_local(struct scxu_sim *m, struct task *t, unsigned int cpu, uint64_t slice,
			  bool head, bool preempt)
{
	struct cpu *c = &m->cpus[cpu];

	t->where = LOCAL;
	t->cpu = cpu;
	t->slice = slice;
	if (head)
		TAILQ_INSERT_HEAD(&c->local, t, fifo);
	else
		TAILQ_INSERT_TAIL(&c->local, t, fifo);
	c->nr_local++;
	if (m->dispatching)
		return; /* this CPU looks anyway */
	if (preempt && c->curr) {
		machine_update_curr(m, c);
		c->curr->slice = 0;
	}
	if (!c->curr || preempt)
		resched(m, cpu);
}

void machine_insert_shared(struct scxu_sim *m, struct task *t, uint64_t slice, uint64_t vtime)
{
	t->where = SHARED;
	t->slice = slice;
	t->dsq_vtime = vtime;
	if (m->dispatching)
		m->buffer[m->nr_buffer++] = t;
	else
		link_shared(m, t);
}

void machine_insert_starved(struct scxu_sim *m, struct task *t, uint64_t slice)
{
	t->where = STARVED;
	t->slice = slice;
	m->buffer[m->nr_buffer++] = t;
}

static void flush(struct scxu_sim *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_buffer; i++) {
		if (m->buffer[i]->where == SHARED)
			link_shared(m, m->buffer[i]);
		else
			link_starved(m, m->buffer[i]);
	}
	m->nr_dispatched += m->nr_buffer;
	m->nr_buffer = 0;
}

void machine_move_task(struct scxu_sim *m, struct task *t, unsigned int cpu)
{
	unlink_task(m, t);
	machine_insert_local(m, t, cpu, t->slice, false, false);
	m->nr_dispatched++;
}

void machine_starve_task(struct scxu_sim *m, struct task *t)
{
	unlink_task(m, t);
	t->where = STARVED;
	link_starved(m, t);
}

bool machine_move_shared(struct scxu_sim *m, unsigned int cpu)
{
	struct task *t;

	flush(m);
	RB_FOREACH (t, vtime_tree, &m->shared) {
		if (!task_allowed(t, cpu))
			continue;
		machine_move_task(m, t, cpu);
		return true;
	}
	return false;
}

bool machine_move_starved(struct scxu_sim *m, unsigned int cpu)
{
	struct task *t;

	flush(m);
	TAILQ_FOREACH(t, &m->starved, fifo)
	{
		if (!task_allowed(t, cpu))
			continue;
		machine_move_task(m, t, cpu);
		return true;
	}
	return false;
}

/* --- idle CPUs -------------------------------------------------------------------- */

int machine_pick_idle_cpu(struct scxu_sim *m, uint64_t cpus)
{
	int cpu;

	if (!(m->idle_mask & cpus))
		return -1;
	cpu = __builtin_ctzll(m->idle_mask & cpus);
	m->idle_mask &= ~(1ull << cpu);
	return cpu;
}

int machine_select_cpu_dfl(struct scxu_sim *m, const struct task *t, unsigned int prev)
{
	if (task_allowed(t, prev) && m->idle_mask >> prev & 1) {
		m->idle_mask &= ~(1ull << prev);
		return (int)prev;
	}
	return machine_pick_idle_cpu(m, t->cpus);
}

/* --- running ---------------------------------------------------------------------- */

void machine_update_curr(struct scxu_sim *m, struct cpu *c)
{
	uint64_t delta = m->now - c->updated, work;
	struct task *t = c->curr;

	c->updated = m->now;
	if (!t || !delta)
		return;
	t->runtime += delta;
	t->slice -= delta < t->slice ? delta : t->slice;
	/* on a shared clock, so much of it was the others' turn */
	delta += c->turn;
	c->turn = delta % m->nr_turns;
	delta /= m->nr_turns;
	work = delta > c->overhead ? delta - c->overhead : 0;
	c->overhead -= delta - work;
	t->work -= work < t->work ? work : t->work;
}

static uint64_t tick_at_or_after(const struct scxu_sim *m, uint64_t at)
{
	return (at + m->tick_ns - 1) / m->tick_ns * m->tick_ns;
}

static void arm(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];
	const struct task *t = c->curr;
	uint64_t step, slice;

	c->version++;
	if (!t)
		return;
	step = m->now + (c->overhead + t->work) * m->nr_turns - c->turn;
	slice = m->now + t->slice;
	if (!m->o.exact_slices)
		slice = tick_at_or_after(m, slice);
	machine_event(m, step < slice ? step : slice, EVENT_CPU, cpu, NULL, c->version);
}

/* A CPU has gone idle or come back: on a shared clock all others go on at another pace. */
static void share_clock(struct scxu_sim *m)
{
	unsigned int cpu;

	if (!m->o.shared_clock)
		return;
	for (cpu = 0; cpu < m->o.nr_cpus; cpu++)
		machine_update_curr(m, &m->cpus[cpu]);
	m->nr_turns = 0;
	for (cpu = 0; cpu < m->o.nr_cpus; cpu++)
		m->nr_turns += m->cpus[cpu].online && !m->cpus[cpu].idle;
	if (!m->nr_turns)
		m->nr_turns = 1;
	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		m->cpus[cpu].turn = 0;
		arm(m, cpu);
	}
}

static void wait_begins(struct scxu_sim *m, struct task *t)
{
	if (t == &m->agent.task)
		return;
	t->queued_at = m->now;
	TAILQ_INSERT_TAIL(&m->all_waiting, t, waiting);
}

static void wait_ends(struct scxu_sim *m, struct task *t)
{
	struct class *class = &m->classes[t->class];

	if (t == &m->agent.task)
		return;
	TAILQ_REMOVE(&m->all_waiting, t, waiting);
	waits_add(&class->waits, m->now - t->queued_at);
	if (t->waits)
		waits_add(t->waits, m->now - t->queued_at);
	t->switches++;
	m->switches++;
}

static void run_begins(struct scxu_sim *m, struct task *t, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];

	unlink_task(m, t);
	check_running(m, t, cpu);
	wait_ends(m, t);
	t->where = RUNS;
	t->cpu = cpu;
	c->curr = t;
	c->updated = m->now;
	c->overhead = m->o.switch_ns;
	c->turn = 0;
	if (c->idle) {
		c->idle = false;
		c->idle_ns += m->now - c->idle_since;
		share_clock(m);
		kernel_part_update_idle(m, cpu, false);
	}
	m->idle_mask &= ~(1ull << cpu);
	kernel_part_running(m, t, cpu);
	c->since = m->now;
	machine_note(m, "runs", t, (int)cpu, t->slice);
}

/* The CPU's task is none any more; its state is the caller's to set. */
static struct task *run_ends(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];
	struct task *t = c->curr;

	machine_update_curr(m, c);
	kernel_part_stopping(m, t, cpu);
	c->curr = NULL;
	c->version++;
	if (c->since < m->o.gantt_to && m->now > m->o.gantt_from)
		gantt_add(m, t, cpu);
	return t;
}

unsigned int machine_fallback_cpu(const struct scxu_sim *m, const struct task *t)
{
	uint64_t cpus = t->cpus & m->online_mask;

	if (cpus >> t->cpu & 1)
		return t->cpu;
	return (unsigned int)__builtin_ctzll(cpus ? cpus : m->online_mask);
}

static void enqueue(struct scxu_sim *m, struct task *t, bool wakeup, unsigned int here)
{
	kernel_part_enqueue(m, t, wakeup, here);
	task_note(m, t->where == CUSTODY ? "waits for a decision" : "waits in the kernel part", t,
		  (int)t->cpu, 0);
}

static void put_prev(struct scxu_sim *m, struct task *t, unsigned int here)
{
	wait_begins(m, t);
	enqueue(m, t, false, here);
}

/* ops.dispatch until there is something: true, the task that ran goes on. */
static bool balance(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];
	int loops = DISPATCH_LOOPS;

	if (c->nr_local)
		return false;
	m->dispatching = true;
	do {
		m->nr_dispatched = 0;
		kernel_part_dispatch(m, cpu, c->curr);
		flush(m);
		if ((c->curr && c->curr->slice) || c->nr_local)
			break;
	} while (m->nr_dispatched && --loops);
	m->dispatching = false;
	return c->curr && c->curr->slice;
}

static void schedule(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];
	struct task *prev = c->curr, *next;

	machine_update_curr(m, c);
	if (!c->online)
		return;
	if (!(prev && prev->slice) && !balance(m, cpu)) {
		next = TAILQ_FIRST(&c->local);
		if (next) {
			if (prev)
				run_ends(m, cpu);
			run_begins(m, next, cpu);
			if (prev)
				put_prev(m, prev, cpu);
		} else if (prev) {
			prev->slice = SLICE_DFL_NS;
		} else {
			m->idle_mask |= 1ull << cpu;
			if (!c->idle) {
				c->idle = true;
				c->idle_since = m->now;
				share_clock(m);
				machine_note(m, "idle", NULL, (int)cpu, 0);
				kernel_part_update_idle(m, cpu, true);
			}
		}
	}
	arm(m, cpu);
}

void machine_block(struct scxu_sim *m, struct task *t, enum where where)
{
	run_ends(m, t->cpu);
	t->where = where;
	t->slept = true; /* an end too: it wanted no more */
	if (t == &m->agent.task)
		return;
	ideal_leave(m, t);
	machine_note(m, where == DEAD ? "ends" : "sleeps", t, (int)t->cpu, 0);
	if (where != DEAD)
		return;
	kernel_part_exit_task(m, t);
	m->classes[t->class].runtime += t->runtime;
	m->classes[t->class].ideal += ideal_of(m, t);
	m->classes[t->class].switches += t->switches;
	if (t->forked) {
		t->next_free = m->free_tasks;
		m->free_tasks = t;
	}
}

/* wakeup: it slept; else it is new. */
static void activate(struct scxu_sim *m, struct task *t, bool wakeup, unsigned int here)
{
	unsigned int cpu = machine_fallback_cpu(m, t);
	bool direct;

	if (t != &m->agent.task)
		ideal_join(m, t);
	machine_note(m, wakeup ? "wakes" : "is new", t, (int)cpu, 0);
	wait_begins(m, t);
	direct = kernel_part_select_cpu(m, t, &cpu, here);
	if (direct)
		return;
	t->cpu = cpu;
	enqueue(m, t, wakeup, here);
	/* whatever came of that: who waits is before the idle task [wakeup_preempt()] */
	if (!m->cpus[cpu].curr)
		resched(m, cpu);
}

void machine_wake(struct scxu_sim *m, struct task *t, unsigned int here)
{
	t->timer++; /* whatever was to wake it */
	activate(m, t, true, here);
}

void machine_sleep_until(struct scxu_sim *m, struct task *t, uint64_t at)
{
	machine_event(m, at + sim_below(m, TIMER_SLACK_NS), EVENT_TIMER, t->cpu, t, ++t->timer);
}

void machine_start_task(struct scxu_sim *m, struct task *t, unsigned int here)
{
	behaviour_begin(t, m->now);
	activate(m, t, false, here);
}

/* Out of wherever it waits, and in again: what dequeue and enqueue do at a change. */
static void requeue(struct scxu_sim *m, struct task *t, unsigned int here)
{
	unlink_task(m, t);
	TAILQ_REMOVE(&m->all_waiting, t, waiting);
	wait_begins(m, t);
	t->cpu = machine_fallback_cpu(m, t);
	enqueue(m, t, false, here);
}

static bool waits(const struct task *t)
{
	return t->where == CUSTODY || t->where == PARKED || t->where == SHARED ||
	       t->where == STARVED || t->where == LOCAL;
}

void machine_set_nice(struct scxu_sim *m, struct task *t, int nice, unsigned int here)
{
	bool runnable = waits(t) || t->where == RUNS;

	machine_note(m, "nice", t, (int)here, (uint64_t)nice);
	if (runnable)
		ideal_leave(m, t);
	if (t->where == RUNS) {
		machine_update_curr(m, &m->cpus[t->cpu]);
		kernel_part_stopping(m, t, t->cpu);
	}
	t->nice = nice;
	t->weight = weight_of_nice(nice);
	t->changed = true;
	if (runnable)
		ideal_join(m, t);
	if (t->where == RUNS)
		kernel_part_running(m, t, t->cpu);
	else if (runnable)
		requeue(m, t, here);
}

void machine_set_cpus(struct scxu_sim *m, struct task *t, uint64_t cpus, unsigned int here)
{
	unsigned int cpu = t->cpu;

	machine_note(m, "affinity", t, (int)here, cpus);
	t->cpus = cpus & m->online_mask ? cpus : ~0ull >> (64 - m->o.nr_cpus);
	t->changed = true;
	m->limited |= !!(~cpus << (64 - m->o.nr_cpus));
	if (t->where == RUNS && !task_allowed(t, cpu)) {
		/* the stopper moves it */
		run_ends(m, cpu);
		t->cpu = machine_fallback_cpu(m, t);
		put_prev(m, t, here);
		resched(m, cpu);
	} else if (waits(t)) {
		requeue(m, t, here);
	}
}

/* --- the agent's bell and its faults ---------------------------------------------- */

static void wake_agent(struct scxu_sim *m, unsigned int here)
{
	struct agent *a = &m->agent;

	if (a->stopped || a->task.where != SLEEPS)
		return;
	if (a->sleeps) {
		a->sleeps = false;
		a->state = AGENT_WAKES;
		a->task.work = m->o.wake_ns;
	}
	a->rung = false;
	activate(m, &a->task, true, here);
}

/* By irq_work: not before the callback that rings has ended. */
void machine_ring_bell(struct scxu_sim *m, unsigned int here)
{
	m->agent.rung = true;
	machine_event(m, m->now + BELL_NS, EVENT_BELL, here, NULL, 0);
}

static void stop_agent(struct scxu_sim *m)
{
	struct task *t = &m->agent.task;

	m->agent.stopped = true;
	machine_note(m, "is stopped", t, (int)t->cpu, 0);
	if (t->where == RUNS) {
		machine_block(m, t, SLEEPS);
		schedule(m, t->cpu);
	} else if (waits(t)) {
		unlink_task(m, t);
		t->where = SLEEPS;
	}
}

static void continue_agent(struct scxu_sim *m)
{
	m->agent.stopped = false;
	machine_note(m, "goes on", &m->agent.task, -1, 0);
	if (!m->agent.sleeps || m->agent.rung)
		wake_agent(m, m->agent.task.cpu);
}

/* --- hotplug ------------------------------------------------------------------------- */

static void cpu_offline(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];
	uint64_t rest = m->online_mask & ~(1ull << cpu);
	unsigned int here, i;
	struct task *t;

	if (!c->online || !rest)
		return;
	machine_note(m, "goes offline", NULL, (int)cpu, 0);
	here = (unsigned int)__builtin_ctzll(rest);
	c->online = false;
	ideal_update(m);
	m->online_mask = rest;
	m->idle_mask &= rest;
	if (c->idle)
		c->idle_ns += m->now - c->idle_since;
	c->idle = false;
	c->offline_since = m->now;
	share_clock(m);
	kernel_part_cpu_offline(m, cpu);
	if (c->curr) {
		t = run_ends(m, cpu);
		if (!(t->cpus & rest))
			t->cpus = ~0ull >> (64 - m->o.nr_cpus);
		t->cpu = machine_fallback_cpu(m, t);
		put_prev(m, t, here);
	}
	while ((t = TAILQ_FIRST(&c->local))) {
		unlink_task(m, t);
		t->where = SLEEPS;
		if (!(t->cpus & rest))
			t->cpus = ~0ull >> (64 - m->o.nr_cpus);
		t->cpu = machine_fallback_cpu(m, t);
		if (t != &m->agent.task)
			TAILQ_REMOVE(&m->all_waiting, t, waiting);
		put_prev(m, t, here);
	}
	/* as select_fallback_rq(): no longer affine */
	for (i = 0; i < m->nr_tasks; i++)
		if (m->tasks[i]->where != DEAD && !(m->tasks[i]->cpus & rest))
			machine_set_cpus(m, m->tasks[i], rest, here);
}

static void cpu_online(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];

	if (c->online)
		return;
	machine_note(m, "goes online", NULL, (int)cpu, 0);
	ideal_update(m);
	c->online = true;
	m->online_mask |= 1ull << cpu;
	c->offline_ns += m->now - c->offline_since;
	c->updated = m->now;
	share_clock(m);
	kernel_part_cpu_online(m, cpu);
	schedule(m, cpu);
}

/* --- the loop ------------------------------------------------------------------------- */

static void cpu_event(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];

	machine_update_curr(m, c);
	if (c->curr == &m->agent.task) {
		if (!c->overhead && !c->curr->work)
			agent_step(m, cpu);
	} else if (!c->overhead && !c->curr->work) {
		behaviour_step(m, c->curr, cpu);
	}
	if (!c->curr || (c->curr == &m->agent.task && m->agent.state == AGENT_PARKS) ||
	    (!c->curr->slice && (m->o.exact_slices || m->now % m->tick_ns == 0)))
		schedule(m, cpu);
	else
		arm(m, cpu);
}

static void resched_event(struct scxu_sim *m, unsigned int cpu)
{
	struct cpu *c = &m->cpus[cpu];

	c->resched_at = ~0ull;
	if (!c->online)
		return;
	machine_update_curr(m, c);
	if (c->resched_preempt && c->curr)
		c->curr->slice = 0;
	c->resched_preempt = false;
	schedule(m, cpu);
}

/* False: it was overtaken. */
static bool process(struct scxu_sim *m, const struct event *e)
{
	m->here = e->cpu;
	switch ((enum event_kind)e->kind) {
	case EVENT_CPU:
		if (e->version != m->cpus[e->cpu].version)
			return false;
		cpu_event(m, e->cpu);
		break;
	case EVENT_RESCHED:
		if (e->at != m->cpus[e->cpu].resched_at)
			return false;
		resched_event(m, e->cpu);
		break;
	case EVENT_TIMER:
		if (e->version != e->task->timer || e->task->where != SLEEPS)
			return false;
		machine_wake(m, e->task,
			     m->cpus[e->cpu].online
				     ? e->cpu
				     : (unsigned int)__builtin_ctzll(m->online_mask));
		break;
	case EVENT_BELL:
		if (!m->agent.rung || !m->agent.sleeps)
			return false;
		wake_agent(m, m->cpus[e->cpu].online
				      ? e->cpu
				      : (unsigned int)__builtin_ctzll(m->online_mask));
		break;
	case EVENT_WATCH:
		kernel_part_watch(m, (unsigned int)__builtin_ctzll(m->online_mask));
		break;
	case EVENT_OFFLINE:
		cpu_offline(m, e->cpu);
		break;
	case EVENT_ONLINE:
		cpu_online(m, e->cpu);
		break;
	case EVENT_STOP:
		stop_agent(m);
		break;
	case EVENT_CONT:
		continue_agent(m);
		break;
	case EVENT_AUDIT:
		check_audit(m);
		machine_event(m, m->now + AUDIT_NS, EVENT_AUDIT, 0, NULL, 0);
		return false;
	}
	return true;
}

void machine_start(struct scxu_sim *m)
{
	unsigned int cpu;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++)
		schedule(m, cpu); /* all go idle */
	wake_agent(m, 0);
}

int scxu_sim_run(struct scxu_sim *m)
{
	while (!m->err && !m->violation[0]) {
		struct event e = next_event(m); /* the audit is always there */

		if (e.at > m->o.duration)
			break;
		m->now = e.at;
		if (!process(m, &e))
			continue;
		m->events++;
		check_event(m);
		if (m->o.check_all)
			check_audit(m);
	}
	if (m->err)
		return m->err;
	if (!m->violation[0]) {
		m->now = m->o.duration;
		check_audit(m);
	}
	return m->violation[0] ? -EPROTO : 0;
}

const char *scxu_sim_violation(const struct scxu_sim *m)
{
	return m->violation[0] ? m->violation : NULL;
}

uint64_t scxu_sim_now(const struct scxu_sim *m)
{
	return m->now;
}

uint64_t scxu_sim_events(const struct scxu_sim *m)
{
	return m->events;
}
