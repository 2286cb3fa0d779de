// SPDX-License-Identifier: GPL-2.0-only
/*
 * The controller. It must get through a run under a scheduler that schedules badly or not at all,
 * so it runs in a real-time class where it may (its tasks do not inherit that), and no wait of it
 * is without a limit.
 */
#include "run.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "sysctl.h"
#include "worker.h"

/* Above the drivers of churns, and above every task that a load makes real-time. */
#define CONTROLLER_PRIORITY 50

/* How often the controller looks whether all are ready, or through. */
#define POLL_NS (2 * NS_PER_MS)

#define DIE_NS (60 * NS_PER_S)

/* Room for what runs beside us, when limits on tasks are raised. */
#define OTHER_TASKS 2048

struct child {
	pid_t pid;
	const struct load *load;
};

static struct child *children;
static unsigned int nr_children;
static unsigned int max_children;
static bool stopping;

int run_add_child(struct run *run, pid_t pid, const struct load *load)
{
	(void)run;
	if (nr_children == max_children) {
		unsigned int max = max_children ? 2 * max_children : 64;
		struct child *grown = reallocarray(children, max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		children = grown;
		max_children = max;
	}
	children[nr_children++] = (struct child) { .pid = pid, .load = load };
	return 0;
}

static void watched_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

void run_reset_signals(void)
{
	sigset_t set;

	watched_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void child_ended(struct run *run, struct child *child, int status)
{
	pid_t pid = child->pid;

	child->pid = 0;
	/*
	 * A status of 0 comes from a task that ended after the tail, or that had nothing left to
	 * do.
	 */
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFSIGNALED(status))
		fprintf(stderr, "scxu-load: '%s': process %d was killed by signal %d (%s)\n",
			child->load->spec, (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "scxu-load: '%s': process %d ended with status %d\n",
			child->load->spec, (int)pid, WEXITSTATUS(status));
	run->failed = true;
}

/* Whether any children are left, once those that ended are taken note of. */
static bool reap(struct run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/*
		 * Orphans of our children come to us too (we are their subreaper); they are in no
		 * list.
		 */
		for (unsigned int i = 0; i < nr_children && !stopping; i++) {
			if (children[i].pid == pid) {
				child_ended(run, &children[i], status);
				break;
			}
		}
	}
	return pid == 0;
}

int run_sleep_until(struct run *run, uint64_t at_ns)
{
	sigset_t set;

	watched_signals(&set);
	for (;;) {
		uint64_t now = clock_now();
		struct timespec left;
		int signal;

		if (now >= at_ns)
			return 0;
		left = clock_timespec(at_ns - now);
		signal = sigtimedwait(&set, NULL, &left);
		if (signal == SIGCHLD)
			reap(run);
		else if (signal > 0)
			return -EINTR;
	}
}

static void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int share_memory(struct load *load)
{
	load->slots = shared_memory((load->nr_tasks + 1) * sizeof(*load->slots));
	load->shared = shared_memory(sizeof(*load->shared));
	if (load->kind->extra_size)
		load->extra = shared_memory(load->kind->extra_size);
	return load->slots && load->shared && (load->extra || !load->kind->extra_size) ? 0
										       : -ENOMEM;
}

int run_prepare(struct run *run)
{
	int err = 0;

	for (unsigned int i = 0; i < run->nr_loads && !err; i++) {
		run->loads[i].run = run;
		err = share_memory(&run->loads[i]);
	}
	return err;
}

int run_init(struct run *run)
{
	struct sched_param param;

	run->pid = getpid();
	run->policy = sched_getscheduler(0);
	if (run->policy < 0 || sched_getparam(0, &param))
		return -errno;
	run->policy &= ~SCHED_RESET_ON_FORK;
	run->priority = param.sched_priority;
	run->nice = getpriority(PRIO_PROCESS, 0);
	if (sched_getaffinity(0, sizeof(run->cpus), &run->cpus))
		return -errno;
	run->nr_cpus = (unsigned int)CPU_COUNT(&run->cpus);
	run->control = shared_memory(sizeof(*run->control));
	return run->control ? 0 : -ENOMEM;
}

/* Best effort: if it fails and was needed, then creating the tasks fails, and that is reported. */
static void raise_limits(const struct run *run)
{
	struct machine_sample machine = { 0 };
	struct rlimit unlimited = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	uint64_t tasks = OTHER_TASKS;

	machine_sample(&machine);
	tasks += machine.tasks;
	for (unsigned int i = 0; i < run->nr_loads; i++) {
		const struct load *load = &run->loads[i];

		tasks += load->kind->flags & LOAD_FORKS ? 2 * load->nr_tasks : load->nr_tasks;
	}
	sysctl_raise("/proc/sys/kernel/threads-max", tasks);
	sysctl_raise("/proc/sys/kernel/pid_max", tasks);
	setrlimit(RLIMIT_NPROC, &unlimited);
}

static void become_controller(const struct run *run)
{
	struct sched_param param = { .sched_priority = CONTROLLER_PRIORITY };
	sigset_t set;

	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* A reader of --table that goes away must not end us before limits are restored. */
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!run->plain)
		sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

static unsigned int count_not_ready(const struct load *load)
{
	unsigned int first = load->nr_first ? load->nr_first : load->nr_tasks, count = 0;

	for (unsigned int i = 0; i < first; i++)
		count += atomic_load(&load->slots[i].phase) < TASK_READY;
	return count;
}

static int wait_until_ready(struct run *run)
{
	uint64_t limit = clock_now() + (uint64_t)(run->ready_limit * NS_PER_S);

	for (;;) {
		unsigned int not_ready = 0;
		int err;

		for (unsigned int i = 0; i < run->nr_loads; i++) {
			run->loads[i].not_ready = count_not_ready(&run->loads[i]);
			not_ready += run->loads[i].not_ready;
		}
		if (!not_ready || clock_now() >= limit)
			return 0;
		err = run_sleep_until(run, clock_now() + POLL_NS);
		if (err)
			return err;
		if (run->failed)
			return -ECHILD;
	}
}

static void release(struct run *run)
{
	struct control *control = run->control;

	control->release_ns = clock_now();
	control->start_ns = control->release_ns + (uint64_t)(run->warmup * NS_PER_S);
	control->end_ns = control->start_ns + (uint64_t)(run->seconds * NS_PER_S);
	control->give_up_ns = control->end_ns + (uint64_t)(run->tail * NS_PER_S);
	atomic_store(&control->go, 1);
	syscall(SYS_futex, &control->go, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int run_start(struct run *run)
{
	int err = 0;

	become_controller(run);
	raise_limits(run);
	for (unsigned int i = 0; i < run->nr_loads && !err; i++) {
		struct load *load = &run->loads[i];

		err = load->kind->start ? load->kind->start(load) : workers_start(load);
	}
	if (!err)
		err = wait_until_ready(run);
	for (unsigned int i = 0; i < run->nr_loads && !err; i++) {
		if (run->loads[i].kind->arm)
			err = run->loads[i].kind->arm(&run->loads[i]);
	}
	if (err)
		return err;
	release(run);
	return 0;
}

static bool all_ended(const struct run *run)
{
	for (unsigned int i = 0; i < run->nr_loads; i++) {
		const struct load *load = &run->loads[i];

		for (unsigned int j = 0; j < load->nr_tasks; j++) {
			uint32_t phase = atomic_load(&load->slots[j].phase);

			if (phase != TASK_NONE && phase != TASK_ENDED)
				return false;
		}
	}
	return true;
}

static void copy_slot(struct slot *to, struct slot *from)
{
	/* First: the values that a phase promises are written before it. */
	atomic_store(&to->phase, atomic_load(&from->phase));
	atomic_store(&to->last_ns, atomic_load(&from->last_ns));
	atomic_store(&to->gap_ns, atomic_load(&from->gap_ns));
	atomic_store(&to->cpu_start_ns, atomic_load(&from->cpu_start_ns));
	atomic_store(&to->cpu_end_ns, atomic_load(&from->cpu_end_ns));
	atomic_store(&to->count, atomic_load(&from->count));
	atomic_store(&to->cell, atomic_load(&from->cell));
	atomic_store(&to->tid, atomic_load(&from->tid));
	atomic_store(&to->ran, atomic_load(&from->ran));
}

static void copy_histogram(struct histogram *to, struct histogram *from)
{
	atomic_store(&to->count, atomic_load(&from->count));
	atomic_store(&to->max, atomic_load(&from->max));
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		atomic_store(&to->buckets[i], atomic_load(&from->buckets[i]));
}

/*
 * The tasks still run, and must until their CPU time was read. So the results are settled in a
 * copy: a task that wakes up at last, while we count it as missing, would else be counted twice.
 */
static int freeze(struct load *load)
{
	struct slot *slots = calloc(load->nr_tasks + 1, sizeof(*slots));
	struct load_shared *shared = calloc(1, sizeof(*shared));

	if (!slots || !shared) {
		free(slots);
		free(shared);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < load->nr_tasks; i++)
		copy_slot(&slots[i], &load->slots[i]);
	copy_histogram(&shared->latency, &load->shared->latency);
	copy_histogram(&shared->latency2, &load->shared->latency2);
	for (unsigned int i = 0; i < LOAD_COUNTERS; i++)
		atomic_store(&shared->counter[i], atomic_load(&load->shared->counter[i]));
	load->slots = slots;
	load->shared = shared;
	return 0;
}

/*
 * A task that has not been seen since the window's end has not run since: its gap lasts until now,
 * and its CPU time as it stands is what it was at the window's end.
 */
static void settle(struct load *load, uint64_t now_ns)
{
	for (unsigned int i = 0; i < load->nr_tasks; i++) {
		struct slot *slot = &load->slots[i];
		uint32_t phase = atomic_load(&slot->phase);
		uint64_t last = atomic_load(&slot->last_ns), cpu;

		if (phase == TASK_NONE || phase == TASK_ENDED)
			continue;
		if (!last)
			last = load->run->control->release_ns;
		if (now_ns > last && now_ns - last > atomic_load(&slot->gap_ns))
			atomic_store(&slot->gap_ns, now_ns - last);
		if (phase != TASK_STARTED) {
			atomic_store(&slot->cpu_start_ns, 0);
			atomic_store(&slot->cpu_end_ns, 0);
			atomic_store(&slot->ran, 0);
			continue;
		}
		if (thread_cpu_ns(atomic_load(&slot->tid), &cpu) ||
		    cpu < atomic_load(&slot->cpu_start_ns))
			cpu = atomic_load(&slot->cpu_start_ns);
		atomic_store(&slot->cpu_end_ns, cpu);
	}
	if (load->kind->settle)
		load->kind->settle(load, now_ns);
}

int run_window(struct run *run, void (*second)(const struct run *run, uint64_t now_ns),
	       struct run_window_result *ret)
{
	const struct control *control = run->control;
	uint64_t at = control->start_ns;
	int err;

	err = run_sleep_until(run, at);
	if (!err)
		err = machine_sample(&ret->start);
	while (!err && at < control->end_ns) {
		at = at + NS_PER_S < control->end_ns ? at + NS_PER_S : control->end_ns;
		err = run_sleep_until(run, at);
		if (!err && at == control->end_ns)
			err = machine_sample(&ret->end);
		if (!err && second)
			second(run, at);
	}
	while (!err && !all_ended(run) && clock_now() < control->give_up_ns)
		err = run_sleep_until(run, clock_now() + POLL_NS);
	for (unsigned int i = 0; i < run->nr_loads && !err; i++) {
		err = freeze(&run->loads[i]);
		if (!err)
			settle(&run->loads[i], clock_now());
	}
	return err;
}

int run_stop(struct run *run)
{
	uint64_t limit = clock_now() + DIE_NS;
	int err = 0;

	reap(run);
	stopping = true;
	for (unsigned int i = 0; i < nr_children; i++) {
		if (children[i].pid)
			kill(children[i].pid, SIGKILL);
	}
	/* Before the wait, which may be long; and its guardians are our children too. */
	sysctl_restore();
	/* Grandchildren follow by PR_SET_PDEATHSIG, and come to us to be waited for. */
	while (reap(run)) {
		if (clock_now() >= limit) {
			fprintf(stderr,
				"scxu-load: some tasks did not die within %llu s of SIGKILL\n",
				DIE_NS / NS_PER_S);
			err = -ETIMEDOUT;
			break;
		}
		/* Not run_sleep_until(): a second SIGINT must not leave limits changed. */
		clock_sleep_until(clock_now() + POLL_NS);
	}
	free(children);
	children = NULL;
	nr_children = max_children = 0;
	return err;
}
