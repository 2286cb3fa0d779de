// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include <scxu/log.h>
#include "log.h"

static bool verbose;

static void log_line(enum scxu_log_level level, const char *format, va_list args)
{
	static const char *const prefix[] = { "error: ", "warning: ", "", "" };

	if (level == SCXU_LOG_DEBUG && !verbose)
		return;
	fprintf(stderr, "scx_userland: %s", prefix[level]);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void log_to_stderr(bool with_debug)
{
	verbose = with_debug;
	scxu_log_set(log_line);
}
