// SPDX-License-Identifier: GPL-2.0-only
/*
 * --help. What it says of each kind of load and of each option comes from the tables that are used
 * to read them.
 */
#include "help.h"

#include <inttypes.h>
#include <string.h>

#include "load.h"

#define COLUMNS 90

static const char begin[] =
	"Usage: scxu-load [OPTIONS] LOAD...\n"
	"       scxu-load --probe-idle S [--pid PID]\n"
	"\n"
	"Runs LOADs together and reports what their tasks got of the CPUs, and when.\n"
	"\n"
	"Examples:\n"
	"  scxu-load hogs:4x0,4x5,4x10,4x19 sleeper:1000\n"
	"      four hogs at each of four nice values, and a task that wakes every ms\n"
	"  scxu-load --table hogs:8x0@cpus=0-1 pingpong:4\n"
	"      eight hogs on two CPUs beside four ping-pong pairs; a line each second\n"
	"  scxu-load --get hogs.0.share --get sleeper.lateness_us.p99 \\\n"
	"          hogs:4x0,4x19 sleeper:1000\n"
	"      two values, for a shell test\n"
	"  scxu-load --json --seconds 10 hogs-threads:10000x0\n"
	"      10 000 runnable tasks; hogs_threads_all.never_ran tells of the starved\n"
	"  scxu-load --probe-idle 10 --pid $(pidof scx_userland)\n"
	"      does it let an idle machine be idle?\n"
	"\n"
	"Options:\n";

static const char before_kinds[] =
	"\n"
	"LOADs: KIND[:ARGUMENT][@OPTION=VALUE]..., such as hogs:2x0@cpus=0,2-3@policy=ext\n";

static const char after_kinds[] =
	"  All take @cpus=LIST; most take @nice=N (-20 to 19) and\n"
	"  @policy=other|batch|idle|ext.\n"
	"\n"
	"How it measures:\n"
	"  All tasks are let go by one FUTEX_WAKE; the window begins after the warm-up.\n"
	"  A hog watches the clock without system calls: its longest gap is the longest\n"
	"  time that it did not run, of the gaps that ended in the window or span its end.\n"
	"  CPU time is exactly that of the window. A task that is not seen again before the\n"
	"  tail ends counts as unfinished, and its gap or lateness as lasting until then.\n"
	"  The ideal share is that of the kernel's nice weights, where no task can use more\n"
	"  than one CPU; ideal_scx is the same with the weights that sched_ext shows\n"
	"  (1..10000, rounded: nice 19 has 1 for 1.46). Both suppose that the load's tasks\n"
	"  compete with one another only. Percentiles are up to 1.6 % too high, maxima\n"
	"  exact. Without root limits are not raised, and scxu-load may look at the machine\n"
	"  late. Under emulation with several busy CPUs on one clock, a CPU waits for the\n"
	"  others' turns: that is part of each latency, and of a sleeper's CPU time.\n"
	"\n"
	"Report: one JSON object. These are its PATHs: keys joined by dots, array indexes\n"
	"from 0. The second load of a kind is KIND2, and so on.\n"
	"  seconds, warmup_s, cpus, failed (1 if a task died; so is the exit status then)\n"
	"  machine.{cpu_used, loads_cpu_s, loads_used, context_switches_per_s, forks_per_s,\n"
	"    load_average_1min, load_average_5min, load_average_15min,\n"
	"    psi_cpu_some_avg10_percent, psi_cpu_some_us (in the window)}\n"
	"    cpu_used: 1 - idle/total of /proc/stat. loads_used: loads_cpu_s as a part of\n"
	"    what the loads could use: a CPU for each task that computes, as far as there\n"
	"    are; for others what they did use. null if no task computes all the time\n";

static const char end[] =
	"  process.{pid, threads, wakeups, wakeups_per_s, preemptions, cpu_ms}: with\n"
	"    --probe-idle --pid; wake-ups are its voluntary context switches\n"
	"  TASKS: tasks, cpu_s, used (cpu_s / (min(tasks, their CPUs) * seconds)),\n"
	"    task_cpu_ms.{min,median,max}, longest_gap_ms, never_ran (in the window),\n"
	"    unfinished, not_ready (at the release)\n"
	"  PERCENTILES: p50, p99, p999, max, count\n"
	"\n"
	"Exit status: 0; 1 if a task died or could not be made; 2 for a wrong command line;\n"
	"130 if interrupted.\n";

/*
 * Words of @text in lines of up to COLUMNS, each after @indent spaces; the first begins at column
 * @at.
 */
static void print_wrapped(int at, int indent, const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > indent && at + len >= COLUMNS) {
			printf("\n%*s", indent, "");
			at = indent;
		} else if (at > indent) {
			putchar(' ');
			at++;
		}
		printf("%.*s", len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_options(const struct option_row *options, size_t nr_options)
{
	for (size_t i = 0; i < nr_options; i++) {
		const struct option_row *row = &options[i];
		char name[40];

		snprintf(name, sizeof(name), "--%s%s%s", row->name, row->value ? " " : "",
			 row->value ? row->value : "");
		if (row->id < 256)
			printf("  -%c, %-16s ", row->id, name);
		else
			printf("      %-16s ", name);
		print_wrapped(23, 23, row->about);
	}
}

static void print_kinds(void)
{
	for (unsigned int i = 0; load_kinds[i]; i++) {
		const struct load_kind *kind = load_kinds[i];

		printf("  %s%s%s\n      ", kind->name, kind->argument ? ":" : "",
		       kind->argument ? kind->argument : "");
		print_wrapped(6, 6, kind->about);
		for (unsigned int j = 0; j < LOAD_KEYS_MAX && kind->keys[j].name; j++)
			printf("      @%s=N: %s (default %" PRId64 ")\n", kind->keys[j].name,
			       kind->keys[j].about, kind->keys[j].fallback);
	}
}

static void print_paths(void)
{
	for (unsigned int i = 0; load_kinds[i]; i++) {
		size_t name = strlen(load_kinds[i]->name);
		char text[512];

		snprintf(text, sizeof(text), "%s%s", load_kinds[i]->name, load_kinds[i]->paths);
		for (size_t at = 0; at < name; at++) {
			if (text[at] == '-')
				text[at] = '_';
		}
		printf("  ");
		print_wrapped(2, 4, text);
	}
}

void help_print(const struct option_row *options, size_t nr_options)
{
	fputs(begin, stdout);
	print_options(options, nr_options);
	fputs(before_kinds, stdout);
	print_kinds();
	fputs(after_kinds, stdout);
	print_paths();
	fputs(end, stdout);
}
