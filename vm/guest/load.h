/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_LOAD_H
#define SCXU_LOAD_LOAD_H

/*
 * What the parts of scxu-load share: a run, its loads, and the memory that the tasks of a load
 * report through.
 *
 * The main process (the controller) forks every task, or one host process whose threads are the
 * tasks, lets them all go at one moment, sleeps through the window of measurement, and reads what
 * they left in shared memory. It waits for none of them longer than the tail, for the scheduler
 * under test may be one that never runs them again.
 */

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "histogram.h"
#include "report.h"

#define LOAD_GROUPS_MAX 40
#define LOAD_KEYS_MAX	4
#define LOAD_COUNTERS	6
#define LOAD_TASKS_MAX	100000

#ifndef SCHED_EXT
#define SCHED_EXT 7 /* include/uapi/linux/sched.h */
#endif

struct load;
struct worker;

/**
 * struct control - the course of the run, in memory shared by the controller and all tasks.
 * @go: futex: 0 before the release, 1 after it
 * @release_ns: the moment of the release; written before @go, as are the next three
 * @start_ns: the window of measurement begins (the warm-up ends)
 * @end_ns: the window ends; the tasks go on, so that a gap which spans the end is seen to its own
 *	end
 * @give_up_ns: the tail ends; tasks end by themselves, if the controller has not ended them before
 */
struct control {
	_Atomic uint32_t go;
	uint32_t pad;
	uint64_t release_ns;
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t give_up_ns;
};

/**
 * enum task_phase - how far a task has come; it moves forward only, and the task itself moves it
 * from READY on.
 */
enum task_phase {
	TASK_NONE, /* not created */
	TASK_CREATED, /* fork or pthread_create has succeeded */
	TASK_READY, /* it ran and waits for the release */
	TASK_STARTED, /* it ran inside of the window: cpu_start_ns is set */
	TASK_ENDED, /* it ran at or after end_ns, or was through before: cpu_end_ns is set */
};

/**
 * struct slot - what one task reports; a cache line each.
 * @last_ns: when the task last saw itself running; for a sleeper: the place on the grid
 *	of what it is due for
 * @gap_ns: longest time between two looks at the clock, of those that ended in the window or
 *	spanned its end
 * @cpu_start_ns: its CPU time at start_ns, @cpu_end_ns: at end_ns. A task reads them when it first
 *	sees that the moment has passed; had it not been running at that moment, its CPU time has
 *	not changed meanwhile.
 * @count: what the load counts, within the window
 * @cell: one value from a task's own child
 * @phase: enum task_phase
 * @tid: its thread id, or its process id, which is the same there
 * @ran: whether it ran inside of the window
 */
struct slot {
	_Atomic uint64_t last_ns;
	_Atomic uint64_t gap_ns;
	_Atomic uint64_t cpu_start_ns;
	_Atomic uint64_t cpu_end_ns;
	_Atomic uint64_t count;
	_Atomic uint64_t cell;
	_Atomic uint32_t phase;
	_Atomic int32_t tid;
	_Atomic uint32_t ran;
	uint32_t pad;
};
_Static_assert(sizeof(struct slot) == 64, "a slot is one cache line");

/**
 * struct load_shared - what the tasks of one load report together.
 * @latency: what the kind says; filled for what fell into the window
 * @latency2: likewise
 * @counter: likewise
 */
struct load_shared {
	struct histogram latency;
	struct histogram latency2;
	_Atomic uint64_t counter[LOAD_COUNTERS];
};

/** struct run - one run of the program. */
struct run {
	struct control *control;
	struct load *loads;
	unsigned int nr_loads;
	double seconds;
	double warmup;
	double tail;
	double ready_limit;
	uint64_t seed;
	cpu_set_t cpus; /* those that this process may use */
	unsigned int nr_cpus;
	pid_t pid; /* of the controller */
	int policy; /* what the user started us with; tasks get it back */
	int priority;
	int nice;
	bool plain; /* --no-rt: the controller stays in the class it was started in */
	bool failed; /* a child died or the like: the exit status is 1 */
};

/** struct load_group - tasks of a load that share a nice value. */
struct load_group {
	int nice;
	unsigned int tasks;
};

enum load_flag {
	LOAD_THREADS = 1 << 0, /* the tasks are threads of one process, with small stacks */
	LOAD_CPU_BOUND = 1 << 1, /* each task would use a whole CPU */
	LOAD_FORKS = 1 << 2, /* the tasks fork: their CPU time includes their dead children's */
	LOAD_OWN_NICE = 1 << 3, /* takes no @nice= */
	LOAD_OWN_CLASS = 1 << 4, /* takes no @policy= */
	LOAD_OWN_CPUS = 1 << 5, /* @cpus= is not where the tasks start, but what the load uses */
};

