// SPDX-License-Identifier: GPL-2.0-only
/* scx_userland sim: runs a policy on a simulated machine. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scxu/loader.h>
#include "lib/backend/sim/sim.h"
#include "lib/policy.h"

#include "blame.h"
#include "log.h"
#include "options.h"
#include "verbs.h"

struct config {
	const char *policy;
	const char *workload;
	const char *gantt;
	const char *faults;
	const char *hotplug;
	const char *topology;
	unsigned int cpus;
	unsigned int seed;
	unsigned int duration;
	unsigned int duration_ms;
	unsigned int hz;
	unsigned int batch;
	unsigned int slice_us;
	unsigned int floor_us;
	unsigned int starve_ms;
	unsigned int max_tasks;
	unsigned int affinity;
	unsigned int idle;
	unsigned int decide;
	unsigned int wake_ns;
	unsigned int event_ns;
	unsigned int decision_ns;
	unsigned int switch_ns;
	unsigned int interrupt_ns;
	unsigned int gantt_from;
	unsigned int gantt_ms;
	bool exact_slices;
	bool shared_clock;
	bool check_all;
	bool json;
	bool help;
};

static const char *const who[] = { "kernel", "agent", NULL };
static const char *const when[] = { "ahead", "standing", NULL };

#define AT(member) offsetof(struct config, member)
#define NS_MAX	   100000000
#define NOT_GIVEN  (~0u)

static const struct option_spec specs[] = {
	{ 'p', "policy", "POLICY", OPTION_TEXT, AT(policy), 0, 0, NULL,
	  "the policy, as for run (default vruntime)" },
	{ 'c', "cpus", "N", OPTION_NUMBER, AT(cpus), 1, SCXU_SIM_MAX_CPUS, NULL,
	  "CPUs of the machine (default 4, or the topology's)" },
	{ 0, "topology", "NxLxCxT", OPTION_TEXT, AT(topology), 0, 0, NULL,
	  "nodes, last-level caches a node, cores a cache, CPUs a core: what\n"
	  "the policy is told (default: each CPU a core and a cache of its own)" },
	{ 'w', "workload", "WHAT", OPTION_TEXT, AT(workload), 0, 0, NULL,
	  "an rt-app file (*.json), or words as hogs:4x0,4x5+sleeper:1ms" },
	{ 0, "seed", "N", OPTION_NUMBER, AT(seed), 0, ~0u, NULL,
	  "same seed, same run (default 1)" },
	{ 'd', "duration", "SEC", OPTION_NUMBER, AT(duration), 1, 86400, NULL,
	  "seconds to simulate (default: the file's, or 10)" },
	{ 0, "duration-ms", "MS", OPTION_NUMBER, AT(duration_ms), 1, 86400000, NULL,
	  "likewise in ms; give one of the two" },
	{ 0, "json", NULL, OPTION_FLAG, AT(json), 0, 0, NULL, "the report as JSON" },
	{ 0, "gantt", "FILE", OPTION_TEXT, AT(gantt), 0, 0, NULL, "draw who ran where, as SVG" },
	{ 0, "gantt-from", "MS", OPTION_NUMBER, AT(gantt_from), 0, 86400000, NULL,
	  "begin of the picture (default 0; of a violation, so that it\n"
	  "ends there)" },
	{ 0, "gantt-ms", "MS", OPTION_NUMBER, AT(gantt_ms), 1, 3600000, NULL,
	  "length of the picture (default 100)" },
	{ 0, "hz", "N", OPTION_NUMBER, AT(hz), 100, 10000, NULL,
	  "ticks a second; slices end at ticks (default 250)" },
	{ 0, "exact-slices", NULL, OPTION_FLAG, AT(exact_slices), 0, 0, NULL,
	  "slices end when they end" },
	{ 0, "shared-clock", NULL, OPTION_FLAG, AT(shared_clock), 0, 0, NULL,
	  "with N CPUs busy each works at 1/N of its speed, as in an emulated guest" },
	{ 0, "hotplug", "LIST", OPTION_TEXT, AT(hotplug), 0, 0, NULL,
	  "CPU:FROM:TO[,...]: offline from FROM to TO, in ms" },
	{ 0, "agent-fault", "LIST", OPTION_TEXT, AT(faults), 0, 0, NULL,
	  "FROM:TO[,...]: the agent is stopped from FROM to TO, in ms" },
	{ 0, "agent-wake", "NS", OPTION_NUMBER, AT(wake_ns), 0, NS_MAX, NULL,
	  "CPU time of the agent to wake (default 3000)" },
	{ 0, "agent-event", "NS", OPTION_NUMBER, AT(event_ns), 1, NS_MAX, NULL,
	  "for each event (default 400)" },
	{ 0, "agent-decision", "NS", OPTION_NUMBER, AT(decision_ns), 0, NS_MAX, NULL,
	  "for each decision (default 300)" },
	{ 0, "switch-cost", "NS", OPTION_NUMBER, AT(switch_ns), 0, NS_MAX, NULL,
	  "of a context switch (default 1500)" },
	{ 0, "interrupt", "NS", OPTION_NUMBER, AT(interrupt_ns), 0, 1000000, NULL,
	  "until an interrupt arrives at another CPU (default 1000)" },
	{ 'b', "batch", "N", OPTION_NUMBER, AT(batch), 1, 4096, NULL,
	  "decisions kept in stock for CPUs that ask (default 8)" },
	{ 's', "slice-us", "US", OPTION_NUMBER, AT(slice_us), 100, 100000, NULL,
	  "longest time slice where many wait, in us (default 3000)" },
	{ 0, "floor-us", "US", OPTION_NUMBER, AT(floor_us), 500, 1000000, NULL,
	  "how late decisions may be, in us (default 4000)" },
	{ 0, "affinity", "WHO", OPTION_CHOICE, AT(affinity), 0, 0, who,
	  "who schedules tasks of limited affinity (default kernel)" },
	{ 0, "idle", "WHO", OPTION_CHOICE, AT(idle), 0, 0, who,
	  "who gives a waking task an idle CPU (default agent)" },
	{ 0, "decide", "HOW", OPTION_CHOICE, AT(decide), 0, 0, when,
	  "as for run: ahead (default) or standing" },
	{ 0, "max-tasks", "N", OPTION_NUMBER, AT(max_tasks), 64, 65536, NULL,
	  "task slots of the kernel part (default 4096, a multiple of 64)" },
	{ 0, "starve-ms", "MS", OPTION_NUMBER, AT(starve_ms), 1, 86400000, NULL,
	  "a longer wait is a violation (default: what the weights or the\n"
	  "policy's own starve_ms explain, 29000 at most)" },
	{ 0, "check-all", NULL, OPTION_FLAG, AT(check_all), 0, 0, NULL,
	  "check everything after each event, not each 10 ms: slow" },
	{ 'h', "help", NULL, OPTION_FLAG, AT(help), 0, 0, NULL, "print this" },
	{ 0 },
};

static void print_help(void)
{
	printf("Usage: scx_userland sim --workload WHAT [OPTION...]\n"
	       "\n"
	       "Runs a policy on a simulated machine, in virtual time: no root, no kernel.\n"
	       "Checks all the time what must hold; a violation ends the run with the last events\n"
	       "and the command that repeats it.\n"
	       "\n");
	options_help(specs, stdout);
	printf("\n"
	       "Words of a workload, joined by + or blanks; docs/WORKLOADS.md tells more:\n"
	       "  hogs:N[xNICE][,...]  pingpong:N  sleeper:TIME[xN]  periodic:RUN/PERIOD[xN]\n"
	       "  locks:N  forks:N  bursts:N  yielders:N  churn:TIME\n"
	       "each with @nice=N and @cpus=LIST, if need be; times as 500us, 10ms, 1s.\n"
	       "\n"
	       "Exit status: 0; 1 a violation or an error; 2 wrong options.\n");
}

/* Sets the CPUs too, where only one of the two is given. */
static int parse_topology(struct config *config, unsigned int *levels)
{
	const char *text = config->topology;
	unsigned long long cpus = 1;
	unsigned int i;

	for (i = 0; text && i < SCXU_SIM_LEVELS; i++) {
		char *end;
		unsigned long long value = strtoull(text, &end, 10);

		if (*text < '1' || *text > '9' || value > SCXU_SIM_MAX_CPUS ||
		    *end != (i + 1 < SCXU_SIM_LEVELS ? 'x' : 0))
			break;
		levels[i] = (unsigned int)value;
		cpus *= value;
		text = end + 1;
	}
	if (text && (i < SCXU_SIM_LEVELS || cpus > SCXU_SIM_MAX_CPUS)) {
		fprintf(stderr,
			"scx_userland: --topology %s: give NODESxCACHESxCORESxCPUS, as 2x1x4x2: "
			"caches of a node, cores of a cache, CPUs of a core; %u CPUs in all at "
			"most\n",
			config->topology, SCXU_SIM_MAX_CPUS);
		return -EINVAL;
	}
	if (text && config->cpus && config->cpus != cpus) {
		fprintf(stderr, "scx_userland: --topology %s has %llu CPUs, --cpus says %u\n",
			config->topology, cpus, config->cpus);
		return -EINVAL;
	}
	if (!config->cpus)
		config->cpus = text ? (unsigned int)cpus : 4;
	return 0;
}

