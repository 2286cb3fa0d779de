// SPDX-License-Identifier: GPL-2.0-only
/* Topology out of a played sysfs. */
#include <sys/stat.h>
#include <unistd.h>

#include "lib/backend/kernel/topology.h"
#include "unit.h"

static char root[] = "/tmp/scxu-topology-XXXXXX";

static void put(unsigned int cpu, const char *name, const char *text)
{
	char path[256], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpu%u/%s", root, cpu, name);
	for (slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "we");
	NEED(f);
	fprintf(f, "%s\n", text);
	fclose(f);
}

static void is(const struct scxu_cpu_topology *t, int core, int sibling, int llc, int node)
{
	CHECK_EQ(t->core, core);
	CHECK_EQ(t->sibling, sibling);
	CHECK_EQ(t->llc, llc);
	CHECK_EQ(t->node, node);
}

int main(void)
{
	struct scxu_cpu_topology *t;
	char command[64];
	int i;

	NEED(mkdtemp(root));
	/* CPUs 0 and 4 are a core, 1 and 5 are one; two caches; CPU 3 is offline */
	for (i = 0; i < 6; i++) {
		char pair[16];

		if (i == 3)
			continue;
		snprintf(pair, sizeof(pair), i == 2 ? "2" : "%d,%d", i % 4, i % 4 + 4);
		put((unsigned int)i, "topology/thread_siblings_list", pair);
		put((unsigned int)i, "cache/index0/level", "1");
		put((unsigned int)i, "cache/index0/shared_cpu_list", pair);
		put((unsigned int)i, "cache/index1/level", "1");
		put((unsigned int)i, "cache/index1/shared_cpu_list", pair);
		put((unsigned int)i, "cache/index2/level", "3");
		put((unsigned int)i, "cache/index2/shared_cpu_list", i % 4 < 1 ? "0,4" : "1-2,5");
		put((unsigned int)i, i % 4 ? "node1/here" : "node0/here", "");
	}
	put(6, "topology/thread_siblings_list", "6-9,12-14"); /* four and more to a core */
	put(7, "topology/thread_siblings_list", "nonsense");
	put(9, "topology/thread_siblings_list", "6-9,12-14");
	put(14, "topology/thread_siblings_list", "6-9,12-14");
	t = topology_read(root, 15);
	NEED(t);
	is(&t[0], 0, 4, 0, 0);
	is(&t[1], 1, 5, 1, 1);
	is(&t[2], 2, 2, 1, 1);
	is(&t[3], 3, 3, 3, 0);
	is(&t[4], 0, 0, 0, 0);
	is(&t[5], 1, 1, 1, 1);
	is(&t[6], 6, 7, 6, 0);
	is(&t[7], 7, 7, 7, 0);
	is(&t[9], 6, 12, 9, 0);
	is(&t[14], 6, 6, 14, 0);
	free(t);
	t = topology_read("/nonexistent", 2);
	NEED(t);
	is(&t[1], 1, 1, 1, 0);
	free(t);
	snprintf(command, sizeof(command), "rm -r %s", root);
	CHECK_EQ(system(command), 0);
	return UNIT_END();
}
