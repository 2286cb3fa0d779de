// SPDX-License-Identifier: GPL-2.0-only
/*
 * scxu-load: puts loads on the CPUs and says what their tasks got: shares, gaps, wake-up latency,
 * rates.
 *
 * One static program without dependencies, for a guest that has nothing but busybox. This file is
 * the command line and the frame of the report; run.c conducts a run, worker.c makes and observes
 * tasks, and each kind of load has a file of its own (kinds.c lists them).
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "help.h"
#include "run.h"
#include "spec.h"

#define GETS_MAX    64
#define LOADS_MAX   32
#define SECONDS_MAX 86400.0

enum exit_status { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 130 };

struct settings {
	struct run run;
	struct load loads[LOADS_MAX];
	const char *gets[GETS_MAX];
	unsigned int nr_gets;
	const char *output;
	double probe_seconds; /* 0: no probe */
	pid_t pid; /* 0: none */
	bool json;
	bool table;
	bool paths;
};

/* Where the table goes; global for run_window()'s callback. */
static FILE *table_out;

enum option_id {
	OPTION_SECONDS = 's',
	OPTION_WARMUP = 'w',
	OPTION_JSON = 'j',
	OPTION_TABLE = 't',
	OPTION_GET = 'g',
	OPTION_OUTPUT = 'o',
	OPTION_HELP = 'h',
	OPTION_TAIL = 256,
	OPTION_READY,
	OPTION_SEED,
	OPTION_NO_RT,
	OPTION_PATHS,
	OPTION_PROBE_IDLE,
	OPTION_PID,
};

static const struct option_row option_rows[] = {
	{ "seconds", OPTION_SECONDS, "S", "length of the window of measurement (5)" },
	{ "warmup", OPTION_WARMUP, "S", "how long the loads run before it (0.5)" },
	{ "tail", OPTION_TAIL, "S",
	  "how long they go on after it at most, until each task was seen again (2)" },
	{ "ready", OPTION_READY, "S",
	  "how long to wait at most for all tasks to be ready before the release (10)" },
	{ "json", OPTION_JSON, NULL, "the report as one line of JSON" },
	{ "get", OPTION_GET, "PATH",
	  "print 'PATH value' from the report, and nothing else; repeatable" },
	{ "paths", OPTION_PATHS, NULL,
	  "list all PATHs that the report of these LOADs will have, and run nothing" },
	{ "table", OPTION_TABLE, NULL,
	  "a line each second: what happened since the start of the window" },
	{ "output", OPTION_OUTPUT, "FILE",
	  "the report (not the table) goes there instead of standard output" },
	{ "seed", OPTION_SEED, "N", "for everything random (1)" },
	{ "no-rt", OPTION_NO_RT, NULL,
	  "scxu-load itself and the drivers of churns stay out of the real-time class" },
	{ "probe-idle", OPTION_PROBE_IDLE, "S", "no loads: watch the machine for S seconds" },
	{ "pid", OPTION_PID, "PID",
	  "with --probe-idle: and the wake-ups and CPU time of that process" },
	{ "help", OPTION_HELP, NULL, "this text" },
};
#define NR_OPTIONS (sizeof(option_rows) / sizeof(option_rows[0]))

__attribute__((format(printf, 1, 2))) static int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "scxu-load: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nscxu-load: --help tells more\n");
	va_end(args);
	return EXIT_USAGE;
}

static int parse_seconds(const char *option, const char *text, double min, double *ret)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (errno || end == text || *end || !(value >= min && value <= SECONDS_MAX))
		return usage_error("--%s '%s' is not a number of seconds from %g to %g", option,
				   text, min, SECONDS_MAX);
	*ret = value;
	return EXIT_DONE;
}

static int parse_whole(const char *option, const char *text, int64_t min, int64_t max, int64_t *ret)
{
	char error[SPEC_ERROR_SIZE], what[32];

	snprintf(what, sizeof(what), "--%s", option);
	if (spec_number(text, strlen(text), min, max, what, ret, error, sizeof(error)))
		return usage_error("%s", error);
	return EXIT_DONE;
}

