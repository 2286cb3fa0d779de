// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What must hold. Each event is followed by what costs nothing (a comparison, or a
 * look at the task that waits longest); the audit, each 10 ms of virtual time or
 * after each event (check_all), walks over all tasks and CPUs.
 *
 *   custody	  records that say WAITING are as many as tasks in custody
 *   generation   of a slot grows by one with each wait
 *   twice	  a task that begins to run came from a local DSQ, and runs once
 *   affinity	  it runs where it may, on a CPU that is online
 *   idle	  no CPU is idle for longer than the floor bound and a tick while a task
 *		  that may run there waits
 *   starvation   no task waits for longer than the policy's promise explains
 *   share	  tasks that never sleep have CPU time by their weights
 *   floor	  the agent is never late nor silent, unless it was stopped; at the start, too
 *   counters	  decisions = applied + stale + bounced + invalid, and the rest
 *   time	  run + idle + offline = CPUs * time
 */
#include <stdarg.h>
#include <stdio.h>

#include "machine.h"

void violation(struct scxu_sim *m, const char *format, ...)
{
	va_list args;

	if (m->violation[0])
		return; /* the first is the cause */
	va_start(args, format);
	vsnprintf(m->violation, sizeof(m->violation), format, args);
	va_end(args);
}

void violation_concerns(struct scxu_sim *m, const struct task *t)
{
	if (!m->violation[0])
		m->concerned[m->concerned[0] ? 1 : 0] = t;
}

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

void check_running(struct scxu_sim *m, const struct task *t, unsigned int cpu)
{
	bool twice = t->where != LOCAL || m->cpus[cpu].curr;
	bool astray = !task_allowed(t, cpu) || !m->cpus[cpu].online;

	if (twice || astray)
		violation_concerns(m, t);
	if (twice)
		violation(m, "twice: task %d begins to run on CPU %u from state %d", t->pid, cpu,
			  (int)t->where);
	if (astray)
		violation(m, "affinity: task %d may not run on CPU %u", t->pid, cpu);
}

void check_custody(struct scxu_sim *m, const struct task *t, uint64_t old_state)
{
	if (t->gen != m->last_gen[t->slot] + 1 && t->gen <= m->last_gen[t->slot])
		violation(m, "generation: slot %u goes from %llu to %llu", t->slot,
			  (unsigned long long)m->last_gen[t->slot], (unsigned long long)t->gen);
	if (t->gen != (old_state >> SCXU_GEN_SHIFT) + 1)
		violation(m, "generation: slot %u was overwritten", t->slot);
	m->last_gen[t->slot] = t->gen;
}

/* A stopped agent is noticed after floor_ns, by a watch that looks each half of it. */
static uint64_t idle_bound(const struct scxu_sim *m)
{
	return m->o.floor_ns * 3 / 2 + m->tick_ns;
}

/*
 * A CPU and a task that waits for it are too long together at the later of their two
 * beginnings and a bound. The earliest of these times is when to look again: who gets
 * together meanwhile has no earlier one.
 */
static void check_idle(struct scxu_sim *m)
{
	uint64_t bound = idle_bound(m), cpus, since;
	const struct task *t;

	m->idle_look_at = m->now + bound;
	TAILQ_FOREACH(t, &m->all_waiting, waiting)
	{
		if (t->queued_at + bound >= m->idle_look_at)
			return;
		for (cpus = m->online_mask & t->cpus; cpus; cpus &= cpus - 1) {
			unsigned int cpu = (unsigned int)__builtin_ctzll(cpus);

			if (!m->cpus[cpu].idle)
				continue;
			since = m->cpus[cpu].idle_since;
			if (since < t->queued_at)
				since = t->queued_at;
			if (since + bound < m->idle_look_at)
				m->idle_look_at = since + bound;
			/* not if it is claimed: then a task is on its way */
			if (m->now - since <= bound || !(m->idle_mask >> cpu & 1))
				continue;
			violation_concerns(m, t);
			violation(m,
				  "idle: CPU %u is idle for %.3f ms while task %d (%s) waits for "
				  "%.3f ms",
				  cpu, ms(m->now - m->cpus[cpu].idle_since), t->pid, t->comm,
				  ms(m->now - t->queued_at));
			return;
		}
	}
}

