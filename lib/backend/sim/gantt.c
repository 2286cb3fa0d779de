// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A picture of who ran where: a lane for each CPU, a colour for each class of tasks, its
 * shades for the tasks of one; black for the agent. Spans that are narrower than a pixel
 * are still a sliver, and the agent's, which mostly are, lie on top.
 */
#include <errno.h>

#include "machine.h"

#define WIDTH	1600.0
#define LEFT	70.0
#define LANE	34.0
#define BAR	28.0
#define ROW	20.0 /* of the legend */
#define COLUMN	160.0
#define COLUMNS ((unsigned int)(WIDTH / COLUMN))

/* Told apart by whoever sees fewer colours than others: Paul Tol's "muted", and more. */
static const struct {
	const char *colour;
	bool dark;
} palette[] = {
	{ "#88ccee", false }, { "#cc6677", false }, { "#117733", true },  { "#ddcc77", false },
	{ "#332288", true },  { "#44aa99", false }, { "#882255", true },  { "#999933", false },
	{ "#aa4499", true },  { "#ee7733", false }, { "#0077bb", true },  { "#bbbbbb", false },
	{ "#661100", true },  { "#ffaabb", false }, { "#bbcc33", false }, { "#225555", true },
};

#define COLOURS (sizeof(palette) / sizeof(palette[0]))

struct picture {
	const struct scxu_sim *m;
	FILE *to;
	uint64_t from, until; /* that it shows: no more than has happened */
	double top; /* of the first lane */
};

static void put_text(const struct picture *p, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", p->to);
			break;
		case '&':
			fputs("&amp;", p->to);
			break;
		default:
			fputc((unsigned char)*text < ' ' || (unsigned char)*text > '~' ? '?'
										       : *text,
			      p->to);
		}
	}
}

static double x_of(const struct picture *p, uint64_t at)
{
	at = at < p->from ? p->from : at > p->until ? p->until : at;
	return LEFT + (double)(at - p->from) * WIDTH / (double)(p->until - p->from);
}

static double y_of(const struct picture *p, unsigned int cpu)
{
	return p->top + LANE * cpu;
}

/* --- legend ------------------------------------------------------------------------- */

static void put_key(const struct picture *p, unsigned int i, const char *colour, const char *name)
{
	double x = LEFT + COLUMN * (i % COLUMNS), y = 10 + ROW * (i / COLUMNS);

	fprintf(p->to,
		"<rect x=\"%.0f\" y=\"%.0f\" width=\"14\" height=\"14\" fill=\"%s\" "
		"stroke=\"#888\" stroke-width=\"0.5\"/><text x=\"%.0f\" y=\"%.0f\">",
		x, y, colour, x + 19, y + 12);
	put_text(p, name);
	fprintf(p->to, "</text>\n");
}

static void put_legend(const struct picture *p)
{
	const struct scxu_workload *w = p->m->workload;
	unsigned int i;

	for (i = 0; i < w->nr_programs; i++) {
		char class[CLASS_LEN];

		workload_class_name(w, i, class);
		put_key(p, i, palette[i % COLOURS].colour, class);
	}
	put_key(p, i++, "#000", "agent");
	put_key(p, i++, "#f0f0f0", "idle");
	if (p->m->o.nr_hotplug)
		put_key(p, i++, "url(#offline)", "offline");
	if (p->m->o.nr_faults)
		put_key(p, i++, "#d00", "agent stopped");
}

/* As many keys as put_legend() draws */
static unsigned int legend_rows(const struct scxu_sim *m)
{
	unsigned int keys = m->workload->nr_programs + 2 + !!m->o.nr_hotplug + !!m->o.nr_faults;

	return (keys + COLUMNS - 1) / COLUMNS;
}

/* --- lanes --------------------------------------------------------------------------- */

static void put_axis(const struct picture *p)
{
	double bottom = y_of(p, p->m->o.nr_cpus);
	uint64_t length = p->until - p->from;
	int digits = length < 10000000 ? 2 : length < 100000000 ? 1 : 0;
	unsigned int i;

	for (i = 0; i <= 10; i++) {
		uint64_t at = p->from + length * i / 10;

		fprintf(p->to,
			"<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" y2=\"%.0f\" stroke=\"#999\" "
			"stroke-width=\"0.5\"/><text x=\"%.1f\" y=\"%.0f\" "
			"text-anchor=\"middle\">%.*f ms</text>\n",
			x_of(p, at), x_of(p, at), p->top - 4, bottom + 2, x_of(p, at), bottom + 16,
			digits, (double)at / 1e6);
	}
	fprintf(p->to,
		"<text x=\"%.0f\" y=\"%.0f\" fill=\"#555\">Virtual time. Numbers in bars are "
		"pids; the pointer on a bar tells its task and times.</text>\n",
		LEFT, bottom + 34);
}

