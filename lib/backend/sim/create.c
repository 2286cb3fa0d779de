// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A machine before its first event and after its last: its options, its memory, what is
 * on it and what will befall it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel-part.h"
#include "lib/log.h"
#include "lib/policy.h"
#include "machine.h"

#define TASKS_MAX 65536u

struct task *machine_new_task(struct scxu_sim *m, unsigned int program, bool forked)
{
	const struct program *p = &m->workload->programs[program];
	struct task *t = m->free_tasks;

	if (t) {
		uint64_t timer = t->timer;

		m->free_tasks = t->next_free;
		memset(t, 0, sizeof(*t));
		t->timer = timer + 1; /* timers of its former life */
	} else {
		if (m->nr_tasks == m->max_tasks)
			return NULL;
		t = calloc(1, sizeof(*t));
		if (!t)
			return NULL;
		m->tasks[m->nr_tasks++] = t;
	}
	if (!forked) {
		t->waits = calloc(1, sizeof(*t->waits));
		if (!t->waits)
			return NULL;
	}
	t->forked = forked;
	t->pid = m->next_pid++;
	t->program = p;
	t->class = program;
	memcpy(t->comm, p->name, sizeof(t->comm));
	t->nice = p->nice;
	t->weight = weight_of_nice(p->nice);
	t->cpus = ~0ull >> (64 - m->o.nr_cpus);
	t->cpu = (unsigned int)(t->pid % (int)m->o.nr_cpus);
	t->cpu = machine_fallback_cpu(m, t);
	t->where = SLEEPS;
	m->classes[program].tasks++;
	kernel_part_init_task(m, t);
	return t;
}

void scxu_sim_options_init(struct scxu_sim_options *o)
{
	*o = (struct scxu_sim_options) {
		.size = sizeof(*o),
		.nr_cpus = 4,
		.max_tasks = 4096,
		.batch = 8,
		.hz = 250,
		.seed = 1,
		.duration = 10 * SECOND_NS,
		.slice_ns = 3000000,
		.floor_ns = 4000000,
		.switch_ns = 1500,
		.interrupt_ns = 1000,
		.wake_ns = 3000,
		.event_ns = 400,
		.decision_ns = 300,
	};
}

static bool options_are_valid(const struct scxu_sim_options *o)
{
	unsigned int cpus = 1, i;

	if (o->size != sizeof(*o) || o->nr_cpus < 1 || o->nr_cpus > SCXU_SIM_MAX_CPUS ||
	    o->max_tasks < 64 || o->max_tasks > TASKS_MAX || o->max_tasks % 64 || !o->batch ||
	    o->batch > SCXU_STOCK || o->hz < 100 || o->hz > 10000 ||
	    o->slice_ns < SCXU_SLICE_MIN_NS || o->slice_ns > SCXU_SLICE_MAX_NS ||
	    o->floor_ns < 1000 || o->nr_faults > SCXU_SIM_MAX_SPANS ||
	    o->nr_hotplug > SCXU_SIM_MAX_SPANS)
		return false;
	for (i = 0; i < SCXU_SIM_LEVELS; i++)
		cpus *= o->topology[i];
	if (o->topology[0] && cpus != o->nr_cpus)
		return false;
	for (i = 0; i < o->nr_hotplug; i++)
		if (o->hotplug[i].cpu >= o->nr_cpus)
			return false;
	return true;
}

static void place_events(struct scxu_sim *m)
{
	const struct scxu_sim_options *o = &m->o;
	unsigned int i;

	/* the ends first: where one span ends and another begins, that is the order */
	for (i = 0; i < o->nr_faults; i++)
		machine_event(m, o->faults[i].to, EVENT_CONT, 0, NULL, 0);
	for (i = 0; i < o->nr_hotplug; i++)
		machine_event(m, o->hotplug[i].to, EVENT_ONLINE, o->hotplug[i].cpu, NULL, 0);
	for (i = 0; i < o->nr_faults; i++)
		machine_event(m, o->faults[i].from, EVENT_STOP, 0, NULL, 0);
	for (i = 0; i < o->nr_hotplug; i++)
		machine_event(m, o->hotplug[i].from, EVENT_OFFLINE, o->hotplug[i].cpu, NULL, 0);
	machine_event(m, AUDIT_NS, EVENT_AUDIT, 0, NULL, 0);
}

