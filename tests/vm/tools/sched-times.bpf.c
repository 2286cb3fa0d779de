// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long each task runs and waits, from the scheduler's tracepoints, as the
 * simulator counts it: a wait begins when a task is woken or put back, and ends when it
 * runs; a running time ends when the CPU is another's. Whatever scheduler there is.
 *
 * An entry is written under the lock of the runqueue that its task is on, so that
 * nothing here needs one.
 */
#include "bpf/kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sched-times.h"

struct times tasks[TIMES_TASKS];
/* ns; 0: not counting yet */
unsigned long long from;

static struct times *times_of(const struct task_struct *p)
{
	struct times *t = &tasks[p->pid & (TIMES_TASKS - 1)];

	t->pid = p->pid;
	return t;
}

static void wakes(const struct task_struct *p)
{
	struct times *t;

	if (!from || !p->pid)
		return;
	t = times_of(p);
	/* one that runs was about to sleep, and goes on */
	if (t->state == TIMES_RUNS || t->state == TIMES_WAITS)
		return;
	t->state = TIMES_WAITS;
	t->since = bpf_ktime_get_ns();
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *p)
{
	wakes(p);
	return 0;
}

/* For one that was still about to sleep when it was woken */
SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *p)
{
	wakes(p);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *p)
{
	wakes(p);
	return 0;
}

static void leaves(const struct task_struct *p, unsigned long long now, bool waits)
{
	struct times *t;

	if (!p->pid)
		return;
	t = times_of(p);
	/* one that nobody has seen coming has been there since the beginning */
	if (t->state == TIMES_RUNS)
		t->runtime += now - t->since;
	else
		t->runtime += now - from;
	t->state = waits ? TIMES_WAITS : TIMES_SLEEPS;
	t->since = now;
	t->kthread = !!(p->flags & PF_KTHREAD);
	__builtin_memcpy(t->comm, p->comm, sizeof(t->comm));
}

static void comes(const struct task_struct *p, unsigned long long now)
{
	struct times *t;

	if (!p->pid)
		return;
	t = times_of(p);
	if (t->state == TIMES_WAITS)
		waits_add(&t->waits, now - t->since);
	t->state = TIMES_RUNS;
	t->since = now;
	t->switches++;
	t->kthread = !!(p->flags & PF_KTHREAD);
	__builtin_memcpy(t->comm, p->comm, sizeof(t->comm));
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	unsigned long long now = bpf_ktime_get_ns();

	if (!from)
		return 0;
	/* 0: it is runnable, whether it was preempted or not */
	leaves(prev, now, preempt || !prev_state);
	comes(next, now);
	return 0;
}

char _license[] SEC("license")
= "GPL";
