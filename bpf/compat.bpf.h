/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one home of differences between kernels, 6.12 onwards: kernel functions,
 * those that were renamed, and what a field means on which kernel.
 */
#ifndef SCXU_BPF_COMPAT_H
#define SCXU_BPF_COMPAT_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *p) __ksym;
bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask) __ksym;
void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;

s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
s32 scx_bpf_dsq_nr_queued(u64 dsq_id) __ksym;
s32 scx_bpf_select_cpu_dfl(struct task_struct *p, s32 prev_cpu, u64 wake_flags, bool *is_idle)
	__ksym;
bool scx_bpf_test_and_clear_cpu_idle(s32 cpu) __ksym;
s32 scx_bpf_pick_idle_cpu(const struct cpumask *cpus_allowed, u64 flags) __ksym;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
u32 scx_bpf_dispatch_nr_slots(void) __ksym;
void scx_bpf_dispatch_cancel(void) __ksym;
s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym;
const struct cpumask *scx_bpf_get_online_cpumask(void) __ksym;
void scx_bpf_put_cpumask(const struct cpumask *cpumask) __ksym;
const struct cpumask *scx_bpf_get_idle_cpumask(void) __ksym;
void scx_bpf_put_idle_cpumask(const struct cpumask *idle_mask) __ksym;
u32 bpf_cpumask_first(const struct cpumask *cpumask) __ksym;
u32 bpf_cpumask_any_distribute(const struct cpumask *cpumask) __ksym;
bool scx_bpf_task_running(const struct task_struct *p) __ksym;
void scx_bpf_error_bstr(char *fmt, unsigned long long *data, u32 data__sz) __ksym;
void scx_bpf_exit_bstr(s64 exit_code, char *fmt, unsigned long long *data, u32 data__sz) __ksym;
int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, u64 dsq_id, u64 flags) __ksym;
struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym;

/* kernel/cpu.c, one a CPU */
extern const struct cpuhp_cpu_state cpuhp_state __ksym __weak;

/* The iterator behind bpf_for_each(), for dsq_move(). */
#define FOR_EACH_ITER (&___it)

#define BPF_STRUCT_OPS(name, args...) \
	SEC("struct_ops/" #name)      \
	BPF_PROG(name, ##args)
#define BPF_STRUCT_OPS_SLEEPABLE(name, args...) \
	SEC("struct_ops.s/" #name)              \
	BPF_PROG(name, ##args)

/* Enumerators, as the running kernel has them; 0 for one that it lacks. */
#define scx_enum(type, name) \
	(bpf_core_enum_value_exists(enum type, name) ? bpf_core_enum_value(enum type, name) : 0)
#define ENQ_WAKEUP   scx_enum(scx_enq_flags, SCX_ENQ_WAKEUP)
#define ENQ_HEAD     scx_enum(scx_enq_flags, SCX_ENQ_HEAD)
#define ENQ_PREEMPT  scx_enum(scx_enq_flags, SCX_ENQ_PREEMPT)
#define ENQ_REENQ    scx_enum(scx_enq_flags, SCX_ENQ_REENQ)
#define WAKE_SYNC    scx_enum(scx_wake_flags, SCX_WAKE_SYNC)
#define DSQ_LOCAL    scx_enum(scx_dsq_id_flags, SCX_DSQ_LOCAL)
#define DSQ_LOCAL_ON scx_enum(scx_dsq_id_flags, SCX_DSQ_LOCAL_ON)
#define DSQ_ITER_REV scx_enum(scx_dsq_iter_flags, SCX_DSQ_ITER_REV)
#define KICK_IDLE    scx_enum(scx_kick_flags, SCX_KICK_IDLE)
#define KICK_PREEMPT scx_enum(scx_kick_flags, SCX_KICK_PREEMPT)
#define TASK_QUEUED  scx_enum(scx_ent_flags, SCX_TASK_QUEUED)

/* 6.13 renamed dispatch to dsq_insert, consume to dsq_move_to_local, dispatch_from_dsq to dsq_move. */
bool scx_bpf_dsq_move___new(struct bpf_iter_scx_dsq *it, struct task_struct *p, u64 dsq_id,
			    u64 enq_flags) __ksym __weak;
bool scx_bpf_dispatch_from_dsq___old(struct bpf_iter_scx_dsq *it, struct task_struct *p, u64 dsq_id,
				     u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move_vtime___new(struct bpf_iter_scx_dsq *it, struct task_struct *p, u64 dsq_id,
				  u64 enq_flags) __ksym __weak;
bool scx_bpf_dispatch_vtime_from_dsq___old(struct bpf_iter_scx_dsq *it, struct task_struct *p,
					   u64 dsq_id, u64 enq_flags) __ksym __weak;
void scx_bpf_dsq_move_set_vtime___new(struct bpf_iter_scx_dsq *it, u64 vtime) __ksym __weak;
void scx_bpf_dispatch_from_dsq_set_vtime___old(struct bpf_iter_scx_dsq *it, u64 vtime) __ksym
__weak;
void scx_bpf_dsq_insert___new(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym
__weak;
void scx_bpf_dispatch___old(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym
__weak;
void scx_bpf_dsq_insert_vtime___new(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime,
				    u64 enq_flags) __ksym __weak;
void scx_bpf_dispatch_vtime___old(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime,
				  u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move_to_local___new(u64 dsq_id) __ksym __weak;
bool scx_bpf_consume___old(u64 dsq_id) __ksym __weak;

static __always_inline void dsq_insert(struct task_struct *p, u64 dsq, u64 slice, u64 enq_flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert___new))
		scx_bpf_dsq_insert___new(p, dsq, slice, enq_flags);
	else
		scx_bpf_dispatch___old(p, dsq, slice, enq_flags);
}

static __always_inline void dsq_insert_vtime(struct task_struct *p, u64 dsq, u64 slice, u64 vtime,
					     u64 enq_flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert_vtime___new))
		scx_bpf_dsq_insert_vtime___new(p, dsq, slice, vtime, enq_flags);
	else
		scx_bpf_dispatch_vtime___old(p, dsq, slice, vtime, enq_flags);
}

static __always_inline bool dsq_move_to_local(u64 dsq)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___new))
		return scx_bpf_dsq_move_to_local___new(dsq);
	return scx_bpf_consume___old(dsq);
}

static __always_inline bool dsq_move(struct bpf_iter_scx_dsq *it, struct task_struct *p, u64 dsq)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move___new))
		return scx_bpf_dsq_move___new(it, p, dsq, 0);
	return scx_bpf_dispatch_from_dsq___old(it, p, dsq, 0);
}

