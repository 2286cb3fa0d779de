// SPDX-License-Identifier: GPL-2.0-only
/* Each counter has a name, a text, and is found by its name. */
#include <ctype.h>

#include <scxu/stats.h>

#include "bpf/abi.h"
#include "unit.h"

int main(void)
{
	struct scxu_stats stats = { 0 };
	unsigned int i, j, n = scxu_stats_nr_counters();

	CHECK_EQ(n, SCXU_NR_COUNTERS);
	CHECK_LE(n, SCXU_STATS_COUNTERS);
	for (i = 0; i < n; i++) {
		const char *name = scxu_stats_name(i), *text = scxu_stats_text(i), *p;

		NEED(name && text);
		CHECK_LE(1, strlen(name));
		CHECK_LE(10, strlen(text));
		CHECK(!strchr(text, '\n'));
		for (p = name; *p; p++)
			CHECK(islower((unsigned char)*p) || *p == '_');
		for (j = 0; j < i; j++)
			CHECK(strcmp(name, scxu_stats_name(j)));
		stats.counters[i] = 1000 + i;
	}
	for (i = 0; i < n; i++)
		CHECK_EQ(scxu_stats_counter(&stats, scxu_stats_name(i)), 1000 + i);
	CHECK(!scxu_stats_name(n));
	CHECK(!scxu_stats_text(n));
	CHECK(!scxu_stats_name(~0u));
	CHECK_EQ(scxu_stats_counter(&stats, "no such counter"), 0);
	CHECK_EQ(scxu_stats_counter(&stats, ""), 0);

	/* of the seed (S10), by the names under which the documents know them */
	CHECK_EQ(scxu_stats_counter(&stats, "user_enqueues"), 1000 + SCXU_COUNT_user_enqueues);
	CHECK_EQ(scxu_stats_counter(&stats, "kernel_enqueues"), 1000 + SCXU_COUNT_kernel_enqueues);
	CHECK_EQ(scxu_stats_counter(&stats, "failed_enqueues"), 1000 + SCXU_COUNT_failed_enqueues);
	CHECK_EQ(scxu_stats_counter(&stats, "stale"), 1000 + SCXU_COUNT_stale);
	CHECK_EQ(scxu_stats_counter(&stats, "bounced"), 1000 + SCXU_COUNT_bounced);
	return UNIT_END();
}
