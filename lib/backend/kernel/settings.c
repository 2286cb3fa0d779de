// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "file.h"
#include "log.h"
#include "settings.h"
#include "types.h"

/* --- vm.compact_unevictable_allowed ------------------------------------------- */

#define COMPACT	     "/proc/sys/vm/compact_unevictable_allowed"
#define COMPACT_NOTE "/run/scx_userland.compact_unevictable_allowed"

static void change_compaction(void)
{
	char value[32];
	int err = file_read(COMPACT, value, sizeof(value));

	if (err == -ENOENT || (!err && !strcmp(value, "0")))
		return;
	/* first the note; one that is there is of an agent that was killed, and right */
	if (!err)
		err = file_write(COMPACT_NOTE, O_CREAT | O_EXCL | O_NOFOLLOW, value);
	if (!err || err == -EEXIST)
		err = file_write(COMPACT, 0, "0");
	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "cannot set vm.compact_unevictable_allowed to 0 (%s): the agent may have "
			 "page faults when memory is compacted",
			 strerror(-err));
}

static void restore_compaction(void)
{
	char value[32];
	int err = file_read(COMPACT_NOTE, value, sizeof(value));

	if (err == -ENOENT)
		return;
	if (!err)
		err = file_write(COMPACT, 0, value);
	if (!err && unlink(COMPACT_NOTE))
		err = -errno;
	if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "cannot restore vm.compact_unevictable_allowed from " COMPACT_NOTE ": %s",
			 strerror(-err));
}

/* --- the deadline server --------------------------------------------------------- */

#define SERVERS	    "/sys/kernel/debug/sched/ext_server"
#define SERVER_NOTE "/run/scx_userland.ext_server"

#define SHORTEST_NS 50000ull /* of its runtime: less is no time to do anything in */

struct server {
	unsigned int cpu;
	uint64_t runtime; /* ns, of each */
	uint64_t period; /* ns */
};

static int server_path(char *path, size_t size, unsigned int cpu, const char *what)
{
	return snprintf(path, size, SERVERS "/cpu%u/%s", cpu, what) < (int)size ? 0 : -ENAMETOOLONG;
}

static int read_number(unsigned int cpu, const char *what, uint64_t *ret)
{
	char path[PATH_MAX], text[32], end;
	int err = server_path(path, sizeof(path), cpu, what);

	if (!err)
		err = file_read(path, text, sizeof(text));
	if (!err && sscanf(text, "%" SCNu64 "%c", ret, &end) != 1)
		err = -EINVAL;
	return err;
}

static int write_number(unsigned int cpu, const char *what, uint64_t value)
{
	char path[PATH_MAX], text[32];
	int err = server_path(path, sizeof(path), cpu, what);

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return err ? err : file_write(path, 0, text);
}

static int read_server(struct server *s)
{
	int err = read_number(s->cpu, "runtime", &s->runtime);

	return err ? err : read_number(s->cpu, "period", &s->period);
}

/* At no time may the runtime be longer than the period. */
static int write_server(const struct server *s)
{
	struct server is = { .cpu = s->cpu };
	int err = read_server(&is);
	bool shrinks = s->period < is.period;

	if (!err && shrinks && s->runtime != is.runtime)
		err = write_number(s->cpu, "runtime", s->runtime);
	if (!err && s->period != is.period)
		err = write_number(s->cpu, "period", s->period);
	if (!err && !shrinks && s->runtime != is.runtime)
		err = write_number(s->cpu, "runtime", s->runtime);
	return err;
}

/* As they are now: a line for each CPU. -ENOENT: there are none. */
static int write_note(FILE *note)
{
	DIR *dir = opendir(SERVERS);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		struct server s = { 0 };
		char end;

		if (sscanf(entry->d_name, "cpu%u%c", &s.cpu, &end) != 1)
			continue;
		err = read_server(&s);
		if (!err && fprintf(note, "cpu%u %" PRIu64 " %" PRIu64 "\n", s.cpu, s.runtime,
				    s.period) < 0)
			err = -EIO;
	}
	closedir(dir);
	return err;
}

