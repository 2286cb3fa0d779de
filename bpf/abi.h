/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * What the kernel part and the agent share: layout of the shared memory.
 *
 * There are two kinds of memory, by who writes it:
 *
 *   kernel-written   records, cpus, kernel: the truth. The agent maps them
 *                    read-only, and the maps are frozen before attach, so that
 *                    no process can write them any more: neither a wild pointer
 *                    of a policy nor a hostile agent.
 *   agent-written    agent, agent_cpus: wishes. The kernel part copies a value
 *                    once, checks the copy, and acts on the copy.
 *
 * A task that waits is known by its *slot* (index of its record) and by the
 * *generation* of its present wait. Generations of a slot only grow, also when
 * the slot passes to another task, so that a decision names one wait of one
 * task for ever.
 */
/* clang-format off */
#ifndef SCXU_BPF_ABI_H
#define SCXU_BPF_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define SCXU_ABI		7u	/* kernel part and library must agree */

#define SCXU_MAX_CPUS		1024u	/* bits in scxu_record.cpus */
#define SCXU_MAX_TASKS		(1u << 20)
#define SCXU_NO_SLOT		(~0u)

#define SCXU_EVENTS		4096u	/* entries of a CPU's event ring */
#define SCXU_CPU_DECISIONS	64u	/* entries of a CPU's decision ring */
#define SCXU_STOCK		4096u	/* entries of a row of the stock, for any CPU */
/*
 * Of two rows that are in order CPUs take the earlier of the next ones: so that one which
 * comes before all that is decided goes into the other row, and nothing is taken back.
 */
#define SCXU_ROWS		2u

/* Virtual time: ns of run time at weight 100 (nice 0). */
#define SCXU_WEIGHT_MIN		1u
#define SCXU_WEIGHT_DEFAULT	100u
#define SCXU_WEIGHT_MAX		10000u

/* The kernel accepts a longer slice, the policy has no use for one. */
#define SCXU_SLICE_MIN_NS	50000ull
#define SCXU_SLICE_MAX_NS	1000000000ull

/*
 * scxu_record.state is generation << 2 | one of these. Who may move it, and
 * why nothing is lost, is told at the head of scxu.bpf.c.
 */
enum scxu_task_state {
	SCXU_TASK_IDLE		= 0,	/* not ours: runs, sleeps, is in a DSQ */
	SCXU_TASK_WAITING	= 1,	/* in custody, waits for a decision */
	SCXU_TASK_TAKEN		= 2,	/* a CPU has claimed that wait */
};
#define SCXU_STATE_MASK		3ull
#define SCXU_GEN_SHIFT		2

/* scxu_record.flags, of the present wait */
enum scxu_wait_flags {
	SCXU_WAIT_WAKEUP	= 1u << 0,	/* it slept before */
	SCXU_WAIT_NEW		= 1u << 1,	/* its first wait since its fork */
	SCXU_WAIT_BOUNCED	= 1u << 2,	/* a decision could not be carried out */
	SCXU_WAIT_UNDECIDED	= 1u << 3,	/* it ran without one since the last that was */
	SCXU_WAIT_SYNC		= 1u << 4,	/* who woke it says that it is about to sleep */
};

/* One task. Kernel-written. */
struct scxu_record {
	__u64 state;		/* generation << 2 | enum scxu_task_state */
	__u64 birth;		/* changes when the slot passes to another task */
	__u64 enqueued_at;	/* ns, CLOCK_MONOTONIC */
	__u64 runtime;		/* ns run in all its life, at the time of the enqueue */
	__u64 vtime;		/* virtual time as the kernel part accounts it */
	__u32 weight;		/* 1..10000 */
	__u32 flags;		/* enum scxu_wait_flags */
	__u32 cpu;		/* where it was last */
	__s32 pid;		/* in the initial namespace */
	__u64 waited_until;	/* ns, when the wait before this one ended, and it ran; 0: none did */
	/* second line: changes seldom */
	__s32 tgid;
	__u32 nr_cpus_allowed;
	char comm[16];
	__u64 slice;		/* ns that it asked for by sched_setattr(), 0: did not */
	__u64 pad[4];
	/* third and fourth: CPUs that it may run on */
	__u64 cpus[SCXU_MAX_CPUS / 64];
};

