// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that wake up by a timer: sleepers, one after the other, and bursts, all at once. How late
 * they are is how long a woken task waits for a CPU.
 *
 * All dues lie on a grid that begins with the window, or each at random after its place there
 * (@jitter), so how many wake-ups are expected is known beforehand. One who sleeps past further
 * dues skips those. The lateness of the wake-ups that took place therefore flatters a scheduler
 * that delivers few of them, which is why it is also kept over all dues, those slept through among
 * them.
 */
#include "kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/prctl.h>

#include "random.h"
#include "sleeper.h"
#include "spec.h"
#include "worker.h"

#define PERIOD_MAX_US 3600000000LL

enum { SLEEPER_PERIOD_NS };
enum { SLEEPER_SLACK_US, SLEEPER_JITTER };
enum { BURST_PERIOD_US, BURST_US };

/* PERIOD_US[xN] */
static int sleeper_parse(struct load *load, const char *argument, char *error, size_t size)
{
	size_t period_len = strcspn(argument, "x");
	int64_t period, tasks = 1;

	if (spec_number(argument, period_len, 10, PERIOD_MAX_US, "the period in us", &period, error,
			size))
		return -EINVAL;
	if (argument[period_len] &&
	    spec_number(argument + period_len + 1, strlen(argument + period_len + 1), 1,
			LOAD_TASKS_MAX, "the number of sleepers", &tasks, error, size))
		return -EINVAL;
	load->argument[SLEEPER_PERIOD_NS] = (uint64_t)period * NS_PER_US;
	load->nr_tasks = (unsigned int)tasks;
	return 0;
}

/* The dues of a task: @first is the first of the window. */
struct grid {
	uint64_t first;
	uint64_t period;
};

static struct grid sleeper_grid(const struct load *load, unsigned int index)
{
	uint64_t period = load->argument[SLEEPER_PERIOD_NS];

	/* Spread over the period: sleepers are not meant to be a burst. */
	return (struct grid) {
		.first = load->run->control->start_ns + period / load->nr_tasks * index,
		.period = period,
	};
}

static struct grid burst_grid(const struct load *load, unsigned int index)
{
	(void)index;
	return (struct grid) {
		.first = load->run->control->start_ns,
		.period = (uint64_t)load->option[BURST_PERIOD_US] * NS_PER_US,
	};
}

/* The first due after @now, also in the warm-up. */
static uint64_t first_due(struct grid grid, uint64_t now)
{
	if (now >= grid.first)
		return grid.first + ((now - grid.first) / grid.period + 1) * grid.period;
	return grid.first - (grid.first - now - 1) / grid.period * grid.period;
}

/* How many dues the tasks have together in the window. */
static uint64_t expected(const struct load *load,
			 struct grid (*grid_of)(const struct load *, unsigned int))
{
	uint64_t start = load->run->control->start_ns, end = load->run->control->end_ns, sum = 0;

	for (unsigned int i = 0; i < load->nr_tasks && end > start; i++) {
		struct grid grid = grid_of(load, i);

		if (grid.first < end)
			sum += (end - grid.first - 1) / grid.period + 1;
	}
	return sum;
}

uint64_t sleeper_due(uint64_t place, uint64_t period, unsigned int jitter, uint64_t seed)
{
	uint64_t random = seed ^ place / period;

	return place + (jitter ? random_below(&random, period) * jitter / 100 : 0);
}

static uint64_t due_of(const struct load *load, unsigned int index, uint64_t place)
{
	return sleeper_due(place - load->run->control->start_ns, load->argument[SLEEPER_PERIOD_NS],
			   (unsigned int)load->option[SLEEPER_JITTER],
			   (load->run->seed * LOAD_TASKS_MAX + index) << 32) +
	       load->run->control->start_ns;
}

/* The lateness at @now of all dues from @place on that have come and lie in the window. */
static void record_dues(struct load *load, unsigned int index, uint64_t place, uint64_t now)
{
	const struct control *control = load->run->control;
	uint64_t period = load->argument[SLEEPER_PERIOD_NS], due;

	for (; place < control->end_ns && (due = due_of(load, index, place)) <= now;
	     place += period)
		if (place >= control->start_ns)
			histogram_record(&load->shared->latency2, now - due);
}

