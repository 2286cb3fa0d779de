// SPDX-License-Identifier: GPL-2.0-only
/*
 * slots: each task that has a slot in the loaded scheduler, that is, was ever handed to
 * user space, a line each: pid, weight, ns that it has run, its virtual time, name.
 */
#include <stdio.h>
#include <string.h>

#include "lib/backend/kernel/part.h"

int main(void)
{
	struct part part;
	int err = part_open(&part, false);
	unsigned int slot;

	for (slot = 0; !err && slot < part.shm.kernel->slots_high; slot++) {
		const struct scxu_record *r = &part.shm.records[slot];

		if (r->birth)
			printf("%d %u %llu %llu %.16s\n", r->pid, r->weight,
			       (unsigned long long)r->runtime, (unsigned long long)r->vtime,
			       r->comm);
	}
	part_close(&part);
	if (err)
		fprintf(stderr, "slots: %s\n", strerror(-err));
	return err != 0;
}
