/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel part, played in C on memory that the test allocates: what
 * bpf/scxu.bpf.c does to the memory of bpf/abi.h at enqueue, dispatch and exit of
 * a task, step by step in the same order, without a kernel.
 *
 * The engine gets the kernel-written arrays by a second, read-only mapping, as on
 * a kernel (not under the thread sanitizer, which would see two memories), and
 * behind each array lies a page that faults.
 *
 * A *wait* is known by slot and generation. Functions may be called by several
 * threads where the BPF program may run on several CPUs; enqueue and exit of one
 * task, as there, by one at a time ("holding its rq lock").
 */
#ifndef SCXU_TESTS_KERNEL_PART_H
#define SCXU_TESTS_KERNEL_PART_H

#include <stdbool.h>

#include "lib/engine.h"

struct kernel_part {
	struct scxu_shm shm; /* as the engine sees it */
	struct scxu_record *records; /* and as we do */
	struct scxu_cpu *cpus;
	struct scxu_kernel *kernel;
	uint64_t births;
	bool no_events; /* enqueue() forgets the event */
	void (*midway)(void); /* enqueue() has written some facts */
	void *maps[12];
	size_t sizes[12];
	unsigned int nr_maps;
};

/* Facts of a wait */
struct wait_facts {
	uint64_t now;
	uint64_t runtime;
	uint64_t vtime;
	uint32_t weight; /* 0: 100 */
	uint32_t flags; /* enum scxu_wait_flags */
	uint32_t cpu; /* where it was last */
	uint64_t slice; /* that it asked for */
	uint64_t waited_until; /* the wait before this one */
};

enum outcome { APPLIED, STALE, BOUNCED, INVALID, NOTHING };

#define AGENT_TID 1000000

struct kernel_part *kernel_part_create(unsigned int nr_cpus, unsigned int max_tasks);
void kernel_part_destroy(struct kernel_part *k);

/* A new task in that slot: a new birth. Restricted to mask (of CPUs 0..63) if not 0. */
void kernel_part_birth(struct kernel_part *k, uint32_t slot, int pid, uint64_t mask);
void kernel_part_affinity(struct kernel_part *k, uint32_t slot, uint64_t mask);

/* exit_task() */
void kernel_part_exit(struct kernel_part *k, uint32_t slot);

/* into_custody(), executed by cpu. Returns the generation of the wait. */
uint64_t kernel_part_enqueue(struct kernel_part *k, uint32_t slot, unsigned int cpu,
			     const struct wait_facts *facts);

/* leave_custody(): the kernel ran it by itself, or it left the class. No event. */
bool kernel_part_leave(struct kernel_part *k, uint32_t slot);

/* push_event(): false when the ring was full */
bool kernel_part_event(struct kernel_part *k, unsigned int cpu, uint32_t slot);

/* push_hint(), executed by cpu: the task on CPU where; dropped without a word */
void kernel_part_hint(struct kernel_part *k, unsigned int cpu, enum scxu_event_kind kind,
		      unsigned int where, uint32_t slot);

/*
 * dispatch(): takes the next decision out of the CPU's ring or out of the stock: a
 * preempting one first, else the earlier. Returns false when there is none.
 */
bool kernel_part_next(struct kernel_part *k, unsigned int cpu, struct scxu_decision *ret);

/* What is in the CPU's ring, or in the stock (cpu -1), may be taken, and is not yet taken. */
unsigned int kernel_part_peek(const struct kernel_part *k, int cpu, struct scxu_decision *ret,
			      unsigned int max);

/* take(), first half: claims the wait. APPLIED: it is the caller's to insert or to bounce. */
enum outcome kernel_part_claim(struct kernel_part *k, unsigned int cpu,
			       const struct scxu_decision *d);

/* take(), second half when the CPU is not allowed. False: it was enqueued anew meanwhile. */
bool kernel_part_bounce(struct kernel_part *k, unsigned int cpu, const struct scxu_decision *d);

/* A decision from ring to end; bounced where the record's CPU mask says so. */
enum outcome kernel_part_dispatch(struct kernel_part *k, unsigned int cpu,
				  struct scxu_decision *ret);

/* The CPU begins to run the task in that slot, or one without (by pid), or (pid 0) none of ours. */
void kernel_part_run_slot(struct kernel_part *k, unsigned int cpu, uint32_t slot, uint64_t vtime,
			  uint64_t now);
void kernel_part_run(struct kernel_part *k, unsigned int cpu, int pid, uint64_t vtime,
		     uint32_t weight, uint64_t now);
void kernel_part_idle(struct kernel_part *k, unsigned int cpu, bool idle);
void kernel_part_online(struct kernel_part *k, unsigned int cpu, bool online);

uint64_t kernel_part_state(const struct kernel_part *k, uint32_t slot);
uint64_t kernel_part_gen(const struct kernel_part *k, uint32_t slot);
bool kernel_part_waits(const struct kernel_part *k, uint32_t slot);

/* Over all CPUs */
uint64_t kernel_part_count(const struct kernel_part *k, enum scxu_counter counter);

/* scxu_engine_create() and a check that it worked */
struct scxu_sched *engine_with(const struct kernel_part *k, const struct scxu_policy_ops *policy,
			       unsigned int batch);

#endif
