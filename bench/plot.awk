# SPDX-License-Identifier: LGPL-2.1-or-later
#
# awk -v what=growth|latency -f bench/plot.awk SCHEDULERS VALUES: an SVG of the medians.
#
#	growth		instructions for one event against runnable tasks, both logarithmic: of
#			the process, in a guest (solid), of engine and policy alone (dashed)
#	latency		wake-up latency: a bar from p50 to the maximum, marks at p99 and
#			p99.9; one for the idle machine, one beside 8 hogs

function log10(x)
{
	return log(x) / log(10)
}

# sorts list, 1..n
function middle_of(list, n,   i, j, t)
{
	for (i = 2; i <= n; i++) {
		t = list[i]
		for (j = i - 1; j >= 1 && list[j] > t; j--)
			list[j + 1] = list[j]
		list[j + 1] = t
	}
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# 0 where there is none: a logarithm has no place for it anyway
function value(name, key,   list, n, i)
{
	for (i = 1; i <= runs; i++)
		if ((name, i, key) in values)
			list[++n] = values[name, i, key]
	return n ? middle_of(list, n) : 0
}

function escaped(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	return text
}

function say(x, y, anchor, text, colour)
{
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", x, y, anchor,
		colour ? colour : "#333", escaped(text)
}

function line(x1, y1, x2, y2, colour, width, more)
{
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%s\"%s/>\n",
		x1, y1, x2, y2, colour, width, more
}

function begin(height)
{
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		WIDTH, height
	printf "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height
}

# Powers of ten that hold lowest and highest.
function scale(lowest, highest)
{
	from = int(log10(lowest))
	if (from > log10(lowest))
		from--
	to = int(log10(highest))
	if (to < log10(highest))
		to++
	if (to <= from)
		to = from + 1
}

function x_of(v)
{
	return LEFT + (log10(v) - x_from) / (x_to - x_from) * (WIDTH - LEFT - RIGHT)
}

function y_of(v)
{
	return TOP + (y_to - log10(v)) / (y_to - y_from) * PLOT
}

# One scheduler's growth, of the keys that begin with prefix.
function curve(name, prefix, colour, dash,   i, n, v, points, last_x, last_y)
{
	for (i = 1; i <= sizes; i++) {
		v = value(name, prefix "." size[i])
		if (!v)
			continue
		last_x = x_of(size[i])
		last_y = y_of(v)
		points = points sprintf("%.1f,%.1f ", last_x, last_y)
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"/>\n", last_x, last_y, colour
		n++
	}
	if (n > 1)
		printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"%s/>\n", points, colour,
			dash ? " stroke-dasharray=\"5 4\"" : ""
	return n
}

function growth(   i, s, v, lowest, highest, y)
{
	sizes = split("10 100 1000 4000 10000 100000 1000000", size, " ")
	for (s = 1; s <= schedulers; s++)
		for (i = 1; i <= sizes; i++) {
			v = value(scheduler[s], "growth." size[i])
			for (y = 1; y <= 2; y++) {
				if (v && (!lowest || v < lowest))
					lowest = v
				if (v > highest)
					highest = v
				v = value(scheduler[s], "engine." size[i])
			}
		}
	if (!lowest)
		exit 1
	x_from = 1
	x_to = 6
	scale(lowest, highest)
	y_from = from
	y_to = to
	begin(TOP + PLOT + 50)
	say(LEFT, 20, "start", "instructions for one event (solid: the process, in a guest; dashed: engine and policy alone)")
	for (i = x_from; i <= x_to; i++) {
		line(x_of(10 ^ i), TOP, x_of(10 ^ i), TOP + PLOT, "#ddd", 1)
		say(x_of(10 ^ i), TOP + PLOT + 18, "middle", 10 ^ i)
	}
	for (i = y_from; i <= y_to; i++) {
		line(LEFT, y_of(10 ^ i), WIDTH - RIGHT, y_of(10 ^ i), "#ddd", 1)
		say(LEFT - 8, y_of(10 ^ i) + 4, "end", 10 ^ i)
	}
	say((LEFT + WIDTH - RIGHT) / 2, TOP + PLOT + 38, "middle", "runnable tasks")
	y = TOP + 10
	for (s = 1; s <= schedulers; s++) {
		i = curve(scheduler[s], "growth", colour[s % COLOURS], 0)
		i += curve(scheduler[s], "engine", colour[s % COLOURS], 1)
		if (i) {
			say(WIDTH - RIGHT + 12, y, "start", scheduler[s], colour[s % COLOURS])
			y += 18
		}
	}
	print "</svg>"
}

function bar(name, load, y, colour,   p50, max)
{
	p50 = value(name, load ".p50")
	max = value(name, load ".max")
	if (!p50 || !max) {
		say(LEFT + 4, y + 4, "start", "not taken", "#999")
		return
	}
	line(x_of(p50), y, x_of(max), y, colour, 5, " stroke-opacity=\".35\"")
	printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x_of(p50), y, colour
	line(x_of(value(name, load ".p99")), y - 6, x_of(value(name, load ".p99")), y + 6, colour, 2)
	line(x_of(value(name, load ".p999")), y - 4, x_of(value(name, load ".p999")), y + 4, colour, 1)
	line(x_of(max), y - 3, x_of(max), y + 3, colour, 3)
}

function latency(   s, l, v, lowest, highest, y, i, loads, load, title)
{
	loads = split("idle loaded", load, " ")
	title[1] = "idle machine"
	title[2] = "beside 8 CPU hogs"
	for (s = 1; s <= schedulers; s++)
		for (l = 1; l <= loads; l++) {
			v = value(scheduler[s], load[l] ".p50")
			if (v && (!lowest || v < lowest))
				lowest = v
			v = value(scheduler[s], load[l] ".max")
			if (v > highest)
				highest = v
		}
	if (!lowest)
		exit 1
	scale(lowest, highest)
	x_from = from
	x_to = to
	PLOT = loads * (schedulers * 20 + 30)
	LEFT = 190
	RIGHT = 30
	begin(TOP + PLOT + 50)
	say(LEFT, 20, "start", "wake-up latency, us: dot p50, marks p99 and p99.9, end of the bar the maximum")
	for (i = x_from; i <= x_to; i++) {
		line(x_of(10 ^ i), TOP, x_of(10 ^ i), TOP + PLOT, "#ddd", 1)
		say(x_of(10 ^ i), TOP + PLOT + 18, "middle", 10 ^ i)
	}
	y = TOP + 14
	for (l = 1; l <= loads; l++) {
		say(10, y, "start", title[l])
		y += 20
		for (s = 1; s <= schedulers; s++) {
			say(LEFT - 10, y + 4, "end", scheduler[s], colour[s % COLOURS])
			bar(scheduler[s], load[l], y, colour[s % COLOURS])
			y += 20
		}
		y += 10
	}
	print "</svg>"
}

BEGIN {
	FS = "|"
	WIDTH = 860
	LEFT = 70
	RIGHT = 190
	TOP = 40
	PLOT = 340
	COLOURS = split("#555555 #b05a00 #c0392b #1f5fa8 #2a8a4a #7d3c98 #a0824a #16808a #d1477a", list, " ")
	for (i = 1; i <= COLOURS; i++)
		colour[i % COLOURS] = list[i]
}
FILENAME == ARGV[1] { scheduler[++schedulers] = $1; next }
$3 ~ /^@/ { next }
{
	values[$1, $2, $3] = $4
	if ($2 > runs)
		runs = $2
}
END {
	if (what == "growth")
		growth()
	else
		latency()
}
