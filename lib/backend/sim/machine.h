/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine: what its parts know of each other.
 *
 *   create.c	   before the first event, and after the last
 *   machine.c	   time, events, CPUs: the kernel's scheduler core and its sched_ext
 *		   class, as far as the kernel part sees them
 *   kernel-part.c, kernel-part/
 *		   what bpf/ does, over the same shared memory
 *   behaviour.c   what tasks do; the agent too
 *   invariants.c  what must hold after each event
 *   report.c, gantt.c
 */
#ifndef SCXU_SIM_MACHINE_H
#define START_SPREAD_NS 1000000u /* tasks begin within so much, as the seed says */
#define SCXU_SIM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/cdefs.h>
#ifndef __unused /* libbsd's tree.h wants it, its cdefs.h leaves it out on Linux */
#define __unused __attribute__((unused))
#endif
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "lib/backend/sim/sim.h"
#include "engine.h"
#include "waits.h"
#include "workload.h"

#define SECOND_NS   1000000000ull
#define AUDIT_NS    10000000u
#define LAST_EVENTS 40u
#define TASK_EVENTS 12u /* of each task by itself: of one that waits the others have many */
#define NICE_LEVELS 40u
#define AGENT_PID   999999
#define FIRST_PID   1000

enum where { SLEEPS, CUSTODY, PARKED /* the agent */, SHARED, STARVED, LOCAL, RUNS, DEAD };

/* The last events, for who has to find out what went wrong */
struct happened {
	uint64_t at;
	const char *what;
	int32_t pid;
	int32_t cpu;
	uint64_t value;
	uint64_t times; /* in a row */
};

struct task {
	/* the kernel's */
	int32_t pid;
	char comm[COMM_LEN];
	int nice;
	uint32_t weight;
	uint64_t cpus; /* that it may run on */
	unsigned int cpu; /* where it was last */
	enum where where;
	uint64_t runtime;
	uint64_t slice;
	uint64_t queued_at; /* this wait's begin */
	uint64_t timer; /* number of the timer that shall wake it */

	/* struct task_ctx of the kernel part */
	uint64_t vtime;
	uint64_t run_start;
	uint64_t enqueued_at;
	uint64_t waited_until;
	uint64_t gen;
	uint64_t last_slice;
	uint32_t slot;
	unsigned int order;
	bool fresh;
	bool undecided;
	bool starved; /* it comes from among those */

	/* DSQs: by virtual time, or first in first out; and all that wait, oldest first */
	RB_ENTRY(task) node;
	TAILQ_ENTRY(task) fifo;
	TAILQ_ENTRY(task) waiting;
	uint64_t dsq_vtime;
	uint64_t dsq_seq;

	/* behaviour */
	const struct program *program;
	unsigned int phase, step;
	int phase_loop, task_loop; /* turns left, FOREVER */
	uint64_t work; /* ns of CPU time until the step's effect */
	bool unbound; /* has not yet given itself the affinity of its program */
	uint64_t started;
	uint64_t runtime_from; /* when STEP_RUNTIME began; 0: it has not */
	uint64_t timers[TASK_TIMERS];
	TAILQ_ENTRY(task) blocked;

	/* statistics */
	unsigned int class;
	bool forked;
	uint64_t switches;
	uint64_t ideal; /* ns by the weights, up to now */
	uint64_t ideal_from; /* ideal_time[] of its nice when it became runnable */
	bool slept;
	bool changed; /* its nice or affinity has been */
	struct waits *waits; /* NULL for forked ones */
	struct happened happened[TASK_EVENTS];
	uint64_t nr_happened;
	struct task *next_free;
};

TAILQ_HEAD(task_list, task);
RB_HEAD(vtime_tree, task);

struct cpu {
	struct task *curr; /* NULL: idle */
	struct task_list local; /* SCX_DSQ_LOCAL */
	unsigned int nr_local;
	uint64_t updated; /* curr's run time is known up to here */
	uint64_t overhead; /* ns of the switch that are left */
	uint64_t turn; /* ns since its last ns of work, on a shared clock */
	uint64_t version; /* of its next event: older ones are void */
	uint64_t resched_at; /* pending; ~0: none */
	uint64_t idle_since;
	uint64_t idle_ns;
	uint64_t offline_ns, offline_since;
	bool online;
	bool idle;
	bool resched_preempt;
	uint64_t since; /* curr runs since then */
};

enum event_kind {
	EVENT_CPU, /* the end of a slice or of a step; version */
	EVENT_RESCHED, /* a kick arrives */
	EVENT_TIMER, /* wakes a task; version */
	EVENT_BELL, /* the agent's poll() ends */
	EVENT_WATCH, /* the kernel part's timer */
	EVENT_OFFLINE,
	EVENT_ONLINE,
	EVENT_STOP, /* of the agent */
	EVENT_CONT,
	EVENT_AUDIT, /* of invariants that take longer */
};

struct event {
	uint64_t at;
	uint64_t seq; /* order among equals */
	uint64_t version;
	struct task *task;
	uint16_t kind;
	uint16_t cpu;
};

