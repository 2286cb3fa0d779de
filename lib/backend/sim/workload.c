// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

int workload_refuse(char *error, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return -EINVAL;
}

/* One element longer; all lists here are short. */
static void *grow(void *list, unsigned int n, size_t size)
{
	unsigned char *more = realloc(list, (n + 1) * size);

	if (more)
		memset(more + n * size, 0, size);
	return more;
}

struct program *workload_add_program(struct scxu_workload *w, const char *name, size_t len)
{
	struct program *more = grow(w->programs, w->nr_programs, sizeof(*more)), *p;

	if (!more)
		return NULL;
	w->programs = more;
	p = &more[w->nr_programs++];
	/* not within a character of UTF-8 */
	if (len > sizeof(p->name) - 1)
		for (len = sizeof(p->name) - 1; len && (name[len] & 0xc0) == 0x80; len--)
			;
	memcpy(p->name, name, len);
	p->instances = 1;
	p->loop = FOREVER;
	return p;
}

void workload_class_name(const struct scxu_workload *w, unsigned int program, char ret[CLASS_LEN])
{
	const char *name = w->programs[program].name;
	unsigned int i, same = 0, number = 0;

	for (i = 0; i < w->nr_programs; i++) {
		same += !strcmp(w->programs[i].name, name);
		if (i == program)
			number = same;
	}
	if (same > 1)
		snprintf(ret, CLASS_LEN, "%s-%u", name, number);
	else
		snprintf(ret, CLASS_LEN, "%s", name);
}

struct phase *program_add_phase(struct program *p, int loop)
{
	struct phase *more = grow(p->phases, p->nr_phases, sizeof(*more));

	if (!more)
		return NULL;
	p->phases = more;
	more[p->nr_phases].loop = loop;
	return &more[p->nr_phases++];
}

struct step *phase_add_step(struct phase *p, enum step_kind kind)
{
	struct step *more = grow(p->steps, p->nr_steps, sizeof(*more));

	if (!more)
		return NULL;
	p->steps = more;
	more[p->nr_steps].kind = kind;
	more[p->nr_steps].work = STEP_WORK_NS;
	return &more[p->nr_steps++];
}

int scxu_workload_load(const char *text, unsigned int nr_cpus, struct scxu_workload **ret,
		       char *error, size_t error_size)
{
	const char *end = strrchr(text, '.');
	struct scxu_workload *w;
	int err;

	if (!nr_cpus || nr_cpus > SCXU_SIM_MAX_CPUS)
		return workload_refuse(error, error_size, "%u CPUs: 1 to %u are simulated", nr_cpus,
				       SCXU_SIM_MAX_CPUS);
	w = calloc(1, sizeof(*w));
	if (w) {
		w->nr_cpus = nr_cpus;
		if (*text == '/' || *text == '.' || (end && !strcmp(end, ".json")))
			err = rt_app_load(text, w, error, error_size);
		else
			err = words_load(text, w, error, error_size);
	} else {
		err = -ENOMEM;
	}
	if (err == -ENOMEM)
		workload_refuse(error, error_size, "out of memory");
	if (err) {
		scxu_workload_destroy(w);
		return err;
	}
	*ret = w;
	return 0;
}

unsigned int scxu_workload_duration(const struct scxu_workload *w)
{
	return w->duration;
}

struct scxu_workload *scxu_workload_destroy(struct scxu_workload *w)
{
	unsigned int i, j;

	if (!w)
		return NULL;
	for (i = 0; i < w->nr_programs; i++) {
		for (j = 0; j < w->programs[i].nr_phases; j++)
			free(w->programs[i].phases[j].steps);
		free(w->programs[i].phases);
	}
	free(w->programs);
	free(w->barrier_users);
	free(w);
	return NULL;
}
