// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What tasks do, step by step of their program; and the agent, which does what the
 * thread of lib/backend/kernel/runner.c does: pass after pass until nothing is to be
 * read, then it parks, or sleeps when there was nothing at all. Its time: so much to wake, so much for each event before the
 * pass (it reads them first), so much for each decision after it.
 */
#include "kernel-part.h"
#include "machine.h"

/* --- the program ---------------------------------------------------------------- */

/* The step at which the task stands, NULL: it has ended. */
static const struct step *settle(struct task *t)
{
	const struct program *p = t->program;
	unsigned int empty = 0;

	while (t->phase < p->nr_phases) {
		const struct phase *phase = &p->phases[t->phase];

		if (t->step < phase->nr_steps)
			return &phase->steps[t->step];
		t->step = 0;
		if (phase->nr_steps && t->phase_loop == FOREVER)
			continue;
		if (phase->nr_steps && --t->phase_loop > 0)
			continue;
		if (++t->phase == p->nr_phases) {
			/* a program without a step would turn for ever */
			if (t->task_loop != FOREVER && --t->task_loop <= 0)
				return NULL;
			if (empty++)
				return NULL;
			t->phase = 0;
		}
		t->phase_loop = p->phases[t->phase].loop;
	}
	return NULL;
}

static void next_work(struct task *t)
{
	const struct step *s = settle(t);

	t->work = s ? s->work : STEP_WORK_NS;
}

void behaviour_begin(struct task *t, uint64_t at)
{
	t->started = at;
	t->task_loop = t->program->loop;
	t->phase_loop = t->program->nr_phases ? t->program->phases[0].loop : 0;
	t->unbound = t->program->cpus != 0;
	if (t->unbound)
		t->work = STEP_WORK_NS;
	else
		next_work(t);
}

/* --- what blocks and wakes -------------------------------------------------------- */

static void block_on(struct scxu_sim *m, struct task *t, struct task_list *list)
{
	TAILQ_INSERT_TAIL(list, t, blocked);
	machine_block(m, t, SLEEPS);
}

static void unlock(struct scxu_sim *m, uint32_t mutex, unsigned int here)
{
	struct mutex *x = &m->mutexes[mutex];

	x->owner = TAILQ_FIRST(&x->blocked);
	if (!x->owner)
		return;
	TAILQ_REMOVE(&x->blocked, x->owner, blocked);
	machine_wake(m, x->owner, here);
}

static void wake_first(struct scxu_sim *m, struct task_list *list, unsigned int here)
{
	struct task *t = TAILQ_FIRST(list);

	if (!t)
		return;
	TAILQ_REMOVE(list, t, blocked);
	machine_wake(m, t, here);
}

static void wake_all(struct scxu_sim *m, struct task_list *list, unsigned int here)
{
	while (!TAILQ_EMPTY(list))
		wake_first(m, list, here);
}

static void wait_for_timer(struct scxu_sim *m, struct task *t, const struct step *s)
{
	uint64_t *next = s->kind == STEP_OWN_TIMER ? &t->timers[s->a] : &m->timers[s->a];

	if (!*next)
		*next = t->started;
	*next += s->ns;
	if (*next > m->now) {
		machine_block(m, t, SLEEPS);
		machine_sleep_until(m, t, *next);
	} else if (!s->absolute) {
		*next = m->now;
	}
}

/* Some other task's nice or affinity changes: most of the time while it waits. */
static void churn(struct scxu_sim *m, unsigned int here)
{
	struct task *t = m->tasks[sim_below(m, m->nr_tasks)];
	uint64_t cpus;

	if (t->where == DEAD || t->where == RUNS)
		return;
	if (sim_random(m) & 1) {
		machine_set_nice(m, t, (int)sim_below(m, 11), here);
		return;
	}
	cpus = (sim_random(m) | 1ull << sim_below(m, m->o.nr_cpus)) >> 0 &
	       ~0ull >> (64 - m->o.nr_cpus);
	machine_set_cpus(m, t, sim_below(m, 4) ? ~0ull >> (64 - m->o.nr_cpus) : cpus, here);
}

static void fork_task(struct scxu_sim *m, const struct step *s, unsigned int here)
{
	struct task *t = machine_new_task(m, s->a, true);

	/* as fork() that fails with EAGAIN; the report tells how many did */
	if (t)
		machine_start_task(m, t, here);
	else
		m->failed_forks++;
}

