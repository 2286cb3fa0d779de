// SPDX-License-Identifier: GPL-2.0-only
/*
 * From what the tasks left in their slots to what a load reports.
 */
#include "load.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"

unsigned int load_cpus(const struct load *load)
{
	return (unsigned int)CPU_COUNT(&load->cpus);
}

uint64_t load_counter(const struct load *load, unsigned int index)
{
	return atomic_load_explicit(&load->shared->counter[index], memory_order_relaxed);
}

uint64_t load_count(const struct load *load)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < load->nr_tasks; i++)
		count += atomic_load_explicit(&load->slots[i].count, memory_order_relaxed);
	return count;
}

static int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void load_summarize(const struct load *load, unsigned int first, unsigned int n,
		    struct summary *ret)
{
	struct summary sum = { 0 };
	uint64_t *cpu = calloc(n ? n : 1, sizeof(*cpu));

	for (unsigned int i = first; i < first + n; i++) {
		struct slot *slot = &load->slots[i];
		uint32_t phase = atomic_load(&slot->phase);
		uint64_t gap = atomic_load(&slot->gap_ns);

		if (phase == TASK_NONE)
			continue;
		if (cpu)
			cpu[sum.tasks] = atomic_load(&slot->cpu_end_ns) -
					 atomic_load(&slot->cpu_start_ns);
		sum.cpu_ns += atomic_load(&slot->cpu_end_ns) - atomic_load(&slot->cpu_start_ns);
		sum.tasks++;
		sum.never_ran += !atomic_load(&slot->ran);
		sum.unfinished += phase != TASK_ENDED;
		if (gap > sum.gap_ns)
			sum.gap_ns = gap;
	}
	if (cpu && sum.tasks) {
		qsort(cpu, sum.tasks, sizeof(*cpu), compare_ns);
		sum.cpu_min_ns = cpu[0];
		/* Of an even number, the mean of the two in the middle. */
		sum.cpu_median_ns = (cpu[(sum.tasks - 1) / 2] + cpu[sum.tasks / 2]) / 2;
		sum.cpu_max_ns = cpu[sum.tasks - 1];
	}
	free(cpu);
	*ret = sum;
}

struct report *load_object(const struct load *load, struct report *root)
{
	struct report *node = report_object(root, load->key);

	report_text(node, "spec", load->spec);
	return node;
}

double load_used(const struct load *load, uint64_t cpu_ns)
{
	unsigned int cpus = load_cpus(load);

	if (cpus > load->nr_tasks)
		cpus = load->nr_tasks;
	return (double)cpu_ns / NS_PER_S / load_seconds(load) / cpus;
}

void load_report_tasks(const struct load *load, const struct summary *sum, struct report *node)
{
	struct report *cpu;

	report_count(node, "tasks", sum->tasks);
	report_real(node, "cpu_s", (double)sum->cpu_ns / NS_PER_S, 6);
	report_real(node, "used", load_used(load, sum->cpu_ns), 5);
	cpu = report_object(node, "task_cpu_ms");
	report_real(cpu, "min", (double)sum->cpu_min_ns / NS_PER_MS, 3);
	report_real(cpu, "median", (double)sum->cpu_median_ns / NS_PER_MS, 3);
	report_real(cpu, "max", (double)sum->cpu_max_ns / NS_PER_MS, 3);
	report_real(node, "longest_gap_ms", (double)sum->gap_ns / NS_PER_MS, 3);
	report_count(node, "never_ran", sum->never_ran);
	report_count(node, "unfinished", sum->unfinished);
	report_count(node, "not_ready", load->not_ready);
}

void load_print_tasks(const struct load *load, const struct summary *sum, FILE *out)
{
	fprintf(out, "  tasks: %u, which used %.3f s of CPU, %.4f of what they could\n", sum->tasks,
		(double)sum->cpu_ns / NS_PER_S, load_used(load, sum->cpu_ns));
	fprintf(out, "  CPU of one: min %.3f, median %.3f, max %.3f ms; longest gap %.3f ms%s\n",
		(double)sum->cpu_min_ns / NS_PER_MS, (double)sum->cpu_median_ns / NS_PER_MS,
		(double)sum->cpu_max_ns / NS_PER_MS, (double)sum->gap_ns / NS_PER_MS,
		sum->unfinished ? " or more" : "");
	if (sum->never_ran)
		fprintf(out, "  %u never ran in the window\n", sum->never_ran);
	if (sum->unfinished)
		fprintf(out, "  %u had not run again when the tail ended\n", sum->unfinished);
	if (load->not_ready)
		fprintf(out, "  %u had not run yet when all were let go\n", load->not_ready);
}

void load_print_latency(const char *what, const struct histogram *h, FILE *out)
{
	fprintf(out, "  %-28s p50 %10.1f   p99 %10.1f   max %10.1f us   (%" PRIu64 ")\n", what,
		(double)histogram_percentile(h, 5000) / NS_PER_US,
		(double)histogram_percentile(h, 9900) / NS_PER_US,
		(double)histogram_max(h) / NS_PER_US, histogram_count(h));
}

void load_live_latency(const struct histogram *h, bool head, FILE *out)
{
	if (head)
		fprintf(out, " %8s %8s %8s", "p50_us", "p99_us", "max_us");
	else
		fprintf(out, " %8.0f %8.0f %8.0f",
			(double)histogram_percentile(h, 5000) / NS_PER_US,
			(double)histogram_percentile(h, 9900) / NS_PER_US,
			(double)histogram_max(h) / NS_PER_US);
}

void load_live_rate(const struct load *load, const char *name, uint64_t count, uint64_t now_ns,
		    bool head, FILE *out)
{
	if (head)
		fprintf(out, " %11s", name);
	else
		fprintf(out, " %11.0f",
			(double)count * NS_PER_S / (double)(now_ns - load->run->control->start_ns));
}
