/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel part remembers: memory shared with the agent (layout in abi.h),
 * its own memory, and the helpers to reach both.
 */
#ifndef SCXU_BPF_STATE_H
#define SCXU_BPF_STATE_H

#include "compat.bpf.h"
#include "abi.h"

#define ENOENT 2
#define ENOMEM 12
#define EBUSY  16
#define EINVAL 22

#define DSQ_KTHREADS 0x5c0u
#define DSQ_SHARED   0x5c1u
#define DSQ_STARVED  0x5c2u

#define CLOCK_MONOTONIC 1
#define TICK_NS		4000000ull /* HZ=250: what a slice lasts at least */
/* From one look of the watch to the next, while anything waits: not rarer for a late floor. */
#define WATCH_NS      (floor_ns < TICK_NS ? floor_ns / 2 : TICK_NS / 2)
#define SECOND_NS     1000000000ull
#define SCARCE_NS     200000ull /* slices, about, while all CPUs are scarce */
#define LONG_SLICE_NS 20000000ull /* the kernel's default: kernel threads are used to it */

/* Set before load, known to the verifier. */
const volatile __u32 nr_cpu_ids = 1;
const volatile __u32 nr_possible = 1;
const volatile __u32 max_tasks = 1;
const volatile __u64 slice_ns = 3000000;
const volatile __u64 floor_ns = 4000000;
const volatile __u64 starve_ns = 15000000000ull;
const volatile __u64 credit_ns = 3000000; /* of a sleeper, virtual time */
const volatile __u64 orphan_ns; /* 0: never */
const volatile __u32 modes; /* enum scxu_modes, for who reads scxu_kernel */
const volatile _Bool affinity_agent;
const volatile _Bool idle_kernel;
const volatile _Bool decide_standing;
/* Controls of tests/vm: what goes wrong without them. */
const volatile _Bool test_no_floor;
const volatile _Bool test_no_affinity_check;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scxu_record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scxu_cpu);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scxu_kernel);
} kernel SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scxu_agent);
} agent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scxu_agent_cpu);
} agent_cpus SEC(".maps");

/* The agent sleeps on it: BPF can end a poll() there, and nowhere else. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} bell SEC(".maps");

/* Free slots: a stack linked through next_free, 0 ends it, n means slot n-1. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} next_free SEC(".maps");

/* A bit a slot: may be waiting. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} maybe_waiting SEC(".maps");

/* Of max_tasks with decide_standing. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scxu_standing);
} standing SEC(".maps");

struct task_ctx {
	u64 vtime; /* up to the last stop */
	u64 run_start; /* sum_exec_runtime when it began to run */
	u64 enqueued_at; /* 0: does not wait */
	u64 waited_until; /* its last wait ended */
	u64 gen; /* of its last wait in custody */
	u64 qseq; /* the kernel's number of that wait */
	u64 slice; /* ns, of its last decision */
	u32 slot; /* SCXU_NO_SLOT: has none */
	u32 flags;
	u32 order; /* by whose virtual now it was placed last: CPU + 2, 1 the agent's, 0 never yet */
	u32 pad;
};
#define TASK_FRESH     (1u << 0) /* has not waited yet since its fork */
#define TASK_UNDECIDED (1u << 1) /* has run without a decision since the last carried out */
#define TASK_STARVED   (1u << 2) /* it comes from DSQ_STARVED */

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ctx);
} task_ctxs SEC(".maps");

struct watch {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct watch);
} watches SEC(".maps");

enum shall_rest { NO_REST, GOES_ON, SHALL_SLEEP };

/*
 * Private to the kernel part: the loader takes the mmap flag off this section.
 * Hints (marked so) are written without order; a lost update costs one check.
 */
static s32 agent_tid; /* 0: none */
static s32 agent_tgid;
static u32 wanted_hints; /* of the agent's policy: bits 1 << enum scxu_event_kind */
static u64 agent_task; /* its task_struct: a pid may be another's by the time */
static u64 agent_woke_at; /* its sum_exec_runtime then */
static u64 agent_pass; /* scxu_agent.passes when its slice ended */
static s64 agent_budget; /* ns, as of the next two: */
static u64 budget_at; /* ns */
static u64 budget_runtime; /* its sum_exec_runtime then */
static u64 free_head; /* tag << 32 | slot + 1 */
static u64 births;
static u64 kicks_served; /* hint: scxu_agent.kick_seq */
static u64 woken; /* hint: scxu_agent.sleeps for which it was woken */
static u32 agent_parked; /* it waits in no DSQ, for a CPU that needs it */
/*
 * hint: the next CPU that looks for work fetches it: it was parked in a pass, or for long beside
 * nothing that waits. (volatile: clang makes a byte of it, and libbpf refuses that)
 */
