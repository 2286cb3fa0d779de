/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCXU_POLICY_FIFO_H
#define SCXU_POLICY_FIFO_H

#include <scxu/policy.h>

extern const struct scxu_policy_ops fifo_policy;

#endif
