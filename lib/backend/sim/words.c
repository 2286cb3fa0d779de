// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Workloads in a word: KIND:ARGUMENT[@nice=N][@cpus=LIST], several joined by blanks or
 * "+". Kinds and arguments are like those of vm/guest's scxu-load where it has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

#define TASKS_MAX 4096
#define US	  1000ull

struct word {
	struct scxu_workload *w;
	const char *text; /* of the whole word */
	int len;
	int nice;
	bool has_nice;
	uint64_t cpus;
	char *error;
	size_t size;
};

static int refuse(const struct word *word, const char *why)
{
	return workload_refuse(word->error, word->size, "\"%.*s\": %s", word->len, word->text, why);
}

/* Moves *at behind the number. It begins here: strtol() would look for it behind blanks. */
static int number(const struct word *word, const char **at, long min, long max, long *ret)
{
	size_t sign = **at == '-';
	char *end;
	long n = strtol(*at, &end, 10);

	if ((*at)[sign] < '0' || (*at)[sign] > '9' || n < min || n > max) {
		size_t given = sign + strcspn(*at + sign, " +@,/x-");

		return workload_refuse(word->error, word->size,
				       "\"%.*s\": give a whole number from %ld to %ld where %s"
				       "%.*s%s",
				       word->len, word->text, min, max,
				       given ? "it says \"" : "there is none", (int)given, *at,
				       given ? "\"" : "");
	}
	*at = end;
	*ret = n;
	return 0;
}

static int duration(const struct word *word, const char **at, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "us", US }, { "ms", 1000 * US }, { "s", 1000000 * US } };
	size_t i;
	long n;
	int err = number(word, at, 1, 1000000, &n);

	for (i = 0; !err && i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*at, units[i].name, len))
			continue;
		*at += len;
		*ret = (uint64_t)n * units[i].ns;
		return 0;
	}
	return err ? err
		   : refuse(word, "a time needs its unit: give a whole number of us, ms or s");
}

/* "xN" or nothing */
static int times(const struct word *word, const char **at, long *ret)
{
	*ret = 1;
	if (**at != 'x')
		return 0;
	(*at)++;
	return number(word, at, 1, TASKS_MAX, ret);
}

static struct program *add(const struct word *word, const char *name, long instances, int nice)
{
	struct program *p = workload_add_program(word->w, name, strlen(name));

	if (!p)
		return NULL;
	p->instances = (unsigned int)instances;
	p->nice = nice;
	p->cpus = word->cpus;
	return program_add_phase(p, 1) ? p : NULL;
}

static int step(struct program *p, enum step_kind kind, uint64_t ns, uint32_t a, uint32_t b)
{
	struct step *s = p ? phase_add_step(&p->phases[p->nr_phases - 1], kind) : NULL;

	if (!s)
		return -ENOMEM;
	if (kind == STEP_RUN)
		s->work = ns;
	else
		s->ns = ns;
	s->a = a;
	s->b = b;
	return 0;
}

/* --- kinds ---------------------------------------------------------------------------- */

static int hogs(const struct word *word, const char **at)
{
	for (;;) {
		long n, nice = word->nice;
		struct program *p;
		char name[COMM_LEN];
		int err = number(word, at, 1, TASKS_MAX, &n);

		if (!err && **at == 'x') {
			(*at)++;
			if (word->has_nice)
				return refuse(word,
					      "its nice is given twice, as xNICE and as @nice");
			err = number(word, at, -20, 19, &nice);
		}
		if (err)
			return err;
		snprintf(name, sizeof(name), "hog%+ld", nice);
		p = add(word, name, n, (int)nice);
		if (step(p, STEP_RUN, 100000 * US, 0, 0))
			return -ENOMEM;
		if (**at != ',')
			return 0;
		(*at)++;
	}
}

