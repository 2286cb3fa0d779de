// SPDX-License-Identifier: LGPL-2.1-or-later
/* Can this machine run it: asked before anything is loaded, answered with what to do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/btf.h>

#include <scxu/runner.h>
#include "file.h"
#include "log.h"
#include "part.h"
#include "types.h"

#define SYS_SCX "/sys/kernel/sched_ext/"

/* Kernel functions that the kernel part cannot do without; either name will do. */
static const struct {
	const char *name;
	const char *older;
} functions[] = {
	{ "scx_bpf_dsq_insert", "scx_bpf_dispatch" },
	{ "scx_bpf_dsq_insert_vtime", "scx_bpf_dispatch_vtime" },
	{ "scx_bpf_dsq_move_to_local", "scx_bpf_consume" },
	{ "scx_bpf_create_dsq", NULL },
	{ "scx_bpf_dispatch_cancel", NULL },
	{ "scx_bpf_kick_cpu", NULL },
	{ "bpf_iter_scx_dsq_new", NULL },
	{ "bpf_task_from_pid", NULL },
};

static int check_kernel(const char *release)
{
	struct btf *btf = kernel_types();
	size_t i;
	int err = 0;

	if (!btf) {
		scxu_log(SCXU_LOG_ERROR,
			 "kernel %s has no BTF type information (/sys/kernel/btf/vmlinux): "
			 "run a kernel built with CONFIG_DEBUG_INFO_BTF",
			 release);
		return -EOPNOTSUPP;
	}
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (btf__find_by_name_kind(btf, functions[i].name, BTF_KIND_FUNC) > 0 ||
		    (functions[i].older &&
		     btf__find_by_name_kind(btf, functions[i].older, BTF_KIND_FUNC) > 0))
			continue;
		scxu_log(SCXU_LOG_ERROR,
			 "kernel %s lacks %s(): run kernel 6.12 or newer with "
			 "CONFIG_SCHED_CLASS_EXT",
			 release, functions[i].name);
		err = -EOPNOTSUPP;
	}
	return err;
}

static bool ours_is_loaded(void)
{
	struct part part;
	int err = part_open(&part, false);

	part_close(&part);
	return err != -ENOENT;
}

int scxu_runner_check(void)
{
	char state[64], ops[160] = "";
	struct utsname uts;

	uname(&uts);
	if (file_read(SYS_SCX "state", state, sizeof(state))) {
		scxu_log(
			SCXU_LOG_ERROR,
			"kernel %s has no sched_ext (" SYS_SCX " is missing): run kernel 6.12 or "
			"newer with CONFIG_SCHED_CLASS_EXT=y, or try it in a guest with ./run --vm",
			uts.release);
		return -ENOSYS;
	}
	if (geteuid()) {
		scxu_log(SCXU_LOG_ERROR, "loading a scheduler needs root: run it with sudo");
		return -EPERM;
	}
	if (ours_is_loaded())
		return 0; /* to be taken over */
	if (strcmp(state, "disabled")) {
		file_read(SYS_SCX "root/ops", ops, sizeof(ops));
		scxu_log(SCXU_LOG_ERROR,
			 "another sched_ext scheduler is loaded: \"%s\" (state %s); end it first",
			 ops[0] ? ops : "unknown", state);
		return -EBUSY;
	}
	return check_kernel(uts.release);
}
