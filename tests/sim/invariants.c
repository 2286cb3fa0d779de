// SPDX-License-Identifier: GPL-2.0-only
/* Each invariant can fail: a sound machine after 100 ms, with one thing wrong in it. */
#include "lib/backend/sim/machine.h"
#include "policies/vruntime/vruntime.h"
#include "tests/unit/unit.h"

static struct task *find(struct scxu_sim *m, enum where where)
{
	unsigned int i;

	for (i = 0; i < m->nr_tasks; i++)
		if (m->tasks[i]->where == where)
			return m->tasks[i];
	NEED(!"a task in that state");
	return NULL;
}

static void nothing(struct scxu_sim *m)
{
	check_event(m);
}

static void custody(struct scxu_sim *m)
{
	m->kernel->nr_waiting++;
	check_event(m);
}

static void generation(struct scxu_sim *m)
{
	struct task *t = find(m, CUSTODY);

	check_custody(m, t, (t->gen - 1) << SCXU_GEN_SHIFT); /* a second time */
}

static void twice(struct scxu_sim *m)
{
	struct task *t = find(m, RUNS);

	check_running(m, t, t->cpu);
}

static void affinity(struct scxu_sim *m)
{
	struct task *t = find(m, CUSTODY);

	m->cpus[0].curr = NULL;
	t->where = LOCAL;
	t->cpus = 2;
	check_running(m, t, 0);
}

static void idle(struct scxu_sim *m)
{
	m->cpus[0].idle = true;
	m->cpus[0].idle_since = 0;
	m->idle_mask = 1;
	TAILQ_FIRST(&m->all_waiting)->queued_at = 0;
	check_event(m);
}

static void starvation(struct scxu_sim *m)
{
	m->o.starve_ns = 1000000;
	TAILQ_FIRST(&m->all_waiting)->queued_at = 0;
	check_audit(m);
}

/* Of 100 ms that a task has waited, turns explain 80: the third had a slice of 6. */
static void promise(struct scxu_sim *m, uint64_t ns)
{
	m->k.own_order = true;
	m->promise = ns;
	TAILQ_FIRST(&m->all_waiting)->queued_at = 0;
	check_audit(m);
}

static void promise_kept(struct scxu_sim *m)
{
	promise(m, 60000000);
}

static void promise_broken(struct scxu_sim *m)
{
	promise(m, 10000000);
}

static void the_floor(struct scxu_sim *m)
{
	m->kernel->floor_reason = SCXU_FLOOR_LATE;
	check_event(m);
}

static void counters(struct scxu_sim *m)
{
	m->kcpus[0].counters[SCXU_COUNT_applied]++;
	check_audit(m);
}

static void lost(struct scxu_sim *m)
{
	m->records[find(m, CUSTODY)->slot].state &= ~SCXU_STATE_MASK;
	check_audit(m);
}

static void lost_from_list(struct scxu_sim *m)
{
	TAILQ_REMOVE(&m->all_waiting, TAILQ_FIRST(&m->all_waiting), waiting);
	check_audit(m);
}

static void run_time(struct scxu_sim *m)
{
	find(m, RUNS)->runtime += 1;
	check_audit(m);
}

static void share(struct scxu_sim *m)
{
	unsigned int i;

	for (i = 1; i < m->nr_tasks; i++) {
		m->tasks[0]->runtime += 15000000;
		m->tasks[i]->runtime -= 15000000;
	}
	check_audit(m);
}

static const struct {
	void (*tamper)(struct scxu_sim *m);
	const char *kind;
} cases[] = {
	{ nothing, NULL },
	{ check_audit, NULL },
	{ custody, "custody:" },
	{ twice, "twice:" },
	{ generation, "generation:" },
	{ affinity, "affinity:" },
	{ idle, "idle:" },
	{ starvation, "starvation:" },
	{ the_floor, "floor:" },
	{ lost, "lost:" },
	{ counters, "counters:" },
	{ lost_from_list, "lost:" },
	{ run_time, "time:" },
	{ share, "share:" },
	{ promise_kept, NULL },
	{ promise_broken, "starvation:" },
};

int main(void)
{
	struct scxu_workload *workload = NULL;
	struct scxu_sim_options o;
	char error[256];
	size_t i;

	NEED(!scxu_workload_load("hogs:8x0", 2, &workload, error, sizeof(error)));
	scxu_sim_options_init(&o);
	o.nr_cpus = 2;
	o.max_tasks = 64;
	o.duration = 101000000;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scxu_sim *m = NULL;
		const char *said;

		NEED(!scxu_sim_create(&vruntime_policy, workload, &o, &m));
		CHECK_EQ(scxu_sim_run(m), 0);
		cases[i].tamper(m);
		said = scxu_sim_violation(m);
		if (!cases[i].kind)
			CHECK(!said);
		else if (!CHECK(said && !strncmp(said, cases[i].kind, strlen(cases[i].kind))))
			printf("not %s but %s\n", cases[i].kind, said ? said : "nothing");
		scxu_sim_destroy(m);
	}
	scxu_workload_destroy(workload);
	return UNIT_END();
}