static volatile u32 agent_shall_rest; /* enum shall_rest */
static u64 agent_due; /* hint: ns; until then nobody has to give way to it; 0: it has its time */
static u64 parked_pass; /* hint: scxu_agent.passes when the watch saw it parked */
static u64 fetched_at; /* hint: ns; when it last began to run */
static u64 fetched_after; /* hint: ns; and the time from the last time until then */
static s32 agent_goes; /* hint: the CPU of the task for which it was asked */
static u32 unasked; /* hint: a task was enqueued, and the agent not asked: enum unasked */
static volatile u32 sleep_awaited; /* hint: looks left for end_waits_for_sleep() */
static u64 ending_vtime; /* hint: the place of the next task that was killed */
static u64 unread_pass; /* hint: scxu_agent.passes at the last enqueue */
static u64 unread_vtime; /* hint: the least virtual time enqueued since that pass */
static u64 asked_at; /* hint: ns; 0: nothing is asked */
static u64 asked_pass; /* hint: scxu_agent.passes then */
static u64 short_since; /* hint: ns; 0: no CPU is short of decisions */
static u64 helped_at; /* hint: ns; of take_first(); 0: decisions have come since */
static u32 own_order; /* hint: the policy decides by an order of its own, not by virtual time */
static u32 agent_broken; /* hint: it gave what no agent can mean */
static u64 floor_left_at; /* hint: ns */
static u64 probation; /* hint: ns; since then an agent that has answered decided nothing */
static u64 floor_hold; /* hint: ns that an agent's answer is not believed */
static u64 collect_at; /* hint: ns of the next look for starved tasks */
static u32 collect_from; /* hint: word of maybe_waiting to begin with */
static u32 first_from; /* hint: likewise, for take_first() */
static u64 rescue_at; /* hint: ns of the next look for starved tasks in DSQ_SHARED */
static u32 rescue_turn; /* hint: odd: it begins with the first of the order */
static u32 watch_armed;
static u32 cpus_scarce; /* all of them, by the watch's last look */
static u64 scarce_look_at; /* ns; of that */
static u64 floor_called_at; /* ns; when the floor called the agent */
static u64 filled_at[3]; /* ns; by DSQ, from DSQ_KTHREADS on: see dsq.bpf.h */
static u64 slices_ended; /* hint: the episode of the floor at whose begin all slices were */
static s32 leaving_cpu; /* hint: the last that went offline */
static u64 leaving_until; /* hint: ns; it may still have tasks */

/* kernel/sched/ext.c: SCX_OPSS_QSEQ_SHIFT is 2 from 6.12 to 7.3. */
static __always_inline u64 task_qseq(struct task_struct *p)
{
	return (u64) * (volatile s64 *)&p->scx.ops_state.counter >> 2;
}

static __always_inline struct scxu_cpu *cpu_state(u32 cpu)
{
	return bpf_map_lookup_elem(&cpus, &cpu);
}

static __always_inline struct scxu_kernel *kernel_state(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&kernel, &zero);
}

/* The present episode's entry, or the last one's. */
static __always_inline struct scxu_episode *last_episode(struct scxu_kernel *k)
{
	return &k->episodes[(k->nr_episodes - 1) % SCXU_EPISODES];
}

static __always_inline struct scxu_agent *agent_area(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&agent, &zero);
}

/* The agent is not one of ours, or its memory was trampled on: see floor_check(). */
static __always_inline void count_invalid(struct scxu_cpu *me)
{
	me->counters[SCXU_COUNT_invalid]++;
	agent_broken = 1;
}

static __always_inline struct scxu_record *record(u32 slot)
{
	return bpf_map_lookup_elem(&records, &slot);
}

static __always_inline struct task_ctx *task_ctx(struct task_struct *p)
{
	return bpf_task_storage_get(&task_ctxs, p, 0, 0);
}

/*
 * The verifier knows the values that a variable may have here, and follows each of them through all that
 * comes after. Of what was in memory it knows none. me is this CPU's, in a callback with interrupts off.
 */
static __always_inline u32 forgotten(struct scxu_cpu *me, u32 value)
{
	*(volatile u32 *)&me->scratch = value;
	return *(volatile u32 *)&me->scratch;
}

static __always_inline u64 load(const u64 *p)
{
	return *(const volatile u64 *)p;
}

static __always_inline u64 max_vtime(u64 a, u64 b)
{
	return scxu_vtime_before(a, b) ? b : a;
}

