// SPDX-License-Identifier: LGPL-2.1-or-later
/* Topology out of sysfs: Documentation/ABI/{stable,testing}/sysfs-devices-system-cpu. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology.h"

#define LIST_MAX   4096 /* "0-3,8-11" of 1024 CPUs */
#define MAX_CACHES 16

/* First line of a file; false when there is none. */
static bool read_line(char line[LIST_MAX], const char *root, unsigned int cpu, const char *name)
{
	char path[512];
	bool good;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpu%u/%s", root, cpu, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	good = fgets(line, LIST_MAX, f);
	fclose(f);
	return good;
}

/* Of a list as in cpuset(7): its first CPU, and the next after cpu, in a circle. */
static void first_and_next(const char *list, int cpu, int *first, int *next)
{
	int least = -1, after = -1, from, to, n;

	while (sscanf(list, "%d%n", &from, &n) == 1) {
		list += n;
		to = from;
		if (sscanf(list, "-%d%n", &to, &n) == 1)
			list += n;
		list += *list == ',';
		if (least < 0)
			least = from;
		if (after < 0 && to > cpu)
			after = from > cpu ? from : cpu + 1;
	}
	*first = least >= 0 ? least : cpu;
	*next = after >= 0 ? after : *first;
}

/* The last level is the highest; where several have it (instructions, data), any will do. */
static int llc_of(const char *root, unsigned int cpu)
{
	char line[LIST_MAX], name[64];
	int highest = 0, llc = (int)cpu, next, i;

	for (i = 0; i < MAX_CACHES; i++) {
		snprintf(name, sizeof(name), "cache/index%d/level", i);
		if (!read_line(line, root, cpu, name))
			break;
		if (atoi(line) < highest)
			continue;
		highest = atoi(line);
		snprintf(name, sizeof(name), "cache/index%d/shared_cpu_list", i);
		if (read_line(line, root, cpu, name))
			first_and_next(line, (int)cpu, &llc, &next);
	}
	return llc;
}

/* cpuN has a link named for its node. */
static int node_of(const char *root, unsigned int cpu)
{
	struct dirent *entry;
	char path[512];
	int node = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/cpu%u", root, cpu);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "node%d", &node) == 1)
			break;
	if (dir)
		closedir(dir);
	return node;
}

struct scxu_cpu_topology *topology_read(const char *root, unsigned int nr_cpus)
{
	struct scxu_cpu_topology *all = calloc(nr_cpus, sizeof(*all));
	char line[LIST_MAX];
	unsigned int cpu;

	for (cpu = 0; all && cpu < nr_cpus; cpu++) {
		struct scxu_cpu_topology *t = &all[cpu];

		*t = (struct scxu_cpu_topology) { .core = (int)cpu, .sibling = (int)cpu };
		/* not there while it is offline */
		if (read_line(line, root, cpu, "topology/thread_siblings_list"))
			first_and_next(line, (int)cpu, &t->core, &t->sibling);
		t->llc = llc_of(root, cpu);
		t->node = node_of(root, cpu);
	}
	return all;
}
