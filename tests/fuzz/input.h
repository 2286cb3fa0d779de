/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzz target takes what it does from its input, byte after byte. An input that has
 * ended gives zeros: a shorter one is a simpler one.
 */
#ifndef SCXU_TESTS_FUZZ_INPUT_H
#define SCXU_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, whatever the input: the fuzzer keeps the input where it does not. */
#define MUST(cond)                                                                         \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                           \
		}                                                                          \
	} while (0)

struct input {
	const uint8_t *at;
	const uint8_t *end;
};

static inline uint8_t input_byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline unsigned int input_below(struct input *in, unsigned int limit)
{
	unsigned int n = input_byte(in);

	if (limit > 256)
		n |= (unsigned int)input_byte(in) << 8;
	return n % limit;
}

/* A word of which the ends of ranges are as likely as small numbers and any other. */
static inline uint64_t input_word(struct input *in)
{
	static const uint64_t ends[] = { 0,	     1,		 ~0ull,
					 ~0ull - 1,  1ull << 63, (1ull << 63) - 1,
					 1ull << 62, 1ull << 32, (1ull << 32) - 1,
					 1ull << 31, 1ull << 30, 1ull << 20,
					 10000,	     4096,	 64,
					 1000000000 };
	uint8_t how = input_byte(in);
	uint64_t word = 0;
	int i;

	if (how < 64)
		return ends[how % (sizeof(ends) / sizeof(ends[0]))] + (how >> 4) - 1;
	if (how < 160)
		return input_byte(in);
	for (i = 0; i < 8; i++)
		word = word << 8 | input_byte(in);
	return word;
}

#endif
