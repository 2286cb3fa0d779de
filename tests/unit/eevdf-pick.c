// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree of the eevdf policy against an array: after each of many random inserts and
 * removals the task picked is the one that a look at all of them finds, and each node knows
 * the least vruntime below it. And the rules of the paper, one by one.
 */
#include "policies/eevdf/eevdf.c" /* all of it: the tree is its own */

#include "kernel-part.h"
#include "unit.h"

#define N  300u
#define MS 1000000ull

static struct etask all[N];
static bool in[N];
static uint64_t seed = 5;

static uint64_t least_below(const struct etask *t)
{
	uint64_t least = t->vruntime, other;

	if (RB_LEFT(t, node)) {
		other = least_below(RB_LEFT(t, node));
		least = before(other, least) ? other : least;
	}
	if (RB_RIGHT(t, node)) {
		other = least_below(RB_RIGHT(t, node));
		least = before(other, least) ? other : least;
	}
	CHECK_EQ(t->least, least);
	return least;
}

/* The eligible one with the earliest deadline; none: that with the least vruntime. */
static const struct etask *look_at_all(uint64_t now)
{
	const struct etask *best = NULL, *least = NULL;
	unsigned int i;

	for (i = 0; i < N; i++) {
		const struct etask *t = &all[i];

		if (!in[i])
			continue;
		if (!before(now, t->vruntime) && (!best || compare(t, best) < 0))
			best = t;
		if (!least || before(t->vruntime, least->vruntime) ||
		    (t->vruntime == least->vruntime && compare(t, least) < 0))
			least = t;
	}
	return best ? best : least;
}

static void tree_against_array(uint64_t begin)
{
	struct esched s = { .now = begin };
	unsigned int round, i;

	memset(in, 0, sizeof(in));
	for (round = 0; round < 20000; round++) {
		i = unit_below(&seed, N);
		if (in[i]) {
			tree_remove(&s, &all[i]);
		} else {
			all[i] = (struct etask) { .vruntime = begin + unit_below(&seed, 50),
						  .seq = round };
			all[i].deadline = all[i].vruntime + unit_below(&seed, 60);
			tree_insert(&s, &all[i]);
		}
		in[i] = !in[i];
		s.now = begin + unit_below(&seed, 60) - 5;
		if (!CHECK(pick(&s) == look_at_all(s.now)))
			return;
		if (RB_ROOT(&s.tree))
			least_below(RB_ROOT(&s.tree));
	}
}

/* --- in the engine --------------------------------------------------------------------- */

static struct kernel_part *k;
static struct scxu_sched *sched;
static uint64_t now;

static void begin_with(unsigned int tasks)
{
	uint32_t slot;

	now = 1000 * MS;
	k = kernel_part_create(1, 64);
	kernel_part_run(k, 0, AGENT_TID, 0, 100, now);
	sched = engine_with(k, &eevdf_policy, 1);
	for (slot = 0; slot < tasks; slot++)
		kernel_part_birth(k, slot, (int)slot + 1, 0);
}

