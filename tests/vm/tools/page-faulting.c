// SPDX-License-Identifier: GPL-2.0-only
/* The policy vruntime, but with sixteen page faults in each enqueue(). */
#include <sys/mman.h>

#include "policies/vruntime/vruntime.c"

#define PAGES 16
#define PAGE  4096

static char *memory;

static int init_faulting(struct scxu_sched *sched)
{
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED || munlock(memory, PAGES * PAGE))
		return -ENOMEM;
	return init(sched);
}

static void enqueue_faulting(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	int i;

	madvise(memory, PAGES * PAGE, MADV_DONTNEED);
	for (i = 0; i < PAGES; i++)
		*(volatile char *)(memory + i * PAGE) = 1;
	enqueue(sched, task, flags);
}

static const struct scxu_policy_ops page_faulting = {
	.struct_size = sizeof(page_faulting),
	.abi = SCXU_POLICY_ABI,
	.name = "page-faulting",
	.task_size = sizeof(struct vtask),
	.sched_size = sizeof(struct vsched),
	.options = options,
	.init = init_faulting,
	.task_enter = task_enter,
	.enqueue = enqueue_faulting,
	.dequeue = dequeue,
	.dispatch = dispatch,
};
SCXU_POLICY(page_faulting);
