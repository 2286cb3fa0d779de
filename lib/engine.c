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
#include "policy.h"
#include "engine-state.h"

#define EVENTS_PER_PASS 512u

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

/* --- which callback the policy is in ---------------------------------------- */

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
	/* one that idles since finds what is in stock by itself: who may not use it is not there */
	if (!s->idle && task->nr_cpus_allowed >= s->shm.nr_cpus)
		return -1;
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
	int32_t pid;
	bool limited;

	if (cpu < 0 || (unsigned int)cpu >= s->shm.nr_cpus)
		return false;
	c = &s->shm.cpus[cpu];
	pid = scxu_load(&c->pid);
	if (!pid || pid == s->shm.agent_tid || s->cpus[cpu].given || s->cpus[cpu].coming)
		return false;
	ret->pid = pid;
	limited = scxu_load(&c->limited);
	ret->ordered = !limited && scxu_load(&c->in_order);
	ret->task = limited ? NULL : running_task(s, scxu_load(&c->slot), pid);
	ret->weight = weight_in_range(scxu_load(&c->weight));
	ret->since = scxu_load(&c->since);
	ret->vtime = scxu_load(&c->vtime);
	if ((int64_t)(s->now - ret->since) > 0)
		ret->vtime += scxu_vtime_of(s->now - ret->since, ret->weight);
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
	bool changed = false, idle = false;
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
		idle |= scxu_load(&s->shm.cpus[cpu].idle);
		if (scxu_load(&s->shm.cpus[cpu].pid) == s->shm.agent_tid)
			s->here = (int)cpu;
	}
	s->idle = idle;
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

void scxu_engine_enqueue(struct scxu_sched *s, struct entry *e, unsigned int flags)
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
	scxu_engine_enqueue(s, e, flags);
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

/* --- the pass --------------------------------------------------------------- */

bool scxu_engine_pass(struct scxu_sched *s, uint64_t now)
{
	uint64_t floors;
	bool more;

	scxu_engine_reckon(s, now);
	scxu_store(&s->now, now);
	find_cpus(s);
	floors = scxu_load(&s->shm.kernel->floor_seq);
	if (floors != s->floors)
		forget_taken(s);
	s->floors = floors;
	more = drain(s);
	scxu_engine_recall_cpus(s);
	scxu_engine_recall_stock(s);
	CALL(s, dispatch, NO_TASK);
	if (s->policy->by_vtime && scxu_engine_recall_stock(s))
		CALL(s, dispatch, NO_TASK);
	scxu_engine_publish(s);
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
