// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hog ought to get: the kernel's weight for each nice value, and the shares that follow.
 */
#include "weights.h"

#include <stdbool.h>

/*
 * sched_prio_to_weight[] of Linux, kernel/sched/core.c (the same since 2.6.23; user-visible ABI in
 * effect). Each step is about 1.25, so that a nice level more is about 10 % CPU less, for two tasks
 * that compete.
 */
static const uint32_t nice_weights[NICE_MAX - NICE_MIN + 1] = {
	/* -20 */ 88761, 71755, 56483, 46273, 36291,
	/* -15 */ 29154, 23254, 18705, 14949, 11916,
	/* -10 */ 9548,	 7620,	6100,  4904,  3906,
	/*  -5 */ 3121,	 2501,	1991,  1586,  1277,
	/*   0 */ 1024,	 820,	655,   526,   423,
	/*   5 */ 335,	 272,	215,   172,   137,
	/*  10 */ 110,	 87,	70,    56,    45,
	/*  15 */ 36,	 29,	23,    18,    15,
};

uint32_t weight_of_nice(int nice)
{
	if (nice < NICE_MIN)
		nice = NICE_MIN;
	if (nice > NICE_MAX)
		nice = NICE_MAX;
	return nice_weights[nice - NICE_MIN];
}

uint32_t weight_of_nice_scx(int nice)
{
	/* To the nearest, as DIV_ROUND_CLOSEST_ULL(weight * CGROUP_WEIGHT_DFL, 1024) does. */
	uint32_t weight = (weight_of_nice(nice) * 100 + 512) / 1024;

	if (weight < 1)
		weight = 1;
	if (weight > 10000)
		weight = 10000;
	return weight;
}

void weights_ideal(const struct weight_class *classes, unsigned int n, unsigned int nr_cpus,
		   double *ret_shares)
{
	double cpus_left = nr_cpus, weight_left = 0, total = 0;
	uint64_t tasks = 0;
	bool capped_one;

	for (unsigned int i = 0; i < n; i++) {
		weight_left += (double)classes[i].weight * classes[i].tasks;
		tasks += classes[i].tasks;
		ret_shares[i] = -1;
	}
	if (!tasks) {
		for (unsigned int i = 0; i < n; i++)
			ret_shares[i] = 0;
		return;
	}

	/* First in CPUs. Every round caps a class or is the last one. */
	do {
		double per_weight = weight_left > 0 ? cpus_left / weight_left : 0;

		capped_one = false;
		for (unsigned int i = 0; i < n; i++) {
			if (ret_shares[i] >= 0)
				continue;
			if (tasks > nr_cpus && classes[i].weight * per_weight <= 1)
				continue;
			ret_shares[i] = classes[i].tasks;
			cpus_left -= classes[i].tasks;
			weight_left -= (double)classes[i].weight * classes[i].tasks;
			capped_one = true;
			/*
			 * Whoever is over one CPU at this rate stays so at the higher one that
			 * follows.
			 */
		}
	} while (capped_one);

	for (unsigned int i = 0; i < n; i++) {
		if (ret_shares[i] < 0)
			ret_shares[i] = cpus_left * classes[i].weight * classes[i].tasks /
					weight_left;
		total += ret_shares[i];
	}
	for (unsigned int i = 0; i < n; i++)
		ret_shares[i] /= total;
}
