// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>

#include "log.h"

static void (*sink)(enum scxu_log_level level, const char *format, va_list args);

void scxu_log_set(void (*write)(enum scxu_log_level level, const char *format, va_list args))
{
	sink = write;
}

void scxu_vlog(enum scxu_log_level level, const char *format, va_list args)
{
	if (sink)
		sink(level, format, args);
}

void scxu_log(enum scxu_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	scxu_vlog(level, format, args);
	va_end(args);
}
