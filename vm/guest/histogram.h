/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_HISTOGRAM_H
#define SCXU_LOAD_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Each power of two is cut into 2^HISTOGRAM_SUB_BITS equal buckets, so a bucket is at most 1/64 =
 * 1.6 % of its values wide. Values to 127 have a bucket each. 2^40 ns are 18 minutes; longer ones
 * share the last bucket (and the maximum is kept exactly).
 */
#define HISTOGRAM_SUB_BITS   6
#define HISTOGRAM_VALUE_BITS 40
#define HISTOGRAM_BUCKETS    ((HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/**
 * struct histogram - log-linear counts of whole numbers (nanoseconds here).
 *
 * All zero is an empty histogram. It may lie in memory shared by processes: many may record at once
 * while another reads. A reader then sees some moment's counts, not necessarily one moment's for
 * all buckets.
 */
struct histogram {
	_Atomic uint64_t count;
	_Atomic uint64_t max;
	_Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
};

/** histogram_record() - count @value once. */
void histogram_record(struct histogram *h, uint64_t value);

/** histogram_record_many() - count @value @times times. */
void histogram_record_many(struct histogram *h, uint64_t value, uint64_t times);

/** histogram_count() - number of values recorded. */
uint64_t histogram_count(const struct histogram *h);

/** histogram_max() - the largest value recorded, exactly; 0 when there is none. */
uint64_t histogram_max(const struct histogram *h);

/**
 * histogram_percentile() - the value that @per_10000 of 10000 values do not exceed (5000: the
 * median).
 *
 * By nearest rank: the ceil(count * @per_10000 / 10000)-th smallest value, at least the first. The
 * answer is the upper end of that value's bucket, or the maximum if that is less: never below the
 * true value, at most 1.6 % above it. 0 for an empty histogram.
 */
uint64_t histogram_percentile(const struct histogram *h, unsigned int per_10000);

#endif
