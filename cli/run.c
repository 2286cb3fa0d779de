// SPDX-License-Identifier: GPL-2.0-only
/* scx_userland [run]: runs a policy on the kernel until a signal or the kernel ends it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <scxu/loader.h>
#include <scxu/runner.h>

#include "blame.h"
#include "log.h"
#include "options.h"
#include "report.h"
#include "verbs.h"
#include "version.h"

struct config {
	const char *policy;
	unsigned int batch;
	unsigned int slice_us;
	unsigned int floor_us;
	unsigned int max_tasks;
	unsigned int stats;
	unsigned int affinity;
	unsigned int idle;
	unsigned int decide;
	unsigned int orphan_s;
	unsigned int ext_server_ms;
	unsigned int ext_server_pct;
	unsigned int dumpable;
	bool takeover;
	bool no_floor;
	bool no_affinity_check;
	bool partial;
	bool verbose;
	bool help;
	bool version;
};

static const char *const who[] = { "kernel", "agent", NULL };
static const char *const when[] = { "ahead", "standing", NULL };
static const char *const yes_no[] = { "no", "yes", NULL };

#define AT(member) offsetof(struct config, member)

static const struct option_spec specs[] = {
	{ 'p', "policy", "POLICY", OPTION_TEXT, AT(policy), 0, 0, NULL,
	  "the policy: a name (default vruntime) or the path of a shared\n"
	  "object, and its options: NAME[:OPTION=VALUE,...]; \"scx_userland\n"
	  "policies\" lists both" },
	{ 'b', "batch", "N", OPTION_NUMBER, AT(batch), 1, 4096, NULL,
	  "decisions kept in stock for CPUs that ask (default 8)" },
	{ 's', "slice-us", "US", OPTION_NUMBER, AT(slice_us), 100, 100000, NULL,
	  "longest time slice where many wait, in us (default 3000); it ends\n"
	  "at a tick" },
	{ 0, "stats", "SEC", OPTION_NUMBER, AT(stats), 1, 86400, NULL,
	  "print statistics each SEC seconds" },
	{ 0, "floor-us", "US", OPTION_NUMBER, AT(floor_us), 500, 1000000, NULL,
	  "how late decisions may be before the kernel part schedules by\n"
	  "itself, in us (default 4000)" },
	{ 0, "affinity", "WHO", OPTION_CHOICE, AT(affinity), 0, 0, who,
	  "who schedules tasks that may use some CPUs only, but two or more:\n"
	  "kernel (default) or agent" },
	{ 0, "idle", "WHO", OPTION_CHOICE, AT(idle), 0, 0, who,
	  "who gives a waking task an idle CPU: agent (default) or kernel,\n"
	  "which is faster, and no decision of the policy" },
	{ 0, "decide", "HOW", OPTION_CHOICE, AT(decide), 0, 0, when,
	  "ahead (default): each wait of a task is decided by the policy; or\n"
	  "standing: what it has said of a task is carried out in the kernel\n"
	  "part at the task's next wake-ups, which is faster" },
	{ 0, "max-tasks", "N", OPTION_NUMBER, AT(max_tasks), 64, 1048576, NULL,
	  "task slots (default 65536, a multiple of 64); tasks beyond stay in\n"
	  "the kernel part until slots are free" },
	{ 0, "takeover", NULL, OPTION_FLAG, AT(takeover), 0, 0, NULL,
	  "if an agent is alive, take over from it: an upgrade in place" },
	{ 0, "orphan-s", "SEC", OPTION_NUMBER, AT(orphan_s), 0, 86400, NULL,
	  "how long the kernel part schedules without an agent before it\n"
	  "unloads itself, in s (default 60; 0: for ever)" },
	{ 0, "ext-server-ms", "MS", OPTION_NUMBER, AT(ext_server_ms), 0, 1000, NULL,
	  "how long real-time tasks may keep all others from a CPU: the\n"
	  "period, in ms, in which the kernel (7.0 or newer) then gives these\n"
	  "their part (default 0: as the kernel has it, a second)" },
	{ 0, "ext-server-pct", "PCT", OPTION_NUMBER, AT(ext_server_pct), 0, 50, NULL,
	  "what all others then have of a CPU, in percent (default 0: as the\n"
	  "kernel has it, 5)" },
	{ 0, "dumpable", "YES", OPTION_CHOICE, AT(dumpable), 0, 0, yes_no,
	  "yes (default): core dumps and debuggers of the same user; or no" },
	{ 0, "partial", NULL, OPTION_FLAG, AT(partial), 0, 0, NULL,
	  "schedule tasks of class SCHED_EXT only" },
	{ 'v', "verbose", NULL, OPTION_FLAG, AT(verbose), 0, 0, NULL,
	  "say more: libbpf's messages, the kernel's dump at an ejection" },
	{ 'V', "version", NULL, OPTION_FLAG, AT(version), 0, 0, NULL, "print the version" },
	{ 'h', "help", NULL, OPTION_FLAG, AT(help), 0, 0, NULL, "print this" },
#ifdef SCXU_TEST_SWITCHES /* tests/vm/tools: controls */
	{ 0, "test-no-floor", NULL, OPTION_FLAG, AT(no_floor), 0, 0, NULL, "for tests" },
	{ 0, "test-no-affinity-check", NULL, OPTION_FLAG, AT(no_affinity_check), 0, 0, NULL,
	  "for tests" },
