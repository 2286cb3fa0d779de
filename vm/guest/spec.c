// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a LOAD of the command line. Every refusal names the part that it is about.
 */
#include "spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define OPTION_LEN 64

/**
 * struct given - which @KEY= were seen, so that a second one is an error and not a silent change.
 */
struct given {
	bool option[LOAD_KEYS_MAX];
};

__attribute__((format(printf, 3, 4))) static int refuse(char *error, size_t size,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return -EINVAL;
}

int spec_number(const char *text, size_t len, int64_t min, int64_t max, const char *what,
		int64_t *ret, char *error, size_t error_size)
{
	bool negative = len && text[0] == '-';
	size_t at = negative;
	int64_t value = 0;

	/* 15 digits fit; every bound in use has fewer. */
	if (len == at || len - at > 15)
		goto bad;
	for (; at < len; at++) {
		if (text[at] < '0' || text[at] > '9')
			goto bad;
		value = value * 10 + (text[at] - '0');
	}
	if (negative)
		value = -value;
	if (value < min || value > max)
		goto bad;
	*ret = value;
	return 0;
bad:
	return refuse(error, error_size,
		      "%s '%.*s' is not a whole number from %" PRId64 " to %" PRId64, what,
		      (int)len, text, min, max);
}

static int parse_cpus(const char *text, size_t len, const cpu_set_t *online, cpu_set_t *ret,
		      char *error, size_t size)
{
	cpu_set_t set;
	size_t at = 0;

	CPU_ZERO(&set);
	while (at <= len) {
		size_t part = strcspn(text + at, ",@"), dash;
		int64_t first, last;

		if (at + part > len)
			part = len - at;
		dash = strcspn(text + at, "-");
		if (dash > part)
			dash = part;
		if (spec_number(text + at, dash, 0, CPU_SETSIZE - 1, "@cpus= CPU", &first, error,
				size))
			return -EINVAL;
		last = first;
		if (dash < part && spec_number(text + at + dash + 1, part - dash - 1, 0,
					       CPU_SETSIZE - 1, "@cpus= CPU", &last, error, size))
			return -EINVAL;
		if (last < first)
			return refuse(error, size, "@cpus= range '%.*s' runs backwards", (int)part,
				      text + at);
		for (int64_t cpu = first; cpu <= last; cpu++) {
			if (!CPU_ISSET((size_t)cpu, online))
				return refuse(error, size,
					      "@cpus= names CPU %" PRId64
					      ", which is not online or not ours to use",
					      cpu);
			CPU_SET((size_t)cpu, &set);
		}
		at += part + 1;
	}
	*ret = set;
	return 0;
}

static const struct {
	const char *name;
	int policy;
} policies[] = {
	{ "other", SCHED_OTHER },
	{ "batch", SCHED_BATCH },
	{ "idle", SCHED_IDLE },
	{ "ext", SCHED_EXT },
};

static int parse_policy(const char *text, size_t len, int *ret, char *error, size_t size)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strlen(policies[i].name) == len && !memcmp(policies[i].name, text, len)) {
			*ret = policies[i].policy;
			return 0;
		}
	}
	return refuse(error, size, "@policy= '%.*s' is none of other, batch, idle, ext", (int)len,
		      text);
}

static bool is_key(const char *key, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(key, name, len);
}

static int parse_option(struct load *load, struct given *given, const char *text, size_t len,
			const cpu_set_t *online, char *error, size_t size)
{
	const struct load_kind *kind = load->kind;
	const char *equals = memchr(text, '=', len);
	size_t key_len, value_len;
	const char *value;
	char what[OPTION_LEN];
	int64_t number = 0;

	if (!equals)
		return refuse(error, size, "'@%.*s' is not of the form @KEY=VALUE", (int)len, text);
	key_len = (size_t)(equals - text);
	value = equals + 1;
	value_len = len - key_len - 1;

	if (is_key(text, key_len, "cpus")) {
		if (load->has_cpus)
			return refuse(error, size, "@cpus= is given twice");
		load->has_cpus = true;
		return parse_cpus(value, value_len, online, &load->cpus, error, size);
	}
	if (is_key(text, key_len, "nice") && !(kind->flags & LOAD_OWN_NICE)) {
		if (load->has_nice)
			return refuse(error, size, "@nice= is given twice");
		if (spec_number(value, value_len, -20, 19, "@nice=", &number, error, size))
			return -EINVAL;
		load->has_nice = true;
		load->nice = (int)number;
		return 0;
	}
	if (is_key(text, key_len, "policy") && !(kind->flags & LOAD_OWN_CLASS)) {
		if (load->has_policy)
			return refuse(error, size, "@policy= is given twice");
		load->has_policy = true;
		return parse_policy(value, value_len, &load->policy, error, size);
	}
	for (unsigned int i = 0; i < LOAD_KEYS_MAX && kind->keys[i].name; i++) {
		const struct load_key *key = &kind->keys[i];

		if (!is_key(text, key_len, key->name))
			continue;
		if (given->option[i])
			return refuse(error, size, "@%s= is given twice", key->name);
		given->option[i] = true;
		snprintf(what, sizeof(what), "@%s=", key->name);
		return spec_number(value, value_len, key->min, key->max, what, &load->option[i],
				   error, size);
	}
	return refuse(error, size, "'%s' takes no option '@%.*s='", kind->name, (int)key_len, text);
}

