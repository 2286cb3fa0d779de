// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generated runs: machines, workloads, faults and options that a seed makes, for each
 * policy. A run that violates an invariant is shrunk (fewer words, shorter, fewer
 * CPUs, fewer options) and told as a command.
 *
 *	sim-generated --help
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <scxu/loader.h>
#include <scxu/log.h>
#include "cli/options.h"
#include "lib/backend/sim/sim.h"

#include "tests/unit/unit.h"

#define WORDS_MAX 6u

static const char *policy_name;
static const uint64_t *policy_values; /* of its options */

struct run {
	const struct scxu_policy_ops *policy;
	unsigned int cpus, seed, ms, hz, max_tasks, batch;
	unsigned int topology[SCXU_SIM_LEVELS];
	unsigned int nr_words;
	char words[WORDS_MAX][48];
	unsigned int fault_from, fault_to; /* ms; equal: none */
	unsigned int off_cpu, off_from, off_to;
	bool exact, shared_clock, affinity_agent, idle_kernel, standing, check_all;
};

static void make_word(uint64_t *seed, char *word, size_t size, unsigned int cpus)
{
	unsigned int n = 1 + unit_below(seed, 6), few = 1 + unit_below(seed, 3), len;

	switch (unit_below(seed, 12)) {
	case 0:
	case 1:
		snprintf(word, size, "hogs:%ux%d", n, (int)unit_below(seed, 40) - 20);
		break;
	case 2:
		snprintf(word, size, "sleeper:%uusx%u", 100 + unit_below(seed, 5000), few);
		break;
	case 3:
		snprintf(word, size, "periodic:%uus/%uusx%u", 100 + unit_below(seed, 3000),
			 4000 + unit_below(seed, 20000), few);
		break;
	case 4:
		snprintf(word, size, "pingpong:%u", few);
		break;
	case 5:
		snprintf(word, size, "locks:%u", 1 + n);
		break;
	case 6:
		snprintf(word, size, "forks:%u", few);
		break;
	case 7:
		snprintf(word, size, "bursts:%u", n);
		break;
	case 8:
		snprintf(word, size, "yielders:%u", few);
		break;
	default:
		snprintf(word, size, "churn:%uus", 300 + unit_below(seed, 5000));
		return;
	}
	len = (unsigned int)strlen(word);
	if (!unit_below(seed, 4))
		snprintf(word + len, size - len, "@cpus=%u", unit_below(seed, cpus));
	else if (!unit_below(seed, 6))
		snprintf(word + len, size - len, "@cpus=0-%u", unit_below(seed, cpus));
}

/* A way to make that many CPUs of nodes, caches, cores: any factor may be at any level. */
static void make_topology(uint64_t *seed, unsigned int cpus, unsigned int *levels)
{
	unsigned int factor, i;

	for (i = 0; i < SCXU_SIM_LEVELS; i++)
		levels[i] = 1;
	for (factor = 2; cpus > 1; factor++)
		for (; cpus % factor == 0; cpus /= factor)
			levels[unit_below(seed, SCXU_SIM_LEVELS)] *= factor;
}

static struct run make(uint64_t number, const struct scxu_policy_ops *policy)
{
	uint64_t seed = number * 0x9e3779b97f4a7c15ull;
	struct run r = { .policy = policy };
	unsigned int i;

	r.cpus = 1 + unit_below(&seed, unit_below(&seed, 8) ? 6 : 32);
	r.seed = unit_below(&seed, 1000000);
	r.ms = 20 + unit_below(&seed, unit_below(&seed, 6) ? 300 : 4000);
	r.hz = unit_below(&seed, 3) ? 250 : 1000;
	r.max_tasks = unit_below(&seed, 12) ? 1024 : 64;
	/* the fewer in stock, the more a policy holds */
	r.batch = unit_below(&seed, 2) ? 8 : 1 + unit_below(&seed, 8);
	/* a limit of the kernel part: on its only CPU an agent is asked anew for each decision */
	if (r.cpus == 1 && r.batch == 1)
		r.batch = 2;
	r.exact = !unit_below(&seed, 3);
	r.shared_clock = !unit_below(&seed, 4);
	r.affinity_agent = unit_below(&seed, 2);
	r.idle_kernel = !unit_below(&seed, 4);
	r.standing = !unit_below(&seed, 4) && policy->stands;
	r.check_all = r.ms <= 100 && !unit_below(&seed, 4);
	if (unit_below(&seed, 2))
		make_topology(&seed, r.cpus, r.topology);
	r.nr_words = 1 + unit_below(&seed, WORDS_MAX);
	for (i = 0; i < r.nr_words; i++)
		make_word(&seed, r.words[i], sizeof(r.words[i]), r.cpus);
	if (!unit_below(&seed, 5)) {
		r.fault_from = unit_below(&seed, r.ms);
		r.fault_to = r.fault_from + 1 + unit_below(&seed, r.ms);
	}
	if (r.cpus > 1 && !unit_below(&seed, 5)) {
		r.off_cpu = unit_below(&seed, r.cpus);
		r.off_from = unit_below(&seed, r.ms);
		r.off_to = r.off_from + 1 + unit_below(&seed, r.ms);
	}
	return r;
}

