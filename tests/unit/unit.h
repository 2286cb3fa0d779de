/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small harness. A check that fails prints file, line and values, is counted,
 * and the test goes on; UNIT_END() makes the exit status of the count. NEED() is
 * for what the rest of the test cannot do without.
 */
#ifndef SCXU_TESTS_UNIT_H
#define SCXU_TESTS_UNIT_H

#ifdef NDEBUG
#error "tests are never compiled out"
#endif

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__)
#define UNIT_TSAN 1
#else
#define UNIT_TSAN 0
#endif

#define UNIT_SKIPPED  77 /* exit status that meson knows */
#define UNIT_SAID_MAX 20 /* more than that help no one */

static unsigned long unit_checks, unit_failures;

static inline bool unit_check(bool good, const char *file, int line, const char *what)
{
	unit_checks++;
	if (good)
		return true;
	if (unit_failures++ < UNIT_SAID_MAX)
		printf("FAIL %s:%d: %s\n", file, line, what);
	return false;
}

/* Wide enough for signed and unsigned: -1 is not 2^64-1. */
typedef __int128 unit_number;

static inline bool unit_check_op(bool less, const char *file, int line, const char *what,
				 unit_number a, unit_number b)
{
	unit_checks++;
	if (a == b || (less && a < b))
		return true;
	if (unit_failures++ < UNIT_SAID_MAX)
		printf("FAIL %s:%d: %s, with %lld (%#llx) and %lld (%#llx)\n", file, line, what,
		       (long long)a, (unsigned long long)a, (long long)b, (unsigned long long)b);
	return false;
}

static inline bool unit_check_str(const char *file, int line, const char *what, const char *a,
				  const char *b)
{
	unit_checks++;
	if (a && b && !strcmp(a, b))
		return true;
	if (unit_failures++ < UNIT_SAID_MAX)
		printf("FAIL %s:%d: %s, with \"%s\" and \"%s\"\n", file, line, what,
		       a ? a : "(null)", b ? b : "(null)");
	return false;
}

#define CHECK(cond)	unit_check(cond, __FILE__, __LINE__, #cond)
#define CHECK_EQ(a, b)	unit_check_op(false, __FILE__, __LINE__, #a " == " #b, a, b)
#define CHECK_LE(a, b)	unit_check_op(true, __FILE__, __LINE__, #a " <= " #b, a, b)
#define CHECK_STR(a, b) unit_check_str(__FILE__, __LINE__, #a " is " #b, a, b)

#define NEED(cond)                \
	do {                      \
		if (!CHECK(cond)) \
			exit(1);  \
	} while (0)

/* A test that checked nothing has failed. */
#define UNIT_END()                                                                       \
	(printf("%lu checks, %lu failed\n", unit_checks, unit_failures), fflush(stdout), \
	 unit_failures || !unit_checks ? 1 : 0)

/* Numbers that a seed repeats: splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t unit_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline uint32_t unit_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(unit_random(state) % limit);
}

#endif
