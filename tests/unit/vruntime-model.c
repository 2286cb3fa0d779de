// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vruntime policy in the real engine, against a model that keeps a sorted array:
 * random wake-ups, changes of weight, exits, dispatches and bounces; after each pass
 * the decisions published have to be those of the model, one by one.
 *
 *	unit-vruntime-model [SEED [OPERATIONS]]
 */
#include "policies/vruntime/vruntime.c" /* all of it: to begin late in virtual time */

#include "kernel-part.h"
#include "unit.h"

#define CPUS  4u
#define SLOTS 200u
#define MS    1000000ull
#define SLICE (3 * MS)
#define LATE  (UINT64_MAX - 110 * MS) /* virtual time wraps during the run */

enum holder { NOBODY, POLICY, STOCK };

struct model_task {
	bool alive;
	/* what the policy should know */
	uint64_t birth;
	uint64_t gen;
	enum holder holder;
	uint64_t vruntime;
	uint64_t charged; /* runtime */
	uint64_t seq;
	uint32_t how; /* SCXU_WAIT_WAKEUP, _NEW */
	bool arrived;
	/* the kernel's */
	uint64_t runtime;
	uint32_t weight;
};

static struct model_task tasks[SLOTS];
static uint32_t sorted[SLOTS]; /* what the policy holds */
static unsigned int nr_sorted;
static uint64_t min_vruntime, seq, now;
static unsigned int runnable; /* as of the last news */
static uint32_t average; /* weight, likewise */
static uint32_t arrivals[SLOTS]; /* in this pass, to be placed */
static unsigned int nr_arrivals;
static struct row {
	uint64_t head;
	uint64_t skip;
	struct {
		uint32_t slot;
		uint64_t gen;
		uint64_t vtime;
	} at[SCXU_STOCK];
} rows[SCXU_ROWS];
static bool disorder; /* one has fitted into neither row */
static uint64_t passes, recalled_pass, seconds;
static uint64_t waits, applied, superseded, bounces, recalls;

static struct kernel_part *k;
static struct scxu_sched *sched;
static unsigned int batch;
static uint64_t seed;
static int last_pid;

/* --- the sorted array ------------------------------------------------------- */

static bool before(const struct model_task *a, const struct model_task *b)
{
	if (a->vruntime != b->vruntime)
		return (int64_t)(a->vruntime - b->vruntime) < 0;
	return a->seq < b->seq;
}

static void insert(uint32_t slot)
{
	unsigned int i = nr_sorted++;

	for (; i && before(&tasks[slot], &tasks[sorted[i - 1]]); i--)
		sorted[i] = sorted[i - 1];
	sorted[i] = slot;
	tasks[slot].holder = POLICY;
}

static void remove_at(unsigned int i)
{
	tasks[sorted[i]].holder = NOBODY;
	memmove(&sorted[i], &sorted[i + 1], (--nr_sorted - i) * sizeof(sorted[0]));
}

static void remove_slot(uint32_t slot)
{
	unsigned int i;

	if (tasks[slot].arrived) {
		for (i = 0; arrivals[i] != slot; i++)
			NEED(i < nr_arrivals);
		memmove(&arrivals[i], &arrivals[i + 1], (--nr_arrivals - i) * sizeof(arrivals[0]));
		tasks[slot].arrived = false;
		tasks[slot].holder = NOBODY;
		return;
	}
	for (i = 0; sorted[i] != slot; i++)
		NEED(i < nr_sorted);
	remove_at(i);
}

/* --- what engine and policy should do ---------------------------------------- */

