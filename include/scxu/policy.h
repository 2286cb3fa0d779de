/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: Writing a policy
 *
 * A policy is a struct of callbacks. The engine tells it which tasks wait, and
 * asks it to decide who runs next, where and for how long. All callbacks run on
 * one thread, the agent's (at the start and at the end of a scheduler, on the one
 * that starts it), and none at the same time as another. That thread must not wait for anything: no lock, no system call, no allocation, no stdio in
 * a callback other than init and exit. Time, topology and tasks are seen through
 * this header only, so that the same policy runs on a kernel and in a simulator.
 *
 * Times are in ns, of CLOCK_MONOTONIC where they are points in time. Weights are
 * 1..10000; nice 0 is 100.
 */
#ifndef SCXU_POLICY_H
#define SCXU_POLICY_H

#include <errno.h> /* what functions return */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What public headers declare is exported, and nothing else. */
#pragma GCC visibility push(default)

#define SCXU_POLICY_ABI 5u

struct scxu_sched; /* the engine */
struct scxu_stats; /* <scxu/stats.h> */

#define SCXU_CPU_ANY  (-1)
#define SCXU_CPU_NONE (-2)

/** enum scxu_enqueue_flags - why a task comes to enqueue() */
enum scxu_enqueue_flags {
	SCXU_ENQUEUE_WAKEUP = 1u << 0, /* it slept before */
	SCXU_ENQUEUE_NEW = 1u << 1, /* first wait since its fork */
	SCXU_ENQUEUE_BOUNCED = 1u << 2, /* its decision could not be carried out */
	/*
	 * Decided, not yet taken; decide again. Those for any CPU come newest first, as do those
	 * for one CPU: each put at the head of a queue, they stand there in the order in which
	 * they were decided. Who decides in enqueue() already reverses them each time.
	 */
	SCXU_ENQUEUE_RECALLED = 1u << 3,
	/*
	 * Since the last decision that was carried out the kernel part has run it by itself,
	 * the floor for 30 s perhaps: scxu_task.vtime tells what it has had, by the account
	 * by which all others were ordered then.
	 */
	SCXU_ENQUEUE_UNDECIDED = 1u << 4,
	/*
	 * With SCXU_ENQUEUE_WAKEUP: who woke it says that it is about to sleep (WF_SYNC in the
	 * kernel), so that a CPU is about to be free. It is a hint: pipes and sockets give it
	 * for each message.
	 */
	SCXU_ENQUEUE_SYNC = 1u << 5,
};

/**
 * struct scxu_task - a task, as the policy sees it; owned by the engine
 * @slot:	its index, below scxu_max_tasks(); reused after task_exit()
 * @pid:	kernel's pid, in the initial namespace
 * @tgid:	pid of its process
 * @cpu:	where it ran last
 * @weight:	1..10000
 * @nr_cpus_allowed: CPUs that it may run on
 * @runtime:	ns run in all its life, up to this wait
 * @vtime:	its virtual time by the kernel part's account: ns at weight 100
 * @slice:	ns, the slice that it asked for itself: sched_runtime of
 *		sched_setattr(2), 100 us to 100 ms; 0: none
 * @enqueued_at: when this wait began
 * @waited_until: when the wait before it ended, of whichever kind, and the task ran; 0: there
 *		was none. Not moved by an idle CPU that the task was given without a wait.
 * @comm:	its name, up to 15 bytes
 */
struct scxu_task {
	uint32_t slot;
	int32_t pid;
	int32_t tgid;
	int32_t cpu;
	uint32_t weight;
	uint32_t nr_cpus_allowed;
	uint64_t runtime;
	uint64_t vtime;
	uint64_t slice;
	uint64_t enqueued_at;
	uint64_t waited_until;
	char comm[16];
};

/**
 * scxu_task_data() - the policy's own memory of this task
 * Returns: task_size bytes, zeroed before task_enter().
 */
void *scxu_task_data(struct scxu_task *task);

/** scxu_task_of() - the task whose scxu_task_data() is @data */
struct scxu_task *scxu_task_of(void *data);

/** scxu_sched_data() - the policy's sched_size bytes, zeroed before init() */
void *scxu_sched_data(struct scxu_sched *sched);

/** scxu_now() - the time of this pass of the engine; the same within a callback */
uint64_t scxu_now(const struct scxu_sched *sched);

/**
 * scxu_vtime_now() - the kernel part's virtual now, ns at weight 100
 * It goes on when an agent takes over from another, as each task's vtime does.
 */
