// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command itself, over a runner that is played: which options it has, what they
 * do, what --help tells of them, and its exit status for each way to end.
 */
#define main scx_userland_main
#include "cli/main.c"
#undef main
#include "cli/run.c" /* its table is static */

#include <fcntl.h>
#include <sys/eventfd.h>

#include <scxu/status.h>

#include "capture.h"

/* --- the runner, played ---------------------------------------------------- */

static struct scxu_runner_options given;
static const char *with_policy = "vruntime";
static uint64_t given_value; /* of its first option */
static int check_result, create_result, attach_result;
static int creates, attaches, detaches, destroys;
static bool signal_at_attach, is_retired;
static struct scxu_exit lives[4]; /* how each ends */
static int ended_fd = -1;

void scxu_runner_options_init(struct scxu_runner_options *options)
{
	memset(options, 0, sizeof(*options));
	options->size = sizeof(*options);
}

int scxu_runner_check(void)
{
	return check_result;
}

int scxu_runner_create(const struct scxu_policy_ops *policy,
		       const struct scxu_runner_options *options, struct scxu_runner **ret)
{
	CHECK_STR(policy->name, with_policy);
	given = *options;
	given_value = options->values[0];
	creates++;
	if (create_result)
		return create_result;
	*ret = (struct scxu_runner *)&given;
	return 0;
}

int scxu_runner_attach(struct scxu_runner *runner)
{
	(void)runner;
	attaches++;
	if (signal_at_attach)
		raise(SIGTERM); /* blocked by now, or this is the end */
	return attach_result;
}

int scxu_runner_fd(const struct scxu_runner *runner)
{
	(void)runner;
	return ended_fd;
}

bool scxu_runner_exit_info(struct scxu_runner *runner, struct scxu_exit *ret)
{
	(void)runner;
	*ret = lives[creates - 1];
	return true;
}

void scxu_runner_stats(struct scxu_runner *runner, struct scxu_stats *ret)
{
	(void)runner;
	memset(ret, 0, sizeof(*ret));
	ret->floor_reason = "none";
	ret->slots_max = 1;
}

bool scxu_runner_found(const struct scxu_runner *runner)
{
	(void)runner;
	return false;
}

bool scxu_runner_retired(const struct scxu_runner *runner)
{
	(void)runner;
	return is_retired;
}

void scxu_runner_look(struct scxu_runner *runner)
{
	(void)runner;
}

void scxu_runner_detach(struct scxu_runner *runner)
{
	(void)runner;
	detaches++;
}

struct scxu_runner *scxu_runner_destroy(struct scxu_runner *runner)
{
	destroys += runner != NULL;
	return NULL;
}

static struct scxu_status loaded;
static int status_result, stop_result;

int scxu_status_read(struct scxu_status *ret)
{
	*ret = loaded;
	return status_result;
}

int scxu_stop(void)
{
	return stop_result;
}

void scxu_episode_text(const struct scxu_floor_episode *episode, char *text, size_t size)
{
	snprintf(text, size, "%s", episode->reason);
}

/* --- tests ------------------------------------------------------------------ */

static struct capture c;

static int command(const char *a, const char *b, const char *d)
{
	char *argv[] = { (char *)"scx_userland", (char *)a, (char *)b, (char *)d, NULL };
	int argc = 1, status;

	while (argv[argc])
		argc++;
	creates = attaches = detaches = destroys = 0;
	memset(&given, 0, sizeof(given));
	capture_begin(&c);
	status = scx_userland_main(argc, argv);
	capture_end(&c);
	return status;
}

static void help(void)
{
	const struct option_spec *spec;
	const char *text, *at;
	char word[64];

	CHECK_EQ(command("--help", NULL, NULL), 0);
	CHECK_EQ(creates, 0);
	text = CAPTURED_OUT(&c);
	CHECK_STR(CAPTURED_ERR(&c), "");
	for (spec = specs; spec->name; spec++) {
		snprintf(word, sizeof(word), "--%s%s%s", spec->name, spec->argument ? " " : "",
			 spec->argument ? spec->argument : "");
		at = strstr(text, word);
		if (!CHECK(at)) {
			printf("  no %s\n", word);
			continue;
		}
		if (spec->letter) {
			snprintf(word, sizeof(word), "-%c, --%s", spec->letter, spec->name);
			CHECK(strstr(text, word));
		}
		CHECK(strstr(at, spec->help) || strchr(spec->help, '\n'));
	}
	CHECK(strstr(text, "Exit status"));
	CHECK(strstr(text, "Usage: scx_userland"));
	CHECK_EQ(command("-h", NULL, NULL), 0);
	CHECK_STR(CAPTURED_OUT(&c), text);

	/* those of S10 and S11 */
	for (at = "batch\0verbose\0help\0version\0slice-us\0stats\0partial\0affinity\0max-tasks\0";
	     *at; at += strlen(at) + 1) {
		for (spec = specs; spec->name && strcmp(spec->name, at); spec++)
			;
		if (!CHECK(spec->name))
			printf("  no --%s\n", at);
	}
}