enum kick { KICK_PLAIN = 0, KICK_IDLE = 1, KICK_PREEMPT = 2 };

struct mutex {
	struct task *owner;
	struct task_list blocked;
};

struct condition {
	struct task_list blocked;
};

struct barrier {
	struct task_list blocked;
	unsigned int there;
};

struct class
{
	uint64_t runtime, ideal, switches; /* of those that have ended */
	uint64_t tasks;
	struct waits waits;
};

enum agent_state { AGENT_WAKES, AGENT_READS, AGENT_DECIDES, AGENT_PARKS };

struct agent {
	struct task task;
	enum agent_state state;
	bool more;
	bool sleeps; /* waits for the bell */
	bool rung;
	bool stopped;
	uint64_t worked; /* events and decisions before this activation */
	uint32_t rests; /* scxu_kernel.rests, as it has seen it */
	uint64_t activations;
};

struct run_span {
	uint64_t from, to;
	int32_t pid;
	uint16_t cpu;
	uint16_t class;
};

/* The kernel part's private memory; see bpf/state.bpf.h for what each is. */
struct kernel_private {
	uint32_t *free_slots;
	uint32_t nr_free;
	struct task **tasks; /* by slot */
	uint64_t *waiting_bits;
	uint64_t births;
	uint64_t kicks_served;
	uint64_t woken;
	enum { ASKED, UNASKED, UNASKED_WAKEUP } unasked;
	uint64_t unread_pass, unread_vtime;
	bool agent_parked;
	enum { NO_REST, GOES_ON, SHALL_SLEEP } agent_shall_rest;
	uint64_t agent_due;
	uint64_t parked_pass;
	uint64_t agent_pass;
	uint64_t fetched_at, fetched_after;
	unsigned int agent_goes;
	bool own_order;
	uint64_t asked_at, asked_pass;
	uint64_t short_since;
	uint64_t helped_at;
	unsigned int short_cpu; /* not in bpf/: which it was */
	uint64_t probation;
	uint64_t floor_left_at, floor_hold;
	uint64_t collect_at;
	uint32_t collect_from;
	uint32_t first_from;
	uint64_t rescue_at;
	uint32_t rescue_turn;
	bool watch_armed;
	uint64_t slices_ended;
	unsigned int kicked; /* here the kernel's cpumask_any_distribute() */
	uint64_t agent_woke_at;
	int64_t agent_budget;
	uint64_t budget_at, budget_runtime;
	unsigned int leaving_cpu;
	uint64_t leaving_until;
};

struct scxu_sim {
	struct scxu_sim_options o;
	const struct scxu_workload *workload;
	struct scxu_sched *sched;
	uint64_t now;
	uint64_t tick_ns;
	uint64_t random;

	struct event *heap;
	size_t nr_events, max_events;
	uint64_t seq;
	uint64_t events; /* processed */

	struct cpu cpus[SCXU_SIM_MAX_CPUS];
	uint64_t nr_turns; /* CPUs that share the clock now; 1: each has its own */
	uint64_t idle_mask; /* idle and not claimed for a task */
	uint64_t online_mask;
	struct agent agent;

	struct task_list all_waiting; /* oldest first */
	struct vtime_tree shared;
	unsigned int nr_shared;
	struct task_list starved;
	unsigned int nr_starved;
	uint64_t dsq_seq;
	/* inserts of ops.dispatch lie in a buffer until it moves or ends */
	struct task *buffer[256];
	unsigned int nr_buffer;
	unsigned int nr_dispatched;
	bool dispatching;
	unsigned int here; /* the CPU of the event */

	struct scxu_shm shm;
	struct scxu_record *records;
	struct scxu_cpu *kcpus;
	struct scxu_kernel *kernel;
	struct kernel_private k;

	struct task **tasks; /* all that ever were; dead ones are used again */
	unsigned int nr_tasks, max_tasks;
	struct task *free_tasks;
	uint64_t failed_forks;
	int32_t next_pid;
	struct mutex *mutexes;
	struct condition *conditions;
	struct barrier *barriers;
	struct condition *suspended; /* by program */
	uint64_t *timers;

	/* the fluid ideal: CPU time of an always runnable task, by nice */
	uint64_t ideal_time[NICE_LEVELS];
	bool limited; /* a task's affinity is, or was */
	uint64_t ideal_capped; /* ns in which some had the weight of nearly a CPU, or more */
	uint32_t ideal_rate[NICE_LEVELS]; /* of a CPU, 2^-24 */
	unsigned int runnable[NICE_LEVELS];
	uint64_t ideal_at;

	struct class *classes;
	uint64_t switches;

	struct run_span *spans; /* of the picture, ended ones */
	size_t nr_spans, max_spans;
	bool spans_lost; /* there were more */

