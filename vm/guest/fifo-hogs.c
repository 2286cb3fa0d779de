// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real-time hogs: while they run, nothing below their class does, but for what the kernel reserves
 * (RT throttling, or the deadline servers of the fair class from 6.12 and of sched_ext from 7.0).
 * Each ends its attack by itself, by the clock: nobody else may get to stop it.
 */
#include "kinds.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

enum { SECONDS, PRIORITY };

static void fifo_hogs_task(struct worker *w)
{
	const struct control *control = w->control;
	const int64_t *option = w->load->option;
	uint64_t stop = control->end_ns,
		 bound = control->start_ns + (uint64_t)option[SECONDS] * NS_PER_S;
	struct sched_param param = { .sched_priority = (int)option[PRIORITY] };

	if (option[SECONDS] && bound < stop)
		stop = bound;
	if (sched_setscheduler(0, SCHED_FIFO, &param)) {
		fprintf(stderr, "scxu-load: '%s': cannot become SCHED_FIFO (root only): %s\n",
			w->load->spec, strerror(errno));
		_exit(1);
	}
	clock_sleep_until(control->start_ns);
	w->last_ns = control->start_ns;
	for (;;) {
		uint64_t now;

		worker_spin();
		now = clock_now();
		if (!worker_see(w, now))
			return;
		if (now >= stop)
			break;
	}
	worker_end(w);
}

static void fifo_hogs_report(const struct load *load, struct report *root)
{
	struct report *node = load_object(load, root);
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	load_report_tasks(load, &sum, node);
}

static void fifo_hogs_print(const struct load *load, FILE *out)
{
	struct summary sum;

	load_summarize(load, 0, load->nr_tasks, &sum);
	load_print_tasks(load, &sum, out);
}

const struct load_kind fifo_hogs_kind = {
	.name = "fifo-hogs",
	.argument = "N",
	.about = "N SCHED_FIFO processes which compute from the start of the window on (root only)",
	.paths = ".{spec, TASKS}",
	.keys = {
		[SECONDS] = { "seconds", 0, 3600, 0, "for how long; 0: the whole window" },
		[PRIORITY] = { "priority", 1, 39, 1, "real-time priority" },
	},
	.flags = LOAD_CPU_BOUND | LOAD_OWN_CLASS,
	.task = fifo_hogs_task,
	.report = fifo_hogs_report,
	.print = fifo_hogs_print,
};
