// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "blame.h"

#define LONG_NS 1000000000u /* a callback should take microseconds */

static const char *policy;
static const struct blame_place *place;
static const void *volatile of; /* handlers read it too */
static uint64_t told; /* scxu_where.since of the callback that was told of, and one more */

/* --- a line: nothing here but what may be called in a signal handler -------------- */

struct line {
	char text[256];
	size_t n;
};

static void add(struct line *l, const char *text)
{
	for (; *text && l->n < sizeof(l->text) - 1; text++)
		l->text[l->n++] = *text;
}

static void add_number(struct line *l, uint64_t n)
{
	char digits[24];
	size_t i = sizeof(digits);

	digits[--i] = 0;
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add(l, digits + i);
}

static void add_task(struct line *l, struct scxu_where *where)
{
	if (!where->pid)
		return;
	where->comm[sizeof(where->comm) - 1] = 0;
	add(l, " (task ");
	add_number(l, (uint32_t)where->pid);
	add(l, " ");
	add(l, where->comm);
	add(l, ")");
}

static void put(struct line *l)
{
	int saved = errno;

	add(l, "\n");
	if (write(STDERR_FILENO, l->text, l->n) < 0)
		errno = saved;
}

static bool find(struct scxu_where *ret)
{
	const void *in = of;

	return in && place->where(in, ret);
}

/* --- a crash ----------------------------------------------------------------------- */

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
		add(&l, " starts or ends");
	} else if (find(&where)) {
		add(&l, " in policy ");
		add(&l, policy);
		add(&l, ", in ");
		add(&l, where.callback);
		add(&l, "()");
		add_task(&l, &where);
		add(&l, place->crash);
	} else {
		add(&l, ", in no callback of policy ");
		add(&l, policy);
	}
	put(&l);
}

void blame_begin(const char *name, const struct blame_place *where)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = (int)SA_RESETHAND };
	unsigned int i;

	policy = name;
	place = where;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

void blame_set(const void *it)
{
	of = it;
	told = 0;
}

/* --- an endless loop --------------------------------------------------------------- */

static void tell_loop(struct scxu_where *where, uint64_t seconds)
{
	struct line l = { .n = 0 };

	if (told == where->since + 1)
		return;
	told = where->since + 1;
	add(&l, "scx_userland: warning: policy ");
	add(&l, policy);
	add(&l, " is in ");
	add(&l, where->callback);
	add(&l, "() since ");
	add_number(&l, seconds);
	add(&l, " s");
	add_task(&l, where);
	add(&l, place->loop);
	put(&l);
}

static void tell_return(void)
{
	struct line l = { .n = 0 };

	if (!told)
		return;
	told = 0;
	add(&l, "scx_userland: policy ");
	add(&l, policy);
	add(&l, " is back");
	put(&l);
}

void blame_watch(void)
{
	struct scxu_where where;
	struct timespec ts;
	uint64_t now;

	if (!find(&where)) {
		tell_return();
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	if (where.since && (int64_t)(now - where.since) >= (int64_t)LONG_NS)
		tell_loop(&where, (now - where.since) / 1000000000u);
}

/* Each second of CPU time: still in the same pass as a second ago? */
static void second_passed(int sig)
{
	static struct scxu_where before;
	static uint64_t seconds;
	struct scxu_where where;

	(void)sig;
	if (!find(&where)) {
		before.callback = NULL;
		tell_return();
		return;
	}
	if (before.callback == where.callback && before.since == where.since) {
		tell_loop(&where, ++seconds);
		return;
	}
	tell_return();
	before = where;
	seconds = 0;
}

void blame_watch_myself(void)
{
	struct sigaction action = { .sa_handler = second_passed, .sa_flags = SA_RESTART };
	struct itimerval each_second = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };

	sigemptyset(&action.sa_mask);
	sigaction(SIGVTALRM, &action, NULL);
	setitimer(ITIMER_VIRTUAL, &each_second, NULL);
}
