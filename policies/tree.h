/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libbsd's red-black tree; RB_AUGMENT may be defined before. */
#ifndef SCXU_POLICIES_TREE_H
#define SCXU_POLICIES_TREE_H

#include <bsd/sys/cdefs.h>
#ifndef __unused /* tree.h wants it, cdefs.h leaves it out on Linux */
#define __unused __attribute__((unused))
#endif
#include <bsd/sys/tree.h>

#endif
