// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "blame.h"
#include "lib/engine.h"

#define LONG_NS	       1000000000u /* a callback should take microseconds */
#define HANDLER_STACK  (64 * 1024)
#define ONLOOKER_STACK (256 * 1024)

static const struct scxu_policy_ops *policy;
static const struct blame_place *place;
/* From before its init() until after its exit(). Handlers read it too; who looks on has the lock. */
static struct scxu_sched *sched;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

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
	const struct scxu_sched *s = __atomic_load_n(&sched, __ATOMIC_ACQUIRE);

	return s && scxu_engine_where(s, ret);
}

/* "policy mine", which did something, "in enqueue() (task 1234 make)" */
static void add_where(struct line *l, struct scxu_where *where)
{
	add(l, where->callback);
	add(l, "()");
	add_task(l, where);
}

/* --- the policy's scheduler ---------------------------------------------------------- */

static void remember(struct scxu_sched *s)
{
	pthread_mutex_lock(&lock);
	__atomic_store_n(&sched, s, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
}

static int init(struct scxu_sched *s)
{
	int err;

	remember(s);
	err = policy->init ? policy->init(s) : 0;
	if (err)
		remember(NULL); /* there will be no exit() */
	return err;
}

static void end(struct scxu_sched *s)
{
	if (policy->exit)
		policy->exit(s);
	remember(NULL);
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
	if (find(&where)) {
		add(&l, " in policy ");
		add(&l, policy->name);
		add(&l, ", in ");
		add_where(&l, &where);
		add(&l, place->crash);
	} else {
		add(&l, ", in no callback of policy ");
		add(&l, policy->name);
	}
	put(&l);
}

/* exit() in a callback would end the command with a status that is the policy's. */
static void exited(void)
{
	struct line l = { .n = 0 };
	struct scxu_where where;

	if (!find(&where))
		return;
	add(&l, "scx_userland: error: policy ");
	add(&l, policy->name);
	add(&l, " called exit() in ");
	add_where(&l, &where);
	add(&l, place->crash);
	put(&l);
	fflush(stdout);
	_exit(1);
}

/*
 * The handlers' own stack: where a callback calls itself for ever, there is none left.
 * It is the calling thread's; the agent's has one from the library.
 */
static void give_stack(void)
{
	static char stack[HANDLER_STACK];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };

	sigaltstack(&own, NULL);
}

const struct scxu_policy_ops *blame_begin(const struct scxu_policy_ops *ops,
					  const struct blame_place *where)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	static struct scxu_policy_ops watched;
	static bool began;
	struct sigaction action = { .sa_handler = crashed,
				    .sa_flags = (int)SA_RESETHAND | SA_ONSTACK };
	unsigned int i;

	policy = ops;
	place = where;
	watched = *ops;
	watched.init = init;
	watched.exit = end;
	give_stack();
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	if (!began)
		atexit(exited);
	began = true;
	return &watched;
}

/* --- a callback that does not return --------------------------------------------------- */

static void tell_long(struct scxu_where *where, uint64_t seconds)
{
	struct line l = { .n = 0 };

	add(&l, "scx_userland: warning: policy ");
	add(&l, policy->name);
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

	add(&l, "scx_userland: policy ");
	add(&l, policy->name);
	add(&l, " is back");
	put(&l);
}

/* By time that is real, since what blocks takes no CPU time. */
static void look(void)
{
	static struct scxu_where seen;
	static uint64_t first; /* when it was seen */
	static bool told;
	struct scxu_where where;
	struct timespec ts;
	uint64_t now;

	if (!find(&where))
		where = (struct scxu_where) { .callback = NULL };
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	if (where.callback != seen.callback || where.since != seen.since) {
		if (told)
			tell_return();
		seen = where;
		first = now;
		told = false;
	} else if (where.callback && !told && now - first >= LONG_NS) {
		tell_long(&where, (now - first) / 1000000000u);
		told = true;
	}
}

void blame_watch(void)
{
	pthread_mutex_lock(&lock);
	look();
	pthread_mutex_unlock(&lock);
}

/* --- who looks on -------------------------------------------------------------------------- */

static pthread_t onlooker;
static bool looks_on, ends;
static pthread_cond_t soon; /* by CLOCK_MONOTONIC */

static void *look_on(void *unused)
{
	struct timespec next;

	(void)unused;
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&lock);
	while (!ends) {
		next.tv_sec++;
		while (!ends && pthread_cond_timedwait(&soon, &lock, &next) != ETIMEDOUT)
			;
		if (!ends)
			look();
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/*
 * A thread and not a timer: its signal would end a sleep of the policy, which would
 * behave otherwise than without it. Its stack is small, since run locks memory.
 */
void blame_watch_begin(void)
{
	pthread_condattr_t monotonic;
	pthread_attr_t attr;
	sigset_t all, before;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&soon, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, ONLOOKER_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ends = false;
	looks_on = !pthread_create(&onlooker, &attr, look_on, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
}

void blame_watch_end(void)
{
	if (looks_on) {
		pthread_mutex_lock(&lock);
		ends = true;
		pthread_cond_signal(&soon);
		pthread_mutex_unlock(&lock);
		pthread_join(onlooker, NULL);
		looks_on = false;
	}
	pthread_cond_destroy(&soon);
}
