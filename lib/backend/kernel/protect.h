/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an agent does so that the machine leaves it alone, and it the machine. */
#ifndef SCXU_PROTECT_H
#define SCXU_PROTECT_H

#include <stdbool.h>

/* No page faults, no huge-page collapse. 0 or -errno, having logged what to do. */
int protect_memory(void);

/* The kernel shall kill others first when memory runs out. Warns if it may not. */
void protect_from_oom(void);

/* The calling thread has no capability any more, and gets none back. */
void protect_drop_capabilities(void);

/* The calling thread uses none of those that it may have; or all again. */
void protect_lower_capabilities(bool lower);

#endif
