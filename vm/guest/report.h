/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_REPORT_H
#define SCXU_LOAD_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "histogram.h"

/**
 * struct report - a node of the report: an object, an array or one value.
 *
 * A tree that is only ever built and printed. Both --json and --get read it, so neither can say
 * what the other does not. Running out of memory ends the program: see report_create().
 */
struct report;

/**
 * report_create() - a new report: an empty object.
 *
 * Neither this nor the functions below return NULL or fail: a report of some kilobytes that cannot
 * be allocated is not worth the handling of it, so they print that and exit with status 1. Only the
 * program's main process builds reports.
 */
struct report *report_create(void);

/**
 * report_object() - a new object below @parent.
 * @parent: an object or an array
 * @key: its name below an object (kept by reference: a literal, or what outlives the tree); unused
 *	below an array
 */
struct report *report_object(struct report *parent, const char *key);
struct report *report_array(struct report *parent, const char *key);
void report_count(struct report *parent, const char *key, uint64_t value);
void report_number(struct report *parent, const char *key, int64_t value);
/** report_real() - @value with @digits after the point; null when it is not finite. */
void report_real(struct report *parent, const char *key, double value, int digits);
void report_text(struct report *parent, const char *key, const char *value);
void report_null(struct report *parent, const char *key);

/**
 * report_percentiles() - {p50, p99, p999, max, count} of nanoseconds, as @unit_ns (1000: µs) with 1
 * digit.
 */
void report_percentiles(struct report *parent, const char *key, const struct histogram *h,
			double unit_ns);

void report_destroy(struct report *root);

/** report_json() - the tree as one line of JSON, with a line feed. */
void report_json(const struct report *root, FILE *out);

/**
 * report_find() - the node at @path: keys and array indexes (from 0) joined by dots, such as
 * "hogs.0.share".
 *
 * NULL when there is none.
 */
const struct report *report_find(const struct report *root, const char *path);

/** report_paths() - print the path of every value below @node, a line each. */
void report_paths(const struct report *node, FILE *out);

/** report_is_value() - whether the node is one value and not an object or array. */
bool report_is_value(const struct report *node);

/**
 * report_value() - print one value bare (text without quotes, "null" for null), without a line
 * feed.
 */
void report_value(const struct report *node, FILE *out);

#endif
