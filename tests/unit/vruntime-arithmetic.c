// SPDX-License-Identifier: GPL-2.0-only
/* The formulas of the vruntime policy, at the ends of their ranges too. */
#include "bpf/abi.h"
#include "policies/vruntime/vruntime.h"
#include "unit.h"

#define MS    1000000ull
#define ROUND (24 * MS)

static void charge(void)
{
	uint64_t seed = 1;
	uint32_t weight;
	int i;

	CHECK_EQ(vruntime_charge(0, 0, 100), 0);
	CHECK_EQ(vruntime_charge(0, 3 * MS, 100), 3 * MS);
	CHECK_EQ(vruntime_charge(7, 3 * MS, 1), 7 + 300 * MS);
	CHECK_EQ(vruntime_charge(7, 3 * MS, 10000), 7 + 30000);
	/* below the resolution: nothing, and never back */
	CHECK_EQ(vruntime_charge(7, 99, 10000), 7);
	CHECK_EQ(vruntime_charge(7, 100, 10000), 8);
	/* wraps as the kernel's do */
	CHECK_EQ(vruntime_charge(UINT64_MAX - 9, 20, 100), 10);
	CHECK_EQ((int64_t)(vruntime_charge(UINT64_MAX, 5 * MS, 1) - UINT64_MAX), 500 * MS);
	/* a year of CPU time in one piece */
	CHECK_EQ(vruntime_charge(0, 365ull * 86400 * 1000 * MS, 1), 36500 * 86400ull * 1000 * MS);
	/* the kernel part has the same formula */
	for (i = 0; i < 10000; i++) {
		uint64_t ran = unit_random(&seed) % (10000 * MS), from = unit_random(&seed);

		weight = 1 + unit_below(&seed, 10000);
		CHECK_EQ(vruntime_charge(from, ran, weight), from + scxu_vtime_of(ran, weight));
	}
	/* shares: who ran by its weight has run the same virtual time */
	for (weight = 1; weight <= 10000; weight++)
		CHECK_EQ(vruntime_charge(0, weight * MS, weight), 100 * MS);
}

static void place(void)
{
	uint64_t now = 1000 * MS, near_wrap = 1 * MS;

	CHECK_EQ(vruntime_place(now + 5 * MS, now), now + 5 * MS); /* ahead: stays */
	CHECK_EQ(vruntime_place(now, now), now);
	CHECK_EQ(vruntime_place(now - 2 * MS, now), now - 2 * MS); /* within the credit */
	CHECK_EQ(vruntime_place(now - 3 * MS, now), now - 3 * MS); /* all of it */
	CHECK_EQ(vruntime_place(now - 3 * MS - 1, now), now - 3 * MS);
	CHECK_EQ(vruntime_place(0, now), now - 3 * MS); /* slept for long */
	/* the credit reaches over the wrap */
	CHECK_EQ(vruntime_place(near_wrap - 5 * MS, near_wrap), near_wrap - 3 * MS);
	CHECK_EQ(vruntime_place(near_wrap - 2 * MS, near_wrap), near_wrap - 2 * MS);
	CHECK_EQ(vruntime_place(UINT64_MAX, near_wrap), UINT64_MAX);
	CHECK_EQ(vruntime_place(5, UINT64_MAX - 5), 5); /* ahead, beyond the wrap */
}

static void limit(void)
{
	uint64_t now = 1000 * MS;

	CHECK_EQ(vruntime_limit(now, now, 3 * MS, 100), now);
	CHECK_EQ(vruntime_limit(now - 50 * MS, now, 3 * MS, 100), now - 50 * MS); /* behind */
	/* a slice is a tick at least, 4 ms */
	CHECK_EQ(vruntime_limit(now + 512 * MS, now, 3 * MS, 100), now + 512 * MS);
	CHECK_EQ(vruntime_limit(now + 512 * MS + 1, now, 3 * MS, 100), now + 512 * MS);
	CHECK_EQ(vruntime_limit(now + 9999 * MS, now, 20 * MS, 100), now + 2560 * MS);
	CHECK_EQ(vruntime_limit(now + 99999 * MS, now, 3 * MS, 1), now + 51200 * MS);
	CHECK_EQ(vruntime_limit(now + 9999 * MS, now, 3 * MS, 10000), now + 5120000);
	/* over the wrap */
	CHECK_EQ(vruntime_limit(1000 * MS, UINT64_MAX, 3 * MS, 100), 512 * MS - 1);
	CHECK_EQ(vruntime_limit(UINT64_MAX, 5 * MS, 3 * MS, 100), UINT64_MAX);
}

