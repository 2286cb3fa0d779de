/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy for tests of the engine: first come, first served. It keeps a log of
 * what the engine tells it, counts what the engine must not do, and decides as
 * the test wishes.
 */
#ifndef SCXU_TESTS_FIFO_H
#define SCXU_TESTS_FIFO_H

#include <sys/queue.h>

#include <scxu/policy.h>

enum fifo_call { FIFO_ENTER, FIFO_EXIT, FIFO_ENQUEUE, FIFO_DEQUEUE };

struct fifo_seen {
	enum fifo_call call;
	uint32_t slot;
	int32_t pid;
	unsigned int flags;
};

struct fifo_task {
	TAILQ_ENTRY(fifo_task) node;
	bool queued;
	int32_t pid; /* at task_enter */
	uint64_t mark; /* the test's; 0 for a new task */
};

TAILQ_HEAD(fifo_queue, fifo_task);

#define FIFO_LOG 64u

struct fifo {
	struct fifo_queue queue;
	struct fifo_seen log[FIFO_LOG];
	unsigned int logged; /* since the test reset it; those beyond FIFO_LOG are counted only */
	unsigned int wrong; /* calls that the engine must not make */
	unsigned int enters, exits, enqueues, dequeues;
	/* how to decide */
	bool hold; /* not at all */
	bool at_enqueue; /* in enqueue() already */
	int cpu; /* SCXU_CPU_ANY by default */
	uint64_t slice_ns;
	unsigned int flags;
	int err; /* of the last scxu_decide() */
	/* called in dispatch(), before and after */
	void (*before)(struct scxu_sched *sched);
	void (*after)(struct scxu_sched *sched);
};

extern const struct scxu_policy_ops test_fifo;

static inline struct fifo *fifo_of(struct scxu_sched *sched)
{
	return scxu_sched_data(sched);
}

/* The task at the head, NULL when there is none. */
struct scxu_task *fifo_first(struct scxu_sched *sched);

#endif