uint64_t scxu_vtime_now(const struct scxu_sched *sched);

/** scxu_nr_cpus() - CPUs are numbered from 0 to one less */
unsigned int scxu_nr_cpus(const struct scxu_sched *sched);

/** scxu_max_tasks() - as many tasks the policy can ever hold at once */
unsigned int scxu_max_tasks(const struct scxu_sched *sched);

/** scxu_nr_queued() - tasks that the policy holds: enqueued, not yet decided */
unsigned int scxu_nr_queued(const struct scxu_sched *sched);

/**
 * scxu_nr_waiting() - tasks that wait for a CPU and are not the kernel part's: those that
 * the policy holds, those decided that no CPU has taken yet, those it was not told of yet
 */
unsigned int scxu_nr_waiting(const struct scxu_sched *sched);

/** scxu_slice() - the slice, in ns, that the user asked for with --slice-us */
uint64_t scxu_slice(const struct scxu_sched *sched);

/**
 * scxu_task_waits() - does the last wait that the policy was told of still go on: the task
 * is with the policy, or decided and not taken by a CPU yet. False: it runs, or has run
 * since, sleeps or has ended. Reads the kernel part's record of it, and is as old as that.
 */
bool scxu_task_waits(const struct scxu_sched *sched, const struct scxu_task *task);

/** scxu_cpu_allowed() - may @task run on @cpu, and is it online */
bool scxu_cpu_allowed(const struct scxu_sched *sched, const struct scxu_task *task, int cpu);

/**
 * scxu_idle_cpu() - an idle CPU for @task: the one that it ran on, or another
 * A CPU that was given a decision in this pass does not count as idle, and while none
 * was when the pass began, none does for who may run everywhere: it takes what is
 * decided for any. While the
 * agent's own CPU has none yet (scxu_agent_cpu_free()), none does: decide for any CPU,
 * and that one takes it without another having to be woken. (A task that may not run
 * everywhere gets that CPU itself.)
 * Returns: the CPU, or -1.
 */
int scxu_idle_cpu(struct scxu_sched *sched, const struct scxu_task *task);

/**
 * scxu_select_cpu() - where to decide @task to, for a policy without ideas of its own
 * Returns: an idle CPU; else SCXU_CPU_ANY for a task that may run on all of them;
 * else the one of its CPUs that runs its task for longest, and has no decision to
 * carry out yet; SCXU_CPU_NONE when there is no such: keep it, dispatch() comes again.
 */
int scxu_select_cpu(struct scxu_sched *sched, const struct scxu_task *task);

/**
 * struct scxu_cpu_topology - where a CPU sits in the machine
 * @core:	lowest CPU of its core
 * @sibling:	next CPU of its core by SMT, in a circle; itself without SMT
 * @llc:	lowest CPU of those with which it shares the last-level cache
 * @node:	NUMA node
 * A CPU that was offline at the start is a core and a cache of its own, on node 0.
 */
struct scxu_cpu_topology {
	int core;
	int sibling;
	int llc;
	int node;
};

/** scxu_cpu_topology() - 0, or -EINVAL for a CPU that there is not */
int scxu_cpu_topology(const struct scxu_sched *sched, int cpu, struct scxu_cpu_topology *ret);

/**
 * scxu_sched_stats() - what has happened since create, so far as the engine sees it
 * activations, cpu_ns and faults are 0. Reads some hundred words for each CPU: not
 * for each decision.
 */
void scxu_sched_stats(const struct scxu_sched *sched, struct scxu_stats *ret);

/**
 * struct scxu_running - what a CPU runs
 * @task:	the task, as it was at its last wait; NULL for one never enqueued, or that the
 *		kernel part orders by itself now, as its affinity is limited
 * @pid:	of the task
 * @vtime:	its virtual time by now
 * @weight:	its weight
 * @since:	since when it runs, or was last let go on at the end of a slice
 * @ordered:	@vtime is of the same order as those of the policy's tasks, also where @task is NULL
 */
struct scxu_running {
	struct scxu_task *task;
	int32_t pid;
	uint32_t weight;
	uint64_t vtime;
	uint64_t since;
	bool ordered;
};

/**
 * scxu_cpu_running() - what runs on @cpu
 * Read while the CPU goes on: good for choosing, not for accounting.
 * Returns: false when it is idle, offline, runs the agent or no task of ours,
 * or was given a decision in this pass.
 */