#define SPAN_END_MS 86400000u

/* Behind CPU:FROM:TO, or FROM:TO without CPU; NULL: it is something else. */
static const char *parse_span(const char *text, bool of_cpus, unsigned long long value[3])
{
	unsigned int i;

	value[0] = 0;
	for (i = of_cpus ? 0 : 1; i < 3; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return NULL;
		value[i] = strtoull(text, &end, 10);
		if (i < 2 ? *end != ':' : *end && *end != ',')
			return NULL;
		text = end + (i < 2);
	}
	return text;
}

static int check_span(const char *option, const char *text, const unsigned long long value[3],
		      unsigned int cpus)
{
	int len = (int)strcspn(text, ",");

	if (value[0] >= cpus)
		fprintf(stderr, "scx_userland: --%s %.*s: there is no CPU %llu: CPUs are 0 to %u\n",
			option, len, text, value[0], cpus - 1);
	else if (value[1] >= value[2])
		fprintf(stderr, "scx_userland: --%s %.*s: give a FROM before TO\n", option, len,
			text);
	else if (value[2] > SPAN_END_MS)
		fprintf(stderr, "scx_userland: --%s %.*s: give a TO of %u ms at most\n", option,
			len, text, SPAN_END_MS);
	else
		return 0;
	return -EINVAL;
}

