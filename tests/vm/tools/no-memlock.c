// SPDX-License-Identifier: GPL-2.0-only
/* no-memlock PROGRAM ARG...: runs it as root, but with a memory lock limit that holds. */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/capability.h>

int main(int argc, char **argv)
{
	struct rlimit few = { 65536, 65536 };

	if (argc < 2)
		return 2;
	if (setrlimit(RLIMIT_MEMLOCK, &few) || prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) ||
	    prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0)) {
		perror("no-memlock");
		return 2;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
