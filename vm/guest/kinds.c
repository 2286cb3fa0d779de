// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every kind of load, in the order in which --help shows them.
 */
#include "kinds.h"

#include <stddef.h>

/*
 * No tasks and no results of its own: with it, what something else does to the machine can be
 * measured. The machine's use is part of every report.
 */
static void cpu_use_report(const struct load *load, struct report *root)
{
	load_object(load, root);
}

static void cpu_use_print(const struct load *load, FILE *out)
{
	(void)load;
	fprintf(out, "  see the machine's line\n");
}

const struct load_kind cpu_use_kind = {
	.name = "cpu-use",
	.about = "no tasks: watches the machine only (every report tells the machine's CPU use)",
	.paths = ".spec",
	.report = cpu_use_report,
	.print = cpu_use_print,
};

/* One a line. */
/* clang-format off */
const struct load_kind *const load_kinds[] = {
	&hogs_kind,
	&hogs_threads_kind,
	&sleeper_kind,
	&sleeper_threads_kind,
	&pingpong_kind,
	&messages_kind,
	&forkers_kind,
	&yielders_kind,
	&burst_kind,
	&affinity_churn_kind,
	&nice_churn_kind,
	&class_churn_kind,
	&exit_churn_kind,
	&fork_bomb_kind,
	&fifo_hogs_kind,
	&pid_reuse_kind,
	&cpu_use_kind,
	NULL,
};
/* clang-format on */