/*
 * bits is not 0. No instruction of BPF does it, and by branches the verifier would follow 64
 * paths: so by a de Bruijn sequence [Leiserson, Prokop, Randall: Using de Bruijn Sequences
 * to Index a 1 in a Computer Word, 1998].
 */
static __always_inline u32 lowest_bit(u64 bits)
{
	static const u8 of[64] = {
		0,  1,	2,  53, 3,  7,	54, 27, 4,  38, 41, 8,	34, 55, 48, 28,
		62, 5,	39, 46, 44, 42, 22, 9,	24, 35, 59, 56, 49, 18, 29, 11,
		63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10,
		51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
	};

	return of[(bits & -bits) * 0x022fdd63cc95386dull >> 58];
}

/*
 * In DSQ_SHARED: one that begins between two ticks shall end at the next, not at the
 * one after, and earlier where the watch ends it (SHORT_SLICE_NS). A light task that runs
 * for two ticks waits for twice as long afterwards.
 */
static __always_inline u64 shared_slice(void)
{
	return slice_ns < TICK_NS / 2 ? slice_ns : TICK_NS / 2;
}

/* --- virtual time --------------------------------------------------------- */

/*
 * Virtual now: the least virtual time that waits, as seen when a CPU takes the
 * first of the order. (The largest ever given out would run ahead with the
 * lightest task, and every sleeper would return in front of all others.)
 *
 * The tasks that the agent orders have one, scxu_kernel.vnow, and each CPU has one of the
 * others: with twenty hogs bound to one CPU and two to another, virtual time goes ten
 * times as fast on the other. By one now for all, who has slept would come back behind
 * the twenty for as long as that goes on.
 *
 * A CPU takes from both. It reads a virtual time of the agent's order with scxu_cpu.shift
 * added, by which two that have waited and run side by side keep their order. Where the
 * orders have gone apart, none wanting what the other did, they say nothing of each
 * other: from ORDER_SLICES on the CPU's now is what counts.
 */
static __always_inline bool agent_orders(const struct task_struct *p)
{
	return (u32)p->nr_cpus_allowed >= nr_possible ||
	       (affinity_agent && p->nr_cpus_allowed >= 2);
}

static __always_inline void advance_vnow(u64 *vnow, u64 vtime)
{
	if (scxu_vtime_before(*vnow, vtime))
		*vnow = vtime; /* racing CPUs: either value will do */
}

/* So much of its own run time, and no less than of nice 0's: virtual time */
static __always_inline u64 slices(u32 n, u32 weight)
{
	u64 ns = n * (slice_ns > TICK_NS ? slice_ns : TICK_NS);

	return weight < SCXU_WEIGHT_DEFAULT ? scxu_vtime_of(ns, weight ?: 1) : ns;
}

#define LAG_SLICES   8
#define ORDER_SLICES 64

/* A virtual time of the agent's order by that of the CPU. */
__noinline u64 by_cpu(s32 cpu, u64 vtime, u32 weight)
{
	u64 limit = slices(ORDER_SLICES, weight), vnow;
	struct scxu_cpu *c = cpu_state(cpu);

	if (!c)
		return vtime;
	vnow = c->vnow;
	if (vtime + c->shift - vnow + limit <= 2 * limit)
		return vtime + c->shift;
	/*
	 * A CPU without others, that was idle or long in other hands: then it is late, and has
	 * no order of its own to keep. Who lies in DSQ_SHARED by one CPU's shift may be taken
	 * by another, which would take those of a late one first for as long.
	 */
	if (!c->limited_at || bpf_ktime_get_ns() - c->limited_at > 2 * starve_ns) {
		c->shift = 0;
		c->vnow = vtime;
	} else {
		c->shift = vnow - vtime; /* a hint: either of two will do */
	}
	return vtime + c->shift;
}

/*
 * The virtual time of the task that the CPU runs, as of now: which may have been read before
 * another CPU let it run.
 */
static __always_inline u64 running_vtime(const struct scxu_cpu *c, u64 now)
{
	s64 ran = now - c->since;

	return c->vtime + scxu_vtime_of(ran > 0 ? ran : 0, c->weight);
}

/*
 * The least virtual time in the agent's order, where that of the first that waits is vtime: those
 * that run may be behind. A new light task has a debit of a slice. Where CPUs were idle it is
 * first all the same; by it alone virtual now would go past heavy ones that run, and who is
 * new after that be behind these by many slices of theirs. One that is behind the first by more
 * than a debit and a slice of that has a CPU to itself, and is worth more than it.
 */