static __always_inline bool dsq_move_vtime(struct bpf_iter_scx_dsq *it, struct task_struct *p,
					   u64 dsq, u64 vtime)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_vtime___new)) {
		scx_bpf_dsq_move_set_vtime___new(it, vtime);
		return scx_bpf_dsq_move_vtime___new(it, p, dsq, 0);
	}
	scx_bpf_dispatch_from_dsq_set_vtime___old(it, vtime);
	return scx_bpf_dispatch_vtime_from_dsq___old(it, p, dsq, 0);
}

/* Writing p->scx.slice gave way to a function in 6.19. */
bool scx_bpf_task_set_slice___new(struct task_struct *p, u64 slice) __ksym __weak;

static __always_inline void task_set_slice(struct task_struct *p, u64 slice)
{
	if (bpf_ksym_exists(scx_bpf_task_set_slice___new))
		scx_bpf_task_set_slice___new(p, slice);
	else
		p->scx.slice = slice;
}

/*
 * What the kernel has of it in cpu_active_mask: from sched_cpu_deactivate() on, the step below
 * CPUHP_AP_ACTIVE, tasks of others do not get there any more. ops.cpu_offline comes after a
 * grace period of RCU, tens of ms later.
 */
static __always_inline bool cpu_is_active(s32 cpu)
{
	const struct cpuhp_cpu_state *s;

	if (!bpf_ksym_exists(&cpuhp_state))
		return true;
	s = bpf_per_cpu_ptr(&cpuhp_state, cpu);
	return !s || s->state >= bpf_core_enum_value(enum cpuhp_state, CPUHP_AP_ACTIVE);
}

/*
 * On entry to a BPF program the kernel itself disables migration of the current
 * task (always up to 6.17, depending on the configuration since): so often means
 * nothing there.
 */
static __always_inline bool task_migration_disabled(const struct task_struct *p, u32 programs)
{
	unsigned short n = p->migration_disabled;

	if (n && n <= programs)
		return bpf_get_current_task_btf() != p;
	return n;
}

/*
 * In ops.cpu_release(): what lies in this CPU's local DSQ is enqueued anew. Up to 6.18 at once,
 * with programs called by a program (and the kernel leaves the current task there, from 6.14
 * on, but for SCX_OPS_ENQ_MIGRATION_DISABLED); later when the CPU has switched.
 */
u32 scx_bpf_reenqueue_local___v1(void) __ksym __weak;
void scx_bpf_reenqueue_local___v2___compat(void) __ksym __weak;

static __always_inline void reenqueue_local(void)
{
	if (bpf_ksym_exists(scx_bpf_reenqueue_local___v2___compat))
		scx_bpf_reenqueue_local___v2___compat();
	else
		scx_bpf_reenqueue_local___v1();
}

#endif
