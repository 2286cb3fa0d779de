// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_ext alone: a scheduler without a callback, so that the kernel does what it does by default. A
 * task that wakes gets an idle CPU or its waker's, all others wait in one queue, first come first
 * served, for a slice of 20 ms each. What a round trip takes under it no scheduler of sched_ext can
 * take less of, but by other choices.
 */
#include "bpf/kernel.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license")
= "GPL";

SEC(".struct_ops.link")
struct sched_ext_ops alone_ops = {
	.name = "alone",
};
