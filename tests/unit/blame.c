// SPDX-License-Identifier: GPL-2.0-only
/* The command tells in which callback a policy crashed, or hangs; a child process crashes. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "blame.h"
#include "capture.h"
#include "lib/engine.h"

/* --- where the policy runs, played --------------------------------------------------------- */

static struct scxu_sched *const played_sched = (struct scxu_sched *)&played_sched;
static struct scxu_where at;
static uint64_t now;
static int init_result;

bool __wrap_scxu_engine_where(const struct scxu_sched *sched, struct scxu_where *ret);
bool __wrap_scxu_engine_where(const struct scxu_sched *sched, struct scxu_where *ret)
{
	CHECK(sched == played_sched);
	if (at.callback)
		*ret = at;
	return at.callback;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	CHECK_EQ(clock, CLOCK_MONOTONIC);
	*ret = (struct timespec) { .tv_sec = (time_t)(now / 1000000000u),
				   .tv_nsec = (long)(now % 1000000000u) };
	return 0;
}

static const struct blame_place played_place = {
	.crash = "; the play goes on",
	.loop = "; the play waits",
};

static int init(struct scxu_sched *sched)
{
	CHECK(sched == played_sched);
	return init_result;
}

static const struct scxu_policy_ops mine = { .name = "mine", .init = init };
static const struct scxu_policy_ops *ops; /* as blame has it */

static void played(const char *callback, int32_t pid, uint64_t since)
{
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
		ops = blame_begin(&mine, &played_place);
		if (runs)
			ops->init(played_sched);
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
	CHECK(strstr(crash(SIGSEGV, false), "SIGSEGV, in no callback of policy mine\n"));
}

/* A child ends by exit(0), in a callback or not; what it says. */
static const char *leave(bool runs, int wanted)
{
	int status = 0;
	pid_t pid;

	capture_begin(&c);
	pid = fork();
	if (!pid) {
		ops = blame_begin(&mine, &played_place);
		if (runs)
			ops->init(played_sched);
		exit(0);
	}
	waitpid(pid, &status, 0);
	capture_end(&c);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), wanted);
	return CAPTURED_ERR(&c);
}

static void leaves(void)
{
	played("enqueue", 1234, 1);
	CHECK_STR(leave(true, 1), "scx_userland: error: policy mine called exit() in enqueue() "
				  "(task 1234 a task's name 1); the play goes on\n");
	CHECK_STR(leave(false, 0), "");
	played(NULL, 0, 0);
	CHECK_STR(leave(true, 0), "");
}

/* --- a callback that does not return ------------------------------------------------- */

/* A look @ms later. */
static const char *watch(unsigned int ms)
{
	now += ms * 1000000ull;
	capture_begin(&c);
	blame_watch();
	capture_end(&c);
	CHECK_STR(CAPTURED_OUT(&c), "");
	return CAPTURED_ERR(&c);
}

static void loops(void)
{
	ops = blame_begin(&mine, &played_place);
	played("enqueue", 1234, 1);
	CHECK_STR(watch(1000), ""); /* no scheduler */
	CHECK_STR(watch(1000), "");
	init_result = -1; /* nor is there one then */
	CHECK_EQ(ops->init(played_sched), -1);
	CHECK_STR(watch(1000), "");
	CHECK_STR(watch(1000), "");
	init_result = 0;
	CHECK_EQ(ops->init(played_sched), 0);
	played(NULL, 0, 0);
	CHECK_STR(watch(1000), "");
	played("dispatch", 0, 0); /* virtual time begins with 0 */
	CHECK_STR(watch(1000), ""); /* it may just have begun */
	CHECK_STR(watch(999), "");
	CHECK_STR(
		watch(1),
		"scx_userland: warning: policy mine is in dispatch() since 1 s; the play waits\n");
	CHECK_STR(watch(1000), ""); /* once */
	played(NULL, 0, 0);
	CHECK_STR(watch(1000), "scx_userland: policy mine is back\n");
	CHECK_STR(watch(1000), "");
	/* another pass each time: it does return */
	played("enqueue", 1234, 7);
	CHECK_STR(watch(1000), "");
	played("enqueue", 1234, 8);
	CHECK_STR(watch(1000), "");
	CHECK(strstr(watch(3000), "warning: policy mine is in enqueue() since 3 s (task 1234 a "
				  "task's name 1); the play waits\n"));
	played("enqueue", 1234, 9);
	CHECK_STR(watch(1000), "scx_userland: policy mine is back\n");
	ops->exit(played_sched);
	CHECK_STR(watch(1000), "");
	CHECK_STR(watch(1000), "");
}

int main(void)
{
	crashes();
	leaves();
	loops();
	return UNIT_END();
}
