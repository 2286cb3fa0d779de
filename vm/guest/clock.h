/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_CLOCK_H
#define SCXU_LOAD_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

/**
 * clock_now() - CLOCK_MONOTONIC in nanoseconds.
 *
 * Through the vDSO wherever the clock source allows it (the TSC does, also in a guest), so a loop
 * that watches it makes no system call.
 */
static inline uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/** clock_timespec() - @ns as a struct timespec, for the calls that want one. */
static inline struct timespec clock_timespec(uint64_t ns)
{
	return (struct timespec) {
		.tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S),
	};
}

/** clock_sleep_until() - sleep to @due_ns of CLOCK_MONOTONIC; returns at once when that is past. */
static inline void clock_sleep_until(uint64_t due_ns)
{
	struct timespec ts = clock_timespec(due_ns);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
		;
}

#endif
