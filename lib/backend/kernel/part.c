// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "part.h"
#include "rcu.h"
#include "scxu.skel.h"
#include "types.h"

#define BPFFS	   "/sys/fs/bpf"
#define LOCK	   "/run/scx_userland.lock"
#define PIN_LINK   "link"
#define PIN_COMMIT "commit"
#define PIN_ENLIST "enlist"
#define PIN_BELL   "bell"
/* A timer lives as long as a descriptor or a pin of its map does. */
#define PIN_WATCH "watches"

/* The maps that both sides have in memory. */
static const struct shared_map {
	const char *pin;
	size_t value_size;
	size_t memory; /* where in struct scxu_shm */
	bool kernel_written;
} shared_maps[] = {
	{ "records", sizeof(struct scxu_record), offsetof(struct scxu_shm, records), true },
	{ "kernel", sizeof(struct scxu_kernel), offsetof(struct scxu_shm, kernel), true },
	{ "cpus", sizeof(struct scxu_cpu), offsetof(struct scxu_shm, cpus), true },
	{ "agent", sizeof(struct scxu_agent), offsetof(struct scxu_shm, agent), false },
	{ "agent_cpus", sizeof(struct scxu_agent_cpu), offsetof(struct scxu_shm, agent_cpus),
	  false },
	{ "standing", sizeof(struct scxu_standing), offsetof(struct scxu_shm, standing), false },
};

#define NR_SHARED_MAPS (sizeof(shared_maps) / sizeof(shared_maps[0]))

void part_init(struct part *p)
{
	memset(p, 0, sizeof(*p));
	p->link = p->bell = p->commit = p->enlist = -1;
}

/* --- pins ------------------------------------------------------------------- */

static void pin_path(char path[128], const char *name)
{
	snprintf(path, 128, SCXU_PINS "/%s", name);
}

static int pin(int fd, const char *name)
{
	char path[128];

	pin_path(path, name);
	if (bpf_obj_pin(fd, path))
		return -errno;
	return chmod(path, 0600) ? -errno : 0;
}

static int open_pin(const char *name)
{
	char path[128];
	int fd;

	pin_path(path, name);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

static void remove_pins(void)
{
	static const char *const others[] = { PIN_LINK, PIN_COMMIT, PIN_ENLIST, PIN_BELL,
					      PIN_WATCH };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		pin_path(path, others[i]);
		unlink(path);
	}
	for (i = 0; i < NR_SHARED_MAPS; i++) {
		pin_path(path, shared_maps[i].pin);
		unlink(path);
	}
	rmdir(SCXU_PINS);
}

