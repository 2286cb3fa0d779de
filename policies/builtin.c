// SPDX-License-Identifier: LGPL-2.1-or-later
/* The policies that come with the library, in the order in which they are listed. */
#include <scxu/loader.h>

#include "eevdf/eevdf.h"
#include "fifo/fifo.h"
#include "prio/prio.h"
#include "rr/rr.h"
#include "vruntime/vruntime.h"

static const struct scxu_policy_ops *const builtin[] = {
	&vruntime_policy, &eevdf_policy, &fifo_policy, &rr_policy, &prio_policy,
};

const struct scxu_policy_ops *scxu_policy_builtin(unsigned int i)
{
	return i < sizeof(builtin) / sizeof(builtin[0]) ? builtin[i] : NULL;
}
