// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ideal shares: the figures that the project's goals name, the cap of one CPU a task, and two
 * properties that any division must have.
 */
#include <math.h>

#include "unit.h"
#include "weights.h"

#define MAX_CLASSES 6

static bool is_near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void test_weights(void)
{
	CHECK_EQ(weight_of_nice(-20), 88761);
	CHECK_EQ(weight_of_nice(0), 1024);
	CHECK_EQ(weight_of_nice(5), 335);
	CHECK_EQ(weight_of_nice(10), 110);
	CHECK_EQ(weight_of_nice(19), 15);
	for (int nice = NICE_MIN; nice < NICE_MAX; nice++) {
		double step = (double)weight_of_nice(nice) / weight_of_nice(nice + 1);

		/* The kernel's table says: a step is about 1.25. */
		CHECK(step > 1.18 && step < 1.31);
		CHECK(weight_of_nice_scx(nice) >= weight_of_nice_scx(nice + 1));
	}
	CHECK_EQ(weight_of_nice_scx(0), 100);
	CHECK_EQ(weight_of_nice_scx(5), 33);
	CHECK_EQ(weight_of_nice_scx(10), 11);
	CHECK_EQ(weight_of_nice_scx(19), 1);
	CHECK_EQ(weight_of_nice_scx(-20), 8668);
}

/* Four hogs each at nice 0, 5, 10, 19 on four CPUs: .690/.226/.074/.010. */
static void test_goal(void)
{
	struct weight_class classes[4] = { { 1024, 4 }, { 335, 4 }, { 110, 4 }, { 15, 4 } };
	double shares[4];

	weights_ideal(classes, 4, 4, shares);
	CHECK(is_near(shares[0], 1024.0 / 1484));
	CHECK(is_near(shares[1], 335.0 / 1484));
	CHECK(is_near(shares[2], 110.0 / 1484));
	CHECK(is_near(shares[3], 15.0 / 1484));
	CHECK(fabs(shares[0] - .690) < .0005 && fabs(shares[3] - .010) < .0005);
	/* The control: other weights do not give them. */
	classes[0].weight = 1000;
	weights_ideal(classes, 4, 4, shares);
	CHECK(!is_near(shares[0], 1024.0 / 1484));
}

static void test_caps(void)
{
	struct weight_class two[2] = { { 1024, 1 }, { 15, 1 } };
	struct weight_class heavy[2] = { { 1024, 1 }, { 15, 8 } };
	struct weight_class chain[3] = { { 10000, 1 }, { 1000, 1 }, { 1, 10 } };
	struct weight_class none[2] = { { 1024, 0 }, { 15, 0 } };
	double shares[3];

	/* One CPU: by weight alone. */
	weights_ideal(two, 2, 1, shares);
	CHECK(is_near(shares[0], 1024.0 / 1039));
	/* A CPU each: half and half, whatever the weights. */
	weights_ideal(two, 2, 2, shares);
	CHECK(is_near(shares[0], .5) && is_near(shares[1], .5));
	/* More CPUs than tasks, likewise. */
	weights_ideal(two, 2, 64, shares);
	CHECK(is_near(shares[0], .5));
	/* The heavy one can use one of the four CPUs, no more. */
	weights_ideal(heavy, 2, 4, shares);
	CHECK(is_near(shares[0], .25) && is_near(shares[1], .75));
	/* With the first capped, the second is over one CPU as well. */
	weights_ideal(chain, 3, 3, shares);
	CHECK(is_near(shares[0], 1.0 / 3) && is_near(shares[1], 1.0 / 3) &&
	      is_near(shares[2], 1.0 / 3));
	weights_ideal(none, 2, 4, shares);
	CHECK(is_near(shares[0], 0) && is_near(shares[1], 0));
}

/* No task above one CPU; of two tasks below it, shares are as their weights; all add up to 1. */
static void test_properties(void)
{
	uint64_t state = 7;

	for (unsigned int round = 0; round < 2000; round++) {
		struct weight_class classes[MAX_CLASSES];
		unsigned int n = 1 + unit_below(&state, MAX_CLASSES),
			     cpus = 1 + unit_below(&state, 16), tasks = 0;
		double shares[MAX_CLASSES], sum = 0, total, rate = -1;

		for (unsigned int i = 0; i < n; i++) {
			classes[i].weight = weight_of_nice(NICE_MIN + (int)unit_below(&state, 40));
			classes[i].tasks = 1 + unit_below(&state, 8);
			tasks += classes[i].tasks;
		}
		weights_ideal(classes, n, cpus, shares);
		total = tasks < cpus ? tasks : cpus;
		for (unsigned int i = 0; i < n; i++) {
			double one = shares[i] * total / classes[i].tasks;

			sum += shares[i];
			CHECK(one > 0 && one < 1 + 1e-9);
			if (one > 1 - 1e-9)
				continue;
			if (rate < 0)
				rate = one / classes[i].weight;
			CHECK(fabs(one / classes[i].weight / rate - 1) < 1e-6);
		}
		CHECK(is_near(sum, 1));
	}
}

int main(void)
{
	test_weights();
	test_goal();
	test_caps();
	test_properties();
	return UNIT_END();
}