#define SCXU_COUNTERS(X)                                                        \
	X(user_enqueues, "tasks handed to the agent")                           \
	X(kernel_enqueues, "tasks kept in the kernel part")                     \
	X(failed_enqueues, "events that found their ring full (agent rescans)") \
	X(no_slot, "tasks kept in the kernel because all slots were taken")     \
	X(idle_direct, "idle CPU taken in the kernel part (--idle kernel)")     \
	X(standing, "wake-ups by a standing decision (--decide standing)")      \
	X(decisions, "decisions taken up by a CPU")                             \
	X(applied, "decisions carried out")                                     \
	X(stale, "decisions dropped: the wait that they were made for is over") \
	X(bounced, "decisions dropped: CPU not allowed or offline")             \
	X(invalid, "decisions dropped: value out of range, or corrupt ring")    \
	X(preemptions, "running tasks preempted by a decision")                 \
	X(kept_running, "slice ends at which the running task was still next")  \
	X(kicks, "CPUs kicked")                                                 \
	X(asks, "times that the agent was asked for decisions")                 \
	X(wakes, "times that the agent was woken")                              \
	X(shortages, "CPUs that found tasks waiting but no decision")           \
	X(floor_enqueues, "tasks queued by the floor while the agent was out")  \
	X(floor_rescues, "waiting tasks taken over by the floor")                    \
	X(starved, "tasks run out of order since they had waited too long")               \
	X(floor_absent, "times that the floor took over: the agent ended")           \
	X(floor_silent, "times that the floor took over: the agent did not answer")  \
	X(floor_late, "times that the floor took over: no decision was given")       \
	X(floor_broken, "times that the floor took over: impossible decisions")

enum scxu_counter {
#define X(name, text) SCXU_COUNT_##name,
	SCXU_COUNTERS(X)
#undef X
		SCXU_NR_COUNTERS
};

/*
 * Waits, from enqueue to running, in a log-linear histogram: bucket
 * 4 * (floor(log2 ns) - 10) + next two bits, all below 1024 ns in bucket 0.
 */
#define SCXU_WAIT_BUCKETS	128u

enum scxu_in_order {
	SCXU_NOT_IN_ORDER	= 0,	/* a kernel thread, the agent, who starved */
	SCXU_IN_ORDER		= 1,
	SCXU_GIVES_WAY		= 2,	/* likewise; it was asked to */
};

/* What a CPU runs, kernel-written. Read without a lock: torn reads are hints. */
struct scxu_cpu {
	__u64 events_head;	/* next event is written here, modulo SCXU_EVENTS */
	__u64 decisions_tail;	/* next decision of this CPU's ring is taken here */
	__u64 since;		/* ns at which the current task began to run, or to run on */
	__u64 vtime;		/* its virtual time then, by the agent's order */
	__u64 slice;		/* ns that it was given */
	__u32 weight;		/* its weight */
	__u32 slot;		/* its slot, SCXU_NO_SLOT for one kept in the kernel */
	__s32 pid;		/* its pid, 0 when no task of ours runs */
	__u8 idle;
	__u8 online;		/* it takes what is decided for it */
	__u8 kthread_row;	/* kernel threads taken one after the other */
	__u8 preempt_row;	/* preempting decisions, likewise */
	__u8 idle_kicks;	/* given to itself on going idle, in vain */
	__u8 starved_turn;	/* odd: a starved task comes before decisions */
	__u8 unknown_turn;	/* odd: one of DSQ_SHARED comes before decisions */
	__u8 wake_sync;		/* who wakes here is about to sleep, as it says */
	__u8 in_watch;		/* the watch's timer runs its callback here */
	__u8 limited;		/* its task is none that the agent orders, though it may have been */
	__u8 left;		/* ops.cpu_offline has told that it goes */
	__u8 in_order;		/* enum scxu_in_order: does its task go by virtual time */
	__u8 awaited;		/* one in its local DSQ waits for its task to sleep, as that has said */
	__u8 alone;		/* it runs on since there was nothing else: a tick ends that */
	__u8 displaced;		/* tasks of a class above ours have it */
	__u8 in_release;	/* ops.cpu_release, and the enqueues that come of it */
	__u32 scratch;		/* the kernel part's: see forgotten() in state.bpf.h */
	__u32 preempts;		/* that the agent wished for, in the present window */
	__u32 preempts_at;	/* which that is */
	__u32 filling;		/* it may be inserting into a DSQ */
	__u32 away;		/* how much of the time others have it: see cpu_is_scarce() */
	__u64 vnow;		/* virtual now of its order: see state.bpf.h */
	__u64 shift;		/* what the agent's order is behind it */
	__u64 limited_at;	/* ns; when a task came that the agent does not order */
	__u64 short_since;	/* ns; since then its task goes on for want of decisions; 0: it does not */
	__u64 counters[SCXU_NR_COUNTERS];
	__u64 waits[SCXU_WAIT_BUCKETS];
	__u32 events[SCXU_EVENTS] __attribute__((aligned(64)));
};