static int take_option(struct settings *settings, int id, const char *value)
{
	struct run *run = &settings->run;
	int64_t number = 0;
	int status;

	switch (id) {
	case OPTION_SECONDS:
		return parse_seconds("seconds", value, 0.001, &run->seconds);
	case OPTION_WARMUP:
		return parse_seconds("warmup", value, 0, &run->warmup);
	case OPTION_TAIL:
		return parse_seconds("tail", value, 0, &run->tail);
	case OPTION_READY:
		return parse_seconds("ready", value, 0, &run->ready_limit);
	case OPTION_PROBE_IDLE:
		return parse_seconds("probe-idle", value, 0.001, &settings->probe_seconds);
	case OPTION_SEED:
		status = parse_whole("seed", value, 0, INT32_MAX, &number);
		run->seed = (uint64_t)number;
		return status;
	case OPTION_PID:
		status = parse_whole("pid", value, 1, INT32_MAX, &number);
		settings->pid = (pid_t)number;
		return status;
	case OPTION_GET:
		if (settings->nr_gets == GETS_MAX)
			return usage_error("more than %d --get", GETS_MAX);
		settings->gets[settings->nr_gets++] = value;
		return EXIT_DONE;
	case OPTION_OUTPUT:
		settings->output = value;
		return EXIT_DONE;
	case OPTION_JSON:
		settings->json = true;
		return EXIT_DONE;
	case OPTION_TABLE:
		settings->table = true;
		return EXIT_DONE;
	case OPTION_PATHS:
		settings->paths = true;
		return EXIT_DONE;
	case OPTION_NO_RT:
		run->plain = true;
		return EXIT_DONE;
	default:
		/* getopt_long() has said what is wrong. */
		fprintf(stderr, "scxu-load: --help tells more\n");
		return EXIT_USAGE;
	}
}

static int parse_loads(struct settings *settings, char **specs, int n)
{
	struct run *run = &settings->run;
	char error[SPEC_ERROR_SIZE];

	if (n > LOADS_MAX)
		return usage_error("more than %d loads", LOADS_MAX);
	for (int i = 0; i < n; i++) {
		if (spec_parse(specs[i], &run->cpus, &settings->loads[i], error, sizeof(error)))
			return usage_error("bad load '%s': %s", specs[i], error);
	}
	run->loads = settings->loads;
	run->nr_loads = (unsigned int)n;
	spec_name_loads(run->loads, run->nr_loads);
	return EXIT_DONE;
}

/* EXIT_DONE with *ret_help unset means: go on. */
static int parse_command_line(struct settings *settings, int argc, char **argv, bool *ret_help)
{
	struct option options[NR_OPTIONS + 1] = { { 0 } };
	char letters[2 * NR_OPTIONS + 1], *at = letters;
	int id, status;

	for (size_t i = 0; i < NR_OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];

		options[i] = (struct option) { row->name,
					       row->value ? required_argument : no_argument, NULL,
					       row->id };
		if (row->id >= 256)
			continue;
		*at++ = (char)row->id;
		if (row->value)
			*at++ = ':';
	}
	*at = '\0';
	while ((id = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (id == OPTION_HELP) {
			*ret_help = true;
			return EXIT_DONE;
		}
		status = take_option(settings, id, optarg);
		if (status)
			return status;
	}
	if (settings->json && settings->nr_gets)
		return usage_error("--json and --get exclude one another");
	if (settings->pid && !settings->probe_seconds)
		return usage_error("--pid goes with --probe-idle");
	if (settings->probe_seconds && (optind < argc || settings->table))
		return usage_error("--probe-idle takes neither loads nor --table");
	if (!settings->probe_seconds && optind == argc)
		return usage_error("no loads given; try: scxu-load hogs:4x0,4x19 sleeper:1000");
	return parse_loads(settings, argv + optind, argc - optind);
}

