// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A task is known by its slot. For each slot the engine keeps an entry, which says
 * in whose hands the task's present wait is:
 *
 *   NOBODY   does not wait, as far as we know
 *   POLICY   enqueued: the policy holds it
 *   STOCK    decided, in the stock; may be recalled
 *   CPU      decided, in a CPU's ring; may be recalled
 *
 * An event says "look at this record", no more. The record's generation tells
 * whether it is a new wait. Everything that the kernel part writes is read into
 * the entry before the policy sees it, so that a policy sees facts that do not
 * change under its feet.
 *
 * The pass neither allocates nor locks nor calls the system.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <scxu/stats.h>
#include "engine.h"
#include "policy.h"

#define EVENTS_PER_PASS 512u
#define LINE		64u

enum holder { NOBODY, POLICY, STOCK, CPU };

struct entry {
	struct scxu_task task;
	uint64_t birth; /* of the task that the policy knows; 0: none */
	uint64_t gen;  /* of its last wait that we know */
	uint64_t affinity; /* a hash of the CPUs that it may run on */
	enum holder holder;
	int refused; /* the CPU that did not come for its last decision, -1: none */
	/* scxu_task_data() follows, aligned to a line */
};

#define ENTRY_SIZE ((sizeof(struct entry) + LINE - 1) / LINE * LINE)

struct cpu_entry {
	uint64_t tail;  /* events: ours, the kernel part's copy may be trampled on */
	uint64_t head;  /* decisions, likewise */
	uint64_t skip;
	uint64_t dropped; /* events that the kernel part counted as dropped */
	uint64_t given_at; /* ns */
	bool given;  /* a decision, in this pass */
	bool coming;  /* it has not yet taken one of an earlier pass */
	bool preempt;  /* and at once */
	bool online;
	bool changed; /* it came or went */
};

/* Of the stock */
struct row {
	uint64_t head;
	uint64_t skip;
	uint64_t last; /* virtual time of the last in it */
};

struct scxu_sched {
	const struct scxu_policy_ops *policy;
	struct scxu_shm shm;
	struct scxu_engine_options options;
	struct scxu_engine_counts counts;
	void *data;  /* of the policy */
	unsigned char *entries;
	size_t stride;
	size_t entries_size;
	struct cpu_entry *cpus;
	struct scxu_cpu_topology *topology;
	uint64_t in;  /* callback << 32 | slot + 1 (0: of no task) */
	uint64_t now;
	struct row rows[SCXU_ROWS];
	uint64_t kicks;
	uint64_t floors; /* scxu_kernel.floor_seq, as of the last pass */
	uint64_t pass; /* goes on where the last agent's ended */
	uint64_t recalled_pass; /* the last in which the stock was recalled */
	uint64_t enqueued; /* counts.enqueued when this pass began */
	uint64_t took_ns; /* a pass of late, as far as it is known */
	uint64_t took_n; /* what was enqueued in it, in units of 1 / TOOK_UNIT */
	bool pending; /* the last pass was not the last: the next follows at once */
	bool news;  /* something was enqueued since, or (by_vtime) did not fit into the stock */
	bool kicked;
	int here;  /* CPU of the agent, -1 when not known */
	bool here_given;
};

static struct entry *entry_of(const struct scxu_sched *s, uint32_t slot)
{
	return (struct entry *)(s->entries + (size_t)slot * s->stride);
}

static struct entry *entry_of_task(const struct scxu_task *task)
{
	return (struct entry *)task; /* first member */
}

void *scxu_task_data(struct scxu_task *task)
{
	return (unsigned char *)task + ENTRY_SIZE;
}

struct scxu_task *scxu_task_of(void *data)
{
	return (struct scxu_task *)((unsigned char *)data - ENTRY_SIZE);
}

void *scxu_sched_data(struct scxu_sched *s)
{
	return s->data;
}

uint64_t scxu_now(const struct scxu_sched *s)
{
	return s->now;
}

uint64_t scxu_vtime_now(const struct scxu_sched *s)
{
	return scxu_load(&s->shm.kernel->vnow);
}

unsigned int scxu_nr_cpus(const struct scxu_sched *s)
{
	return s->shm.nr_cpus;
}

unsigned int scxu_max_tasks(const struct scxu_sched *s)
{
	return s->shm.max_tasks;
}

unsigned int scxu_nr_queued(const struct scxu_sched *s)
{
	return s->counts.scheduled;
}

unsigned int scxu_nr_waiting(const struct scxu_sched *s)
{
	uint64_t n = scxu_load(&s->shm.kernel->nr_waiting);

	/* each has a slot */
	return n < s->shm.max_tasks ? (unsigned int)n : s->shm.max_tasks;
}

uint64_t scxu_slice(const struct scxu_sched *s)
{
	return s->options.slice_ns;
}

const struct scxu_engine_counts *scxu_engine_counts(const struct scxu_sched *s)
{
	return &s->counts;
}

/* One thread counts, others may read. */
static void count(uint64_t *n, int64_t by)
{
	scxu_store(n, *n + (uint64_t)by);
}

/* --- which callback the policy is in ---------------------------------------- */

#define CALLBACKS(X)    \
	X(init)         \
	X(exit)         \
	X(task_enter)   \
	X(task_exit)    \
	X(enqueue)      \
	X(dequeue)      \
	X(dispatch)     \
	X(running)      \
	X(stopping)     \
	X(tick)         \
	X(set_weight)   \
	X(set_affinity) \
	X(cpu_online)   \
	X(cpu_offline)

