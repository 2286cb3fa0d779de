// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Workloads of rt-app: the part of its JSON that the three tables below name
 * (https://github.com/scheduler-tools/rt-app, doc/tutorial.txt). Whatever else a file
 * has is refused by name and line: a workload that is half understood would be a
 * measurement of something else.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "workload.h"

#define NAMES_MAX 256
#define DEPTH_MAX 8
#define US_MAX	  3600000000ll

struct names {
	const char *name[NAMES_MAX]; /* of the JSON tree */
	unsigned int n;
};

struct loader {
	struct scxu_workload *w;
	const char *file;
	char *text;
	/* keys from the root to what is being read: "tasks", the task, ... */
	const char *path[DEPTH_MAX];
	unsigned int depth;
	char *error;
	size_t size;
	struct names mutexes, conditions, timers, own_timers, barriers;
	json_t *tasks;
	unsigned int program; /* being read */
	unsigned int phase;
};

/* --- where something is ------------------------------------------------------------- */

static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

/* Whether the string at this quote is that key, however it is written: "r\u0075n" is "run". */
static bool is_string(const char *at, const char *key)
{
	json_t *s = json_loadb(at, (size_t)(skip_string(at) - at), JSON_DECODE_ANY, NULL);
	bool same = s && !strcmp(json_string_value(s), key);

	json_decref(s);
	return same;
}

/* In the object that begins at or after at, the key's quote. The text is valid JSON. */
static const char *find_key(const char *at, const char *key)
{
	bool is_key = true;
	int depth = 0;

	for (at += strcspn(at, "{"); *at; at++) {
		switch (*at) {
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (!--depth)
				return NULL;
			break;
		case ',':
			is_key = true;
			break;
		case ':':
			is_key = false;
			break;
		case '"':
			if (depth == 1 && is_key && is_string(at, key))
				return at;
			at = skip_string(at) - 1;
			break;
		default:
			break;
		}
	}
	return NULL;
}

static int count_lines(const char *from, const char *to)
{
	int line = 1;

	for (; from < to; from++)
		line += *from == '\n';
	return line;
}

static int line_of(const struct loader *l)
{
	const char *at = l->text, *found;
	unsigned int i;

	for (i = 0; i < l->depth; i++) {
		found = find_key(at, l->path[i]);
		if (!found)
			break;
		at = skip_string(found);
	}
	return count_lines(l->text, at);
}

__attribute__((format(printf, 2, 3))) static int refuse(struct loader *l, const char *format, ...)
{
	char why[160];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return workload_refuse(l->error, l->size, "%s:%d: \"%s\": %s", l->file, line_of(l),
			       l->depth ? l->path[l->depth - 1] : "", why);
}

/* --- values -------------------------------------------------------------------------- */

static int get_integer(struct loader *l, json_t *value, long long min, long long max,
		       const char *unit, long long *ret)
{
	long long n = json_is_integer(value) ? json_integer_value(value) : LLONG_MIN;

	if (n < min || n > max)
		return refuse(l, "give a whole number from %lld to %lld%s", min, max, unit);
	*ret = n;
	return 0;
}

static int get_string(struct loader *l, json_t *value, const char **ret)
{
	if (!json_is_string(value))
		return refuse(l, "give a name in quotes");
	*ret = json_string_value(value);
	return 0;
}

static int get_cpus(struct loader *l, json_t *value, uint64_t *ret)
{
	uint64_t cpus = 0;
	size_t i;

	if (!json_is_array(value) || !json_array_size(value))
		return refuse(l, "give a list of CPUs, as [0, 1]");
	for (i = 0; i < json_array_size(value); i++) {
		json_int_t cpu = json_integer_value(json_array_get(value, i));

		if (!json_is_integer(json_array_get(value, i)) || cpu < 0 || cpu >= l->w->nr_cpus)
			return refuse(l, "the machine has CPUs 0 to %u", l->w->nr_cpus - 1);
		cpus |= 1ull << cpu;
	}
	*ret = cpus;
	return 0;
}

/* The number of a name in its list; grows *count with a new one. */
static int intern(struct loader *l, struct names *names, const char *name, unsigned int max,
		  uint32_t *ret)
{
	for (*ret = 0; *ret < names->n; (*ret)++)
		if (!strcmp(names->name[*ret], name))
			return 0;
	if (names->n == max)
		return refuse(l, "more than %u names of that kind", max);
	names->name[names->n++] = name;
	return 0;
}

static int find_task(struct loader *l, json_t *value, uint32_t *ret)
{
	const char *name = NULL, *key;
	json_t *task;
	int err = get_string(l, value, &name);

	*ret = 0;
	if (err)
		return err;
	json_object_foreach(l->tasks, key, task)
	{
		if (!strcmp(key, name))
			return 0;
		(*ret)++;
	}
	return refuse(l, "there is no task \"%s\"", name);
}

/* {"ref": NAME, ...}: the members that a step's object has, others are refused. */
static int get_members(struct loader *l, json_t *value, const char *const *known)
{
	const char *key;
	json_t *member;
	unsigned int i;

	if (!json_is_object(value))
		return refuse(l, "give an object with \"%s\" and \"%s\"", known[0], known[1]);
	json_object_foreach(value, key, member)
	{
		for (i = 0; known[i] && strcmp(known[i], key); i++)
			;
		if (known[i])
			continue;
		l->path[l->depth++] = key;
		return refuse(l, "is not supported here");
	}
	for (i = 0; i < 2; i++)
		if (!json_object_get(value, known[i]))
			return refuse(l, "\"%s\" is missing", known[i]);
	return 0;
}

static struct step *add_step(struct loader *l, enum step_kind kind)
{
	return phase_add_step(&l->w->programs[l->program].phases[l->phase], kind);
}

/* --- steps ------------------------------------------------------------------------------ */

static int read_run(struct loader *l, json_t *value, enum step_kind kind)
{
	struct step *s;
	long long us = 0;
	int err = get_integer(l, value, 1, US_MAX, " us", &us);

	if (err)
		return err;
	s = add_step(l, kind);
	if (!s)
		return -ENOMEM;
	if (kind == STEP_RUN)
		s->work = (uint64_t)us * 1000;
	else
		s->ns = (uint64_t)us * 1000;
	if (kind == STEP_RUNTIME)
		s->work = RUNTIME_LOOK_NS;
	return 0;
}

static int read_timer(struct loader *l, json_t *value, enum step_kind kind)
{
	static const char *const known[] = { "ref", "period", "mode", NULL };
	const char *ref = NULL, *mode = "relative";
	bool own;
	struct step *s;
	long long us = 0;
	uint32_t timer = 0;
	int err = get_members(l, value, known);

	if (!err)
		err = get_string(l, json_object_get(value, "ref"), &ref);
	if (!err)
		err = get_integer(l, json_object_get(value, "period"), 1, US_MAX, " us", &us);
	if (!err && json_object_get(value, "mode"))
		err = get_string(l, json_object_get(value, "mode"), &mode);
	if (err)
		return err;
	if (strcmp(mode, "relative") && strcmp(mode, "absolute"))
		return refuse(l, "\"mode\" is relative or absolute");
	own = !strncmp(ref, "unique", 6);
	err = own ? intern(l, &l->own_timers, ref, TASK_TIMERS, &timer)
		  : intern(l, &l->timers, ref, NAMES_MAX, &timer);
	if (err)
		return err;
	s = add_step(l, own ? STEP_OWN_TIMER : kind);
	if (!s)
		return -ENOMEM;
	s->a = timer;
	s->ns = (uint64_t)us * 1000;
	s->absolute = !strcmp(mode, "absolute");
	return 0;
}

static int read_named(struct loader *l, json_t *value, enum step_kind kind)
{
	struct names *names = kind == STEP_LOCK || kind == STEP_UNLOCK ? &l->mutexes
			      : kind == STEP_BARRIER		       ? &l->barriers
								       : &l->conditions;
	const char *name = NULL;
	struct step *s;
	uint32_t n = 0;
	int err = get_string(l, value, &name);

	if (!err)
		err = intern(l, names, name, NAMES_MAX, &n);
	if (err)
		return err;
	s = add_step(l, kind);
	if (!s)
		return -ENOMEM;
	s->a = n;
	return 0;
}

/*
 * pthread_cond_wait() has the mutex again when it returns. "sync" signals before; it does not
 * lock, and two that do it at once without having locked wait for ever [run_event() in rt-app.c].
 */
static int read_wait(struct loader *l, json_t *value, enum step_kind kind)
{
	static const char *const known[] = { "ref", "mutex", NULL };
	const char *ref = NULL, *mutex = NULL;
	uint32_t c = 0, x = 0;
	struct step *s;
	int err = get_members(l, value, known);

	if (!err)
		err = get_string(l, json_object_get(value, "ref"), &ref);
	if (!err)
		err = get_string(l, json_object_get(value, "mutex"), &mutex);
	if (!err)
		err = intern(l, &l->conditions, ref, NAMES_MAX, &c);
	if (!err)
		err = intern(l, &l->mutexes, mutex, NAMES_MAX, &x);
	if (err)
		return err;
	if (kind == STEP_SIGNAL) {
		s = add_step(l, STEP_SIGNAL);
		if (!s)
			return -ENOMEM;
		s->a = c;
	}
	s = add_step(l, STEP_WAIT);
	if (!s)
		return -ENOMEM;
	s->a = c;
	s->b = x;
	s = add_step(l, STEP_LOCK);
	if (!s)
		return -ENOMEM;
	s->a = x;
	return 0;
}

static int read_suspend(struct loader *l, json_t *value, enum step_kind kind)
{
	const char *name = NULL;
	int err = get_string(l, value, &name);

	if (err)
		return err;
	if (*name && strcmp(name, l->path[1]))
		return refuse(l, "a task suspends itself only: give its own name, or \"\"");
	return add_step(l, kind) ? 0 : -ENOMEM;
}

static int read_task_ref(struct loader *l, json_t *value, enum step_kind kind)
{
	struct step *s;
	uint32_t task;
	int err = find_task(l, value, &task);

	if (err)
		return err;
	s = add_step(l, kind);
	if (!s)
		return -ENOMEM;
	s->a = task;
	return 0;
}

static int read_yield(struct loader *l, json_t *value, enum step_kind kind)
{
	(void)value;
	return add_step(l, kind) ? 0 : -ENOMEM;
}

/* A key may have a number after its name, so that keys are unique: run0, run1. */
static const struct {
	const char *name;
	int (*read)(struct loader *l, json_t *value, enum step_kind kind);
	enum step_kind kind;
} steps[] = {
	{ "run", read_run, STEP_RUN },
	{ "runtime", read_run, STEP_RUNTIME },
	{ "sleep", read_run, STEP_SLEEP },
	{ "timer", read_timer, STEP_TIMER },
	{ "lock", read_named, STEP_LOCK },
	{ "unlock", read_named, STEP_UNLOCK },
	{ "wait", read_wait, STEP_WAIT },
	{ "signal", read_named, STEP_SIGNAL },
	{ "broad", read_named, STEP_BROADCAST },
	{ "sync", read_wait, STEP_SIGNAL }, /* and waits */
	{ "barrier", read_named, STEP_BARRIER },
	{ "suspend", read_suspend, STEP_SUSPEND },
	{ "resume", read_task_ref, STEP_RESUME },
	{ "yield", read_yield, STEP_YIELD },
	{ "fork", read_task_ref, STEP_FORK },
};

#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

static int read_step(struct loader *l, const char *key, json_t *value)
{
	size_t i, len;

	for (i = 0; i < NR_STEPS; i++) {
		len = strlen(steps[i].name);
		if (!strncmp(key, steps[i].name, len) &&
		    strspn(key + len, "0123456789") == strlen(key + len))
			return steps[i].read(l, value, steps[i].kind);
	}
	return refuse(l, "is not supported");
}

/* --- properties of tasks and phases ------------------------------------------------------ */

enum property { NOT_ONE, LOOP, PRIORITY, CPUS, POLICY, INSTANCE, DELAY, PHASES };

static const struct {
	const char *name;
	enum property property;
	bool of_phase; /* too */
} properties[] = {
	{ "loop", LOOP, true },	     { "priority", PRIORITY, true },  { "cpus", CPUS, true },
	{ "policy", POLICY, true },  { "instance", INSTANCE, false }, { "delay", DELAY, false },
	{ "phases", PHASES, false },
};

#define NR_PROPERTIES (sizeof(properties) / sizeof(properties[0]))

static enum property property_of(const char *key, bool in_phase)
{
	size_t i;

	for (i = 0; i < NR_PROPERTIES; i++)
		if (!strcmp(key, properties[i].name) && (properties[i].of_phase || !in_phase))
			return properties[i].property;
	return NOT_ONE;
}

static int read_policy(struct loader *l, json_t *value)
{
	const char *name = NULL;
	int err = get_string(l, value, &name);

	if (!err && strcmp(name, "SCHED_OTHER"))
		err = refuse(l, "only SCHED_OTHER is simulated");
	return err;
}

/* What is set at a phase's beginning is a step of it. */
static int read_phase_property(struct loader *l, enum property which, json_t *value)
{
	struct phase *phase = &l->w->programs[l->program].phases[l->phase];
	long long n = 0;
	uint64_t cpus = 0;
	struct step *s;
	int err;

	switch (which) {
	case LOOP:
		err = get_integer(l, value, -1, INT_MAX, "", &n);
		if (!err && !n)
			err = refuse(l, "give -1 for ever, or 1 and more");
		phase->loop = (int)n;
		return err;
	case PRIORITY:
		err = get_integer(l, value, -20, 19, "", &n);
		break;
	case CPUS:
		err = get_cpus(l, value, &cpus);
		break;
	default:
		return read_policy(l, value);
	}
	if (err)
		return err;
	s = add_step(l, which == CPUS ? STEP_CPUS : STEP_NICE);
	if (!s)
		return -ENOMEM;
	s->cpus = cpus;
	s->nice = (int32_t)n;
	return 0;
}

static int read_task_property(struct loader *l, enum property which, json_t *value)
{
	struct program *p = &l->w->programs[l->program];
	long long n = 0;
	int err;

	switch (which) {
	case LOOP:
		err = get_integer(l, value, -1, INT_MAX, "", &n);
		if (!err && !n)
			err = refuse(l, "give -1 for ever, or 1 and more");
		p->loop = (int)n;
		return err;
	case PRIORITY:
		err = get_integer(l, value, -20, 19, "", &n);
		p->nice = (int)n;
		return err;
	case CPUS:
		return get_cpus(l, value, &p->cpus);
	case INSTANCE:
		err = get_integer(l, value, 0, 4096, "", &n);
		p->instances = (unsigned int)n;
		return err;
	case DELAY:
		err = get_integer(l, value, 0, US_MAX, " us", &n);
		p->delay = (uint64_t)n * 1000;
		return err;
	case POLICY:
		return read_policy(l, value);
	default:
		return 0; /* phases: later */
	}
}

/* Everything in it that is not a property of the task. */
static int read_phase(struct loader *l, json_t *object, bool is_task)
{
	json_t *value;
	const char *key;
	int err;

	if (!json_is_object(object))
		return refuse(l, "give an object, as {\"run\": 1000}");
	if (!program_add_phase(&l->w->programs[l->program], 1))
		return -ENOMEM;
	l->phase = l->w->programs[l->program].nr_phases - 1;
	json_object_foreach(object, key, value)
	{
		enum property which = property_of(key, !is_task);

		if (is_task && which != NOT_ONE)
			continue;
		l->path[l->depth++] = key;
		err = which == NOT_ONE ? read_step(l, key, value)
				       : read_phase_property(l, which, value);
		if (err)
			return err;
		l->depth--;
	}
	return 0;
}

static int read_phases(struct loader *l, json_t *task, json_t *phases)
{
	json_t *value;
	const char *key;
	int err;

	json_object_foreach(task, key, value)
	{
		if (property_of(key, false) != NOT_ONE)
			continue;
		l->path[l->depth++] = key;
		return refuse(l, "a task with phases has its steps in them");
	}
	l->path[l->depth++] = "phases";
	if (!json_is_object(phases) || !json_object_size(phases))
		return refuse(l, "give an object of phases");
	json_object_foreach(phases, key, value)
	{
		l->path[l->depth++] = key;
		err = read_phase(l, value, false);
		if (err)
			return err;
		l->depth--;
	}
	l->depth--;
	return 0;
}

static int read_task(struct loader *l, json_t *task)
{
	json_t *value;
	const char *key;
	int err;

	if (!json_is_object(task))
		return refuse(l, "give an object, as {\"run\": 1000}");
	l->own_timers.n = 0;
	json_object_foreach(task, key, value)
	{
		l->path[l->depth++] = key;
		err = read_task_property(l, property_of(key, false), value);
		if (err)
			return err;
		l->depth--;
	}
	value = json_object_get(task, "phases");
	return value ? read_phases(l, task, value) : read_phase(l, task, true);
}

/* --- the file ------------------------------------------------------------------------------ */

/* true: means nothing in a simulation */
static const struct {
	const char *name;
	bool ignored;
} globals[] = {
	{ "duration", false },	  { "default_policy", false },	{ "calibration", true },
	{ "lock_pages", true },	  { "pi_enabled", true },	{ "logdir", true },
	{ "log_basename", true }, { "log_size", true },		{ "ftrace", true },
	{ "gnuplot", true },	  { "cumulative_slack", true },
};

#define NR_GLOBALS (sizeof(globals) / sizeof(globals[0]))

static int read_global(struct loader *l, json_t *global)
{
	json_t *value;
	const char *key;
	long long n = 0;
	size_t i;
	int err = 0;

	if (!json_is_object(global))
		return refuse(l, "give an object");
	json_object_foreach(global, key, value)
	{
		l->path[l->depth++] = key;
		for (i = 0; i < NR_GLOBALS && strcmp(globals[i].name, key); i++)
			;
		if (i == NR_GLOBALS)
			return refuse(l, "is not supported");
		if (!strcmp(key, "duration")) {
			err = get_integer(l, value, -1, 86400, " s", &n);
			l->w->duration = n > 0 ? (unsigned int)n : 0;
		} else if (!strcmp(key, "default_policy")) {
			err = read_policy(l, value);
		} else if (!strcmp(key, "pi_enabled") && !json_is_false(value)) {
			err = refuse(l, "priority inheritance is not simulated: give false");
		}
		if (err)
			return err;
		l->depth--;
	}
	return 0;
}

static int count_barrier_users(struct loader *l)
{
	unsigned int p, f, s;

	l->w->nr_barriers = l->barriers.n;
	l->w->barrier_users = calloc(l->barriers.n + 1, sizeof(*l->w->barrier_users));
	if (!l->w->barrier_users)
		return -ENOMEM;
	for (p = 0; p < l->w->nr_programs; p++) {
		const struct program *program = &l->w->programs[p];

		for (f = 0; f < program->nr_phases; f++)
			for (s = 0; s < program->phases[f].nr_steps; s++)
				if (program->phases[f].steps[s].kind == STEP_BARRIER)
					l->w->barrier_users[program->phases[f].steps[s].a] +=
						program->instances;
	}
	return 0;
}

static int read_tasks(struct loader *l)
{
	json_t *task;
	const char *key;
	int err;

	if (!json_is_object(l->tasks) || !json_object_size(l->tasks))
		return refuse(l, "give an object of tasks");
	/* all of them first: steps name tasks */
	json_object_foreach(l->tasks, key,
			    task) if (!workload_add_program(l->w, key, strlen(key))) return -ENOMEM;
	json_object_foreach(l->tasks, key, task)
	{
		l->path[l->depth++] = key;
		err = read_task(l, task);
		if (err)
			return err;
		l->depth--;
		l->program++;
	}
	return count_barrier_users(l);
}

static int read_root(struct loader *l, json_t *root)
{
	json_t *value;
	const char *key;
	int err = 0;

	if (!json_is_object(root))
		return refuse(l, "give an object with \"tasks\"");
	json_object_foreach(root, key, value)
	{
		l->path[l->depth++] = key;
		if (!strcmp(key, "global"))
			err = read_global(l, value);
		else if (strcmp(key, "tasks") != 0)
			err = refuse(l, "is not supported");
		if (err)
			return err;
		l->depth--;
	}
	l->tasks = json_object_get(root, "tasks");
	if (!l->tasks)
		return refuse(l, "there is no \"tasks\"");
	l->path[l->depth++] = "tasks";
	err = read_tasks(l);
	l->w->nr_mutexes = l->mutexes.n;
	l->w->nr_conditions = l->conditions.n;
	l->w->nr_timers = l->timers.n;
	return err;
}

static int read_text(const char *path, char **ret, size_t *ret_size)
{
	size_t size = 0, max = 0, n;
	char *text = NULL, *more;
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f)
		return -errno;
	do {
		if (max - size < 4096) {
			max = 2 * max + 8192;
			more = max > 16u << 20 ? NULL : realloc(text, max);
			if (!more) {
				err = -ENOMEM;
				break;
			}
			text = more;
		}
		n = fread(text + size, 1, max - size - 1, f);
		size += n;
		text[size] = 0;
	} while (n);
	if (!err && ferror(f))
		err = errno ? -errno : -EIO; /* a directory, for one */
	fclose(f);
	if (err) {
		free(text);
		return err;
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

static int parse_text(struct loader *l, size_t size, json_t **ret)
{
	size_t len = strlen(l->text);
	json_error_t wrong;
	json_t *root;

	if (len != size)
		return workload_refuse(l->error, l->size, "%s:%d: there is a NUL byte: not JSON",
				       l->file, count_lines(l->text, l->text + len));
	root = json_loads(l->text, JSON_REJECT_DUPLICATES, &wrong);
	if (!root && json_error_code(&wrong) == json_error_out_of_memory)
		return -ENOMEM;
	if (!root)
		return workload_refuse(l->error, l->size, "%s:%d: %s: %s", l->file, wrong.line,
				       json_error_code(&wrong) == json_error_numeric_overflow
					       ? "a number is out of range"
					       : "not JSON",
				       wrong.text);
	*ret = root;
	return 0;
}

int rt_app_load(const char *path, struct scxu_workload *w, char *error, size_t size)
{
	struct loader *l = calloc(1, sizeof(*l));
	json_t *root = NULL;
	size_t length = 0;
	int err;

	if (!l)
		return -ENOMEM;
	l->w = w;
	l->file = path;
	l->error = error;
	l->size = size;
	err = read_text(path, &l->text, &length);
	if (err) {
		workload_refuse(error, size, "%s: %s", path, strerror(-err));
		free(l);
		return err;
	}
	err = parse_text(l, length, &root);
	if (!err)
		err = read_root(l, root);
	json_decref(root);
	free(l->text);
	free(l);
	return err;
}