static double cpu_s_of(const struct load *load)
{
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	return (double)sum.cpu_ns / NS_PER_S;
}

static double loads_cpu_s(const struct run *run)
{
	double cpu_s = 0;

	for (unsigned int i = 0; i < run->nr_loads; i++)
		cpu_s += cpu_s_of(&run->loads[i]);
	return cpu_s;
}

/*
 * A task that computes all the time could use a CPU; one that mostly sleeps could use what it did
 * use, and no more. NaN when none computes all the time.
 */
static double loads_used(const struct run *run)
{
	double could = 0, total = run->nr_cpus * run->seconds;
	bool any = false;

	for (unsigned int i = 0; i < run->nr_loads; i++) {
		const struct load *load = &run->loads[i];

		if (load->kind->flags & LOAD_CPU_BOUND) {
			could += fmin(load->nr_tasks, load_cpus(load)) * run->seconds;
			any = true;
		} else {
			could += cpu_s_of(load);
		}
	}
	return any ? loads_cpu_s(run) / fmin(could, total) : NAN;
}

static struct report *build_report(const struct run *run, const struct run_window_result *window)
{
	struct report *root = report_create(), *machine;

	report_real(root, "seconds", run->seconds, 3);
	report_real(root, "warmup_s", run->warmup, 3);
	report_count(root, "cpus", run->nr_cpus);
	report_count(root, "failed", run->failed);
	machine = report_object(root, "machine");
	machine_report(&window->start, &window->end, machine);
	report_real(machine, "loads_cpu_s", loads_cpu_s(run), 6);
	report_real(machine, "loads_used", loads_used(run), 5);
	for (unsigned int i = 0; i < run->nr_loads; i++)
		run->loads[i].kind->report(&run->loads[i], root);
	return root;
}

static void print_machine(const struct machine_sample *from, const struct machine_sample *to,
			  FILE *out)
{
	double seconds = (double)(to->at_ns - from->at_ns) / NS_PER_S;

	fprintf(out,
		"  used %.4f of its CPU time; %.1f context switches/s, %.1f forks/s; load average "
		"%.2f %.2f %.2f\n",
		machine_used(from, to),
		(double)(to->context_switches - from->context_switches) / seconds,
		(double)(to->forks - from->forks) / seconds, to->load_average[0],
		to->load_average[1], to->load_average[2]);
	if (from->has_psi && to->has_psi)
		fprintf(out, "  CPU pressure (some): %" PRIu64 " us in this time, avg10 %.2f %%\n",
			to->psi_us - from->psi_us, to->psi_avg10);
	else
		fprintf(out, "  CPU pressure: this kernel does not tell\n");
}

static void print_report(const struct run *run, const struct run_window_result *window, FILE *out)
{
	double used = loads_used(run);

	fprintf(out, "window of %.3f s after %.3f s of warm-up, %u CPUs\n", run->seconds,
		run->warmup, run->nr_cpus);
	for (unsigned int i = 0; i < run->nr_loads; i++) {
		fprintf(out, "\n%s\n", run->loads[i].spec);
		run->loads[i].kind->print(&run->loads[i], out);
	}
	fprintf(out, "\nmachine\n");
	print_machine(&window->start, &window->end, out);
	fprintf(out, "  the loads used %.3f s of CPU", loads_cpu_s(run));
	if (isfinite(used))
		fprintf(out, ", %.4f of what they could", used);
	fprintf(out, "\n");
}

static FILE *open_output(const struct settings *settings)
{
	FILE *out = settings->output ? fopen(settings->output, "we") : stdout;

	if (!out)
		fprintf(stderr, "scxu-load: cannot write '%s': %s\n", settings->output,
			strerror(errno));
	return out;
}

static int close_output(FILE *out)
{
	bool bad = ferror(out);

	if (out == stdout ? fflush(out) : fclose(out))
		bad = true;
	if (bad)
		fprintf(stderr, "scxu-load: cannot write the report: %s\n", strerror(errno));
	return bad ? EXIT_FAILED : EXIT_DONE;
}