#endif
	{ 0 },
};

static void print_help(void)
{
	printf("Usage: scx_userland [run] [OPTION...]\n"
	       "\n"
	       "Schedules this machine's tasks in user space: a small BPF part hands waiting\n"
	       "tasks to this process, which decides who runs next. Ends with SIGINT or\n"
	       "SIGTERM; the kernel's own scheduler then takes over. If it is killed, the BPF\n"
	       "part goes on by itself, and another scx_userland takes over. Needs root and a "
	       "kernel\n"
	       "with sched_ext (6.12 or newer, CONFIG_SCHED_CLASS_EXT).\n"
	       "\n");
	options_help(specs, stdout);
	printf("\nOther verbs (scx_userland VERB --help tells more):\n");
	verbs_help(stdout);
	printf("\n"
	       "Columns of --stats: enqueues to user space and kept in the kernel a second, and\n"
	       "events that found their ring full; the policy's enqueues, decisions and refused\n"
	       "decisions; tasks waiting, of these on their way to the policy, and held by it;\n"
	       "decisions per agent activation; decisions dropped as stale or bounced; waits from\n"
	       "enqueue to running; CPU use of the agent's thread; who is in charge.\n"
	       "\n"
	       "Exit status: 0 ended by a signal or by the kernel without error; 1 an error or an\n"
	       "ejection; 2 wrong options.\n");
}

static const struct blame_place on_the_kernel = {
	.crash = "; the machine goes on without it",
	.loop = "; the kernel part schedules meanwhile",
};

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Until a signal or the end. Returns true when the kernel has ended it. */
static bool watch(struct scxu_runner *runner, const struct config *config, int signals)
{
	double begin = seconds_now(), last = begin, next = begin + config->stats;
	struct scxu_stats before, now;
	struct scxu_exit info;
	unsigned int line = 0;
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = scxu_runner_fd(runner), .events = POLLIN },
	};

	scxu_runner_stats(runner, &before);
	for (;;) {
		double wait = config->stats ? next - seconds_now() : 1.0;

		/* a hung agent's thread cannot tell of the end: look each second */
		if (wait > 1.0)
			wait = 1.0;
		poll(fds, 2, wait > 0 ? (int)(wait * 1000) + 1 : 0);
		if (fds[0].revents)
			return false;
		if (scxu_runner_exit_info(runner, &info) || scxu_runner_retired(runner))
			return true;
		scxu_runner_look(runner);
		blame_watch();
		if (config->stats && seconds_now() >= next) {
			double t = seconds_now();

			scxu_runner_stats(runner, &now);
			report_interval(stdout, &before, &now, t - last, line++);
			before = now;
			last = t;
			while (next <= t)
				next += config->stats;
		}
	}
}

