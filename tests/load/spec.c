// SPDX-License-Identifier: GPL-2.0-only
/*
 * How scxu-load reads a LOAD: what the good ones mean, and that each bad one is refused for the
 * right reason, in words that name the part.
 */
#include "spec.h"
#include "unit.h"

static cpu_set_t online;

static bool parse(const char *text, struct load *ret)
{
	char error[SPEC_ERROR_SIZE] = "";

	if (!spec_parse(text, &online, ret, error, sizeof(error)))
		return true;
	printf("     '%s' was refused: %s\n", text, error);
	return false;
}

static void test_hogs(void)
{
	struct load load;

	NEED(parse("hogs:4x0,3x5,2x10,1x19", &load));
	CHECK_STR(load.kind->name, "hogs");
	CHECK_EQ(load.nr_tasks, 10);
	CHECK_EQ(load.nr_groups, 4);
	CHECK_EQ(load.groups[0].tasks, 4);
	CHECK_EQ(load.groups[0].nice, 0);
	CHECK_EQ(load.groups[3].tasks, 1);
	CHECK_EQ(load.groups[3].nice, 19);
	CHECK(!load.has_cpus && !load.has_nice && !load.has_policy);
	CHECK_EQ(CPU_COUNT(&load.cpus), 4);

	NEED(parse("hogs:7", &load));
	CHECK_EQ(load.nr_tasks, 7);
	CHECK_EQ(load.groups[0].nice, 0);
	NEED(parse("hogs:1x-20,1x-5", &load));
	CHECK_EQ(load.groups[0].nice, -20);
	CHECK_EQ(load.groups[1].nice, -5);
	NEED(parse("hogs-threads:10000x0", &load));
	CHECK_EQ(load.nr_tasks, 10000);
	CHECK(load.kind->flags & LOAD_THREADS);
	NEED(parse("hogs:2x0@cpus=0,2-3@policy=ext", &load));
	CHECK(load.has_cpus && CPU_ISSET(0, &load.cpus) && !CPU_ISSET(1, &load.cpus));
	CHECK(CPU_ISSET(2, &load.cpus) && CPU_ISSET(3, &load.cpus));
	CHECK_EQ(load_cpus(&load), 3);
	CHECK(load.has_policy);
	CHECK_EQ(load.policy, SCHED_EXT);
}

static void test_others(void)
{
	struct load load;

	NEED(parse("sleeper:1000", &load));
	CHECK_EQ(load.nr_tasks, 1);
	CHECK_EQ(load.argument[0], 1000000);
	NEED(parse("sleeper:250x3@nice=-5@cpus=1", &load));
	CHECK_EQ(load.nr_tasks, 3);
	CHECK_EQ(load.argument[0], 250000);
	CHECK_EQ(load.nice, -5);
	CHECK_EQ(load_cpus(&load), 1);
	NEED(parse("pingpong:6", &load));
	CHECK_EQ(load.nr_tasks, 12);
	NEED(parse("messages:2", &load));
	CHECK_EQ(load.nr_tasks, 80);
	NEED(parse("messages:2x5", &load));
	CHECK_EQ(load.nr_tasks, 20);
	NEED(parse("yielders:10000", &load));
	CHECK_EQ(load.option[0], 100);
	NEED(parse("yielders:3@us=20", &load));
	CHECK_EQ(load.option[0], 20);
	NEED(parse("burst:3@us=7@period_us=900", &load));
	CHECK_EQ(load.option[0], 900);
	CHECK_EQ(load.option[1], 7);
	NEED(parse("fifo-hogs:4@seconds=2", &load));
	CHECK_EQ(load.option[0], 2);
	NEED(parse("cpu-use", &load));
	CHECK_EQ(load.nr_tasks, 0);
}

/* Every kind can be parsed with the least that it takes, and describes itself for --help. */
static void test_all_kinds(void)
{
	for (unsigned int i = 0; load_kinds[i]; i++) {
		const struct load_kind *kind = load_kinds[i];
		struct load load;
		char text[64];

		snprintf(text, sizeof(text), "%s%s", kind->name, kind->argument ? ":20" : "");
		CHECK(parse(text, &load));
		CHECK(load.kind == kind);
		CHECK(kind->about && kind->paths && kind->report && kind->print);
		CHECK(!load.nr_tasks || kind->task);
	}
}

