// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/btf.h>

#include "types.h"

static struct btf *types;

struct btf *kernel_types(void)
{
	if (!types)
		types = btf__load_vmlinux_btf();
	return types;
}

void kernel_types_forget(void)
{
	btf__free(types);
	types = NULL;
}
