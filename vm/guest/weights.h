/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_WEIGHTS_H
#define SCXU_LOAD_WEIGHTS_H

#include <stdint.h>

#define NICE_MIN (-20)
#define NICE_MAX 19

/** weight_of_nice() - the kernel's load weight of a nice value from -20 to 19; 1024 for nice 0. */
uint32_t weight_of_nice(int nice);

/**
 * weight_of_nice_scx() - the weight that sched_ext shows a scheduler for it: 1..10000, 100 for nice
 * 0.
 *
 * Rounded by the kernel (sched_weight_to_cgroup() in kernel/sched/sched.h), coarsely at the low
 * end: nice 19 has 1 where 1.46 would be exact. A scheduler that is exact in these weights comes
 * out at shares of their ratio.
 */
uint32_t weight_of_nice_scx(int nice);

/** struct weight_class - some tasks of one weight. */
struct weight_class {
	uint32_t weight;
	uint32_t tasks;
};

/**
 * weights_ideal() - each class's share of what all of them together use, if CPU time followed their
 * weights.
 * @classes: @n of them; weights of 1 or more
 * @nr_cpus: how many CPUs they have, 1 or more
 * @ret_shares: @n shares, which sum to 1 (all 0 if there are no tasks)
 *
 * One task can use one CPU at most: a task whose weight would give it more gets one whole CPU, and
 * the rest is divided among the others by weight, and so on. (Weighted max-min fairness, as for a
 * fluid: Parekh and Gallager's GPS with a cap of 1 on each flow.) With at least as many CPUs as
 * tasks each therefore has the same share.
 */
void weights_ideal(const struct weight_class *classes, unsigned int n, unsigned int nr_cpus,
		   double *ret_shares);

#endif
