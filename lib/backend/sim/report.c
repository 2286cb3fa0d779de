// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What came out: for each task and class the CPU share beside the ideal of the
 * weights, waits, switches.
 *
 * The ideal is the fluid one: at each instant the online CPUs are divided among the
 * runnable tasks by weight, none getting more than one CPU. All tasks of a nice get
 * the same, so a running sum for each nice is enough: a task's part is what the sum
 * has grown by while it was runnable. That is for tasks that never sleep. One that
 * sleeps or ends has done what it wanted to: its ideal is what it ran, and how well it
 * was served is told by its waits. Affinity is not in it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* --- the ideal ----------------------------------------------------------------------- */

/* Who is worth so much of a CPU makes good only slowly for what it once loses. */
#define NEARLY_A_CPU 0.8

/* Whether some would get more than a CPU, or nearly one. */
static bool ideal_rates(struct scxu_sim *m)
{
	double cpus = __builtin_popcountll(m->online_mask), weights = 0;
	bool capped = true, any = false;
	unsigned int n;

	for (n = 0; n < NICE_LEVELS; n++)
		weights += (double)m->runnable[n] * weight_of_nice((int)n - 20);
	/* the heaviest first: who would get more than a CPU leaves the rest to others */
	for (n = 0; n < NICE_LEVELS; n++) {
		double weight = weight_of_nice((int)n - 20), rate;

		if (!m->runnable[n])
			continue;
		rate = cpus > 0 ? weight * cpus / weights : 0;
		any |= rate >= NEARLY_A_CPU;
		if (capped && rate >= 1) {
			rate = 1;
			cpus -= m->runnable[n];
			weights -= m->runnable[n] * weight;
		} else {
			capped = false;
		}
		m->ideal_rate[n] = (uint32_t)(rate * (1u << 24));
	}
	return any;
}

void ideal_update(struct scxu_sim *m)
{
	uint64_t passed = m->now - m->ideal_at;
	unsigned int n;

	m->ideal_at = m->now;
	if (!passed)
		return;
	if (ideal_rates(m))
		m->ideal_capped += passed;
	for (n = 0; n < NICE_LEVELS; n++)
		if (m->runnable[n])
			m->ideal_time[n] += passed * m->ideal_rate[n] >> 24;
}

void ideal_join(struct scxu_sim *m, struct task *t)
{
	ideal_update(m);
	m->runnable[t->nice + 20]++;
	t->ideal_from = m->ideal_time[t->nice + 20];
}

void ideal_leave(struct scxu_sim *m, struct task *t)
{
	ideal_update(m);
	m->runnable[t->nice + 20]--;
	t->ideal += m->ideal_time[t->nice + 20] - t->ideal_from;
}

uint64_t ideal_of(const struct scxu_sim *m, const struct task *t)
{
	uint64_t ideal = t->ideal;

	if (t->where != SLEEPS && t->where != DEAD)
		ideal += m->ideal_time[t->nice + 20] - t->ideal_from;
	return t->slept ? t->runtime : ideal;
}

/* --- sums ------------------------------------------------------------------------------ */

struct sum {
	double runtime, ideal; /* ideal: of those that sleep or have ended */
	double fluid; /* of those that never slept */
	uint64_t switches, tasks;
};

static struct sum sum_task(const struct scxu_sim *m, const struct task *t)
{
	double ideal = (double)ideal_of(m, t);

	return (struct sum) {
		.runtime = (double)t->runtime,
		.ideal = t->slept ? ideal : 0,
		.fluid = t->slept ? 0 : ideal,
		.switches = t->switches,
		.tasks = 1,
	};
}

static void add(struct sum *to, const struct sum *one)
{
	to->runtime += one->runtime;
	to->ideal += one->ideal;
	to->fluid += one->fluid;
	to->switches += one->switches;
	to->tasks += one->tasks;
}

/* Those that have ended were added to the class then. */
static struct sum sum_class(const struct scxu_sim *m, unsigned int class)
{
	const struct class *c = &m->classes[class];
	struct sum sum = {
		.runtime = (double)c->runtime,
		.ideal = (double)c->ideal,
		.switches = c->switches,
	};
	unsigned int i;

	for (i = 0; i < m->nr_tasks; i++) {
		struct sum one;

		if (m->tasks[i]->class != class || m->tasks[i]->where == DEAD)
			continue;
		one = sum_task(m, m->tasks[i]);
		add(&sum, &one);
	}
	sum.tasks = c->tasks;
	return sum;
}

static struct sum sum_all(const struct scxu_sim *m)
{
	struct sum all = { 0 }, one;
	unsigned int i;

	for (i = 0; i < m->workload->nr_programs; i++) {
		one = sum_class(m, i);
		add(&all, &one);
	}
	return all;
}