static void sleeper_task(struct worker *w)
{
	struct load *load = w->load;
	struct grid grid = sleeper_grid(load, w->index);
	uint64_t place = first_due(grid, clock_now()), now;
	uint64_t slack = (uint64_t)load->option[SLEEPER_SLACK_US] * NS_PER_US;

	/*
	 * The kernel's 50 µs would be added to every wake-up and hide the scheduler's part. 0 would
	 * mean the default.
	 */
	prctl(PR_SET_TIMERSLACK, slack ? slack : 1);
	for (;;) {
		uint64_t due = due_of(load, w->index, place);

		atomic_store(&w->slot->last_ns, place);
		clock_sleep_until(due);
		now = clock_now();
		if (worker_in_window(w, place)) {
			histogram_record(&load->shared->latency, now - due);
			worker_count(w);
		}
		record_dues(load, w->index, place, now);
		/* the last that can have come, and then those that have */
		place += (now - place) / grid.period * grid.period;
		if (due_of(load, w->index, place) <= now)
			place += grid.period;
		if (!worker_due(w, now))
			return;
		/* Without this, one with a long period would be waited for in the tail. */
		if (place >= w->control->end_ns)
			worker_end(w);
	}
}

/*
 * For tasks still asleep when the tail ended: what they are due for (its place on the grid), or the
 * first due if they never ran at all.
 */
static uint64_t pending_due(const struct load *load, unsigned int index, struct grid grid)
{
	uint64_t due = atomic_load(&load->slots[index].last_ns);

	return due > load->run->control->release_ns ? due : grid.first;
}

static void sleeper_settle(struct load *load, uint64_t now_ns)
{
	const struct control *control = load->run->control;

	for (unsigned int i = 0; i < load->nr_tasks; i++) {
		uint64_t place = pending_due(load, i, sleeper_grid(load, i));
		uint64_t due = due_of(load, i, place);

		if (atomic_load(&load->slots[i].phase) == TASK_ENDED || due > now_ns)
			continue;
		if (place >= control->start_ns && place < control->end_ns)
			histogram_record(&load->shared->latency, now_ns - due);
		record_dues(load, i, place, now_ns);
	}
}

static void report_wakeups(const struct load *load, struct report *node, uint64_t nr_expected)
{
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	report_count(node, "tasks", sum.tasks);
	report_real(node, "cpu_s", (double)sum.cpu_ns / NS_PER_S, 6);
	report_count(node, "expected", nr_expected);
	report_count(node, "delivered", load_count(load));
	report_count(node, "unfinished", sum.unfinished);
	report_percentiles(node, "lateness_us", &load->shared->latency, NS_PER_US);
}

static void print_wakeups(const struct load *load, FILE *out, uint64_t nr_expected)
{
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	fprintf(out, "  %" PRIu64 " of %" PRIu64 " wake-ups delivered\n", load_count(load),
		nr_expected);
	load_print_latency("lateness of those", &load->shared->latency, out);
	if (sum.unfinished)
		fprintf(out, "  %u of %u tasks had not run again when the tail ended\n",
			sum.unfinished, sum.tasks);
}

static void sleeper_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);

	report_real(node, "period_us", (double)load->argument[SLEEPER_PERIOD_NS] / NS_PER_US, 0);
	report_wakeups(load, node, expected(load, sleeper_grid));
	report_percentiles(node, "due_lateness_us", &load->shared->latency2, NS_PER_US);
}

static void sleeper_print(const struct load *load, FILE *out)
{
	print_wakeups(load, out, expected(load, sleeper_grid));
	load_print_latency("of all dues, also missed", &load->shared->latency2, out);
}

static void sleeper_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	(void)now_ns;
	load_live_latency(head ? NULL : &load->shared->latency, head, out);
}