	/* invariants */
	uint64_t *last_gen; /* by slot */
	unsigned int nr_custody;
	uint64_t weight_sum; /* of runnable tasks */
	uint32_t weight_max;
	unsigned int nr_runnable;
	uint64_t idle_look_at; /* before that no CPU can have been idle for too long */
	uint64_t longest_slice; /* that a decision has given */
	uint64_t promise; /* ns that a policy with an order of its own may pass over a task */
	uint64_t floor_seen; /* scxu_kernel.floor_seq, as of the last look */
	struct happened happened[LAST_EVENTS];
	uint64_t nr_happened, first_happened; /* the oldest that is still there */
	char violation[256];
	const struct task *concerned[2]; /* by it; NULL: none */
	int err;
};

/* --- create.c */

/* A task of that program, which sleeps. NULL: no memory, or too many. */
struct task *machine_new_task(struct scxu_sim *m, unsigned int program, bool forked);

/* --- machine.c */

int compare_vtime(const struct task *a, const struct task *b);
RB_PROTOTYPE(vtime_tree, task, node, compare_vtime)

uint32_t weight_of_nice(int nice);
uint64_t sim_random(struct scxu_sim *m); /* splitmix64 */
uint64_t sim_below(struct scxu_sim *m, uint64_t limit);
int machine_event(struct scxu_sim *m, uint64_t at, enum event_kind kind, unsigned int cpu,
		  struct task *task, uint64_t version);
void machine_note(struct scxu_sim *m, const char *what, struct task *t, int cpu, uint64_t value);
/* So many tasks the agent has decided. */
void machine_note_decided(struct scxu_sim *m, int cpu, uint64_t decided);

static inline bool task_allowed(const struct task *t, unsigned int cpu)
{
	return t->cpus >> cpu & 1;
}

/* All CPUs go idle, and the agent wakes: to be called once, before any event. */
void machine_start(struct scxu_sim *m);
/* Where t was last, or else one that it may use; online. */
unsigned int machine_fallback_cpu(const struct scxu_sim *m, const struct task *t);
/* Wakes t, which sleeps; the callbacks are executed by CPU here. */
void machine_wake(struct scxu_sim *m, struct task *t, unsigned int here);
/* The task of this CPU sleeps or ends from now on. */
void machine_block(struct scxu_sim *m, struct task *t, enum where where);
void machine_sleep_until(struct scxu_sim *m, struct task *t, uint64_t at);
void machine_set_nice(struct scxu_sim *m, struct task *t, int nice, unsigned int here);
void machine_set_cpus(struct scxu_sim *m, struct task *t, uint64_t cpus, unsigned int here);
void machine_kick(struct scxu_sim *m, unsigned int cpu, enum kick kick);
void machine_ring_bell(struct scxu_sim *m, unsigned int here);
void machine_start_task(struct scxu_sim *m, struct task *t, unsigned int here);
void machine_update_curr(struct scxu_sim *m, struct cpu *c);

/* What scx_bpf_*() of these names do */
int machine_pick_idle_cpu(struct scxu_sim *m, uint64_t cpus);
int machine_select_cpu_dfl(struct scxu_sim *m, const struct task *t, unsigned int prev);
void machine_insert_local(struct scxu_sim *m, struct task *t, unsigned int cpu, uint64_t slice,
			  bool head, bool preempt);
void machine_insert_shared(struct scxu_sim *m, struct task *t, uint64_t slice, uint64_t vtime);
void machine_insert_starved(struct scxu_sim *m, struct task *t, uint64_t slice);
bool machine_move_shared(struct scxu_sim *m, unsigned int cpu);
bool machine_move_starved(struct scxu_sim *m, unsigned int cpu);
void machine_move_task(struct scxu_sim *m, struct task *t, unsigned int cpu); /* of SHARED */
void machine_starve_task(struct scxu_sim *m, struct task *t); /* from SHARED to STARVED */

/* --- behaviour.c */

/* The step's work is done: its effects, and on to the next work. */
void behaviour_step(struct scxu_sim *m, struct task *t, unsigned int cpu);
void behaviour_begin(struct task *t, uint64_t at); /* its timers count from then */
void agent_step(struct scxu_sim *m, unsigned int cpu);

/* --- invariants.c */

__attribute__((format(printf, 2, 3))) void violation(struct scxu_sim *m, const char *format, ...);
/* The violation to be told next is about t. */
void violation_concerns(struct scxu_sim *m, const struct task *t);
void check_event(struct scxu_sim *m);
void check_audit(struct scxu_sim *m);
void check_running(struct scxu_sim *m, const struct task *t, unsigned int cpu);
void check_custody(struct scxu_sim *m, const struct task *t, uint64_t old_state);

/* --- gantt.c */

/* t has run on this CPU until now, a part of it in the time that the picture shows. */
void gantt_add(struct scxu_sim *m, const struct task *t, unsigned int cpu);

/* --- report.c */

/* The runnable tasks change, or time has come to look: brings ideal_time[] up to now. */
void ideal_update(struct scxu_sim *m);
void ideal_join(struct scxu_sim *m, struct task *t);
void ideal_leave(struct scxu_sim *m, struct task *t);
/* What it would have got: see report.c */
uint64_t ideal_of(const struct scxu_sim *m, const struct task *t);

#endif
