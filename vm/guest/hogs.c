// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU hogs: tasks that compute and watch the clock, at one or several nice values. What each gets
 * of the CPUs shows the weights at work, and the longest time that one goes without shows the
 * price.
 */
#include "kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"
#include "spec.h"
#include "weights.h"
#include "worker.h"

/*
 * A live figure for more threads than this would cost the controller a noticeable time: a file of
 * /proc each.
 */
#define LIVE_THREADS_MAX 1024

/* NxNICE[,NxNICE...]; N alone is at nice 0. */
static int hogs_parse(struct load *load, const char *argument, char *error, size_t size)
{
	const char *at = argument;

	for (;;) {
		struct load_group *group = &load->groups[load->nr_groups];
		size_t len = strcspn(at, ","), count_len = strcspn(at, "x,");
		int64_t tasks, nice = 0;

		if (load->nr_groups == LOAD_GROUPS_MAX) {
			snprintf(error, size, "there are more than %d groups", LOAD_GROUPS_MAX);
			return -EINVAL;
		}
		if (spec_number(at, count_len, 1, LOAD_TASKS_MAX, "the number of hogs", &tasks,
				error, size))
			return -EINVAL;
		if (count_len < len &&
		    spec_number(at + count_len + 1, len - count_len - 1, NICE_MIN, NICE_MAX,
				"the nice value", &nice, error, size))
			return -EINVAL;
		group->tasks = (unsigned int)tasks;
		group->nice = (int)nice;
		load->nr_groups++;
		load->nr_tasks += (unsigned int)tasks;
		if (load->nr_tasks > LOAD_TASKS_MAX) {
			snprintf(error, size, "there are more than %d tasks", LOAD_TASKS_MAX);
			return -EINVAL;
		}
		if (!at[len])
			return 0;
		at += len + 1;
	}
}

static void hogs_task(struct worker *w)
{
	worker_busy(w, 0);
}

static void ideal_shares(const struct load *load, bool scx, double *ret)
{
	struct weight_class classes[LOAD_GROUPS_MAX];

	for (unsigned int i = 0; i < load->nr_groups; i++) {
		int nice = load->groups[i].nice;

		classes[i].tasks = load->groups[i].tasks;
		/* Under SCHED_IDLE a task's weight is fixed, whatever its nice value. */
		if (load->has_policy && load->policy == SCHED_IDLE)
			classes[i].weight = 1;
		else
			classes[i].weight = scx ? weight_of_nice_scx(nice) : weight_of_nice(nice);
	}
	weights_ideal(classes, load->nr_groups, load_cpus(load), ret);
}

/* struct hogs_result - what both forms of the report are made of. */
struct hogs_result {
	struct summary all;
	struct summary groups[LOAD_GROUPS_MAX];
	double ideal[LOAD_GROUPS_MAX];
	double ideal_scx[LOAD_GROUPS_MAX];
	double share[LOAD_GROUPS_MAX];
	double largest_error;
};

static double part(uint64_t ns, const struct hogs_result *result)
{
	return result->all.cpu_ns ? (double)ns / (double)result->all.cpu_ns : 0;
}

static void summarize(const struct load *load, struct hogs_result *ret)
{
	unsigned int first = 0;

	ret->largest_error = 0;
	ideal_shares(load, false, ret->ideal);
	ideal_shares(load, true, ret->ideal_scx);
	load_summarize(load, 0, load->nr_tasks, &ret->all);
	for (unsigned int i = 0; i < load->nr_groups; i++) {
		load_summarize(load, first, load->groups[i].tasks, &ret->groups[i]);
		first += load->groups[i].tasks;
		ret->share[i] = part(ret->groups[i].cpu_ns, ret);
		if (fabs(ret->share[i] - ret->ideal[i]) > ret->largest_error)
			ret->largest_error = fabs(ret->share[i] - ret->ideal[i]);
	}
}

static void hogs_report(const struct load *load, struct report *root)
{
	struct report *groups = report_array(root, load->key), *all;
	struct hogs_result result;

	summarize(load, &result);
	for (unsigned int i = 0; i < load->nr_groups; i++) {
		struct report *node = report_object(groups, NULL), *one;
		const struct summary *sum = &result.groups[i];

		report_number(node, "nice", load->groups[i].nice);
		report_count(node, "tasks", sum->tasks);
		report_real(node, "cpu_s", (double)sum->cpu_ns / NS_PER_S, 6);
		report_real(node, "share", result.share[i], 5);
		report_real(node, "ideal", result.ideal[i], 5);
		report_real(node, "ideal_scx", result.ideal_scx[i], 5);
		report_real(node, "error", result.share[i] - result.ideal[i], 5);
		one = report_object(node, "task_share");
		report_real(one, "min", part(sum->cpu_min_ns, &result), 7);
		report_real(one, "max", part(sum->cpu_max_ns, &result), 7);
		one = report_object(node, "task_cpu_ms");
		report_real(one, "min", (double)sum->cpu_min_ns / NS_PER_MS, 3);
		report_real(one, "median", (double)sum->cpu_median_ns / NS_PER_MS, 3);
		report_real(one, "max", (double)sum->cpu_max_ns / NS_PER_MS, 3);
		report_real(node, "longest_gap_ms", (double)sum->gap_ns / NS_PER_MS, 3);
		report_count(node, "never_ran", sum->never_ran);
		report_count(node, "unfinished", sum->unfinished);
	}
	all = report_object(root, load->key_all);
	report_text(all, "spec", load->spec);
	load_report_tasks(load, &result.all, all);
	report_real(all, "largest_error", result.largest_error, 5);
}