/* The kernel lets nobody write there then: -EBUSY, as where all of a CPU's shares come to too much. */
static bool cpu_is_offline(unsigned int cpu)
{
	char path[PATH_MAX], text[32];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	return !file_read(path, text, sizeof(text)) && !strcmp(text, "0");
}

static void change_server(struct server *s, uint64_t longest, unsigned int percent)
{
	double part = percent ? percent / 100. : (double)s->runtime / (double)s->period;

	if (!s->runtime) /* it is switched off */
		return;
	if (longest && s->period > longest)
		s->period = longest;
	else if (!percent)
		return;
	s->runtime = (uint64_t)(part * (double)s->period + .5);
	if (s->runtime < SHORTEST_NS)
		s->runtime = SHORTEST_NS;
}

/*
 * All as they were noted, but for periods that are longer than that, and this part of each; with 0
 * and 0 all as they were. The first error, having tried all; those of CPUs that are offline count
 * as none, and in *offline.
 */
static int set_servers(uint64_t longest, unsigned int percent, unsigned int *offline)
{
	FILE *note = fopen(SERVER_NOTE, "re");
	struct server s;
	int first = 0, n;

	if (!note)
		return -errno;
	while ((n = fscanf(note, "cpu%u %" SCNu64 " %" SCNu64 "\n", &s.cpu, &s.runtime,
			   &s.period)) != EOF) {
		int err;

		if (n != 3) {
			first = -EINVAL;
			break;
		}
		change_server(&s, longest, percent);
		err = write_server(&s);
		if (err == -EBUSY && cpu_is_offline(s.cpu))
			++*offline;
		else if (err && !first)
			first = err;
	}
	fclose(note);
	return first;
}

static void restore_servers(void)
{
	unsigned int offline = 0;
	int err;

	if (access(SERVER_NOTE, F_OK) && errno == ENOENT)
		return;
	err = set_servers(0, 0, &offline);
	if (offline)
		scxu_log(SCXU_LOG_WARNING,
			 "the deadline servers of CPUs that are offline (%u) cannot be restored: "
			 "\"scx_userland stop\" does it when they are online",
			 offline);
	else if (!err && unlink(SERVER_NOTE))
		err = -errno;
	if (err)
		scxu_log(SCXU_LOG_WARNING, "cannot restore " SERVERS " from " SERVER_NOTE ": %s",
			 strerror(-err));
}

/* Does the kernel have such servers, wherever debugfs may be. */
static bool kernel_has_servers(void)
{
	struct btf *btf = kernel_types();
	const struct btf_type *t;
	bool has = false;
	int id, i;

	if (!btf)
		return false;
	id = btf__find_by_name_kind(btf, "rq", BTF_KIND_STRUCT);
	t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	for (i = 0; t && i < btf_vlen(t); i++)
		has |= !strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), "ext_server");
	kernel_types_forget();
	return has;
}

static void change_servers(unsigned int ms, unsigned int percent)
{
	unsigned int offline = 0; /* those have no tasks */
	int err;

	if (!ms && !percent) { /* an agent before may have had another mind */
		restore_servers();
		return;
	}
	err = file_note(SERVER_NOTE, write_note);
	if (!err)
		err = set_servers(ms * 1000000ull, percent, &offline);
	if (err == -ENOENT && !kernel_has_servers())
		scxu_log(SCXU_LOG_WARNING,
			 "%s does nothing: this kernel has no deadline servers for tasks of "
			 "sched_ext (7.0 and newer have)",
			 ms ? "--ext-server-ms" : "--ext-server-pct");
	else if (err)
		scxu_log(SCXU_LOG_WARNING,
			 "cannot set the deadline servers in " SERVERS " (%s)%s: real-time tasks "
			 "that do not pause may keep all others from a CPU for up to a second",
			 strerror(-err),
			 err == -ENOENT	 ? "; is debugfs mounted there"
			 : err == -EBUSY ? "; deadline tasks and servers have the rest of a CPU"
					 : "");
}

/* --------------------------------------------------------------------------------- */

void settings_change(unsigned int ext_server_ms, unsigned int ext_server_pct)
{
	change_compaction();
	change_servers(ext_server_ms, ext_server_pct);
}

void settings_restore(void)
{
	restore_compaction();
	restore_servers();
}
