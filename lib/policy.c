// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds a policy, built in or in a shared object, and checks all that can be checked
 * before anything is attached: the object, its one symbol, the version that it was
 * built for, its members, and the options that the user gives.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <scxu/loader.h>
#include "log.h"
#include "policy.h"

#define SYMBOL	      "scxu_policy_of_object"
#define HOW_TO_BUILD  "cc -shared -fPIC $(pkg-config --cflags libscxu)"
#define TASK_SIZE_MAX 4096u
#define LIST_MAX      512u

struct opened {
	struct scxu_policy policy;
	void *object; /* dlopen()'s; NULL for a built-in one */
	uint64_t values[SCXU_POLICY_OPTIONS_MAX];
};

/* --- is it a policy --------------------------------------------------------- */

static int check_option(const struct scxu_policy_ops *ops, const struct scxu_policy_option *o,
			const char *where)
{
	const char *problem = NULL;

	if (!*o->name ||
	    strspn(o->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(o->name))
		problem = "its name may have a-z, 0-9 and _ only";
	else if (o->min > o->max || o->value < o->min || o->value > o->max)
		problem = "its default is not from .min to .max";
	else if (o->offset % sizeof(uint64_t) || ops->sched_size < sizeof(uint64_t) ||
		 o->offset > ops->sched_size - sizeof(uint64_t))
		problem = "its .offset is not that of a uint64_t within .sched_size";
	if (!problem)
		return 0;
	scxu_log(SCXU_LOG_ERROR, "%s: option \"%s\": %s", where, o->name, problem);
	return -EINVAL;
}

static int check_options(const struct scxu_policy_ops *ops, const char *where)
{
	unsigned int i;
	int err = 0;

	for (i = 0; ops->options && ops->options[i].name && !err; i++) {
		if (i == SCXU_POLICY_OPTIONS_MAX) {
			scxu_log(SCXU_LOG_ERROR,
				 "%s: more than %u options: does a NULL name end the table?", where,
				 SCXU_POLICY_OPTIONS_MAX);
			return -EINVAL;
		}
		err = check_option(ops, &ops->options[i], where);
	}
	return err;
}

int scxu_policy_check(const struct scxu_policy_ops *ops, const char *where)
{
	const char *missing = NULL;

	if (!ops) {
		scxu_log(SCXU_LOG_ERROR, "%s: no policy", where);
		return -EINVAL;
	}
	/* nothing else of it means anything before */
	if (ops->struct_size != sizeof(*ops) || ops->abi != SCXU_POLICY_ABI) {
		scxu_log(SCXU_LOG_ERROR,
			 "%s: built for another version of libscxu (policy ABI %u, struct of %zu "
			 "bytes; here ABI %u, %zu bytes): build it with this version's headers",
			 where, ops->abi, ops->struct_size, SCXU_POLICY_ABI, sizeof(*ops));
		return -EPROTO;
	}
	if (!ops->enqueue)
		missing = "enqueue";
	else if (!ops->dequeue)
		missing = "dequeue";
	else if (!ops->dispatch)
		missing = "dispatch";
	if (missing) {
		scxu_log(SCXU_LOG_ERROR, "%s: the callback %s() is mandatory, and missing: set .%s",
			 where, missing, missing);
		return -EINVAL;
	}
	if (!ops->name || !*ops->name) {
		scxu_log(SCXU_LOG_ERROR, "%s: the policy has no name: set .name", where);
		return -EINVAL;
	}
	if (strspn(ops->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(ops->name)) {
		scxu_log(SCXU_LOG_ERROR, "%s: .name is \"%s\": it may have a-z, 0-9 and - only",
			 where, ops->name);
		return -EINVAL;
	}
	if (ops->task_size > TASK_SIZE_MAX) {
		scxu_log(SCXU_LOG_ERROR, "%s: .task_size is %zu: at most %u", where, ops->task_size,
			 TASK_SIZE_MAX);
		return -EINVAL;
	}
	return check_options(ops, where);
}

int scxu_policy_check_standing(const struct scxu_policy_ops *ops, bool asked)
{
	if (!asked || ops->stands)
		return 0;
	scxu_log(SCXU_LOG_ERROR,
		 "policy %s leaves no standing decisions: run it without --decide standing",
		 ops->name);
	return -EINVAL;
}

/* --- where it is ------------------------------------------------------------ */

/* Appends a word; what does not fit is left out. */
static void append(char list[LIST_MAX], const char *word)
{
	size_t n = strlen(list);

	snprintf(list + n, LIST_MAX - n, "%s%s", n ? " " : "", word);
}

static int find_builtin(const char *name, const struct scxu_policy_ops **ret)
{
	const struct scxu_policy_ops *ops;
	char list[LIST_MAX] = "";
	unsigned int i;

	for (i = 0; (ops = scxu_policy_builtin(i)); i++) {
		if (!strcmp(ops->name, name)) {
			*ret = ops;
			return 0;
		}
		append(list, ops->name);
	}
	scxu_log(SCXU_LOG_ERROR,
		 "there is no policy \"%s\"; built in are: %s; a file is given by a path with a "
		 "slash in it (./mine.so)",
		 name, list);
	return -ENOENT;
}

/*
 * How many bytes at least an object of that size lacks. dlopen() maps what the program headers
 * say, and touches it: where the file has ended that is SIGBUS. All else it tells itself.
 */
static uint64_t missing_of(int fd, uint64_t size)
{
	ElfW(Ehdr) e;
	ElfW(Phdr) p;
	uint64_t end = 0;
	unsigned int i;

	if (pread(fd, &e, sizeof(e), 0) != sizeof(e) || memcmp(e.e_ident, ELFMAG, SELFMAG) ||
	    e.e_phentsize != sizeof(p))
		return 0;
	for (i = 0; i < e.e_phnum; i++) {
		if (pread(fd, &p, sizeof(p), (off_t)(e.e_phoff + i * sizeof(p))) != sizeof(p))
			break;
		if (p.p_type == PT_LOAD && p.p_offset + p.p_filesz > end)
			end = p.p_offset + p.p_filesz;
	}
	return end > size ? end - size : 0;
}

static int check_file(const char *path)
{
	/* a pipe would wait for who writes into it */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err = 0;
	struct stat stat;
	uint64_t missing;

	if (fd < 0 || fstat(fd, &stat)) {
		err = -errno;
		scxu_log(SCXU_LOG_ERROR, "%s: cannot read it: %s", path, strerror(-err));
	} else if (!S_ISREG(stat.st_mode)) {
		scxu_log(SCXU_LOG_ERROR, "%s: not a regular file: give the path of a shared object",
			 path);
		err = -ELIBBAD;
	} else if ((missing = missing_of(fd, (uint64_t)stat.st_size))) {
		scxu_log(SCXU_LOG_ERROR,
			 "%s: it is cut short: %" PRIu64
			 " bytes are missing, or more: build or copy it again",
			 path, missing);
		err = -ELIBBAD;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int find_object(const char *path, struct opened *o)
{
	const struct scxu_policy_ops *const *symbol;
	Dl_info object;
	int err = check_file(path);

	if (err)
		return err;
	o->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!o->object) {
		scxu_log(SCXU_LOG_ERROR,
			 "%s: not a shared object that can be loaded (%s): build it with "
			 "\"" HOW_TO_BUILD "\"",
			 path, dlerror());
		return -ELIBBAD;
	}
	symbol = dlsym(o->object, SYMBOL);
	if (!symbol) {
		scxu_log(SCXU_LOG_ERROR,
			 "%s: no policy in it (symbol " SYMBOL
			 "): write SCXU_POLICY(the_ops); in its source, once",
			 path);
		return -ENOENT;
	}
	/* of a function, say, these are instructions */
	if (!dladdr(*symbol, &object)) {
		scxu_log(SCXU_LOG_ERROR,
			 "%s: its symbol " SYMBOL
			 " does not point to a policy: write SCXU_POLICY(the_ops); in its source, "
			 "once, and define " SYMBOL " nowhere else",
			 path);
		return -EINVAL;
	}
	o->policy.ops = *symbol;
	return 0;
}

/* --- its options ------------------------------------------------------------- */

static int set_option(struct opened *o, const char *item)
{
	const struct scxu_policy_option *options = o->policy.ops->options;
	size_t length = strcspn(item, "=");
	char list[LIST_MAX] = "", *end;
	const char *text = item + length + (item[length] == '=');
	uint64_t value;
	unsigned int i;

	for (i = 0; options && options[i].name; i++) {
		if (strlen(options[i].name) != length || strncmp(options[i].name, item, length)) {
			append(list, options[i].name);
			continue;
		}
		errno = 0;
		value = strtoull(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || errno || value < options[i].min ||
		    value > options[i].max) {
			scxu_log(SCXU_LOG_ERROR,
				 "policy %s: %s: give a whole number from %" PRIu64 " to %" PRIu64
				 " (default %" PRIu64 ")",
				 o->policy.ops->name, item, options[i].min, options[i].max,
				 options[i].value);
			return -EINVAL;
		}
		o->values[i] = value;
		return 0;
	}
	scxu_log(SCXU_LOG_ERROR, "policy %s has no option \"%.*s\"; it has %s%s",
		 o->policy.ops->name, (int)length, item, *list ? "these: " : "none", list);
	return -EINVAL;
}

static int set_options(struct opened *o, char *list)
{
	const struct scxu_policy_option *options = o->policy.ops->options;
	char *item;
	unsigned int i;
	int err = 0;

	for (i = 0; options && options[i].name; i++)
		o->values[i] = options[i].value;
	while (!err && (item = strsep(&list, ",")))
		err = set_option(o, item);
	return err;
}

int scxu_policy_open(const char *spec, struct scxu_policy **ret)
{
	struct opened *o = calloc(1, sizeof(*o));
	char *name = strdup(spec), *options = name;
	int err = -ENOMEM;

	if (!o || !name)
		goto fail;
	o->policy.values = o->values;
	strsep(&options, ":");
	err = strchr(name, '/') ? find_object(name, o) : find_builtin(name, &o->policy.ops);
	if (err == -ENOENT && options && !access(spec, F_OK))
		scxu_log(SCXU_LOG_ERROR, "%s: options begin at the ':': give it a path without one",
			 spec);
	if (!err)
		err = scxu_policy_check(o->policy.ops, name);
	if (!err)
		err = set_options(o, options);
	if (err)
		goto fail;
	free(name);
	*ret = &o->policy;
	return 0;
fail:
	free(name);
	scxu_policy_close(o ? &o->policy : NULL);
	return err;
}

struct scxu_policy *scxu_policy_close(struct scxu_policy *policy)
{
	struct opened *o = (struct opened *)policy; /* first member */

	if (!o)
		return NULL;
	if (o->object)
		dlclose(o->object);
	free(o);
	return NULL;
}