static void effect(struct scxu_sim *m, struct task *t, const struct step *s, unsigned int cpu)
{
	switch (s->kind) {
	case STEP_RUN:
	case STEP_RUNTIME:
		break;
	case STEP_SLEEP:
		machine_block(m, t, SLEEPS);
		machine_sleep_until(m, t, m->now + s->ns);
		break;
	case STEP_TIMER:
	case STEP_OWN_TIMER:
		wait_for_timer(m, t, s);
		break;
	case STEP_LOCK:
		if (m->mutexes[s->a].owner)
			block_on(m, t, &m->mutexes[s->a].blocked);
		else
			m->mutexes[s->a].owner = t;
		break;
	case STEP_UNLOCK:
		if (m->mutexes[s->a].owner == t)
			unlock(m, s->a, cpu);
		break;
	case STEP_WAIT:
		block_on(m, t, &m->conditions[s->a].blocked);
		if (m->mutexes[s->b].owner == t)
			unlock(m, s->b, cpu);
		break;
	case STEP_SIGNAL:
		wake_first(m, &m->conditions[s->a].blocked, cpu);
		break;
	case STEP_BROADCAST:
		wake_all(m, &m->conditions[s->a].blocked, cpu);
		break;
	case STEP_BARRIER:
		if (++m->barriers[s->a].there < m->workload->barrier_users[s->a]) {
			block_on(m, t, &m->barriers[s->a].blocked);
			break;
		}
		m->barriers[s->a].there = 0;
		wake_all(m, &m->barriers[s->a].blocked, cpu);
		break;
	case STEP_SUSPEND:
		block_on(m, t, &m->suspended[t->class].blocked);
		break;
	case STEP_RESUME:
		wake_all(m, &m->suspended[s->a].blocked, cpu);
		break;
	case STEP_YIELD:
		t->slice = 0; /* ops.yield is not ours: the kernel ends the slice */
		machine_kick(m, cpu, KICK_PLAIN);
		break;
	case STEP_FORK:
		fork_task(m, s, cpu);
		break;
	case STEP_NICE:
		machine_set_nice(m, t, s->nice, cpu);
		break;
	case STEP_CPUS:
		machine_set_cpus(m, t, s->cpus, cpu);
		break;
	case STEP_CHURN:
		churn(m, cpu);
		break;
	}
}

/* Of STEP_RUNTIME: it has not yet been for so long, since its first look at the clock. */
static bool goes_on(const struct scxu_sim *m, struct task *t, const struct step *s)
{
	if (!t->runtime_from)
		t->runtime_from = m->now - RUNTIME_LOOK_NS;
	if (m->now - t->runtime_from < s->ns) {
		t->work = RUNTIME_LOOK_NS;
		return true;
	}
	t->runtime_from = 0;
	return false;
}

void behaviour_step(struct scxu_sim *m, struct task *t, unsigned int cpu)
{
	const struct step *s;

	/*
	 * A thread begins with its parent's affinity and gives itself its own: until then it
	 * is like any, and has met the agent.
	 */
	if (t->unbound) {
		t->unbound = false;
		next_work(t);
		machine_set_cpus(m, t, t->program->cpus, cpu);
		return;
	}
	s = settle(t);
	if (!s) {
		machine_block(m, t, DEAD);
		return;
	}
	if (s->kind == STEP_RUNTIME && goes_on(m, t, s))
		return;
	/* on to the next before the effect: who wakes it finds it ready */
	t->step++;
	next_work(t);
	effect(m, t, s, cpu);
}

/* --- the agent --------------------------------------------------------------------- */

static uint64_t unread(const struct scxu_sim *m)
{
	uint64_t n = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++)
		n += m->kcpus[cpu].events_head - m->shm.agent_cpus[cpu].events_tail;
	return n;
}

static uint64_t has_worked(const struct scxu_sim *m)
{
	const struct scxu_engine_counts *counts = scxu_engine_counts(m->sched);

	return counts->enqueued + counts->decided;
}

static void agent_reads(struct scxu_sim *m)
{
	m->agent.state = AGENT_READS;
	m->agent.task.work = unread(m) * m->o.event_ns + m->o.event_ns;
}

void agent_step(struct scxu_sim *m, unsigned int cpu)
{
	struct agent *a = &m->agent;
	struct scxu_agent *shared = m->shm.agent;
	uint64_t decided, refused;
	bool told;

	switch (a->state) {
	case AGENT_WAKES:
	case AGENT_PARKS: /* its yield returns */
		shared->rest = SCXU_REST_NONE;
		a->activations++;
		a->worked = has_worked(m);
		agent_reads(m);
		break;
	case AGENT_READS:
		decided = scxu_engine_counts(m->sched)->decided;
		refused = scxu_engine_counts(m->sched)->failed;
		a->more = scxu_engine_pass(m->sched, m->now);
		decided = scxu_engine_counts(m->sched)->decided - decided;
		refused = scxu_engine_counts(m->sched)->failed - refused;
		machine_note_decided(m, (int)cpu, decided);
		if (refused)
			machine_note(m, "is refused", &a->task, (int)cpu, refused);
		a->state = AGENT_DECIDES;
		a->task.work = decided * m->o.decision_ns;
		if (a->task.work)
			break;
		/* fallthrough */
	case AGENT_DECIDES:
		if (a->more || scxu_engine_pending(m->sched)) {
			kernel_part_commit(m, cpu);
			agent_reads(m);
			break;
		}
		scxu_engine_settle(m->sched);
		told = m->kernel->rests != a->rests;
		a->rests = m->kernel->rests;
		if (has_worked(m) != a->worked && !told) {
			shared->rest = SCXU_REST_PARKS;
			a->state = AGENT_PARKS;
			a->task.slice = 0; /* sched_yield() */
			break;
		}
		shared->sleeps++;
		shared->rest = SCXU_REST_SLEEPS;
		a->sleeps = true;
		a->rung = false;
		machine_block(m, &a->task, SLEEPS);
	}
}