static int place_tasks(struct scxu_sim *m)
{
	const struct scxu_workload *w = m->workload;
	unsigned int p, i;

	for (p = 0; p < w->nr_programs; p++) {
		for (i = 0; i < w->programs[p].instances; i++) {
			struct task *t = machine_new_task(m, p, false);

			if (!t)
				return -ENOMEM;
			behaviour_begin(t, w->programs[p].delay + 1000 +
						   sim_below(m, START_SPREAD_NS));
			machine_event(m, t->started, EVENT_TIMER, t->cpu, t, t->timer);
		}
	}
	return m->err;
}

static int allocate(struct scxu_sim *m)
{
	const struct scxu_workload *w = m->workload;
	unsigned int i, nr_tasks = 0;

	for (i = 0; i < w->nr_programs; i++)
		nr_tasks += w->programs[i].instances;
	m->max_tasks = nr_tasks + TASKS_MAX;
	m->tasks = calloc(m->max_tasks, sizeof(struct task *));
	m->classes = calloc(w->nr_programs, sizeof(*m->classes));
	m->mutexes = calloc(w->nr_mutexes + 1, sizeof(*m->mutexes));
	m->conditions = calloc(w->nr_conditions + 1, sizeof(*m->conditions));
	m->barriers = calloc(w->nr_barriers + 1, sizeof(*m->barriers));
	m->suspended = calloc(w->nr_programs, sizeof(*m->suspended));
	m->timers = calloc(w->nr_timers + 1, sizeof(*m->timers));
	m->last_gen = calloc(m->o.max_tasks, sizeof(*m->last_gen));
	if (m->o.gantt_to > m->o.gantt_from) {
		m->max_spans = SCXU_SIM_GANTT_RUNS;
		m->spans = calloc(m->max_spans, sizeof(*m->spans));
	}
	if (!m->tasks || !m->classes || !m->mutexes || !m->conditions || !m->barriers ||
	    !m->suspended || !m->timers || !m->last_gen || (m->max_spans && !m->spans))
		return -ENOMEM;
	for (i = 0; i <= w->nr_mutexes; i++)
		TAILQ_INIT(&m->mutexes[i].blocked);
	for (i = 0; i <= w->nr_conditions; i++)
		TAILQ_INIT(&m->conditions[i].blocked);
	for (i = 0; i <= w->nr_barriers; i++)
		TAILQ_INIT(&m->barriers[i].blocked);
	for (i = 0; i < w->nr_programs; i++)
		TAILQ_INIT(&m->suspended[i].blocked);
	return kernel_part_create(m);
}

/* See starve_bound() */
static uint64_t promise_of(const struct scxu_policy_ops *policy, const uint64_t *values)
{
	const struct scxu_policy_option *o = policy->options;
	unsigned int i;

	for (i = 0; o && o[i].name; i++) {
		uint64_t starve_ms = values ? values[i] : o[i].value;

		if (!strcmp(o[i].name, "starve_ms"))
			return starve_ms && starve_ms < STARVE_NS / 1000000 ? starve_ms * 1000000
									    : STARVE_NS;
	}
	return SECOND_NS;
}

static void place_agent(struct scxu_sim *m)
{
	struct task *t = &m->agent.task;

	t->pid = AGENT_PID;
	memcpy(t->comm, "scxu-agent", sizeof("scxu-agent"));
	t->weight = weight_of_nice(0);
	t->cpus = ~0ull >> (64 - m->o.nr_cpus);
	t->where = SLEEPS;
	kernel_part_init_task(m, t);
	m->agent.sleeps = true;
}

