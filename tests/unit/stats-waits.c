// SPDX-License-Identifier: GPL-2.0-only
/* Percentiles of the histogram of waits, against those of a sorted array. */
#include <scxu/stats.h>

#include "bpf/abi.h"
#include "unit.h"

#define MANY 20000u

/* As the kernel part does (bpf/, wait_bucket()), said in another way. */
static unsigned int bucket_of(uint64_t ns)
{
	unsigned int log;

	if (ns < 1024)
		return 0;
	if (ns >= 1ull << 40)
		ns = (1ull << 40) - 1;
	log = 63 - (unsigned int)__builtin_clzll(ns);
	return 4 * (log - 10) + (unsigned int)(ns >> (log - 2) & 3);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t values[MANY];
static struct scxu_stats before, now;

/* No less than the value at that rank, and no more than a quarter above it. */
static void against_sorted(unsigned int n)
{
	static const double percents[] = { 0, 0.1, 1, 10, 25, 50, 75, 90, 99, 99.9, 99.99, 100 };
	unsigned int i;

	qsort(values, n, sizeof(values[0]), compare);
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		unsigned int rank = (unsigned int)(n * percents[i] / 100);
		uint64_t exact = values[rank < n ? rank : n - 1];
		uint64_t got = scxu_stats_wait(&before, &now, percents[i]);
		uint64_t least = exact < 1024 ? 1024 : exact;

		if (least >= 1ull << 40) /* the last bucket: 18 minutes and more */
			least = (1ull << 40) - 1;
		if (!CHECK_LE(least, got) || !CHECK_LE(got, least + least / 4 + 1))
			printf("  %u values, %g %%: exactly %llu\n", n, percents[i],
			       (unsigned long long)exact);
	}
}

static void random_waits(void)
{
	uint64_t seed = 5;
	unsigned int n, i;

	for (n = 1; n <= MANY; n = n * 3 + 1) {
		memset(&before, 0, sizeof(before));
		/* what was before does not count */
		for (i = 0; i < SCXU_WAIT_BUCKETS; i++)
			before.waits[i] = unit_below(&seed, 1000);
		now = before;
		for (i = 0; i < n; i++) {
			values[i] = unit_random(&seed) >> (24 + unit_below(&seed, 40));
			now.waits[bucket_of(values[i])]++;
		}
		against_sorted(n);
	}
}

static void edges(void)
{
	unsigned int log, i;

	/* each bucket by itself, at its first and last ns */
	for (log = 10; log < 40; log++) {
		for (i = 0; i < 4; i++) {
			uint64_t first = (1ull << log) + i * (1ull << (log - 2));

			CHECK_EQ(bucket_of(first), 4 * (log - 10) + i);
			CHECK_EQ(bucket_of(first + (1ull << (log - 2)) - 1), 4 * (log - 10) + i);
			memset(&now, 0, sizeof(now));
			now.waits[bucket_of(first)] = 1;
			CHECK_EQ(scxu_stats_wait(NULL, &now, 50), first + (1ull << (log - 2)));
		}
	}
	CHECK_LE(bucket_of(UINT64_MAX), SCXU_WAIT_BUCKETS - 1);
	CHECK_EQ(bucket_of(0), 0);
	CHECK_EQ(bucket_of(1023), 0);

	/* none at all */
	memset(&now, 0, sizeof(now));
	CHECK_EQ(scxu_stats_wait(NULL, &now, 50), 0);
	now.waits[20] = 7;
	before = now;
	CHECK_EQ(scxu_stats_wait(&before, &now, 99), 0);

	/* 99 short ones and a long one */
	memset(&now, 0, sizeof(now));
	now.waits[0] = 99;
	now.waits[40] = 1; /* 2^20 ns */
	CHECK_EQ(scxu_stats_wait(NULL, &now, 50), 1280);
	CHECK_EQ(scxu_stats_wait(NULL, &now, 98.9), 1280);
	CHECK_EQ(scxu_stats_wait(NULL, &now, 99), (1 << 20) + (1 << 18));
	CHECK_EQ(scxu_stats_wait(NULL, &now, 100), (1 << 20) + (1 << 18));
}

int main(void)
{
	random_waits();
	edges();
	return UNIT_END();
}