static void version(void)
{
	CHECK_EQ(command("--version", NULL, NULL), 0);
	CHECK_STR(CAPTURED_OUT(&c), "scx_userland " SCXU_VERSION "\n");
	CHECK_EQ(command("-V", NULL, NULL), 0);
	CHECK_STR(CAPTURED_OUT(&c), "scx_userland " SCXU_VERSION "\n");
	CHECK_EQ(creates, 0);
}

static void defaults(void)
{
	static const struct {
		const char *name;
		unsigned int *is;
	} numbers[] = {
		{ "batch", &given.batch },
		{ "slice-us", &given.slice_us },
		{ "floor-us", &given.floor_us },
		{ "max-tasks", &given.max_tasks },
		{ "orphan-s", &given.orphan_s },
		{ "ext-server-ms", &given.ext_server_ms },
		{ "ext-server-pct", &given.ext_server_pct },
	};
	const struct option_spec *spec;
	unsigned int i;

	CHECK_EQ(command(NULL, NULL, NULL), 0);
	CHECK_EQ(given.size, sizeof(given));
	CHECK_EQ(given.batch, 8);
	CHECK_EQ(given.slice_us, 3000);
	CHECK_EQ(given.floor_us, 4000);
	CHECK_EQ(given.max_tasks, 65536);
	CHECK_EQ(given.orphan_s, 60);
	CHECK_EQ(given.ext_server_ms, 0);
	CHECK_EQ(given.ext_server_pct, 0);
	CHECK(!given.takeover && !given.undumpable);
	CHECK(!given.test_no_floor && !given.test_no_affinity_check);
	CHECK(!given.partial && !given.affinity_agent && !given.idle_kernel && !given.verbose);
	/* and --help tells them so */
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char word[32];

		snprintf(word, sizeof(word), "(default %u", *numbers[i].is);
		for (spec = specs; strcmp(spec->name, numbers[i].name); spec++)
			;
		if (!CHECK(strstr(spec->help, word)))
			printf("  --%s: %s\n", spec->name, word);
		CHECK_LE(spec->min, *numbers[i].is);
		CHECK_LE(*numbers[i].is, spec->max);
	}
}

static void each_option(void)
{
	CHECK_EQ(command("-b", "4096", NULL), 0);
	CHECK_EQ(given.batch, 4096);
	CHECK_EQ(command("--batch=1", NULL, NULL), 0);
	CHECK_EQ(given.batch, 1);
	CHECK_EQ(command("-s", "100", NULL), 0);
	CHECK_EQ(given.slice_us, 100);
	CHECK_EQ(command("--slice-us", "100000", NULL), 0);
	CHECK_EQ(given.slice_us, 100000);
	CHECK_EQ(command("--floor-us", "500", NULL), 0);
	CHECK_EQ(given.floor_us, 500);
	CHECK_EQ(command("--max-tasks", "128", NULL), 0);
	CHECK_EQ(given.max_tasks, 128);
	CHECK_EQ(command("--affinity", "agent", NULL), 0);
	CHECK(given.affinity_agent);
	CHECK_EQ(command("--affinity", "kernel", NULL), 0);
	CHECK(!given.affinity_agent);
	CHECK_EQ(command("--idle", "kernel", NULL), 0);
	CHECK(given.idle_kernel);
	CHECK_EQ(command("--idle", "agent", NULL), 0);
	CHECK(!given.idle_kernel);
	CHECK_EQ(command("--orphan-s", "0", NULL), 0);
	CHECK_EQ(given.orphan_s, 0);
	CHECK_EQ(command("--ext-server-ms", "1000", NULL), 0);
	CHECK_EQ(given.ext_server_ms, 1000);
	CHECK_EQ(given.ext_server_pct, 0);
	CHECK_EQ(command("--ext-server-pct", "50", NULL), 0);
	CHECK_EQ(given.ext_server_pct, 50);
	CHECK_EQ(given.ext_server_ms, 0);
	CHECK_EQ(command("--takeover", NULL, NULL), 0);
	CHECK(given.takeover);
	CHECK_EQ(command("--dumpable", "no", NULL), 0);
	CHECK(given.undumpable);
	CHECK_EQ(command("--partial", NULL, NULL), 0);
	CHECK(given.partial);
	CHECK_EQ(command("-v", NULL, NULL), 0);
	CHECK(given.verbose);
	CHECK_EQ(command("--stats", "1", NULL), 0);
	CHECK_EQ(creates, 1);
	CHECK_EQ(command("run", "--batch", "7"), 0);
	CHECK_EQ(given.batch, 7);
}

