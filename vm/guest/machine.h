/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_MACHINE_H
#define SCXU_LOAD_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct report;

/**
 * struct machine_sample - what /proc tells of the whole machine at one moment.
 * @total_ticks: time of all CPUs, in USER_HZ ticks (10 ms)
 * @idle_ticks: of that, idle or waiting for I/O
 * @psi_us: CPU pressure, "some", in total; only if @has_psi
 */
struct machine_sample {
	uint64_t at_ns;
	uint64_t total_ticks;
	uint64_t idle_ticks;
	uint64_t context_switches;
	uint64_t forks;
	uint64_t psi_us;
	double psi_avg10;
	double load_average[3];
	unsigned int tasks;
	bool has_psi;
};

/** machine_sample() - look at the machine now. 0 or -errno; @ret is untouched on failure. */
int machine_sample(struct machine_sample *ret);

/**
 * machine_used() - the part of all CPUs' time that was not idle between two samples.
 *
 * NaN when no tick passed between them.
 */
double machine_used(const struct machine_sample *from, const struct machine_sample *to);

/** machine_report() - what happened between two samples, into @node. */
void machine_report(const struct machine_sample *from, const struct machine_sample *to,
		    struct report *node);

/**
 * struct process_sample - the wake-ups and CPU time of all threads of a process so far.
 * @voluntary: times that a thread went to sleep, which is how often it was woken, or one more each
 */
struct process_sample {
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t cpu_ns;
	unsigned int threads;
};

/** process_sample() - 0; -ESRCH when there is no such process; or another -errno. */
int process_sample(pid_t pid, struct process_sample *ret);

/**
 * thread_cpu_ns() - CPU time of any thread by /proc/TID/schedstat, exact if it does not run just
 * now; 0 or -errno.
 */
int thread_cpu_ns(pid_t tid, uint64_t *ret);

#endif