/*
 * What a policy promises: one that gives its decisions a virtual time, that CPU time goes
 * by weight. A task that has run one slice waits until the others have had what is theirs:
 * slice * W / w, over all CPUs. Ahead of its share it may be by 128 slices (place() in
 * bpf/state.bpf.h, vruntime_limit()), so a generous multiple.
 *
 * One with an order of its own (fifo, rr, prio) promises turns, whatever the weights: it may
 * pass over a task for as long as its option starve_ms says (0: until the kernel part takes
 * the task), or for a second if it has none; then nobody waits for longer than it takes the
 * others to have two turns each. Whom the kernel part keeps (of limited affinity; all, while the
 * floor has the machine) it orders by weight, whatever the policy does, and the policy's tasks
 * among them, none further ahead than a slice: then a light one waits for as much longer.
 *
 * And never for so long that the kernel's watchdog, which waits for 30 s, could find it.
 */
#define WATCHDOG_NS (29 * SECOND_NS)

static uint64_t starve_bound(const struct scxu_sim *m, uint32_t weight, uint64_t allowed)
{
	uint64_t slice = m->o.slice_ns > m->tick_ns ? m->o.slice_ns : m->tick_ns, bound, by_weight;
	unsigned int cpus = (unsigned int)__builtin_popcountll(m->online_mask & allowed);

	if (m->o.starve_ns)
		return m->o.starve_ns;
	if (!cpus)
		cpus = 1;
	by_weight = slice / cpus * (m->weight_sum / weight + 1);
	bound = SECOND_NS + 160 * by_weight;
	if (m->k.own_order) {
		bound = m->promise + 2 * (m->longest_slice + m->tick_ns) * m->nr_runnable / cpus;
		if (m->limited || m->o.nr_faults)
			bound += 2 * by_weight;
	}
	return bound < WATCHDOG_NS ? bound : WATCHDOG_NS;
}

static void check_starvation(struct scxu_sim *m)
{
	uint64_t least;
	const struct task *t;

	if (TAILQ_EMPTY(&m->all_waiting))
		return;
	/* of the heaviest, with all CPUs: nobody has a lower one */
	least = starve_bound(m, m->weight_max, ~0ull);
	TAILQ_FOREACH(t, &m->all_waiting, waiting)
	{
		uint64_t waited = m->now - t->queued_at;

		if (waited <= least)
			return;
		if (waited <= starve_bound(m, t->weight, t->cpus))
			continue;
		violation_concerns(m, t);
		violation(m, "starvation: task %d (%s, weight %u) waits for %.3f ms, bound %.3f ms",
			  t->pid, t->comm, t->weight, ms(waited),
			  ms(starve_bound(m, t->weight, t->cpus)));
		return;
	}
}

/*
 * A CPU that finds no decision counts as one that lacks one while the policy holds any task,
 * be it one that may not run there: a limit of the kernel part. It shows with --affinity
 * agent, where slices are longer than the floor's bound.
 */
static bool none_for_short_cpu(const struct scxu_sim *m)
{
	const struct task *t;

	if (!m->o.affinity_agent || m->kernel->floor_reason != SCXU_FLOOR_LATE)
		return false;
	TAILQ_FOREACH(t, &m->all_waiting, waiting)
	{
		if (t->where == CUSTODY && task_allowed(t, m->k.short_cpu) &&
		    m->now - t->queued_at > m->o.floor_ns)
			return false;
	}
	return true;
}

/*
 * The floor is in charge at first, and so never takes over from an agent that is slow to begin:
 * that is told by the time until its first answer.
 */