static double part(double of, double all)
{
	return all > 0 ? of / all : 0;
}

static double share(const struct sum *sum, const struct sum *all)
{
	return part(sum->runtime, all->runtime);
}

static double ideal_share(const struct sum *sum, const struct sum *all)
{
	double rest = all->runtime > all->ideal ? all->runtime - all->ideal : 0;

	return part(sum->ideal + part(sum->fluid, all->fluid) * rest, all->runtime);
}

/* --- text and JSON ----------------------------------------------------------------------- */

static void text_line(FILE *to, const char *name, const struct sum *sum, const struct sum *all,
		      const struct waits *w)
{
	fprintf(to, "%-20s %8.3f %8.3f %10.3f %10.3f %10.3f %9" PRIu64 "\n", name,
		100 * share(sum, all), 100 * ideal_share(sum, all),
		(double)waits_percentile(w, 50) / 1e6, (double)waits_percentile(w, 99) / 1e6,
		(double)w->max / 1e6, sum->switches);
}

static void json_line(FILE *to, const struct sum *sum, const struct sum *all, const struct waits *w)
{
	fprintf(to,
		"\"runtime_ns\": %.0f, \"share\": %.6f, \"ideal\": %.6f, "
		"\"wait_p50_ns\": %llu, \"wait_p99_ns\": %llu, \"wait_max_ns\": %llu, "
		"\"waits\": %llu, \"switches\": %" PRIu64 "}",
		sum->runtime, share(sum, all), ideal_share(sum, all), waits_percentile(w, 50),
		waits_percentile(w, 99), w->max, w->count, sum->switches);
}

/* Names come from a file: any byte may be in them. */
static void json_name(FILE *to, const char *name)
{
	for (; *name; name++) {
		if ((unsigned char)*name < ' ' || *name == '"' || *name == '\\')
			fprintf(to, "\\u%04x", (unsigned char)*name);
		else
			fputc(*name, to);
	}
}

static void report_text(const struct scxu_sim *m, FILE *to, const struct sum *all)
{
	unsigned int i;

	fprintf(to, "%-20s %8s %8s %10s %10s %10s %9s\n", "task", "share/%", "ideal/%", "p50/ms",
		"p99/ms", "max/ms", "switches");
	for (i = 0; i < m->nr_tasks; i++) {
		const struct task *t = m->tasks[i];
		struct sum one = sum_task(m, t);
		char name[32];

		if (!t->waits)
			continue;
		snprintf(name, sizeof(name), "%.15s-%d", t->comm, t->pid);
		text_line(to, name, &one, all, t->waits);
	}
	fprintf(to, "\n%-20s %8s %8s %10s %10s %10s %9s\n", "class", "share/%", "ideal/%", "p50/ms",
		"p99/ms", "max/ms", "switches");
	for (i = 0; i < m->workload->nr_programs; i++) {
		struct sum one = sum_class(m, i);
		char class[CLASS_LEN], name[64];

		workload_class_name(m->workload, i, class);
		snprintf(name, sizeof(name), "%s (%" PRIu64 ")", class, one.tasks);
		text_line(to, name, &one, all, &m->classes[i].waits);
	}
}

static void report_json(const struct scxu_sim *m, FILE *to, const struct sum *all)
{
	const char *comma = "";
	unsigned int i;

	fprintf(to, "  \"tasks\": [");
	for (i = 0; i < m->nr_tasks; i++) {
		const struct task *t = m->tasks[i];
		struct sum one = sum_task(m, t);

		if (!t->waits)
			continue;
		fprintf(to, "%s\n    {\"name\": \"", comma);
		json_name(to, t->comm);
		fprintf(to, "\", \"pid\": %d, \"nice\": %d, ", t->pid, t->nice);
		json_line(to, &one, all, t->waits);
		comma = ",";
	}
	comma = "";
	fprintf(to, "\n  ],\n  \"classes\": [");
	for (i = 0; i < m->workload->nr_programs; i++) {
		struct sum one = sum_class(m, i);
		char class[CLASS_LEN];

		workload_class_name(m->workload, i, class);
		fprintf(to, "%s\n    {\"name\": \"", comma);
		json_name(to, class);
		fprintf(to, "\", \"tasks\": %" PRIu64 ", ", one.tasks);
		json_line(to, &one, all, &m->classes[i].waits);
		comma = ",";
	}
	fprintf(to, "\n  ],\n");
}

static uint64_t total(const struct scxu_sim *m, unsigned int counter)
{
	uint64_t sum = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++)
		sum += m->kcpus[cpu].counters[counter];
	return sum;
}

