// SPDX-License-Identifier: GPL-2.0-only
/* The option table: each kind of option with good and bad values, and its help. */
#include <errno.h>

#include "capture.h"
#include "options.h"

struct config {
	bool loud;
	bool quiet;
	unsigned int number;
	unsigned int wide;
	unsigned int time;
	unsigned int color;
};

static const char *const colors[] = { "red", "green", "blue", NULL };

static const struct option_spec specs[] = {
	{ 'l', "loud", NULL, OPTION_FLAG, offsetof(struct config, loud), 0, 0, NULL, "say more" },
	{ 0, "quiet", NULL, OPTION_FLAG, offsetof(struct config, quiet), 0, 0, NULL, "say less" },
	{ 'n', "number", "N", OPTION_NUMBER, offsetof(struct config, number), 5, 4096, NULL,
	  "a number\nin two lines" },
	{ 0, "wide", "N", OPTION_NUMBER, offsetof(struct config, wide), 0, 4294967295u, NULL,
	  "any number" },
	{ 0, "delay", "SEC", OPTION_NUMBER, offsetof(struct config, time), 1, 60, NULL, "a time" },
	{ 'c', "color", "COLOR", OPTION_CHOICE, offsetof(struct config, color), 0, 0, colors,
	  "a color" },
	{ 0 },
};

static struct capture c;

/* Up to three arguments. */
static int parse(struct config *config, const char *a, const char *b, const char *d)
{
	char *argv[] = { (char *)"test", (char *)a, (char *)b, (char *)d, NULL };
	int argc = 1, err;

	while (argv[argc])
		argc++;
	memset(config, 0, sizeof(*config));
	config->number = 8;
	capture_begin(&c);
	err = options_parse(specs, config, argc, argv);
	capture_end(&c);
	CHECK_STR(CAPTURED_OUT(&c), "");
	return err;
}

static void good(void)
{
	struct config config;

	CHECK_EQ(parse(&config, NULL, NULL, NULL), 0);
	CHECK_EQ(config.number, 8);
	CHECK(!config.loud);
	CHECK_EQ(parse(&config, "-l", "--quiet", NULL), 0);
	CHECK(config.loud && config.quiet);
	CHECK_EQ(parse(&config, "--loud", NULL, NULL), 0);
	CHECK(config.loud && !config.quiet);

	CHECK_EQ(parse(&config, "-n", "5", NULL), 0);
	CHECK_EQ(config.number, 5);
	CHECK_EQ(parse(&config, "-n4096", NULL, NULL), 0);
	CHECK_EQ(config.number, 4096);
	CHECK_EQ(parse(&config, "--number", "77", NULL), 0);
	CHECK_EQ(config.number, 77);
	CHECK_EQ(parse(&config, "--number=0078", "-l", NULL), 0);
	CHECK_EQ(config.number, 78);
	CHECK(config.loud);
	CHECK_EQ(parse(&config, "-ln", "6", NULL), 0);
	CHECK_EQ(config.number, 6);
	CHECK(config.loud);
	CHECK_EQ(parse(&config, "--wide", "4294967295", NULL), 0);
	CHECK_EQ(config.wide, 4294967295u);
	CHECK_EQ(parse(&config, "-n", "6", "-n7"), 0); /* the last one counts */
	CHECK_EQ(config.number, 7);

	CHECK_EQ(parse(&config, "--color", "blue", NULL), 0);
	CHECK_EQ(config.color, 2);
	CHECK_EQ(parse(&config, "-cgreen", NULL, NULL), 0);
	CHECK_EQ(config.color, 1);
	CHECK_EQ(parse(&config, "-l", "--", NULL), 0);
	CHECK_STR(CAPTURED_ERR(&c), "");
}

/* Refused, and what is said names what was wrong, or what would be right. */
static void bad(const char *a, const char *b, const char *d, const char *said)
{
	struct config config;

	if (!CHECK_EQ(parse(&config, a, b, d), -EINVAL) || !CHECK(strstr(CAPTURED_ERR(&c), said)))
		printf("  %s %s %s: said \"%s\"\n", a, b ? b : "", d ? d : "", CAPTURED_ERR(&c));
	CHECK(config.number == 8 || d);
}

static void numbers(void)
{
	static const char *const values[] = {
		"4",
		"4097",
		"0",
		"-1",
		"-5",
		"+5",
		" 5",
		"5 ",
		"5x",
		"x5",
		"0x10",
		"5.0",
		"5e1",
		"",
		" ",
		"99999999999999999999999",
		"18446744073709551621",
		"4294967301",
		"five",
	};
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		bad("--number", values[i], NULL, "--number");
		bad("-n", values[i], NULL, "from 5 to 4096");
	}
	bad("--wide", "4294967296", NULL, "from 0 to 4294967295");
	bad("--wide", "-1", NULL, "from 0 to 4294967295\n");
	bad("--delay", "61", NULL, "from 1 to 60 s\n");
}

static void all_else(void)
{
	struct config config;

	bad("--color", "yellow", NULL, "one of red green blue");
	bad("--color", "", NULL, "one of red green blue");
	bad("--color", "gree", NULL, "one of red green blue");
	bad("--color", "RED", NULL, "one of red green blue");
	bad("--nonsense", NULL, NULL, "--nonsense");
	bad("-x", NULL, NULL, "x");
	bad("--loud=yes", NULL, NULL, "loud");
	bad("--number", NULL, NULL, "number");
	bad("-n", NULL, NULL, "see test --help\n");
	bad("-l", "stray", NULL, "test: \"stray\" is not an option; see test --help\n");
	bad("stray", "-l", NULL, "\"stray\"");
	bad("--", "-l", NULL, "\"-l\"");
	bad("-", NULL, NULL, "\"-\"");
	bad("-n", "6", "-x", "x");

	/* the next call does not go on in the middle of a word where this one stopped */
	bad("-xl", NULL, NULL, "x");
	CHECK_EQ(parse(&config, "-n", "9", NULL), 0);
	CHECK_EQ(config.number, 9);
	CHECK(!config.loud);
}

static void help(void)
{
	static const char *const lines[] = {
		"  -l, --loud                 say more\n",
		"      --quiet                say less\n",
		"  -n, --number N             a number\n                             in two "
		"lines\n",
		"      --wide N               any number\n",
		"      --delay SEC            a time\n",
		"  -c, --color COLOR          a color\n",
	};
	const char *at;
	unsigned int i;

	capture_begin(&c);
	options_help(specs, stdout);
	capture_end(&c);
	CHECK_STR(CAPTURED_ERR(&c), "");
	for (i = 0, at = CAPTURED_OUT(&c); i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!CHECK(!strncmp(at, lines[i], strlen(lines[i])))) {
			printf("%s", CAPTURED_OUT(&c));
			break;
		}
		at += strlen(lines[i]);
	}
	CHECK(!*at);
}

int main(void)
{
	good();
	numbers();
	all_else();
	help();
	return UNIT_END();
}
