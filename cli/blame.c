// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blame.h"

#define LONG_NS 1000000000u /* a callback should take microseconds */

static const char *policy;
static const struct scxu_runner *volatile of; /* the handler reads it too */
static uint64_t told; /* scxu_where.since of the callback that was told of */

/* --- a crash: nothing here but what may be called in a signal handler ------------ */

struct line {
	char text[256];
	size_t n;
};

static void add(struct line *l, const char *text)
{
	for (; *text && l->n < sizeof(l->text) - 1; text++)
		l->text[l->n++] = *text;
}

static void add_number(struct line *l, unsigned int n)
{
	char digits[12];
	size_t i = sizeof(digits);

	digits[--i] = 0;
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add(l, digits + i);
}

static const char *signal_name(int sig)
{
	switch (sig) {
	case SIGSEGV:
		return "SIGSEGV";
	case SIGBUS:
		return "SIGBUS";
	case SIGFPE:
		return "SIGFPE";
	case SIGILL:
		return "SIGILL";
	case SIGABRT:
		return "SIGABRT";
	}
	return "signal";
}

/* SA_RESETHAND: the fault repeats after it, and has its default effect. */
static void crashed(int sig)
{
	struct line l = { .n = 0 };
	struct scxu_where where;

	add(&l, "scx_userland: error: ");
	add(&l, signal_name(sig));
	if (!of) {
		add(&l, " while policy ");
		add(&l, policy);
		add(&l, " starts or ends\n");
	} else if (scxu_runner_where(of, &where)) {
		add(&l, " in policy ");
		add(&l, policy);
		add(&l, ", in ");
		add(&l, where.callback);
		add(&l, "()");
		if (where.pid) {
			where.comm[sizeof(where.comm) - 1] = 0;
			add(&l, " (task ");
			add_number(&l, (unsigned int)where.pid);
			add(&l, " ");
			add(&l, where.comm);
			add(&l, ")");
		}
		add(&l, "; the machine goes on without it\n");
	} else {
		add(&l, ", in no callback of policy ");
		add(&l, policy);
		add(&l, "\n");
	}
	if (write(STDERR_FILENO, l.text, l.n) < 0)
		return;
}

void blame_begin(const char *name)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = (int)SA_RESETHAND };
	unsigned int i;

	policy = name;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

void blame_runner(const struct scxu_runner *runner)
{
	of = runner;
	told = 0;
}

/* --- an endless loop --------------------------------------------------------------- */

void blame_watch(void)
{
	struct scxu_where where;
	struct timespec ts;
	uint64_t now;

	if (!of || !scxu_runner_where(of, &where)) {
		if (told)
			fprintf(stderr, "scx_userland: policy %s is back\n", policy);
		told = 0;
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	if (where.since == told || !where.since || (int64_t)(now - where.since) < (int64_t)LONG_NS)
		return;
	told = where.since;
	where.comm[sizeof(where.comm) - 1] = 0;
	fprintf(stderr, "scx_userland: warning: policy %s is in %s() since %" PRIu64 " s", policy,
		where.callback, (now - where.since) / 1000000000u);
	if (where.pid)
		fprintf(stderr, " (task %d %s)", where.pid, where.comm);
	fprintf(stderr, "; the kernel part schedules meanwhile\n");
}
