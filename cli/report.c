// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "report.h"

#define HEADINGS_EVERY 20

static double per_second(uint64_t count, double seconds)
{
	return seconds > 0 ? (double)count / seconds : 0;
}

void report_interval(FILE *to, const struct scxu_stats *before, const struct scxu_stats *now,
		     double seconds, unsigned int line)
{
#define DELTA(name) (scxu_stats_counter(now, name) - scxu_stats_counter(before, name))
	uint64_t activations = now->activations - before->activations;
	uint64_t decided = now->decided - before->decided;

	if (line % HEADINGS_EVERY == 0)
		fprintf(to,
			"%8s %8s %6s | %8s %8s %6s | %6s %6s %6s | %6s %6s %5s | %7s %7s %7s | %5s "
			"%s\n",
			"user/s", "kernel/s", "failed", "vr-enq/s", "vr-dsp/s", "vr-fail", "wait",
			"queued", "sched", "dec/act", "stale", "bnced", "p50 us", "p99 us",
			"max us", "cpu%", "in charge");
	fprintf(to,
		"%8.0f %8.0f %6" PRIu64 " | %8.0f %8.0f %6" PRIu64 " | %6" PRIu64 " %6" PRIu64
		" %6" PRIu64 " | %6.2f %6" PRIu64 " %5" PRIu64 " | %7.0f %7.0f %7.0f | %5.2f %s\n",
		per_second(DELTA("user_enqueues"), seconds),
		per_second(DELTA("kernel_enqueues"), seconds), DELTA("failed_enqueues"),
		per_second(now->enqueued - before->enqueued, seconds), per_second(decided, seconds),
		now->failed - before->failed, now->waiting, now->queued, now->scheduled,
		activations ? (double)decided / (double)activations : 0.0, DELTA("stale"),
		DELTA("bounced"), (double)scxu_stats_wait(before, now, 50) / 1e3,
		(double)scxu_stats_wait(before, now, 99) / 1e3,
		(double)scxu_stats_wait(before, now, 100) / 1e3,
		seconds > 0 ? (double)(now->cpu_ns - before->cpu_ns) / 1e7 / seconds : 0.0,
		now->floor ? now->floor_reason : "agent");
	fflush(to);
#undef DELTA
}

void report_all(FILE *to, const struct scxu_stats *s)
{
	unsigned int i;

	for (i = 0; i < scxu_stats_nr_counters(); i++)
		fprintf(to, "%-16s %12" PRIu64 "  %s\n", scxu_stats_name(i), s->counters[i],
			scxu_stats_text(i));
}

void report_final(FILE *to, const struct scxu_stats *s)
{
	unsigned int i;

	fprintf(to, "final:");
	for (i = 0; i < scxu_stats_nr_counters(); i++)
		fprintf(to, " %s=%" PRIu64, scxu_stats_name(i), s->counters[i]);
	fprintf(to,
		" waiting=%" PRIu64 " queued=%" PRIu64 " scheduled=%" PRIu64 " enqueued=%" PRIu64
		" decided=%" PRIu64 " failed=%" PRIu64 " activations=%" PRIu64 " passes=%" PRIu64
		" rescans=%" PRIu64 " agent_cpu_us=%" PRIu64 " faults=%" PRIu64
		" slots_used=%" PRIu64 " floor=%d floor_longest_us=%" PRIu64 " wait_p50_us=%" PRIu64
		" wait_p99_us=%" PRIu64 " wait_max_us=%" PRIu64 "\n",
		s->waiting, s->queued, s->scheduled, s->enqueued, s->decided, s->failed,
		s->activations, s->passes, s->rescans, s->cpu_ns / 1000, s->faults, s->slots_used,
		s->floor, s->floor_longest_ns / 1000, scxu_stats_wait(NULL, s, 50) / 1000,
		scxu_stats_wait(NULL, s, 99) / 1000, scxu_stats_wait(NULL, s, 100) / 1000);
	fflush(to);
}

void report_exit(FILE *to, const struct scxu_exit *e, bool verbose)
{
	if (verbose && e->dump[0])
		fprintf(to, "debug dump of the kernel:\n%s\n", e->dump);
	fprintf(to, "exit: %s", e->reason[0] ? e->reason : "no reason given");
	if (e->message[0])
		fprintf(to, " (%s)", e->message);
	if (e->error && e->dump[0] && !verbose)
		fprintf(to, "; --verbose shows the kernel's dump");
	fputc('\n', to);
}
