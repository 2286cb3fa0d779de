// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user writes behind --policy. What is refused is refused with a message; what is
 * not, is a policy with values that its table allows, and the engine starts with it.
 */
#include <scxu/loader.h>
#include <scxu/log.h>
#include "lib/engine.h"
#include "tests/unit/kernel-part.h"

#include "input.h"

static unsigned int messages;

static void log_line(enum scxu_log_level level, const char *format, va_list args)
{
	char line[1024];

	(void)level;
	MUST(vsnprintf(line, sizeof(line), format, args) > 0);
	messages++;
}

static void start(const struct scxu_policy *policy)
{
	struct scxu_engine_options options = { .batch = 8, .slice_ns = 3000000 };
	struct kernel_part *k = kernel_part_create(2, 4);
	struct scxu_sched *sched;

	options.values = policy->values;
	MUST(!scxu_engine_create(policy->ops, &k->shm, &options, &sched));
	kernel_part_birth(k, 1, 10, 0);
	kernel_part_enqueue(k, 1, 0, &(struct wait_facts) { 0 });
	scxu_engine_pass(sched, 1000000);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct scxu_policy_option *o;
	struct scxu_policy *const untouched = (struct scxu_policy *)&messages, *policy = untouched;
	char *spec = strndup((const char *)data, size);
	int err;

	MUST(spec);
	scxu_log_set(log_line);
	messages = 0;
	/* a name with a slash is a file, which would be loaded into this process */
	if (memchr(spec, '/', strcspn(spec, ":"))) {
		free(spec);
		return 0;
	}
	err = scxu_policy_open(spec, &policy);
	free(spec);
	if (err) {
		MUST(err < 0 && policy == untouched && messages);
		return 0;
	}
	MUST(!messages);
	for (o = policy->ops->options; o && o->name; o++) {
		uint64_t value = policy->values[o - policy->ops->options];

		MUST(value >= o->min && value <= o->max);
	}
	start(policy);
	MUST(!scxu_policy_close(policy));
	return 0;
}
