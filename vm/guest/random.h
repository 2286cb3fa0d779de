/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_RANDOM_H
#define SCXU_LOAD_RANDOM_H

#include <stdint.h>

/**
 * random_next() - the next number of the stream that @state seeds (splitmix64).
 *
 * The churns draw from it, never from the C library or the kernel: the same --seed gives the same
 * sequence of changes on every machine, so a run that failed can be run again.
 */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/**
 * random_below() - a number from 0 to @bound - 1; @bound is 1 or more. Bias below 2^-40 for the
 * bounds used here.
 */
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
	return random_next(state) % bound;
}

#endif