static bool overlap(const struct scxu_sim_span *a, const struct scxu_sim_span *b)
{
	return a->cpu == b->cpu && a->from < b->to && b->from < a->to;
}

static int parse_spans(const char *option, const char *text, bool of_cpus, unsigned int cpus,
		       struct scxu_sim_span *spans, unsigned int *ret)
{
	const char *all = text, *end, *given[SCXU_SIM_MAX_SPANS];
	unsigned long long value[3];
	unsigned int n = 0, i;

	for (; text; text = *end ? end + 1 : NULL) {
		end = parse_span(text, of_cpus, value);
		if (!end || n == SCXU_SIM_MAX_SPANS) {
			fprintf(stderr, "scx_userland: --%s %s: give %s[,...] in ms, %u at most\n",
				option, all, of_cpus ? "CPU:FROM:TO" : "FROM:TO",
				SCXU_SIM_MAX_SPANS);
			return -EINVAL;
		}
		if (check_span(option, text, value, cpus))
			return -EINVAL;
		given[n] = text;
		spans[n] = (struct scxu_sim_span) {
			.cpu = (unsigned int)value[0],
			.from = value[1] * 1000000,
			.to = value[2] * 1000000,
		};
		/* the end of one would end the other, too */
		for (i = 0; i < n; i++) {
			if (!overlap(&spans[i], &spans[n]))
				continue;
			fprintf(stderr,
				"scx_userland: --%s: %.*s and %.*s overlap: give one that is "
				"both\n",
				option, (int)strcspn(given[i], ","), given[i],
				(int)strcspn(text, ","), text);
			return -EINVAL;
		}
		*ret = ++n;
	}
	return 0;
}

/* As the shell wants it. */
static void print_quoted(FILE *to, const char *text)
{
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			      "-_./:,=@+")] == 0) {
		fputs(text, to);
		return;
	}
	fputc('\'', to);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", to);
		else
			fputc(*text, to);
	}
	fputc('\'', to);
}

static void say_violation(const struct scxu_sim *sim, int argc, char **argv)
{
	int i;

	fprintf(stderr, "violation: %s\nthe last events:\n", scxu_sim_violation(sim));
	scxu_sim_last_events(sim, stderr);
	fprintf(stderr, "to repeat it:\n  %s", argv[0]);
	for (i = 1; i < argc; i++) {
		fputc(' ', stderr);
		print_quoted(stderr, argv[i]);
	}
	fputc('\n', stderr);
}

/* Before the run, which may take long, and then be for nothing. */
static int open_picture(const char *file, FILE **ret)
{
	FILE *to;

	if (!file)
		return 0;
	to = fopen(file, "we");
	if (!to) {
		fprintf(stderr, "scx_userland: --gantt %s: %s\n", file, strerror(errno));
		return -EIO;
	}
	*ret = to;
	return 0;
}