/* The steps "lock", "sync", "unlock" of rt-app, by two: each wakes the other and waits. */
static int pingpong(const struct word *word, const char **at)
{
	long n;
	int err = number(word, at, 1, 256, &n);

	for (; !err && n; n--) {
		uint32_t c = word->w->nr_conditions++, x = word->w->nr_mutexes++;
		struct program *p = add(word, "pingpong", 2, word->nice);

		if (step(p, STEP_RUN, 2 * US, 0, 0) || step(p, STEP_LOCK, 0, x, 0) ||
		    step(p, STEP_SIGNAL, 0, c, 0) || step(p, STEP_WAIT, 0, c, x) ||
		    step(p, STEP_LOCK, 0, x, 0) || step(p, STEP_UNLOCK, 0, x, 0))
			err = -ENOMEM;
	}
	return err;
}

static int sleeper(const struct word *word, const char **at)
{
	struct program *p;
	uint64_t ns = 0;
	long n = 1;
	int err = duration(word, at, &ns);

	if (!err)
		err = times(word, at, &n);
	if (err)
		return err;
	p = add(word, "sleeper", n, word->nice);
	return step(p, STEP_SLEEP, ns, 0, 0) || step(p, STEP_RUN, 10 * US, 0, 0) ? -ENOMEM : 0;
}

static int periodic(const struct word *word, const char **at)
{
	uint64_t run = 0, period = 0;
	struct program *p;
	long n = 1;
	int err = duration(word, at, &run);

	if (!err && *(*at)++ != '/')
		err = refuse(word, "give RUN/PERIOD, as 1ms/10ms");
	if (!err)
		err = duration(word, at, &period);
	if (!err)
		err = times(word, at, &n);
	if (err)
		return err;
	p = add(word, "periodic", n, word->nice);
	return step(p, STEP_RUN, run, 0, 0) || step(p, STEP_OWN_TIMER, period, 0, 0) ? -ENOMEM : 0;
}

static int locks(const struct word *word, const char **at)
{
	uint32_t x = word->w->nr_mutexes++;
	struct program *p;
	long n;
	int err = number(word, at, 1, TASKS_MAX, &n);

	if (err)
		return err;
	p = add(word, "locker", n, word->nice);
	return step(p, STEP_RUN, 100 * US, 0, 0) || step(p, STEP_LOCK, 0, x, 0) ||
			       step(p, STEP_RUN, 50 * US, 0, 0) || step(p, STEP_UNLOCK, 0, x, 0) ||
			       step(p, STEP_SLEEP, 200 * US, 0, 0)
		       ? -ENOMEM
		       : 0;
}

static int forks(const struct word *word, const char **at)
{
	struct program *p;
	long n;
	int err = number(word, at, 1, TASKS_MAX, &n);

	if (err)
		return err;
	p = add(word, "child", 0, word->nice);
	if (step(p, STEP_RUN, 500 * US, 0, 0))
		return -ENOMEM;
	p->loop = 1;
	p = add(word, "forker", n, word->nice);
	return step(p, STEP_RUN, 50 * US, 0, 0) ||
			       step(p, STEP_FORK, 0, word->w->nr_programs - 2, 0) ||
			       step(p, STEP_SLEEP, 2000 * US, 0, 0)
		       ? -ENOMEM
		       : 0;
}

static int bursts(const struct word *word, const char **at)
{
	struct program *p;
	long n;
	int err = number(word, at, 1, TASKS_MAX, &n);

	if (err)
		return err;
	p = add(word, "bursts", n, word->nice);
	if (step(p, STEP_RUN, 300 * US, 0, 0) || step(p, STEP_SLEEP, 100 * US, 0, 0))
		return -ENOMEM;
	p->phases[0].loop = 20;
	return !program_add_phase(p, 1) || step(p, STEP_SLEEP, 20000 * US, 0, 0) ? -ENOMEM : 0;
}

