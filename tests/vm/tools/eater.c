// SPDX-License-Identifier: GPL-2.0-only
/* eater MB: takes so much memory, and keeps it until somebody kills it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0, at;
	/* or the compiler sees that nobody reads it */
	volatile char *memory = size ? malloc(size) : NULL;

	if (!memory) {
		fprintf(stderr, "usage: eater MB\n");
		return 2;
	}
	for (at = 0; at < size; at += 4096)
		memory[at] = 1;
	for (;;)
		pause();
}
