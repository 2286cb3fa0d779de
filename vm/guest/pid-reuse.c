// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reuse of process ids: with a small pid_max they come round again within a second or so, and a
 * scheduler that keeps what it knows of a task under its pid takes the new task for the old one.
 * Each new task should run soon, whatever its pid did before.
 */
#include "kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "random.h"
#include "sysctl.h"
#include "worker.h"

#define PID_MAX_LIMIT (4U << 20) /* include/linux/threads.h, 64 bits */
#define RESERVED_PIDS 300 /* kernel/pid.c: ids are never reused below it */

#define SPARE_PIDS 64

enum { FAILURES, REUSED, LATE, WRAPS, PID_MAX_USED };
enum { PID_MAX, BOUND_MS, US };

/* One bit a pid, set when it was seen. */
struct pids {
	_Atomic uint64_t words[PID_MAX_LIMIT / 64];
};

/* Tasks that the run's loads will make after the release: children, and the rest of a fork bomb. */
static uint64_t still_to_come(const struct run *run)
{
	uint64_t tasks = 0;

	for (unsigned int i = 0; i < run->nr_loads; i++) {
		const struct load *load = &run->loads[i];

		if (load->kind->flags & LOAD_FORKS)
			tasks += load->nr_tasks;
		if (load->nr_first)
			tasks += load->nr_tasks - load->nr_first;
	}
	return tasks;
}

/*
 * Leave room for all tasks that there are. Those that live on beyond the new limit do not mind.
 */
static int pid_reuse_arm(struct load *load)
{
	struct machine_sample machine = { 0 };
	uint64_t pid_max = (uint64_t)load->option[PID_MAX], least;
	int err;

	machine_sample(&machine);
	least = RESERVED_PIDS + machine.tasks + still_to_come(load->run) + SPARE_PIDS;
	if (pid_max < least)
		pid_max = least;
	err = sysctl_set("/proc/sys/kernel/pid_max", pid_max);
	if (err) {
		fprintf(stderr, "scxu-load: '%s': cannot set kernel.pid_max to %" PRIu64 ": %s\n",
			load->spec, pid_max,
			err == -EBUSY ? "another scxu-load has changed it" : strerror(-err));
		return err;
	}
	atomic_store(&load->shared->counter[PID_MAX_USED], pid_max);
	return 0;
}

static void note_pid(struct load *load, pid_t pid)
{
	struct pids *pids = load->extra;
	uint64_t bit = 1ULL << pid % 64;

	if (pid > 0 && (uint32_t)pid < PID_MAX_LIMIT &&
	    atomic_fetch_or(&pids->words[pid / 64], bit) & bit)
		atomic_fetch_add(&load->shared->counter[REUSED], 1);
}

static void note_start(struct load *load, uint64_t took_ns)
{
	histogram_record(&load->shared->latency, took_ns);
	if (took_ns > (uint64_t)load->option[BOUND_MS] * NS_PER_MS)
		atomic_fetch_add(&load->shared->counter[LATE], 1);
}

/* The most that any task of ours has seen. */
static void note_wraps(struct load *load, uint64_t wraps)
{
	uint64_t most = atomic_load(&load->shared->counter[WRAPS]);

	while (wraps > most &&
	       !atomic_compare_exchange_weak(&load->shared->counter[WRAPS], &most, wraps))
		;
}

static void __attribute__((noreturn)) child(struct worker *w, pid_t parent, uint64_t compute_ns)
{
	atomic_store(&w->slot->cell, clock_now());
	worker_child(parent);
	worker_compute(compute_ns);
	_exit(0);
}