static void put_rect(const struct picture *p, uint64_t from, uint64_t to, double y, double height,
		     const char *fill)
{
	double x = x_of(p, from), end = x_of(p, to);

	if (end > x)
		fprintf(p->to,
			"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" "
			"fill=\"%s\"/>\n",
			x, y, end - x, height, fill);
}

static void put_lanes(const struct picture *p)
{
	const struct scxu_sim_options *o = &p->m->o;
	unsigned int i;

	for (i = 0; i < o->nr_cpus; i++) {
		fprintf(p->to, "<text x=\"8\" y=\"%.0f\">CPU %u</text>", y_of(p, i) + 19, i);
		put_rect(p, p->from, p->until, y_of(p, i), BAR, "#f0f0f0");
	}
	for (i = 0; i < o->nr_hotplug; i++)
		put_rect(p, o->hotplug[i].from, o->hotplug[i].to, y_of(p, o->hotplug[i].cpu), BAR,
			 "url(#offline)");
	for (i = 0; i < o->nr_faults; i++)
		put_rect(p, o->faults[i].from, o->faults[i].to, p->top - 6, 4, "#d00");
}

static const char *name_of(const struct picture *p, const struct run_span *s)
{
	return s->pid == AGENT_PID ? "agent" : p->m->workload->programs[s->class].name;
}

static void put_span(const struct picture *p, const struct run_span *s)
{
	bool agent = s->pid == AGENT_PID, dark = agent || palette[s->class % COLOURS].dark;
	double from = x_of(p, s->from), end = x_of(p, s->to), least = agent ? 0.8 : 0.2;
	/* a paler one is no longer dark */
	int shade = agent ? 0 : s->pid % 4;

	fprintf(p->to,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\" "
		"fill-opacity=\"%.2f\"",
		from, y_of(p, s->cpu), end - from < least ? least : end - from, BAR,
		agent ? "#000" : palette[s->class % COLOURS].colour, 1 - 0.15 * shade);
	if (!agent)
		fprintf(p->to, " stroke=\"#fff\" stroke-width=\"0.3\"");
	fprintf(p->to, "><title>");
	put_text(p, name_of(p, s));
	if (!agent)
		fprintf(p->to, " %d", s->pid);
	fprintf(p->to, ": %.3f to %.3f ms</title></rect>\n", (double)s->from / 1e6,
		(double)s->to / 1e6);
	if (end - from > 30 && !agent)
		fprintf(p->to,
			"<text x=\"%.1f\" y=\"%.0f\" font-size=\"10\" fill=\"%s\" "
			"pointer-events=\"none\">%d</text>\n",
			from + 2, y_of(p, s->cpu) + 18, dark && shade < 3 ? "#fff" : "#000",
			s->pid);
}

static struct run_span span_of(const struct scxu_sim *m, const struct task *t, unsigned int cpu)
{
	return (struct run_span) {
		.from = m->cpus[cpu].since,
		.to = m->now,
		.pid = t->pid,
		.cpu = (uint16_t)cpu,
		.class = (uint16_t)t->class,
	};
}

void gantt_add(struct scxu_sim *m, const struct task *t, unsigned int cpu)
{
	if (m->nr_spans < m->max_spans)
		m->spans[m->nr_spans++] = span_of(m, t, cpu);
	else
		m->spans_lost = true;
}

static void put_spans(const struct picture *p, bool agent)
{
	const struct scxu_sim *m = p->m;
	unsigned int cpu;
	size_t i;

	for (i = 0; i < m->nr_spans; i++)
		if ((m->spans[i].pid == AGENT_PID) == agent)
			put_span(p, &m->spans[i]);
	/* and those that still run */
	for (cpu = 0; cpu < m->o.nr_cpus; cpu++) {
		const struct task *t = m->cpus[cpu].curr;
		struct run_span s;

		if (!t || (t == &m->agent.task) != agent || m->cpus[cpu].since >= p->until)
			continue;
		s = span_of(m, t, cpu);
		put_span(p, &s);
	}
}

int scxu_sim_gantt(const struct scxu_sim *m, FILE *to)
{
	struct picture p = {
		.m = m,
		.to = to,
		.from = m->o.gantt_from,
		.until = m->o.gantt_to < m->now ? m->o.gantt_to : m->now,
		.top = 24 + ROW * legend_rows(m),
	};

	if (p.from >= p.until)
		return -EINVAL;
	if (m->spans_lost)
		return -EFBIG;
	fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<defs><pattern id=\"offline\" width=\"6\" height=\"6\" "
		"patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
		"<rect width=\"6\" height=\"6\" fill=\"#ddd\"/>"
		"<rect width=\"2\" height=\"6\" fill=\"#777\"/></pattern></defs>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		LEFT + WIDTH + 40, y_of(&p, m->o.nr_cpus) + 44);
	put_legend(&p);
	put_lanes(&p);
	put_axis(&p);
	put_spans(&p, false);
	put_spans(&p, true);
	fprintf(to, "</svg>\n");
	return ferror(to) ? -EIO : 0;
}
