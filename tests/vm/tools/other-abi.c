// SPDX-License-Identifier: GPL-2.0-only
/* For scx_userland-abi: the command as of a later version, whose shared memory is laid out anew. */
#include "bpf/abi.h"

#undef SCXU_ABI
#define SCXU_ABI 9999u

#include "lib/backend/kernel/part.c"
