// SPDX-License-Identifier: GPL-2.0-only
/* What a policy may ask of CPUs: allowed, online, idle, what runs there, the agent's own. */
#include "fifo.h"
#include "kernel-part.h"
#include "unit.h"

#define MS 1000000ull

static const struct wait_facts plain = { .cpu = 1 };
static struct kernel_part *k;
static struct scxu_sched *sched;
static struct fifo *f;

static void begin(unsigned int cpus, uint64_t mask, void (*look)(struct scxu_sched *))
{
	k = kernel_part_create(cpus, 64);
	sched = engine_with(k, &test_fifo, 8);
	f = fifo_of(sched);
	f->hold = true;
	f->before = look;
	kernel_part_birth(k, 0, 10, mask);
	kernel_part_birth(k, 1, 11, 0);
	kernel_part_enqueue(k, 0, 0, &plain);
	kernel_part_enqueue(k, 1, 0, &plain);
}

static void end(void)
{
	CHECK_EQ(f->wrong, 0);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

static void look_allowed(struct scxu_sched *s)
{
	struct scxu_task *task = fifo_first(s);

	CHECK(!scxu_cpu_allowed(s, task, -1));
	CHECK(!scxu_cpu_allowed(s, task, 0));
	CHECK(scxu_cpu_allowed(s, task, 1));
	CHECK(!scxu_cpu_allowed(s, task, 2)); /* offline */
	CHECK(scxu_cpu_allowed(s, task, 3));
	CHECK(!scxu_cpu_allowed(s, task, 4));
	CHECK(!scxu_cpu_allowed(s, task, 64));
	CHECK(!scxu_cpu_allowed(s, task, INT32_MAX));
	CHECK(!scxu_cpu_allowed(s, task, INT32_MIN));
}

static void allowed(void)
{
	begin(4, 1 << 1 | 1 << 2 | 1 << 3, look_allowed);
	kernel_part_online(k, 2, false);
	scxu_engine_pass(sched, 1);
	end();
}

/* An unrestricted task may go anywhere, whatever its record's mask says: it is not written then. */
static void look_unrestricted(struct scxu_sched *s)
{
	struct scxu_task *task = fifo_first(s);

	CHECK(scxu_cpu_allowed(s, task, 0));
	CHECK(scxu_cpu_allowed(s, task, 3));
	CHECK(!scxu_cpu_allowed(s, task, 4));
}

static void unrestricted(void)
{
	begin(4, 0, look_unrestricted);
	k->records[0].cpus[0] = 0;
	scxu_engine_pass(sched, 1);
	end();
}

static void look_idle(struct scxu_sched *s)
{
	struct scxu_task *task = fifo_first(s);

	kernel_part_idle(k, 0, true); /* not allowed */
	CHECK_EQ(scxu_idle_cpu(s, task), -1);
	kernel_part_idle(k, 2, true); /* offline */
	CHECK_EQ(scxu_idle_cpu(s, task), -1);
	kernel_part_idle(k, 3, true);
	CHECK_EQ(scxu_idle_cpu(s, task), 3);
	kernel_part_idle(k, 1, true); /* where it was before */
	CHECK_EQ(scxu_idle_cpu(s, task), 1);
	/* what is given once is not idle any more in this pass */
	CHECK_EQ(scxu_decide(s, task, 1, 0, 0, 0), 0);
	TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
	((struct fifo_task *)scxu_task_data(task))->queued = false;
	task = fifo_first(s);
	CHECK_EQ(scxu_idle_cpu(s, task), 0);
	kernel_part_idle(k, 0, false);
	CHECK_EQ(scxu_idle_cpu(s, task), 3);
	f->before = NULL;
}

static void idle(void)
{
	begin(4, 1 << 1 | 1 << 2 | 1 << 3, look_idle);
	kernel_part_online(k, 2, false);
	kernel_part_idle(k, 0, true);
	scxu_engine_pass(sched, 1);
	end();
}

/* One that idles since the pass began takes what is decided for any. */
static void look_none_idle(struct scxu_sched *s)
{
	kernel_part_idle(k, 1, true);
	CHECK_EQ(scxu_idle_cpu(s, fifo_first(s)), -1);
	f->before = NULL;
}

/* Not what is for some CPUs only. */
static void look_limited(struct scxu_sched *s)
{
	kernel_part_idle(k, 1, true);
	CHECK_EQ(scxu_idle_cpu(s, fifo_first(s)), 1);
	f->before = NULL;
}

static void look_one_idle(struct scxu_sched *s)
{
	CHECK_EQ(scxu_idle_cpu(s, fifo_first(s)), 1);
	f->before = NULL;
}

static void none_idle(void)
{
	begin(4, 1 << 1 | 1 << 2, look_limited);
	scxu_engine_pass(sched, 1);
	CHECK(!f->before);
	end();
	begin(4, 0xf, look_none_idle);
	scxu_engine_pass(sched, 1);
	/* and in the next pass it is one */
	f->before = look_one_idle;
	kernel_part_birth(k, 2, 12, 0);
	kernel_part_enqueue(k, 2, 0, &plain);
	scxu_engine_pass(sched, 2);
	CHECK(!f->before);
	end();
}

static void look_running(struct scxu_sched *s)
{
	struct scxu_running run = { .pid = -5 };

	CHECK(!scxu_cpu_running(s, -1, &run));
	CHECK(!scxu_cpu_running(s, 4, &run));
	CHECK(!scxu_cpu_running(s, 0, &run)); /* nothing */
	CHECK(!scxu_cpu_running(s, 3, &run)); /* the agent */
	CHECK_EQ(run.pid, -5);
	CHECK(scxu_cpu_running(s, 1, &run));
	CHECK_EQ(run.pid, 99);
	CHECK_EQ(run.weight, 50);
	CHECK_EQ(run.since, 10 * MS);
	CHECK_EQ(run.vtime, 7 * MS + 2 * 5 * MS); /* 5 ms at half the weight */
	/* began after this pass did: nothing is added, nothing subtracted */
	CHECK(scxu_cpu_running(s, 2, &run));
	CHECK_EQ(run.vtime, 8 * MS);
	/* given a decision: what runs there runs no longer */
	CHECK_EQ(scxu_decide(s, fifo_first(s), 1, 0, 0, 0), 0);
	TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
	CHECK(!scxu_cpu_running(s, 1, &run));
	f->before = NULL;
}

static void running(void)
{
	begin(4, 0, look_running);
	kernel_part_run(k, 1, 99, 7 * MS, 50, 10 * MS);
	kernel_part_run(k, 2, 98, 8 * MS, 100, 16 * MS);
	kernel_part_run(k, 3, AGENT_TID, 0, 100, 0);
	scxu_engine_pass(sched, 15 * MS);
	end();
}

/* Its own CPU looks for work after the pass: one decision for any CPU is for it. */
static void look_agent(struct scxu_sched *s)
{
	CHECK(scxu_agent_cpu_free(s));
	CHECK_EQ(scxu_decide(s, fifo_first(s), SCXU_CPU_ANY, 0, 0, 0), 0);
	TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
	CHECK(!scxu_agent_cpu_free(s));
	f->before = NULL;
}

static void look_agent_ring(struct scxu_sched *s)
{
	CHECK(scxu_agent_cpu_free(s));
	CHECK_EQ(scxu_decide(s, fifo_first(s), 1, 0, 0, 0), 0);
	TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
	CHECK(scxu_agent_cpu_free(s));
	CHECK_EQ(scxu_decide(s, fifo_first(s), 2, 0, 0, 0), 0);
	TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
	CHECK(!scxu_agent_cpu_free(s));
	f->before = NULL;
}

/* While it has none, no idle CPU is woken: any will be the agent's. Nor for one of limited affinity. */
static void look_agent_first(struct scxu_sched *s)
{
	struct scxu_task *limited = fifo_first(s);

	CHECK_EQ(scxu_idle_cpu(s, limited), 2);
	CHECK_EQ(scxu_decide(s, limited, 2, 0, 0, 0), 0);
	TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
	CHECK_EQ(scxu_idle_cpu(s, fifo_first(s)), 1);
	f->before = NULL;
}

static void look_agent_any(struct scxu_sched *s)
{
	struct scxu_task *task = fifo_first(s);

	CHECK_EQ(scxu_idle_cpu(s, task), -1);
	CHECK_EQ(scxu_select_cpu(s, task), SCXU_CPU_ANY);
	CHECK_EQ(scxu_decide(s, task, SCXU_CPU_ANY, 0, 0, 0), 0);
	TAILQ_REMOVE(&f->queue, TAILQ_FIRST(&f->queue), node);
	CHECK_EQ(scxu_idle_cpu(s, fifo_first(s)), 1);
	f->before = NULL;
}

static void look_nowhere(struct scxu_sched *s)
{
	CHECK(!scxu_agent_cpu_free(s));
	f->before = NULL;
}

static void agents_cpu(void)
{
	begin(4, 0, look_agent);
	kernel_part_run(k, 2, AGENT_TID, 0, 100, 0);
	scxu_engine_pass(sched, 1);
	CHECK(!f->before);
	end();
	begin(4, 0, look_agent_ring);
	kernel_part_run(k, 2, AGENT_TID, 0, 100, 0);
	scxu_engine_pass(sched, 1);
	CHECK(!f->before);
	end();
	begin(4, 1 << 1 | 1 << 2, look_agent_first);
	kernel_part_run(k, 2, AGENT_TID, 0, 100, 0);
	kernel_part_idle(k, 1, true); /* where both were before */
	scxu_engine_pass(sched, 1);
	CHECK(!f->before);
	end();
	begin(4, 0, look_agent_any);
	kernel_part_run(k, 2, AGENT_TID, 0, 100, 0);
	kernel_part_idle(k, 1, true); /* where both were before */
	scxu_engine_pass(sched, 1);
	CHECK(!f->before);
	end();
	begin(4, 0, look_nowhere);
	scxu_engine_pass(sched, 1);
	CHECK(!f->before);
	end();
}

int main(void)
{
	allowed();
	unrestricted();
	idle();
	none_idle();
	running();
	agents_cpu();
	return UNIT_END();
}