void scxu_sim_report(const struct scxu_sim *m, FILE *to, bool json)
{
	static const char *const names[] = {
#define X(name, text) #name,
		SCXU_COUNTERS(X)
#undef X
	};
	uint64_t capacity = m->now * m->o.nr_cpus, idle = 0;
	struct sum all;
	unsigned int i;

	ideal_update((struct scxu_sim *)m);
	all = sum_all(m);
	for (i = 0; i < m->o.nr_cpus; i++) {
		idle += m->cpus[i].idle_ns;
		if (m->cpus[i].idle)
			idle += m->now - m->cpus[i].idle_since;
	}
	if (!json) {
		report_text(m, to, &all);
		fprintf(to,
			"\nCPUs: tasks %.2f %%, agent %.2f %%, idle %.2f %%; agent: %" PRIu64
			" activations, %" PRIu64 " decisions; events: %" PRIu64 "\n",
			100 * part(all.runtime, (double)capacity),
			100 * part((double)m->agent.task.runtime, (double)capacity),
			100 * part((double)idle, (double)capacity), m->agent.activations,
			scxu_engine_counts(m->sched)->decided, m->events);
		if (m->failed_forks)
			fprintf(to, "forks that failed: %" PRIu64 ", as there were %u tasks\n",
				m->failed_forks, m->nr_tasks);
		for (i = 0; i < SCXU_NR_COUNTERS; i++)
			if (total(m, i))
				fprintf(to, "%s%s=%" PRIu64, i ? " " : "", names[i], total(m, i));
		fputc('\n', to);
		return;
	}
	fprintf(to, "{\n  \"time_ns\": %" PRIu64 ",\n  \"cpus\": %u,\n", m->now, m->o.nr_cpus);
	report_json(m, to, &all);
	fprintf(to,
		"  \"agent\": {\"runtime_ns\": %" PRIu64 ", \"activations\": %" PRIu64
		", \"decisions\": %" PRIu64 "},\n  \"idle_ns\": %" PRIu64
		",\n  \"failed_forks\": %" PRIu64 ",\n  \"events\": %" PRIu64
		",\n  \"counters\": {",
		m->agent.task.runtime, m->agent.activations, scxu_engine_counts(m->sched)->decided,
		idle, m->failed_forks, m->events);
	for (i = 0; i < SCXU_NR_COUNTERS; i++)
		fprintf(to, "%s\"%s\": %" PRIu64, i ? ", " : "", names[i], total(m, i));
	fprintf(to, "}\n}\n");
}

/* What the value of a note is. */
static void put_value(FILE *to, const struct happened *h)
{
	if (!strcmp(h->what, "runs"))
		fprintf(to, ", for %.3f ms at most", (double)h->value / 1e6);
	else if (!strcmp(h->what, "nice"))
		fprintf(to, " %d from now on", (int)h->value);
	else if (!strcmp(h->what, "affinity"))
		fprintf(to, " %#" PRIx64 " from now on", h->value);
	else if (!strcmp(h->what, "has decided"))
		fprintf(to, " %" PRIu64 " tasks", h->value);
	else if (!strcmp(h->what, "is refused"))
		fprintf(to, " %" PRIu64 " decisions", h->value);
	else if (!strcmp(h->what, "floor takes over"))
		fprintf(to, ": the agent is %s", scxu_floor_reason((uint32_t)h->value));
}

static void put_event(FILE *to, const struct happened *h)
{
	fprintf(to, "%14.6f ms", (double)h->at / 1e6);
	if (h->cpu >= 0)
		fprintf(to, "  CPU %-2d", h->cpu);
	if (h->pid == AGENT_PID)
		fprintf(to, "  agent    ");
	else if (h->pid)
		fprintf(to, "  task %d", h->pid);
	fprintf(to, "  %s", h->what);
	put_value(to, h);
	if (h->times > 1)
		fprintf(to, ", %" PRIu64 " times in a row", h->times);
	fputc('\n', to);
}

/* What led to it may be long before the last events of all: those of the task, up to these. */
static void put_task_events(const struct scxu_sim *m, const struct task *t, FILE *to)
{
	uint64_t i = t->nr_happened > TASK_EVENTS ? t->nr_happened - TASK_EVENTS : 0;
	uint64_t until = m->happened[m->first_happened % LAST_EVENTS].at;
	bool any = false;

	for (; i < t->nr_happened; i++) {
		const struct happened *h = &t->happened[i % TASK_EVENTS];

		if (h->at >= until)
			break;
		put_event(to, h);
		any = true;
	}
	if (any)
		fprintf(to, "           ...\n");
}

void scxu_sim_last_events(const struct scxu_sim *m, FILE *to)
{
	uint64_t i;

	for (i = 0; i < 2 && m->concerned[i]; i++)
		put_task_events(m, m->concerned[i], to);
	for (i = m->first_happened; i < m->nr_happened; i++)
		put_event(to, &m->happened[i % LAST_EVENTS]);
}
