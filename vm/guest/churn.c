// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that compute while a driver changes something about them all the time: the CPUs they may
 * use, their nice value, their scheduling class. Every change catches a task in some state:
 * running, waiting in the kernel, waiting with the agent, being decided about.
 */
#include "kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "random.h"
#include "weights.h"
#include "worker.h"

enum { CHANGES, FAILURES, NO_CLASS };
enum { PERIOD_US };

/* What a change needs to know. */
struct churn {
	struct load *load;
	uint64_t random;
	pid_t real_time; /* the task that the last step made real-time, or 0 */
};

static void random_cpus(struct churn *churn, cpu_set_t *ret)
{
	const cpu_set_t *allowed = &churn->load->cpus;

	do {
		CPU_ZERO(ret);
		for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			if (CPU_ISSET(cpu, allowed) && random_next(&churn->random) & 1)
				CPU_SET(cpu, ret);
		}
	} while (!CPU_COUNT(ret));
}

static int change_cpus(struct churn *churn, pid_t tid)
{
	cpu_set_t cpus;

	random_cpus(churn, &cpus);
	return sched_setaffinity(tid, sizeof(cpus), &cpus) ? -errno : 0;
}

static int change_nice(struct churn *churn, pid_t tid)
{
	int nice = NICE_MIN + (int)random_below(&churn->random, NICE_MAX - NICE_MIN + 1);

	return setpriority(PRIO_PROCESS, (id_t)tid, nice) ? -errno : 0;
}

/*
 * Real-time for one step at most: then it would be a hog that nothing stops, which is another load.
 */
static int change_class(struct churn *churn, pid_t tid)
{
	static const int policies[] = { SCHED_OTHER, SCHED_EXT,	  SCHED_FIFO,
					SCHED_RR,    SCHED_BATCH, SCHED_IDLE };
	int policy = policies[random_below(&churn->random, sizeof(policies) / sizeof(policies[0]))];
	bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;
	struct sched_param param = { .sched_priority = 0 };

	if (churn->real_time)
		sched_setscheduler(churn->real_time, SCHED_OTHER, &param);
	churn->real_time = 0;
	param.sched_priority = real_time;
	if (sched_setscheduler(tid, policy, &param))
		return policy == SCHED_EXT && errno == EINVAL ? -ENOTSUP : -errno;
	if (real_time)
		churn->real_time = tid;
	return 0;
}

static void drive(struct load *load, int (*change)(struct churn *churn, pid_t tid))
{
	const struct control *control = load->run->control;
	uint64_t period = (uint64_t)load->option[PERIOD_US] * NS_PER_US, due = clock_now(), now;
	struct churn churn = { .load = load, .random = load->run->seed };

	for (;;) {
		uint64_t task = random_below(&churn.random, load->nr_tasks);
		pid_t tid = atomic_load(&load->slots[task].tid);
		int err;

		clock_sleep_until(due);
		now = clock_now();
		if (now >= control->give_up_ns)
			return;
		due = due + period > now ? due + period : now + period;
		/* 0: one that has not run yet; to the kernel it would mean the driver itself. */
		if (tid <= 0)
			continue;
		err = change(&churn, tid);
		if (now < control->start_ns || now >= control->end_ns)
			continue;
		atomic_fetch_add(&load->shared->counter[!err		  ? CHANGES
							: err == -ENOTSUP ? NO_CLASS
									  : FAILURES],
				 1);
	}
}

static void drive_affinity(struct load *load)
{
	drive(load, change_cpus);
}

static void drive_nice(struct load *load)
{
	drive(load, change_nice);
}

static void drive_class(struct load *load)
{
	drive(load, change_class);
}

static int start(struct load *load, void (*driver)(struct load *load))
{
	int err = workers_start(load);

	return err ? err : worker_fork_driver(load, driver);
}

static int affinity_churn_start(struct load *load)
{
	return start(load, drive_affinity);
}

static int nice_churn_start(struct load *load)
{
	return start(load, drive_nice);
}

static int class_churn_start(struct load *load)
{
	return start(load, drive_class);
}

static void churn_task(struct worker *w)
{
	worker_busy(w, 0);
}

static void churn_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	load_report_tasks(load, &sum, node);
	report_count(node, "changes", load_counter(load, CHANGES));
	report_count(node, "failures", load_counter(load, FAILURES));
	report_count(node, "no_sched_ext", load_counter(load, NO_CLASS));
}

static void churn_print(const struct load *load, FILE *out)
{
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	fprintf(out, "  %" PRIu64 " changes, %" PRIu64 " failed", load_counter(load, CHANGES),
		load_counter(load, FAILURES));
	if (load_counter(load, NO_CLASS))
		fprintf(out, "; %" PRIu64 " times to SCHED_EXT, which this kernel does not have",
			load_counter(load, NO_CLASS));
	fprintf(out, "\n");
	load_print_tasks(load, &sum, out);
}

static void churn_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	load_live_rate(load, "changes/s", head ? 0 : load_counter(load, CHANGES), now_ns, head,
		       out);
}

#define CHURN_PATHS ".{spec, TASKS, changes, failures, no_sched_ext}"

const struct load_kind affinity_churn_kind = {
	.name = "affinity-churn",
	.argument = "N",
	.about = "N computing tasks, the CPUs of one of which change at random every period "
		 "(@cpus= limits the choice)",
	.paths = CHURN_PATHS,
	.keys = { [PERIOD_US] = { "period_us", 10, 10000000, 500, "time between changes" } },
	.flags = LOAD_CPU_BOUND | LOAD_OWN_CPUS,
	.start = affinity_churn_start,
	.task = churn_task,
	.report = churn_report,
	.print = churn_print,
	.live = churn_live,
};

const struct load_kind nice_churn_kind = {
	.name = "nice-churn",
	.argument = "N",
	.about = "N computing tasks, the nice value of one of which changes at random every period "
		 "(root only)",
	.paths = CHURN_PATHS,
	.keys = { [PERIOD_US] = { "period_us", 10, 10000000, 500, "time between changes" } },
	.flags = LOAD_CPU_BOUND | LOAD_OWN_NICE,
	.start = nice_churn_start,
	.task = churn_task,
	.report = churn_report,
	.print = churn_print,
	.live = churn_live,
};

const struct load_kind class_churn_kind = {
	.name = "class-churn",
	.argument = "N",
	.about = "N computing tasks, one of which changes every period between SCHED_OTHER, BATCH, "
		 "IDLE, EXT, FIFO and "
		 "RR, real-time for one period at most (root only)",
	.paths = CHURN_PATHS,
	.keys = { [PERIOD_US] = { "period_us", 10, 10000000, 500, "time between changes" } },
	.flags = LOAD_CPU_BOUND | LOAD_OWN_CLASS,
	.start = class_churn_start,
	.task = churn_task,
	.report = churn_report,
	.print = churn_print,
	.live = churn_live,
};