__noinline u64 least_vtime(u64 vtime, u32 weight)
{
	u64 limit = vtime - slices(2, weight);
	u64 now = bpf_ktime_get_ns();
	u32 cpu;

	bpf_for (cpu, 0, nr_cpu_ids) {
		struct scxu_cpu *c = cpu_state(cpu);
		u64 running;

		if (!c || !c->pid || !c->in_order)
			continue;
		running = running_vtime(c, now);
		if (scxu_vtime_before(running, vtime) && !scxu_vtime_before(running, limit))
			vtime = running;
	}
	return vtime;
}

/* With what it has run since it was picked. */
static __always_inline u64 task_vtime(struct task_struct *p, struct task_ctx *t)
{
	return t->vtime + scxu_vtime_of(p->se.sum_exec_runtime - t->run_start, p->scx.weight);
}

/*
 * How far ahead of now a task may come back: 128 slices of its own, a tick at least
 * [as policies/vruntime tells]. What a task has run while nobody else wanted the CPU
 * is no debt.
 */
static __always_inline u64 lead_limit(u32 weight)
{
	return scxu_vtime_of(128 * (slice_ns > TICK_NS ? slice_ns : TICK_NS), weight ?: 1);
}

/*
 * While CPUs are scarce who comes to wait has a debt of half a slice of then at most: what it ran
 * before, a hundred times as fast, it would wait off for a tenth of a second. (What the floor
 * has in DSQ_SHARED when that begins keeps its place.)
 */
static __always_inline u64 scarce_lead(u32 weight)
{
	return scxu_vtime_of(SCARCE_NS / 2, weight ?: 1);
}

/* No further behind now, and no further ahead, than the limits. */
static __always_inline u64 within(u64 vtime, u64 vnow, u64 lag, u64 lead)
{
	vtime = max_vtime(vtime, vnow - lag);
	return scxu_vtime_before(vnow + lead, vtime) ? vnow + lead : vtime;
}

/*
 * Where a task comes back into its order: within the limits of now. One that slept, at no
 * less than now minus a credit [place_entity() of 6.5]; one that is new, than now. One that ran
 * or waited all the time keeps its account: now may be that of a task of little weight that had a
 * CPU to itself, far ahead of heavy ones, which would all be put level. What it was
 * ahead in another order says little here. While a policy decides by an order of
 * its own, virtual times would drift apart without end, and whoever is ahead wait for
 * as long when the floor takes over: then all stay within a slice of now.
 */
static __always_inline void place(struct task_struct *p, struct task_ctx *t, struct scxu_kernel *k,
				  u32 how)
{
	u64 lag = slices(LAG_SLICES, p->scx.weight), lead = lead_limit(p->scx.weight);
	u64 vnow = k->vnow;
	u32 order = 1;

	if (!agent_orders(p)) {
		u32 cpu = scx_bpf_task_cpu(p);
		struct scxu_cpu *c = cpu_state(cpu);

		if (c) {
			order = cpu + 2;
			vnow = c->vnow;
			c->limited_at = bpf_ktime_get_ns();
		}
	}
	if (own_order)
		lag = lead /= 128;
	else if (t->order != order)
		lead = lag;
	else if (!(how & (SCXU_WAIT_NEW | SCXU_WAIT_WAKEUP)))
		lag = slices(ORDER_SLICES, p->scx.weight);
	if (cpus_scarce)
		lead = scarce_lead(p->scx.weight);
	if (!t->order)
		t->vtime = vnow;
	t->order = order;
	if (how & SCXU_WAIT_NEW)
		lag = 0;
	else if (how & SCXU_WAIT_WAKEUP && credit_ns < lag)
		lag = credit_ns;
	t->vtime = within(t->vtime, vnow, lag, lead);
}

/* It will end as soon as it runs [fatal_signal_pending()]. */
static __always_inline bool is_killed(const struct task_struct *p)
{
	return p->pending.signal.sig[0] & 1ul << (SIGKILL - 1);
}

/* About what the end of a thread takes, with the switch to it. */
#define ENDING_NS 100000ull

/*
 * All threads of a process die at once. Ten thousand equals in virtual time, with a debit or
 * without, would go before all who have run since. So the place of each is behind the one
 * before, as if they were the work of one task on each CPU, which has its share and no more.
 */
static __always_inline u64 place_ending(struct task_struct *p, u64 vtime)
{
	u64 limit = vtime + lead_limit(p->scx.weight);

	if (!agent_orders(p))
		return vtime + scxu_vtime_of(slice_ns, p->scx.weight);
	if (scxu_vtime_before(vtime, ending_vtime))
		vtime = scxu_vtime_before(limit, ending_vtime) ? limit : ending_vtime;
	/* racing CPUs: then two have one place */
	ending_vtime = vtime + scxu_vtime_of(ENDING_NS, p->scx.weight) / nr_cpu_ids;
	return vtime;
}

#endif
