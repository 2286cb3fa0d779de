// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report tree: its JSON to the letter, and look-up by path.
 */
#include <math.h>

#include "report.h"
#include "unit.h"

static char text[4096];

static const char *json(const struct report *root)
{
	FILE *out = fmemopen(text, sizeof(text), "w");

	report_json(root, out);
	fclose(out);
	return text;
}

static const char *value(const struct report *root, const char *path)
{
	const struct report *node = report_find(root, path);
	FILE *out;

	if (!node)
		return "(none)";
	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text), "w");
	report_value(node, out);
	fclose(out);
	return text;
}

static const char *paths(const struct report *root)
{
	FILE *out;

	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text), "w");
	report_paths(root, out);
	fclose(out);
	return text;
}

static struct report *sample(void)
{
	struct report *root = report_create(), *array, *node;

	report_real(root, "seconds", 5, 3);
	report_count(root, "large", UINT64_MAX);
	report_number(root, "small", -20);
	report_text(root, "spec", "a \"b\" \\ \n");
	report_null(root, "nothing");
	report_real(root, "infinite", INFINITY, 1);
	report_real(root, "no_number", NAN, 1);
	array = report_array(root, "hogs");
	for (int i = 0; i < 2; i++) {
		node = report_object(array, NULL);
		report_real(node, "share", .25 * (i + 1), 4);
		report_count(report_object(node, "one"), "max", (uint64_t)i);
	}
	report_array(root, "empty");
	return root;
}

int main(void)
{
	struct report *root = sample();

	CHECK_STR(json(root), "{\"seconds\":5.000,\"large\":18446744073709551615,\"small\":-20,"
			      "\"spec\":\"a \\\"b\\\" \\\\ \\u000a\","
			      "\"nothing\":null,\"infinite\":null,\"no_number\":null,\"hogs\":[{"
			      "\"share\":0.2500,\"one\":{\"max\":0}},"
			      "{\"share\":0.5000,\"one\":{\"max\":1}}],\"empty\":[]}\n");

	CHECK_STR(value(root, "seconds"), "5.000");
	CHECK_STR(value(root, "small"), "-20");
	CHECK_STR(value(root, "nothing"), "null");
	CHECK_STR(value(root, "spec"), "a \"b\" \\ \n");
	CHECK_STR(value(root, "hogs.0.share"), "0.2500");
	CHECK_STR(value(root, "hogs.1.share"), "0.5000");
	CHECK_STR(value(root, "hogs.1.one.max"), "1");

	CHECK(!report_find(root, ""));
	CHECK(!report_find(root, "second"));
	CHECK(!report_find(root, "secondss"));
	CHECK(!report_find(root, "seconds."));
	CHECK(!report_find(root, "seconds.x"));
	CHECK(!report_find(root, ".seconds"));
	CHECK(!report_find(root, "hogs.2.share"));
	CHECK(!report_find(root, "hogs.share"));
	CHECK(!report_find(root, "hogs..share"));
	CHECK(!report_find(root, "hogs.00.share"));
	CHECK(!report_find(root, "empty.0"));

	CHECK(report_is_value(report_find(root, "seconds")));
	CHECK(report_is_value(report_find(root, "nothing")));
	CHECK(!report_is_value(report_find(root, "hogs")));
	CHECK(!report_is_value(report_find(root, "hogs.0")));

	CHECK_STR(paths(root), "seconds\nlarge\nsmall\nspec\nnothing\ninfinite\nno_number\nhogs.0."
			       "share\nhogs.0.one.max\n"
			       "hogs.1.share\nhogs.1.one.max\n");
	report_destroy(root);
	report_destroy(NULL);
	return UNIT_END();
}
