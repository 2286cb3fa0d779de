// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of the kernel that a load changes for its time, and which must never stay changed: a
 * machine left with a pid_max of some hundred is of little use.
 *
 * Each change has a guardian, a process that does nothing but outlive us: should we be killed, it
 * puts back what was there. And each changed file is locked, so that of two runs at once the second
 * does not take the first one's value for the machine's own, and put that back.
 */
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANGES_MAX 8

struct change {
	const char *path;
	uint64_t before;
	int lock; /* file descriptor */
	pid_t guardian;
};

static struct change changes[CHANGES_MAX];
static unsigned int nr_changes;

static int read_number(const char *path, uint64_t *ret)
{
	FILE *in = fopen(path, "re");
	int fields;

	if (!in)
		return -errno;
	fields = fscanf(in, "%" SCNu64, ret);
	fclose(in);
	return fields == 1 ? 0 : -ENODATA;
}

static int write_number(const char *path, uint64_t value)
{
	FILE *out = fopen(path, "we");
	int err = 0;

	if (!out)
		return -errno;
	fprintf(out, "%" PRIu64 "\n", value);
	/* The write, and so its error, comes with the close. */
	if (fclose(out))
		err = -errno;
	return err;
}

static void put_back(const struct change *change)
{
	int err = write_number(change->path, change->before);

	if (err)
		fprintf(stderr, "scxu-load: cannot put %" PRIu64 " back into %s: %s\n",
			change->before, change->path, strerror(-err));
}

static void __attribute__((noreturn)) guard(const struct change *change, pid_t parent)
{
	sigset_t set;
	int signal;

	/* All but SIGKILL, which is how the parent ends it when it is not needed. */
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	/* The parent may have died before that took effect. */
	if (getppid() == parent)
		sigwait(&set, &signal);
	put_back(change);
	_exit(0);
}

/* Lock @path for as long as it is changed. The file descriptor, or -errno. */
static int lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	return err;
}

/* Tasks forked meanwhile hold the same lock: closing it would not be enough. */
static void unlock(int fd)
{
	flock(fd, LOCK_UN);
	close(fd);
}

static void dismiss(const struct change *change)
{
	kill(change->guardian, SIGKILL);
	waitpid(change->guardian, NULL, 0);
	unlock(change->lock);
}

int sysctl_set(const char *path, uint64_t value)
{
	struct change change = { .path = path };
	pid_t parent = getpid();
	int err;

	if (nr_changes == CHANGES_MAX)
		return -ENOSPC;
	change.lock = lock(path);
	if (change.lock < 0)
		return change.lock;
	/* Only now: while it was not locked, it may have been somebody's for a time. */
	err = read_number(path, &change.before);
	if (err || change.before == value) {
		unlock(change.lock);
		return err;
	}
	change.guardian = fork();
	if (!change.guardian)
		guard(&change, parent);
	if (change.guardian < 0) {
		err = -errno;
		unlock(change.lock);
		return err;
	}
	err = write_number(path, value);
	if (err) {
		dismiss(&change);
		return err;
	}
	changes[nr_changes++] = change;
	return 0;
}

int sysctl_raise(const char *path, uint64_t value)
{
	uint64_t now;
	int err;

	err = read_number(path, &now);
	if (err || now >= value)
		return err;
	return sysctl_set(path, value);
}

void sysctl_restore(void)
{
	while (nr_changes) {
		const struct change *change = &changes[--nr_changes];

		put_back(change);
		dismiss(change);
	}
}
