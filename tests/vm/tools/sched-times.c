// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched-times MS COMMAND [ARGUMENT...]: starts the command, counts for so long who runs
 * and who waits, kills the command, and prints a line for each name of tasks:
 *
 *	name tasks runtime_ns switches p50_ns p99_ns max_ns
 *
 * Kernel threads are one, "kthreads". Itself is not among them.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sched-times.h"
#include "sched-times.skel.h"

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
}

static const char *name_of(const struct times *t)
{
	return t->kthread ? "kthreads" : t->comm;
}

static void add(struct times *to, const struct times *one, unsigned long long until)
{
	unsigned int i;

	to->runtime += one->runtime;
	if (one->state == TIMES_RUNS && until > one->since)
		to->runtime += until - one->since;
	to->switches += one->switches;
	to->waits.count += one->waits.count;
	if (one->waits.max > to->waits.max)
		to->waits.max = one->waits.max;
	for (i = 0; i < WAIT_SIZE; i++)
		to->waits.buckets[i] += one->waits.buckets[i];
}

static void print_name(const struct times *tasks, unsigned int first, unsigned long long until)
{
	struct times sum = { 0 };
	unsigned int i, n = 0;

	for (i = 0; i < TIMES_TASKS; i++) {
		if (!tasks[i].comm[0] || strcmp(name_of(&tasks[i]), name_of(&tasks[first])) != 0)
			continue;
		if (i < first)
			return; /* printed */
		add(&sum, &tasks[i], until);
		n++;
	}
	printf("%s %u %llu %llu %llu %llu %llu\n", name_of(&tasks[first]), n, sum.runtime,
	       sum.switches, waits_percentile(&sum.waits, 50), waits_percentile(&sum.waits, 99),
	       sum.waits.max);
}

/* Returns: its status as waitpid() has it when it ended before the time, else 0. */
static int run_command(char **argv, unsigned long long until)
{
	const struct timespec end = {
		.tv_sec = (time_t)(until / 1000000000),
		.tv_nsec = (long)(until % 1000000000),
	};
	int status = 0;
	pid_t pid;

	pid = fork();
	if (!pid) {
		execvp(argv[0], argv);
		fprintf(stderr, "sched-times: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0)
		return -1;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
	if (waitpid(pid, &status, WNOHANG) == pid)
		return status ? status : -1;
	kill(pid, SIGKILL);
	return 0;
}

static void print_times(const struct times *tasks, unsigned long long until)
{
	unsigned int i;

	for (i = 0; i < TIMES_TASKS; i++)
		if (tasks[i].comm[0] && tasks[i].pid != (unsigned int)getpid())
			print_name(tasks, i, until);
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 1 };
	struct sched_times_bpf *skel;
	unsigned long long until;
	long ms;
	int err;

	ms = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	if (ms <= 0) {
		fprintf(stderr, "Usage: sched-times MS COMMAND [ARGUMENT...]\n");
		return 2;
	}
	/* so that nothing keeps it from ending in time; the command is as any */
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first))
		perror("sched-times: sched_setscheduler");
	skel = sched_times_bpf__open_and_load();
	if (!skel || sched_times_bpf__attach(skel)) {
		fprintf(stderr, "sched-times: not loaded: %s\n", strerror(errno));
		sched_times_bpf__destroy(skel);
		return 1;
	}
	skel->bss->from = now_ns();
	until = skel->bss->from + (unsigned long long)ms * 1000000;
	err = run_command(argv + 2, until);
	sched_times_bpf__detach(skel);
	if (err)
		fprintf(stderr, "sched-times: %s has ended before the time\n", argv[2]);
	else
		print_times(skel->bss->tasks, until);
	while (wait(NULL) > 0)
		;
	sched_times_bpf__destroy(skel);
	return err != 0;
}
