// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel backend: finds the kernel part or loads it, and runs the agent's
 * thread. Protect first, attach last: by the time that the first task is handed
 * over, everything is allocated, touched and locked.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <scxu/runner.h>
#include "engine.h"
#include "log.h"
#include "part.h"
#include "policy.h"
#include "protect.h"
#include "settings.h"
#include "status.h"
#include "topology.h"

#ifndef SCHED_EXT
#define SCHED_EXT 7
#endif

#define AGENT_STACK   (256 * 1024)
#define HANDLER_STACK (64 * 1024)

struct scxu_runner {
	struct scxu_runner_options options;
	struct part part;
	bool found; /* the kernel part was there: we take over */
	int lock_fd; /* part_lock(), until attached */
	struct scxu_sched *sched;
	struct ring_buffer *bell;
	uint32_t hints; /* that the policy wants: bits 1 << enum scxu_event_kind */
	int stop_fd;  /* eventfd: the agent's thread shall end */
	int ended_fd;  /* eventfd: the kernel has ended the scheduler, or another agent comes */
	bool stop;
	bool retired; /* another agent has the kernel part, or shall have it */
	uint64_t episodes_told;
	int class_told;
	int cpus_told;
	/* the agent's thread */
	pthread_t thread;
	bool thread_runs;
	pid_t tid;  /* in our pid namespace, for /proc */
	pid_t kernel_tid; /* in the initial one, for the kernel part; 0: not known yet */
	int thread_err;
	char handler_stack[HANDLER_STACK];
	pthread_mutex_t lock; /* of the start only */
	pthread_cond_t started;
	uint64_t activations;
	uint64_t faults_before;
};

void scxu_runner_options_init(struct scxu_runner_options *o)
{
	memset(o, 0, sizeof(*o));
	o->size = sizeof(*o);
	o->max_tasks = 65536;
	o->batch = 8;
	o->slice_us = 3000;
	o->floor_us = 4000;
	o->orphan_s = 60;
}

uint32_t scxu_runner_modes(const struct scxu_runner_options *o)
{
	return (o->partial ? SCXU_MODE_PARTIAL : 0) |
	       (o->affinity_agent ? SCXU_MODE_AFFINITY_AGENT : 0) |
	       (o->idle_kernel ? SCXU_MODE_IDLE_KERNEL : 0) |
	       (o->standing ? SCXU_MODE_STANDING : 0);
}

