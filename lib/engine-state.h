/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What engine.c (events, tasks, CPUs, the pass) and decide.c (the stock, decisions) share. */
#ifndef SCXU_ENGINE_STATE_H
#define SCXU_ENGINE_STATE_H

#include "engine.h"

#define LINE 64u

/* In whose hands a task's wait is: see engine.c. */
enum holder { NOBODY, POLICY, STOCK, CPU };

struct entry {
	struct scxu_task task;
	uint64_t birth; /* of the task that the policy knows; 0: none */
	uint64_t gen;  /* of its last wait that we know */
	uint64_t affinity; /* a hash of the CPUs that it may run on */
	enum holder holder;
	int refused; /* the CPU that did not come for its last decision, -1: none */
	/* scxu_task_data() follows, aligned to a line */
};

#define ENTRY_SIZE ((sizeof(struct entry) + LINE - 1) / LINE * LINE)

struct cpu_entry {
	uint64_t tail;  /* events: ours, the kernel part's copy may be trampled on */
	uint64_t head;  /* decisions, likewise */
	uint64_t skip;
	uint64_t dropped; /* events that the kernel part counted as dropped */
	uint64_t given_at; /* ns */
	bool given;  /* a decision, in this pass */
	bool coming;  /* it has not yet taken one of an earlier pass */
	bool preempt;  /* and at once */
	bool online;
	bool changed; /* it came or went */
};

/* Of the stock */
struct row {
	uint64_t head;
	uint64_t skip;
	uint64_t last; /* virtual time of the last in it */
};

struct scxu_sched {
	const struct scxu_policy_ops *policy;
	struct scxu_shm shm;
	struct scxu_engine_options options;
	struct scxu_engine_counts counts;
	void *data;  /* of the policy */
	unsigned char *entries;
	size_t stride;
	size_t entries_size;
	struct cpu_entry *cpus;
	struct scxu_cpu_topology *topology;
	uint64_t in;  /* callback << 32 | slot + 1 (0: of no task) */
	uint64_t now;
	struct row rows[SCXU_ROWS];
	uint64_t kicks;
	uint64_t floors; /* scxu_kernel.floor_seq, as of the last pass */
	uint64_t pass; /* goes on where the last agent's ended */
	uint64_t recalled_pass; /* the last in which the stock was recalled */
	uint64_t enqueued; /* counts.enqueued when this pass began */
	uint64_t took_ns; /* a pass of late, as far as it is known */
	uint64_t took_n; /* what was enqueued in it, in units of 1 / TOOK_UNIT */
	bool pending; /* the last pass was not the last: the next follows at once */
	bool news;  /* something was enqueued since, or (by_vtime) did not fit into the stock */
	bool kicked;
	bool rings;  /* decisions lie in CPUs' rings, or did in the last pass */
	bool idle;  /* a CPU was, when the pass began */
	int here;  /* CPU of the agent, -1 when not known */
	bool here_given;
};

static inline struct entry *entry_of(const struct scxu_sched *s, uint32_t slot)
{
	return (struct entry *)(s->entries + (size_t)slot * s->stride);
}

static inline struct entry *entry_of_task(const struct scxu_task *task)
{
	return (struct entry *)task; /* first member */
}

/* One thread counts, others may read. */
static inline void count(uint64_t *n, int64_t by)
{
	scxu_store(n, *n + (uint64_t)by);
}

/* --- which callback the policy is in ---------------------------------------- */

#define CALLBACKS(X)    \
	X(init)         \
	X(exit)         \
	X(task_enter)   \
	X(task_exit)    \
	X(enqueue)      \
	X(dequeue)      \
	X(dispatch)     \
	X(running)      \
	X(stopping)     \
	X(tick)         \
	X(set_weight)   \
	X(set_affinity) \
	X(cpu_online)   \
	X(cpu_offline)

enum callback {
	IN_NONE,
#define X(name) IN_##name,
	CALLBACKS(X)
#undef X
};

/* Calls it. Whoever asks from outside finds where: two stores are all that it costs. */
#define CALL(s, callback, slot, ...)                                                \
	do {                                                                        \
		scxu_store(&(s)->in, (uint64_t)IN_##callback << 32 | ((slot) + 1)); \
		(s)->policy->callback(s, ##__VA_ARGS__);                            \
		scxu_store(&(s)->in, 0);                                            \
	} while (0)
#define NO_TASK (~0u)

/* enqueue(): the task is the policy's. */
void scxu_engine_enqueue(struct scxu_sched *s, struct entry *e, unsigned int flags);

/* --- decide.c -------------------------------------------------------------- */

/* What a CPU did not come to take, though it had time to, is the policy's again. */
void scxu_engine_recall_cpus(struct scxu_sched *s);
/* What is decided but not taken may no longer be what comes first. True: it is the policy's again. */
bool scxu_engine_recall_stock(struct scxu_sched *s);
/* A pass begins: what did the last cost. */
void scxu_engine_reckon(struct scxu_sched *s, uint64_t now);
/* A pass has decided: CPUs shall see it. */
void scxu_engine_publish(struct scxu_sched *s);

#endif