bool scxu_cpu_running(struct scxu_sched *sched, int cpu, struct scxu_running *ret);

/** scxu_agent_cpu_free() - will the agent's own CPU look for work after this pass, and has it none yet */
bool scxu_agent_cpu_free(const struct scxu_sched *sched);

/** enum scxu_decide_flags - how to decide */
enum scxu_decide_flags {
	/* Do not wait for the end of the running task's slice. Needs a CPU. */
	SCXU_PREEMPT = 1u << 0,
	/*
	 * @vtime is the task's virtual time. A running task whose slice has ended
	 * then goes on while its own virtual time is less, and tasks that the
	 * kernel part schedules by itself take their turn by it. Without the flag
	 * the kernel part's account stands, and the slice's end is the end.
	 */
	SCXU_VTIME = 1u << 1,
};

/**
 * scxu_decide() - this task runs next
 * @task:	one that was enqueued; from now on the engine's
 * @cpu:	a CPU, or SCXU_CPU_ANY: the first that asks; SCXU_CPU_NONE is no room
 * @slice_ns:	0 for the default; 50 us to 1 s. It ends at a tick of the kernel, and one
 *		shorter than 3 ms, while others wait, near its end: see --floor-us
 * @vtime:	see SCXU_VTIME; else ignored
 * @flags:	enum scxu_decide_flags
 *
 * Decisions for any CPU are carried out in the order given; of a policy that says by_vtime, in
 * that of their virtual times.
 *
 * Returns: 0; -EAGAIN when there is no room (@task stays the policy's);
 * -ESTALE when it waits no more (it is no one's now: do not keep it);
 * -EINVAL for a CPU that it may not run on, a slice or a flag out of range, or a
 * task that is not enqueued (@task stays whose it was).
 */
int scxu_decide(struct scxu_sched *sched, struct scxu_task *task, int cpu, uint64_t slice_ns,
		uint64_t vtime, unsigned int flags);

/**
 * scxu_stand() - what applies to @task's next wake-ups, until told otherwise
 * With --decide standing the kernel part then carries that out by itself: the task gets an
 * idle CPU, or is queued by its virtual time among all that wait, and no enqueue()
 * comes. The end of its slice, and its first wait, come to the policy as ever; what it has
 * run meanwhile is in its record. Without --decide standing: nothing.
 * @slice_ns:	0 for the default; 50 us to 1 s
 * @deadline_ns: so much later than by its virtual time, or earlier when negative; virtual
 *		time, 100 ms at most to either side, whole us
 * @flags:	SCXU_PREEMPT: the running task of the CPU where it wakes gives way, if that is ahead
 *		of it by more than 1 ms of virtual time at the weight of @task; if not, the one
 *		that is furthest ahead, if by so much
 *
 * Call it for a task of which the policy knows, at any time. It ends with the task, or
 * with the agent. A policy that does sets scxu_policy_ops.stands.
 *
 * Returns: 0; -EINVAL for a value out of range.
 */
int scxu_stand(struct scxu_sched *sched, const struct scxu_task *task, uint64_t slice_ns,
	       int64_t deadline_ns, unsigned int flags);

/** scxu_room() - how many more decisions for any CPU are wanted in this pass */
unsigned int scxu_room(const struct scxu_sched *sched);

/**
 * scxu_precedes() - is a task of that virtual time before one that is decided for any CPU
 * For a policy that says by_vtime: then it is to be decided though scxu_room() is 0. Those that
 * are decided stay so, and it will be carried out before them.
 */
bool scxu_precedes(const struct scxu_sched *sched, uint64_t vtime);

/**
 * scxu_each_decided() - calls @call for each task that is decided for any CPU, and that no CPU has
 * taken yet, with @data; in no order. @call must not decide. For a policy that says by_vtime, which
 * has to reckon with them.
 */
void scxu_each_decided(struct scxu_sched *sched, void (*call)(struct scxu_task *task, void *data),
		       void *data);

/**
 * struct scxu_policy_option - an option of a policy, "name=value"
 * @name:	[a-z0-9_]+, which ends with the unit: slice_us. One named starve_ms is for how
 *		long others may be preferred to a task that waits (0: for ever): the
 *		simulator holds the policy to it.
 * @help:	what it does, a line
 * @min, @max:	the least and the greatest value, whole numbers
 * @value:	the default
 * @offset:	of a uint64_t in scxu_sched_data(), filled before init()
 */