/*
 * An event is kind << 30 | CPU << 20 | slot. SCXU_EVENT_WAIT says "look at this
 * record" and has no CPU. The others are hints for policies that want them: they
 * are pushed only while half of the ring is free, so that they cost no wait its
 * event, and dropped without a word otherwise.
 */
enum scxu_event_kind {
	SCXU_EVENT_WAIT		= 0,
	SCXU_EVENT_RUNNING	= 1,	/* began to run on that CPU */
	SCXU_EVENT_STOPPING	= 2,	/* ran on that CPU until now */
	SCXU_EVENT_TICK		= 3,	/* runs there at a tick */
};
#define SCXU_EVENT_KIND_SHIFT	30
#define SCXU_EVENT_CPU_SHIFT	20
#define SCXU_EVENT_HINTS	(SCXU_EVENTS / 2)

/* Why the floor has the machine */
enum scxu_floor_reason {
	SCXU_FLOOR_NONE		= 0,
	SCXU_FLOOR_START	= 1,	/* no agent has answered yet */
	SCXU_FLOOR_ABSENT	= 2,	/* the agent's thread ended */
	SCXU_FLOOR_SILENT	= 3,	/* asked, and no pass since (stopped, blocked, looping) */
	SCXU_FLOOR_LATE		= 4,	/* passes, but no decision where one was needed */
	SCXU_FLOOR_BROKEN	= 5,	/* gave what no agent can mean */
};

/* A time in which the floor had the machine. */
struct scxu_episode {
	__u64 began;		/* ns, CLOCK_MONOTONIC */
	__u64 ended;		/* 0: lasts */
	__u64 tasks;		/* that the floor has queued in it */
	__u32 reason;		/* enum scxu_floor_reason; of the last, if it changed */
	__u32 pad;
};
#define SCXU_EPISODES 32u

/* What the kernel part was loaded with: another agent that takes over has to agree. */
struct scxu_loaded {
	__u32 abi;		/* SCXU_ABI */
	__u32 max_tasks;
	__u32 nr_cpus;
	__u32 slice_us;
	__u32 floor_us;
	__u32 orphan_s;		/* 0: never */
	__u32 modes;		/* enum scxu_modes */
	__u32 pad;
};

enum scxu_modes {
	SCXU_MODE_PARTIAL	= 1u << 0,
	SCXU_MODE_AFFINITY_AGENT = 1u << 1,
	SCXU_MODE_IDLE_KERNEL	= 1u << 2,
	SCXU_MODE_STANDING	= 1u << 3,	/* scxu_standing counts */
};

/* Kernel-written, one of it. */
struct scxu_kernel {
	struct scxu_loaded loaded;
	__u64 stock_tail[SCXU_ROWS];	/* next decision for any CPU is taken here */
	__u64 nr_waiting;	/* tasks in custody */
	__u64 vnow;		/* virtual now of the agent's order */
	__u64 floor_seq;	/* grows at each take-over by the floor */
	__u64 in_charge_since;	/* ns; since when who is in charge is */
	__u64 floor_longest;	/* ns; longest episode that ended */
	__u32 floor_reason;	/* enum scxu_floor_reason; NONE: the agent is in charge */
	__u32 slots_used;
	__u32 slots_high;	/* no slot at or above this was ever used */
	/* the agent, by pids of the initial namespace; 0: there is none */
	__s32 agent_tid;
	__s32 agent_tgid;
	__s32 retire_tid;	/* this agent shall give way to another */
	__u32 rests;		/* grows each time that it is run only to sleep: nothing waited for long */
	__u64 agent_gone_at;	/* ns; 0: it lives */
	__u64 nr_episodes;	/* the last is at (nr_episodes - 1) % SCXU_EPISODES */
	struct scxu_episode episodes[SCXU_EPISODES];
	/* exit information, filled by ops.exit */
	__u32 exited;
	__s32 exit_kind;
	__s64 exit_code;
	char exit_reason[128];
	char exit_msg[1024];
	char exit_dump[32768];
};