static bool look_at(uint32_t slot)
{
	const struct scxu_record *r = &k->records[slot];
	struct model_task *t = &tasks[slot];
	uint64_t gen = r->state >> SCXU_GEN_SHIFT;

	if (!kernel_part_waits(k, slot)) {
		if (t->holder == POLICY && t->gen != gen)
			remove_slot(slot);
		return false;
	}
	if (t->holder != NOBODY && t->gen == gen &&
	    !(t->holder != POLICY && r->flags & SCXU_WAIT_BOUNCED))
		return false;
	if (t->holder == POLICY)
		remove_slot(slot);
	if (t->birth != r->birth) {
		t->birth = r->birth;
		t->charged = r->runtime;
		t->vruntime = vruntime_place(r->vtime, min_vruntime);
	}
	t->gen = gen;
	if (!(r->flags & SCXU_WAIT_BOUNCED)) {
		if (r->flags & SCXU_WAIT_UNDECIDED)
			t->vruntime = r->vtime;
		else
			t->vruntime =
				vruntime_charge(t->vruntime, r->runtime - t->charged, r->weight);
		t->charged = r->runtime;
		t->how = r->flags;
		t->arrived = true;
		arrivals[nr_arrivals++] = slot;
		t->holder = POLICY;
		return true;
	}
	insert(slot);
	return true;
}

static uint64_t row_from(unsigned int row)
{
	uint64_t tail = k->kernel->stock_tail[row];

	return (int64_t)(rows[row].skip - tail) > 0 ? rows[row].skip : tail;
}

static uint64_t row_left(unsigned int row)
{
	return rows[row].head - row_from(row);
}

/* The task of an entry, if it is still decided by that. */
static struct model_task *stocked(unsigned int row, uint64_t at, uint32_t *slot)
{
	struct model_task *t;

	*slot = rows[row].at[at % SCXU_STOCK].slot;
	t = &tasks[*slot];
	return t->holder == STOCK && t->gen == rows[row].at[at % SCXU_STOCK].gen &&
			       kernel_part_waits(k, *slot) && kernel_part_gen(k, *slot) == t->gen
		       ? t
		       : NULL;
}

/* Here no task is ever seen to run. Those decided that no CPU has taken wait too. */
static void count_runnable(void)
{
	unsigned int nr = nr_sorted + nr_arrivals, i;
	uint64_t load = 0, at;
	uint32_t slot;

	for (i = 0; i < nr_sorted; i++)
		load += k->records[sorted[i]].weight;
	for (i = 0; i < nr_arrivals; i++)
		load += k->records[arrivals[i]].weight;
	for (i = 0; i < SCXU_ROWS; i++)
		for (at = row_from(i); at != rows[i].head; at++)
			if (stocked(i, at, &slot)) {
				load += k->records[slot].weight;
				nr++;
			}
	runnable = (unsigned int)k->kernel->nr_waiting;
	average = nr ? (uint32_t)(load / nr) : 0;
}

static uint64_t usual_slice(uint32_t weight)
{
	uint64_t slice = vruntime_slice(SLICE, runnable, CPUS, weight, average);

	return slice < SLICE ? slice : SLICE;
}

/* No task runs: the first that waits, of those that woke or are new if there is no other. */
static void update_min(void)
{
	uint64_t least = nr_sorted ? tasks[sorted[0]].vruntime : 0, at;
	bool any = nr_sorted;
	unsigned int i, sleepers;
	uint32_t slot;

	for (i = 0; i < SCXU_ROWS; i++)
		for (at = row_from(i); at != rows[i].head; at++) {
			const struct model_task *t = stocked(i, at, &slot);

			if (t && (!any || (int64_t)(t->vruntime - least) < 0))
				least = t->vruntime;
			any |= t != NULL;
		}

	for (sleepers = 0; sleepers < 2 && !(sleepers && any); sleepers++)
		for (i = 0; i < nr_arrivals; i++) {
			const struct model_task *t = &tasks[arrivals[i]];

			if (!sleepers && t->how & (SCXU_WAIT_WAKEUP | SCXU_WAIT_NEW))
				continue;
			if (!any || (int64_t)(t->vruntime - least) < 0)
				least = t->vruntime;
			any = true;
		}
	if (any && (int64_t)(least - min_vruntime) > 0)
		min_vruntime = least;
}

static void place_those(void)
{
	unsigned int i;

	for (i = 0; i < nr_arrivals; i++) {
		struct model_task *t = &tasks[arrivals[i]];
		uint32_t weight = k->records[arrivals[i]].weight;

		if (t->how & SCXU_WAIT_WAKEUP)
			t->vruntime = vruntime_place(t->vruntime, min_vruntime);
		if (t->how & SCXU_WAIT_NEW)
			t->vruntime = vruntime_charge(min_vruntime, usual_slice(weight), weight);
		t->vruntime = vruntime_limit(t->vruntime, min_vruntime, SLICE, weight);
		t->seq = ++seq;
		t->arrived = false;
		insert(arrivals[i]);
	}
	nr_arrivals = 0;
}

