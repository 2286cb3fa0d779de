// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that come and go: forkers (fork, exit, wait, as fast as it goes), exit churn (tasks that
 * end while they compute, or are killed while they wait for a CPU), and a fork bomb.
 */
#include "kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"
#include "worker.h"

enum { FAILURES, KILLS, KILLED_UNSEEN };
enum { BOMB_TAKEN = 3, BOMB_CREATED, BOMB_REACHED_NS };
enum { LIFE_US };

/* After a fork that failed: long enough for something to end, short enough to go on. */
#define RETRY_NS NS_PER_MS

static void fork_failed(struct worker *w)
{
	atomic_fetch_add(&w->load->shared->counter[FAILURES], 1);
	clock_sleep_until(clock_now() + RETRY_NS);
}

static void forkers_task(struct worker *w)
{
	for (;;) {
		uint64_t begun = clock_now(), done;
		pid_t pid;

		atomic_store_explicit(&w->slot->last_ns, begun, memory_order_relaxed);
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid < 0)
			fork_failed(w);
		else
			waitpid(pid, NULL, 0);
		done = clock_now();
		if (pid > 0 && worker_in_window(w, begun))
			histogram_record(&w->load->shared->latency, done - begun);
		if (pid > 0 && worker_in_window(w, done))
			worker_count(w);
		if (!worker_due(w, done))
			return;
	}
}

/* What a task had under way when the tail ended has taken at least until then. */
static void settle_begun(struct load *load, uint64_t now_ns)
{
	for (unsigned int i = 0; i < load->nr_tasks; i++) {
		struct slot *slot = &load->slots[i];
		uint64_t begun = atomic_load(&slot->last_ns);

		if (atomic_load(&slot->phase) != TASK_ENDED && begun && now_ns > begun &&
		    !atomic_load(&slot->cell))
			histogram_record(&load->shared->latency, now_ns - begun);
	}
}

static void forkers_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	report_count(node, "tasks", sum.tasks);
	report_count(node, "forks", load_count(load));
	report_real(node, "forks_per_s", (double)load_count(load) / load_seconds(load), 1);
	report_count(node, "failures", load_counter(load, FAILURES));
	report_percentiles(node, "fork_us", &load->shared->latency, NS_PER_US);
	report_real(node, "cpu_s", (double)sum.cpu_ns / NS_PER_S, 6);
	report_count(node, "unfinished", sum.unfinished);
}

static void forkers_print(const struct load *load, FILE *out)
{
	fprintf(out, "  %.0f forks/s, %" PRIu64 " failed\n",
		(double)load_count(load) / load_seconds(load), load_counter(load, FAILURES));
	load_print_latency("fork, exit and wait", &load->shared->latency, out);
}

static void forkers_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	load_live_rate(load, "forks/s", head ? 0 : load_count(load), now_ns, head, out);
}

static void __attribute__((noreturn)) exit_churn_child(struct worker *w, pid_t parent,
						       uint64_t life_ns)
{
	worker_child(parent);
	atomic_store(&w->slot->cell, clock_now());
	worker_compute(life_ns);
	_exit(0);
}

/*
 * One short-lived task, of which every second one is killed at a random moment, maybe before it has
 * run at all.
 */
static void exit_churn_once(struct worker *w, uint64_t *random, uint64_t *ret_done)
{
	struct load_shared *shared = w->load->shared;
	uint64_t life = (uint64_t)w->load->option[LIFE_US] * NS_PER_US, begun, ran;
	uint64_t kill_after = random_below(random, 2 * life),
		 life_ns = random_below(random, 2 * life);
	bool kill_it = random_next(random) & 1;
	pid_t parent = getpid(), pid;

	atomic_store(&w->slot->cell, 0);
	begun = clock_now();
	atomic_store(&w->slot->last_ns, begun);
	pid = fork();
	if (!pid)
		exit_churn_child(w, parent, life_ns);
	if (pid < 0) {
		fork_failed(w);
		*ret_done = clock_now();
		return;
	}
	if (kill_it) {
		clock_sleep_until(begun + kill_after);
		kill(pid, SIGKILL);
		atomic_fetch_add(&shared->counter[KILLS], 1);
	}
	waitpid(pid, NULL, 0);
	*ret_done = clock_now();
	ran = atomic_load(&w->slot->cell);
	if (!ran)
		atomic_fetch_add(&shared->counter[KILLED_UNSEEN], 1);
	else if (worker_in_window(w, begun))
		histogram_record(&shared->latency, ran - begun);
	if (worker_in_window(w, *ret_done))
		worker_count(w);
}

static void exit_churn_task(struct worker *w)
{
	uint64_t random = w->load->run->seed * LOAD_TASKS_MAX + w->index, done;

	do
		exit_churn_once(w, &random, &done);
	while (worker_due(w, done));
}

static void exit_churn_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	report_count(node, "tasks", sum.tasks);
	report_count(node, "exits", load_count(load));
	report_real(node, "exits_per_s", (double)load_count(load) / load_seconds(load), 1);
	report_count(node, "kills", load_counter(load, KILLS));
	report_count(node, "killed_before_running", load_counter(load, KILLED_UNSEEN));
	report_count(node, "failures", load_counter(load, FAILURES));
	report_percentiles(node, "start_us", &load->shared->latency, NS_PER_US);
	report_real(node, "cpu_s", (double)sum.cpu_ns / NS_PER_S, 6);
	report_count(node, "unfinished", sum.unfinished);
}

