// SPDX-License-Identifier: GPL-2.0-only
/* scx_userland status: who schedules this machine, since when, and how it went. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <scxu/status.h>

#include "log.h"
#include "options.h"
#include "verbs.h"

struct config {
	unsigned int episodes;
	bool counters;
	bool help;
};

static const struct option_spec specs[] = {
	{ 'n', "episodes", "N", OPTION_NUMBER, offsetof(struct config, episodes), 0,
	  SCXU_STATUS_EPISODES, NULL, "how many of the floor's last times to list (default 8)" },
	{ 'c', "counters", NULL, OPTION_FLAG, offsetof(struct config, counters), 0, 0, NULL,
	  "list all counters too" },
	{ 'h', "help", NULL, OPTION_FLAG, offsetof(struct config, help), 0, 0, NULL, "print this" },
	{ 0 },
};

/* Seconds from then to the time of the status. */
static double ago(const struct scxu_status *s, uint64_t then)
{
	return (double)(int64_t)(s->now - then) / 1e9;
}

static void print_loaded(const struct scxu_status *s, const struct config *config)
{
	const struct scxu_stats *c = &s->stats;
	unsigned int i;

	if (s->agent_pid)
		printf("agent:      process %d\n", s->agent_pid);
	else
		printf("agent:      none\n");
	printf("in charge:  %s, since %.1f s", s->floor ? "the floor" : "the agent",
	       ago(s, s->since));
	if (s->floor)
		printf(" (%s)", s->stats.floor_reason);
	putchar('\n');
	if (s->orphan_ends_at)
		printf("ends in:    %.1f s, if no agent comes\n", -ago(s, s->orphan_ends_at));
	printf("options:    --max-tasks %u --slice-us %u --floor-us %u --orphan-s %u%s%s%s%s\n",
	       s->max_tasks, s->slice_us, s->floor_us, s->orphan_s, s->partial ? " --partial" : "",
	       s->affinity_agent ? " --affinity agent" : "", s->idle_kernel ? " --idle kernel" : "",
	       s->standing ? " --decide standing" : "");
	printf("waiting:    %" PRIu64 " tasks; %" PRIu64 " of %" PRIu64 " slots used\n", c->waiting,
	       c->slots_used, c->slots_max);
	printf("waits:      p50 %.0f us, p99 %.0f us, max %.0f us\n",
	       (double)scxu_stats_wait(NULL, c, 50) / 1e3,
	       (double)scxu_stats_wait(NULL, c, 99) / 1e3,
	       (double)scxu_stats_wait(NULL, c, 100) / 1e3);
	printf("floor:      %" PRIu64 " times in charge, the longest that ended %.1f ms\n",
	       s->nr_episodes, (double)c->floor_longest_ns / 1e6);
	for (i = 0; i < s->nr_episodes && i < config->episodes; i++) {
		char text[128];

		scxu_episode_text(&s->episodes[i], text, sizeof(text));
		printf("            %.1f s ago, %s\n", ago(s, s->episodes[i].began), text);
	}
	for (i = 0; config->counters && i < scxu_stats_nr_counters(); i++)
		printf("%-18s %12" PRIu64 "  %s\n", scxu_stats_name(i), c->counters[i],
		       scxu_stats_text(i));
}

int verb_status(int argc, char **argv)
{
	struct config config = { .episodes = 8 };
	struct scxu_status status;
	int err;

	if (options_parse(specs, &config, argc, argv))
		return 2;
	if (config.help) {
		printf("Usage: scx_userland status [OPTION...]\n"
		       "\n"
		       "Tells whether the scheduler is loaded, which process is its agent, who is "
		       "in\n"
		       "charge (the agent, or the floor: the kernel part by itself) and since "
		       "when, and\n"
		       "the last times that the floor was. Needs root.\n"
		       "\n");
		options_help(specs, stdout);
		printf("\nExit status: 0 it is loaded; 1 it is not, or an error; 2 wrong "
		       "options.\n");
		return 0;
	}
	log_to_stderr(false);
	err = scxu_status_read(&status);
	switch (err) {
	case 0:
		print_loaded(&status, &config);
		return 0;
	case -ENOENT:
		printf("not loaded\n");
		if (status.exit_reason[0])
			printf("ended:      %s%s%s%s\n", status.exit_reason,
			       status.exit_message[0] ? " (" : "", status.exit_message,
			       status.exit_message[0] ? ")" : "");
		break;
	case -EACCES:
	case -EPERM:
		fprintf(stderr,
			"scx_userland: looking at the scheduler needs root: run it with sudo\n");
		break;
	case -EPROTO:
		fprintf(stderr, "scx_userland: a scheduler of another version is loaded; "
				"scx_userland stop ends it\n");
		break;
	default:
		fprintf(stderr, "scx_userland: cannot look at the scheduler: %s\n", strerror(-err));
	}
	return 1;
}
