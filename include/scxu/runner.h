/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: Running a policy on the kernel
 *
 * create (checks, locks memory, loads the kernel part), attach (the kernel hands
 * over), watch it with scxu_runner_fd(), scxu_runner_look() and
 * scxu_runner_stats(), detach, destroy. A runner belongs to one thread; the
 * agent's own thread is the library's.
 *
 * The kernel part is pinned in bpffs and outlives a process that ends without
 * scxu_runner_detach(), for whatever reason: it schedules by itself (the floor). A
 * runner that is created then finds it and takes over; from scxu_runner_create() on
 * its agent decides.
 */
#ifndef SCXU_RUNNER_H
#define SCXU_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scxu/policy.h>
#include <scxu/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct scxu_runner;

/**
 * struct scxu_runner_options - how to run; begin with scxu_runner_options_init()
 * @size:	sizeof(struct scxu_runner_options)
 * @max_tasks:	slots, 64..1048576; a multiple of 64
 * @batch:	decisions kept in stock, 1..4096
 * @slice_us:	default slice, 100..100000
 * @floor_us:	how late an agent may be, 500..1000000
 * @orphan_s:	how long the kernel part goes on without an agent before it ends by
 *		itself, in s, up to 86400; 0: for ever
 * @ext_server_ms: the period of the kernel's deadline servers of sched_ext (from 7.0 on), when
 *		real-time tasks would leave nothing of a CPU, in place of a second; up to 1000;
 *		0: as it is
 * @ext_server_pct: what these have of a CPU then, in percent, up to 50; 0: as it is, 5
 * @partial:	only tasks of class SCHED_EXT
 * @affinity_agent: the policy also gets tasks limited to two or more CPUs
 * @idle_kernel: the kernel part gives a waking task an idle CPU by itself
 * @standing:	what the policy left by scxu_stand() decides a task's next wake-ups
 * @verbose:	the verifier's and libbpf's messages at SCXU_LOG_DEBUG
 * @takeover:	an agent that lives shall give way; else scxu_runner_create() fails
 * @undumpable:	no core dumps, and no ptrace(2) but by root: PR_SET_DUMPABLE
 * @test_no_floor: a control of tests: the kernel part never schedules by itself
 *		while the agent lives
 * @test_no_affinity_check: likewise: carries out decisions for any CPU
 * @values:	of the policy's options (struct scxu_policy); NULL for their defaults
 */
struct scxu_runner_options {
	size_t size;
	unsigned int max_tasks;
	unsigned int batch;
	unsigned int slice_us;
	unsigned int floor_us;
	unsigned int orphan_s;
	unsigned int ext_server_ms;
	unsigned int ext_server_pct;
	bool partial;
	bool affinity_agent;
	bool idle_kernel;
	bool standing;
	bool verbose;
	bool takeover;
	bool undumpable;
	bool test_no_floor;
	bool test_no_affinity_check;
	const uint64_t *values;
};

void scxu_runner_options_init(struct scxu_runner_options *options);

/**
 * scxu_runner_check() - can this machine run it
 * Logs what is missing and what to do about it. By one thread at a time, and then
 * scxu_runner_create() by the same.
 * Returns: 0; -ENOSYS no sched_ext in the kernel; -EPERM not root; -EBUSY another
 * scheduler is loaded; -EOPNOTSUPP the kernel lacks something needed.
 */
int scxu_runner_check(void);

/**
 * scxu_runner_create() - loads everything, attaches nothing
 * @ret: the runner, on success only; end with scxu_runner_destroy()
 * Returns: 0 or -errno, having logged why.
 */
int scxu_runner_create(const struct scxu_policy_ops *policy,
		       const struct scxu_runner_options *options, struct scxu_runner **ret);

/**
 * scxu_runner_attach() - from its return on the policy schedules
 * The process then has given up its capabilities: the agent's thread for ever, the
 * calling thread until it creates another runner.
 * Returns: 0 or -errno, having logged why.
 */
int scxu_runner_attach(struct scxu_runner *runner);

/** scxu_runner_found() - the scheduler was loaded already: this agent has taken over */
bool scxu_runner_found(const struct scxu_runner *runner);

/**
 * scxu_runner_retired() - another agent has asked this one to give way, and it did
 * What is left to do is scxu_runner_destroy().
 */
bool scxu_runner_retired(const struct scxu_runner *runner);

/**
 * scxu_runner_look() - logs what has befallen the agent: call it each second or so
 * Times in which the floor had the machine, and changes of the agent's scheduling
 * class and affinity.
 */
void scxu_runner_look(struct scxu_runner *runner);

/**
 * scxu_runner_fd() - readable (poll) when the kernel has ended the scheduler, or it is retired
 * The agent's thread makes it so; should that thread hang, only
 * scxu_runner_exit_info() tells. Owned by the runner.
 */
int scxu_runner_fd(const struct scxu_runner *runner);

/** struct scxu_exit - why the kernel ended it; strings live as long as the runner */
struct scxu_exit {
	int kind;  /* enum scx_exit_kind of the kernel */
	int64_t code;
	bool error;  /* it was ejected */
	bool restart;  /* the kernel asks for a restart */
	const char *reason;
	const char *message;
	const char *dump; /* debug dump of an ejection, may be "" */
};

/** scxu_runner_exit_info() - false while it runs */
bool scxu_runner_exit_info(struct scxu_runner *runner, struct scxu_exit *ret);

/**
 * struct scxu_where - in which callback of its policy a scheduler is
 * @callback:	"enqueue", ...
 * @since:	ns of CLOCK_MONOTONIC: it runs for no longer
 * @pid:	of the task that it is about, 0 for none
 * @comm:	that task's name
 */
struct scxu_where {
	const char *callback;
	uint64_t since;
	int32_t pid;
	char comm[16];
};

/**
 * scxu_runner_where() - what the agent does that does not return, or has crashed
 * Safe in a signal handler; on the agent's thread it tells what that thread was in.
 * Returns: false when it is in no callback.
 */
bool scxu_runner_where(const struct scxu_runner *runner, struct scxu_where *ret);

/** scxu_runner_stats() - a snapshot; cheap, does not disturb the agent */
void scxu_runner_stats(struct scxu_runner *runner, struct scxu_stats *ret);

/** scxu_runner_detach() - the kernel's own scheduler takes all tasks back; not if retired */
void scxu_runner_detach(struct scxu_runner *runner);

/** scxu_runner_destroy() - accepts NULL; returns NULL */
struct scxu_runner *scxu_runner_destroy(struct scxu_runner *runner);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