/* Closes it. */
static int draw(const struct scxu_sim *sim, FILE *to, const char *file)
{
	int err = scxu_sim_gantt(sim, to);

	if (fclose(to) && !err)
		err = -errno;
	if (err == -EFBIG)
		fprintf(stderr,
			"scx_userland: --gantt %s: more than %u runs of tasks in that time: give "
			"less with --gantt-ms\n",
			file, SCXU_SIM_GANTT_RUNS);
	else if (err)
		fprintf(stderr, "scx_userland: --gantt %s: %s\n", file, strerror(-err));
	return err;
}

static const struct blame_place in_the_simulator = {
	.crash = "; the simulation ends with it",
	.loop = "; the simulation waits for it",
};

static int run(const struct scxu_sim_options *options, const struct scxu_policy_ops *policy,
	       const struct scxu_workload *workload, struct scxu_sim **ret)
{
	int err = scxu_sim_create(policy, workload, options, ret);

	return err ? err : scxu_sim_run(*ret);
}

/* The time up to a violation was not recorded: the same run once more, which ends there too. */
static int run_again(const struct scxu_sim_options *options, const struct scxu_policy_ops *policy,
		     const struct scxu_workload *workload, struct scxu_sim **sim)
{
	struct scxu_sim_options o = *options;
	uint64_t last = scxu_sim_now(*sim), length = o.gantt_to - o.gantt_from;
	int err;

	o.gantt_to = last;
	o.gantt_from = last > length ? last - length : 0;
	*sim = scxu_sim_destroy(*sim);
	err = run(&o, policy, workload, sim);
	if (err == -EPROTO && scxu_sim_now(*sim) == last)
		return 0;
	fprintf(stderr, "scx_userland: no picture: the same run ends otherwise the second time; "
			"does the policy keep anything in static variables?\n");
	return -EIO;
}

static int simulate(const struct config *config, const struct scxu_sim_options *options,
		    const struct scxu_policy_ops *ops, const struct scxu_workload *workload,
		    int argc, char **argv)
{
	const struct scxu_policy_ops *policy = blame_begin(ops, &in_the_simulator);
	struct scxu_sim *sim = NULL;
	int err, no_picture = 0;
	FILE *picture = NULL;

	if (open_picture(config->gantt, &picture))
		return 1;
	blame_watch_begin();
	err = run(options, policy, workload, &sim);
	if (err == -EPROTO)
		say_violation(sim, argc, argv);
	else if (err == -ENOMEM)
		fprintf(stderr, "scx_userland: the simulation failed: out of memory\n");
	else if (!err) /* else the policy could not start, and that was logged */
		scxu_sim_report(sim, stdout, config->json);
	if (picture && err == -EPROTO &&
	    (config->gantt_from == NOT_GIVEN || options->gantt_from >= scxu_sim_now(sim)))
		no_picture = run_again(options, policy, workload, &sim);
	if (picture && (!err || err == -EPROTO) && !no_picture)
		no_picture = draw(sim, picture, config->gantt);
	else if (picture)
		fclose(picture);
	scxu_sim_destroy(sim); /* which calls the policy, too */
	blame_watch_end();
	return err || no_picture ? 1 : 0;
}

/* --- what the options amount to ---------------------------------------------------- */

static int refuse(const char *why)
{
	fprintf(stderr, "scx_userland: %s\n", why);
	return -EINVAL;
}

static int check(const struct config *config)
{
	if (!config->workload)
		return refuse("sim needs --workload, as hogs:4x0,4x5 or a file");
	if (config->max_tasks % 64)
		return refuse("--max-tasks: give a multiple of 64");
	if (config->duration && config->duration_ms)
		return refuse("give one of --duration and --duration-ms");
	if (config->gantt && (!*config->gantt || !strcmp(config->gantt, "-")))
		return refuse("--gantt: give a file's name: standard output has the report");
	if (!config->gantt && (config->gantt_from != NOT_GIVEN || config->gantt_ms))
		return refuse(
			"--gantt-from and --gantt-ms say what --gantt FILE shows: give it too");
	return 0;
}

static uint64_t duration_of(const struct config *config, const struct scxu_workload *workload,
			    uint64_t otherwise)
{
	if (config->duration_ms)
		return config->duration_ms * 1000000ull;
	if (config->duration)
		return config->duration * 1000000000ull;
	if (scxu_workload_duration(workload))
		return scxu_workload_duration(workload) * 1000000000ull;
	return otherwise;
}

