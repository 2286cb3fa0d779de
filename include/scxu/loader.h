/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: Finding a policy by name
 *
 * A policy is named by "NAME" (a built-in one) or by the path of a shared object,
 * which has a slash in it ("./mine.so"). Options may follow:
 * "vruntime:slice_us=3000,credit_us=0".
 */
#ifndef SCXU_LOADER_H
#define SCXU_LOADER_H

#include <scxu/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct scxu_policy - a policy, ready to run
 * @ops:	the policy
 * @values:	of its options, in the order of ops->options
 * Owned by the library, until scxu_policy_close().
 */
struct scxu_policy {
	const struct scxu_policy_ops *ops;
	const uint64_t *values;
};

/**
 * scxu_policy_open() - finds, loads and checks a policy and its options
 * @spec: see above
 * @ret: on success only; end with scxu_policy_close()
 * Returns: 0 or -errno, having logged what is wrong and what to do: -ENOENT no such
 * policy, file or symbol; -ELIBBAD not a shared object that can be loaded; -EPROTO
 * built for another version of the library; -EINVAL a member or an option is wrong;
 * -ENOMEM.
 */
int scxu_policy_open(const char *spec, struct scxu_policy **ret);

/** scxu_policy_close() - accepts NULL; returns NULL. No scheduler uses it any more. */
struct scxu_policy *scxu_policy_close(struct scxu_policy *policy);

/** scxu_policy_builtin() - the @i-th built-in policy; NULL beyond the last */
const struct scxu_policy_ops *scxu_policy_builtin(unsigned int i);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
