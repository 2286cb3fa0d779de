// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <scxu/status.h>
#include "part.h"
#include "settings.h"
#include "status.h"
#include "engine.h"

_Static_assert(SCXU_STATUS_EPISODES == SCXU_EPISODES, "all that the kernel part knows");

void scxu_episode_text(const struct scxu_floor_episode *e, char *text, size_t size)
{
	static const struct {
		const char *reason;
		const char *text;
	} why[] = {
		{ "start", "no agent had answered yet" },
		{ "absent", "the agent had ended" },
		{ "silent", "the agent did not answer" },
		{ "late", "the agent gave no decision" },
		{ "broken", "the agent gave impossible decisions" },
	};
	const char *said = e->reason;
	size_t i;

	for (i = 0; i < sizeof(why) / sizeof(why[0]); i++)
		if (!strcmp(why[i].reason, e->reason))
			said = why[i].text;
	if (e->ended)
		snprintf(text, size, "for %.1f ms, %" PRIu64 " tasks: %s",
			 (double)(e->ended - e->began) / 1e6, e->tasks, said);
	else
		snprintf(text, size, "still, %" PRIu64 " tasks: %s", e->tasks, said);
}

void scxu_status_episode(const struct scxu_kernel *k, uint64_t index,
			 struct scxu_floor_episode *ret)
{
	struct scxu_episode e;

	scxu_copy_in(&e, &k->episodes[index % SCXU_EPISODES], sizeof(e));
	*ret = (struct scxu_floor_episode) {
		.began = e.began,
		.ended = e.ended,
		.tasks = e.tasks,
		.reason = scxu_floor_reason(e.reason),
	};
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

void scxu_status_fill(const struct scxu_shm *shm, struct scxu_status *ret)
{
	const struct scxu_kernel *k = shm->kernel;
	const struct scxu_loaded *l = &k->loaded;
	uint64_t gone, n, i;

	scxu_stats_fill(shm, NULL, &ret->stats);
	ret->floor = ret->stats.floor;
	ret->agent_pid = scxu_load(&k->agent_tgid);
	ret->since = scxu_load(&k->in_charge_since);
	gone = scxu_load(&k->agent_gone_at);
	if (gone && l->orphan_s)
		ret->orphan_ends_at = gone + l->orphan_s * 1000000000ull;
	ret->max_tasks = l->max_tasks;
	ret->slice_us = l->slice_us;
	ret->floor_us = l->floor_us;
	ret->orphan_s = l->orphan_s;
	ret->partial = l->modes & SCXU_MODE_PARTIAL;
	ret->affinity_agent = l->modes & SCXU_MODE_AFFINITY_AGENT;
	ret->idle_kernel = l->modes & SCXU_MODE_IDLE_KERNEL;
	ret->standing = l->modes & SCXU_MODE_STANDING;
	n = scxu_load(&k->nr_episodes);
	ret->nr_episodes = n;
	for (i = 0; i < n && i < SCXU_EPISODES; i++)
		scxu_status_episode(k, n - 1 - i, &ret->episodes[i]);
}

int scxu_status_read(struct scxu_status *ret)
{
	struct scxu_status status = { .now = now_ns() };
	struct part part;
	int err = part_open(&part, false);

	if (!err) {
		scxu_status_fill(&part.shm, &status);
	} else if (err == -ENOENT && part.shm.kernel) {
		memcpy(status.exit_reason, part.shm.kernel->exit_reason,
		       sizeof(status.exit_reason) - 1);
		memcpy(status.exit_message, part.shm.kernel->exit_msg,
		       sizeof(status.exit_message) - 1);
	}
	part_close(&part);
	if (!err || err == -ENOENT)
		*ret = status;
	return err;
}

int scxu_stop(void)
{
	struct part part;
	int lock = part_lock(), err, ended;

	if (lock < 0)
		return lock;
	ended = part_open(&part, false);
	/* another version's too: its link is all that it takes */
	err = ended == -EACCES || ended == -EPERM ? ended : part_unload(&part);
	part_close(&part);
	if (!err)
		settings_restore();
	close(lock);
	return err ? err : ended == -EPROTO ? 0 : ended;
}
