// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel lacks is told by name, and either of a function's two names will do. The
 * kernel is a played one: BTF of functions, linked with --wrap; and so are its root, its
 * /sys/kernel/sched_ext, and that nothing of ours is loaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>

#include <scxu/log.h>
#include <scxu/runner.h>
#include "lib/backend/kernel/part.h"
#include "lib/backend/kernel/types.h"
#include "unit.h"

struct btf *__wrap_btf__load_vmlinux_btf(void);
int __wrap_open64(const char *path, int flags, ...);
uid_t __wrap_geteuid(void);

/* Of each, both names where it has two. */
static const char *const functions[][2] = {
	{ "scx_bpf_dsq_insert", "scx_bpf_dispatch" },
	{ "scx_bpf_dsq_insert_vtime", "scx_bpf_dispatch_vtime" },
	{ "scx_bpf_dsq_move_to_local", "scx_bpf_consume" },
	{ "scx_bpf_create_dsq", NULL },
	{ "scx_bpf_dispatch_cancel", NULL },
	{ "scx_bpf_kick_cpu", NULL },
	{ "bpf_iter_scx_dsq_new", NULL },
	{ "bpf_task_from_pid", NULL },
};

#define NR_FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static int lacks; /* index of the one that the kernel does not have by any name; -1: none */
static int name;	 /* 0: today's names, 1: the older ones; 2: no BTF at all */
static const char *state;
static char said[4096];
static int reads; /* of the kernel's types */

static void hear(enum scxu_log_level level, const char *format, va_list args)
{
	size_t len = strlen(said);

	CHECK_EQ(level, SCXU_LOG_ERROR);
	vsnprintf(said + len, sizeof(said) - len, format, args);
}

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	struct btf *btf;
	int proto;

	++reads;
	if (name == 2) {
		errno = ENOENT;
		return NULL;
	}
	btf = btf__new_empty();
	NEED(btf);
	proto = btf__add_func_proto(btf, 0);
	NEED(proto > 0);
	for (int i = 0; i < (int)NR_FUNCTIONS; i++) {
		const char *has = name && functions[i][1] ? functions[i][1] : functions[i][0];

		if (i != lacks)
			NEED(btf__add_func(btf, has, BTF_FUNC_GLOBAL, proto) > 0);
		else /* a type of that name is no function */
			NEED(btf__add_typedef(btf, has, proto) > 0);
	}
	return btf;
}

/* open() with 64-bit offsets, as meson asks for */
int __wrap_open64(const char *path, int flags, ...)
{
	const char *text = strcmp(path, "/sys/kernel/sched_ext/state") ? "another\n" : state;
	int fd;

	(void)flags;
	CHECK(!strncmp(path, "/sys/kernel/sched_ext/", 22));
	if (!text) {
		errno = ENOENT;
		return -1;
	}
	fd = memfd_create("sysfs", MFD_CLOEXEC);
	NEED(fd >= 0);
	NEED(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	NEED(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

uid_t __wrap_geteuid(void)
{
	return 0;
}

int part_open(struct part *part, bool agent)
{
	(void)part;
	(void)agent;
	return -ENOENT;
}

void part_close(struct part *part)
{
	(void)part;
}

static int checked(int which, int without)
{
	name = which;
	lacks = without;
	said[0] = 0;
	reads = 0;
	kernel_types_forget();
	return scxu_runner_check();
}

int main(void)
{
	int which, i, j;

	scxu_log_set(hear);
	state = "disabled\n";
	CHECK_EQ(checked(0, -1), 0);
	CHECK_STR(said, "");
	/* who loads the kernel part next asks for the same */
	CHECK(kernel_types());
	CHECK_EQ(reads, 1);
	CHECK_EQ(checked(1, -1), 0); /* as 6.12 has them */
	CHECK_STR(said, "");
	for (which = 0; which < 2; which++) {
		for (i = 0; i < (int)NR_FUNCTIONS; i++) {
			char text[64];

			CHECK_EQ(checked(which, i), -EOPNOTSUPP);
			snprintf(text, sizeof(text), " lacks %s(): run kernel 6.12 or newer",
				 functions[i][0]);
			CHECK(strstr(said, text));
			for (j = 0; j < (int)NR_FUNCTIONS; j++) {
				snprintf(text, sizeof(text), " lacks %s()", functions[j][0]);
				CHECK(j == i || !strstr(said, text));
			}
		}
	}
	CHECK_EQ(checked(2, -1), -EOPNOTSUPP);
	CHECK(strstr(said, "has no BTF type information"));
	CHECK(strstr(said, "CONFIG_DEBUG_INFO_BTF"));
	state = "enabled\n";
	CHECK_EQ(checked(0, -1), -EBUSY);
	CHECK(strstr(said, "another sched_ext scheduler is loaded: \"another\" (state enabled)"));
	state = NULL;
	CHECK_EQ(checked(0, -1), -ENOSYS);
	CHECK(strstr(said, "has no sched_ext"));
	CHECK(strstr(said, "CONFIG_SCHED_CLASS_EXT"));
	return UNIT_END();
}