static void exit_churn_print(const struct load *load, FILE *out)
{
	fprintf(out,
		"  %.0f exits/s in the window; in all %" PRIu64 " killed, %" PRIu64
		" of those before they ran; %" PRIu64 " forks failed\n",
		(double)load_count(load) / load_seconds(load), load_counter(load, KILLS),
		load_counter(load, KILLED_UNSEEN), load_counter(load, FAILURES));
	load_print_latency("from fork to running", &load->shared->latency, out);
}

static void exit_churn_live(const struct load *load, uint64_t now_ns, bool head, FILE *out)
{
	load_live_rate(load, "exits/s", head ? 0 : load_count(load), now_ns, head, out);
}

static int fork_bomb_start(struct load *load)
{
	load->nr_first = 1;
	atomic_store(&load->shared->counter[BOMB_TAKEN], 1);
	atomic_store(&load->shared->counter[BOMB_CREATED], 1);
	return worker_fork(load, 0);
}

/* Take the number of the next task; the limit when all are taken. */
static unsigned int fork_bomb_next(struct load *load)
{
	_Atomic uint64_t *taken = &load->shared->counter[BOMB_TAKEN];
	uint64_t next = atomic_load(taken);

	while (next < load->nr_tasks && !atomic_compare_exchange_weak(taken, &next, next + 1))
		;
	return (unsigned int)next;
}

/* Everybody forks until there are enough, so their number doubles; then all compute. */
static void fork_bomb_task(struct worker *w)
{
	struct load *load = w->load;
	unsigned int index;

	clock_sleep_until(w->control->start_ns);
	w->last_ns = w->control->start_ns;
	if (!worker_see(w, clock_now()))
		return;
	while ((index = fork_bomb_next(load)) < load->nr_tasks) {
		struct slot *slot = &load->slots[index];
		uint64_t begun = clock_now();
		pid_t parent = getpid(), pid;
		uint32_t none = TASK_NONE;

		atomic_store(&slot->last_ns, begun);
		pid = fork();
		if (pid < 0) {
			/*
			 * It is at its limit: a bomb would try again without end; this one has
			 * shown it.
			 */
			atomic_fetch_add(&load->shared->counter[FAILURES], 1);
			break;
		}
		/* By whichever of the two runs first; the child may have gone further already. */
		atomic_compare_exchange_strong(&slot->phase, &none, TASK_CREATED);
		if (!pid) {
			worker_child(parent);
			worker_start(w, load, index, begun);
			atomic_store(&w->slot->tid, getpid());
		} else if (atomic_fetch_add(&load->shared->counter[BOMB_CREATED], 1) + 1 ==
			   load->nr_tasks) {
			atomic_store(&load->shared->counter[BOMB_REACHED_NS],
				     clock_now() - w->control->start_ns);
		}
		/*
		 * Parent and child. The gap seen is the fork itself, and the wait for a CPU if
		 * there was one.
		 */
		if (!worker_see(w, clock_now()))
			return;
	}
	worker_busy(w, 0);
}

static void fork_bomb_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	uint64_t reached = load_counter(load, BOMB_REACHED_NS);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	load_report_tasks(load, &sum, node);
	report_count(node, "created", load_counter(load, BOMB_CREATED));
	report_count(node, "failures", load_counter(load, FAILURES));
	if (reached)
		report_real(node, "all_created_after_ms", (double)reached / NS_PER_MS, 3);
	else
		report_null(node, "all_created_after_ms");
}

static void fork_bomb_print(const struct load *load, FILE *out)
{
	uint64_t reached = load_counter(load, BOMB_REACHED_NS);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	if (reached)
		fprintf(out, "  %u tasks after %.3f ms", sum.tasks, (double)reached / NS_PER_MS);
	else
		fprintf(out, "  only %" PRIu64 " of %u tasks by the end",
			load_counter(load, BOMB_CREATED), load->nr_tasks);
	fprintf(out, ", %" PRIu64 " forks failed\n", load_counter(load, FAILURES));
	load_print_tasks(load, &sum, out);
}

const struct load_kind forkers_kind = {
	.name = "forkers",
	.argument = "N",
	.about = "N processes which fork a child that exits, wait for it, and so on",
	.paths = ".{spec, tasks, forks, forks_per_s, failures, fork_us.PERCENTILES (fork to waited "
		 "for), cpu_s, "
		 "unfinished}",
	.flags = LOAD_FORKS,
	.task = forkers_task,
	.settle = settle_begun,
	.report = forkers_report,
	.print = forkers_print,
	.live = forkers_live,
};

const struct load_kind exit_churn_kind = {
	.name = "exit-churn",
	.argument = "N",
	.about = "N short-lived tasks at a time, which compute a while and end; half are killed at "
		 "random moments",
	.paths = ".{spec, tasks, exits, exits_per_s, kills, killed_before_running, failures, "
		 "start_us.PERCENTILES "
		 "(fork to first instruction), cpu_s, unfinished}",
	.keys = { [LIFE_US] = { "life_us", 1, 10000000, 1000, "mean life of a task" } },
	.flags = LOAD_FORKS,
	.task = exit_churn_task,
	.settle = settle_begun,
	.report = exit_churn_report,
	.print = exit_churn_print,
	.live = exit_churn_live,
};

const struct load_kind fork_bomb_kind = {
	.name = "fork-bomb",
	.argument = "N",
	.about = "at the start of the window one process begins to fork, its children do, until N "
		 "are there and compute",
	.paths = ".{spec, TASKS, created, failures, all_created_after_ms}",
	.flags = LOAD_CPU_BOUND,
	.start = fork_bomb_start,
	.task = fork_bomb_task,
	.report = fork_bomb_report,
	.print = fork_bomb_print,
};
