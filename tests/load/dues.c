// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sleeper's dues at random moments: each in its own period and in the part of it that was asked
 * for, spread over that, the same for one seed, in order; and on the grid without jitter.
 */
#include "sleeper.h"
#include "unit.h"

#define PERIOD 1000000u
#define DUES   10000u
#define PARTS  10u

static void check_jitter(unsigned int jitter, uint64_t seed)
{
	unsigned int parts[PARTS] = { 0 }, i;
	uint64_t last = 0, reach = (uint64_t)PERIOD * jitter / 100;

	for (i = 0; i < DUES; i++) {
		uint64_t place = (uint64_t)PERIOD * i + 123;
		uint64_t due = sleeper_due(place, PERIOD, jitter, seed);

		CHECK(due >= place && due < place + reach);
		CHECK(!i || due > last);
		CHECK_EQ(due, sleeper_due(place, PERIOD, jitter, seed));
		last = due;
		parts[(due - place) * PARTS / reach]++;
	}
	/* of 1000 each six sigma are 180 */
	for (i = 0; i < PARTS; i++)
		CHECK(parts[i] > DUES / PARTS - 180 && parts[i] < DUES / PARTS + 180);
}

int main(void)
{
	unsigned int i, same = 0;

	check_jitter(1, 1);
	check_jitter(50, 2);
	check_jitter(100, 3);
	for (i = 0; i < DUES; i++) {
		uint64_t place = (uint64_t)PERIOD * i;

		CHECK_EQ(sleeper_due(place, PERIOD, 0, 1), place);
		same += sleeper_due(place, PERIOD, 100, 1) == sleeper_due(place, PERIOD, 100, 2);
	}
	CHECK(same < DUES / 100);
	return UNIT_END();
}
