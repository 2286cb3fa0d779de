// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report as a tree of values: built once, printed as JSON or looked up by path.
 */
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum node_type { NODE_OBJECT, NODE_ARRAY, NODE_SCALAR, NODE_TEXT };

struct report {
	enum node_type type;
	const char *key;
	char *text; /* scalar and text: as printed, without quotes */
	struct report *first; /* object and array: the children, in order */
	struct report *last;
	struct report *next;
};

static void *or_exit(void *memory)
{
	if (!memory) {
		fprintf(stderr, "scxu-load: no memory for the report\n");
		exit(1);
	}
	return memory;
}

static struct report *node_create(struct report *parent, const char *key, enum node_type type)
{
	struct report *node = or_exit(calloc(1, sizeof(*node)));

	node->type = type;
	node->key = key;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

struct report *report_create(void)
{
	struct report *root = or_exit(calloc(1, sizeof(*root)));

	root->type = NODE_OBJECT;
	return root;
}

struct report *report_object(struct report *parent, const char *key)
{
	return node_create(parent, key, NODE_OBJECT);
}

struct report *report_array(struct report *parent, const char *key)
{
	return node_create(parent, key, NODE_ARRAY);
}

static void add(struct report *parent, const char *key, enum node_type type, const char *text)
{
	node_create(parent, key, type)->text = or_exit(strdup(text));
}

void report_count(struct report *parent, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add(parent, key, NODE_SCALAR, text);
}

void report_number(struct report *parent, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	add(parent, key, NODE_SCALAR, text);
}

void report_real(struct report *parent, const char *key, double value, int digits)
{
	char text[400]; /* DBL_MAX has 309 digits before the point */

	if (!isfinite(value)) {
		report_null(parent, key);
		return;
	}
	snprintf(text, sizeof(text), "%.*f", digits, value);
	add(parent, key, NODE_SCALAR, text);
}

void report_text(struct report *parent, const char *key, const char *value)
{
	add(parent, key, NODE_TEXT, value);
}

void report_null(struct report *parent, const char *key)
{
	add(parent, key, NODE_SCALAR, "null");
}

void report_percentiles(struct report *parent, const char *key, const struct histogram *h,
			double unit_ns)
{
	struct report *node = report_object(parent, key);

	report_real(node, "p50", (double)histogram_percentile(h, 5000) / unit_ns, 1);
	report_real(node, "p99", (double)histogram_percentile(h, 9900) / unit_ns, 1);
	report_real(node, "p999", (double)histogram_percentile(h, 9990) / unit_ns, 1);
	report_real(node, "max", (double)histogram_max(h) / unit_ns, 1);
	report_count(node, "count", histogram_count(h));
}

void report_destroy(struct report *root)
{
	if (!root)
		return;
	for (struct report *child = root->first, *next; child; child = next) {
		next = child->next;
		report_destroy(child);
	}
	free(root->text);
	free(root);
}

static void print_string(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void print_node(const struct report *node, FILE *out)
{
	switch (node->type) {
	case NODE_SCALAR:
		fputs(node->text, out);
		return;
	case NODE_TEXT:
		print_string(node->text, out);
		return;
	case NODE_OBJECT:
	case NODE_ARRAY:
		break;
	}

	putc(node->type == NODE_OBJECT ? '{' : '[', out);
	for (const struct report *child = node->first; child; child = child->next) {
		if (child != node->first)
			putc(',', out);
		if (node->type == NODE_OBJECT) {
			print_string(child->key, out);
			putc(':', out);
		}
		print_node(child, out);
	}
	putc(node->type == NODE_OBJECT ? '}' : ']', out);
}

void report_json(const struct report *root, FILE *out)
{
	print_node(root, out);
	putc('\n', out);
}

static const struct report *find_child(const struct report *node, const char *key, size_t len)
{
	unsigned int index = 0;

	for (const struct report *child = node->first; child; child = child->next, index++) {
		char number[12];
		const char *name = child->key;

		if (node->type == NODE_ARRAY) {
			snprintf(number, sizeof(number), "%u", index);
			name = number;
		}
		if (strlen(name) == len && !memcmp(name, key, len))
			return child;
	}
	return NULL;
}

const struct report *report_find(const struct report *root, const char *path)
{
	const struct report *node = root;

	for (;;) {
		size_t len = strcspn(path, ".");

		node = find_child(node, path, len);
		if (!node || !path[len])
			return node;
		path += len + 1;
	}
}

static void print_paths(const struct report *node, const char *before, FILE *out)
{
	unsigned int index = 0;

	for (const struct report *child = node->first; child; child = child->next, index++) {
		char path[256];

		if (node->type == NODE_ARRAY)
			snprintf(path, sizeof(path), "%s%u", before, index);
		else
			snprintf(path, sizeof(path), "%s%s", before, child->key);
		if (report_is_value(child)) {
			fprintf(out, "%s\n", path);
			continue;
		}
		strncat(path, ".", sizeof(path) - strlen(path) - 1);
		print_paths(child, path, out);
	}
}

void report_paths(const struct report *node, FILE *out)
{
	print_paths(node, "", out);
}

bool report_is_value(const struct report *node)
{
	return node->type == NODE_SCALAR || node->type == NODE_TEXT;
}

void report_value(const struct report *node, FILE *out)
{
	fputs(report_is_value(node) ? node->text : "", out);
}