/* What begins after the end would change nothing, and yet turn off what a fault excuses. */
static int check_spans(const char *option, const struct scxu_sim_span *spans, unsigned int n,
		       bool of_cpus, uint64_t duration)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		char cpu[16] = "";

		if (spans[i].from < duration)
			continue;
		if (of_cpus)
			snprintf(cpu, sizeof(cpu), "%u:", spans[i].cpu);
		fprintf(stderr, "scx_userland: --%s %s%.0f:%.0f: the run ends at %.0f ms\n", option,
			cpu, (double)spans[i].from / 1e6, (double)spans[i].to / 1e6,
			(double)duration / 1e6);
		return -EINVAL;
	}
	return 0;
}

static int set_gantt(const struct config *config, struct scxu_sim_options *o)
{
	if (!config->gantt)
		return 0;
	if (config->gantt_from != NOT_GIVEN)
		o->gantt_from = config->gantt_from * 1000000ull;
	o->gantt_to = o->gantt_from + (config->gantt_ms ? config->gantt_ms : 100) * 1000000ull;
	if (o->gantt_from < o->duration)
		return 0;
	fprintf(stderr,
		"scx_userland: --gantt-from %u: the run ends at %.0f ms: give less, or a longer "
		"--duration\n",
		config->gantt_from, (double)o->duration / 1e6);
	return -EINVAL;
}

static void set(const struct config *config, struct scxu_sim_options *o)
{
	o->nr_cpus = config->cpus;
	o->max_tasks = config->max_tasks;
	o->batch = config->batch;
	o->hz = config->hz;
	o->exact_slices = config->exact_slices;
	o->shared_clock = config->shared_clock;
	o->affinity_agent = config->affinity == 1;
	o->idle_kernel = config->idle == 0;
	o->standing = config->decide == 1;
	o->check_all = config->check_all;
	o->seed = config->seed;
	o->slice_ns = config->slice_us * 1000ull;
	o->floor_ns = config->floor_us * 1000ull;
	o->starve_ns = config->starve_ms * 1000000ull;
	o->wake_ns = config->wake_ns;
	o->event_ns = config->event_ns;
	o->decision_ns = config->decision_ns;
	o->switch_ns = config->switch_ns;
	o->interrupt_ns = config->interrupt_ns;
}

int verb_sim(int argc, char **argv)
{
	struct config config = {
		.policy = "vruntime",
		.seed = 1,
		.hz = 250,
		.batch = 8,
		.slice_us = 3000,
		.floor_us = 4000,
		.max_tasks = 4096,
		.idle = 1,
		.wake_ns = 3000,
		.event_ns = 400,
		.decision_ns = 300,
		.switch_ns = 1500,
		.interrupt_ns = 1000,
		.gantt_from = NOT_GIVEN,
	};
	struct scxu_policy *policy = NULL;
	struct scxu_workload *workload = NULL;
	struct scxu_sim_options o;
	char error[512];
	int ret = 2;

	if (options_parse(specs, &config, argc, argv))
		return 2;
	if (config.help) {
		print_help();
		return 0;
	}
	log_to_stderr(false);
	scxu_sim_options_init(&o);
	if (parse_topology(&config, o.topology))
		return 2;
	set(&config, &o);
	if (check(&config) ||
	    parse_spans("agent-fault", config.faults, false, 1, o.faults, &o.nr_faults) ||
	    parse_spans("hotplug", config.hotplug, true, config.cpus, o.hotplug, &o.nr_hotplug))
		return 2;
	if (scxu_workload_load(config.workload, config.cpus, &workload, error, sizeof(error))) {
		fprintf(stderr, "scx_userland: %s\n", error);
		return 2;
	}
	o.duration = duration_of(&config, workload, o.duration);
	if (!check_spans("agent-fault", o.faults, o.nr_faults, false, o.duration) &&
	    !check_spans("hotplug", o.hotplug, o.nr_hotplug, true, o.duration) &&
	    !set_gantt(&config, &o) && !scxu_policy_open(config.policy, &policy) &&
	    !scxu_policy_check_standing(policy->ops, o.standing)) {
		o.values = policy->values;
		ret = simulate(&config, &o, policy->ops, workload, argc, argv);
	}
	scxu_workload_destroy(workload);
	scxu_policy_close(policy);
	return ret;
}
