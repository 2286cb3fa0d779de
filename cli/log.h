/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_CLI_LOG_H
#define SCXU_CLI_LOG_H

#include <stdbool.h>

/* The library's messages go to stderr from now on; those for debugging if verbose. */
void log_to_stderr(bool verbose);

#endif
