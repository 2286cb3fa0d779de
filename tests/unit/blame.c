// SPDX-License-Identifier: GPL-2.0-only
/* The command tells in which callback a policy crashed, or hangs; a child process crashes. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "blame.h"
#include "capture.h"

/* --- the runner, played --------------------------------------------------------- */

static bool inside;
static struct scxu_where at;

bool scxu_runner_where(const struct scxu_runner *runner, struct scxu_where *ret)
{
	CHECK(runner == (const struct scxu_runner *)&at);
	if (inside)
		*ret = at;
	return inside;
}

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
		blame_begin("mine");
		blame_runner(runs ? (const struct scxu_runner *)&at : NULL);
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
		  "name 1); the machine goes on without it\n");
	played("dispatch", 0, 1);
	CHECK_STR(crash(SIGABRT, true),
		  "scx_userland: error: SIGABRT in policy mine, in dispatch(); "
		  "the machine goes on without it\n");
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
	blame_begin("mine");
	played("enqueue", 1234, 1);
	CHECK_STR(watch(), ""); /* no runner */
	blame_runner((const struct scxu_runner *)&at);
	played(NULL, 0, 0);
	CHECK_STR(watch(), "");
	played("enqueue", 1234, now); /* it has just begun */
	CHECK_STR(watch(), "");
	played("enqueue", 1234, now + 1000000000u); /* and a clock that we have read before */
	CHECK_STR(watch(), "");
	played("enqueue", 1234, now - 3000000000u);
	CHECK(strstr(watch(), "warning: policy mine is in enqueue() since 3 s (task 1234 a task's "
			      "name 1); the kernel part schedules meanwhile\n"));
	CHECK_STR(watch(), ""); /* once */
	played(NULL, 0, 0);
	CHECK_STR(watch(), "scx_userland: policy mine is back\n");
	CHECK_STR(watch(), "");
	played("dispatch", 0, now - 2000000000u);
	CHECK(strstr(watch(), "is in dispatch() since 2 s; the kernel"));
}

int main(void)
{
	crashes();
	loops();
	return UNIT_END();
}