/* --- the agent's thread ----------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts); /* vDSO: no system call */
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static int ignore_sample(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

static void agent_sleep(struct scxu_runner *r)
{
	struct scxu_agent *a = r->part.shm.agent;
	struct pollfd fds[] = {
		{ .fd = r->part.bell, .events = POLLIN },
		{ .fd = r->stop_fd, .events = POLLIN },
	};

	/*
	 * Pairs with ask_agent() of the kernel part, which pushes the event and
	 * then looks whether we sleep: one of the two sees the other.
	 */
	scxu_store(&a->sleeps, a->sleeps + 1);
	__atomic_exchange_n(&a->rest, SCXU_REST_SLEEPS, __ATOMIC_SEQ_CST);
	if (!scxu_engine_pending(r->sched) && !scxu_load(&r->stop))
		poll(fds, 2, -1);
	scxu_store(&a->rest, SCXU_REST_NONE);
	ring_buffer__consume(r->bell);
}

/*
 * What it has decided runs now. The kernel part keeps us until a CPU needs another
 * decision, and puts us there: a system call and a switch, where sleeping would cost two
 * of each and a wake-up. With nothing else to run on this CPU we are back at once.
 */
static void agent_park(struct scxu_runner *r)
{
	struct scxu_agent *a = r->part.shm.agent;

	__atomic_exchange_n(&a->rest, SCXU_REST_PARKS, __ATOMIC_SEQ_CST);
	if (!scxu_engine_pending(r->sched) && !scxu_load(&r->stop))
		sched_yield();
	scxu_store(&a->rest, SCXU_REST_NONE);
}

static void agent_loop(struct scxu_runner *r)
{
	const struct scxu_engine_counts *counts = scxu_engine_counts(r->sched);
	const struct scxu_kernel *k = r->part.shm.kernel;
	uint32_t rests = scxu_load(&k->rests), rests_before;
	bool told = false;

	protect_drop_capabilities();

	while (!scxu_load(&r->stop)) {
		LIBBPF_OPTS(bpf_test_run_opts, commit);
		uint64_t decided = counts->decided, enqueued = counts->enqueued;

		r->activations++;
		for (;;) {
			bool more = scxu_engine_pass(r->sched, now_ns());

			if (!more && !scxu_engine_pending(r->sched))
				break;
			/* We do not sleep yet: let CPUs have what is decided. */
			bpf_prog_test_run_opts(r->part.commit, &commit);
		}
		scxu_engine_settle(r->sched);
		if (scxu_load(&k->retire_tid) == r->kernel_tid) {
			scxu_store(&r->retired, true);
			eventfd_write(r->ended_fd, 1);
			return; /* from here on the memory is another's to write */
		}
		if (!told && scxu_load(&k->exited)) {
			eventfd_write(r->ended_fd, 1);
			told = true;
		}
		/*
		 * In partial mode the fair class may keep all CPUs for longer than the kernel
		 * lets a task of ours be runnable: then only what has to run may be.
		 */
		rests_before = rests;
		rests = scxu_load(&k->rests);
		if ((counts->decided != decided || counts->enqueued != enqueued) &&
		    rests == rests_before && !r->options.partial)
			agent_park(r);
		else
			agent_sleep(r);
	}
}

/* How long an agent may take to give way before it is killed, and then to be gone. */
#define RETIRE_NS 2000000000ull
#define GONE_NS	  5000000000ull

/* Tells the kernel part which thread is the agent's: the calling one. 0 or -errno, logged. */
static int enlist(struct scxu_runner *r)
{
	uint64_t begin = now_ns();
	bool killed = false;

	for (;;) {
		struct scxu_enlist_args args = { .retire = r->options.takeover, .hints = r->hints };
		LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &args, .ctx_size_in = sizeof(args));
		char comm[32] = "?", path[64];
		FILE *f;

		if (bpf_prog_test_run_opts(r->part.enlist, &run)) {
			scxu_log(SCXU_LOG_ERROR, "cannot run a program of the kernel part: %s",
				 strerror(errno));
			return -errno;
		}
		r->kernel_tid = args.tid;
		if (!args.result)
			return 0;
		if (!r->options.takeover) {
			snprintf(path, sizeof(path), "/proc/%d/comm", args.holder);
			f = fopen(path, "re");
			if (f && fgets(comm, sizeof(comm), f))
				comm[strcspn(comm, "\n")] = 0;
			if (f)
				fclose(f);
			scxu_log(SCXU_LOG_ERROR,
				 "an agent is alive: process %d (%s); end it, or take over from "
				 "it (--takeover)",
				 args.holder, comm);
			return -EBUSY;
		}
		/* it is stopped, or in an endless loop; its pid is good in the initial pid namespace */
		if (!killed && now_ns() - begin > RETIRE_NS && args.tid == r->tid && args.holder) {
			scxu_log(SCXU_LOG_WARNING, "agent %d does not give way: killing it",
				 args.holder);
			kill(args.holder, SIGKILL);
			killed = true;
		}
		if (now_ns() - begin > GONE_NS) {
			scxu_log(SCXU_LOG_ERROR,
				 "agent %d does not give way; kill it and start again",
				 args.holder);
			return -EBUSY;
		}
		nanosleep(&(struct timespec) { .tv_nsec = 2000000 }, NULL);
	}
}

static void *agent_main(void *context)
{
	struct sched_param param = { .sched_priority = 0 };
	struct scxu_runner *r = context;
	/* a policy that calls itself for ever leaves no stack for the program's handler */
	const stack_t own = { .ss_sp = r->handler_stack, .ss_size = sizeof(r->handler_stack) };
	stack_t before = { .ss_flags = SS_DISABLE };
	int err = 0;

	sigaltstack(&own, &before);
	pthread_mutex_lock(&r->lock);
	r->tid = (pid_t)syscall(SYS_gettid);
	/* In partial mode only such tasks are ours, and the agent has to be. */
	if (syscall(SYS_sched_setscheduler, 0, SCHED_EXT, &param)) {
		err = -errno;
		scxu_log(SCXU_LOG_ERROR, "cannot enter the SCHED_EXT class: %s", strerror(-err));
	} else {
		err = enlist(r);
	}
	if (!err)
		scxu_engine_begin(r->sched, r->kernel_tid);
	r->thread_err = err;
	pthread_cond_signal(&r->started);
	pthread_mutex_unlock(&r->lock);
	if (!err)
		agent_loop(r);
	sigaltstack(&before, NULL); /* a sanitizer's, which it frees by itself */
	return NULL;
}