/** struct load - one LOAD of the command line. */
struct load {
	const struct load_kind *kind;
	struct run *run;
	const char *spec; /* as the user wrote it */
	char key[32]; /* its name in the JSON: hogs, hogs2 for the second one, ... */
	char key_all[40]; /* the same with _all */
	unsigned int nr_tasks; /* slots; not counting a driver */
	unsigned int nr_first; /* of those, made before the release; 0: all */
	struct load_group groups[LOAD_GROUPS_MAX];
	unsigned int nr_groups; /* at least 1 if there are tasks */
	uint64_t argument[2]; /* what the kind made of its argument */
	int64_t option[LOAD_KEYS_MAX]; /* values of kind->keys, in that order */
	bool has_nice, has_cpus, has_policy; /* whether these were given */
	int nice;
	int policy;
	cpu_set_t cpus;
	struct slot *slots;
	struct load_shared *shared;
	void *extra; /* kind->extra_size bytes of shared memory */
	int pipe[4]; /* for the kinds that hand file descriptors to the next task forked */
	int *fds; /* likewise, for many */
	unsigned int not_ready; /* tasks that had not run when all were let go */
};

/** struct load_key - an @name=value option of a kind of load. */
struct load_key {
	const char *name;
	int64_t min, max, fallback;
	const char *about;
};

/**
 * struct load_kind - one kind of load.
 *
 * All callbacks but @task run in the controller. The controller may be kept waiting by them before
 * the release and after the window, not in between: @live is called there and should take a
 * fraction of a millisecond.
 */
struct load_kind {
	const char *name; /* as the user writes it */
	const char *argument; /* what follows the colon, for --help; NULL: takes none */
	const char *about; /* for --help */
	const char *paths; /* what it adds to the report, for --help */
	struct load_key keys[LOAD_KEYS_MAX];
	unsigned int flags; /* enum load_flag */
	size_t extra_size;

	/**
	 * @parse: optional; without it the argument is a number of tasks. 0, or -EINVAL with the
	 * error's text set.
	 */
	int (*parse)(struct load *load, const char *argument, char *error, size_t error_size);

	/**
	 * @start: optional; without it every task is forked (or made a thread) and runs @task. 0 or
	 * -errno.
	 */
	int (*start)(struct load *load);

	/**
	 * @arm: optional; called when the tasks of all loads exist, before the release. 0 or
	 * -errno.
	 */
	int (*arm)(struct load *load);

	/**
	 * @task: one task, from the release on; mandatory where there are tasks. May return: the
	 * task then ends.
	 */
	void (*task)(struct worker *w);

	/**
	 * @settle: optional; called after the tail: count what was still under way at @now_ns.
	 * load->slots and load->shared are then a copy of the moment before, which the tasks,
	 * though they still run, do not change.
	 */
	void (*settle)(struct load *load, uint64_t now_ns);

	/**
	 * @report: adds the load's results to @root under load->key; mandatory. Also called before
	 * the run with everything 0, to learn which paths there are: which paths it adds
	 * depends on the spec alone.
	 */
	void (*report)(const struct load *load, struct report *root);

	/** @print: the same for people; mandatory. */
	void (*print)(const struct load *load, FILE *out);

	/**
	 * @live: optional; cells of a line of --table, or with @head their names, in the same
	 * widths.
	 */
	void (*live)(const struct load *load, uint64_t now_ns, bool head, FILE *out);
};

/** load_kinds - every kind; ends with NULL. */
extern const struct load_kind *const load_kinds[];

/** load_seconds() - the length of the window in seconds. */
static inline double load_seconds(const struct load *load)
{
	return load->run->seconds;
}

/**
 * struct summary - what some tasks of a load did in the window.
 * @never_ran: tasks which did not run in it at all
 * @unfinished: tasks which had not run again by the end of the tail; what is told of their gaps is
 *	a lower bound
 */
struct summary {
	unsigned int tasks;
	unsigned int never_ran;
	unsigned int unfinished;
	uint64_t cpu_ns;
	uint64_t cpu_min_ns;
	uint64_t cpu_median_ns;
	uint64_t cpu_max_ns;
	uint64_t gap_ns;
};

/**
 * load_summarize() - sum up @n tasks from @first on; those that were never created do not count.
 */
void load_summarize(const struct load *load, unsigned int first, unsigned int n,
		    struct summary *ret);

/**
 * load_report_tasks() - what every kind of computing task reports of @sum, into the object @node.
 */
void load_report_tasks(const struct load *load, const struct summary *sum, struct report *node);

/** load_print_tasks() - the same for people: a line. */
void load_print_tasks(const struct load *load, const struct summary *sum, FILE *out);

/** load_print_latency() - a line with the percentiles of @h in microseconds. */
void load_print_latency(const char *what, const struct histogram *h, FILE *out);

/** load_object() - the object of the report for this load, made below @root. */
struct report *load_object(const struct load *load, struct report *root);

/** load_live_latency(), load_live_rate() - cells of --table. */
void load_live_latency(const struct histogram *h, bool head, FILE *out);
void load_live_rate(const struct load *load, const char *name, uint64_t count, uint64_t now_ns,
		    bool head, FILE *out);

/**
 * load_used() - the part that @cpu_ns is of what the load's tasks could have used in the window.
 */
double load_used(const struct load *load, uint64_t cpu_ns);

/** load_cpus() - how many CPUs the load's tasks may use. */
unsigned int load_cpus(const struct load *load);

/** load_counter() - value of one of the shared counters. */
uint64_t load_counter(const struct load *load, unsigned int index);

/** load_count() - sum of the slots' counts. */
uint64_t load_count(const struct load *load);

#endif