static int yielders(const struct word *word, const char **at)
{
	struct program *p;
	long n;
	int err = number(word, at, 1, TASKS_MAX, &n);

	if (err)
		return err;
	p = add(word, "yielder", n, word->nice);
	return step(p, STEP_RUN, 50 * US, 0, 0) || step(p, STEP_YIELD, 0, 0, 0) ? -ENOMEM : 0;
}

static int churn(const struct word *word, const char **at)
{
	struct program *p;
	uint64_t ns = 0;
	int err = duration(word, at, &ns);

	if (err)
		return err;
	p = add(word, "churn", 1, word->nice);
	return step(p, STEP_SLEEP, ns, 0, 0) || step(p, STEP_CHURN, 0, 0, 0) ? -ENOMEM : 0;
}

static const struct {
	const char *name;
	int (*parse)(const struct word *word, const char **at);
} kinds[] = {
	{ "hogs", hogs },	  { "pingpong", pingpong }, { "sleeper", sleeper },
	{ "periodic", periodic }, { "locks", locks },	    { "forks", forks },
	{ "bursts", bursts },	  { "yielders", yielders }, { "churn", churn },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- options and words ----------------------------------------------------------------- */

static int parse_cpus(struct word *word, const char **at)
{
	do {
		long first, last;
		int err;

		*at += **at == ',';
		err = number(word, at, 0, (long)word->w->nr_cpus - 1, &first);
		last = first;
		if (!err && **at == '-') {
			(*at)++;
			err = number(word, at, first, (long)word->w->nr_cpus - 1, &last);
		}
		if (err)
			return err;
		for (; first <= last; first++)
			word->cpus |= 1ull << first;
	} while (**at == ',');
	return 0;
}

/* Options come last, and kinds need them. */
static int parse_options(struct word *word)
{
	const char *at = word->text, *end = word->text + word->len;
	long nice;
	int err = 0;

	while (!err && (at = memchr(at, '@', (size_t)(end - at)))) {
		if (!strncmp(at, "@nice=", 6)) {
			at += 6;
			if (word->has_nice)
				return refuse(word, "@nice is given twice");
			err = number(word, &at, -20, 19, &nice);
			word->nice = err ? 0 : (int)nice;
			word->has_nice = true;
		} else if (!strncmp(at, "@cpus=", 6)) {
			at += 6;
			if (word->cpus)
				return refuse(word, "@cpus is given twice");
			err = parse_cpus(word, &at);
		} else {
			return refuse(word, "options are @nice=N and @cpus=LIST");
		}
		if (!err && at != end && *at != '@')
			return refuse(word, "an option ends at the next @, blank or +");
	}
	return err;
}

static int parse_word(struct word *word)
{
	size_t name = strcspn(word->text, ":@ +"), i;
	const char *at = word->text + name + 1;
	int err;

	for (i = 0; i < NR_KINDS; i++)
		if (strlen(kinds[i].name) == name && !strncmp(word->text, kinds[i].name, name))
			break;
	if (i == NR_KINDS)
		return refuse(word,
			      "no such kind; there are hogs pingpong sleeper periodic locks "
			      "forks bursts yielders churn, and files: *.json, ./FILE, /FILE");
	if (word->text[name] != ':')
		return refuse(word, "a kind needs its argument, as hogs:4");
	err = parse_options(word);
	if (!err)
		err = kinds[i].parse(word, &at);
	if (!err && at != word->text + word->len && *at != '@')
		err = refuse(word, "there is more than the argument");
	return err;
}

int words_load(const char *text, struct scxu_workload *w, char *error, size_t size)
{
	int err = 0;

	for (text += strspn(text, " +"); *text && !err; text += strspn(text, " +")) {
		struct word word = {
			.w = w,
			.text = text,
			.len = (int)strcspn(text, " +"),
			.error = error,
			.size = size,
		};

		err = parse_word(&word);
		text += word.len;
	}
	if (!err && !w->nr_programs)
		err = workload_refuse(error, size, "no workload is given");
	return err;
}
