/* SPDX-License-Identifier: GPL-2.0-only */
/* What a function prints: stdout and stderr into memory, while it runs. */
#ifndef SCXU_TESTS_CAPTURE_H
#define SCXU_TESTS_CAPTURE_H

#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

struct capture {
	int fd[2], saved[2]; /* of stdout, stderr */
	char text[2][16384];
};

static inline void capture_begin(struct capture *c)
{
	int i;

	fflush(NULL);
	for (i = 0; i < 2; i++) {
		c->fd[i] = memfd_create("capture", 0);
		c->saved[i] = dup(i + 1);
		NEED(c->fd[i] >= 0 && c->saved[i] >= 0 && dup2(c->fd[i], i + 1) >= 0);
	}
}

static inline void capture_end(struct capture *c)
{
	ssize_t n;
	int i;

	fflush(NULL);
	for (i = 0; i < 2; i++) {
		dup2(c->saved[i], i + 1);
		close(c->saved[i]);
		n = pread(c->fd[i], c->text[i], sizeof(c->text[i]) - 1, 0);
		c->text[i][n > 0 ? n : 0] = 0;
		close(c->fd[i]);
	}
}

#define CAPTURED_OUT(c) ((c)->text[0])
#define CAPTURED_ERR(c) ((c)->text[1])

#endif
