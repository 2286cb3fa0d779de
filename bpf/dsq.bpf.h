/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DSQs: what may be in them, without asking the kernel.
 *
 * It finds a DSQ by its number, in a hash table, for more than a hundred instructions, and most of the
 * time all of them are empty. So whoever inserts leaves the time first, and where there
 * is none nobody looks. Who finds the DSQ empty a while later takes the time away, unless
 * an insert may be in flight: it takes effect when the callback has returned, which is before
 * the next one on that CPU. tests/model/dsq.pml has all interleavings.
 */
#ifndef SCXU_BPF_DSQ_H
#define SCXU_BPF_DSQ_H

#include "state.bpf.h"

#define DSQ_QUIET_NS 1000000ull /* who wakes often is looked for each time */

/* Before an insert: by the CPU that runs the callback. In this order: see dsq_is_empty(). */
static __always_inline void dsq_fills(u32 dsq, struct scxu_cpu *me, u64 now)
{
	__sync_lock_test_and_set(&me->filling, 1);
	__sync_lock_test_and_set(&filled_at[dsq - DSQ_KTHREADS], now);
}

/*
 * In a callback for that CPU: those before it there have taken effect, unless it is another that
 * runs this one (core scheduling).
 */
static __always_inline void dsq_filled(u32 cpu, struct scxu_cpu *its)
{
	if (its->filling && cpu == bpf_get_smp_processor_id())
		__sync_lock_test_and_set(&its->filling, 0);
}

/* Since at (ns) nothing was inserted. First who is in flight, then what is there. */
__noinline int dsq_is_empty(u32 dsq, u64 at, u64 now)
{
	u32 i = dsq - DSQ_KTHREADS, cpu;

	if (i >= 3)
		return 0;
	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_cpu *c = cpu_state(cpu);

		if (c && *(volatile u32 *)&c->filling) {
			/* it idles, perhaps: not again at once */
			__sync_val_compare_and_swap(&filled_at[i], at, now);
			return 0;
		}
	}
	if (scx_bpf_dsq_nr_queued(dsq) > 0)
		return 0;
	__sync_val_compare_and_swap(&filled_at[i], at, 0);
	return 1;
}

static __always_inline bool dsq_has(u32 dsq, u64 now)
{
	u64 at = load(&filled_at[dsq - DSQ_KTHREADS]);

	if (!at)
		return false;
	if (scx_bpf_dsq_nr_queued(dsq) > 0)
		return true;
	if ((s64)(now - at) > (s64)DSQ_QUIET_NS)
		dsq_is_empty(dsq, at, now);
	return false;
}

static __always_inline bool dsqs_have_any(void)
{
	return scx_bpf_dsq_nr_queued(DSQ_SHARED) > 0 || scx_bpf_dsq_nr_queued(DSQ_KTHREADS) > 0 ||
	       scx_bpf_dsq_nr_queued(DSQ_STARVED) > 0;
}

static __always_inline bool dsqs_may_have_any(void)
{
	return load(&filled_at[0]) || load(&filled_at[1]) || load(&filled_at[2]);
}

/* An insert may be in flight. */
static __always_inline bool dsqs_fill(u64 now)
{
	u32 i;

	for (i = 0; i < 3; i++) {
		u64 at = load(&filled_at[i]);

		if (at && (s64)(now - at) < (s64)WATCH_NS)
			return true;
	}
	return false;
}

#endif