static uint64_t last_of(unsigned int row)
{
	return rows[row].at[(rows[row].head - 1) % SCXU_STOCK].vtime;
}

static bool later(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

/* It belongs before one that is decided. */
static bool precedes(uint64_t vtime)
{
	return (row_left(0) && later(last_of(0), vtime)) ||
	       (row_left(1) && later(last_of(1), vtime));
}

/* Behind the later of those that are not after it; else into one that is empty; else nowhere. */
static int row_for(uint64_t vtime)
{
	bool fits[SCXU_ROWS];
	unsigned int row;

	if (row_left(0) + row_left(1) >= 2 * (uint64_t)batch + CPUS)
		return -1;
	for (row = 0; row < SCXU_ROWS; row++)
		fits[row] = row_left(row) && !later(last_of(row), vtime);
	if (fits[0] && fits[1])
		return later(last_of(0), last_of(1)) ? 0 : 1;
	if (fits[0] || fits[1])
		return fits[1];
	return !row_left(0) ? 0 : !row_left(1) ? 1 : -1;
}

/* True: all that was decided waits anew. More than 64 a pass are not taken back, on average. */
static bool recall(bool *any)
{
	uint64_t left = row_left(0) + row_left(1), from;
	unsigned int row;
	uint32_t slot;

	disorder &= left > 0;
	if (!disorder || passes - recalled_pass < left / 64)
		return false;
	disorder = false;
	recalled_pass = passes;
	for (row = 0; row < SCXU_ROWS; row++) {
		from = row_from(row);
		rows[row].skip = rows[row].head;
		for (; from != rows[row].head; from++) {
			struct model_task *t = stocked(row, from, &slot);

			if (!t)
				t = &tasks[slot];
			else
				*any = true;
			if (t->holder != STOCK || t->gen != rows[row].at[from % SCXU_STOCK].gen)
				continue;
			t->holder = NOBODY;
			if (kernel_part_waits(k, slot) && kernel_part_gen(k, slot) == t->gen) {
				insert(slot);
				recalls++;
			}
		}
	}
	return true;
}

static void model_dispatch(bool news)
{
	uint64_t left = row_left(0) + row_left(1);
	uint64_t room = left < batch ? batch - left : 0;

	if (news) {
		count_runnable();
		update_min();
	}
	place_those();
	while (nr_sorted && (room || precedes(tasks[sorted[0]].vruntime))) {
		uint32_t slot = sorted[0];
		struct model_task *t = &tasks[slot];
		const struct scxu_decision *d;
		struct row *r;
		int row;

		if (!kernel_part_waits(k, slot) || kernel_part_gen(k, slot) != t->gen) {
			remove_at(0); /* it has left meanwhile */
			continue;
		}
		row = row_for(t->vruntime);
		if (row < 0) {
			disorder = true;
			break;
		}
		seconds += row;
		remove_at(0);
		r = &rows[row];
		d = &k->shm.agent->stock[row][r->head % SCXU_STOCK];
		t->holder = STOCK;
		r->at[r->head % SCXU_STOCK].slot = slot;
		r->at[r->head % SCXU_STOCK].gen = t->gen;
		r->at[r->head % SCXU_STOCK].vtime = t->vruntime;
		/* the engine has done its pass: what did it write there? */
		CHECK_EQ(d->slot, slot);
		CHECK_EQ(d->gen, t->gen);
		CHECK_EQ(d->vtime, t->vruntime);
		CHECK_EQ(d->flags, SCXU_DECIDE_VTIME);
		CHECK_EQ(d->slice_us,
			 vruntime_slice(SLICE, runnable, CPUS, k->records[slot].weight, average) /
				 1000);
		r->head++;
		room -= room > 0;
	}
}

/* What must hold whatever the model says. */
static void check_all(void)
{
	unsigned int row;
	uint64_t at;
	uint32_t slot;

	/* least first: each row in order, and no one in the queue who is before one of them */
	for (row = 0; row < SCXU_ROWS; row++)
		for (at = row_from(row); at != rows[row].head && at + 1 != rows[row].head; at++)
			CHECK(!later(rows[row].at[at % SCXU_STOCK].vtime,
				     rows[row].at[(at + 1) % SCXU_STOCK].vtime));
	CHECK(disorder || !nr_sorted || !precedes(tasks[sorted[0]].vruntime));
	/* nothing lost: all events are read, so each wait is in someone's hands */
	for (slot = 0; slot < SLOTS; slot++)
		if (kernel_part_waits(k, slot))
			CHECK(tasks[slot].holder != NOBODY &&
			      tasks[slot].gen == kernel_part_gen(k, slot));
}

static void pass(void)
{
	uint64_t tails[CPUS], heads[CPUS];
	bool news = false, any = false;
	unsigned int cpu, row;

	for (cpu = 0; cpu < CPUS; cpu++) {
		tails[cpu] = k->shm.agent_cpus[cpu].events_tail;
		heads[cpu] = k->cpus[cpu].events_head;
		NEED(heads[cpu] - tails[cpu] < 500); /* one pass reads all */
	}
	scxu_engine_pass(sched, ++now);
	for (cpu = 0; cpu < CPUS; cpu++)
		for (; tails[cpu] != heads[cpu]; tails[cpu]++)
			news |= look_at(k->cpus[cpu].events[tails[cpu] % SCXU_EVENTS]);
	recall(&news);
	model_dispatch(news);
	if (recall(&any))
		model_dispatch(any);
	passes++;
	for (row = 0; row < SCXU_ROWS; row++) {
		CHECK_EQ(k->shm.agent->stock_head[row], rows[row].head);
		CHECK_EQ(k->shm.agent->stock_skip[row], rows[row].skip);
	}
	CHECK_EQ(scxu_nr_queued(sched), nr_sorted);
	CHECK_EQ(k->shm.agent->held, nr_sorted);
	CHECK_EQ(scxu_engine_counts(sched)->recalled, recalls);
	check_all();
}

/* --- the kernel's side --------------------------------------------------------- */

static uint32_t random_weight(void)
{
	static const uint32_t weights[] = { 1, 15, 100, 100, 100, 335, 1024, 10000 };

	return weights[unit_below(&seed, 8)];
}

static void begin_wait(uint32_t slot, uint32_t flags)
{
	struct model_task *t = &tasks[slot];
	struct wait_facts facts = { .runtime = t->runtime,
				    .weight = t->weight,
				    .flags = flags,
				    .vtime = LATE + unit_below(&seed, 100) * MS };

	if (kernel_part_waits(k, slot))
		superseded++;
	waits++;
	kernel_part_enqueue(k, slot, unit_below(&seed, CPUS), &facts);
}

static void come(uint32_t slot)
{
	struct model_task *t = &tasks[slot];

	if (kernel_part_waits(k, slot))
		return;
	if (!t->alive) {
		t->alive = true;
		t->weight = random_weight();
		t->runtime = unit_below(&seed, 1000);
		kernel_part_birth(k, slot, ++last_pid, 0);
		begin_wait(slot, SCXU_WAIT_NEW);
		return;
	}
	/* it ran; in whole slices often, so that there are equals */
	t->runtime += unit_below(&seed, 2) ? SLICE : unit_below(&seed, 4 * MS);
	begin_wait(slot, (unit_below(&seed, 2) ? SCXU_WAIT_WAKEUP : 0) |
				 (unit_below(&seed, 16) ? 0 : SCXU_WAIT_UNDECIDED));
}

static void leave(uint32_t slot)
{
	if (kernel_part_leave(k, slot))
		superseded++;
}

static void die(uint32_t slot)
{
	if (!tasks[slot].alive)
		return;
	if (kernel_part_waits(k, slot))
		superseded++;
	kernel_part_exit(k, slot);
	tasks[slot].alive = false;
}

static void take(void)
{
	unsigned int row = !row_left(0) ||
			   (row_left(1) && later(rows[0].at[row_from(0) % SCXU_STOCK].vtime,
						 rows[1].at[row_from(1) % SCXU_STOCK].vtime));
	uint64_t from = row_from(row);
	struct scxu_decision d;
	bool bounce = !unit_below(&seed, 10);
	enum outcome o;
	bool waits_still;

	if (!kernel_part_next(k, unit_below(&seed, CPUS), &d)) {
		CHECK_EQ(row_left(0) + row_left(1), 0);
		return;
	}
	NEED(from != rows[row].head);
	CHECK_EQ(d.slot, rows[row].at[from % SCXU_STOCK].slot);
	CHECK_EQ(d.gen, rows[row].at[from % SCXU_STOCK].gen);
	waits_still = kernel_part_waits(k, d.slot) && kernel_part_gen(k, d.slot) == d.gen;
	o = kernel_part_claim(k, 0, &d);
	CHECK_EQ(o, waits_still ? APPLIED : STALE);
	if (o != APPLIED)
		return;
	if (bounce) {
		CHECK(kernel_part_bounce(k, unit_below(&seed, CPUS), &d));
		bounces++;
		return;
	}
	applied++;
}

static void run(uint64_t with_seed, unsigned int with_batch, unsigned int operations)
{
	unsigned int i;
	uint32_t slot;

	seed = with_seed;
	batch = with_batch;
	memset(tasks, 0, sizeof(tasks));
	nr_sorted = 0;
	nr_arrivals = 0;
	memset(rows, 0, sizeof(rows));
	disorder = false;
	seq = passes = recalled_pass = seconds = 0;
	waits = applied = superseded = bounces = recalls = 0;
	k = kernel_part_create(CPUS, SLOTS);
	sched = engine_with(k, &vruntime_policy, batch);
	min_vruntime = LATE;
	((struct vsched *)scxu_sched_data(sched))->min_vruntime = LATE;
	for (i = 0; i < operations && unit_failures < UNIT_SAID_MAX; i++) {
		slot = unit_below(&seed, SLOTS);
		switch (unit_below(&seed, 16)) {
		case 0 ... 5:
			come(slot);
			break;
		case 6 ... 11:
			take();
			break;
		case 12:
			if (tasks[slot].alive && kernel_part_waits(k, slot)) {
				tasks[slot].weight = random_weight();
				begin_wait(slot, 0);
			}
			break;
		case 13:
			if (unit_below(&seed, 2))
				leave(slot);
			else
				die(slot);
			break;
		default:
			pass();
		}
	}
	/* no one comes any more: all that wait are decided and taken, and counts are 0 */
	for (i = 0; i < 10 * SLOTS && unit_failures < UNIT_SAID_MAX; i++) {
		pass();
		take();
	}
	CHECK_EQ(k->kernel->nr_waiting, 0);
	CHECK_EQ(scxu_nr_queued(sched), 0);
	CHECK_EQ(nr_sorted, 0);
	CHECK(!scxu_engine_pending(sched));
	CHECK_EQ(applied + superseded, waits);
	CHECK_EQ(kernel_part_count(k, SCXU_COUNT_invalid), 0);
	CHECK_EQ(scxu_engine_counts(sched)->failed, 0);
	/* it did what it is for */
	CHECK_LE(operations / 20, applied);
	CHECK_LE(operations / 2000, bounces);
	CHECK_LE(1, recalls);
	CHECK_LE(1, seconds);
	CHECK(min_vruntime < LATE); /* it has wrapped */
	printf("seed %llu batch %u: %llu waits, %llu applied, %llu bounced, %llu recalled, %llu in "
	       "the second row\n",
	       (unsigned long long)with_seed, batch, (unsigned long long)waits,
	       (unsigned long long)applied, (unsigned long long)bounces,
	       (unsigned long long)recalls, (unsigned long long)seconds);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

int main(int argc, char **argv)
{
	unsigned int operations = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 100000;

	if (argc > 1) {
		run(strtoull(argv[1], NULL, 10), 8, operations);
		return UNIT_END();
	}
	run(1, 8, operations);
	run(2, 1, operations);
	run(3, 50, operations);
	run(4, SCXU_STOCK, operations);
	return UNIT_END();
}