enum callback {
	IN_NONE,
#define X(name) IN_##name,
	CALLBACKS(X)
#undef X
};

/* Calls it. Whoever asks from outside finds where: two stores are all that it costs. */
#define CALL(s, callback, slot, ...)                                                \
	do {                                                                        \
		scxu_store(&(s)->in, (uint64_t)IN_##callback << 32 | ((slot) + 1)); \
		(s)->policy->callback(s, ##__VA_ARGS__);                            \
		scxu_store(&(s)->in, 0);                                            \
	} while (0)
#define NO_TASK (~0u)

bool scxu_engine_where(const struct scxu_sched *s, struct scxu_where *ret)
{
	static const char *const names[] = { NULL,
#define X(name) #name,
					     CALLBACKS(X)
#undef X
	};
	uint64_t in = scxu_load(&s->in);
	uint32_t slot = (uint32_t)in - 1;

	if (!in)
		return false;
	*ret = (struct scxu_where) { .callback = names[in >> 32], .since = scxu_load(&s->now) };
	if (slot < s->shm.max_tasks) {
		ret->pid = entry_of(s, slot)->task.pid;
		memcpy(ret->comm, entry_of(s, slot)->task.comm, sizeof(ret->comm));
	}
	return true;
}

bool scxu_task_waits(const struct scxu_sched *s, const struct scxu_task *task)
{
	const struct entry *e = (const struct entry *)task; /* first member */

	return e->birth && scxu_load(&s->shm.records[task->slot].state) ==
				   (e->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING);
}

/* --- CPUs ----------------------------------------------------------------- */

bool scxu_cpu_allowed(const struct scxu_sched *s, const struct scxu_task *task, int cpu)
{
	const struct scxu_record *r = &s->shm.records[task->slot];

	if (cpu < 0 || (unsigned int)cpu >= s->shm.nr_cpus || !s->cpus[cpu].online)
		return false;
	if (task->nr_cpus_allowed >= s->shm.nr_cpus)
		return true;
	return scxu_load(&r->cpus[cpu / 64]) >> (cpu % 64) & 1;
}

static bool cpu_is_idle(const struct scxu_sched *s, int cpu)
{
	const struct cpu_entry *ce = &s->cpus[cpu];

	return scxu_load(&s->shm.cpus[cpu].idle) && !ce->given && !ce->coming && ce->online;
}

int scxu_idle_cpu(struct scxu_sched *s, const struct scxu_task *task)
{
	unsigned int cpu;

	/*
	 * No other CPU has to be woken: ours will look for work by itself, and finds
	 * what is decided for any CPU. Only there do decisions keep the order given.
	 * One for that CPU alone may be behind tasks of the kernel part's, over and over.
	 */
	if (scxu_agent_cpu_free(s) && scxu_cpu_allowed(s, task, s->here)) {
		if (task->nr_cpus_allowed >= s->shm.nr_cpus)
			return -1;
		if (((const struct entry *)task)->refused != s->here)
			return s->here;
	}
	if (scxu_cpu_allowed(s, task, task->cpu) && cpu_is_idle(s, task->cpu))
		return task->cpu;
	for (cpu = 0; cpu < s->shm.nr_cpus; cpu++)
		if (cpu_is_idle(s, (int)cpu) && scxu_cpu_allowed(s, task, (int)cpu))
			return (int)cpu;
	return -1;
}

static uint32_t weight_in_range(uint32_t weight)
{
	if (weight < SCXU_WEIGHT_MIN)
		return SCXU_WEIGHT_MIN;
	return weight < SCXU_WEIGHT_MAX ? weight : SCXU_WEIGHT_MAX;
}

/* A slot without its pid is from another moment. */
static struct scxu_task *running_task(const struct scxu_sched *s, uint32_t slot, int32_t pid)
{
	struct entry *e = slot < s->shm.max_tasks ? entry_of(s, slot) : NULL;

	return e && e->birth && e->task.pid == pid ? &e->task : NULL;
}

bool scxu_cpu_running(struct scxu_sched *s, int cpu, struct scxu_running *ret)
{
	const struct scxu_cpu *c;
	struct scxu_running run;

	if (cpu < 0 || (unsigned int)cpu >= s->shm.nr_cpus)
		return false;
	c = &s->shm.cpus[cpu];
	run.pid = scxu_load(&c->pid);
	if (!run.pid || run.pid == s->shm.agent_tid || s->cpus[cpu].given || s->cpus[cpu].coming)
		return false;
	run.ordered = !scxu_load(&c->limited) && scxu_load(&c->in_order);
	run.task = scxu_load(&c->limited) ? NULL : running_task(s, scxu_load(&c->slot), run.pid);
	run.weight = weight_in_range(scxu_load(&c->weight));
	run.since = scxu_load(&c->since);
	run.vtime = scxu_load(&c->vtime);
	if ((int64_t)(s->now - run.since) > 0)
		run.vtime += scxu_vtime_of(s->now - run.since, run.weight);
	*ret = run;
	return true;
}

int scxu_select_cpu(struct scxu_sched *s, const struct scxu_task *task)
{
	int found = scxu_idle_cpu(s, task), cpu;
	uint64_t least = 0;

	if (found >= 0)
		return found;
	if (task->nr_cpus_allowed >= s->shm.nr_cpus)
		return SCXU_CPU_ANY;
	found = SCXU_CPU_NONE;
	for (cpu = 0; cpu < (int)s->shm.nr_cpus; cpu++) {
		struct scxu_running run = { .since = 0 };

		if (s->cpus[cpu].given || s->cpus[cpu].coming || !scxu_cpu_allowed(s, task, cpu))
			continue;
		/* one that runs nothing of ours, or us, will look for work at once */
		scxu_cpu_running(s, cpu, &run);
		if (found >= 0 && run.since >= least)
			continue;
		least = run.since;
		found = cpu;
	}
	return found;
}

int scxu_cpu_topology(const struct scxu_sched *s, int cpu, struct scxu_cpu_topology *ret)
{
	if (cpu < 0 || (unsigned int)cpu >= s->shm.nr_cpus)
		return -EINVAL;
	*ret = s->topology[cpu];
	return 0;
}

bool scxu_agent_cpu_free(const struct scxu_sched *s)
{
	return s->here >= 0 && !s->here_given;
}

static void find_cpus(struct scxu_sched *s)
{
	bool changed = false;
	unsigned int cpu;

	s->here = -1;
	s->here_given = false;
	for (cpu = 0; cpu < s->shm.nr_cpus; cpu++) {
		struct cpu_entry *ce = &s->cpus[cpu];
		bool was = ce->online;

		ce->given = false;
		ce->preempt = false;
		ce->online = scxu_load(&s->shm.cpus[cpu].online);
		ce->changed = ce->online != was;
		changed |= ce->changed;
		if (scxu_load(&s->shm.cpus[cpu].pid) == s->shm.agent_tid)
			s->here = (int)cpu;
	}
	/* when the view of all of them is whole */
	for (cpu = 0; changed && cpu < s->shm.nr_cpus; cpu++) {
		if (!s->cpus[cpu].changed)
			continue;
		if (s->cpus[cpu].online && s->policy->cpu_online)
			CALL(s, cpu_online, NO_TASK, (int)cpu);
		else if (!s->cpus[cpu].online && s->policy->cpu_offline)
			CALL(s, cpu_offline, NO_TASK, (int)cpu);
	}
}

/* --- from the kernel part to the policy ----------------------------------- */

static void to_policy(struct scxu_sched *s, struct entry *e, unsigned int flags)
{
	e->holder = POLICY;
	count(&s->counts.scheduled, 1);
	count(&s->counts.enqueued, 1);
	if (!s->policy->by_vtime)
		s->news = true;
	CALL(s, enqueue, e->task.slot, &e->task, flags);
}

static void from_policy(struct scxu_sched *s, struct entry *e)
{
	e->holder = NOBODY;
	count(&s->counts.scheduled, -1);
	CALL(s, dequeue, e->task.slot, &e->task);
}

_Static_assert(offsetof(struct scxu_record, pad) % sizeof(uint64_t) == 0, "whole words");
_Static_assert(sizeof(struct scxu_decision) % sizeof(uint64_t) == 0, "whole words");

/*
 * Reads the facts of a wait; false when it is over by then. The kernel part
 * writes facts first and the state last, so that facts may be those of a next
 * wait already, or some of them: then a decision on this one comes too late in
 * any case, and an event for the next one follows.
 */
static bool read_facts(const struct scxu_record *r, uint64_t state, struct scxu_record *copy)
{
	scxu_copy_in(copy, r, offsetof(struct scxu_record, pad));
	return scxu_load(&r->state) == state;
}

/* CPUs that the task may run on, mixed into a word that is not 0 unless it is all of them. */
static uint64_t affinity_of(const struct scxu_sched *s, const struct scxu_record *r,
			    uint32_t nr_cpus_allowed)
{
	uint64_t hash = 0;
	unsigned int word;

	if (nr_cpus_allowed >= s->shm.nr_cpus)
		return 0;
	for (word = 0; word < (s->shm.nr_cpus + 63) / 64; word++) {
		hash = (hash ^ scxu_load(&r->cpus[word])) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return hash | 1;
}

static void look_at(struct scxu_sched *s, uint32_t slot)
{
	const struct scxu_record *r;
	uint64_t state, affinity = 0;
	struct scxu_record facts;
	unsigned int flags = 0;
	struct entry *e;
	uint32_t weight;
	bool again;

	if (slot >= s->shm.max_tasks)
		return;
	r = &s->shm.records[slot];
	e = entry_of(s, slot);
	state = scxu_load_acquire(&r->state);
	if ((state & SCXU_STATE_MASK) != SCXU_TASK_WAITING || !read_facts(r, state, &facts)) {
		if (e->holder == POLICY && e->gen != state >> SCXU_GEN_SHIFT)
			from_policy(s, e);
		return;
	}
	/* A second event of one wait says something only when it bounced. */
	if (e->holder != NOBODY && e->gen == state >> SCXU_GEN_SHIFT &&
	    !(facts.flags & SCXU_WAIT_BOUNCED && e->holder != POLICY))
		return;
	if (e->holder == POLICY)
		from_policy(s, e);
	if (!facts.birth) /* that of no task: the policy would not be told of its coming */
		return;
	/* of a wait that another agent decided, the policy knows nothing */
	again = e->birth == facts.birth && e->gen == state >> SCXU_GEN_SHIFT;
	if (e->birth != facts.birth) {
		if (e->birth && s->policy->task_exit)
			CALL(s, task_exit, slot, &e->task);
		memset(scxu_task_data(&e->task), 0, s->policy->task_size);
	}
	e->gen = state >> SCXU_GEN_SHIFT;
	e->refused = -1;
	weight = e->task.weight;
	if (s->policy->set_affinity)
		affinity = affinity_of(s, r, facts.nr_cpus_allowed);
	e->task.slot = slot;
	e->task.pid = facts.pid;
	e->task.tgid = facts.tgid;
	e->task.cpu = facts.cpu < s->shm.nr_cpus ? (int32_t)facts.cpu : 0;
	e->task.weight = weight_in_range(facts.weight);
	e->task.nr_cpus_allowed = facts.nr_cpus_allowed;
	e->task.runtime = facts.runtime;
	e->task.vtime = facts.vtime;
	e->task.slice = facts.slice;
	e->task.enqueued_at = facts.enqueued_at;
	e->task.waited_until = facts.waited_until;
	memcpy(e->task.comm, facts.comm, sizeof(e->task.comm) - 1);
	if (e->birth != facts.birth) {
		e->birth = facts.birth;
		if (s->policy->task_enter)
			CALL(s, task_enter, slot, &e->task);
	} else {
		if (weight != e->task.weight && s->policy->set_weight)
			CALL(s, set_weight, slot, &e->task, weight);
		if (affinity != e->affinity)
			CALL(s, set_affinity, slot, &e->task);
	}
	e->affinity = affinity;
	if (facts.flags & SCXU_WAIT_WAKEUP)
		flags |= SCXU_ENQUEUE_WAKEUP;
	if (facts.flags & SCXU_WAIT_NEW)
		flags |= SCXU_ENQUEUE_NEW;
	if (facts.flags & SCXU_WAIT_UNDECIDED)
		flags |= SCXU_ENQUEUE_UNDECIDED;
	if (facts.flags & SCXU_WAIT_SYNC)
		flags |= SCXU_ENQUEUE_SYNC;
	if (facts.flags & SCXU_WAIT_BOUNCED && again)
		flags |= SCXU_ENQUEUE_BOUNCED;
	to_policy(s, e, flags);
}

/* running(), stopping(), tick(): any value may be there. */
static void hint(struct scxu_sched *s, uint32_t event)
{
	uint32_t slot = event & (SCXU_MAX_TASKS - 1);
	int cpu = (int)(event >> SCXU_EVENT_CPU_SHIFT & (SCXU_MAX_CPUS - 1));
	const struct scxu_policy_ops *p = s->policy;
	struct entry *e;

	if (slot >= s->shm.max_tasks || (unsigned int)cpu >= s->shm.nr_cpus)
		return;
	e = entry_of(s, slot);
	/* not of one that the policy has not met, or whose slot is another's by now */
	if (!e->birth || e->birth != scxu_load(&s->shm.records[slot].birth))
		return;
	switch (event >> SCXU_EVENT_KIND_SHIFT) {
	case SCXU_EVENT_RUNNING:
		if (p->running)
			CALL(s, running, slot, &e->task, cpu);
		return;
	case SCXU_EVENT_STOPPING:
		if (p->stopping)
			CALL(s, stopping, slot, &e->task, cpu);
		return;
	case SCXU_EVENT_TICK:
		if (p->tick)
			CALL(s, tick, slot, &e->task, cpu);
		return;
	}
}

/*
 * The floor has run tasks meanwhile, and no event tells of it. What the policy holds
 * of them would be in its way, above all in what it takes for the first of the order.
 */
static void forget_taken(struct scxu_sched *s)
{
	uint32_t high = scxu_load(&s->shm.kernel->slots_high), slot;

	if (high > s->shm.max_tasks)
		high = s->shm.max_tasks;
	for (slot = 0; slot < high; slot++) {
		struct entry *e = entry_of(s, slot);

		if (e->holder == POLICY && scxu_load(&s->shm.records[slot].state) !=
						   (e->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING))
			from_policy(s, e);
	}
}

/* Events were dropped: the records tell all that they would have told. */
static void rescan(struct scxu_sched *s)
{
	uint32_t high = scxu_load(&s->shm.kernel->slots_high), slot;

	if (high > s->shm.max_tasks)
		high = s->shm.max_tasks;
	count(&s->counts.rescans, 1);
	for (slot = 0; slot < high; slot++)
		look_at(s, slot);
}

static bool drain(struct scxu_sched *s)
{
	bool more = false, dropped = false;
	unsigned int cpu;

	for (cpu = 0; cpu < s->shm.nr_cpus; cpu++) {
		const struct scxu_cpu *c = &s->shm.cpus[cpu];
		struct cpu_entry *ce = &s->cpus[cpu];
		uint64_t head = scxu_load_acquire(&c->events_head), n = head - ce->tail;
		/* acquire: the records read below are those of the dropped events */
		uint64_t lost = scxu_load_acquire(&c->counters[SCXU_COUNT_failed_enqueues]);

		if (lost != ce->dropped) {
			ce->dropped = lost;
			dropped = true;
			/* if it was dropped for a tail that somebody trampled on */
			scxu_store_release(&s->shm.agent_cpus[cpu].events_tail, ce->tail);
		}
		if (!n)
			continue;
		if (n > SCXU_EVENTS) { /* no ring is: the records tell, not each of 2^64 */
			ce->tail = head;
			dropped = true;
			n = 0;
		}
		if (n > EVENTS_PER_PASS) {
			n = EVENTS_PER_PASS;
			more = true;
		}
		for (; n; n--, ce->tail++) {
			uint32_t event = scxu_load(&c->events[ce->tail % SCXU_EVENTS]);

			if (event >> SCXU_EVENT_KIND_SHIFT)
				hint(s, event);
			else
				look_at(s, event);
		}
		scxu_store_release(&s->shm.agent_cpus[cpu].events_tail, ce->tail);
	}
	if (dropped)
		rescan(s);
	return more;
}

/* --- from the policy to the kernel part ----------------------------------- */

static void recall_one(struct scxu_sched *s, const struct scxu_decision *d, enum holder from,
		       int cpu)
{
	struct entry *e;

	if (d->slot >= s->shm.max_tasks) /* we wrote it, but who else did */
		return;
	e = entry_of(s, d->slot);
	if (e->holder != from || e->gen != d->gen)
		return;
	e->holder = NOBODY;
	if (scxu_load(&s->shm.records[d->slot].state) !=
	    (d->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING))
		return; /* taken meanwhile */
	count(&s->counts.recalled, 1);
	e->refused = cpu;
	to_policy(s, e, SCXU_ENQUEUE_RECALLED);
}

/*
 * Recalled entries keep their place until a CPU takes a later one. So recall only
 * as many as can be decided anew: a ring full of recalled entries would have no
 * later one, and no place for one, for ever.
 */
static bool may_recall(uint64_t tail, uint64_t from, uint64_t head, uint64_t size)
{
	return head - tail <= size && head - from <= size - (head - tail);
}

/* Decisions of the row that no CPU has taken are from *from to its head. */
static uint64_t row_left(const struct scxu_sched *s, unsigned int row, uint64_t *from)
{
	const struct row *r = &s->rows[row];

	*from = scxu_load_acquire(&s->shm.kernel->stock_tail[row]);
	if ((int64_t)(r->skip - *from) > 0)
		*from = r->skip;
	return (int64_t)(r->head - *from) > 0 ? r->head - *from : 0;
}

static uint64_t stock_left(const struct scxu_sched *s)
{
	uint64_t from, left = 0;
	unsigned int row;

	for (row = 0; row < SCXU_ROWS; row++)
		left += row_left(s, row, &from);
	return left;
}

/*
 * Takes back what no CPU has taken, the newest first: a policy whose queue is a list (and that has
 * one row) puts each at its head, and has the order that it had. A CPU may take an entry while we
 * do: then the same wait is decided twice, and the generation stops the second.
 */
static void recall_row(struct scxu_sched *s, unsigned int row)
{
	struct row *r = &s->rows[row];
	uint64_t tail = scxu_load_acquire(&s->shm.kernel->stock_tail[row]), from = tail;
	uint64_t end = r->head; /* enqueue() may decide: not what is new */

	if ((int64_t)(r->skip - from) > 0)
		from = r->skip;
	if (!may_recall(tail, from, end, SCXU_STOCK))
		return;
	r->skip = end;
	scxu_store_release(&s->shm.agent->stock_skip[row], end);
	while (end-- != from)
		recall_one(s, &s->shm.agent->stock[row][end % SCXU_STOCK], STOCK, -1);
}

/*
 * A recall costs all that is in the stock, and the agent has no longer than --floor-us
 * for a pass. So one of more than this many waits until the passes since the last make
 * up for it: on average no pass recalls more.
 */
#define RECALL_A_PASS 64u

/*
 * A slow policy, or one with page faults, would do nothing but decide anew what it has
 * decided: one that takes longer than this for a task keeps so much less in stock.
 */
#define QUICK_NS  30000u
#define TOOK_UNIT 1024u

/* What is decided but not taken may no longer be what comes first. True: it is the policy's again. */
static bool recall_stock(struct scxu_sched *s)
{
	uint64_t left = s->news ? stock_left(s) : 0;
	unsigned int row;

	if (!left)
		s->news = false;
	if (!left || s->pass - s->recalled_pass < left / RECALL_A_PASS)
		return false;
	for (row = 0; row < SCXU_ROWS; row++)
		recall_row(s, row);
	s->recalled_pass = s->pass;
	s->news = false;
	return true;
}

/*
 * A pass that follows at once tells how long the one before took, with what the agent waited
 * for a CPU; where none does, it took next to nothing. Of the last passes together, about 16:
 * what an interrupt made of one that had a single task is not the policy's.
 */
static void reckon_cost(struct scxu_sched *s, uint64_t now)
{
	uint64_t took = s->pending && (int64_t)(now - s->now) > 0 ? now - s->now : 0;

	s->took_ns = (15 * s->took_ns + took) / 16;
	s->took_n = (15 * s->took_n + TOOK_UNIT * (s->counts.enqueued - s->enqueued)) / 16;
	s->enqueued = s->counts.enqueued;
	s->pending = false;
}

/*
 * A CPU's ring is recalled when the CPU did not come to take it, having had time
 * to: it was kicked, and the way there takes microseconds.
 */
#define RECALL_AFTER_NS 1000000u

static void recall_cpu(struct scxu_sched *s, unsigned int cpu)
{
	struct scxu_agent_cpu *ac = &s->shm.agent_cpus[cpu];
	struct cpu_entry *ce = &s->cpus[cpu];
	uint64_t tail = scxu_load_acquire(&s->shm.cpus[cpu].decisions_tail), from = tail;
	uint64_t end = ce->head;

	ce->coming = false;
	if (from == end)
		return;
	if (end - tail > SCXU_CPU_DECISIONS) {
		/* it followed a head that is not ours: lead it back */
		scxu_store_release(&ac->decisions_head, end);
		return;
	}
	if ((int64_t)(ce->skip - from) > 0)
		from = ce->skip;
	if (from == end)
		return;
	if (ce->online && s->now - ce->given_at < RECALL_AFTER_NS) {
		ce->coming = true;
		return;
	}
	/* an offline CPU takes none: better a ring that is full than a task that waits */
	if (ce->online && !may_recall(tail, from, end, SCXU_CPU_DECISIONS))
		return;
	ce->skip = end;
	scxu_store_release(&ac->decisions_skip, end);
	while (end-- != from)
		recall_one(s, &ac->ring[end % SCXU_CPU_DECISIONS], CPU, (int)cpu);
}

/* So many decisions for any CPU are to be in stock. */
static uint64_t wanted_in_stock(const struct scxu_sched *s)
{
	uint64_t wanted = s->options.batch;

	if (s->took_ns * TOOK_UNIT > s->took_n * QUICK_NS)
		wanted = wanted * s->took_n * QUICK_NS / (s->took_ns * TOOK_UNIT) ?: 1;
	return wanted;
}

unsigned int scxu_room(const struct scxu_sched *s)
{
	uint64_t left = stock_left(s), unread = 0, wanted = wanted_in_stock(s);
	unsigned int row;

	/* recalled entries keep their place until a CPU comes by */
	for (row = 0; row < SCXU_ROWS; row++) {
		uint64_t n = s->rows[row].head - scxu_load(&s->shm.kernel->stock_tail[row]);

		unread = n > unread ? n : unread;
	}

	/* ours takes one as soon as the pass has ended */
	if (scxu_agent_cpu_free(s))
		wanted++;
	if (left >= wanted || unread >= SCXU_STOCK)
		return 0;
	return (unsigned int)(SCXU_STOCK - unread < wanted - left ? SCXU_STOCK - unread
								  : wanted - left);
}

bool scxu_precedes(const struct scxu_sched *s, uint64_t vtime)
{
	unsigned int row;
	uint64_t from;

	for (row = 0; row < SCXU_ROWS; row++)
		if (row_left(s, row, &from) && scxu_vtime_before(vtime, s->rows[row].last))
			return true;
	return false;
}

void scxu_each_decided(struct scxu_sched *s, void (*call)(struct scxu_task *task, void *data),
		       void *data)
{
	uint64_t from, n;
	unsigned int row;

	for (row = 0; row < SCXU_ROWS; row++) {
		for (n = row_left(s, row, &from); n; n--, from++) {
			const struct scxu_decision *d =
				&s->shm.agent->stock[row][from % SCXU_STOCK];
			struct entry *e;

			if (d->slot >= s->shm.max_tasks) /* as in recall_one() */
				continue;
			e = entry_of(s, d->slot);
			if (e->holder == STOCK && e->gen == d->gen && scxu_task_waits(s, &e->task))
				call(&e->task, data);
		}
	}
}

/*
 * The row of the stock for a decision by virtual time: one whose last is not after it; of two
 * such that with the later last, as the other may have room for more that are early. -1: it would
 * come between those of both, or they have grown long by such as came before all that waited.
 */
static int row_for(const struct scxu_sched *s, uint64_t vtime)
{
	uint64_t from, all = 0;
	unsigned int row;
	int found = -1;
	bool behind = false; /* somebody, in the row found */

	if (!s->policy->by_vtime)
		return 0;
	for (row = 0; row < SCXU_ROWS; row++) {
		uint64_t left = row_left(s, row, &from);

		all += left;
		if (left && scxu_vtime_before(vtime, s->rows[row].last))
			continue;
		if (found >= 0 && (!left || (behind && scxu_vtime_before(s->rows[row].last,
									 s->rows[found].last))))
			continue;
		found = (int)row;
		behind = left;
	}
	return all < 2 * wanted_in_stock(s) + s->shm.nr_cpus ? found : -1;
}

int scxu_decide(struct scxu_sched *s, struct scxu_task *task, int cpu, uint64_t slice_ns,
		uint64_t vtime, unsigned int flags)
{
	struct entry *e = entry_of_task(task);
	struct scxu_decision *to, d;

	if (cpu == SCXU_CPU_NONE)
		return -EAGAIN;
	if (e->holder != POLICY || flags & ~(SCXU_PREEMPT | SCXU_VTIME) ||
	    (slice_ns && (slice_ns < SCXU_SLICE_MIN_NS || slice_ns > SCXU_SLICE_MAX_NS)) ||
	    (cpu == SCXU_CPU_ANY ? flags & SCXU_PREEMPT : !scxu_cpu_allowed(s, task, cpu))) {
		count(&s->counts.failed, 1);
		return -EINVAL;
	}
	if (scxu_load(&s->shm.records[task->slot].state) !=
	    (e->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING)) {
		e->holder = NOBODY;
		count(&s->counts.scheduled, -1);
		return -ESTALE;
	}
	if (cpu == SCXU_CPU_ANY) {
		uint64_t by = flags & SCXU_VTIME ? vtime : task->vtime;
		int row = row_for(s, by);

		if (row < 0) {
			s->news = true; /* they are recalled, and all can be decided in order */
			return -EAGAIN;
		}
		if (s->rows[row].head - scxu_load_acquire(&s->shm.kernel->stock_tail[row]) >=
		    SCXU_STOCK)
			return -EAGAIN;
		to = &s->shm.agent->stock[row][s->rows[row].head++ % SCXU_STOCK];
		s->rows[row].last = by;
		e->holder = STOCK;
		s->here_given = true;
	} else {
		struct cpu_entry *ce = &s->cpus[cpu];
		uint64_t tail = scxu_load_acquire(&s->shm.cpus[cpu].decisions_tail);

		if (ce->head - tail >= SCXU_CPU_DECISIONS)
			return -EAGAIN;
		to = &s->shm.agent_cpus[cpu].ring[ce->head++ % SCXU_CPU_DECISIONS];
		e->holder = CPU;
		ce->given = true;
		ce->given_at = s->now;
		if (flags & SCXU_PREEMPT)
			ce->preempt = true;
		if (cpu == s->here)
			s->here_given = true;
		s->kicked = true;
	}
	d = (struct scxu_decision) {
		.gen = e->gen,
		.vtime = vtime,
		.slot = task->slot,
		.slice_us = (uint32_t)(slice_ns / 1000),
		.flags = (flags & SCXU_PREEMPT ? SCXU_DECIDE_PREEMPT : 0) |
			 (flags & SCXU_VTIME ? SCXU_DECIDE_VTIME : 0),
	};
	scxu_copy_out(to, &d, sizeof(d));
	count(&s->counts.scheduled, -1);
	count(&s->counts.decided, 1);
	return 0;
}

int scxu_stand(struct scxu_sched *s, const struct scxu_task *task, uint64_t slice_ns,
	       int64_t deadline_ns, unsigned int flags)
{
	const int64_t most = SCXU_STANDING_MAX_US * 1000ll;
	const struct entry *e = entry_of_task(task);
	struct scxu_standing stand;

	if (flags & ~SCXU_PREEMPT || deadline_ns > most || deadline_ns < -most ||
	    (slice_ns && (slice_ns < SCXU_SLICE_MIN_NS || slice_ns > SCXU_SLICE_MAX_NS))) {
		count(&s->counts.failed, 1);
		return -EINVAL;
	}
	if (!(scxu_load(&s->shm.kernel->loaded.modes) & SCXU_MODE_STANDING))
		return 0;
	stand = (struct scxu_standing) {
		.birth = (uint32_t)e->birth,
		.slice_us = (uint32_t)(slice_ns / 1000),
		.deadline_us = (int32_t)(deadline_ns / 1000),
		.flags = flags & SCXU_PREEMPT ? SCXU_DECIDE_PREEMPT : 0,
	};
	scxu_copy_out(&s->shm.standing[task->slot], &stand, sizeof(stand));
	return 0;
}

static void publish(struct scxu_sched *s)
{
	unsigned int cpu, row;

	for (row = 0; row < SCXU_ROWS; row++)
		scxu_store_release(&s->shm.agent->stock_head[row], s->rows[row].head);
	if (!s->kicked)
		return;
	for (cpu = 0; cpu < s->shm.nr_cpus; cpu++) {
		__u64 *mask = s->cpus[cpu].preempt ? s->shm.agent->preempt : s->shm.agent->kick;

		if (!s->cpus[cpu].given)
			continue;
		scxu_store_release(&s->shm.agent_cpus[cpu].decisions_head, s->cpus[cpu].head);
		/*
		 * Not before: another CPU may be serving the kicks of the last pass,
		 * and would kick this one to find its ring empty, and no one again.
		 */
		__atomic_fetch_or(&mask[cpu / 64], 1ull << (cpu % 64), __ATOMIC_RELEASE);
	}
	scxu_store_release(&s->shm.agent->kick_seq, ++s->kicks);
	s->kicked = false;
}

/* --- the pass --------------------------------------------------------------- */

bool scxu_engine_pass(struct scxu_sched *s, uint64_t now)
{
	unsigned int cpu;
	uint64_t floors;
	bool more;

	reckon_cost(s, now);
	scxu_store(&s->now, now);
	find_cpus(s);
	floors = scxu_load(&s->shm.kernel->floor_seq);
	if (floors != s->floors)
		forget_taken(s);
	s->floors = floors;
	more = drain(s);
	for (cpu = 0; cpu < s->shm.nr_cpus; cpu++)
		recall_cpu(s, cpu);
	recall_stock(s);
	CALL(s, dispatch, NO_TASK);
	if (s->policy->by_vtime && recall_stock(s))
		CALL(s, dispatch, NO_TASK);
	publish(s);
	scxu_store(&s->shm.agent->held, s->counts.scheduled);
	count(&s->counts.passes, 1);
	s->pass++;
	scxu_store_release(&s->shm.agent->passes, s->pass);
	s->pending = more;
	return more;
}

bool scxu_engine_pending(struct scxu_sched *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < s->shm.nr_cpus; cpu++)
		if (scxu_load_acquire(&s->shm.cpus[cpu].events_head) != s->cpus[cpu].tail ||
		    scxu_load(&s->shm.cpus[cpu].counters[SCXU_COUNT_failed_enqueues]) !=
			    s->cpus[cpu].dropped)
			return s->pending = true;
	return false;
}

void scxu_engine_settle(struct scxu_sched *s)
{
	scxu_store_release(&s->shm.agent->floor_ack, scxu_load(&s->shm.kernel->floor_seq));
}

/* --- begin and end ---------------------------------------------------------- */

void scxu_sched_stats(const struct scxu_sched *s, struct scxu_stats *ret)
{
	scxu_stats_fill(&s->shm, &s->counts, ret);
}

/* Into the policy's memory: for init() to find. */
static void set_options(struct scxu_sched *s)
{
	const struct scxu_policy_option *o = s->policy->options;
	unsigned int i;

	for (i = 0; o && o[i].name; i++)
		*(uint64_t *)((unsigned char *)s->data + o[i].offset) =
			s->options.values ? s->options.values[i] : o[i].value;
	s->options.values = NULL; /* the caller's */
}

static void set_topology(struct scxu_sched *s)
{
	int cpu;

	for (cpu = 0; cpu < (int)s->shm.nr_cpus; cpu++)
		s->topology[cpu] = s->options.topology
					   ? s->options.topology[cpu]
					   : (struct scxu_cpu_topology) { .core = cpu,
									  .sibling = cpu,
									  .llc = cpu };
	s->options.topology = NULL;
}

int scxu_engine_prepare(const struct scxu_policy_ops *policy, const struct scxu_shm *shm,
			const struct scxu_engine_options *options, struct scxu_sched **ret)
{
	struct scxu_sched *s;
	int err = 0;

	if (scxu_policy_check(policy, "policy") || !options->batch || options->batch > SCXU_STOCK ||
	    !shm->nr_cpus || shm->nr_cpus > SCXU_MAX_CPUS || !shm->max_tasks ||
	    shm->max_tasks > SCXU_MAX_TASKS)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->policy = policy;
	s->shm = *shm;
	s->options = *options;
	s->stride = ENTRY_SIZE + (policy->task_size + LINE - 1) / LINE * LINE;
	s->entries_size = s->stride * shm->max_tasks;
	s->cpus = calloc(shm->nr_cpus, sizeof(*s->cpus));
	s->topology = calloc(shm->nr_cpus, sizeof(*s->topology));
	s->data = calloc(1, policy->sched_size ? policy->sched_size : 1);
	/* page-aligned and populated: no fault when a task first uses its slot */
	s->entries = mmap(NULL, s->entries_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->entries == MAP_FAILED)
		s->entries = NULL;
	if (!s->cpus || !s->topology || !s->data || !s->entries) {
		s->policy = NULL;
		scxu_engine_destroy(s);
		return -ENOMEM;
	}
	set_options(s);
	set_topology(s);
	if (policy->init) {
		scxu_store(&s->in, (uint64_t)IN_init << 32);
		err = policy->init(s);
		scxu_store(&s->in, 0);
	}
	if (err) {
		s->policy = NULL;
		scxu_engine_destroy(s);
		return err;
	}
	*ret = s;
	return 0;
}

void scxu_engine_begin(struct scxu_sched *s, int agent_tid)
{
	const struct scxu_shm *shm = &s->shm;
	unsigned int cpu, row;

	s->shm.agent_tid = agent_tid;
	for (cpu = 0; cpu < shm->nr_cpus; cpu++) {
		s->cpus[cpu].tail = scxu_load_acquire(&shm->cpus[cpu].events_head);
		s->cpus[cpu].head = scxu_load_acquire(&shm->cpus[cpu].decisions_tail);
		s->cpus[cpu].skip = s->cpus[cpu].head;
		s->cpus[cpu].dropped =
			scxu_load_acquire(&shm->cpus[cpu].counters[SCXU_COUNT_failed_enqueues]);
		shm->agent_cpus[cpu].events_tail = s->cpus[cpu].tail;
		shm->agent_cpus[cpu].decisions_head = s->cpus[cpu].head;
		shm->agent_cpus[cpu].decisions_skip = s->cpus[cpu].head;
	}
	for (row = 0; row < SCXU_ROWS; row++) {
		s->rows[row].head = scxu_load_acquire(&shm->kernel->stock_tail[row]);
		s->rows[row].skip = s->rows[row].head;
		shm->agent->stock_head[row] = s->rows[row].head;
		shm->agent->stock_skip[row] = s->rows[row].head;
	}
	if (shm->kernel->loaded.modes & SCXU_MODE_STANDING)
		memset(shm->standing, 0, shm->max_tasks * sizeof(*shm->standing));
	s->kicks = shm->agent->kick_seq;
	s->pass = shm->agent->passes;
	rescan(s); /* what waited before we came */
}

int scxu_engine_create(const struct scxu_policy_ops *policy, const struct scxu_shm *shm,
		       const struct scxu_engine_options *options, struct scxu_sched **ret)
{
	int err = scxu_engine_prepare(policy, shm, options, ret);

	if (!err)
		scxu_engine_begin(*ret, shm->agent_tid);
	return err;
}

struct scxu_sched *scxu_engine_destroy(struct scxu_sched *s)
{
	if (!s)
		return NULL;
	if (s->policy && s->policy->exit)
		CALL(s, exit, NO_TASK);
	if (s->entries)
		munmap(s->entries, s->entries_size);
	free(s->data);
	free(s->topology);
	free(s->cpus);
	free(s);
	return NULL;
}