static void workload_text(const struct run *r, char *text, size_t size)
{
	unsigned int i;

	*text = 0;
	for (i = 0; i < r->nr_words; i++)
		snprintf(text + strlen(text), size - strlen(text), "%s%s", i ? "+" : "",
			 r->words[i]);
}

static void print_command(const struct run *r)
{
	char text[512];

	workload_text(r, text, sizeof(text));
	printf("    scx_userland sim --policy %s --cpus %u --workload %s --seed %u "
	       "--duration-ms %u",
	       policy_name, r->cpus, text, r->seed, r->ms);
	if (r->topology[0])
		printf(" --topology %ux%ux%ux%u", r->topology[0], r->topology[1], r->topology[2],
		       r->topology[3]);
	if (r->hz != 250)
		printf(" --hz %u", r->hz);
	if (r->batch != 8)
		printf(" --batch %u", r->batch);
	if (r->max_tasks != 4096)
		printf(" --max-tasks %u", r->max_tasks);
	if (r->exact)
		printf(" --exact-slices");
	if (r->shared_clock)
		printf(" --shared-clock");
	if (r->affinity_agent)
		printf(" --affinity agent");
	if (r->idle_kernel)
		printf(" --idle kernel");
	if (r->standing)
		printf(" --decide standing");
	if (r->check_all)
		printf(" --check-all");
	if (r->fault_from != r->fault_to)
		printf(" --agent-fault %u:%u", r->fault_from, r->fault_to);
	if (r->off_from != r->off_to)
		printf(" --hotplug %u:%u:%u", r->off_cpu, r->off_from, r->off_to);
	printf("\n");
}

/* 0; 1: violation, which is told in why; -1: it could not be run. */
static int run(const struct run *r, char *why, size_t size, uint64_t *events)
{
	struct scxu_workload *workload = NULL;
	struct scxu_sim_options o;
	struct scxu_sim *sim = NULL;
	char text[512];
	int err;

	workload_text(r, text, sizeof(text));
	if (scxu_workload_load(text, r->cpus, &workload, why, size))
		return -1;
	scxu_sim_options_init(&o);
	o.values = policy_values;
	o.nr_cpus = r->cpus;
	o.max_tasks = r->max_tasks;
	o.batch = r->batch;
	o.seed = r->seed;
	o.hz = r->hz;
	o.duration = r->ms * 1000000ull;
	o.exact_slices = r->exact;
	o.shared_clock = r->shared_clock;
	o.affinity_agent = r->affinity_agent;
	o.idle_kernel = r->idle_kernel;
	o.standing = r->standing;
	o.check_all = r->check_all;
	memcpy(o.topology, r->topology, sizeof(o.topology));
	if (r->fault_from != r->fault_to) {
		o.nr_faults = 1;
		o.faults[0].from = r->fault_from * 1000000ull;
		o.faults[0].to = r->fault_to * 1000000ull;
	}
	if (r->off_from != r->off_to) {
		o.nr_hotplug = 1;
		o.hotplug[0].cpu = r->off_cpu;
		o.hotplug[0].from = r->off_from * 1000000ull;
		o.hotplug[0].to = r->off_to * 1000000ull;
	}
	err = scxu_sim_create(r->policy, workload, &o, &sim);
	if (!err)
		err = scxu_sim_run(sim);
	snprintf(why, size, "%s", err == -EPROTO ? scxu_sim_violation(sim) : strerror(-err));
	if (sim)
		*events += scxu_sim_events(sim);
	scxu_sim_destroy(sim);
	scxu_workload_destroy(workload);
	return err == -EPROTO ? 1 : err ? -1 : 0;
}

