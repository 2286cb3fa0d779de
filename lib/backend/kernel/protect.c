// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "file.h"
#include "log.h"
#include "protect.h"

int protect_memory(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int err;

	setrlimit(RLIMIT_MEMLOCK, &all); /* what matters is whether mlockall() works */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a collapse holds mmap_lock */
	if (!mlockall(MCL_CURRENT | MCL_FUTURE))
		return 0;
	err = -errno;
	scxu_log(SCXU_LOG_ERROR,
		 "cannot lock memory: %s; raise the limit (ulimit -l unlimited, or "
		 "LimitMEMLOCK=infinity in the unit) or give CAP_IPC_LOCK",
		 strerror(-err));
	return err;
}

void protect_from_oom(void)
{
	int err = file_write("/proc/self/oom_score_adj", 0, "-1000");

	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "not protected from the OOM killer (/proc/self/oom_score_adj: %s)",
			 strerror(-err));
}

/* --- capabilities --------------------------------------------------------------- */

/* capabilities(7); of the calling thread, which is why libcap would be no help. */
static int capabilities(long call, struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(call, &header, data) ? -errno : 0;
}

void protect_drop_capabilities(void)
{
	struct __user_cap_data_struct none[2] = { 0 };
	int err = capabilities(SYS_capset, none);

	if (err)
		scxu_log(SCXU_LOG_WARNING, "cannot drop capabilities: %s", strerror(-err));
}

void protect_lower_capabilities(bool lower)
{
	struct __user_cap_data_struct data[2] = { 0 };
	int err = capabilities(SYS_capget, data), i;

	for (i = 0; i < 2; i++)
		data[i].effective = lower ? 0 : data[i].permitted;
	if (!err)
		err = capabilities(SYS_capset, data);
	if (err)
		scxu_log(SCXU_LOG_WARNING, "cannot %s capabilities: %s", lower ? "lower" : "raise",
			 strerror(-err));
}
