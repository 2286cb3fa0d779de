// SPDX-License-Identifier: GPL-2.0-only
/*
 * The histogram of scxu-load against the same values sorted: every percentile, at most 3 % above
 * the true value and never below it, for values of every size and shape.
 */
#include "histogram.h"
#include "unit.h"

#define VALUES 20000

static uint64_t values[VALUES];
static struct histogram histogram;

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The nearest rank, computed another way than histogram_percentile() does. */
static uint64_t true_percentile(unsigned int n, unsigned int per_10000)
{
	unsigned int rank = 0;

	while ((uint64_t)rank * 10000 < (uint64_t)n * per_10000)
		rank++;
	return values[rank ? rank - 1 : 0];
}

static bool is_close(uint64_t measured, uint64_t exact)
{
	return measured >= exact && (double)measured <= (double)exact * 1.03;
}

static void check_against_sorted(unsigned int n, const char *what)
{
	static const unsigned int percentiles[] = { 0,	  1,	10,   100,  2500, 5000,
						    7500, 9000, 9900, 9990, 9999, 10000 };

	memset(&histogram, 0, sizeof(histogram));
	for (unsigned int i = 0; i < n; i++)
		histogram_record(&histogram, values[i]);
	qsort(values, n, sizeof(values[0]), compare);

	CHECK_EQ(histogram_count(&histogram), n);
	CHECK_EQ(histogram_max(&histogram), values[n - 1]);
	CHECK_EQ(histogram_percentile(&histogram, 10000), values[n - 1]);
	for (unsigned int i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++) {
		uint64_t exact = true_percentile(n, percentiles[i]);
		uint64_t measured = histogram_percentile(&histogram, percentiles[i]);

		if (!CHECK(is_close(measured, exact)))
			printf("     %s, %u values: per 10000 %u: %llu, exactly %llu\n", what, n,
			       percentiles[i], (unsigned long long)measured,
			       (unsigned long long)exact);
	}
}

static void test_shapes(void)
{
	static const unsigned int counts[] = { 1, 2, 3, 10, 99, 100, 101, 1000, VALUES };
	uint64_t state = 1;

	for (unsigned int c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		unsigned int n = counts[c];

		for (unsigned int i = 0; i < n; i++)
			values[i] = i;
		check_against_sorted(n, "0, 1, 2...");
		for (unsigned int i = 0; i < n; i++)
			values[i] = 4711;
		check_against_sorted(n, "all the same");
		for (unsigned int i = 0; i < n; i++)
			values[i] = unit_random(&state) % 1000000007;
		check_against_sorted(n, "even to a second");
		for (unsigned int i = 0; i < n; i++)
			values[i] = unit_random(&state) >> (24 + unit_below(&state, 40));
		check_against_sorted(n, "every size");
		for (unsigned int i = 0; i < n; i++)
			values[i] = i % 100 ? 50000 + unit_below(&state, 5000)
					    : 10000000 + unit_below(&state, 90000000);
		check_against_sorted(n, "one in a hundred late");
	}
}

/* Each power of two and its neighbours: where a bucket's width changes. */
static void test_edges(void)
{
	for (unsigned int bit = 0; bit < HISTOGRAM_VALUE_BITS; bit++) {
		for (int delta = -1; delta <= 1; delta++) {
			uint64_t value = (1ULL << bit) + (uint64_t)(int64_t)delta;

			memset(&histogram, 0, sizeof(histogram));
			histogram_record(&histogram, value);
			/* One larger one, lest the maximum correct it. */
			histogram_record(&histogram, UINT64_MAX);
			CHECK(is_close(histogram_percentile(&histogram, 5000), value));
		}
	}
	for (uint64_t value = 0; value < 128; value++) {
		memset(&histogram, 0, sizeof(histogram));
		histogram_record(&histogram, value);
		histogram_record(&histogram, UINT64_MAX);
		CHECK_EQ(histogram_percentile(&histogram, 5000), value);
	}
}

static void test_ends(void)
{
	memset(&histogram, 0, sizeof(histogram));
	CHECK_EQ(histogram_count(&histogram), 0);
	CHECK_EQ(histogram_max(&histogram), 0);
	CHECK_EQ(histogram_percentile(&histogram, 9900), 0);
	histogram_record_many(&histogram, 5, 0);
	CHECK_EQ(histogram_count(&histogram), 0);
	CHECK_EQ(histogram_max(&histogram), 0);

	/* Too long for a bucket of its own: the maximum still is exact. */
	histogram_record(&histogram, UINT64_MAX - 1);
	CHECK(histogram_max(&histogram) == UINT64_MAX - 1);
	CHECK(histogram_percentile(&histogram, 5000) == UINT64_MAX - 1);
}

/* More values than fit 64 bits when multiplied by 10000. */
static void test_many(void)
{
	uint64_t many = UINT64_MAX / 1000;

	memset(&histogram, 0, sizeof(histogram));
	histogram_record_many(&histogram, 100, many);
	histogram_record_many(&histogram, 110, many);
	CHECK_EQ(histogram_percentile(&histogram, 4999), 100);
	CHECK_EQ(histogram_percentile(&histogram, 5001), 110);
	CHECK_EQ(histogram_percentile(&histogram, 9999), 110);
}

/* The control: the comparison that everything above rests on does tell a wrong value. */
static void test_control(void)
{
	CHECK(!is_close(9999, 10000));
	CHECK(!is_close(10301, 10000));
	CHECK(is_close(10000, 10000));
	for (unsigned int i = 0; i < 1000; i++)
		values[i] = 1000000 + 1000 * i;
	memset(&histogram, 0, sizeof(histogram));
	for (unsigned int i = 0; i < 1000; i++)
		histogram_record(&histogram, values[i] + values[i] / 25);
	CHECK(!is_close(histogram_percentile(&histogram, 5000), true_percentile(1000, 5000)));
}

int main(void)
{
	test_shapes();
	test_edges();
	test_ends();
	test_many();
	test_control();
	return UNIT_END();
}