static void check_start(struct scxu_sim *m)
{
	if (m->shm.agent->floor_ack != m->kernel->floor_seq && m->now > idle_bound(m))
		violation(m,
			  "floor: it has the machine since the start, as the agent did not answer "
			  "for %.3f ms, and nobody stopped it",
			  ms(m->now));
}

static void check_floor(struct scxu_sim *m)
{
	const struct scxu_engine_counts *counts = scxu_engine_counts(m->sched);
	char refused[128] = "";

	if (m->floor_seen == m->kernel->floor_seq)
		return;
	m->floor_seen = m->kernel->floor_seq;
	if (none_for_short_cpu(m))
		return;
	/* who waits longest */
	if (!TAILQ_EMPTY(&m->all_waiting))
		violation_concerns(m, TAILQ_FIRST(&m->all_waiting));
	if (counts->failed)
		snprintf(refused, sizeof(refused),
			 "; scxu_decide() has refused %llu decisions of the policy, and taken %llu",
			 (unsigned long long)counts->failed, (unsigned long long)counts->decided);
	violation(m, "floor: it had to take over, as the agent %s, and nobody stopped it%s",
		  m->kernel->floor_reason == SCXU_FLOOR_LATE ? "gave no decision"
							     : "did not answer",
		  refused);
}

void check_event(struct scxu_sim *m)
{
	if (m->kernel->nr_waiting != m->nr_custody)
		violation(m, "custody: %llu records wait, and %u tasks",
			  (unsigned long long)m->kernel->nr_waiting, m->nr_custody);
	if (m->kernel->floor_reason == SCXU_FLOOR_START && !m->o.nr_faults)
		check_start(m);
	if (m->kernel->floor_reason > SCXU_FLOOR_START && !m->o.nr_faults)
		check_floor(m);
	if (m->now > m->idle_look_at && m->idle_mask && !TAILQ_EMPTY(&m->all_waiting))
		check_idle(m);
}

static uint64_t total(const struct scxu_sim *m, enum scxu_counter counter)
{
	uint64_t sum = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < m->o.nr_cpus; cpu++)
		sum += m->kcpus[cpu].counters[counter];
	return sum;
}

static void check_counters(struct scxu_sim *m)
{
	uint64_t decisions = total(m, SCXU_COUNT_decisions);
	uint64_t ends = total(m, SCXU_COUNT_applied) + total(m, SCXU_COUNT_stale) +
			total(m, SCXU_COUNT_bounced) + total(m, SCXU_COUNT_invalid);
	uint64_t decided = scxu_engine_counts(m->sched)->decided;

	if (decisions != ends)
		violation(m, "counters: %llu decisions were taken up, and %llu have an end",
			  (unsigned long long)decisions, (unsigned long long)ends);
	if (decisions > decided)
		violation(m, "counters: %llu decisions were taken up, %llu given",
			  (unsigned long long)decisions, (unsigned long long)decided);
	if (total(m, SCXU_COUNT_invalid))
		violation(m, "counters: %llu invalid decisions",
			  (unsigned long long)total(m, SCXU_COUNT_invalid));
}