static void pid_reuse_task(struct worker *w)
{
	struct load *load = w->load;
	uint64_t random = load->run->seed * LOAD_TASKS_MAX + w->index, wraps = 0, begun, done;
	pid_t parent = getpid(), last = 0, pid;
	uint64_t ran;

	do {
		/*
		 * Not the same use of CPU by all, or the new owner of a pid would look just like
		 * the old one.
		 */
		uint64_t compute =
			random_below(&random, (uint64_t)load->option[US] * NS_PER_US + 1);

		atomic_store(&w->slot->cell, 0);
		begun = clock_now();
		atomic_store(&w->slot->last_ns, begun);
		pid = fork();
		if (!pid)
			child(w, parent, compute);
		if (pid < 0) {
			atomic_fetch_add(&load->shared->counter[FAILURES], 1);
			done = begun + NS_PER_MS;
			clock_sleep_until(done);
			continue;
		}
		note_pid(load, pid);
		if (pid < last)
			note_wraps(load, ++wraps);
		last = pid;
		waitpid(pid, NULL, 0);
		done = clock_now();
		ran = atomic_load(&w->slot->cell);
		if (ran && worker_in_window(w, begun))
			note_start(load, ran - begun);
		if (worker_in_window(w, done))
			worker_count(w);
	} while (worker_due(w, done));
}

static void pid_reuse_settle(struct load *load, uint64_t now_ns)
{
	for (unsigned int i = 0; i < load->nr_tasks; i++) {
		struct slot *slot = &load->slots[i];
		uint64_t begun = atomic_load(&slot->last_ns);

		if (atomic_load(&slot->phase) != TASK_ENDED && begun && now_ns > begun &&
		    !atomic_load(&slot->cell))
			note_start(load, now_ns - begun);
	}
}

static void pid_reuse_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	report_count(node, "tasks", sum.tasks);
	report_count(node, "pid_max", load_counter(load, PID_MAX_USED));
	report_count(node, "forks", load_count(load));
	report_real(node, "forks_per_s", (double)load_count(load) / load_seconds(load), 1);
	report_count(node, "failures", load_counter(load, FAILURES));
	report_count(node, "wraps", load_counter(load, WRAPS));
	report_count(node, "reused", load_counter(load, REUSED));
	report_count(node, "late", load_counter(load, LATE));
	report_count(node, "bound_ms", (uint64_t)load->option[BOUND_MS]);
	report_percentiles(node, "start_us", &load->shared->latency, NS_PER_US);
	report_real(node, "cpu_s", (double)sum.cpu_ns / NS_PER_S, 6);
	report_count(node, "unfinished", sum.unfinished);
}

static void pid_reuse_print(const struct load *load, FILE *out)
{
	fprintf(out,
		"  pid_max %" PRIu64 ": wrapped %" PRIu64 " times, %" PRIu64
		" pids reused; %.0f forks/s, %" PRIu64 " failed\n",
		load_counter(load, PID_MAX_USED), load_counter(load, WRAPS),
		load_counter(load, REUSED), (double)load_count(load) / load_seconds(load),
		load_counter(load, FAILURES));
	load_print_latency("from fork to running", &load->shared->latency, out);
	fprintf(out, "  %" PRIu64 " later than %" PRId64 " ms\n", load_counter(load, LATE),
		load->option[BOUND_MS]);
}

const struct load_kind pid_reuse_kind = {
	.name = "pid-reuse",
	.argument = "N",
	.about = "lowers kernel.pid_max for the run (root only); N processes fork so that pids "
		 "come round again",
	.paths = ".{spec, tasks, pid_max, forks, forks_per_s, failures, wraps, reused, late, "
		 "bound_ms, start_us.PERCENTILES (fork to first instruction), cpu_s, unfinished}",
	.keys = {
		[PID_MAX] = { "pid_max", 301, 4194304, 512, "the limit, or more for many tasks" },
		[BOUND_MS] = { "bound_ms", 1, 3600000, 1000, "a task that waits longer is late" },
		[US] = { "us", 0, 1000000, 500, "a new task computes up to so long" },
	},
	.flags = LOAD_FORKS,
	.extra_size = sizeof(struct pids),
	.arm = pid_reuse_arm,
	.task = pid_reuse_task,
	.settle = pid_reuse_settle,
	.report = pid_reuse_report,
	.print = pid_reuse_print,
};
