// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between taking an event and giving a decision: no allocation, no lock, no stdio,
 * no system call. A child process runs the engine over a load of events under a
 * seccomp filter that kills it at any system call but the one that ends it, with
 * malloc() and its like wrapped (--wrap) to tell on who calls them.
 *
 * Controls: policies that do one of these things each, and have to be caught.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <scxu/loader.h>

#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

#define TASKS  6000u
#define ROUNDS (UNIT_TSAN ? 50u : 150u)

/* --- what must not be called ------------------------------------------------------ */

static bool armed;
/* In memory that parent and child share. */
static struct {
	char called[32];
	uint64_t decided, waits;
} *told;

static bool tell(const char *name)
{
	if (armed && !told->called[0])
		memcpy(told->called, name, strlen(name));
	return armed;
}

#define WRAP(type, name, params, args, failure)                      \
	type __real_##name params;                                   \
	type __wrap_##name params;                                   \
	type __wrap_##name params                                    \
	{                                                            \
		return tell(#name) ? (failure) : __real_##name args; \
	}

WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *p, size_t size), (p, size), NULL)
WRAP(int, pthread_mutex_lock, (pthread_mutex_t * m), (m), 0)
WRAP(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m), 0)
WRAP(int, vfprintf, (FILE * to, const char *format, va_list args), (to, format, args), 0)
WRAP(int, fputs, (const char *text, FILE *to), (text, to), 0)
WRAP(int, fputc, (int character, FILE *to), (character, to), 0)
WRAP(int, puts, (const char *text), (text), 0)
WRAP(size_t, fwrite, (const void *p, size_t size, size_t n, FILE *to), (p, size, n, to), 0)

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
	if (!tell("free"))
		__real_free(p);
}

/* --- controls ------------------------------------------------------------------------ */

static void *volatile sink;
static const char *volatile text = "task\n"; /* else the compiler chooses another */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void sins_syscall(void)
{
	getppid();
}

static void sins_malloc(void)
{
	sink = malloc(100);
}

static void sins_free(void)
{
	free(sink);
}

static void sins_lock(void)
{
	pthread_mutex_lock(&mutex);
}

static void sins_stdio(void)
{
	fputs(text, stdout);
}

static void (*sin)(void);

static void sinful_enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	/* once, late: the filter holds all the time */
	if (scxu_engine_counts(sched)->passes == ROUNDS / 2) {
		sin();
		fifo_of(sched)->logged = 0;
	}
	test_fifo.enqueue(sched, task, flags);
}

/* --- the child ------------------------------------------------------------------------- */

static int no_syscalls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return -errno;
	return 0;
}

/* All that happens to an engine in its life, in random order. */
static void load(struct kernel_part *k, struct scxu_sched *sched)
{
	struct scxu_decision d;
	unsigned int round, i;
	uint64_t seed = 7;

	for (round = 0; round < ROUNDS; round++) {
		/* now and then more than the ring takes: all records are read then */
		unsigned int n = round % 50 == 49 ? TASKS : 200;

		kernel_part_idle(k, unit_below(&seed, 4), unit_below(&seed, 2));
		kernel_part_online(k, 3, unit_below(&seed, 4));
		kernel_part_run(k, unit_below(&seed, 4), (int)unit_below(&seed, 2), round * 1000000,
				100, round);
		for (i = 0; i < n; i++) {
			uint32_t slot = n == TASKS ? i : unit_below(&seed, TASKS);

			if (!unit_below(&seed, 100)) {
				kernel_part_exit(k, slot);
				kernel_part_birth(k, slot, (int)(slot + 1), slot % 3 ? 0 : 6);
			}
			kernel_part_enqueue(k, slot, i % 2,
					    &(struct wait_facts) { .runtime = round * 1000000,
								   .flags = unit_below(&seed, 2),
								   .weight = 1 + slot % 500 });
			if (!unit_below(&seed, 50))
				kernel_part_leave(k, slot);
			told->waits++;
		}
		while (scxu_engine_pass(sched, round * 1000000))
			;
		scxu_engine_settle(sched);
		for (i = 0; i < 300; i++) {
			enum outcome o = kernel_part_dispatch(k, unit_below(&seed, 4), &d);

			told->decided += o == APPLIED;
			if (o == NOTHING)
				scxu_engine_pass(sched, round * 1000000 + i);
		}
	}
}

static int child(const struct scxu_policy_ops *policy, bool filter, unsigned int batch)
{
	struct kernel_part *k = kernel_part_create(4, TASKS);
	struct scxu_sched *sched = engine_with(k, policy, batch);
	uint32_t slot;

	for (slot = 0; slot < TASKS; slot++)
		kernel_part_birth(k, slot, (int)slot + 1, slot % 3 ? 0 : 6);
	sink = malloc(1);
	if (filter && no_syscalls())
		return UNIT_SKIPPED;
	armed = true;
	load(k, sched);
	armed = false;
	return 0;
}

/* Its wait status. */
static int run(const struct scxu_policy_ops *policy, bool filter, unsigned int batch)
{
	int status = -1;
	pid_t pid;

	memset(told, 0, sizeof(*told));
	fflush(NULL);
	pid = fork();
	NEED(pid >= 0);
	if (!pid)
		syscall(SYS_exit_group, child(policy, filter, batch));
	NEED(waitpid(pid, &status, 0) == pid);
	return status;
}

static void clean(const struct scxu_policy_ops *policy, bool filter, unsigned int batch)
{
	int status = run(policy, filter, batch);

	if (!CHECK_EQ(status, 0))
		printf("  %s: a system call, or worse\n", policy->name);
	CHECK_STR(told->called, "");
	CHECK_LE(ROUNDS * 100, told->decided);
}

static void caught(void (*what)(void), bool filter, const char *called)
{
	struct scxu_policy_ops sinful = test_fifo;
	int status;

	sinful.enqueue = sinful_enqueue;
	sin = what;
	status = run(&sinful, filter, 8);
	if (called)
		CHECK_STR(told->called, called);
	else
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

int main(void)
{
	/* The thread sanitizer's own run-time allocates whenever it likes. */
	bool filter = !UNIT_TSAN;
	const struct scxu_policy_ops *policy;
	unsigned int i;
	int status;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(told != MAP_FAILED);
	status = run(&test_fifo, filter, 8);
	if (WIFEXITED(status) && WEXITSTATUS(status) == UNIT_SKIPPED) {
		printf("SKIP: no seccomp filters here\n");
		return UNIT_SKIPPED;
	}
	clean(&test_fifo, filter, 8);
	for (i = 0; (policy = scxu_policy_builtin(i)); i++) {
		clean(policy, filter, 1);
		clean(policy, filter, 8);
		clean(policy, filter, SCXU_STOCK);
	}
	caught(sins_malloc, false, "malloc");
	caught(sins_free, false, "free");
	caught(sins_lock, false, "pthread_mutex_lock");
	caught(sins_stdio, false, "fputs");
	if (filter)
		caught(sins_syscall, true, NULL);
	return UNIT_END();
}
