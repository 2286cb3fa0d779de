// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that wake each other through pipes: pairs that take turns (ping-pong), and groups in which
 * everybody writes to everybody (messages, as hackbench does). The scheduler's whole path from
 * wake-up to switch is in each of them.
 */
#include "kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec.h"
#include "worker.h"

#define PAIRS_MAX	10000
#define GROUPS_MAX	1000
#define GROUP_TASKS_MAX 500
#define GROUP_TASKS	20 /* hackbench's default */
#define MESSAGE_SIZE	100 /* likewise */

enum { MESSAGES_GROUPS, MESSAGES_SENDERS };

/* Which of load->pipe is whose. */
enum { PING_READS, PONG_WRITES, PONG_READS, PING_WRITES };

static int pingpong_parse(struct load *load, const char *argument, char *error, size_t size)
{
	int64_t pairs;

	if (spec_number(argument, strlen(argument), 1, PAIRS_MAX, "the number of pairs", &pairs,
			error, size))
		return -EINVAL;
	load->nr_tasks = 2 * (unsigned int)pairs;
	return 0;
}

static int start_pair(struct load *load, unsigned int first)
{
	int err;

	if (pipe(&load->pipe[0]))
		return -errno;
	if (pipe(&load->pipe[2])) {
		err = -errno;
		close(load->pipe[0]);
		close(load->pipe[1]);
		return err;
	}
	err = worker_fork(load, first);
	if (!err)
		err = worker_fork(load, first + 1);
	for (unsigned int i = 0; i < 4; i++)
		close(load->pipe[i]);
	return err;
}

static int pingpong_start(struct load *load)
{
	for (unsigned int i = 0; i < load->nr_tasks; i += 2) {
		int err = start_pair(load, i);

		if (err) {
			fprintf(stderr,
				"scxu-load: '%s': only %u of %u pairs could be created: %s\n",
				load->spec, i / 2, load->nr_tasks / 2, strerror(-err));
			return err;
		}
	}
	return 0;
}

static void ping(struct worker *w)
{
	const int *fd = w->load->pipe;
	uint64_t begun = clock_now(), done;
	char byte = 0;

	do {
		atomic_store_explicit(&w->slot->last_ns, begun, memory_order_relaxed);
		if (write(fd[PING_WRITES], &byte, 1) != 1 || read(fd[PING_READS], &byte, 1) != 1)
			return;
		done = clock_now();
		/* One that spans the end is no part of the rate, but its length counts. */
		if (worker_in_window(w, begun))
			histogram_record(&w->load->shared->latency, done - begun);
		if (worker_in_window(w, done))
			worker_count(w);
		begun = done;
	} while (worker_due(w, done));
}

static void pong(struct worker *w)
{
	const int *fd = w->load->pipe;
	char byte;

	do {
		if (read(fd[PONG_READS], &byte, 1) != 1 || write(fd[PONG_WRITES], &byte, 1) != 1)
			return;
	} while (worker_due(w, clock_now()));
}

static void pingpong_task(struct worker *w)
{
	if (w->index % 2)
		pong(w);
	else
		ping(w);
}

static void pingpong_settle(struct load *load, uint64_t now_ns)
{
	for (unsigned int i = 0; i < load->nr_tasks; i += 2) {
		struct slot *slot = &load->slots[i];
		uint64_t begun = atomic_load(&slot->last_ns);

		if (atomic_load(&slot->phase) != TASK_ENDED && begun && now_ns > begun)
			histogram_record(&load->shared->latency, now_ns - begun);
	}
}

static uint64_t slowest_pair(const struct load *load)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < load->nr_tasks; i += 2) {
		uint64_t count = atomic_load(&load->slots[i].count);

		if (count < least)
			least = count;
	}
	return least;
}

static void pingpong_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	uint64_t count = load_count(load);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	report_count(node, "pairs", load->nr_tasks / 2);
	report_count(node, "round_trips", count);
	report_real(node, "round_trips_per_s", (double)count / load_seconds(load), 1);
	if (count)
		report_real(node, "us_per_round_trip", load_seconds(load) * 1e6 / (double)count, 3);
	else
		report_null(node, "us_per_round_trip");
	report_real(node, "slowest_pair_per_s", (double)slowest_pair(load) / load_seconds(load), 1);
	report_percentiles(node, "round_trip_us", &load->shared->latency, NS_PER_US);
	report_real(node, "cpu_s", (double)sum.cpu_ns / NS_PER_S, 6);
	report_count(node, "unfinished", sum.unfinished);
}

static void pingpong_print(const struct load *load, FILE *out)
{
	uint64_t count = load_count(load);

	fprintf(out,
		"  %.0f round trips/s in all (pairs: %u), one every %.3f us; slowest pair %.0f/s\n",
		(double)count / load_seconds(load), load->nr_tasks / 2,
		count ? load_seconds(load) * 1e6 / (double)count : 0,
		(double)slowest_pair(load) / load_seconds(load));
	load_print_latency("a round trip", &load->shared->latency, out);
}

static void pingpong_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	load_live_rate(load, "trips/s", head ? 0 : load_count(load), now_ns, head, out);
}

