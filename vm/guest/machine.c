// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc tells of the machine, and of processes that are not ours.
 */
#include "machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "report.h"

/* The start of a file of /proc as a string. */
static int read_start(const char *path, char *text, size_t size)
{
	ssize_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return -EIO;
	text[len] = '\0';
	return 0;
}

/* /proc/stat grows with CPUs and interrupts, to some 10 KiB on a large machine. */
static int read_stat(struct machine_sample *sample)
{
	char *line = NULL;
	size_t size = 0;
	FILE *in;

	in = fopen("/proc/stat", "re");
	if (!in)
		return -errno;
	while (getline(&line, &size, in) > 0) {
		/* user nice system idle iowait irq softirq steal; guest time is part of user's */
		uint64_t t[8] = { 0 };

		/*
		 * Not by sscanf() alone: white space in its format matches none as well, and so
		 * "cpu0".
		 */
		if (!strncmp(line, "cpu ", 4) &&
		    sscanf(line + 4,
			   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64 " %" SCNu64,
			   &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) >= 4) {
			sample->idle_ticks = t[3] + t[4];
			for (unsigned int i = 0; i < 8; i++)
				sample->total_ticks += t[i];
		}
		sscanf(line, "ctxt %" SCNu64, &sample->context_switches);
		sscanf(line, "processes %" SCNu64, &sample->forks);
	}
	free(line);
	fclose(in);
	return sample->total_ticks ? 0 : -ENODATA;
}

int machine_sample(struct machine_sample *ret)
{
	struct machine_sample sample = { .at_ns = clock_now() };
	char text[512];
	int err;

	err = read_stat(&sample);
	if (err)
		return err;
	if (!read_start("/proc/pressure/cpu", text, sizeof(text)))
		sample.has_psi = sscanf(text, "some avg10=%lf avg60=%*f avg300=%*f total=%" SCNu64,
					&sample.psi_avg10, &sample.psi_us) == 2;
	err = read_start("/proc/loadavg", text, sizeof(text));
	if (err)
		return err;
	if (sscanf(text, "%lf %lf %lf %*u/%u", &sample.load_average[0], &sample.load_average[1],
		   &sample.load_average[2], &sample.tasks) != 4)
		return -ENODATA;
	*ret = sample;
	return 0;
}

double machine_used(const struct machine_sample *from, const struct machine_sample *to)
{
	uint64_t total = to->total_ticks - from->total_ticks;

	if (!total)
		return NAN;
	/*
	 * The idle counter is not monotonic to the tick: it can step back by one when a CPU leaves
	 * idle.
	 */
	if (to->idle_ticks <= from->idle_ticks)
		return 1;
	return 1 - (double)(to->idle_ticks - from->idle_ticks) / (double)total;
}

void machine_report(const struct machine_sample *from, const struct machine_sample *to,
		    struct report *node)
{
	double seconds = (double)(to->at_ns - from->at_ns) / NS_PER_S;

	report_real(node, "cpu_used", machine_used(from, to), 4);
	report_real(node, "context_switches_per_s",
		    (double)(to->context_switches - from->context_switches) / seconds, 1);
	report_real(node, "forks_per_s", (double)(to->forks - from->forks) / seconds, 1);
	report_real(node, "load_average_1min", to->load_average[0], 2);
	report_real(node, "load_average_5min", to->load_average[1], 2);
	report_real(node, "load_average_15min", to->load_average[2], 2);
	if (from->has_psi && to->has_psi) {
		report_real(node, "psi_cpu_some_avg10_percent", to->psi_avg10, 2);
		report_count(node, "psi_cpu_some_us", to->psi_us - from->psi_us);
	} else {
		report_null(node, "psi_cpu_some_avg10_percent");
		report_null(node, "psi_cpu_some_us");
	}
}

int thread_cpu_ns(pid_t tid, uint64_t *ret)
{
	char path[64], text[128];
	uint64_t ns;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)tid);
	err = read_start(path, text, sizeof(text));
	if (err)
		return err;
	if (sscanf(text, "%" SCNu64, &ns) != 1)
		return -ENODATA;
	*ret = ns;
	return 0;
}

static void add_thread(pid_t pid, const char *tid, struct process_sample *sample)
{
	char path[64], text[4096], *at;
	uint64_t ns;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/status", (int)pid, tid);
	/* A thread may end between being listed and being read. */
	if (read_start(path, text, sizeof(text)))
		return;
	sample->threads++;
	at = strstr(text, "\nvoluntary_ctxt_switches:");
	if (at)
		sample->voluntary += strtoull(strchr(at, ':') + 1, NULL, 10);
	at = strstr(text, "\nnonvoluntary_ctxt_switches:");
	if (at)
		sample->involuntary += strtoull(strchr(at, ':') + 1, NULL, 10);
	if (!thread_cpu_ns((pid_t)atoi(tid), &ns))
		sample->cpu_ns += ns;
}

int process_sample(pid_t pid, struct process_sample *ret)
{
	struct process_sample sample = { 0 };
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			add_thread(pid, entry->d_name, &sample);
	}
	closedir(dir);
	if (!sample.threads)
		return -ESRCH;
	*ret = sample;
	return 0;
}