/* Before the run, so that a misspelt path costs no time. */
static int check_gets(const struct settings *settings, const struct report *root)
{
	for (unsigned int i = 0; i < settings->nr_gets; i++) {
		const struct report *node = report_find(root, settings->gets[i]);

		if (!node)
			return usage_error("--get '%s': the report of these loads will have no "
					   "such value (see --paths)",
					   settings->gets[i]);
		if (!report_is_value(node))
			return usage_error("--get '%s' is not one value but several (see --paths)",
					   settings->gets[i]);
	}
	return EXIT_DONE;
}

/* The forms that are made from the tree; false when the report is to be in words. */
static bool print_tree(const struct settings *settings, const struct report *root, FILE *out)
{
	for (unsigned int i = 0; i < settings->nr_gets; i++) {
		fprintf(out, "%s ", settings->gets[i]);
		report_value(report_find(root, settings->gets[i]), out);
		putc('\n', out);
	}
	if (settings->json)
		report_json(root, out);
	return settings->json || settings->nr_gets;
}

static void table_line(const struct run *run, uint64_t now_ns, bool head)
{
	if (head)
		fprintf(table_out, "%7s", "time_s");
	else
		fprintf(table_out, "%7.1f", (double)(now_ns - run->control->start_ns) / NS_PER_S);
	for (unsigned int i = 0; i < run->nr_loads; i++) {
		if (run->loads[i].kind->live)
			run->loads[i].kind->live(&run->loads[i], now_ns, head, table_out);
	}
	putc('\n', table_out);
	fflush(table_out);
}

static void table_row(const struct run *run, uint64_t now_ns)
{
	table_line(run, now_ns, false);
}