static void hogs_print(const struct load *load, FILE *out)
{
	struct hogs_result result;

	summarize(load, &result);
	fprintf(out, "  %4s %6s %9s %7s %7s %8s %8s %8s %9s %10s\n", "nice", "tasks", "CPU s",
		"share", "ideal", "error", "one: min", "max", "gap ms", "never ran");
	for (unsigned int i = 0; i < load->nr_groups; i++) {
		const struct summary *sum = &result.groups[i];

		fprintf(out, "  %4d %6u %9.3f %7.4f %7.4f %+8.4f %8.6f %8.6f %9.1f %10u\n",
			load->groups[i].nice, sum->tasks, (double)sum->cpu_ns / NS_PER_S,
			result.share[i], result.ideal[i], result.share[i] - result.ideal[i],
			part(sum->cpu_min_ns, &result), part(sum->cpu_max_ns, &result),
			(double)sum->gap_ns / NS_PER_MS, sum->never_ran);
	}
	load_print_tasks(load, &result.all, out);
}

/* CPU time of a running task since the window began; what is not known yet counts as nothing. */
static uint64_t live_cpu_ns(const struct load *load, unsigned int index)
{
	struct slot *slot = &load->slots[index];
	uint64_t start = atomic_load(&slot->cpu_start_ns), now = 0;
	uint32_t phase = atomic_load(&slot->phase);
	pid_t tid = atomic_load(&slot->tid);
	struct timespec ts;
	clockid_t clock;

	if (phase < TASK_STARTED)
		return 0;
	if (phase == TASK_ENDED)
		return atomic_load(&slot->cpu_end_ns) - start;
	/*
	 * A process's clock is exact also while it runs; that of another process's thread cannot be
	 * read so.
	 */
	if (load->kind->flags & LOAD_THREADS)
		thread_cpu_ns(tid, &now);
	else if (!clock_getcpuclockid(tid, &clock) && !clock_gettime(clock, &ts))
		now = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	return now > start ? now - start : 0;
}

static void hogs_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	bool known = !(load->kind->flags & LOAD_THREADS) || load->nr_tasks <= LIVE_THREADS_MAX;
	uint64_t cpu[LOAD_GROUPS_MAX] = { 0 }, total = 0;
	unsigned int task = 0;

	(void)now_ns;
	for (unsigned int i = 0; i < load->nr_groups && head; i++) {
		char name[16];

		snprintf(name, sizeof(name), "nice%d", load->groups[i].nice);
		fprintf(out, " %7s", name);
	}
	if (head)
		return;

	for (unsigned int i = 0; i < load->nr_groups && known; i++) {
		for (unsigned int j = 0; j < load->groups[i].tasks; j++)
			cpu[i] += live_cpu_ns(load, task++);
		total += cpu[i];
	}
	for (unsigned int i = 0; i < load->nr_groups; i++) {
		if (total)
			fprintf(out, " %7.4f", (double)cpu[i] / (double)total);
		else
			fprintf(out, " %7s", "-");
	}
}

#define HOGS_PATHS                                                                               \
	".N.{nice, tasks, cpu_s, share, ideal, ideal_scx, error, task_share.{min,max}, "         \
	"task_cpu_ms.{min,median,max}, longest_gap_ms, never_ran, unfinished} for group N from " \
	"0; with "                                                                               \
	"_all after the name: TASKS and largest_error"

const struct load_kind hogs_kind = {
	.name = "hogs",
	.argument = "NxNICE[,NxNICE...]",
	.about = "N processes at each nice value which compute all the time: shares against "
		 "weights, gaps",
	.paths = HOGS_PATHS,
	.flags = LOAD_CPU_BOUND | LOAD_OWN_NICE,
	.parse = hogs_parse,
	.task = hogs_task,
	.report = hogs_report,
	.print = hogs_print,
	.live = hogs_live,
};

const struct load_kind hogs_threads_kind = {
	.name = "hogs-threads",
	.argument = "NxNICE[,NxNICE...]",
	.about = "the same as threads of one process, with small stacks: 10000x0 fits into 1 GiB",
	.paths = HOGS_PATHS,
	.flags = LOAD_CPU_BOUND | LOAD_OWN_NICE | LOAD_THREADS,
	.parse = hogs_parse,
	.task = hogs_task,
	.report = hogs_report,
	.print = hogs_print,
	.live = hogs_live,
};