/* GROUPS[xSENDERS] */
static int messages_parse(struct load *load, const char *argument, char *error, size_t size)
{
	size_t len = strcspn(argument, "x");
	int64_t groups, senders = GROUP_TASKS;

	if (spec_number(argument, len, 1, GROUPS_MAX, "the number of groups", &groups, error, size))
		return -EINVAL;
	if (argument[len] &&
	    spec_number(argument + len + 1, strlen(argument + len + 1), 1, GROUP_TASKS_MAX,
			"the number of senders in a group", &senders, error, size))
		return -EINVAL;
	load->argument[MESSAGES_GROUPS] = (uint64_t)groups;
	load->argument[MESSAGES_SENDERS] = (uint64_t)senders;
	load->nr_tasks = 2 * (unsigned int)(groups * senders);
	if (load->nr_tasks > LOAD_TASKS_MAX) {
		snprintf(error, size, "there are more than %d tasks", LOAD_TASKS_MAX);
		return -EINVAL;
	}
	return 0;
}

/* A group's first half are senders, its second half receivers; receiver i reads from fds[2 * i]. */
static int start_group(struct load *load, unsigned int first)
{
	unsigned int senders = (unsigned int)load->argument[MESSAGES_SENDERS], pipes = 0;
	int err = 0;

	for (; pipes < senders && !err; pipes++) {
		if (pipe(&load->fds[2 * pipes])) {
			err = -errno;
			break;
		}
	}
	for (unsigned int i = 0; i < 2 * senders && !err; i++)
		err = worker_fork(load, first + i);
	for (unsigned int i = 0; i < 2 * pipes; i++)
		close(load->fds[i]);
	return err;
}

static int messages_start(struct load *load)
{
	unsigned int group = 2 * (unsigned int)load->argument[MESSAGES_SENDERS];
	int err = 0;

	load->fds = calloc(group, sizeof(*load->fds));
	if (!load->fds)
		return -ENOMEM;
	for (unsigned int i = 0; i < load->nr_tasks && !err; i += group) {
		err = start_group(load, i);
		if (err)
			fprintf(stderr,
				"scxu-load: '%s': only %u of %u groups could be created: %s\n",
				load->spec, i / group, load->nr_tasks / group, strerror(-err));
	}
	free(load->fds);
	load->fds = NULL;
	return err;
}

static void messages_send(struct worker *w, unsigned int receivers)
{
	char message[MESSAGE_SIZE] = { 0 };

	for (;;) {
		for (unsigned int i = 0; i < receivers; i++) {
			if (write(w->load->fds[2 * i + 1], message, sizeof(message)) !=
			    sizeof(message))
				return;
			if (!worker_due(w, clock_now()))
				return;
		}
	}
}

static void messages_receive(struct worker *w, int fd)
{
	char message[MESSAGE_SIZE];
	uint64_t now;

	do {
		/*
		 * A write of up to PIPE_BUF is atomic, so what lies in the pipe is always whole
		 * messages.
		 */
		if (read(fd, message, sizeof(message)) != sizeof(message))
			return;
		now = clock_now();
		if (worker_in_window(w, now))
			worker_count(w);
	} while (worker_due(w, now));
}

static void messages_task(struct worker *w)
{
	unsigned int senders = (unsigned int)w->load->argument[MESSAGES_SENDERS],
		     in_group = w->index % (2 * senders);

	if (in_group < senders)
		messages_send(w, senders);
	else
		messages_receive(w, w->load->fds[2 * (in_group - senders)]);
}

static void messages_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	uint64_t count = load_count(load);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	report_count(node, "tasks", sum.tasks);
	report_count(node, "messages", count);
	report_real(node, "messages_per_s", (double)count / load_seconds(load), 1);
	report_real(node, "cpu_s", (double)sum.cpu_ns / NS_PER_S, 6);
	report_count(node, "never_ran", sum.never_ran);
}

static void messages_print(const struct load *load, FILE *out)
{
	fprintf(out, "  %.0f messages/s received among %u tasks\n",
		(double)load_count(load) / load_seconds(load), load->nr_tasks);
}

static void messages_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	load_live_rate(load, "messages/s", head ? 0 : load_count(load), now_ns, head, out);
}

const struct load_kind pingpong_kind = {
	.name = "pingpong",
	.argument = "N",
	.about = "N pairs of processes which pass a byte to and fro through two pipes",
	.paths = ".{spec, pairs, round_trips, round_trips_per_s, us_per_round_trip (window / round "
		 "trips of all pairs), "
		 "slowest_pair_per_s, round_trip_us.PERCENTILES, cpu_s, unfinished}",
	.parse = pingpong_parse,
	.start = pingpong_start,
	.task = pingpong_task,
	.settle = pingpong_settle,
	.report = pingpong_report,
	.print = pingpong_print,
	.live = pingpong_live,
};

const struct load_kind messages_kind = {
	.name = "messages",
	.argument = "GROUPS[xSENDERS]",
	.about = "like hackbench: SENDERS (20) processes of a group write 100 bytes to as many "
		 "receivers in turn",
	.paths = ".{spec, tasks, messages, messages_per_s, cpu_s, never_ran}",
	.parse = messages_parse,
	.start = messages_start,
	.task = messages_task,
	.report = messages_report,
	.print = messages_print,
	.live = messages_live,
};