static int start_agent(struct scxu_runner *r)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, AGENT_STACK);
	sigfillset(&all);
	/* a fault of the policy: blocked, no handler of the program would hear of it */
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_mutex_lock(&r->lock);
	err = -pthread_create(&r->thread, &attr, agent_main, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (err) {
		pthread_mutex_unlock(&r->lock);
		return err;
	}
	r->thread_runs = true;
	pthread_setname_np(r->thread, "scxu-agent");
	while (!r->tid)
		pthread_cond_wait(&r->started, &r->lock);
	err = r->thread_err;
	pthread_mutex_unlock(&r->lock);
	return err;
}

/* --- create ------------------------------------------------------------------- */

static int libbpf_print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text;
	size_t n;

	if (vasprintf(&text, format, args) < 0)
		return 0;
	n = strlen(text);
	while (n && text[n - 1] == '\n')
		text[--n] = 0;
	scxu_log(level == LIBBPF_WARN ? SCXU_LOG_WARNING : SCXU_LOG_DEBUG, "%s", text);
	free(text);
	return 0;
}

static int check_options(const struct scxu_runner_options *o)
{
	if (o->size != sizeof(*o) || o->max_tasks < 64 || o->max_tasks > SCXU_MAX_TASKS ||
	    o->max_tasks % 64 || o->batch < 1 || o->batch > SCXU_STOCK || o->slice_us < 100 ||
	    o->slice_us > 100000 || o->floor_us < 500 || o->floor_us > 1000000 ||
	    o->ext_server_ms > 1000 || o->ext_server_pct > 50)
		return -EINVAL;
	return 0;
}

/* What the running kernel part was loaded with has to be what is asked for now. */
static int check_agreement(const struct scxu_loaded *l, const struct scxu_runner_options *o)
{
	static const char *const modes[] = { "--partial", "--affinity agent", "--idle kernel",
					     "--decide standing" };
	const struct {
		const char *name;
		uint32_t is, wanted;
	} numbers[] = {
		{ "max-tasks", l->max_tasks, o->max_tasks },
		{ "slice-us", l->slice_us, o->slice_us },
		{ "floor-us", l->floor_us, o->floor_us },
		{ "orphan-s", l->orphan_s, o->orphan_s },
	};
	uint32_t differ = l->modes ^ scxu_runner_modes(o);
	int err = 0;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].is == numbers[i].wanted)
			continue;
		scxu_log(SCXU_LOG_ERROR,
			 "the loaded scheduler runs with --%s %u, and %u is asked for",
			 numbers[i].name, numbers[i].is, numbers[i].wanted);
		err = -EINVAL;
	}
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!(differ & 1u << i))
			continue;
		scxu_log(SCXU_LOG_ERROR, "the loaded scheduler runs %s %s",
			 l->modes & 1u << i ? "with" : "without", modes[i]);
		err = -EINVAL;
	}
	if (err)
		scxu_log(SCXU_LOG_ERROR,
			 "an agent takes over with the same options only; or end the loaded "
			 "scheduler first: scx_userland stop");
	return err;
}

/* The kernel part, found or loaded. 0 or -errno, having logged why. */
static int get_part(struct scxu_runner *r)
{
	int err = part_open(&r->part, true);

	if (!err) {
		r->found = true;
		return check_agreement(&r->part.shm.kernel->loaded, &r->options);
	}
	part_close(&r->part);
	if (err == -ENOENT)
		return part_load(&r->part, &r->options);
	if (err == -EPROTO)
		scxu_log(SCXU_LOG_ERROR, "a kernel part of another version is loaded: end it first "
					 "(scx_userland stop)");
	else
		scxu_log(SCXU_LOG_ERROR, "cannot open the pins in " SCXU_PINS ": %s",
			 strerror(-err));
	return err;
}

static int prepare_engine(struct scxu_runner *r, const struct scxu_policy_ops *policy)
{
	const struct scxu_shm *shm = &r->part.shm;
	struct scxu_cpu_topology *topology = topology_read("/sys/devices/system/cpu", shm->nr_cpus);
	struct scxu_engine_options engine = {
		.batch = r->options.batch,
		.slice_ns = r->options.slice_us * 1000ull,
		.values = r->options.values,
		.topology = topology,
	};
	int err;

	err = scxu_engine_prepare(policy, shm, &engine, &r->sched);
	if (err)
		scxu_log(SCXU_LOG_ERROR, "policy \"%s\" cannot start: %s", policy->name,
			 strerror(-err));
	free(topology);
	return err;
}

