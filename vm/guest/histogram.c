// SPDX-License-Identifier: GPL-2.0-only
/*
 * A log-linear histogram: constant time and no allocation to record, a bounded relative error to
 * read.
 */
#include "histogram.h"

#define SUB_BUCKETS (1U << HISTOGRAM_SUB_BITS)

static unsigned int bucket_of(uint64_t value)
{
	unsigned int top, shift;

	if (value < SUB_BUCKETS)
		return (unsigned int)value;
	top = 63U - (unsigned int)__builtin_clzll(value);
	if (top >= HISTOGRAM_VALUE_BITS)
		return HISTOGRAM_BUCKETS - 1;
	shift = top - HISTOGRAM_SUB_BITS;
	return (shift << HISTOGRAM_SUB_BITS) + (unsigned int)(value >> shift);
}

/* The largest value that bucket_of() puts into @bucket. */
static uint64_t bucket_last(unsigned int bucket)
{
	unsigned int shift;

	if (bucket == HISTOGRAM_BUCKETS - 1)
		return UINT64_MAX;
	if (bucket < SUB_BUCKETS)
		return bucket;
	shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
	return ((uint64_t)(bucket - (shift << HISTOGRAM_SUB_BITS) + 1) << shift) - 1;
}

void histogram_record_many(struct histogram *h, uint64_t value, uint64_t times)
{
	uint64_t max = atomic_load_explicit(&h->max, memory_order_relaxed);

	if (!times)
		return;
	while (value > max &&
	       !atomic_compare_exchange_weak_explicit(&h->max, &max, value, memory_order_relaxed,
						      memory_order_relaxed))
		;
	atomic_fetch_add_explicit(&h->buckets[bucket_of(value)], times, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->count, times, memory_order_relaxed);
}

void histogram_record(struct histogram *h, uint64_t value)
{
	histogram_record_many(h, value, 1);
}

uint64_t histogram_count(const struct histogram *h)
{
	return atomic_load_explicit(&h->count, memory_order_relaxed);
}

uint64_t histogram_max(const struct histogram *h)
{
	return atomic_load_explicit(&h->max, memory_order_relaxed);
}

uint64_t histogram_percentile(const struct histogram *h, unsigned int per_10000)
{
	uint64_t count = histogram_count(h), max = histogram_max(h), rank, seen = 0;

	if (!count)
		return 0;
	/* In two parts, lest the product overflow. */
	rank = count / 10000 * per_10000 + (count % 10000 * per_10000 + 9999) / 10000;
	if (!rank)
		rank = 1;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
		if (seen >= rank)
			return bucket_last(i) < max ? bucket_last(i) : max;
	}
	return max;
}
