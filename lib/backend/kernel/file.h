/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files of /proc, /sys and /run, at one go. 0 or -errno. */
#ifndef SCXU_FILE_H
#define SCXU_FILE_H

#include <stddef.h>
#include <stdio.h>

/* Opens it with those flags too; one that it makes is for its owner only. */
int file_write(const char *path, int flags, const char *text);

/* The first line, without its end, as far as there is room. */
int file_read(const char *path, char *text, size_t size);

/*
 * A note in /run of how things are before they are changed, as write() prints it: all of it or
 * nothing. One that is there is of an agent that was killed, and right.
 */
int file_note(const char *path, int (*write)(FILE *note));

#endif
