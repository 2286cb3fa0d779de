// SPDX-License-Identifier: GPL-2.0-only
/*
 * Yielders: threads that compute a little and yield, so that each of many runnable tasks gets its
 * turn after one round of all the others. How the cost of scheduling grows with their number is
 * measured with these.
 */
#include "kinds.h"

#include "worker.h"

enum { US };

static void yielders_task(struct worker *w)
{
	worker_busy(w, (uint64_t)w->load->option[US] * NS_PER_US);
}

static void yielders_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	load_report_tasks(load, &sum, node);
	report_real(node, "yields_per_s", (double)load_count(load) / load_seconds(load), 1);
}

static void yielders_print(const struct load *load, FILE *out)
{
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	load_print_tasks(load, &sum, out);
	fprintf(out, "  %.0f yields/s\n", (double)load_count(load) / load_seconds(load));
}

static void yielders_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	load_live_rate(load, "yields/s", head ? 0 : load_count(load), now_ns, head, out);
}

const struct load_kind yielders_kind = {
	.name = "yielders",
	.argument = "N",
	.about = "N threads with small stacks, each computes a little and yields",
	.paths = ".{spec, TASKS, yields_per_s}",
	.keys = { [US] = { "us", 1, 1000000, 100, "how long to compute before each yield" } },
	.flags = LOAD_CPU_BOUND | LOAD_THREADS,
	.task = yielders_task,
	.report = yielders_report,
	.print = yielders_print,
	.live = yielders_live,
};