static void policies(void)
{
	CHECK_EQ(command("--policy", "vruntime:slice_us=5000", NULL), 0);
	CHECK_EQ(given_value, 5000);
	with_policy = "rr";
	CHECK_EQ(command("-p", "rr", NULL), 0);
	CHECK_EQ(given_value, 100000);
	CHECK(strstr(CAPTURED_ERR(&c), "policy rr schedules"));
	CHECK_EQ(command("--policy=rr:quantum_us=200", NULL, NULL), 0);
	CHECK_EQ(given_value, 200);
	with_policy = "vruntime";
	/* refused before anything is created */
	CHECK_EQ(command("--policy", "none", NULL), 2);
	CHECK(strstr(CAPTURED_ERR(&c), "there is no policy \"none\""));
	CHECK_EQ(creates, 0);
	CHECK_EQ(command("--policy", "rr:x=1", NULL), 2);
	CHECK_EQ(creates, 0);

	CHECK_EQ(command("policies", NULL, NULL), 0);
	CHECK(strstr(CAPTURED_OUT(&c), "vruntime "));
	CHECK(strstr(CAPTURED_OUT(&c), "    slice_us=0 "));
	/* vruntime's range has a gap, which no table of options can say */
	CHECK(strstr(CAPTURED_OUT(&c), "(1 to 49 are taken for 50)"));
	CHECK(strstr(CAPTURED_OUT(&c), "(100 to 1000000)"));
	CHECK_EQ(command("policies", "rr:quantum_us=300", "fifo"), 0);
	CHECK(strstr(CAPTURED_OUT(&c), "quantum_us=300"));
	CHECK(strstr(CAPTURED_OUT(&c), "fifo "));
	CHECK(!strstr(CAPTURED_OUT(&c), "vruntime"));
	CHECK_EQ(command("policies", "none", NULL), 1);
	CHECK(strstr(CAPTURED_ERR(&c), "built in are: vruntime"));
	CHECK_EQ(command("policies", "--help", NULL), 0);
	CHECK(strstr(CAPTURED_OUT(&c), "Usage: scx_userland policies"));
	CHECK_EQ(command("policies", "--nonsense", NULL), 2);
	CHECK(strstr(CAPTURED_ERR(&c), "there is no option --nonsense\n"));
	CHECK_STR(CAPTURED_OUT(&c), "");
	CHECK_EQ(command("policies", "rr", "--help"), 0);
	CHECK(strstr(CAPTURED_OUT(&c), "Usage: scx_userland policies"));
}

