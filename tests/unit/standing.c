// SPDX-License-Identifier: GPL-2.0-only
/* What scxu_stand() leaves in the memory, and what it refuses. */
#include <errno.h>

#include "fifo.h"
#include "kernel-part.h"
#include "lib/policy.h"
#include "unit.h"

static const struct wait_facts plain = { .now = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void values(struct scxu_sched *s)
{
	static const struct {
		uint64_t slice_ns;
		int64_t deadline_ns;
		unsigned int flags;
	} bad[] = {
		{ 1, 0, 0 },
		{ SCXU_SLICE_MIN_NS - 1, 0, 0 },
		{ SCXU_SLICE_MAX_NS + 1, 0, 0 },
		{ 0, 100000001, 0 },
		{ 0, -100000001, 0 },
		{ 0, INT64_MIN, 0 },
		{ 0, INT64_MAX, 0 },
		{ 0, 0, SCXU_VTIME },
		{ 0, 0, 1u << 31 },
	};
	const struct scxu_task *task = fifo_first(s);
	const struct scxu_standing *stand;
	unsigned int i;

	NEED(task);
	stand = &k->shm.standing[task->slot];
	CHECK_EQ(scxu_stand(s, task, 1500999, -2000999, SCXU_PREEMPT), 0);
	CHECK_EQ(stand->birth, (uint32_t)k->records[task->slot].birth);
	CHECK_EQ(stand->slice_us, 1500);
	CHECK_EQ(stand->deadline_us, -2000);
	CHECK_EQ(stand->flags, SCXU_DECIDE_PREEMPT);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(scxu_stand(s, task, bad[i].slice_ns, bad[i].deadline_ns, bad[i].flags),
			 -EINVAL);
	CHECK_EQ(scxu_engine_counts(s)->failed, i);
	CHECK_EQ(stand->slice_us, 1500);
	CHECK_EQ(scxu_stand(s, task, 0, 100000000, 0), 0);
	CHECK_EQ(stand->slice_us, 0);
	CHECK_EQ(stand->deadline_us, 100000);
	CHECK_EQ(stand->flags, 0);
	f->before = NULL;
}

static void begin(uint32_t modes)
{
	k = kernel_part_create(2, 64);
	k->kernel->loaded.modes = modes;
	k->shm.standing[5].birth = 77; /* of an agent before */
	sched = engine_with(k, &test_fifo, 8);
	f = fifo_of(sched);
	f->hold = true;
	kernel_part_birth(k, 3, 30, 0);
	kernel_part_enqueue(k, 3, 0, &plain);
}

static void end(void)
{
	CHECK(!f->before);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void with_the_mode(void)
{
	begin(SCXU_MODE_STANDING);
	CHECK_EQ(k->shm.standing[5].birth, 0);
	f->before = values;
	scxu_engine_pass(sched, 1);
	end();
}

static void nothing(struct scxu_sched *s)
{
	const struct scxu_task *task = fifo_first(s);

	NEED(task);
	CHECK_EQ(scxu_stand(s, task, 1500000, 0, 0), 0);
	CHECK_EQ(scxu_stand(s, task, 1, 0, 0), -EINVAL); /* all the same */
	CHECK_EQ(k->shm.standing[task->slot].birth, 0);
	f->before = NULL;
}

/* Then there is memory for one, and not to be written. */
static void without(void)
{
	begin(0);
	CHECK_EQ(k->shm.standing[5].birth, 77);
	f->before = nothing;
	scxu_engine_pass(sched, 1);
	end();
}

static void refused(void)
{
	struct scxu_policy_ops stands = test_fifo;

	CHECK_EQ(scxu_policy_check_standing(&test_fifo, true), -EINVAL);
	CHECK_EQ(scxu_policy_check_standing(&test_fifo, false), 0);
	stands.stands = true;
	CHECK_EQ(scxu_policy_check_standing(&stands, true), 0);
}

int main(void)
{
	with_the_mode();
	without();
	refused();
	return UNIT_END();
}
