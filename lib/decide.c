// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From the policy to the kernel part: decisions into a CPU's ring or into the stock, and
 * back again, when what is decided and not taken may no longer be what comes first.
 */
#include <errno.h>

#include "engine-state.h"

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
	scxu_engine_enqueue(s, e, SCXU_ENQUEUE_RECALLED);
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
bool scxu_engine_recall_stock(struct scxu_sched *s)
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
void scxu_engine_reckon(struct scxu_sched *s, uint64_t now)
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

/* True: some may be left. */
static bool recall_cpu(struct scxu_sched *s, unsigned int cpu)
{
	struct scxu_agent_cpu *ac = &s->shm.agent_cpus[cpu];
	struct cpu_entry *ce = &s->cpus[cpu];
	uint64_t tail = scxu_load_acquire(&s->shm.cpus[cpu].decisions_tail), from = tail;
	uint64_t end = ce->head;

	ce->coming = false;
	if (from == end)
		return false;
	if (end - tail > SCXU_CPU_DECISIONS) {
		/* it followed a head that is not ours: lead it back */
		scxu_store_release(&ac->decisions_head, end);
		return true;
	}
	if ((int64_t)(ce->skip - from) > 0)
		from = ce->skip;
	if (from == end)
		return true;
	if (ce->online && s->now - ce->given_at < RECALL_AFTER_NS) {
		ce->coming = true;
		return true;
	}
	/* an offline CPU takes none: better a ring that is full than a task that waits */
	if (ce->online && !may_recall(tail, from, end, SCXU_CPU_DECISIONS))
		return true;
	ce->skip = end;
	scxu_store_release(&ac->decisions_skip, end);
	while (end-- != from)
		recall_one(s, &ac->ring[end % SCXU_CPU_DECISIONS], CPU, (int)cpu);
	return true;
}

void scxu_engine_recall_cpus(struct scxu_sched *s)
{
	bool rings = false;
	unsigned int cpu;

	if (!s->rings)
		return;
	for (cpu = 0; cpu < s->shm.nr_cpus; cpu++)
		rings |= recall_cpu(s, cpu);
	s->rings = rings;
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

		s->rings = true;
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

void scxu_engine_publish(struct scxu_sched *s)
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
