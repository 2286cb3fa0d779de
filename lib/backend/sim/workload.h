/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tasks do. A program is a list of phases, a phase a list of steps; task and
 * phase are repeated as often as their loop says. A step costs CPU time first and
 * has its effect then.
 */
#ifndef SCXU_SIM_WORKLOAD_H
#define SCXU_SIM_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/backend/sim/sim.h"

#define COMM_LEN    16
#define FOREVER	    (-1)
#define TASK_TIMERS 8u /* "unique" timers of one task */

enum step_kind {
	STEP_RUN,
	STEP_RUNTIME, /* ns that pass, whoever runs: rt-app looks at the clock now and then */
	STEP_SLEEP, /* ns */
	STEP_TIMER, /* a: timer; ns: its period */
	STEP_OWN_TIMER, /* likewise, one for each task */
	STEP_LOCK, /* a: mutex */
	STEP_UNLOCK,
	STEP_WAIT, /* a: condition, b: mutex, which a STEP_LOCK afterwards takes again */
	STEP_SIGNAL, /* a: condition */
	STEP_BROADCAST,
	STEP_BARRIER, /* a: barrier */
	STEP_SUSPEND,
	STEP_RESUME, /* a: program, all its tasks */
	STEP_YIELD,
	STEP_FORK, /* a: program */
	STEP_NICE, /* nice */
	STEP_CPUS, /* cpus */
	STEP_CHURN, /* of some other task nice or affinity changes */
	STEP_LAST = STEP_CHURN,
};

struct step {
	enum step_kind kind;
	uint32_t a;
	uint32_t b;
	int32_t nice;
	uint64_t work; /* ns of CPU time before its effect */
	uint64_t ns;
	uint64_t cpus;
	bool absolute; /* a timer's mode */
};

struct phase {
	struct step *steps;
	unsigned int nr_steps;
	int loop;
};

struct program {
	char name[COMM_LEN];
	struct phase *phases;
	unsigned int nr_phases;
	unsigned int instances; /* at the start; others by fork */
	int loop;
	int nice;
	uint64_t cpus; /* 0: all */
	uint64_t delay;
};

struct scxu_workload {
	struct program *programs;
	unsigned int nr_programs;
	unsigned int nr_mutexes;
	unsigned int nr_conditions;
	unsigned int nr_timers;
	unsigned int nr_barriers;
	unsigned int *barrier_users; /* a barrier opens when so many are there */
	unsigned int nr_cpus;
	unsigned int duration;
};

/* Between two looks at the clock of STEP_RUNTIME [run_event() of rt-app] */
#define RUNTIME_LOOK_NS 32000u

/* What a step other than STEP_RUN costs: about a system call. */
#define STEP_WORK_NS 700u

/* NULL, or the new last one, zeroed but for what is said here. */
struct program *workload_add_program(struct scxu_workload *w, const char *name, size_t len);
struct phase *program_add_phase(struct program *p, int loop);
struct step *phase_add_step(struct phase *p, enum step_kind kind);

/* Of its class: its name, with a number where it is not the only one of that name. */
#define CLASS_LEN (COMM_LEN + 12)
void workload_class_name(const struct scxu_workload *w, unsigned int program, char ret[CLASS_LEN]);

__attribute__((format(printf, 3, 4))) int workload_refuse(char *error, size_t size,
							  const char *format, ...);

/* rt-app.c, words.c: into an empty workload */
int rt_app_load(const char *path, struct scxu_workload *w, char *error, size_t size);
int words_load(const char *text, struct scxu_workload *w, char *error, size_t size);

#endif