static void preempts(void)
{
	uint64_t woken = 50 * MS;

	/* nice 0: by more than 1 ms */
	CHECK(!vruntime_preempts(woken, 100, woken));
	CHECK(!vruntime_preempts(woken, 100, woken - 10 * MS));
	CHECK(!vruntime_preempts(woken, 100, woken + MS));
	CHECK(vruntime_preempts(woken, 100, woken + MS + 1));
	/* a light one has to be further behind, a heavy one less */
	CHECK(!vruntime_preempts(woken, 1, woken + 100 * MS));
	CHECK(vruntime_preempts(woken, 1, woken + 100 * MS + 1));
	CHECK(!vruntime_preempts(woken, 10000, woken + 10000));
	CHECK(vruntime_preempts(woken, 10000, woken + 10001));
	/* over the wrap */
	CHECK(vruntime_preempts(UINT64_MAX - MS, 100, MS));
	CHECK(!vruntime_preempts(MS, 100, UINT64_MAX - MS));
}

static void slice(void)
{
	static const uint64_t longest[] = { 100000, 500000, 749999,  750000,
					    750001, 3 * MS, 20 * MS, 100 * MS };
	unsigned int cpus, waiting, i;

	CHECK_EQ(vruntime_slice(100 * MS, 1, 1, 100, 100),
		 24 * MS); /* no one waits: all of the round */
	CHECK_EQ(vruntime_slice(3 * MS, 0, 4, 100, 100), 3 * MS);
	CHECK_EQ(vruntime_slice(3 * MS, 4, 4, 100, 100), 3 * MS);
	CHECK_EQ(vruntime_slice(3 * MS, 8, 4, 100, 100), 3 * MS);
	CHECK_EQ(vruntime_slice(100 * MS, 8, 4, 100, 100), 12 * MS);
	CHECK_EQ(vruntime_slice(3 * MS, 64, 4, 100, 100), 1500000);
	CHECK_EQ(vruntime_slice(3 * MS, 10000, 4, 100, 100), 750000);
	CHECK_EQ(vruntime_slice(500000, 4, 4, 100, 100), 500000);
	/* --slice-us 100 with 10 000 tasks: the engine refuses a slice of 9.6 us */
	CHECK_EQ(vruntime_slice(100000, 10000, 4, 100, 100), 100000);
	/* fewer wait than there are CPUs: longer in that proportion, not longer than the round */
	CHECK_EQ(vruntime_slice(3 * MS, 5, 4, 100, 100), 12 * MS);
	CHECK_EQ(vruntime_slice(3 * MS, 6, 4, 100, 100), 6 * MS);
	CHECK_EQ(vruntime_slice(3 * MS, 7, 4, 100, 100), 4 * MS);
	CHECK_EQ(vruntime_slice(100000, 5, 4, 100, 100), 400000);
	CHECK_EQ(vruntime_slice(6 * MS, 5, 4, 100, 100), ROUND / 5 * 4);
	CHECK_EQ(vruntime_slice(3 * MS, 2, 1, 100, 100), 3 * MS);
	/* of less weight than others: in proportion; of more, or alone: no longer */
	CHECK_EQ(vruntime_slice(3 * MS, 12, 4, 33, 66), 1500000);
	CHECK_EQ(vruntime_slice(3 * MS, 12, 4, 1, 66), 750000);
	CHECK_EQ(vruntime_slice(3 * MS, 12, 4, 100, 66), 3 * MS);
	CHECK_EQ(vruntime_slice(3 * MS, 5, 4, 33, 99), 4 * MS);
	CHECK_EQ(vruntime_slice(3 * MS, 1, 4, 1, 0), 3 * MS);
	CHECK_EQ(vruntime_slice(100000, 12, 4, 1, 66), 100000);

	for (i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
		for (cpus = 1; cpus <= SCXU_MAX_CPUS; cpus = cpus * 3 + 1) {
			uint64_t before = UINT64_MAX;

			for (waiting = 1; waiting <= SCXU_MAX_TASKS; waiting = waiting * 2 + 1) {
				uint64_t ns =
					vruntime_slice(longest[i], cpus + waiting, cpus, 100, 100);
				uint64_t least = longest[i] < 750000 ? longest[i] : 750000;

				if (waiting >= cpus)
					CHECK_LE(ns, longest[i]);
				else
					CHECK_LE(ns * waiting / cpus,
						 longest[i]); /* the last waits */
				CHECK_LE(ns, ROUND > longest[i] ? ROUND : longest[i]);
				CHECK_LE(least, ns);
				CHECK_LE(SCXU_SLICE_MIN_NS, ns);
				CHECK_LE(ns, before); /* more tasks, no longer slices */
				before = ns;
			}
		}
	}
}

int main(void)
{
	charge();
	place();
	limit();
	preempts();
	slice();
	return UNIT_END();
}
