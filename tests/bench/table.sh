#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/bench/table.sh SOURCE_ROOT BENCH_GROWTH: what bench/run makes of what its guests
# tell: values, medians, goals, what is missing. No guest, and no figure of this machine.

root=$1 growth=$(readlink -f "$2")
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# has WHAT REGEX: a line of the file "got"
has()
{
	grep -qE -- "$2" got && return
	fail "$1: no line has /$2/:"
	sed 's/^/    /' got
}

# lacks WHAT REGEX
lacks()
{
	grep -qE -- "$2" got || return
	fail "$1: a line has /$2/:"
	sed 's/^/    /' got
}

table()
{
	awk -v form="${1:-text}" -f "$root/bench/table.awk" schedulers measures goals values >got
}

collected()
{
	awk -v scheduler=ours -v run=1 -v part=feel -f "$root/bench/collect.awk" out.log >got
}

# --- what a guest told ---
printf '%s\n' '@value a.b 12.5' '@value c -3e2' '@value d' '@value e many' '@value f 1 2' \
	'# @value g 1' '@missing h no such thing' '@trouble it was | unloaded' 'x @value i 1' >out.log
printf '@value j 7\r\n' >>out.log
collected
has "a value" '^ours\|1\|a\.b\|12\.5$'
has "a value with an exponent" '^ours\|1\|c\|-3e2$'
has "no number" '^ours\|1\|@missing\|d '
has "a word for a number" '^ours\|1\|@missing\|e '
has "two numbers" '^ours\|1\|@missing\|f '
has "a carriage return" '^ours\|1\|j\|7$'
lacks "a comment" '\|g\|'
lacks "not at the beginning of the line" '\|i\|'
has "a reason" '^ours\|1\|@missing\|h no such thing$'
has "trouble" '^ours\|1\|@trouble\|feel: it was / unloaded$'

# --- a sample of two counters ---
printf '%s\n' 'cpu_ns 4800' 'events 4' 'decisions 7' 'wakes 0' >sample
per()
{
	awk -v a="$1" -v b="$2" -f "$root/bench/per.awk" sample >got
}
per cpu_ns events
has "one by the other" '^1200$'
per cpu_ns wakes
has "by none" '^none$'
per cpu_ns applied
lacks "by what was not counted" '.'
per nothing events
lacks "what was not counted" '.'

# --- the table ---
cat >schedulers <<'END'
EEVDF|none|
other|other|x
vruntime|ours|x
END
cat >measures <<'END'
# a comment
= First
a|1|all|alpha
b|0|process|beta
c|0|events|gamma
d|2|ours|delta
= Second
e|0|all|epsilon
used.1|3|all|one
used.2|3|all|two
used.4|3|all|four
used.min|3|all|least
growth.10|0|events|ten
growth.10000|0|events|many
growth.ratio|2|events|ratio
= Third
z|0|all|zeta
END
cat >goals <<'END'
a|vruntime|<=|1.5|EEVDF
a|other|>=|9|EEVDF
b|vruntime|<=|100|-
e|vruntime|<=|2|EEVDF
END
cat >values <<'END'
EEVDF|1|a|30
EEVDF|2|a|10
EEVDF|3|a|20
other|1|a|7
other|3|a|9
vruntime|1|a|30
vruntime|2|a|30
vruntime|3|a|31
vruntime|1|b|101
vruntime|2|b|102
vruntime|3|b|5
vruntime|1|c|4
vruntime|2|c|4
vruntime|3|c|4
other|1|b|1
other|2|b|1
other|3|b|1
vruntime|1|e|4
vruntime|2|e|4
vruntime|3|e|4
vruntime|1|used.1|.9
vruntime|1|used.2|.8
vruntime|1|growth.10|100
vruntime|1|growth.10000|130
vruntime|2|@missing|growth.10 the load failed
vruntime|2|@trouble|growth: not done
vruntime|3|@trouble|growth: not done
END
table
has "median and spread" '^alpha +20\.0 \[10\.0\.\.30\.0\] '
has "an even number of runs, and how many" ' 8\.0 \[7\.0\.\.9\.0\] \(2 of 3 runs\) '
has "a goal that is met, with its ratio" '^alpha .*<= 1\.5 x EEVDF: met \(1\.50\)'
has "a second goal of the same measure" '; other >= 9 x EEVDF: missed \(0\.40\)$'
has "a goal that is a number" '^beta .*<= 100: missed$'
has "what no scheduler means" '^beta +- +1 \[1\.\.1\]'
has "what others do not tell" '^gamma +- +- +4 '
has "what it should have told" '^epsilon +not taken +not taken +4 '
has "a goal without what it is compared with" '^epsilon .*<= 2 x EEVDF: not taken$'
lacks "a minimum of some of its parts" '^least '
has "a ratio, counted once" "^ratio +- +- +1\\.30$"
lacks "a row without values" '^zeta'
has "that it is said" '^  no value of any scheduler: d, used\.4, used\.min, z$'
has "reasons, once each, and their runs" '^  vruntime: growth: not done \(run 2, 3\)$'
has "a reason of one measure" '^  vruntime: growth\.10 the load failed \(run 2\)$'

