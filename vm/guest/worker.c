// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the tasks of a load are made, held, let go and observed.
 *
 * The release is one FUTEX_WAKE on one word that all tasks wait on, so that none has a head start
 * that grows with its number. A task that was not yet waiting finds the word changed and does not
 * wait.
 *
 * CPU time over the window is exact without anybody looking at the right moment: a task looks at
 * the clock all the time, and reads its own CPU time when it first sees that the window has begun
 * or ended. If it ran at that moment, it sees it at once; if it did not, its CPU time has stood
 * still since.
 */
#include "worker.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

/*
 * The longest time between two looks at the clock that still counts as computing. More than an
 * interrupt, less than any slice.
 */
#define LOOK_NS (20 * NS_PER_US)

#define DRIVER_PRIORITY 40

/*
 * A hog's stack use is below 2 KiB; the rest is for the kernel's signal frame and the C library's
 * thread data.
 */
#define STACK_EXTRA (16UL << 10)

void worker_child(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have died before that took effect. */
	if (getppid() != parent)
		_exit(1);
}

static void __attribute__((noreturn)) fail(const struct load *load, const char *what, int err)
{
	fprintf(stderr, "scxu-load: '%s': cannot %s: %s\n", load->spec, what, strerror(err));
	_exit(1);
}

static int nice_of(const struct load *load, unsigned int index)
{
	if (load->kind->flags & LOAD_OWN_NICE) {
		for (unsigned int i = 0; i < load->nr_groups; i++) {
			if (index < load->groups[i].tasks)
				return load->groups[i].nice;
			index -= load->groups[i].tasks;
		}
	}
	return load->has_nice ? load->nice : load->run->nice;
}

/*
 * Give the calling thread what its load says. Class first: setting it would not keep a nice value
 * set before.
 */
static void set_up(const struct load *load, unsigned int index)
{
	const struct run *run = load->run;
	struct sched_param param = { .sched_priority = load->has_policy ? 0 : run->priority };
	int policy = load->has_policy ? load->policy : run->policy, nice = nice_of(load, index);

	if (sched_setscheduler(0, policy, &param)) {
		if (policy == SCHED_EXT && errno == EINVAL)
			fail(load, "use policy ext: this kernel has no sched_ext", EINVAL);
		fail(load, "set the scheduling class", errno);
	}
	if (getpriority(PRIO_PROCESS, 0) != nice && setpriority(PRIO_PROCESS, 0, nice))
		fail(load,
		     nice < 0 ? "set a negative nice value (root only)" : "set the nice value",
		     errno);
	if (load->has_cpus && !(load->kind->flags & LOAD_OWN_CPUS) &&
	    sched_setaffinity(0, sizeof(load->cpus), &load->cpus))
		fail(load, "set the CPUs", errno);
}

static void wait_for_release(struct control *control)
{
	while (!atomic_load_explicit(&control->go, memory_order_acquire))
		syscall(SYS_futex, &control->go, FUTEX_WAIT, 0, NULL, NULL, 0);
}

void worker_start(struct worker *w, struct load *load, unsigned int index, uint64_t since_ns)
{
	*w = (struct worker) {
		.control = load->run->control,
		.load = load,
		.slot = &load->slots[index],
		.index = index,
		.mark_ns = load->run->control->start_ns,
		.last_ns = since_ns,
	};
	atomic_store(&w->slot->last_ns, since_ns);
}

static void run_task(struct load *load, unsigned int index)
{
	struct control *control = load->run->control;
	struct slot *slot = &load->slots[index];
	struct worker w;

	atomic_store(&slot->tid, (int32_t)syscall(SYS_gettid));
	set_up(load, index);
	atomic_store(&slot->phase, TASK_READY);
	wait_for_release(control);
	worker_start(&w, load, index, control->release_ns);
	load->kind->task(&w);
}

static uint64_t cpu_time(const struct worker *w)
{
	struct rusage children;
	struct timespec own;
	uint64_t ns;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
	ns = (uint64_t)own.tv_sec * NS_PER_S + (uint64_t)own.tv_nsec;
	if (w->load->kind->flags & LOAD_FORKS && !getrusage(RUSAGE_CHILDREN, &children)) {
		ns += (uint64_t)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) * NS_PER_S;
		ns += (uint64_t)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * NS_PER_US;
	}
	return ns;
}

bool worker_mark(struct worker *w, uint64_t now_ns)
{
	const struct control *control = w->control;
	struct slot *slot = w->slot;

	if (atomic_load_explicit(&slot->phase, memory_order_relaxed) < TASK_STARTED &&
	    now_ns >= control->start_ns && now_ns < control->end_ns) {
		atomic_store(&slot->cpu_start_ns, cpu_time(w));
		atomic_store(&slot->ran, 1);
		w->mark_ns = control->end_ns;
		atomic_store(&slot->phase, TASK_STARTED);
	}
	if (now_ns >= control->end_ns)
		worker_end(w);
	return now_ns < control->give_up_ns;
}

void worker_end(struct worker *w)
{
	struct slot *slot = w->slot;
	uint32_t phase = atomic_load(&slot->phase);

	if (phase == TASK_ENDED)
		return;
	/* One that was not seen in the window used no CPU in it: both times stay 0. */
	if (phase == TASK_STARTED)
		atomic_store(&slot->cpu_end_ns, cpu_time(w));
	w->mark_ns = w->control->give_up_ns;
	w->gap_ns = UINT64_MAX;
	atomic_store(&slot->phase, TASK_ENDED);
}