static void bad_options(void)
{
	static const char *const bad[][2] = {
		{ "-b", "0" },
		{ "-b", "4097" },
		{ "--batch", "x" },
		{ "-s", "99" },
		{ "-s", "100001" },
		{ "--floor-us", "499" },
		{ "--orphan-s", "86401" },
		{ "--ext-server-ms", "1001" },
		{ "--ext-server-pct", "51" },
		{ "--dumpable", "perhaps" },
		{ "--test-no-floor", NULL },
		{ "--floor-us", "1000001" },
		{ "--stats", "0" },
		{ "--stats", "-1" },
		{ "--max-tasks", "63" },
		{ "--max-tasks", "1048577" },
		{ "--max-tasks", "100" },
		{ "--affinity", "me" },
		{ "--idle", "" },
		{ "--nonsense", NULL },
		{ "word", NULL },
		{ "run", "word" },
		{ "--stats", NULL },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!CHECK_EQ(command(bad[i][0], bad[i][1], NULL), 2))
			printf("  %s %s\n", bad[i][0], bad[i][1] ? bad[i][1] : "");
		CHECK_EQ(creates, 0);
		CHECK_LE(10, strlen(CAPTURED_ERR(&c)));
		CHECK_STR(CAPTURED_OUT(&c), "");
	}
	CHECK_EQ(command("--max-tasks", "100", NULL), 2);
	CHECK(strstr(CAPTURED_ERR(&c), "multiple of 64"));

	/* told of is the verb that was given, and how to get at its options */
	CHECK_EQ(command("--nonsense", NULL, NULL), 2);
	CHECK_STR(CAPTURED_ERR(&c), "scx_userland: unrecognized option '--nonsense'\n"
				    "see scx_userland --help\n");
	CHECK_EQ(command("sim", "--nonsense", NULL), 2);
	CHECK_STR(CAPTURED_ERR(&c), "scx_userland sim: unrecognized option '--nonsense'\n"
				    "see scx_userland sim --help\n");
	CHECK_EQ(command("sim", "--duration", "0"), 2);
	CHECK(strstr(CAPTURED_ERR(&c), "--duration 0: give a whole number from 1 to 86400 s\n"));
	CHECK_EQ(command("status", "now", NULL), 2);
	CHECK(strstr(CAPTURED_ERR(&c),
		     "\"now\" is not an option; see scx_userland status --help\n"));
}

/* What does not get to where standard output goes is an error, whatever the verb. */
static void full_disk(void)
{
	static const char *const verbs_that_print[][2] = {
		{ "policies", NULL }, { "--version", NULL },  { "--help", NULL },
		{ "sim", "--help" },  { "status", "--help" },
	};
	unsigned int i;
	int saved, full, status;

	for (i = 0; i < sizeof(verbs_that_print) / sizeof(verbs_that_print[0]); i++) {
		char *argv[] = { (char *)"scx_userland", (char *)verbs_that_print[i][0],
				 (char *)verbs_that_print[i][1], NULL };

		capture_begin(&c);
		saved = dup(STDOUT_FILENO);
		full = open("/dev/full", O_WRONLY | O_CLOEXEC);
		NEED(saved >= 0 && full >= 0 && dup2(full, STDOUT_FILENO) >= 0);
		status = scx_userland_main(argv[2] ? 3 : 2, argv);
		dup2(saved, STDOUT_FILENO);
		close(saved);
		close(full);
		clearerr(stdout);
		capture_end(&c);
		CHECK_EQ(status, 1);
		CHECK(strstr(CAPTURED_ERR(&c), "cannot write to standard output: No space left"));
	}
}

static void ends(void)
{
	const struct scxu_exit calm = {
		.kind = 64, .reason = "unregistered from user space", .message = "", .dump = ""
	};
	const struct scxu_exit ejected = { .kind = 1024,
					   .error = true,
					   .reason = "runtime error",
					   .message = "bad things",
					   .dump = "the dump\n" };
	const struct scxu_exit restart = {
		.kind = 66, .restart = true, .reason = "hotplug", .message = "", .dump = ""
	};
	sigset_t term;

	lives[0] = calm;
	CHECK_EQ(command(NULL, NULL, NULL), 0);
	CHECK_EQ(creates, 1);
	CHECK_EQ(detaches, 1);
	CHECK_EQ(destroys, 1);

	lives[0] = ejected;
	CHECK_EQ(command(NULL, NULL, NULL), 1);
	CHECK(strstr(CAPTURED_ERR(&c), "runtime error"));
	CHECK(strstr(CAPTURED_ERR(&c), "bad things"));
	CHECK(!strstr(CAPTURED_ERR(&c), "the dump"));
	CHECK_EQ(command("--verbose", NULL, NULL), 1);
	CHECK(strstr(CAPTURED_ERR(&c), "the dump"));

	lives[0] = lives[1] = restart;
	lives[2] = calm;
	CHECK_EQ(command(NULL, NULL, NULL), 0);
	CHECK_EQ(creates, 3);
	CHECK_EQ(destroys, 3);
	lives[0] = calm;

	check_result = -EPERM;
	CHECK_EQ(command(NULL, NULL, NULL), 1);
	CHECK_EQ(creates, 0);
	check_result = 0;
	create_result = -ENOMEM;
	CHECK_EQ(command(NULL, NULL, NULL), 1);
	CHECK_EQ(attaches, 0);
	create_result = 0;
	attach_result = -EBUSY;
	CHECK_EQ(command(NULL, NULL, NULL), 1);
	CHECK_EQ(destroys, 1);
	attach_result = 0;

	/* a signal does not end the process, but the scheduler */
	signal_at_attach = true;
	CHECK_EQ(command(NULL, NULL, NULL), 0);
	CHECK_EQ(detaches, 1);
	CHECK_EQ(destroys, 1);
	signal_at_attach = false;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	CHECK_EQ(sigtimedwait(&term, NULL, &(struct timespec) { 0 }), SIGTERM);
}

