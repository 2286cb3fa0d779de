/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command prints of a running scheduler. */
#ifndef SCXU_CLI_REPORT_H
#define SCXU_CLI_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <scxu/runner.h>

/* A line of what happened since *before; now and then with headings. */
void report_interval(FILE *to, const struct scxu_stats *before, const struct scxu_stats *now,
		     double seconds, unsigned int line);

/* All counters, one a line with their meaning. */
void report_all(FILE *to, const struct scxu_stats *stats);

/* One line "final: key=value ...": for programs. */
void report_final(FILE *to, const struct scxu_stats *stats);

void report_exit(FILE *to, const struct scxu_exit *info, bool verbose);

#endif
