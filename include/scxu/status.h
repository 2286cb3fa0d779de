/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: Looking at a scheduler that runs, and ending it, from any process of root
 *
 * The kernel part outlives its agent: it is found by its pins in bpffs.
 */
#ifndef SCXU_STATUS_H
#define SCXU_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scxu/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define SCXU_STATUS_EPISODES 32

/**
 * struct scxu_floor_episode - a time in which the kernel part scheduled by itself
 * @began:	ns, CLOCK_MONOTONIC
 * @ended:	likewise; 0: it lasts
 * @tasks:	times that the floor queued a task meanwhile
 * @reason:	"start", "absent" (the agent ended), "silent" (it did not answer:
 *		stopped, blocked or looping), "late" (it answered, but gave no decision),
 *		"broken" (it gave impossible decisions)
 */
struct scxu_floor_episode {
	uint64_t began;
	uint64_t ended;
	uint64_t tasks;
	const char *reason;
};

/** scxu_episode_text() - "for 12.3 ms, 17 tasks: the agent did not answer" */
void scxu_episode_text(const struct scxu_floor_episode *episode, char *text, size_t size);

/**
 * struct scxu_status - of the loaded scheduler
 * @agent_pid:	its agent's process, in the initial pid namespace; 0: there is none
 * @floor:	the floor is in charge, because of @episodes[0].reason
 * @since:	ns, CLOCK_MONOTONIC: since when who is in charge is
 * @now:	the time of this status, likewise
 * @orphan_ends_at: when it will end by itself for want of an agent; 0: it will not
 * @max_tasks, @slice_us, @floor_us, @orphan_s, @partial, @affinity_agent, @idle_kernel, @standing:
 *		what it was loaded with
 * @stats:	what the kernel part has counted; what an agent counts is 0 there
 * @nr_episodes: since it was loaded
 * @episodes:	the last of them, latest first; up to SCXU_STATUS_EPISODES
 * @exit_reason: not "": it has ended, and this is why (without agent only)
 * @exit_message: more of it, or ""
 */
struct scxu_status {
	int agent_pid;
	bool floor;
	uint64_t since;
	uint64_t now;
	uint64_t orphan_ends_at;
	unsigned int max_tasks;
	unsigned int slice_us;
	unsigned int floor_us;
	unsigned int orphan_s;
	bool partial;
	bool affinity_agent;
	bool idle_kernel;
	bool standing;
	struct scxu_stats stats;
	uint64_t nr_episodes;
	struct scxu_floor_episode episodes[SCXU_STATUS_EPISODES];
	char exit_reason[128];
	char exit_message[1024];
};

/**
 * scxu_status_read() - what is loaded
 * Returns: 0; -ENOENT: none of ours is loaded (@ret has exit_reason of one that
 * ended for want of an agent, or ""); -EPROTO: one of another version is; -EACCES,
 * -EPERM: not root; or -errno.
 */
int scxu_status_read(struct scxu_status *ret);

/**
 * scxu_stop() - ends the loaded scheduler, whoever is its agent; restores sysctls
 * Returns: 0; -ENOENT: none is loaded (leftovers of one are removed); or -errno.
 */
int scxu_stop(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
