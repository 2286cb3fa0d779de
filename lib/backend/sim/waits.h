/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long tasks waited: log-linear buckets, 16 an octave, exact to 6 %. A header,
 * since a BPF program of tests/vm/tools counts in the same ones on a real kernel.
 */
#ifndef SCXU_SIM_WAITS_H
#define SCXU_SIM_WAITS_H

#define WAIT_SUB     16u
#define WAIT_OCTAVES 40u
#define WAIT_SIZE    (WAIT_SUB * WAIT_OCTAVES)

struct waits {
	unsigned long long count;
	unsigned long long max;
	unsigned int buckets[WAIT_SIZE];
};

static inline unsigned int waits_log2(unsigned long long ns)
{
	unsigned int log = 0, shift;

	/* not __builtin_clzll(): BPF has none */
	for (shift = 32; shift; shift /= 2) {
		if (ns >> shift) {
			ns >>= shift;
			log += shift;
		}
	}
	return log;
}

static inline unsigned int waits_bucket(unsigned long long ns)
{
	unsigned int log;

	if (ns < WAIT_SUB)
		return (unsigned int)ns;
	log = waits_log2(ns);
	if (log - 3 >= WAIT_OCTAVES)
		return WAIT_SIZE - 1;
	return (log - 3) * WAIT_SUB + (unsigned int)(ns >> (log - 4) & (WAIT_SUB - 1));
}

/* The least that does not belong to it any more, less one */
static inline unsigned long long waits_bucket_end(unsigned int bucket)
{
	unsigned int log = bucket / WAIT_SUB + 3;

	if (bucket < WAIT_SUB)
		return bucket;
	return ((unsigned long long)(WAIT_SUB + bucket % WAIT_SUB + 1) << (log - 4)) - 1;
}

static inline void waits_add(struct waits *w, unsigned long long ns)
{
	unsigned int bucket = waits_bucket(ns);

	w->count++;
	if (bucket < WAIT_SIZE)
		w->buckets[bucket]++;
	if (ns > w->max)
		w->max = ns;
}

static inline unsigned long long waits_percentile(const struct waits *w, double percent)
{
	unsigned long long rank = (unsigned long long)((double)w->count * percent / 100), seen = 0;
	unsigned int i;

	for (i = 0; i < WAIT_SIZE; i++) {
		seen += w->buckets[i];
		if (seen > rank)
			return waits_bucket_end(i) < w->max ? waits_bucket_end(i) : w->max;
	}
	return w->max;
}

#endif