struct scxu_policy_option {
	const char *name;
	const char *help;
	uint64_t min;
	uint64_t max;
	uint64_t value;
	size_t offset;
};

/**
 * struct scxu_policy_ops - a policy
 *
 * Members that are not mandatory may be NULL. struct_size and abi keep their place
 * in every version, and both have to be exactly the library's.
 */
struct scxu_policy_ops {
	size_t struct_size; /* sizeof(struct scxu_policy_ops) */
	uint32_t abi; /* SCXU_POLICY_ABI */
	const char *name; /* [a-z0-9-]+ */
	const char *summary; /* a line */
	size_t task_size; /* bytes of scxu_task_data(), at most 4096 */
	size_t sched_size; /* bytes of scxu_sched_data() */
	const struct scxu_policy_option *options; /* at most 32; a NULL name ends them */
	bool stands; /* it calls scxu_stand(); without, --decide standing is refused */
	/*
	 * Its order is that of the virtual times that it decides with (SCXU_VTIME). What is decided
	 * for any CPU is then not taken back at each enqueue(), SCXU_ENQUEUE_RECALLED, to be
	 * decided anew: only when one comes between. See scxu_precedes().
	 */
	bool by_vtime;

	/* Before anything else. May allocate and block. Returns 0 or -errno. */
	int (*init)(struct scxu_sched *sched);
	/* After anything else; not after a failed init(). May block. */
	void (*exit)(struct scxu_sched *sched);
	/* A task is seen for the first time; enqueue() follows. */
	void (*task_enter)(struct scxu_sched *sched, struct scxu_task *task);
	/*
	 * Its slot passes to another task; it is not enqueued then. Called when the
	 * slot is used again, so perhaps long after its death, or never.
	 */
	void (*task_exit)(struct scxu_sched *sched, struct scxu_task *task);
	/*
	 * Mandatory. @task waits for a CPU, and is the policy's until decided or
	 * dequeued. @flags: enum scxu_enqueue_flags.
	 */
	void (*enqueue)(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags);
	/*
	 * Mandatory. An enqueued task waits no more, or is to be enqueued anew
	 * (weight or affinity changed, the floor has run it): forget it.
	 */
	void (*dequeue)(struct scxu_sched *sched, struct scxu_task *task);
	/*
	 * Mandatory. All news is in: decide, up to scxu_room() tasks for any CPU,
	 * and idle CPUs first.
	 */
	void (*dispatch)(struct scxu_sched *sched);

	/*
	 * The next three are hints, and cost where they are not NULL: an event each
	 * time. They come with the next pass, late; in order for one CPU, in none
	 * between CPUs or with enqueue(); not when the agent is too far behind, nor
	 * for tasks that never were enqueued. The task may be decided, run or sleep
	 * by then. For accounting there is scxu_task.runtime.
	 */
	/* @task began to run on @cpu. */
	void (*running)(struct scxu_sched *sched, struct scxu_task *task, int cpu);
	/* It ran until then; it sleeps, or enqueue() follows. */
	void (*stopping)(struct scxu_sched *sched, struct scxu_task *task, int cpu);
	/* It ran at a tick of @cpu. This one wakes the agent: at each tick. */
	void (*tick)(struct scxu_sched *sched, struct scxu_task *task, int cpu);

	/*
	 * task->weight is not what it was at the last wait, @before. After
	 * task_enter(), before the enqueue() of the first wait with the new weight;
	 * a task that waited then was dequeued. Not for changes undone before.
	 */
	void (*set_weight)(struct scxu_sched *sched, struct scxu_task *task, uint32_t before);
	/* Likewise for the CPUs that it may run on: see scxu_cpu_allowed(). */
	void (*set_affinity)(struct scxu_sched *sched, struct scxu_task *task);

	/*
	 * @cpu takes part from now on, or no more; first in a pass. No CPU is online
	 * before the first pass, so that there it is called for each that is.
	 */
	void (*cpu_online)(struct scxu_sched *sched, int cpu);
	void (*cpu_offline)(struct scxu_sched *sched, int cpu);
};

/**
 * SCXU_POLICY() - makes @ops the policy of a loadable object, once in a file
 * Built with "cc -shared -fPIC $(pkg-config --cflags libscxu)"; functions of the
 * library are found in the program that loads it.
 */
#define SCXU_POLICY(ops) const struct scxu_policy_ops *const scxu_policy_of_object = &(ops)

extern const struct scxu_policy_ops *const scxu_policy_of_object;

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
