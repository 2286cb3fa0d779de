/* SPDX-License-Identifier: GPL-2.0-only */
/* What sched-times.bpf.c counts and sched-times.c prints. */
#ifndef SCXU_SCHED_TIMES_H
#define SCXU_SCHED_TIMES_H

#include "lib/backend/sim/waits.h"

/* By pid: a guest's are small. A power of two. */
#define TIMES_TASKS 4096

enum times_state { TIMES_UNKNOWN, TIMES_WAITS, TIMES_RUNS, TIMES_SLEEPS };

struct times {
	unsigned int pid;
	unsigned int state; /* enum times_state */
	unsigned long long since; /* in it */
	unsigned long long runtime;
	unsigned long long switches; /* on to a CPU */
	char comm[16];
	unsigned int kthread;
	unsigned int pad;
	struct waits waits;
};

#endif
