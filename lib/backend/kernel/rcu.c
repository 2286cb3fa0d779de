// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "rcu.h"

#define EXPEDITED "/sys/kernel/rcu_expedited"
#define NOTE	  "/run/scx_userland.rcu"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */

/*
 * Of the kernel, for any user may give a process such a name. Not rcu_preempt, which makes those that
 * nobody waits for meanwhile: each time that it ran would put the task that it displaces behind
 * all others, in the kernel's bypass mode.
 */
static bool makes_grace_periods(pid_t pid)
{
	char path[64], line[512], *name, *end;
	unsigned int flags;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, line, sizeof(line)))
		return false;
	name = strchr(line, '(');
	end = strrchr(line, ')'); /* proc(5): state ppid pgrp session tty_nr tpgid flags */
	if (!name || !end || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1 ||
	    !(flags & PF_KTHREAD))
		return false;
	*end = 0;
	name++;
	return !strncmp(name, "rcu_exp_", strlen("rcu_exp_"));
}

/* What is not as it shall be: the value, and a line for each thread that is SCHED_OTHER. */
static int write_note(FILE *note)
{
	struct dirent *entry;
	char value[32];
	int err = file_read(EXPEDITED, value, sizeof(value));
	DIR *dir;

	if (err)
		return err;
	dir = opendir("/proc");
	if (!dir)
		return -errno;
	fprintf(note, "expedited %s\n", value);
	while ((entry = readdir(dir))) {
		pid_t pid = isdigit((unsigned char)entry->d_name[0])
				    ? (pid_t)strtol(entry->d_name, NULL, 10)
				    : 0;

		if (pid && makes_grace_periods(pid) && sched_getscheduler(pid) == SCHED_OTHER)
			fprintf(note, "thread %d\n", pid);
	}
	closedir(dir);
	return ferror(note) ? -EIO : 0;
}

/* By the note: in haste, or as it was. The first error, having tried all. */
static int change(bool haste)
{
	const struct sched_param param = { .sched_priority = haste ? 1 : 0 };
	FILE *note = fopen(NOTE, "re");
	char value[32];
	int first = 0;
	pid_t pid;

	if (!note)
		return -errno;
	if (fscanf(note, "expedited %31s\n", value) == 1)
		first = file_write(EXPEDITED, 0, haste ? "1" : value);
	else
		first = -EINVAL;
	while (fscanf(note, "thread %d\n", &pid) == 1)
		if (makes_grace_periods(pid) &&
		    sched_setscheduler(pid, haste ? SCHED_FIFO : SCHED_OTHER, &param) && !first)
			first = -errno;
	fclose(note);
	return first;
}

void rcu_hasten(void)
{
	int err = file_note(NOTE, write_note);

	if (err == -ENOENT)
		return; /* a kernel without such a switch */
	if (!err)
		err = change(true);
	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "cannot hasten the grace periods of RCU (%s): tasks may be late while the "
			 "kernel attaches or detaches the scheduler",
			 strerror(-err));
}

void rcu_restore(void)
{
	int err = change(false);

	if (err == -ENOENT)
		return;
	if (!err && unlink(NOTE))
		err = -errno;
	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "cannot restore the grace periods of RCU (" EXPEDITED
			 " and its threads' class) from " NOTE ": %s",
			 strerror(-err));
}
