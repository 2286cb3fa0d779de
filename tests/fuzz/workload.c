// SPDX-License-Identifier: GPL-2.0-only
/*
 * A workload: words, or the text of an rt-app file. What is refused is refused with a
 * message; what is not, runs on a simulated machine for a moment, its invariants hold, and
 * its report is JSON.
 *
 * The first byte says on how many CPUs; a text that begins with '{' or '[' is a file.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/backend/sim/sim.h"
#include "lib/backend/sim/workload.h"
#include "policies/vruntime/vruntime.h"

#include "input.h"

#define TEXT_MAX 4096u
#define TASKS	 200u

static void check_report(const struct scxu_sim *sim)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	json_error_t wrong;
	json_t *json;

	MUST(to);
	scxu_sim_report(sim, to, false);
	scxu_sim_gantt(sim, to);
	MUST(!fseek(to, 0, SEEK_SET));
	scxu_sim_report(sim, to, true);
	fputc(0, to);
	MUST(!fclose(to));
	json = json_loads(text, 0, &wrong);
	if (!json)
		fprintf(stderr, "line %d: %s\n%s\n", wrong.line, wrong.text, text);
	MUST(json);
	json_decref(json);
	free(text);
}

static void run(const struct scxu_workload *workload, unsigned int cpus)
{
	struct scxu_sim_options o;
	struct scxu_sim *sim;
	unsigned int i, tasks = 0;

	for (i = 0; i < workload->nr_programs; i++)
		tasks += workload->programs[i].instances;
	if (tasks > TASKS)
		return;
	scxu_sim_options_init(&o);
	o.nr_cpus = cpus;
	o.max_tasks = 64;
	o.duration = 2500000;
	o.gantt_to = o.duration;
	MUST(!scxu_sim_create(&vruntime_policy, workload, &o, &sim));
	if (scxu_sim_run(sim) == -EPROTO)
		fprintf(stderr, "violation: %s\n", scxu_sim_violation(sim));
	MUST(!scxu_sim_violation(sim));
	check_report(sim);
	scxu_sim_destroy(sim);
}

/* The loader opens a file by name: one that is memory. */
static int load_file(const char *text, unsigned int cpus, struct scxu_workload **ret, char *error,
		     size_t size)
{
	int fd = memfd_create("workload", MFD_CLOEXEC), err;
	char name[64];

	MUST(fd >= 0);
	MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	err = scxu_workload_load(name, cpus, ret, error, size);
	close(fd);
	return err;
}

/* No file of this machine's is to be opened. */
static bool names_file(const char *text)
{
	const char *end = strrchr(text, '.');

	return *text == '/' || *text == '.' || (end && !strcmp(end, ".json"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };
	unsigned int cpus = 1 + input_below(&in, SCXU_SIM_MAX_CPUS);
	size_t len = (size_t)(in.end - in.at) < TEXT_MAX ? (size_t)(in.end - in.at) : TEXT_MAX;
	struct scxu_workload *const untouched = (struct scxu_workload *)&in, *workload = untouched;
	char error[200] = "";
	char *text = strndup((const char *)in.at, len);
	int err;

	MUST(text);
	if (*text == '{' || *text == '[')
		err = load_file(text, cpus, &workload, error, sizeof(error));
	else if (!names_file(text))
		err = scxu_workload_load(text, cpus, &workload, error, sizeof(error));
	else
		err = -ENOENT, snprintf(error, sizeof(error), "not here");
	free(text);
	if (err) {
		MUST(err < 0 && workload == untouched && *error);
		MUST(strlen(error) < sizeof(error));
		return 0;
	}
	MUST(!*error);
	run(workload, cpus);
	scxu_workload_destroy(workload);
	return 0;
}
