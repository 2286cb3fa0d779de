// SPDX-License-Identifier: GPL-2.0-only
/*
 * verified: how many instructions the kernel's verifier went through for each loaded program of
 * the type struct_ops, and for all; a line each: number, name.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	unsigned long all = 0;
	__u32 id = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0 || bpf_prog_get_info_by_fd(fd, &info, &size)) {
			fprintf(stderr, "verified: program %u: %s\n", id, strerror(errno));
			return 1;
		}
		close(fd);
		if (info.type != BPF_PROG_TYPE_STRUCT_OPS)
			continue;
		printf("%u %s\n", info.verified_insns, info.name);
		all += info.verified_insns;
	}
	printf("%lu all\n", all);
	return 0;
}