static void burst_task(struct worker *w)
{
	struct load *load = w->load;
	struct grid grid = burst_grid(load, w->index);
	uint64_t due = first_due(grid, clock_now()), now;

	prctl(PR_SET_TIMERSLACK, 1UL);
	for (;;) {
		uint64_t woken;

		atomic_store(&w->slot->last_ns, due);
		clock_sleep_until(due);
		woken = clock_now();
		if (!worker_due(w, woken))
			return;
		worker_compute((uint64_t)load->option[BURST_US] * NS_PER_US);
		now = clock_now();
		if (worker_in_window(w, due)) {
			histogram_record(&load->shared->latency, woken - due);
			histogram_record(&load->shared->latency2, now - due);
			worker_count(w);
		}
		due += ((now - due) / grid.period + 1) * grid.period;
		if (due >= w->control->end_ns)
			worker_end(w);
	}
}

static void burst_settle(struct load *load, uint64_t now_ns)
{
	const struct control *control = load->run->control;

	for (unsigned int i = 0; i < load->nr_tasks; i++) {
		uint64_t due = pending_due(load, i, burst_grid(load, i));

		if (atomic_load(&load->slots[i].phase) == TASK_ENDED || due > now_ns)
			continue;
		if (due < control->start_ns || due >= control->end_ns)
			continue;
		/*
		 * It may have been woken and not be through: then only the second is true, and the
		 * first too high.
		 */
		histogram_record(&load->shared->latency, now_ns - due);
		histogram_record(&load->shared->latency2, now_ns - due);
	}
}

static void burst_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);

	report_wakeups(load, node, expected(load, burst_grid));
	report_percentiles(node, "completion_us", &load->shared->latency2, NS_PER_US);
}

static void burst_print(const struct load *load, FILE *out)
{
	print_wakeups(load, out, expected(load, burst_grid));
	load_print_latency("through after", &load->shared->latency2, out);
}

#define SLEEPER_PATHS                                                        \
	".{spec, period_us, tasks, cpu_s, expected, delivered, unfinished, " \
	"lateness_us.PERCENTILES, "                                          \
	"due_lateness_us.PERCENTILES (all dues, those slept through included)}"
#define SLEEPER_KEYS                                                           \
	{ [SLEEPER_SLACK_US] = { "slack_us", 0, 1000000, 0,                    \
				 "timer slack (the kernel's default is 50)" }, \
	  [SLEEPER_JITTER] = { "jitter", 0, 100, 0,                            \
			       "each is due up to N % of the period later, at random" } }

const struct load_kind sleeper_kind = {
	.name = "sleeper",
	.argument = "PERIOD_US[xN]",
	.about = "N tasks (1), each woken by a timer every PERIOD_US: how late do they run?",
	.paths = SLEEPER_PATHS,
	.keys = SLEEPER_KEYS,
	.parse = sleeper_parse,
	.task = sleeper_task,
	.settle = sleeper_settle,
	.report = sleeper_report,
	.print = sleeper_print,
	.live = sleeper_live,
};

const struct load_kind sleeper_threads_kind = {
	.name = "sleeper-threads",
	.argument = "PERIOD_US[xN]",
	.about = "the same as threads of one process, with small stacks",
	.paths = SLEEPER_PATHS,
	.keys = SLEEPER_KEYS,
	.flags = LOAD_THREADS,
	.parse = sleeper_parse,
	.task = sleeper_task,
	.settle = sleeper_settle,
	.report = sleeper_report,
	.print = sleeper_print,
	.live = sleeper_live,
};

const struct load_kind burst_kind = {
	.name = "burst",
	.argument = "N",
	.about = "N tasks which a timer wakes all at the same moment, and which then compute",
	.paths = ".{spec, tasks, cpu_s, expected, delivered, unfinished, lateness_us.PERCENTILES "
		 "(woken to running), completion_us.PERCENTILES (woken to through)}",
	.keys = {
		[BURST_PERIOD_US] = { "period_us", 100, PERIOD_MAX_US, 20000, "between bursts" },
		[BURST_US] = { "us", 1, 1000000, 500, "how long each computes" },
	},
	.task = burst_task,
	.settle = burst_settle,
	.report = burst_report,
	.print = burst_print,
	.live = sleeper_live,
};
