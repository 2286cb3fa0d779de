/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCXU_KERNEL_STATUS_H
#define SCXU_KERNEL_STATUS_H

#include <scxu/status.h>
#include "shm.h"

/* Episode number index; only the last SCXU_EPISODES are known. */
void scxu_status_episode(const struct scxu_kernel *k, uint64_t index,
			 struct scxu_floor_episode *ret);

/* All of it that the kernel part knows */
void scxu_status_fill(const struct scxu_shm *shm, struct scxu_status *ret);

#endif
