/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_RUN_H
#define SCXU_LOAD_RUN_H

/*
 * The controller's side of a run: from nothing to running tasks, through the window, and back to
 * nothing.
 *
 * The order of calls is run_init, run_prepare, run_start, run_window, run_stop; run_stop after
 * run_start and all that follow, also a failed one.
 */

#include "load.h"
#include "machine.h"

/** struct run_window_result - the machine as it was at both ends of the window. */
struct run_window_result {
	struct machine_sample start;
	struct machine_sample end;
};

/** run_init() - learn what this process may use and what it was started as. 0 or -errno. */
int run_init(struct run *run);

/**
 * run_prepare() - memory for run->loads to report through, all zero: from here on they can be
 * reported. 0 or -errno.
 */
int run_prepare(struct run *run);

/**
 * run_start() - make the tasks of all loads, wait until they are ready, let them go.
 *
 * Waits for run->ready_limit seconds at most; those that have not run by then are let go with the
 * others and counted in load->not_ready. Failures are printed. 0 or -errno (-EINTR: SIGINT or
 * SIGTERM came).
 */
int run_start(struct run *run);

/**
 * run_window() - pass the warm-up, the window and the tail; then the results are in the slots.
 * @second: called after each second of the window and at its end; may be NULL
 *
 * 0 or -errno (-EINTR: SIGINT or SIGTERM came).
 */
int run_window(struct run *run, void (*second)(const struct run *run, uint64_t now_ns),
	       struct run_window_result *ret);

/**
 * run_stop() - kill all tasks, wait for them, restore what was changed.
 *
 * -ETIMEDOUT when some would not die in a minute, else 0.
 */
int run_stop(struct run *run);

/**
 * run_sleep_until() - sleep as the controller does: watching for dead children and for signals to
 * stop.
 *
 * 0, or -EINTR.
 */
int run_sleep_until(struct run *run, uint64_t at_ns);

/** run_add_child() - the controller forked @pid for @load. 0 or -ENOMEM. */
int run_add_child(struct run *run, pid_t pid, const struct load *load);

/** run_reset_signals() - undo in a child what the controller does to its signals. */
void run_reset_signals(void);

#endif