static void unlock(struct scxu_runner *r)
{
	if (r->lock_fd >= 0)
		close(r->lock_fd);
	r->lock_fd = -1;
}

int scxu_runner_create(const struct scxu_policy_ops *policy,
		       const struct scxu_runner_options *options, struct scxu_runner **ret)
{
	struct scxu_runner *r;
	int err = check_options(options);

	if (err) {
		scxu_log(SCXU_LOG_ERROR, "an option is out of range");
		return err;
	}
	err = scxu_policy_check(policy, "policy");
	if (!err)
		err = scxu_policy_check_standing(policy, options->standing);
	if (err)
		return err;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->options = *options;
	/* what no callback hears of costs nothing */
	r->hints = (policy->running ? 1u << SCXU_EVENT_RUNNING : 0) |
		   (policy->stopping ? 1u << SCXU_EVENT_STOPPING : 0) |
		   (policy->tick ? 1u << SCXU_EVENT_TICK : 0);
	r->stop_fd = -1;
	r->ended_fd = -1;
	part_init(&r->part);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->started, NULL);
	libbpf_set_print(libbpf_print);
	protect_lower_capabilities(false); /* a second life of the process */

	r->lock_fd = part_lock();
	err = r->lock_fd < 0 ? r->lock_fd : 0;
	if (!err)
		err = protect_memory();
	if (!err)
		err = get_part(r);
	if (err)
		goto fail;
	protect_from_oom();
	prctl(PR_SET_DUMPABLE, !options->undumpable, 0, 0, 0);
	r->bell = ring_buffer__new(r->part.bell, ignore_sample, NULL, NULL);
	r->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!r->bell || r->stop_fd < 0 || r->ended_fd < 0) {
		err = -errno;
		scxu_log(SCXU_LOG_ERROR, "cannot make event descriptors: %s", strerror(-err));
		goto fail;
	}
	/* what takes long comes before an agent that lives is asked to give way */
	err = prepare_engine(r, policy);
	if (!err)
		err = start_agent(r);
	if (err)
		goto fail;
	*ret = r;
	return 0;
fail:
	scxu_runner_destroy(r);
	return err;
}

static int cpus_of(pid_t tid)
{
	cpu_set_t *set = CPU_ALLOC(SCXU_MAX_CPUS);
	size_t size = CPU_ALLOC_SIZE(SCXU_MAX_CPUS);
	int n = -1;

	if (set && !sched_getaffinity(tid, size, set))
		n = CPU_COUNT_S(size, set);
	CPU_FREE(set);
	return n;
}

/* minflt and majflt of the agent's thread: proc(5) */
static uint64_t agent_faults(const struct scxu_runner *r)
{
	unsigned long minor = 0, major = 0;
	char path[64], line[512], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", r->tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f)) {
		p = strrchr(line, ')');
		if (p)
			sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &minor, &major);
	}
	fclose(f);
	return minor + major;
}

int scxu_runner_attach(struct scxu_runner *r)
{
	int err = 0;

	r->faults_before = agent_faults(r);
	r->episodes_told = r->part.shm.kernel->nr_episodes;
	r->class_told = sched_getscheduler(r->tid);
	r->cpus_told = cpus_of(r->tid);
	if (!r->found)
		err = part_attach(&r->part);
	/*
	 * Not those of an agent that did not give way; and afterwards, for a server that is too large
	 * beside deadline tasks is refused then, where the kernel would refuse the scheduler.
	 */
	if (!err)
		settings_change(r->options.ext_server_ms, r->options.ext_server_pct);
	unlock(r);
	protect_lower_capabilities(true);
	return err;
}

bool scxu_runner_found(const struct scxu_runner *r)
{
	return r->found;
}

bool scxu_runner_retired(const struct scxu_runner *r)
{
	return scxu_load(&r->retired);
}

int scxu_runner_fd(const struct scxu_runner *r)
{
	return r->ended_fd;
}

/* enum scx_exit_kind and the bits of an exit code: include/linux/sched/ext.h */
#define EXIT_KIND_ERROR	     1024
#define EXIT_KIND_UNREG_KERN 66
#define EXIT_CODE_RESTART    (1ull << 48)

