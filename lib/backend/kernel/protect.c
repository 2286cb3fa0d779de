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

/* 0 or -errno. */
static int write_file(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n != (ssize_t)strlen(text))
		err = n < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

/* The first line, without its end. 0 or -errno. */
static int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return 0;
}

void protect_from_oom(void)
{
	int err = write_file("/proc/self/oom_score_adj", 0, "-1000");

	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "not protected from the OOM killer (/proc/self/oom_score_adj: %s)",
			 strerror(-err));
}

/* --- sysctls ------------------------------------------------------------------ */

/* One so far. Compaction moves locked pages too, unless told not to; a fault follows. */
#define SYSCTL "/proc/sys/vm/compact_unevictable_allowed"
#define NOTE   "/run/scx_userland.compact_unevictable_allowed"

void protect_set_sysctls(void)
{
	char value[32];
	int err = read_file(SYSCTL, value, sizeof(value));

	if (err == -ENOENT || (!err && !strcmp(value, "0")))
		return;
	/* first the note; one that is there is of an agent that was killed, and right */
	if (!err)
		err = write_file(NOTE, O_CREAT | O_EXCL | O_NOFOLLOW, value);
	if (!err || err == -EEXIST)
		err = write_file(SYSCTL, 0, "0");
	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "cannot set vm.compact_unevictable_allowed to 0 (%s): the agent may have "
			 "page faults when memory is compacted",
			 strerror(-err));
}

void protect_restore_sysctls(void)
{
	char value[32];
	int err = read_file(NOTE, value, sizeof(value));

	if (err == -ENOENT)
		return;
	if (!err)
		err = write_file(SYSCTL, 0, value);
	if (!err && unlink(NOTE))
		err = -errno;
	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "cannot restore vm.compact_unevictable_allowed from " NOTE ": %s",
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
