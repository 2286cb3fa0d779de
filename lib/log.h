/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCXU_LIB_LOG_H
#define SCXU_LIB_LOG_H

#include <scxu/log.h>

void scxu_log(enum scxu_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void scxu_vlog(enum scxu_log_level level, const char *format, va_list args);

#endif
