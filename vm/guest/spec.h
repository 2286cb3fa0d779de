/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_SPEC_H
#define SCXU_LOAD_SPEC_H

#include "load.h"

#define SPEC_ERROR_SIZE 320

/**
 * spec_parse() - a LOAD of the command line: KIND[:ARGUMENT][@KEY=VALUE]...
 * @text: kept by reference
 * @online: the CPUs that @cpus= may name
 * @ret: filled on success; untouched on failure
 * @error: on failure, what is wrong with which part; @error_size bytes
 *
 * 0 or -EINVAL.
 */
int spec_parse(const char *text, const cpu_set_t *online, struct load *ret, char *error,
	       size_t error_size);

/**
 * spec_number() - a whole number from @min to @max that is the whole of @len characters of @text.
 * @what: what it stands for, for the error
 */
int spec_number(const char *text, size_t len, int64_t min, int64_t max, const char *what,
		int64_t *ret, char *error, size_t error_size);

/**
 * spec_name_loads() - give each load its key in the report: the kind, and a number from the second
 * of a kind on.
 */
void spec_name_loads(struct load *loads, unsigned int n);

#endif