/* The same kind of violation: what is before the colon */
static bool fails_alike(const struct run *r, const char *why)
{
	size_t kind = strcspn(why, ":");
	uint64_t events = 0;
	char other[512];

	return run(r, other, sizeof(other), &events) == 1 && !strncmp(other, why, kind + 1);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool try(struct run *r, const struct run *smaller, const char *why)
{
	if (!fails_alike(smaller, why))
		return false;
	*r = *smaller;
	return true;
}

static void shrink(struct run *r, const char *why)
{
	double until = seconds() + 3; /* a smaller one is a help, no more */
	bool again = true;
	unsigned int i;

	while (again && seconds() < until) {
		struct run s;

		again = false;
		for (i = 0; r->nr_words > 1 && i < r->nr_words; i++) {
			s = *r;
			memmove(s.words[i], s.words[i + 1],
				(--s.nr_words - i) * sizeof(s.words[0]));
			again |= try(r, &s, why);
		}
		s = *r;
		s.fault_from = s.fault_to = 0;
		again |= r->fault_from != r->fault_to && try(r, &s, why);
		s = *r;
		s.off_from = s.off_to = 0;
		again |= r->off_from != r->off_to && try(r, &s, why);
		s = *r;
		s.exact = false;
		again |= r->exact && try(r, &s, why);
		s = *r;
		s.shared_clock = false;
		again |= r->shared_clock && try(r, &s, why);
		s = *r;
		s.idle_kernel = false;
		again |= r->idle_kernel && try(r, &s, why);
		s = *r;
		s.standing = false;
		again |= r->standing && try(r, &s, why);
		s = *r;
		s.affinity_agent = false;
		again |= r->affinity_agent && try(r, &s, why);
		s = *r;
		s.hz = 250;
		again |= r->hz != 250 && try(r, &s, why);
		s = *r;
		s.batch = 8;
		again |= r->batch != 8 && try(r, &s, why);
		s = *r;
		s.max_tasks = 4096;
		again |= r->max_tasks != 4096 && try(r, &s, why);
		s = *r;
		memset(s.topology, 0, sizeof(s.topology));
		again |= r->topology[0] && try(r, &s, why);
		s = *r;
		s.cpus--;
		memset(s.topology, 0, sizeof(s.topology));
		again |= r->cpus > 1 && s.off_cpu < s.cpus && try(r, &s, why);
		s = *r;
		s.ms = s.ms * 3 / 4;
		again |= s.ms > 5 && try(r, &s, why);
	}
}

struct config {
	const char *policy;
	unsigned int seconds, most_seconds, runs, seed;
	bool help;
};

#define AT(member) offsetof(struct config, member)

static const struct option_spec specs[] = {
	{ 'p', "policy", "POLICY", OPTION_TEXT, AT(policy), 0, 0, NULL,
	  "as that of scx_userland sim (default vruntime)" },
	{ 0, "seed", "N", OPTION_NUMBER, AT(seed), 0, ~0u, NULL, "the first run (default 1)" },
	{ 0, "runs", "N", OPTION_NUMBER, AT(runs), 0, ~0u, NULL,
	  "so many at least (default 1000)" },
	{ 0, "seconds", "SEC", OPTION_NUMBER, AT(seconds), 0, 86400, NULL,
	  "for so long at least (default 30)" },
	{ 0, "most-seconds", "SEC", OPTION_NUMBER, AT(most_seconds), 1, 86400, NULL,
	  "for so long at most (default 600)" },
	{ 'h', "help", NULL, OPTION_FLAG, AT(help), 0, 0, NULL, "print this" },
	{ 0 },
};

static void print_help(void)
{
	printf("Usage: sim-generated [OPTION...]\n"
	       "\n"
	       "Makes up machines, workloads, faults and options, a run for each number from the\n"
	       "seed on, until one violates an invariant. That one is made smaller, and told as a\n"
	       "command.\n"
	       "\n");
	options_help(specs, stdout);
	printf("\nExit status: 0; 1 a violation; 2 wrong options.\n");
}

static void log_line(enum scxu_log_level level, const char *format, va_list args)
{
	(void)level;
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int main(int argc, char **argv)
{
	struct config c = {
		.policy = "vruntime", .seconds = 30, .most_seconds = 600, .runs = 1000, .seed = 1
	};
	unsigned long runs = 0;
	struct scxu_policy *policy;
	double begin = seconds(), now = begin;
	uint64_t events = 0;
	char why[512];

	if (options_parse(specs, &c, argc, argv))
		return 2;
	if (c.help) {
		print_help();
		return 0;
	}
	policy_name = c.policy;
	scxu_log_set(log_line);
	if (scxu_policy_open(policy_name, &policy))
		return 2;
	policy_values = policy->values;
	for (; (runs < c.runs || now - begin < c.seconds) && now - begin < c.most_seconds;
	     runs++, now = seconds()) {
		struct run r = make(c.seed + runs, policy->ops);
		int err = run(&r, why, sizeof(why), &events);

		if (!err)
			continue;
		if (err > 0)
			shrink(&r, why);
		run(&r, why, sizeof(why), &events);
		printf("run %lu: %s\n", c.seed + runs, why);
		print_command(&r);
		return 1;
	}
	printf("%lu runs, %.1f million events, %.0f s\n", runs, (double)events / 1e6, now - begin);
	return 0;
}
