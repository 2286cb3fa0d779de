// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a workload, opening a policy and making a machine, with the Nth allocation
 * failing, for each N until all of it works, with every policy: -ENOMEM, nothing returned,
 * nothing left behind. Linked with --wrap. jansson and dlopen() keep allocators of their own:
 * what they do without memory is their own affair.
 */
#include <errno.h>
#include <sys/mman.h>

#include <scxu/loader.h>
#include "lib/backend/sim/sim.h"

#include "tests/unit/unit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__real_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
void *__real_mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *addr, size_t size);
char *__wrap_strdup(const char *text);

static bool armed;
static unsigned int fail_at; /* this one, counted from 1 */
static unsigned int allocations;
static long live; /* allocated and not freed */

static bool fails(void)
{
	return armed && ++allocations == fail_at;
}

void *__wrap_malloc(size_t size)
{
	if (fails())
		return NULL;
	live += armed;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	if (fails())
		return NULL;
	live += armed;
	return __real_calloc(n, size);
}

/* libc's would not call ours */
char *__wrap_strdup(const char *text)
{
	char *copy = __wrap_malloc(strlen(text) + 1);

	return copy ? strcpy(copy, text) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
	if (fails())
		return NULL;
	live += armed && !p;
	return __real_realloc(p, size);
}

void __wrap_free(void *p)
{
	live -= armed && p;
	__real_free(p);
}

void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	if (fails()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	live += armed;
	return __real_mmap(addr, size, prot, flags, fd, offset);
}

void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	return __wrap_mmap(addr, size, prot, flags, fd, offset);
}

int __wrap_munmap(void *addr, size_t size)
{
	live -= armed;
	return __real_munmap(addr, size);
}

static struct scxu_workload *const no_workload = (struct scxu_workload *)&armed;
static struct scxu_policy *const no_policy = (struct scxu_policy *)&armed;
static struct scxu_sim *const no_sim = (struct scxu_sim *)&armed;

/* All that the command does before the first event. */
static int start(const char *text, const char *spec)
{
	struct scxu_workload *workload = no_workload;
	struct scxu_policy *policy = no_policy;
	struct scxu_sim *sim = no_sim;
	struct scxu_sim_options o;
	char error[256];
	int err;

	scxu_sim_options_init(&o);
	o.max_tasks = 64;
	err = scxu_workload_load(text, 4, &workload, error, sizeof(error));
	CHECK(!err || workload == no_workload);
	if (!err) {
		err = scxu_policy_open(spec, &policy);
		CHECK(!err || policy == no_policy);
	}
	if (!err) {
		o.values = policy->values;
		err = scxu_sim_create(policy->ops, workload, &o, &sim);
		CHECK(!err || sim == no_sim);
	}
	if (sim != no_sim)
		scxu_sim_destroy(sim);
	if (policy != no_policy)
		scxu_policy_close(policy);
	if (workload != no_workload)
		scxu_workload_destroy(workload);
	return err;
}

/* least: so many allocations at the least are seen to fail */
static void no_memory(const char *text, const char *spec, unsigned int least)
{
	int err = -1;

	for (fail_at = 1; err && fail_at < 1000; fail_at++) {
		allocations = 0;
		armed = true;
		err = start(text, spec);
		armed = false;
		CHECK(err == 0 || err == -ENOMEM);
		if (!CHECK_EQ(live, 0)) {
			printf("with allocation %u of \"%s\", \"%s\"\n", fail_at, text, spec);
			exit(1);
		}
	}
	CHECK_EQ(err, 0);
	CHECK_LE(least, fail_at);
}

/* The loader's own: what is allocated beside what loading an object allocates. */
static void refused(const char *spec, int expected)
{
	struct scxu_policy *policy = no_policy;

	live = 0;
	fail_at = 0;
	armed = true;
	CHECK_EQ(scxu_policy_open(spec, &policy), expected);
	armed = false;
	CHECK(policy == no_policy);
	CHECK_EQ(live, 0);
}

int main(void)
{
	const struct scxu_policy_ops *ops;
	unsigned int i;

	for (i = 0; (ops = scxu_policy_builtin(i)); i++)
		no_memory("hogs:2x0,1x5+pingpong:1+forks:1+bursts:1", ops->name, 40);
	CHECK_LE(5, i);
	no_memory("./examples/workloads/bursts.json", "rr:quantum_us=5000", 30);
	refused("none", -ENOENT);
	refused("rr:quantum_us=1", -EINVAL);
	refused("./missing.so", -ENOENT);
	return UNIT_END();
}
