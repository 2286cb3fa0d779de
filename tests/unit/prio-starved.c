// SPDX-License-Identifier: GPL-2.0-only
/* Under prio, who has waited for the bound has one slice, also if it is displaced as it begins. */
#include <scxu/policy.h>

#include "kernel-part.h"
#include "policies/prio/prio.h"
#include "unit.h"

#define MS 1000000ull

enum { LIGHT, HEAVY }; /* slots */

static struct kernel_part *k;
static struct scxu_sched *sched;

/* One CPU, a heavy one and a light one, which wait since 0. */
static void begin(void)
{
	static uint64_t starve_ms[] = { 1000 };
	struct scxu_engine_options options = { .batch = 8,
					       .slice_ns = 3 * MS,
					       .values = starve_ms };

	k = kernel_part_create(1, 64);
	sched = NULL;
	NEED(!scxu_engine_create(&prio_policy, &k->shm, &options, &sched));
	kernel_part_birth(k, LIGHT, LIGHT + 1, 0);
	kernel_part_birth(k, HEAVY, HEAVY + 1, 0);
	kernel_part_enqueue(k, LIGHT, 0, &(struct wait_facts) { .weight = 10 });
	kernel_part_enqueue(k, HEAVY, 0, &(struct wait_facts) { .weight = 100 });
	scxu_engine_pass(sched, 1);
}

/* The heavy one runs; the light one has waited for more than a second. */
static void starve(void)
{
	struct scxu_decision d;

	begin();
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, HEAVY);
	kernel_part_run(k, 0, HEAVY + 1, 0, 100, 1);
	kernel_part_enqueue(k, HEAVY, 0,
			    &(struct wait_facts) {
				    .weight = 100, .runtime = 1000 * MS, .now = 1100 * MS });
	scxu_engine_pass(sched, 1101 * MS);
	CHECK_EQ(kernel_part_dispatch(k, 0, &d), APPLIED);
	CHECK_EQ(d.slot, LIGHT);
}

/* It waits again, having run; who is next? */
static uint32_t after(uint64_t runtime, uint32_t flags)
{
	struct scxu_decision d;
	int how;

	kernel_part_enqueue(k, LIGHT, 0,
			    &(struct wait_facts) { .weight = 10,
						   .runtime = runtime,
						   .flags = flags,
						   .now = 1102 * MS });
	scxu_engine_pass(sched, 1103 * MS);
	while ((how = kernel_part_dispatch(k, 0, &d)) == STALE)
		;
	CHECK_EQ(how, APPLIED);
	return d.slot;
}

static void end(void);

/* Who is next after 1.1 s, if the light one ran for so long at .9 s. */
static uint32_t beside_short_run(uint64_t ran)
{
	struct scxu_decision d;

	begin();
	kernel_part_dispatch(k, 0, &d);
	kernel_part_run(k, 0, HEAVY + 1, 0, 100, 1);
	/* nobody else waits when the heavy one sleeps for a moment */
	scxu_engine_pass(sched, 900 * MS);
	while (kernel_part_dispatch(k, 0, &d) == STALE)
		;
	CHECK_EQ(d.slot, LIGHT);
	kernel_part_enqueue(k, LIGHT, 0,
			    &(struct wait_facts) { .weight = 10, .runtime = ran, .now = 901 * MS });
	kernel_part_enqueue(k, HEAVY, 0,
			    &(struct wait_facts) {
				    .weight = 100, .runtime = 1000 * MS, .now = 1100 * MS });
	scxu_engine_pass(sched, 1101 * MS);
	while (kernel_part_dispatch(k, 0, &d) == STALE)
		;
	end();
	return d.slot;
}

static void end(void)
{
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

int main(void)
{
	starve();
	CHECK_EQ(after(MS / 100, 0), LIGHT);
	CHECK_EQ(after(MS, 0), LIGHT);
	/* and no more than the one slice, however often it is displaced */
	CHECK_EQ(after(2 * MS, 0), HEAVY);
	end();

	starve();
	CHECK_EQ(after(3 * MS, 0), HEAVY);
	end();

	/* a run that is none, of .01 ms at .9 s, does not begin the time anew; one of a slice does */
	CHECK_EQ(beside_short_run(MS / 100), LIGHT);
	CHECK_EQ(beside_short_run(3 * MS), HEAVY);

	/* it slept: that was what it wanted */
	starve();
	CHECK_EQ(after(MS / 100, SCXU_WAIT_WAKEUP), HEAVY);
	end();
	return UNIT_END();
}