static void set_topology(const unsigned int *levels, unsigned int nr_cpus,
			 struct scxu_cpu_topology *ret)
{
	unsigned int threads = levels[3], of_llc = levels[2] * threads,
		     of_node = levels[1] * of_llc, cpu;

	for (cpu = 0; cpu < nr_cpus; cpu++) {
		unsigned int core = cpu - cpu % threads;

		ret[cpu] = (struct scxu_cpu_topology) {
			.core = (int)core,
			.sibling = (int)(core + (cpu + 1 - core) % threads),
			.llc = (int)(cpu - cpu % of_llc),
			.node = (int)(cpu / of_node),
		};
	}
}

static int create_engine(struct scxu_sim *m, const struct scxu_policy_ops *policy)
{
	struct scxu_cpu_topology topology[SCXU_SIM_MAX_CPUS];
	struct scxu_engine_options engine = {
		.batch = m->o.batch,
		.slice_ns = m->o.slice_ns,
		.values = m->o.values,
	};
	int err;

	if (m->o.topology[0]) {
		set_topology(m->o.topology, m->o.nr_cpus, topology);
		engine.topology = topology;
	}
	err = scxu_engine_create(policy, &m->shm, &engine, &m->sched);
	/* the other error of a valid policy is that there is no memory */
	if (err && err != -ENOMEM && policy->init)
		scxu_log(SCXU_LOG_ERROR, "policy \"%s\" cannot start: its init() returned %d (%s)",
			 policy->name, err, strerror(-err));
	return err;
}

int scxu_sim_create(const struct scxu_policy_ops *policy, const struct scxu_workload *workload,
		    const struct scxu_sim_options *options, struct scxu_sim **ret)
{
	struct scxu_sim *m;
	unsigned int cpu;
	int err;

	if (scxu_policy_check(policy, "policy") ||
	    scxu_policy_check_standing(policy, options->standing))
		return -EINVAL;
	if (!options_are_valid(options) || workload->nr_cpus > options->nr_cpus) {
		scxu_log(SCXU_LOG_ERROR, "an option of the simulation is out of its range, which "
					 "struct scxu_sim_options tells");
		return -EINVAL;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->o = *options;
	m->workload = workload;
	m->tick_ns = SECOND_NS / options->hz;
	m->nr_turns = 1;
	m->random = options->seed;
	m->next_pid = FIRST_PID;
	m->online_mask = ~0ull >> (64 - options->nr_cpus);
	TAILQ_INIT(&m->all_waiting);
	TAILQ_INIT(&m->starved);
	RB_INIT(&m->shared);
	for (cpu = 0; cpu < options->nr_cpus; cpu++) {
		m->cpus[cpu].online = true;
		m->cpus[cpu].resched_at = ~0ull;
		TAILQ_INIT(&m->cpus[cpu].local);
	}
	err = allocate(m);
	if (!err)
		err = create_engine(m, policy);
	if (!err) {
		m->promise = promise_of(policy, options->values);
		place_agent(m);
		machine_start(m);
		place_events(m);
		err = place_tasks(m);
	}
	if (err) {
		scxu_sim_destroy(m);
		return err;
	}
	*ret = m;
	return 0;
}

struct scxu_sim *scxu_sim_destroy(struct scxu_sim *m)
{
	unsigned int i;

	if (!m)
		return NULL;
	m->sched = scxu_engine_destroy(m->sched);
	kernel_part_destroy(m);
	for (i = 0; m->tasks && i < m->nr_tasks; i++) {
		free(m->tasks[i]->waits);
		free(m->tasks[i]);
	}
	free(m->last_gen);
	free(m->timers);
	free(m->suspended);
	free(m->barriers);
	free(m->conditions);
	free(m->mutexes);
	free(m->classes);
	free(m->tasks);
	free(m->spans);
	free(m->heap);
	free(m);
	return NULL;
}
