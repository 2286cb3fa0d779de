// SPDX-License-Identifier: GPL-2.0-only
/* A simulated machine of nodes, caches and cores, as its policy is told of it. */
#include "lib/backend/sim/sim.h"
#include "policies/vruntime/vruntime.h"
#include "tests/unit/unit.h"

#define CPUS 12

static struct scxu_cpu_topology told[CPUS];

static int init(struct scxu_sched *sched)
{
	int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		CHECK_EQ(scxu_cpu_topology(sched, cpu, &told[cpu]), 0);
	return vruntime_policy.init ? vruntime_policy.init(sched) : 0;
}

static int try(const struct scxu_workload *workload, const unsigned int *levels)
{
	struct scxu_policy_ops policy = vruntime_policy;
	struct scxu_sim_options o;
	struct scxu_sim *sim = NULL;
	int err;

	scxu_sim_options_init(&o);
	policy.init = init;
	o.nr_cpus = CPUS;
	o.duration = 10000000;
	memcpy(o.topology, levels, sizeof(o.topology));
	err = scxu_sim_create(&policy, workload, &o, &sim);
	if (!err)
		err = scxu_sim_run(sim);
	scxu_sim_destroy(sim);
	return err;
}

int main(void)
{
	static const unsigned int none[SCXU_SIM_LEVELS],
		wrong[] = { 2, 1, 3, 1 }, levels[] = { 2, 1, 2, 3 }, caches[] = { 1, 3, 2, 2 };
	struct scxu_workload *workload = NULL;
	char error[256];
	int cpu;

	NEED(!scxu_workload_load("hogs:14", CPUS, &workload, error, sizeof(error)));
	CHECK_EQ(try(workload, none), 0);
	for (cpu = 0; cpu < CPUS; cpu++) {
		CHECK_EQ(told[cpu].core, cpu);
		CHECK_EQ(told[cpu].sibling, cpu);
		CHECK_EQ(told[cpu].llc, cpu);
		CHECK_EQ(told[cpu].node, 0);
	}
	/* two nodes, a cache each, of two cores of three */
	CHECK_EQ(try(workload, levels), 0);
	for (cpu = 0; cpu < CPUS; cpu++) {
		CHECK_EQ(told[cpu].core, cpu / 3 * 3);
		CHECK_EQ(told[cpu].sibling, cpu % 3 == 2 ? cpu - 2 : cpu + 1);
		CHECK_EQ(told[cpu].llc, cpu < 6 ? 0 : 6);
		CHECK_EQ(told[cpu].node, cpu / 6);
	}
	CHECK_EQ(try(workload, caches), 0);
	for (cpu = 0; cpu < CPUS; cpu++) {
		CHECK_EQ(told[cpu].core, cpu & ~1);
		CHECK_EQ(told[cpu].sibling, cpu ^ 1);
		CHECK_EQ(told[cpu].llc, cpu & ~3);
		CHECK_EQ(told[cpu].node, 0);
	}
	CHECK_EQ(try(workload, wrong), -EINVAL);
	scxu_workload_destroy(workload);
	return UNIT_END();
}