static void check_tasks(struct scxu_sim *m)
{
	uint64_t run = m->agent.task.runtime, spent = 0;
	unsigned int i, waiting = 0, custody = 0;
	const struct task *t;

	m->weight_sum = 0;
	m->weight_max = 1;
	m->nr_runnable = 0;
	for (i = 0; i < m->o.nr_cpus; i++) {
		struct cpu *c = &m->cpus[i];

		machine_update_curr(m, c);
		spent += c->idle_ns + c->offline_ns;
		if (c->idle)
			spent += m->now - c->idle_since;
		if (!c->online)
			spent += m->now - c->offline_since;
	}
	run = m->agent.task.runtime;
	for (i = 0; i < m->nr_tasks; i++) {
		t = m->tasks[i];
		if (t->where == RUNS && m->cpus[t->cpu].curr != t) {
			violation_concerns(m, t);
			violation(m, "lost: task %d runs, but CPU %u does not know", t->pid,
				  t->cpu);
		}
		if (t->where != DEAD)
			run += t->runtime;
		if (t->where != DEAD && t->where != SLEEPS) {
			m->weight_sum += t->weight;
			if (m->weight_max < t->weight)
				m->weight_max = t->weight;
			m->nr_runnable++;
		}
		if (t->where == CUSTODY || t->where == SHARED || t->where == STARVED ||
		    t->where == LOCAL)
			waiting++;
		if (t->where != CUSTODY)
			continue;
		custody++;
		if (m->records[t->slot].state != (t->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING)) {
			violation_concerns(m, t);
			violation(m, "lost: task %d waits in custody, its record says %#llx",
				  t->pid, (unsigned long long)m->records[t->slot].state);
		}
	}
	for (i = 0; i < m->workload->nr_programs; i++)
		run += m->classes[i].runtime;
	TAILQ_FOREACH(t, &m->all_waiting, waiting)
	waiting--;
	if (waiting)
		violation(m, "lost: %d tasks wait and are not known to", (int)waiting);
	if (custody != m->nr_custody)
		violation(m, "lost: %u tasks in custody, %u counted", custody, m->nr_custody);
	if (run + spent != m->now * m->o.nr_cpus)
		violation(m, "time: %.6f ms run, %.6f ms idle or offline, of %.6f ms", ms(run),
			  ms(spent), ms(m->now * m->o.nr_cpus));
}

/*
 * Of two tasks that could run all the time, neither has had more CPU time by its weight than the
 * other by more than some slices of either, at any time [Golestani: A Self-Clocked Fair Queueing
 * Scheme for Broadband Applications, 1994: one packet of each]. A slice ends at a tick here, and
 * CPUs have decisions in stock, so it is a slice and a tick of each, and FAIR_MARGIN: of runs with
 * nices from -20 to 19, vruntime comes to half of that and eevdf to three quarters.
 *
 * Each is compared to those that are there as long as itself, and not to a share of all that has
 * been run: of a crowd that ends when each has had the same, those are left that are behind.
 */
#define FAIR_MARGIN 2

/* It has been there from the start, and wants as much as it can get by one weight. */
static bool has_share(const struct task *t)
{
	return !t->slept && !t->changed && t->started <= 2 * START_SPREAD_NS;
}

static void check_shares(struct scxu_sim *m)
{
	uint64_t slice = m->longest_slice > m->o.slice_ns ? m->longest_slice : m->o.slice_ns;
	double allowed = FAIR_MARGIN * (double)(slice + m->tick_ns), most = 0, least = 0;
	const struct task *t, *ahead = NULL, *behind = NULL;
	unsigned int i;

	ideal_update(m);
	/* who is worth nearly a CPU or more, or may not use one, gets less: the rest is others' */
	if (m->k.own_order || m->limited || m->ideal_capped > 2 * START_SPREAD_NS)
		return;
	for (i = 0; i < m->nr_tasks; i++) {
		t = m->tasks[i];
		if (!has_share(t))
			continue;
		if (!ahead || ((double)t->runtime - allowed) / t->weight > most) {
			most = ((double)t->runtime - allowed) / t->weight;
			ahead = t;
		}
		if (!behind || ((double)t->runtime + allowed) / t->weight < least) {
			least = ((double)t->runtime + allowed) / t->weight;
			behind = t;
		}
	}
	if (!ahead || most <= least)
		return;
	violation_concerns(m, ahead);
	violation_concerns(m, behind);
	violation(m,
		  "share: task %d (%s, weight %u) ran for %.3f ms, and task %d (%s, weight %u) for "
		  "%.3f ms: more than %.3f ms of each apart",
		  ahead->pid, ahead->comm, ahead->weight, ms(ahead->runtime), behind->pid,
		  behind->comm, behind->weight, ms(behind->runtime), allowed / 1e6);
}

void check_audit(struct scxu_sim *m)
{
	check_tasks(m);
	check_counters(m);
	check_starvation(m);
	check_shares(m);
}
