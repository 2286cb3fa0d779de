/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCXU_LOG_H
#define SCXU_LOG_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** enum scxu_log_level - how important a message is */
enum scxu_log_level {
	SCXU_LOG_ERROR,
	SCXU_LOG_WARNING,
	SCXU_LOG_INFO,
	SCXU_LOG_DEBUG,
};

/**
 * scxu_log_set() - where messages of the library go
 * @write: called with a message without newline, on the thread that starts and
 * ends a scheduler, never on the agent's. NULL (the default) drops them.
 */
void scxu_log_set(void (*write)(enum scxu_log_level level, const char *format, va_list args));

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