void worker_gap(struct worker *w, uint64_t now_ns, uint64_t gap_ns)
{
	/*
	 * What ended in the warm-up does not count. What began in it and ends in the window does,
	 * as a whole.
	 */
	if (now_ns < w->control->start_ns)
		return;
	w->gap_ns = gap_ns;
	atomic_store_explicit(&w->slot->gap_ns, gap_ns, memory_order_relaxed);
}

void worker_compute(uint64_t ns)
{
	uint64_t last = clock_now(), done = 0;

	while (done < ns) {
		uint64_t now;

		worker_spin();
		now = clock_now();

		done += now - last < LOOK_NS ? now - last : LOOK_NS;
		last = now;
	}
}

void worker_busy(struct worker *w, uint64_t turn_ns)
{
	uint64_t done = 0;

	for (;;) {
		uint64_t now, gap;

		worker_spin();
		now = clock_now();
		gap = now - w->last_ns;
		if (!worker_see(w, now))
			return;
		if (!turn_ns)
			continue;
		done += gap < LOOK_NS ? gap : LOOK_NS;
		if (done < turn_ns)
			continue;
		done = 0;
		if (worker_in_window(w, now))
			worker_count(w);
		sched_yield();
	}
}

/* 0 in the child, its pid in the parent, or -errno. */
static pid_t fork_child(struct run *run, struct load *load)
{
	pid_t parent = getpid(), pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		worker_child(parent);
		run_reset_signals();
		return 0;
	}
	if (run_add_child(run, pid, load)) {
		kill(pid, SIGKILL);
		return -ENOMEM;
	}
	return pid;
}

int worker_fork(struct load *load, unsigned int index)
{
	struct slot *slot = &load->slots[index];
	pid_t pid;

	/* Before the fork: from then on the child moves it. */
	atomic_store(&slot->phase, TASK_CREATED);
	pid = fork_child(load->run, load);
	if (pid < 0) {
		atomic_store(&slot->phase, TASK_NONE);
		return pid;
	}
	if (!pid) {
		run_task(load, index);
		_exit(0);
	}
	return 0;
}

int worker_fork_driver(struct load *load, void (*driver)(struct load *load))
{
	struct sched_param param = { .sched_priority = DRIVER_PRIORITY };
	pid_t pid = fork_child(load->run, load);

	if (pid < 0)
		return pid;
	if (pid)
		return 0;
	if (load->run->plain || sched_setscheduler(0, SCHED_FIFO, &param)) {
		struct sched_param own = { .sched_priority = load->run->priority };

		sched_setscheduler(0, load->run->policy, &own);
	}
	wait_for_release(load->run->control);
	driver(load);
	_exit(0);
}

struct thread_start {
	struct load *load;
	unsigned int index;
};

static void *thread_main(void *argument)
{
	struct thread_start *start = argument;

	run_task(start->load, start->index);
	return NULL;
}

/*
 * Ten thousand threads in a machine of 1 GiB: all stacks are one mapping without guard pages (a
 * mapping each would come near vm.max_map_count), and no huge pages, or each 2 MiB of stacks would
 * be resident for the one page that each thread touches.
 */
static void __attribute__((noreturn)) host_threads(struct load *load)
{
	long page = sysconf(_SC_PAGESIZE), least = sysconf(_SC_THREAD_STACK_MIN);
	struct thread_start *starts = calloc(load->nr_tasks, sizeof(*starts));
	pthread_attr_t attr;
	char *stacks;
	size_t size;
	int err;

	if (least < PTHREAD_STACK_MIN)
		least = PTHREAD_STACK_MIN;
	size = ((size_t)least + STACK_EXTRA + (size_t)page - 1) & ~((size_t)page - 1);
	stacks = mmap(NULL, size * load->nr_tasks, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!starts || stacks == MAP_FAILED)
		fail(load, "get memory for the threads", errno);
	/* Fails on a kernel without huge pages, where it is not needed. */
	madvise(stacks, size * load->nr_tasks, MADV_NOHUGEPAGE);

	pthread_attr_init(&attr);
	for (unsigned int i = 0; i < load->nr_tasks; i++) {
		pthread_t thread;

		starts[i] = (struct thread_start) { .load = load, .index = i };
		atomic_store(&load->slots[i].phase, TASK_CREATED);
		err = pthread_attr_setstack(&attr, stacks + size * i, size);
		if (!err)
			err = pthread_create(&thread, &attr, thread_main, &starts[i]);
		if (err) {
			fprintf(stderr,
				"scxu-load: '%s': only %u of %u threads could be created: %s "
				"(limits: "
				"kernel.threads-max, kernel.pid_max, pids.max of the cgroup, "
				"memory)\n",
				load->spec, i, load->nr_tasks, strerror(err));
			_exit(1);
		}
	}
	for (;;)
		pause();
}

static int start_threads(struct load *load)
{
	pid_t pid = fork_child(load->run, load);

	if (pid < 0)
		return pid;
	if (!pid)
		host_threads(load);
	return 0;
}

int workers_start(struct load *load)
{
	int err;

	if (!load->nr_tasks)
		return 0;
	if (load->kind->flags & LOAD_THREADS)
		return start_threads(load);
	for (unsigned int i = 0; i < load->nr_tasks; i++) {
		err = worker_fork(load, i);
		if (err) {
			fprintf(stderr,
				"scxu-load: '%s': only %u of %u processes could be created: %s\n",
				load->spec, i, load->nr_tasks, strerror(-err));
			return err;
		}
	}
	return 0;
}
