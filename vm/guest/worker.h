/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_WORKER_H
#define SCXU_LOAD_WORKER_H

/*
 * The tasks of the loads: made here, set up, held until the release, and observed.
 */

#include "clock.h"
#include "load.h"

/**
 * struct worker - a task's view of itself; lives on its own stack.
 * @mark_ns: the next moment at which worker_mark() has something to do
 * @last_ns: last look at the clock
 * @gap_ns: longest gap so far; UINT64_MAX when gaps no longer count
 */
struct worker {
	const struct control *control;
	struct load *load;
	struct slot *slot;
	unsigned int index;
	uint64_t mark_ns;
	uint64_t last_ns;
	uint64_t gap_ns;
};

/** workers_start() - make all tasks of @load: processes, or threads of one process. 0 or -errno. */
int workers_start(struct load *load);

/**
 * worker_fork() - make the task @index of @load as a process of its own.
 *
 * For kinds that pass their tasks something (pipes) by what is in @load at that moment. 0 or
 * -errno.
 */
int worker_fork(struct load *load, unsigned int index);

/**
 * worker_fork_driver() - make a process beside the tasks, which runs @driver after the release.
 *
 * In a real-time class where that is permitted, so that what it does to the tasks does not depend
 * on how well they are scheduled. 0 or -errno.
 */
int worker_fork_driver(struct load *load, void (*driver)(struct load *load));

/**
 * worker_start() - begin to observe, from @since_ns on (the release, or the creation of a task made
 * after it).
 */
void worker_start(struct worker *w, struct load *load, unsigned int index, uint64_t since_ns);

/**
 * worker_child() - what a process must do first that any of the tasks has forked: it dies with its
 * parent.
 */
void worker_child(pid_t parent);

/**
 * worker_mark() - note what is due at @now_ns: the CPU time at the start and at the end of the
 * window.
 *
 * False when the tail is over and the task should end.
 */
bool worker_mark(struct worker *w, uint64_t now_ns);

/** worker_end() - note the end of the window now: for a task that has nothing left to do in it. */
void worker_end(struct worker *w);

/** worker_gap() - a gap of @gap_ns has ended at @now_ns. */
void worker_gap(struct worker *w, uint64_t now_ns, uint64_t gap_ns);

/** worker_in_window() - whether @at_ns lies in the window. */
static inline bool worker_in_window(const struct worker *w, uint64_t at_ns)
{
	return at_ns >= w->control->start_ns && at_ns < w->control->end_ns;
}

/** worker_due() - worker_mark() if anything is due; false when the task should end. */
static inline bool worker_due(struct worker *w, uint64_t now_ns)
{
	return now_ns < w->mark_ns || worker_mark(w, now_ns);
}

/**
 * worker_see() - the task runs, at @now_ns: keeps the longest gap between two such moments.
 *
 * To be called in a loop without system calls. False when the task should end.
 */
static inline bool worker_see(struct worker *w, uint64_t now_ns)
{
	uint64_t gap_ns = now_ns - w->last_ns;

	if (gap_ns > w->gap_ns)
		worker_gap(w, now_ns, gap_ns);
	w->last_ns = now_ns;
	atomic_store_explicit(&w->slot->last_ns, now_ns, memory_order_relaxed);
	return worker_due(w, now_ns);
}

/** worker_count() - add one to what the task counts. Only the task itself writes it. */
static inline void worker_count(struct worker *w)
{
	uint64_t count = atomic_load_explicit(&w->slot->count, memory_order_relaxed);

	atomic_store_explicit(&w->slot->count, count + 1, memory_order_relaxed);
}

/**
 * worker_spin() - compute for a thousand instructions, between two looks at the clock.
 *
 * An emulator that counts instructions takes each for one unit of time, whatever it does. A nop
 * costs it nothing and a look at the clock a lot (it leaves the compiled code for it): so a guest
 * full of hogs gets through its time five times as fast.
 */
static inline void worker_spin(void)
{
	__asm__ volatile(".rept 1000\n\tnop\n\t.endr");
}

/**
 * worker_compute() - use @ns of CPU time, watching the clock; for tasks that measure no gaps of
 * their own.
 */
void worker_compute(uint64_t ns);

/**
 * worker_busy() - compute until told to end, and sched_yield() after every @turn_ns of computing
 * (0: never).
 */
void worker_busy(struct worker *w, uint64_t turn_ns);

#endif