static void status(void)
{
	loaded = (struct scxu_status) {
		.floor = true,
		.since = 7000000000ull,
		.now = 9000000000ull,
		.orphan_ends_at = 67000000000ull,
		.slice_us = 3000,
		.nr_episodes = 2,
		.episodes = { { .began = 7000000000ull, .reason = "absent" },
			      { .began = 1000000000ull,
				.ended = 2000000000ull,
				.reason = "silent" } },
		.stats.floor_reason = "absent",
	};
	CHECK_EQ(command("status", NULL, NULL), 0);
	CHECK(strstr(CAPTURED_OUT(&c), "agent:      none\n"));
	CHECK(strstr(CAPTURED_OUT(&c), "the floor, since 2.0 s (absent)\n"));
	CHECK(strstr(CAPTURED_OUT(&c), "ends in:    58.0 s"));
	CHECK(strstr(CAPTURED_OUT(&c), "2.0 s ago, absent\n            8.0 s ago, silent\n"));
	CHECK_EQ(command("status", "-n", "1"), 0);
	CHECK(!strstr(CAPTURED_OUT(&c), "silent"));
	CHECK_EQ(command("status", "--counters", NULL), 0);
	CHECK(strstr(CAPTURED_OUT(&c), scxu_stats_name(0)));

	loaded = (struct scxu_status) { .agent_pid = 77, .stats.floor_reason = "none" };
	CHECK_EQ(command("status", NULL, NULL), 0);
	CHECK(strstr(CAPTURED_OUT(&c), "process 77\n"));
	CHECK(strstr(CAPTURED_OUT(&c), "in charge:  the agent"));
	CHECK(!strstr(CAPTURED_OUT(&c), "ends in"));

	loaded = (struct scxu_status) { .exit_reason = "unregistered from BPF",
					.exit_message = "orphaned" };
	status_result = -ENOENT;
	CHECK_EQ(command("status", NULL, NULL), 1);
	CHECK_STR(CAPTURED_OUT(&c), "not loaded\nended:      unregistered from BPF (orphaned)\n");
	status_result = -EPERM;
	CHECK_EQ(command("status", NULL, NULL), 1);
	CHECK(strstr(CAPTURED_ERR(&c), "root"));
	status_result = -EPROTO;
	CHECK_EQ(command("status", NULL, NULL), 1);
	CHECK(strstr(CAPTURED_ERR(&c), "scx_userland stop"));
	CHECK_EQ(command("status", "--episodes", "33"), 2);
	CHECK_EQ(command("status", "now", NULL), 2);
}

static void stop(void)
{
	CHECK_EQ(command("stop", NULL, NULL), 0);
	stop_result = -ENOENT;
	CHECK_EQ(command("stop", NULL, NULL), 1);
	CHECK(strstr(CAPTURED_ERR(&c), "no scheduler of ours"));
	stop_result = -EACCES;
	CHECK_EQ(command("stop", NULL, NULL), 1);
	CHECK(strstr(CAPTURED_ERR(&c), "root"));
	CHECK_EQ(command("stop", "it", NULL), 2);
	CHECK_EQ(command("stop", "--help", NULL), 0);
}

static void retired(void)
{
	is_retired = true;
	CHECK_EQ(command(NULL, NULL, NULL), 0);
	CHECK(strstr(CAPTURED_ERR(&c), "another agent takes over"));
	CHECK_EQ(destroys, 1);
	is_retired = false;
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		lives[i] =
			(struct scxu_exit) { .kind = 64, .reason = "", .message = "", .dump = "" };
	ended_fd = eventfd(1, EFD_CLOEXEC);
	NEED(ended_fd >= 0);
	help();
	version();
	defaults();
	each_option();
	policies();
	bad_options();
	full_disk();
	ends();
	retired();
	status();
	stop();
	close(ended_fd);
	return UNIT_END();
}
