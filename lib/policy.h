/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCXU_LIB_POLICY_H
#define SCXU_LIB_POLICY_H

#include <scxu/policy.h>

#define SCXU_POLICY_OPTIONS_MAX 32u

/*
 * Is it complete, and of this version of the library. where is what messages begin
 * with. 0; or -EPROTO, -EINVAL having logged what is wrong and what to do.
 */
int scxu_policy_check(const struct scxu_policy_ops *ops, const char *where);

/* Can it be run with --decide standing, if that is asked for. 0; or -EINVAL, having logged why. */
int scxu_policy_check_standing(const struct scxu_policy_ops *ops, bool asked);

#endif
