/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The running kernel's types: which functions, flags and members it has. */
#ifndef SCXU_TYPES_H
#define SCXU_TYPES_H

struct btf;

/*
 * kernel_types() - those of /sys/kernel/btf/vmlinux; NULL with errno: it has none
 *
 * Read when first asked for (several MB, each of whose types is looked at), and kept for
 * who asks next, until forgotten. Owned by this file.
 */
struct btf *kernel_types(void);

void kernel_types_forget(void);

#endif