static void end(void)
{
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void waits(uint32_t slot, uint64_t runtime, uint64_t slice, uint32_t weight, uint32_t flags)
{
	kernel_part_enqueue(k, slot, 0,
			    &(struct wait_facts) { .now = now,
						   .runtime = runtime,
						   .weight = weight,
						   .flags = flags,
						   .slice = slice });
}

static struct scxu_decision next(void)
{
	struct scxu_decision d = { .slot = 99 };

	now += MS;
	while (scxu_engine_pass(sched, now))
		;
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	return d;
}

/* Of equals, that with the shorter slice is first; and it has that slice. */
static void shorter_first(void)
{
	struct scxu_decision d;

	begin_with(3);
	waits(0, 0, 0, 100, SCXU_WAIT_NEW);
	waits(1, 0, MS, 100, SCXU_WAIT_NEW);
	waits(2, 0, 100 * MS, 100, SCXU_WAIT_NEW);
	d = next();
	CHECK_EQ(d.slot, 1);
	CHECK_EQ(d.slice_us, 1000);
	d = next();
	CHECK_EQ(d.slot, 0);
	CHECK_EQ(d.slice_us, 3000);
	d = next();
	CHECK_EQ(d.slot, 2);
	CHECK_EQ(d.slice_us, 100000);
	end();
}

/* Who is ahead of the average is not eligible, however early its deadline. */
static void not_eligible(void)
{
	struct scxu_decision d;

	begin_with(2);
	waits(0, 0, MS, 100, SCXU_WAIT_NEW);
	waits(1, 0, 50 * MS, 100, SCXU_WAIT_NEW);
	CHECK_EQ(next().slot, 0);
	waits(0, MS, MS, 100, 0); /* 1 ms ahead; its deadline is 2 ms, the other's 25 ms */
	d = next();
	CHECK_EQ(d.slot, 1);
	CHECK_EQ(d.flags, SCXU_DECIDE_VTIME);
	end();
}

/* Weight counts in both: 100 ms of weight 1000 are as 10 ms of weight 100. */
static void by_weight(void)
{
	begin_with(2);
	waits(0, 0, 0, 1000, SCXU_WAIT_NEW);
	waits(1, 0, 0, 100, SCXU_WAIT_NEW);
	CHECK_EQ(next().slot, 0); /* deadline 0.15 ms against 1.5 ms */
	waits(0, 4 * MS, 0, 1000, 0); /* at 0.4 ms; the average is 0.36 ms */
	CHECK_EQ(next().slot, 1);
	waits(1, 4 * MS, 0, 100, 0); /* at 4 ms */
	CHECK_EQ(next().slot, 0);
	waits(0, 30 * MS, 0, 1000, 0); /* at 3 ms; the average is 3.1 ms */
	CHECK_EQ(next().slot, 0);
	end();
}

/*
 * A heavy one that got less than it is worth becomes a light one: it is owed two slices of the
 * heavy one's, in run time, and not what the difference of virtual times would be (2 s).
 */
static void reweighted(void)
{
	uint64_t v;

	begin_with(2);
	waits(0, 0, 0, 3500, SCXU_WAIT_NEW);
	waits(1, 0, 0, 100, SCXU_WAIT_NEW);
	CHECK_EQ(next().slot, 0);
	CHECK_EQ(next().slot, 1);
	waits(0, MS, 0, 3500, 0);
	waits(1, 1000 * MS, 0, 100, 0);
	CHECK_EQ(next().slot, 0); /* far behind V, which is at 28 ms at most */
	waits(0, 2 * MS, 0, 25, 0);
	v = next().vtime;
	/* 6 ms of run time are 24 ms of its virtual time now */
	CHECK_LE(v + 24 * MS, 28 * MS);
	end();
}

/* A sleeper has the lag that it had, and no more for sleeping long: two slices at most. */
static void sleeper(void)
{
	struct scxu_decision d;
	uint64_t v;

	begin_with(2);
	waits(0, 0, 0, 100, SCXU_WAIT_NEW);
	waits(1, 0, 0, 100, SCXU_WAIT_NEW);
	CHECK_EQ(next().slot, 0); /* and sleeps after 1 ms, half of which it was due */
	CHECK_EQ(next().slot, 1);
	waits(1, 1000 * MS, 0, 100, 0);
	d = next();
	CHECK_EQ(d.slot, 1);
	v = d.vtime;
	waits(1, 1001 * MS, 0, 100, 0);
	waits(0, MS, 0, 100, SCXU_WAIT_WAKEUP);
	d = next();
	/* around the average, not a second behind it: both run on at one pace */
	CHECK_LE(v - 8 * MS, d.vtime);
	CHECK_LE(d.vtime, v + 8 * MS);
	end();
}

/* Where a task is placed that slept after 1 ms, for which it had waited for so long, decided. */
static uint64_t placed_after(uint64_t waited, uint32_t flags)
{
	struct scxu_decision d;
	uint64_t decided_at;

	begin_with(2);
	waits(0, 0, 0, 100, SCXU_WAIT_NEW);
	waits(1, 0, 0, 100, SCXU_WAIT_NEW);
	CHECK_EQ(next().slot, 0);
	decided_at = now;
	now += 100 * MS;
	kernel_part_enqueue(k, 0, 0,
			    &(struct wait_facts) { .now = now,
						   .runtime = MS,
						   .weight = 100,
						   .flags = SCXU_WAIT_WAKEUP | flags,
						   .waited_until = decided_at + waited });
	do
		d = next();
	while (d.slot != 0);
	end();
	return d.vtime;
}

/*
 * Nothing has run beside it, and it is as far ahead of the other as it was. (That lag is against
 * a V with it; the V in which it still counts as decided would make that 0.75 ms.)
 */
static void back_where_it_was(void)
{
	CHECK_EQ(placed_after(0, 0), MS);
}

/*
 * V goes on while a task waits that is decided: by a half for two on one CPU. It is owed that
 * when it wakes, and twice as much is to be seen then, as its coming moves V.
 */
static void owed_for_waiting(void)
{
	uint64_t v = placed_after(0, 0);

	CHECK_EQ(placed_after(2 * MS, 0), v - 2 * MS);
	CHECK_EQ(placed_after(4 * MS, 0), v - 4 * MS);
	CHECK_EQ(placed_after((uint64_t)-MS, 0), v); /* that was an earlier wait */
	/* two slices at most */
	CHECK_EQ(placed_after(30 * MS, 0), placed_after(60 * MS, 0));
	/* what it waited for was not that decision */
	CHECK_EQ(placed_after(4 * MS, SCXU_WAIT_UNDECIDED), v);
}

int main(void)
{
	tree_against_array(1000);
	tree_against_array(UINT64_MAX - 20); /* virtual time wraps */
	shorter_first();
	not_eligible();
	by_weight();
	reweighted();
	sleeper();
	back_where_it_was();
	owed_for_waiting();
	return UNIT_END();
}