static bool is_bpffs(void)
{
	struct statfs fs;

	return !statfs(BPFFS, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

static int make_pins(const struct scxu_bpf *skel)
{
	const struct bpf_map *const maps[NR_SHARED_MAPS] = {
		skel->maps.records, skel->maps.kernel,	   skel->maps.cpus,
		skel->maps.agent,   skel->maps.agent_cpus, skel->maps.standing,
	};
	size_t i;
	int err;

	if (!is_bpffs() && mount("bpf", BPFFS, "bpf", 0, "mode=0700")) {
		err = -errno;
		scxu_log(SCXU_LOG_ERROR,
			 "no BPF file system at " BPFFS ", and mounting one failed: %s; the "
			 "scheduler is pinned there to outlive its agent: mount -t bpf bpf " BPFFS,
			 strerror(-err));
		return err;
	}
	/* what a process left that was killed while it loaded, or a scheduler that has ended */
	remove_pins();
	err = mkdir(SCXU_PINS, 0700) ? -errno : 0;
	for (i = 0; !err && i < NR_SHARED_MAPS; i++)
		err = pin(bpf_map__fd(maps[i]), shared_maps[i].pin);
	if (!err)
		err = pin(bpf_map__fd(skel->maps.bell), PIN_BELL);
	if (!err)
		err = pin(bpf_map__fd(skel->maps.watches), PIN_WATCH);
	if (!err)
		err = pin(bpf_program__fd(skel->progs.scxu_commit), PIN_COMMIT);
	if (!err)
		err = pin(bpf_program__fd(skel->progs.scxu_enlist), PIN_ENLIST);
	if (err) {
		scxu_log(SCXU_LOG_ERROR, "cannot pin the kernel part in " SCXU_PINS ": %s",
			 strerror(-err));
		remove_pins();
	}
	return err;
}

int part_lock(void)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), err;

	if (fd >= 0 && !flock(fd, LOCK_EX))
		return fd;
	err = -errno;
	scxu_log(SCXU_LOG_ERROR, "cannot lock " LOCK ": %s", strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

/* --- memory ------------------------------------------------------------------- */

static int map_memory(struct part *p, const struct shared_map *m, unsigned int *entries)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size;
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = open_pin(m->pin), err;
	void *addr;

	if (fd < 0)
		return fd;
	if (bpf_map_get_info_by_fd(fd, &info, &len)) {
		err = -errno;
		close(fd);
		return err;
	}
	if (info.value_size != m->value_size) {
		close(fd);
		return -EPROTO;
	}
	*entries = info.max_entries;
	size = (m->value_size + 7) / 8 * 8 * info.max_entries;
	size = (size + page - 1) / page * page;
	addr = mmap(NULL, size, m->kernel_written ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	err = addr == MAP_FAILED ? -errno : 0;
	close(fd);
	if (err)
		return err;
	p->mappings[p->nr_mappings++] = (struct mapping) { addr, size };
	memcpy((char *)&p->shm + m->memory, &addr, sizeof(addr));
	return 0;
}

static int map_all(struct part *p, bool agent)
{
	unsigned int entries[NR_SHARED_MAPS] = { 0 }, i;
	int err;

	for (i = 0; i < NR_SHARED_MAPS; i++) {
		if (!agent && !shared_maps[i].kernel_written)
			continue;
		err = map_memory(p, &shared_maps[i], &entries[i]);
		if (err)
			return err;
	}
	p->shm.max_tasks = entries[0];
	p->shm.nr_cpus = entries[2];
	if (entries[1] != 1 || (agent && (entries[3] != 1 || entries[4] != entries[2] ||
					  (entries[5] != 1 && entries[5] != entries[0]))))
		return -EPROTO;
	return 0;
}

/* --- find it, load it, attach it ------------------------------------------------ */

static int open_programs(struct part *p)
{
	p->bell = open_pin(PIN_BELL);
	p->commit = open_pin(PIN_COMMIT);
	p->enlist = open_pin(PIN_ENLIST);
	if (p->bell < 0)
		return p->bell;
	if (p->commit < 0)
		return p->commit;
	return p->enlist < 0 ? p->enlist : 0;
}

int part_open(struct part *p, bool agent)
{
	int err;

	part_init(p);
	/* loaded, but never attached: of no use to anybody */
	p->link = open_pin(PIN_LINK);
	if (p->link < 0)
		return p->link;
	err = map_all(p, agent);
	if (!err)
		err = open_programs(p);
	if (!err && scxu_load_acquire(&p->shm.kernel->exited))
		return -ENOENT;
	if (!err && p->shm.kernel->loaded.abi != SCXU_ABI)
		err = -EPROTO;
	if (err == -ENOENT)
		err = -EPROTO; /* a link, but not the rest: another version's */
	return err;
}

/* A flag of struct sched_ext_ops by name, as the running kernel has it; 0 if it has not. */
static uint64_t ops_flag(const struct btf *btf, const char *name)
{
	const struct btf_type *t;
	uint64_t value = 0;
	int id, i;

	id = btf__find_by_name(btf, "scx_ops_flags");
	t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	for (i = 0; t && i < btf_vlen(t); i++) {
		if (btf_is_enum64(t)) {
			const struct btf_enum64 *e = btf_enum64(t) + i;

			if (!strcmp(btf__name_by_offset(btf, e->name_off), name))
				value = btf_enum64_value(e);
		} else if (btf_is_enum(t)) {
			const struct btf_enum *e = btf_enum(t) + i;

			if (!strcmp(btf__name_by_offset(btf, e->name_off), name))
				value = (uint32_t)e->val;
		}
	}
	return value;
}

static uint64_t ops_flags(const struct scxu_runner_options *o)
{
	struct btf *btf = kernel_types(); /* scxu_runner_check() tells of a kernel without */
	uint64_t flags = 0;

	if (!btf)
		return 0;
	/* without the second the kernel leaves tasks that exit where they are, behind real-time tasks */
	flags = ops_flag(btf, "SCX_OPS_KEEP_BUILTIN_IDLE") | ops_flag(btf, "SCX_OPS_ENQ_EXITING");
	/* likewise; see reenqueue_local() in bpf/compat.bpf.h */
	if (btf__find_by_name_kind(btf, "scx_bpf_reenqueue_local___v2", BTF_KIND_FUNC) <= 0)
		flags |= ops_flag(btf, "SCX_OPS_ENQ_MIGRATION_DISABLED");
	if (o->partial)
		flags |= ops_flag(btf, "SCX_OPS_SWITCH_PARTIAL");
	kernel_types_forget(); /* who loads needs them last */
	return flags;
}

/*
 * How many CPUs have come and gone. When it is another number at the attach, what was
 * read of the CPUs in between may be wrong, and the kernel asks for a restart. 0: it
 * does not tell, and does not compare.
 */
static uint64_t hotplug_seq(void)
{
	FILE *f = fopen("/sys/kernel/sched_ext/hotplug_seq", "re");
	uint64_t seq = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%" SCNu64, &seq) != 1)
		seq = 0;
	fclose(f);
	return seq;
}

static int load(struct scxu_bpf *skel, const struct scxu_runner_options *o, unsigned int nr_cpus)
{
	int err;

	skel->rodata->nr_cpu_ids = nr_cpus;
	skel->rodata->nr_possible = nr_cpus;
	skel->rodata->max_tasks = o->max_tasks;
	skel->rodata->slice_ns = o->slice_us * 1000ull;
	skel->rodata->floor_ns = o->floor_us * 1000ull;
	skel->rodata->orphan_ns = o->orphan_s * 1000000000ull;
	skel->rodata->modes = scxu_runner_modes(o);
	skel->rodata->affinity_agent = o->affinity_agent;
	skel->rodata->idle_kernel = o->idle_kernel;
	skel->rodata->decide_standing = o->standing;
	skel->rodata->test_no_floor = o->test_no_floor;
	skel->rodata->test_no_affinity_check = o->test_no_affinity_check;
	skel->struct_ops.scx_userland->hotplug_seq = hotplug_seq();
	skel->struct_ops.scx_userland->flags = ops_flags(o);
	err = bpf_map__set_max_entries(skel->maps.records, o->max_tasks);
	if (!err && o->standing)
		err = bpf_map__set_max_entries(skel->maps.standing, o->max_tasks);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.next_free, o->max_tasks);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.maybe_waiting, o->max_tasks / 64);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.cpus, nr_cpus);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.agent_cpus, nr_cpus);
	/* Private to the kernel part: no process can map it. */
	if (!err)
		err = bpf_map__set_map_flags(skel->maps.bss, 0);
	if (!err)
		err = scxu_bpf__load(skel);
	if (err)
		scxu_log(SCXU_LOG_ERROR, "the kernel refuses the kernel part: %s%s", strerror(-err),
			 o->verbose ? "" : " (--verbose shows the verifier's reason)");
	return err;
}