static int conduct(struct settings *settings, struct run_window_result *window)
{
	struct run *run = &settings->run;
	int err, stop_err;

	err = run_start(run);
	if (!err) {
		if (settings->table)
			table_line(run, 0, true);
		err = run_window(run, settings->table ? table_row : NULL, window);
	}
	stop_err = run_stop(run);
	if (err == -EINTR) {
		fprintf(stderr, "scxu-load: interrupted\n");
		return EXIT_INTERRUPTED;
	}
	if (err && err != -ECHILD)
		fprintf(stderr, "scxu-load: the run failed: %s\n", strerror(-err));
	if (stop_err)
		run->failed = true;
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int run_loads(struct settings *settings)
{
	struct run_window_result window = { 0 };
	struct run *run = &settings->run;
	struct report *root;
	int status, err;
	FILE *out;

	err = run_prepare(run);
	if (err) {
		fprintf(stderr, "scxu-load: cannot get shared memory: %s\n", strerror(-err));
		return EXIT_FAILED;
	}
	root = build_report(run, &window);
	status = check_gets(settings, root);
	if (!status && settings->paths)
		report_paths(root, stdout);
	report_destroy(root);
	if (status || settings->paths)
		return status;

	out = open_output(settings);
	if (!out)
		return EXIT_FAILED;
	table_out = out == stdout && (settings->json || settings->nr_gets) ? stderr : stdout;
	status = conduct(settings, &window);
	if (!status) {
		root = build_report(run, &window);
		if (settings->table && table_out == out)
			putc('\n', out);
		if (!print_tree(settings, root, out))
			print_report(run, &window, out);
		report_destroy(root);
	}
	err = close_output(out);
	if (!status)
		status = run->failed ? EXIT_FAILED : err;
	return status;
}

/* What --probe-idle found. */
struct probe {
	struct run_window_result window;
	struct process_sample before;
	struct process_sample after;
};

static struct report *build_probe_report(const struct settings *settings, const struct probe *probe)
{
	struct report *root = report_create(), *node;
	uint64_t wakeups = probe->after.voluntary - probe->before.voluntary;

	report_real(root, "seconds", settings->probe_seconds, 3);
	report_count(root, "cpus", settings->run.nr_cpus);
	machine_report(&probe->window.start, &probe->window.end, report_object(root, "machine"));
	if (!settings->pid)
		return root;
	node = report_object(root, "process");
	report_number(node, "pid", settings->pid);
	report_count(node, "threads", probe->after.threads);
	report_count(node, "wakeups", wakeups);
	report_real(node, "wakeups_per_s", (double)wakeups / settings->probe_seconds, 2);
	report_count(node, "preemptions", probe->after.involuntary - probe->before.involuntary);
	report_real(node, "cpu_ms",
		    (double)(probe->after.cpu_ns - probe->before.cpu_ns) / NS_PER_MS, 3);
	return root;
}

static void print_probe(const struct settings *settings, const struct probe *probe, FILE *out)
{
	const struct process_sample *before = &probe->before, *after = &probe->after;

	fprintf(out, "watched for %.3f s, %u CPUs\n\nmachine\n", settings->probe_seconds,
		settings->run.nr_cpus);
	print_machine(&probe->window.start, &probe->window.end, out);
	if (!settings->pid)
		return;
	fprintf(out, "\nprocess %d, %u threads\n", (int)settings->pid, after->threads);
	fprintf(out, "  %" PRIu64 " wake-ups (%.2f/s), %" PRIu64 " preemptions, %.3f ms of CPU\n",
		after->voluntary - before->voluntary,
		(double)(after->voluntary - before->voluntary) / settings->probe_seconds,
		after->involuntary - before->involuntary,
		(double)(after->cpu_ns - before->cpu_ns) / NS_PER_MS);
}

/*
 * Looks at the process inside of the machine's window, so that its own reading is not counted
 * there.
 */
static int take_probe(const struct settings *settings, struct probe *probe)
{
	uint64_t until;
	int err = 0;

	if (settings->pid)
		err = process_sample(settings->pid, &probe->before);
	if (!err)
		err = machine_sample(&probe->window.start);
	if (err)
		return err;
	until = probe->window.start.at_ns + (uint64_t)(settings->probe_seconds * NS_PER_S);
	clock_sleep_until(until);
	err = machine_sample(&probe->window.end);
	if (!err && settings->pid)
		err = process_sample(settings->pid, &probe->after);
	return err;
}

static int run_probe(struct settings *settings)
{
	struct probe probe = { 0 };
	struct report *root = build_probe_report(settings, &probe);
	int status = check_gets(settings, root), err;
	FILE *out;

	if (!status && settings->paths)
		report_paths(root, stdout);
	report_destroy(root);
	if (status || settings->paths)
		return status;

	err = take_probe(settings, &probe);
	if (err) {
		if (err == -ESRCH)
			fprintf(stderr, "scxu-load: there is no process %d\n", (int)settings->pid);
		else
			fprintf(stderr, "scxu-load: cannot read /proc: %s\n", strerror(-err));
		return EXIT_FAILED;
	}
	out = open_output(settings);
	if (!out)
		return EXIT_FAILED;
	root = build_probe_report(settings, &probe);
	if (!print_tree(settings, root, out))
		print_probe(settings, &probe, out);
	report_destroy(root);
	return close_output(out);
}

int main(int argc, char **argv)
{
	static struct settings settings = {
		.run = { .seconds = 5, .warmup = 0.5, .tail = 2, .ready_limit = 10, .seed = 1 },
	};
	bool want_help = false;
	int status, err;

	err = run_init(&settings.run);
	if (err) {
		fprintf(stderr, "scxu-load: cannot learn what CPUs there are: %s\n",
			strerror(-err));
		return EXIT_FAILED;
	}
	status = parse_command_line(&settings, argc, argv, &want_help);
	if (status)
		return status;
	if (want_help) {
		help_print(option_rows, NR_OPTIONS);
		return EXIT_DONE;
	}
	return settings.probe_seconds > 0 ? run_probe(&settings) : run_loads(&settings);
}
