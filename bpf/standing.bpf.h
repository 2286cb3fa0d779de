/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Standing decisions (--decide standing): what the agent left for a task's next wake-ups
 * is carried out here, with no way to the agent and back. It gives a slice, how much
 * earlier or later than by its virtual time the task is queued, and whether it may preempt;
 * the end of a slice, and a task's first wait, are the agent's to decide as ever.
 */
#ifndef SCXU_BPF_STANDING_H
#define SCXU_BPF_STANDING_H

#include "floor.bpf.h"

/* Any value may be there. False: nothing stands for this task; what makes no sense does not. */
static __always_inline bool stands(const struct task_ctx *t, struct scxu_cpu *me,
				   struct scxu_standing *ret)
{
	const volatile struct scxu_standing *s;
	struct scxu_record *r;
	u32 slot;

	if (!decide_standing || !t || t->slot == SCXU_NO_SLOT || t->flags & TASK_FRESH)
		return false;
	slot = t->slot;
	s = bpf_map_lookup_elem(&standing, &slot);
	r = record(slot);
	if (!s || !r)
		return false;
	ret->birth = s->birth;
	ret->slice_us = s->slice_us;
	ret->deadline_us = s->deadline_us;
	ret->flags = s->flags;
	if (!ret->birth || ret->birth != (u32)r->birth)
		return false;
	if ((ret->slice_us && (ret->slice_us < SCXU_SLICE_MIN_NS / 1000 ||
			       ret->slice_us > SCXU_SLICE_MAX_NS / 1000)) ||
	    ret->deadline_us > SCXU_STANDING_MAX_US || ret->deadline_us < -SCXU_STANDING_MAX_US ||
	    ret->flags & ~SCXU_DECIDE_PREEMPT) {
		count_invalid(me);
		return false;
	}
	return true;
}

static __always_inline u64 standing_slice(const struct scxu_standing *s)
{
	return s->slice_us ? s->slice_us * 1000ull : slice_ns;
}

#endif
