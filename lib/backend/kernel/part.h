/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel part, as user space has hold of it: descriptors of its maps and
 * programs, by loading it or through its pins in bpffs. The pins keep it alive
 * when its agent ends; the next agent, "status" and "stop" find it by them.
 */
#ifndef SCXU_PART_H
#define SCXU_PART_H

#include <stdbool.h>
#include <stddef.h>

#include <scxu/runner.h>
#include "shm.h"

#define SCXU_PINS "/sys/fs/bpf/scx_userland"

struct mapping {
	void *addr;
	size_t size;
};

struct part {
	int link;	  /* -1: not attached */
	int bell;
	int commit;
	int enlist;
	struct scxu_shm shm;
	struct mapping mappings[6];
	unsigned int nr_mappings;
	struct scxu_bpf *skel; /* of the process that has loaded it, until it attaches */
};

/* enum scxu_modes of what is asked for. */
uint32_t scxu_runner_modes(const struct scxu_runner_options *options);

/* Empty: part_close() may follow. */
void part_init(struct part *part);

/*
 * Finds the kernel part by its pins and maps its memory; without agent only what
 * the kernel part has written, to look at. Returns 0; -ENOENT: there is none, or
 * it has ended (its memory is mapped then, and scxu_kernel.exited set);
 * -EPROTO: it is of another ABI; or -errno.
 */
int part_open(struct part *part, bool agent);

/* Loads it anew, and pins what there is but the link. 0 or -errno, having logged why. */
int part_load(struct part *part, const struct scxu_runner_options *options);

/*
 * Attaches what part_load() has loaded, in haste (rcu.h), and pins the link. 0 or -errno, having
 * logged why.
 */
int part_attach(struct part *part);

/* Lets go of it; with its pins it goes on. */
void part_close(struct part *part);

/* The kernel takes all tasks back, in haste, and the pins go. Under part_lock(). 0 or -errno. */
int part_unload(struct part *part);

/*
 * One process at a time loads, takes over or stops. Returns a descriptor to be
 * closed at the end of that, or -errno.
 */
int part_lock(void);

#endif
