/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_SYSCTL_H
#define SCXU_LOAD_SYSCTL_H

#include <stdint.h>

/**
 * sysctl_set() - write a number to a file of /proc/sys, and remember what was there.
 * @path: a literal
 *
 * It is put back by sysctl_restore(), or when this process dies without. 0 or -errno (-EBUSY: another
 * scxu-load has changed it just now).
 */
int sysctl_set(const char *path, uint64_t value);

/** sysctl_raise() - the same, but only if less than @value is there. 0 or -errno. */
int sysctl_raise(const char *path, uint64_t value);

/** sysctl_restore() - put back whatever was there before the first change, last change first. */
void sysctl_restore(void);

#endif
