// SPDX-License-Identifier: GPL-2.0-only
/* Loads alone.bpf.c, and unloads it on SIGINT or SIGTERM. */
#include <signal.h>
#include <stdio.h>

#include "alone.skel.h"

int main(void)
{
	struct bpf_link *link;
	struct alone_bpf *skel;
	sigset_t ends;
	int signal;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	skel = alone_bpf__open_and_load();
	if (!skel) {
		perror("sched-ext-alone: cannot load");
		return 1;
	}
	link = bpf_map__attach_struct_ops(skel->maps.alone_ops);
	if (!link) {
		perror("sched-ext-alone: cannot attach");
		alone_bpf__destroy(skel);
		return 1;
	}
	sigwait(&ends, &signal);
	bpf_link__destroy(link);
	alone_bpf__destroy(skel);
	return 0;
}