bool scxu_runner_exit_info(struct scxu_runner *r, struct scxu_exit *ret)
{
	const struct scxu_kernel *k = r->part.shm.kernel;

	if (!scxu_load_acquire(&k->exited))
		return false;
	ret->kind = k->exit_kind;
	ret->code = k->exit_code;
	ret->error = k->exit_kind >= EXIT_KIND_ERROR;
	ret->restart = k->exit_kind == EXIT_KIND_UNREG_KERN &&
		       (uint64_t)k->exit_code & EXIT_CODE_RESTART;
	ret->reason = k->exit_reason;
	ret->message = k->exit_msg;
	ret->dump = k->exit_dump;
	return true;
}

void scxu_runner_stats(struct scxu_runner *r, struct scxu_stats *ret)
{
	struct timespec ts = { 0 };
	clockid_t clock;

	scxu_sched_stats(r->sched, ret);
	ret->activations = scxu_load(&r->activations);
	if (r->thread_runs && !pthread_getcpuclockid(r->thread, &clock))
		clock_gettime(clock, &ts);
	ret->cpu_ns = (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
	ret->faults = agent_faults(r) - r->faults_before;
}

bool scxu_runner_where(const struct scxu_runner *r, struct scxu_where *ret)
{
	return scxu_engine_where(r->sched, ret);
}

/* --- what happens to it --------------------------------------------------------- */

#define TELL_AT_ONCE 3

static void tell_episodes(struct scxu_runner *r)
{
	const struct scxu_kernel *k = r->part.shm.kernel;
	uint64_t n = scxu_load_acquire(&k->nr_episodes), told = 0;
	struct scxu_floor_episode e;
	char text[128];

	if (n - r->episodes_told > SCXU_EPISODES)
		r->episodes_told = n - SCXU_EPISODES;
	for (; r->episodes_told < n; r->episodes_told++) {
		scxu_status_episode(k, r->episodes_told, &e);
		if (!e.ended)
			break; /* it lasts */
		if (told++ >= TELL_AT_ONCE)
			continue;
		scxu_episode_text(&e, text, sizeof(text));
		scxu_log(SCXU_LOG_INFO, "the floor had the machine %s", text);
	}
	if (told > TELL_AT_ONCE)
		scxu_log(SCXU_LOG_INFO, "and %llu times more in the last second",
			 (unsigned long long)(told - TELL_AT_ONCE));
}

void scxu_runner_look(struct scxu_runner *r)
{
	int class = sched_getscheduler(r->tid), cpus = cpus_of(r->tid);

	tell_episodes(r);
	if (class != r->class_told && class >= 0)
		scxu_log(SCXU_LOG_WARNING,
			 class == SCHED_EXT ? "the agent's thread is back in the SCHED_EXT class"
					    : "somebody has put the agent's thread into scheduling "
					      "class %d (sched_setscheduler)",
			 class);
	if (cpus != r->cpus_told && cpus > 0)
		scxu_log(SCXU_LOG_WARNING,
			 "the agent's thread may use %d CPUs now, before: %d (affinity or cpuset)",
			 cpus, r->cpus_told);
	r->class_told = class;
	r->cpus_told = cpus;
}

/* --- end ---------------------------------------------------------------------- */

void scxu_runner_detach(struct scxu_runner *r)
{
	int err;

	if (scxu_runner_retired(r))
		return;
	if (r->lock_fd < 0)
		r->lock_fd = part_lock();
	protect_lower_capabilities(false);
	/* The floor has the machine until the kernel has taken it back. */
	err = part_unload(&r->part);
	protect_lower_capabilities(true);
	if (err)
		scxu_log(SCXU_LOG_ERROR, "cannot detach the scheduler: %s", strerror(-err));
	settings_restore();
	unlock(r);
}

struct scxu_runner *scxu_runner_destroy(struct scxu_runner *r)
{
	if (!r)
		return NULL;
	/* not yet attached: nobody else has use for the pins */
	if (r->part.skel)
		scxu_runner_detach(r);
	if (r->thread_runs) {
		__atomic_store_n(&r->stop, true, __ATOMIC_SEQ_CST);
		eventfd_write(r->stop_fd, 1);
		pthread_join(r->thread, NULL);
	}
	scxu_engine_destroy(r->sched);
	ring_buffer__free(r->bell);
	if (r->stop_fd >= 0)
		close(r->stop_fd);
	if (r->ended_fd >= 0)
		close(r->ended_fd);
	part_close(&r->part);
	unlock(r);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->started);
	free(r);
	return NULL;
}