/* With it init() begins, and with its end exit(): on this thread, which cannot watch then. */
static int create(const struct scxu_policy_ops *policy, const struct scxu_runner_options *options,
		  struct scxu_runner **ret)
{
	int err;

	blame_watch_begin();
	err = scxu_runner_create(policy, options, ret);
	blame_watch_end();
	return err;
}

static void destroy(struct scxu_runner *runner)
{
	blame_watch_begin();
	scxu_runner_destroy(runner);
	blame_watch_end();
}

/* One life of the scheduler: 0, 1, or -EAGAIN when the kernel asks for a restart. */
static int run(const struct config *config, const struct scxu_policy_ops *policy,
	       const struct scxu_runner_options *options, int signals)
{
	struct scxu_runner *runner = NULL;
	struct scxu_stats stats;
	struct scxu_exit info;
	int ret = 0;

	if (scxu_runner_check() || create(policy, options, &runner))
		return 1;
	if (scxu_runner_attach(runner)) {
		destroy(runner);
		return 1;
	}
	fprintf(stderr, "scx_userland: policy %s %s %s\n", policy->name,
		scxu_runner_found(runner) ? "takes over, schedules" : "schedules",
		config->partial ? "tasks of class SCHED_EXT" : "this machine");
	watch(runner, config, signals);
	scxu_runner_stats(runner, &stats);
	scxu_runner_detach(runner);
	report_final(stdout, &stats);
	if (config->verbose)
		report_all(stdout, &stats);
	if (scxu_runner_retired(runner)) {
		fprintf(stderr, "scx_userland: another agent takes over: bye\n");
	} else if (scxu_runner_exit_info(runner, &info)) {
		report_exit(stderr, &info, config->verbose);
		if (info.restart)
			ret = -EAGAIN;
		else if (info.error)
			ret = 1;
	} else {
		fprintf(stderr, "exit: no word from the kernel\n");
		ret = 1;
	}
	destroy(runner);
	return ret;
}

int verb_run(int argc, char **argv)
{
	struct config config = {
		.policy = "vruntime",
		.batch = 8,
		.slice_us = 3000,
		.floor_us = 4000,
		.max_tasks = 65536,
		.idle = 1,
		.orphan_s = 60,
		.dumpable = 1,
	};
	struct scxu_runner_options options;
	const struct scxu_policy_ops *ops;
	struct scxu_policy *policy;
	sigset_t ends;
	int signals, ret;

	if (options_parse(specs, &config, argc, argv))
		return 2;
	if (config.help) {
		print_help();
		return 0;
	}
	if (config.version) {
		printf("scx_userland %s\n", SCXU_VERSION);
		return 0;
	}
	if (config.max_tasks % 64) {
		fprintf(stderr, "scx_userland: --max-tasks %u: give a multiple of 64\n",
			config.max_tasks);
		return 2;
	}
	log_to_stderr(config.verbose);
	if (scxu_policy_open(config.policy, &policy))
		return 2;
	ops = blame_begin(policy->ops, &on_the_kernel);
	scxu_runner_options_init(&options);
	options.batch = config.batch;
	options.slice_us = config.slice_us;
	options.floor_us = config.floor_us;
	options.max_tasks = config.max_tasks;
	options.partial = config.partial;
	options.orphan_s = config.orphan_s;
	options.ext_server_ms = config.ext_server_ms;
	options.ext_server_pct = config.ext_server_pct;
	options.undumpable = config.dumpable == 0;
	options.takeover = config.takeover;
	options.test_no_floor = config.no_floor;
	options.test_no_affinity_check = config.no_affinity_check;
	options.affinity_agent = config.affinity == 1;
	options.idle_kernel = config.idle == 0;
	options.standing = config.decide == 1;
	options.verbose = config.verbose;
	options.values = policy->values;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0) {
		perror("scx_userland: signalfd");
		scxu_policy_close(policy);
		return 1;
	}
	while ((ret = run(&config, ops, &options, signals)) == -EAGAIN)
		fprintf(stderr, "scx_userland: the kernel asks for a restart: starting again\n");
	close(signals);
	scxu_policy_close(policy);
	return ret;
}
