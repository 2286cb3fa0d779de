/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory between a kernel part and the engine, and the accesses to it that
 * need an order. What the other side writes is read once, into a local copy.
 */
#ifndef SCXU_SHM_H
#define SCXU_SHM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bpf/abi.h"

struct scxu_shm {
	const struct scxu_record *records; /* max_tasks of them */
	const struct scxu_cpu *cpus;  /* nr_cpus of them */
	const struct scxu_kernel *kernel;
	struct scxu_agent *agent;
	struct scxu_agent_cpu *agent_cpus; /* nr_cpus of them */
	struct scxu_standing *standing; /* max_tasks of them, with SCXU_MODE_STANDING */
	unsigned int max_tasks;
	unsigned int nr_cpus;
	int agent_tid;
};

#define scxu_load(p)		 __atomic_load_n((p), __ATOMIC_RELAXED)
#define scxu_load_acquire(p)	 __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define scxu_store(p, v)	 __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define scxu_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* A shared word, of whatever members it is made. */
typedef uint64_t __attribute__((may_alias)) scxu_word;

/*
 * Copies what the other side may be writing meanwhile: whole words, each read
 * once, and none after a load that follows. size is a multiple of 8. Torn
 * between words: see who calls it. (Acquire is a plain load on x86; a fence
 * after plain loads would be right as well, but the thread sanitizer knows none.)
 */
static inline void scxu_copy_in(void *to, const void *from, size_t size)
{
	const scxu_word *words = from;
	uint64_t word;
	size_t i;

	for (i = 0; i < size / sizeof(word); i++) {
		word = scxu_load_acquire(&words[i]);
		memcpy((unsigned char *)to + i * sizeof(word), &word, sizeof(word));
	}
}

/* Likewise what the other side may be reading, though it will not believe it. */
static inline void scxu_copy_out(void *to, const void *from, size_t size)
{
	scxu_word *words = to;
	uint64_t word;
	size_t i;

	for (i = 0; i < size / sizeof(word); i++) {
		memcpy(&word, (const unsigned char *)from + i * sizeof(word), sizeof(word));
		scxu_store(&words[i], word);
	}
}

#endif
