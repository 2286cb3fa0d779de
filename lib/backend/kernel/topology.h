/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCXU_TOPOLOGY_H
#define SCXU_TOPOLOGY_H

#include <scxu/policy.h>

/*
 * What sysfs tells of each CPU; root is "/sys/devices/system/cpu". What it does not
 * tell is as for a CPU for itself. Ends with free(); NULL: no memory.
 */
struct scxu_cpu_topology *topology_read(const char *root, unsigned int nr_cpus);

#endif