static const struct {
	const char *text;
	const char *says; /* part of the refusal */
} bad[] = {
	{ "", "no load ''" },
	{ "hog:4x0", "no load 'hog'; there are hogs hogs-threads" },
	{ "HOGS:4", "no load 'HOGS'" },
	{ "hogs", "wants its argument" },
	{ "hogs:", "wants its argument: hogs:NxNICE" },
	{ "hogs:@cpus=0", "wants its argument" },
	{ "hogs:x0", "the number of hogs ''" },
	{ "hogs:0x0", "the number of hogs '0'" },
	{ "hogs:-1x0", "the number of hogs '-1'" },
	{ "hogs:4x", "the nice value ''" },
	{ "hogs:4xx0", "the nice value 'x0'" },
	{ "hogs:4x20", "the nice value '20' is not a whole number from -20 to 19" },
	{ "hogs:4x-21", "the nice value '-21'" },
	{ "hogs:4x-", "the nice value '-'" },
	{ "hogs:4x0,", "the number of hogs ''" },
	{ "hogs:,4x0", "the number of hogs ''" },
	{ "hogs:4x0 ", "the nice value '0 '" },
	{ "hogs:4x0.5", "the nice value '0.5'" },
	{ "hogs:100001x0", "the number of hogs '100001'" },
	{ "hogs:99999x0,2x0", "more than 100000 tasks" },
	{ "hogs:999999999999999999999999999x0", "the number of hogs '9999" },
	{ "hogs:4x0@", "'@' is not of the form @KEY=VALUE" },
	{ "hogs:4x0@cpus", "'@cpus' is not of the form" },
	{ "hogs:4x0@cpus=", "@cpus= CPU ''" },
	{ "hogs:4x0@cpus=4", "CPU 4, which is not online" },
	{ "hogs:4x0@cpus=0-4", "CPU 4, which is not online" },
	{ "hogs:4x0@cpus=2-1", "range '2-1' runs backwards" },
	{ "hogs:4x0@cpus=0,", "@cpus= CPU ''" },
	{ "hogs:4x0@cpus=0-", "@cpus= CPU ''" },
	{ "hogs:4x0@cpus=a", "@cpus= CPU 'a'" },
	{ "hogs:4x0@cpus=0@cpus=1", "@cpus= is given twice" },
	{ "hogs:4x0@nice=3", "'hogs' takes no option '@nice='" },
	{ "hogs:4x0@policy=fifo", "@policy= 'fifo' is none of" },
	{ "hogs:4x0@policy=ext@policy=ext", "@policy= is given twice" },
	{ "hogs:4x0@us=3", "'hogs' takes no option '@us='" },
	{ "sleeper:", "wants its argument" },
	{ "sleeper:9", "the period in us '9'" },
	{ "sleeper:1000x0", "the number of sleepers '0'" },
	{ "sleeper:1000x", "the number of sleepers ''" },
	{ "sleeper:1000@nice=20", "@nice= '20'" },
	{ "sleeper:1000@nice=1@nice=1", "@nice= is given twice" },
	{ "sleeper:1ms", "the period in us '1ms'" },
	{ "sleeper:1000@jitter=101", "@jitter= '101' is not a whole number from 0 to 100" },
	{ "yielders:5@us=0", "@us= '0'" },
	{ "yielders:5@us=1@us=2", "@us= is given twice" },
	{ "pingpong:0", "the number of pairs '0'" },
	{ "messages:1x501", "the number of senders in a group '501'" },
	{ "messages:1000x500", "more than 100000 tasks" },
	{ "class-churn:3@policy=ext", "takes no option '@policy='" },
	{ "fifo-hogs:1@priority=40", "@priority= '40' is not a whole number from 1 to 39" },
	{ "cpu-use:1", "takes no argument, but has '1'" },
};

static void test_bad(void)
{
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct load load, before;
		char error[SPEC_ERROR_SIZE] = "";

		memset(&load, 0x5a, sizeof(load));
		before = load;
		if (!CHECK(spec_parse(bad[i].text, &online, &load, error, sizeof(error)) < 0))
			printf("     '%s' was taken\n", bad[i].text);
		if (!CHECK(strstr(error, bad[i].says)))
			printf("     '%s': \"%s\" does not say \"%s\"\n", bad[i].text, error,
			       bad[i].says);
		CHECK(!memcmp(&load, &before, sizeof(load)));
	}
}

/* An argument of any length is refused, not cut. */
static void test_long(void)
{
	char text[2000], error[SPEC_ERROR_SIZE];
	struct load load;

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "hogs:", 5);
	CHECK(spec_parse(text, &online, &load, error, sizeof(error)) < 0);
	CHECK(strlen(error) < sizeof(error));
	memcpy(text, "xxxxx", 5);
	CHECK(spec_parse(text, &online, &load, error, sizeof(error)) < 0);
	CHECK(strlen(error) < sizeof(error));
}

static void test_names(void)
{
	struct load loads[4];

	NEED(parse("hogs:1", &loads[0]) && parse("hogs-threads:1", &loads[1]));
	NEED(parse("hogs:2", &loads[2]) && parse("hogs:3", &loads[3]));
	spec_name_loads(loads, 4);
	CHECK_STR(loads[0].key, "hogs");
	CHECK_STR(loads[0].key_all, "hogs_all");
	CHECK_STR(loads[1].key, "hogs_threads");
	CHECK_STR(loads[1].key_all, "hogs_threads_all");
	CHECK_STR(loads[2].key, "hogs2");
	CHECK_STR(loads[3].key, "hogs3");
	CHECK_STR(loads[3].key_all, "hogs3_all");
}

int main(void)
{
	CPU_ZERO(&online);
	for (size_t cpu = 0; cpu < 4; cpu++)
		CPU_SET(cpu, &online);
	test_hogs();
	test_others();
	test_all_kinds();
	test_bad();
	test_long();
	test_names();
	return UNIT_END();
}
