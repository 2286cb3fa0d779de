# SPDX-License-Identifier: LGPL-2.1-or-later
#
# awk -v form=text|markdown [-v parts=WORDS] -f bench/table.awk SCHEDULERS MEASURES GOALS VALUES
#
# The table of bench/run: a row for each measure, a column for each scheduler, the goals,
# and beneath it why what was not taken was not. Files are those of bench/run --help,
# lines with "|" between their fields.

function median(list, n,   i, j, t)
{
	for (i = 2; i <= n; i++) {
		t = list[i]
		for (j = i - 1; j >= 1 && list[j] > t; j--)
			list[j + 1] = list[j]
		list[j + 1] = t
	}
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# Into middle, low and high of that cell; how many runs have a value.
function summarize(name, key,   list, n, i, id)
{
	for (i = 1; i <= runs; i++) {
		id = name SUBSEP i SUBSEP key
		if (id in value)
			list[++n] = value[id]
	}
	if (n) {
		middle[name, key] = median(list, n)
		low[name, key] = list[1]
		high[name, key] = list[n]
	}
	return n + 0
}

# Counted once: growth hardly differs between runs, and the engine alone not at all.
function single(key)
{
	return key ~ /^(growth|engine)\./
}

function cell(s, m,   f, n, name, key)
{
	name = scheduler[s]
	key = measure[m]
	n = count[name, key]
	if (!n) {
		if (whom[m] != "all" && (kind[s] == "none" || kind[s] == "class"))
			return "-"
		if ((whom[m] == "events" || whom[m] == "engine") && kind[s] == "other")
			return "-"
		if (whom[m] == "ours" && kind[s] != "ours")
			return "-"
		# no such callback, or hardly ever called
		if (key ~ /^bpf\./ && count[name, "bpf.switch"])
			return "-"
		if (whom[m] == "engine" && !((name, "engine") in why))
			return "-"
		return "not taken"
	}
	f = "%." digits[m] "f"
	if (runs == 1 || single(key))
		return sprintf(f, middle[name, key])
	return sprintf(f " [" f ".." f "]", middle[name, key], low[name, key], high[name, key]) \
		(n < runs ? " (" n " of " runs " runs)" : "")
}

# Of goal g: its text and how it went.
function judge(g,   limit, v, ratio)
{
	limit = factor[g]
	if (!count[goal_of[g], goal_key[g]])
		return told(g) ": not taken"
	if (base[g] != "-") {
		if (!count[base[g], goal_key[g]])
			return told(g) ": not taken"
		limit *= middle[base[g], goal_key[g]]
	}
	v = middle[goal_of[g], goal_key[g]]
	ratio = base[g] == "-" ? "" : sprintf(" (%.2f)", v / middle[base[g], goal_key[g]])
	return told(g) ": " ((op[g] == "<=" ? v <= limit : v >= limit) ? "met" : "missed") ratio
}

function told(g)
{
	return (goal_of[g] == "vruntime" ? "" : goal_of[g] " ") op[g] " " factor[g] \
		(base[g] == "-" ? "" : " x " base[g])
}

function goals_of(key,   g, text)
{
	for (g = 1; g <= goals; g++)
		if (goal_key[g] == key)
			text = text (text ? "; " : "") judge(g)
	return text
}

# Was its part of the bench asked for? All are, where parts is not given.
function asked(key,   part)
{
	part = key ~ /^(growth|engine)\./ ? substr(key, 1, 6) : key ~ /^(agent|bpf)\./ ? "cost" : "feel"
	return parts == "" || index(" " parts " ", " " part " ")
}

function pad(text, width)
{
	return sprintf("%-" width "s", text)
}

function derive(name, run,   i, id, least, n, k, all)
{
	all = split("1 2 3 4 5 6 7 8 16", k, " ")
	least = ""
	n = 0
	for (i = 1; i <= all; i++) {
		id = name SUBSEP run SUBSEP "used." k[i]
		if (!(id in value))
			continue
		n++
		if (least == "" || value[id] < least)
			least = value[id]
	}
	if (n == all)
		value[name, run, "used.min"] = least
	ratio(name, run, "growth.ratio", "growth.10000", "growth.10")
	ratio(name, run, "engine.ratio", "engine.1000000", "engine.10")
}

function ratio(name, run, to, a, b)
{
	if (((name, run, a) in value) && ((name, run, b) in value) && value[name, run, b] > 0)
		value[name, run, to] = value[name, run, a] / value[name, run, b]
}

BEGIN { FS = "|" }
/^#/ || /^$/ { next }
FILENAME == ARGV[1] { scheduler[++schedulers] = $1; kind[schedulers] = $2; next }
FILENAME == ARGV[2] && /^= / { group[measures + 1] = substr($0, 3); next }
FILENAME == ARGV[2] {
	measure[++measures] = $1
	digits[measures] = $2
	whom[measures] = $3
	text[measures] = $4
	next
}
FILENAME == ARGV[3] {
	goal_key[++goals] = $1
	goal_of[goals] = $2
	op[goals] = $3
	factor[goals] = $4
	base[goals] = $5
	next
}
$3 == "@missing" || $3 == "@trouble" {
	key = $4
	sub(/ .*/, "", key)
	sub(/[.:].*/, "", key)
	why[$1, key] = 1
	reason = $1 ": " $4
	if (!(reason in reasons))
		reason_list[++nr_reasons] = reason
	reasons[reason] = reasons[reason] (reasons[reason] ? ", " : "") $2
	next
}
{
	value[$1, $2, $3] = $4 + 0
	if ($2 > runs)
		runs = $2
}

END {
	for (s = 1; s <= schedulers; s++)
		for (i = 1; i <= runs; i++)
			derive(scheduler[s], i)
	for (m = 1; m <= measures; m++)
		for (s = 1; s <= schedulers; s++) {
			n = summarize(scheduler[s], measure[m])
			count[scheduler[s], measure[m]] = n
			some[m] += n
		}

	head[0] = "measure"
	for (s = 1; s <= schedulers; s++)
		head[s] = scheduler[s]
	head[schedulers + 1] = "goal (of vruntime)"
	for (m = 1; m <= measures; m++) {
		if (!some[m])
			continue
		body[m, 0] = text[m]
		for (s = 1; s <= schedulers; s++)
			body[m, s] = cell(s, m)
		body[m, schedulers + 1] = goals_of(measure[m])
	}
	for (c = 0; c <= schedulers; c++) {
		width[c] = length(head[c])
		for (m = 1; m <= measures; m++)
			if (some[m] && length(body[m, c]) > width[c])
				width[c] = length(body[m, c])
	}

	if (form == "text") {
		line = ""
		for (c = 0; c <= schedulers; c++)
			line = line pad(head[c], width[c] + 2)
		print line head[schedulers + 1]
	}
	title = ""
	for (m = 1; m <= measures; m++) {
		if (m in group) {
			title = group[m]
			if (form == "text")
				title = "\n" title
		}
		if (!some[m])
			continue
		if (title != "") {
			if (form == "markdown") {
				line = "\n## " title "\n\n|"
				for (c = 0; c <= schedulers + 1; c++)
					line = line " " head[c] " |"
				line = line "\n|"
				for (c = 0; c <= schedulers + 1; c++)
					line = line " --- |"
				print line
			} else {
				print title
			}
			title = ""
		}
		line = form == "markdown" ? "|" : ""
		for (c = 0; c <= schedulers + 1; c++)
			line = line (form == "markdown" ? " " body[m, c] " |" : \
				c > schedulers ? body[m, c] : pad(body[m, c], width[c] + 2))
		sub(/ +$/, "", line)
		print line
	}

	left = ""
	for (m = 1; m <= measures; m++)
		if (!some[m] && asked(measure[m]))
			left = left (left ? ", " : "") measure[m]
	if (left || nr_reasons)
		print form == "markdown" ? "\n## Not taken\n" : "\nNot taken:"
	if (left)
		print (form == "markdown" ? "- " : "  ") "no value of any scheduler: " left
	for (i = 1; i <= nr_reasons; i++)
		print (form == "markdown" ? "- " : "  ") reason_list[i] " (run " reasons[reason_list[i]] ")"
	if (!runs)
		exit 1
}
