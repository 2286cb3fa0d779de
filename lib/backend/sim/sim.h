/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: Running a policy on a simulated machine
 *
 * A discrete-event machine in virtual time: CPUs, tasks of a workload, a model of
 * the kernel part, and the agent, which runs the same engine and policy as on a
 * kernel. Nothing of the host enters: the same arguments give the same run, to
 * the last byte of its report. After every event invariants are checked.
 *
 * Times are in ns of virtual time. A simulation belongs to one thread.
 */
#ifndef SCXU_SIM_H
#define SCXU_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <scxu/policy.h>
#include <scxu/runner.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCXU_SIM_MAX_CPUS   64u
#define SCXU_SIM_MAX_SPANS  16u
#define SCXU_SIM_GANTT_RUNS (1u << 17)

struct scxu_sim;
struct scxu_workload;

/**
 * scxu_workload_load() - reads what the tasks do
 * @text: words as in docs/WORKLOADS.md ("hogs:4x0,4x5 sleeper:1ms"), or the name
 *	of an rt-app file: whatever ends in ".json", or begins with '/' or '.'
 * @nr_cpus: of the machine, 1..SCXU_SIM_MAX_CPUS; affinities must fit
 * @error: what is wrong and where, a line, when it fails
 * @ret: on success only; end with scxu_workload_destroy()
 * Returns: 0; -EINVAL not a workload; -ENOMEM; another -errno of reading the file.
 */
int scxu_workload_load(const char *text, unsigned int nr_cpus, struct scxu_workload **ret,
		       char *error, size_t error_size);

/** scxu_workload_duration() - seconds, as the file says; 0: it does not */
unsigned int scxu_workload_duration(const struct scxu_workload *workload);

/** scxu_workload_destroy() - accepts NULL; returns NULL */
struct scxu_workload *scxu_workload_destroy(struct scxu_workload *workload);

/** struct scxu_sim_span - from @from until before @to; @cpu where it concerns one */
struct scxu_sim_span {
	uint64_t from;
	uint64_t to;
	unsigned int cpu;
};

/** The levels of a machine: nodes, last-level caches, cores, CPUs. */
#define SCXU_SIM_LEVELS 4

/**
 * struct scxu_sim_options - the machine; begin with scxu_sim_options_init()
 * @size:	sizeof(struct scxu_sim_options)
 * @nr_cpus:	1..SCXU_SIM_MAX_CPUS
 * @topology:	what it is made of: nodes, last-level caches a node, cores a cache, CPUs a core,
 *		whose product is @nr_cpus, numbered in this order; all 0: each CPU a core and
 *		a cache of its own. What the policy is told; it makes nothing slower
 * @max_tasks:	task slots of the kernel part, 64..65536; a multiple of 64
 * @batch:	decisions kept in stock, 1..4096
 * @hz:		ticks a second, 100..10000; slices end at ticks
 * @exact_slices: slices end when they end
 * @shared_clock: the CPUs take turns on one clock, as those of a guest in
 *	instruction-counted time: while N are busy, each works at 1/N of its speed
 * @affinity_agent, @idle_kernel, @standing: as struct scxu_runner_options
 * @check_all:	the expensive checks too after each event
 * @seed:	of timer slack, start times and choices of the workload
 * @duration:	ns to simulate
 * @slice_ns:	default slice
 * @floor_ns:	how late an agent may be
 * @starve_ns:	a task that waits for longer is a violation; 0: by the weights
 * @switch_ns:	what a context switch costs
 * @interrupt_ns: until an interrupt arrives at another CPU
 * @wake_ns:	CPU time of the agent for each time that it wakes
 * @event_ns:	CPU time of the agent for each event
 * @decision_ns: CPU time of the agent for each decision
 * @faults:	when the agent is stopped, as by SIGSTOP
 * @hotplug:	when a CPU is offline
 * @values:	of the policy's options (struct scxu_policy); NULL for their defaults
 * @gantt_from, @gantt_to: what scxu_sim_gantt() shows, as far as the run comes; equal
 *		for nothing
 */
struct scxu_sim_options {
	size_t size;
	unsigned int nr_cpus;
	unsigned int topology[SCXU_SIM_LEVELS];
	unsigned int max_tasks;
	unsigned int batch;
	unsigned int hz;
	bool exact_slices;
	bool shared_clock;
	bool affinity_agent;
	bool idle_kernel;
	bool standing;
	bool check_all;
	uint64_t seed;
	uint64_t duration;
	uint64_t slice_ns;
	uint64_t floor_ns;
	uint64_t starve_ns;
	uint64_t switch_ns;
	uint64_t interrupt_ns;
	uint64_t wake_ns;
	uint64_t event_ns;
	uint64_t decision_ns;
	unsigned int nr_faults;
	unsigned int nr_hotplug;
	struct scxu_sim_span faults[SCXU_SIM_MAX_SPANS];
	struct scxu_sim_span hotplug[SCXU_SIM_MAX_SPANS];
	uint64_t gantt_from;
	uint64_t gantt_to;
	const uint64_t *values;
};

void scxu_sim_options_init(struct scxu_sim_options *options);

/**
 * scxu_sim_create() - a machine before its first event
 * @workload: must outlive it
 * @ret: on success only; end with scxu_sim_destroy()
 * Returns: 0; -EINVAL an option or the policy is not valid, having logged it; -ENOMEM;
 * what the policy's init() returned, having logged that it did.
 */
int scxu_sim_create(const struct scxu_policy_ops *policy, const struct scxu_workload *workload,
		    const struct scxu_sim_options *options, struct scxu_sim **ret);

/**
 * scxu_sim_run() - to the end, or to the first violation
 * Returns: 0; -EPROTO a violation: scxu_sim_violation(); -ENOMEM.
 */
int scxu_sim_run(struct scxu_sim *sim);

/** scxu_sim_violation() - which invariant does not hold and how; NULL: all do */
const char *scxu_sim_violation(const struct scxu_sim *sim);

/**
 * scxu_sim_last_events() - writes the last events, one a line, oldest first; before them what
 * happened last to the tasks that the violation is about
 */
void scxu_sim_last_events(const struct scxu_sim *sim, FILE *to);

/** scxu_sim_events() - events processed so far */
uint64_t scxu_sim_events(const struct scxu_sim *sim);

/** scxu_sim_report() - shares, waits and switches; as text or as JSON */
void scxu_sim_report(const struct scxu_sim *sim, FILE *to, bool json);

/** scxu_sim_now() - ns of virtual time that it has come to */
uint64_t scxu_sim_now(const struct scxu_sim *sim);

/**
 * scxu_sim_gantt() - a picture of who ran where, as SVG
 * Returns: 0; -EINVAL the run has not come to where it begins; -EFBIG somebody ran more
 * often than could be kept (SCXU_SIM_GANTT_RUNS); -EIO.
 */
int scxu_sim_gantt(const struct scxu_sim *sim, FILE *to);

/** scxu_sim_destroy() - accepts NULL; returns NULL */
struct scxu_sim *scxu_sim_destroy(struct scxu_sim *sim);

#ifdef __cplusplus
}
#endif

#endif