awk -v form=text -v parts="cost growth" -f "$root/bench/table.awk" schedulers measures goals values >got
lacks "what was not asked for" 'no value of any scheduler'
has "that something of what was asked for is missing" '^  vruntime: growth\.10 the load failed \(run 2\)$'

sed 's/^other|other/alone|class/' schedulers >some
awk -v form=text -f "$root/bench/table.awk" some measures goals values >got
has "what a scheduler without callbacks does not mean" '^beta +- +- +101 '

table markdown
has "a heading" '^## First$'
has "a row" '^\| alpha \| 20\.0 \[10\.0\.\.30\.0\] \|.*\|$'
lacks "a heading without rows" '^## Third'

# a single run has no spread
grep '|1|' values >one && mv one values
table
has "one run" '^alpha +30\.0 +7\.0 +30\.0 '

: >values
table && fail "no values at all: the exit status should tell"

# --- the files of the tree belong together ---
grep -v '^#\|^=' "$root/bench/measures" | cut -d'|' -f1 | sort >known
sort -u known | cmp -s - known || fail "bench/measures has a key twice"
grep -v '^#' "$root/bench/goals" | cut -d'|' -f1 | while read -r key; do
	grep -qxF "$key" known || echo "$key"
done >got
[ ! -s got ] || fail "goals of no measure: $(cat got)"
grep -v '^#\|^=' "$root/bench/measures" | awk -F'|' 'NF != 4 || $2 !~ /^[0-9]$/ ||
	$3 !~ /^(all|ours|process|events|engine)$/' >got
[ ! -s got ] || fail "not KEY|DIGITS|OF WHOM|TEXT: $(cat got)"

# --- plots ---
cat >values <<'END'
EEVDF|1|idle.p50|5
EEVDF|1|idle.p99|6
EEVDF|1|idle.p999|7
EEVDF|1|idle.max|100
vruntime|1|growth.10|2000
vruntime|1|growth.10000|2500
vruntime|1|engine.1000000|9000
END
for plot in growth latency; do
	awk -v what=$plot -f "$root/bench/plot.awk" schedulers values >got ||
		fail "no plot: $plot"
	has "$plot is whole" '^</svg>$'
	lacks "$plot has no coordinate that is none" 'nan|inf'
done
grep -c '<circle' got | grep -qx 1 || fail "one dot for each scheduler with values"
has "those without" 'not taken'
: >values
awk -v what=growth -f "$root/bench/plot.awk" schedulers values >got && fail "a plot of nothing"

# --- the engine alone ---
for policy in vruntime eevdf prio rr fifo; do
	[ "$("$growth" $policy 50 400)" = 400 ] || fail "$policy does not decide for each event"
done

[ "$failures" = 0 ]
