// SPDX-License-Identifier: GPL-2.0-only
/* The command tells in which callback a policy crashed, or hangs; a child process crashes. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "blame.h"
#include "capture.h"

/* --- where the policy runs, played --------------------------------------------------------- */

static bool inside;
static struct scxu_where at;

static bool where(const void *of, struct scxu_where *ret)
{
	CHECK(of == &at);
	if (inside)
		*ret = at;
	return inside;
}

static const struct blame_place played_place = {
	.where = where,
	.crash = "; the play goes on",
	.loop = "; the play waits",
};

static void played(const char *callback, int32_t pid, uint64_t since)
{
	inside = callback;
	at = (struct scxu_where) { .callback = callback, .pid = pid, .since = since };
	if (pid)
		memcpy(at.comm, "a task's name 15", 16); /* not ended: as torn as can be */
}

/* --- a crash ---------------------------------------------------------------------- */

static struct capture c;

/* A child dies of the signal as if nothing was told; what it says. */
static const char *crash(int sig, bool runs)
{
	int status = 0;
	pid_t pid;

	capture_begin(&c);
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &(struct rlimit) { 0, 0 });
		blame_begin("mine", &played_place);
		blame_set(runs ? &at : NULL);
		if (sig == SIGABRT)
			abort();
		raise(sig);
		raise(sig); /* a fault repeats by itself: raise() does not */
		_exit(3);
	}
	waitpid(pid, &status, 0);
	capture_end(&c);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == sig);
	return CAPTURED_ERR(&c);
}

static void crashes(void)
{
	played("enqueue", 1234, 1);
	CHECK_STR(crash(SIGSEGV, true),
		  "scx_userland: error: SIGSEGV in policy mine, in enqueue() (task 1234 a task's "
		  "name 1); the play goes on\n");
	played("dispatch", 0, 1);
	CHECK_STR(crash(SIGABRT, true),
		  "scx_userland: error: SIGABRT in policy mine, in dispatch(); "
		  "the play goes on\n");
	CHECK(strstr(crash(SIGFPE, true), "SIGFPE in policy mine"));
	CHECK(strstr(crash(SIGBUS, true), "SIGBUS in policy mine"));
	CHECK(strstr(crash(SIGILL, true), "SIGILL in policy mine"));
	played(NULL, 0, 0);
	CHECK(strstr(crash(SIGSEGV, true), "SIGSEGV, in no callback of policy mine\n"));
	CHECK(strstr(crash(SIGSEGV, false), "SIGSEGV while policy mine starts or ends\n"));
}

/* --- an endless loop ----------------------------------------------------------------- */

static const char *watch(void)
{
	capture_begin(&c);
	blame_watch();
	capture_end(&c);
	CHECK_STR(CAPTURED_OUT(&c), "");
	return CAPTURED_ERR(&c);
}

static void loops(void)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	blame_begin("mine", &played_place);
	played("enqueue", 1234, 1);
	CHECK_STR(watch(), ""); /* no runner */
	blame_set(&at);
	played(NULL, 0, 0);
	CHECK_STR(watch(), "");
	played("enqueue", 1234, now); /* it has just begun */
	CHECK_STR(watch(), "");
	played("enqueue", 1234, now + 1000000000u); /* and a clock that we have read before */
	CHECK_STR(watch(), "");
	played("enqueue", 1234, now - 3000000000u);
	CHECK(strstr(watch(), "warning: policy mine is in enqueue() since 3 s (task 1234 a task's "
			      "name 1); the play waits\n"));
	CHECK_STR(watch(), ""); /* once */
	played(NULL, 0, 0);
	CHECK_STR(watch(), "scx_userland: policy mine is back\n");
	CHECK_STR(watch(), "");
	played("dispatch", 0, now - 2000000000u);
	CHECK(strstr(watch(), "is in dispatch() since 2 s; the play"));
}

/* The timer's next second, at once. */
static const char *second(void)
{
	capture_begin(&c);
	raise(SIGVTALRM);
	capture_end(&c);
	CHECK_STR(CAPTURED_OUT(&c), "");
	return CAPTURED_ERR(&c);
}

static void loops_here(void)
{
	blame_begin("mine", &played_place);
	blame_set(NULL);
	blame_watch_myself();
	setitimer(ITIMER_VIRTUAL, &(struct itimerval) { 0 }, NULL); /* we are the timer */
	CHECK_STR(second(), "");
	blame_set(&at);
	played("dispatch", 0, 0); /* virtual time begins with 0 */
	CHECK_STR(second(), ""); /* it may just have begun */
	CHECK_STR(
		second(),
		"scx_userland: warning: policy mine is in dispatch() since 1 s; the play waits\n");
	CHECK_STR(second(), ""); /* once */
	played(NULL, 0, 0);
	CHECK_STR(second(), "scx_userland: policy mine is back\n");
	/* another pass each time: it does return */
	played("enqueue", 1234, 7);
	CHECK_STR(second(), "");
	played("enqueue", 1234, 8);
	CHECK_STR(second(), "");
	CHECK(strstr(second(), "is in enqueue() since 1 s (task 1234 a task's name 1); the play"));
	played("enqueue", 1234, 9);
	CHECK_STR(second(), "scx_userland: policy mine is back\n");
}

int main(void)
{
	crashes();
	loops();
	loops_here();
	return UNIT_END();
}