int part_load(struct part *p, const struct scxu_runner_options *o)
{
	int nr_cpus = libbpf_num_possible_cpus(), err;
	struct scxu_bpf *skel;

	part_init(p);
	if (nr_cpus < 1 || nr_cpus > (int)SCXU_MAX_CPUS) {
		scxu_log(SCXU_LOG_ERROR, "%d CPUs: 1 to %u are supported", nr_cpus, SCXU_MAX_CPUS);
		return -EOPNOTSUPP;
	}
	skel = scxu_bpf__open();
	if (!skel)
		return -errno;
	p->skel = skel;
	err = load(skel, o, (unsigned int)nr_cpus);
	/* Nobody writes these from user space any more, not even root by another mapping. */
	if (!err && (bpf_map_freeze(bpf_map__fd(skel->maps.records)) ||
		     bpf_map_freeze(bpf_map__fd(skel->maps.kernel)) ||
		     bpf_map_freeze(bpf_map__fd(skel->maps.cpus))))
		err = -errno;
	if (!err)
		err = make_pins(skel);
	if (!err)
		err = map_all(p, true);
	if (!err)
		err = open_programs(p);
	if (!err)
		return 0;
	part_unload(p);
	part_close(p);
	return err;
}

int part_attach(struct part *p)
{
	struct bpf_link *link;
	int err;

	rcu_hasten();
	link = bpf_map__attach_struct_ops(p->skel->maps.scx_userland);
	err = link ? 0 : -errno;
	rcu_restore();
	if (err) {
		scxu_log(SCXU_LOG_ERROR, "the kernel refuses to attach the scheduler: %s",
			 strerror(-err));
		return err;
	}
	err = pin(bpf_link__fd(link), PIN_LINK);
	if (!err) {
		p->link = open_pin(PIN_LINK);
		err = p->link < 0 ? p->link : 0;
	}
	if (err)
		scxu_log(SCXU_LOG_ERROR, "cannot pin the link in " SCXU_PINS ": %s",
			 strerror(-err));
	bpf_link__destroy(link); /* the pin has it */
	/* the maps and programs are reached by the pins' descriptors */
	scxu_bpf__destroy(p->skel);
	p->skel = NULL;
	return err;
}

void part_close(struct part *p)
{
	unsigned int i;

	for (i = 0; i < p->nr_mappings; i++)
		munmap(p->mappings[i].addr, p->mappings[i].size);
	if (p->link >= 0)
		close(p->link);
	if (p->bell >= 0)
		close(p->bell);
	if (p->commit >= 0)
		close(p->commit);
	if (p->enlist >= 0)
		close(p->enlist);
	scxu_bpf__destroy(p->skel);
	part_init(p);
}

static uint32_t link_id(int fd)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);

	return fd >= 0 && !bpf_link_get_info_by_fd(fd, &info, &len) ? info.id : 0;
}

/* Since the kernel part ended somebody may have loaded another, and pinned that. */
static bool pins_are_ours(const struct part *p)
{
	int fd = open_pin(PIN_LINK);
	bool ours = fd < 0 || link_id(fd) == link_id(p->link);

	if (fd >= 0)
		close(fd);
	return ours;
}

int part_unload(struct part *p)
{
	int err = 0;

	/* closing it would not do: another process may have it too */
	if (p->link >= 0) {
		rcu_hasten();
		if (bpf_link_detach(p->link) && errno != ENOLINK)
			err = -errno;
	}
	rcu_restore(); /* also what an agent left that was killed in between */
	if (!err && pins_are_ours(p))
		remove_pins();
	return err;
}
