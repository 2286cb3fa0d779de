// SPDX-License-Identifier: GPL-2.0-only
/*
 * scxu_engine_create() with the Nth allocation failing, for each N until it works:
 * -ENOMEM, nothing returned, nothing left behind. Linked with --wrap for each.
 */
#include <errno.h>
#include <sys/mman.h>

#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__real_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *addr, size_t size);

static bool armed;
static unsigned int fail_at; /* this one, counted from 1 */
static unsigned int allocations;
static int live; /* allocated and not freed */

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

/* so named when off_t has 64 bits by -D_FILE_OFFSET_BITS */
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	return __wrap_mmap(addr, size, prot, flags, fd, offset);
}

int __wrap_munmap(void *addr, size_t size)
{
	live -= armed;
	return __real_munmap(addr, size);
}

static int init_result;
static int init_calls, exit_calls;

static int init(struct scxu_sched *sched)
{
	init_calls++;
	if (init_result)
		return init_result;
	return test_fifo.init(sched);
}

static void exit_policy(struct scxu_sched *sched)
{
	(void)sched;
	exit_calls++;
}

int main(void)
{
	struct kernel_part *k = kernel_part_create(4, 256);
	struct scxu_engine_options options = { .batch = 8, .slice_ns = 3000000 };
	struct scxu_policy_ops policy = test_fifo;
	struct scxu_sched *const untouched = (struct scxu_sched *)k;
	struct scxu_sched *sched = untouched;
	int err;

	policy.init = init;
	policy.exit = exit_policy;
	kernel_part_birth(k, 3, 30, 0);
	kernel_part_enqueue(k, 3, 0, &(struct wait_facts) { 0 });

	for (fail_at = 1; fail_at < 100; fail_at++) {
		allocations = 0;
		armed = true;
		err = scxu_engine_create(&policy, &k->shm, &options, &sched);
		armed = false;
		if (allocations < fail_at)
			break;
		CHECK_EQ(err, -ENOMEM);
		CHECK(sched == untouched);
		CHECK_EQ(live, 0);
		CHECK_EQ(init_calls, 0);
		CHECK_EQ(exit_calls, 0);
	}
	CHECK_EQ(err, 0);
	CHECK_LE(4, fail_at); /* some did fail */
	CHECK_LE(fail_at, 20);
	NEED(sched != untouched);
	CHECK_EQ(scxu_nr_queued(sched), 1);
	CHECK_LE(1, live);
	armed = true;
	CHECK(!scxu_engine_destroy(sched));
	armed = false;
	CHECK_EQ(live, 0);
	CHECK_EQ(exit_calls, 1);

	/* and when it is the policy that fails, when all is allocated */
	sched = untouched;
	fail_at = 0;
	init_result = -ENOSPC;
	armed = true;
	err = scxu_engine_create(&policy, &k->shm, &options, &sched);
	armed = false;
	CHECK_EQ(err, -ENOSPC);
	CHECK(sched == untouched);
	CHECK_EQ(live, 0);
	CHECK_EQ(exit_calls, 1);
	kernel_part_destroy(k);
	return UNIT_END();
}