enum scxu_decision_flags {
	SCXU_DECIDE_PREEMPT	= 1u << 0,	/* do not wait for the end of a slice */
	SCXU_DECIDE_VTIME	= 1u << 1,	/* vtime holds the task's virtual time */
	SCXU_DECIDE_FLAGS	= 3u,
};

/* Agent-written: this wait of this task shall run now, here, so long. */
struct scxu_decision {
	__u64 gen;
	__u64 vtime;
	__u32 slot;
	__u32 slice_us;		/* 0: the default */
	__u32 flags;		/* enum scxu_decision_flags */
	__u32 pad;
};

/*
 * Agent-written, one a slot: what applies to the next wake-ups of this task, until the
 * agent says otherwise. The kernel part then queues it at once, by its virtual time.
 */
struct scxu_standing {
	__u32 birth;		/* of the task: scxu_record.birth, its low half; 0: nothing stands */
	__u32 slice_us;		/* 0: the default */
	__s32 deadline_us;	/* so much later than by its virtual time, or earlier; virtual time */
	__u32 flags;		/* SCXU_DECIDE_PREEMPT */
};
#define SCXU_STANDING_MAX_US	100000	/* how much earlier or later */

/* Agent-written, one a CPU. */
struct scxu_agent_cpu {
	__u64 events_tail;
	__u64 decisions_head;
	__u64 decisions_skip;	/* entries before it are taken back */
	__u64 pad[5];
	struct scxu_decision ring[SCXU_CPU_DECISIONS];
};

/* What the agent does when it has nothing to do. */
enum scxu_rest {
	SCXU_REST_NONE		= 0,	/* it works */
	SCXU_REST_SLEEPS	= 1,	/* it sleeps on the bell: ring it */
	SCXU_REST_PARKS		= 2,	/* it yields its CPU: keep it, until a CPU needs it */
};

/* Agent-written, one of it. */
struct scxu_agent {
	__u64 passes;		/* grows each time that all events were read */
	__u64 floor_ack;	/* the last scxu_kernel.floor_seq that it saw */
	__u64 sleeps;		/* grows each time before it sleeps */
	__u64 rest;		/* enum scxu_rest */
	__u64 kick_seq;		/* grows after a bit in one of the two masks was set */
	__u64 held;		/* tasks that the policy holds, not decided */
	__u64 pad[2];
	/* second line */
	__u64 stock_head[SCXU_ROWS];
	__u64 stock_skip[SCXU_ROWS];	/* entries before it are taken back */
	__u64 pad2[4];
	/* CPUs that shall look at their ring; the kernel part clears what it served */
	__u64 kick[SCXU_MAX_CPUS / 64];		/* when they are idle */
	__u64 preempt[SCXU_MAX_CPUS / 64];	/* at once */
	struct scxu_decision stock[SCXU_ROWS][SCXU_STOCK];
};

/* The SYSCALL program by which the agent's thread names itself: pids of the initial namespace. */
struct scxu_enlist_args {
	__u32 retire;		/* in: ask an agent that lives to give way */
	__u32 hints;		/* in: bits 1 << enum scxu_event_kind that it wants */
	__s32 tid;		/* out: of the caller */
	__s32 holder;		/* out: the process whose agent lives */
	__s32 result;		/* out: 0, or -EBUSY: an agent lives */
};

_Static_assert(sizeof(struct scxu_record) == 256, "a slot has 256 bytes");
_Static_assert(SCXU_MAX_TASKS == 1u << SCXU_EVENT_CPU_SHIFT, "an event's slot");
_Static_assert(SCXU_MAX_CPUS == 1u << (SCXU_EVENT_KIND_SHIFT - SCXU_EVENT_CPU_SHIFT),
	       "an event's CPU");
_Static_assert(sizeof(struct scxu_decision) == 32, "decision");
_Static_assert(sizeof(struct scxu_standing) == 16, "standing decision");
_Static_assert(sizeof(struct scxu_agent_cpu) == 64 + 64 * 32, "agent_cpu");
_Static_assert(sizeof(struct scxu_agent) == 128 + 256 + 2 * 4096 * 32, "agent");

/* vruntime and the floor's virtual time: one formula, kernel/sched/fair.c's calc_delta_fair(). */
static inline __u64 scxu_vtime_of(__u64 runtime_ns, __u32 weight)
{
	return weight ? runtime_ns * SCXU_WEIGHT_DEFAULT / weight : 0;
}

/* Virtual times wrap, as the kernel's do: compare by difference. */
static inline int scxu_vtime_before(__u64 a, __u64 b)
{
	return (__s64)(a - b) < 0;
}

#endif