static const struct load_kind *find_kind(const char *name, size_t len)
{
	for (unsigned int i = 0; load_kinds[i]; i++) {
		if (is_key(name, len, load_kinds[i]->name))
			return load_kinds[i];
	}
	return NULL;
}

static int refuse_kind(const char *name, size_t len, char *error, size_t size)
{
	size_t at;

	refuse(error, size, "there is no load '%.*s'; there are", (int)len, name);
	for (unsigned int i = 0; load_kinds[i]; i++) {
		at = strlen(error);
		snprintf(error + at, size - at, " %s", load_kinds[i]->name);
	}
	return -EINVAL;
}

/* The argument of most kinds: how many tasks. */
static int parse_count(struct load *load, const char *argument, char *error, size_t size)
{
	int64_t number = 0;

	if (spec_number(argument, strlen(argument), 1, LOAD_TASKS_MAX, "the number of tasks",
			&number, error, size))
		return -EINVAL;
	load->nr_tasks = (unsigned int)number;
	return 0;
}

static int parse_argument(struct load *load, const char *text, size_t len, char *error, size_t size)
{
	const struct load_kind *kind = load->kind;
	char argument[256];

	if (!kind->argument)
		return len ? refuse(error, size, "'%s' takes no argument, but has '%.*s'",
				    kind->name, (int)len, text)
			   : 0;
	if (!len)
		return refuse(error, size, "'%s' wants its argument: %s:%s", kind->name, kind->name,
			      kind->argument);
	if (len >= sizeof(argument))
		return refuse(error, size, "the argument is longer than %zu characters",
			      sizeof(argument) - 1);
	memcpy(argument, text, len);
	argument[len] = '\0';
	return (kind->parse ? kind->parse : parse_count)(load, argument, error, size);
}

int spec_parse(const char *text, const cpu_set_t *online, struct load *ret, char *error,
	       size_t error_size)
{
	size_t len = strcspn(text, ":@"), argument_len = 0;
	struct given given = { 0 };
	struct load load = { 0 };
	int err;

	load.spec = text;
	load.cpus = *online;
	load.kind = find_kind(text, len);
	if (!load.kind)
		return refuse_kind(text, len, error, error_size);
	for (unsigned int i = 0; i < LOAD_KEYS_MAX; i++)
		load.option[i] = load.kind->keys[i].fallback;

	text += len;
	if (*text == ':') {
		text++;
		argument_len = strcspn(text, "@");
	}
	err = parse_argument(&load, text, argument_len, error, error_size);
	if (err)
		return err;
	text += argument_len;

	while (*text == '@') {
		text++;
		len = strcspn(text, "@");
		err = parse_option(&load, &given, text, len, online, error, error_size);
		if (err)
			return err;
		text += len;
	}

	if (load.nr_tasks && !load.nr_groups) {
		load.nr_groups = 1;
		load.groups[0].tasks = load.nr_tasks;
	}
	*ret = load;
	return 0;
}

void spec_name_loads(struct load *loads, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int number = 1;
		char *dash;

		for (unsigned int j = 0; j < i; j++)
			number += loads[j].kind == loads[i].kind;
		if (number == 1)
			snprintf(loads[i].key, sizeof(loads[i].key), "%s", loads[i].kind->name);
		else
			snprintf(loads[i].key, sizeof(loads[i].key), "%s%u", loads[i].kind->name,
				 number);
		while ((dash = strchr(loads[i].key, '-')))
			*dash = '_';
		snprintf(loads[i].key_all, sizeof(loads[i].key_all), "%s_all", loads[i].key);
	}
}
