#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/vm/table.sh: what tests/vm/reliability.sh makes of what its guests left, whole
# and in parts. No guest.

set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# has WHAT REGEX: a line of the document
has()
{
	grep -qE -- "$2" "$work/doc" && return
	fail "$1: no line has /$2/:"
	grep '^|' "$work/doc" | sed 's/^/    /'
}

# lacks WHAT REGEX
lacks()
{
	grep -qE -- "$2" "$work/doc" || return
	fail "$1: a line has /$2/:"
	grep '^|' "$work/doc" | sed 's/^/    /'
}

# left CASE-KERNEL COMMIT STATUS LINE...: what a guest left
left()
{
	local dir=$work/tests/vm/$1

	mkdir -p "$dir"
	echo "$2" >"$dir/commit"
	printf '%s\n' "${@:4}" "@@exit $3" >"$dir/out.log"
}

document()
{
	"$root/tests/vm/reliability.sh" --no-run -b "$work" -o "$work/doc" 2>"$work/err" || fail "it ended with $?: $(cat "$work/err")"
}

row()
{
	echo "@row late0=3.0 late=$1 gap0=20.5 gap=$2 floors=2 longest=1.5 late_goal=20 gap_goal=60 limits=$3"
}

left fault-stop-7.3.4 aaa 0 "$(row 20.0 60.0 40/120)"
left fault-kill-6.18.15 aaa 0 "$(row 20.1 60.0 30/90)"
left fault-garbage-7.3.4 aaa 0 "$(row 20.0 60.1 40/90)"
left fault-gdb-7.3.4 aaa 0 "$(row 20.1 5.0 40/120)"
left fault-rings-7.3.4 aaa 1 "$(row 5.0 5.0 40/120)" 'FAIL: a: 1 | is not == 2' 'FAIL: b; c'
left fault-suspend-7.3.4 aaa 0 '# this kernel offers none'
left fault-oom-7.3.4 aaa 0 "$(row 30.0 5.0 40/120)"
sed -i '/@@exit/d' "$work/tests/vm/fault-oom-7.3.4/out.log"
left control-no-floor-7.3.4 aaa 1 "$(row null null /)" 'FAIL: still loaded: "stall" instead of "yes"'
left smoke-7.3.4 aaa 0
document
has "a goal that is met to the point" '^\| SIGSTOP of .* \| 7\.3\.4 \| 3\.0 \| 20\.0 \| 20\.5 \| 60\.0 \| 2 \| 1\.5 \| met \| aaa \|$'
has "a lateness beyond it" '^\| kill -9 of the agent, 5 s .* \| 6\.18\.15 .*\| missed; passes up to 30 / 90 ms \| aaa \|$'
has "a gap beyond it" '^\| a million decisions .*\| missed; passes up to 40 / 90 ms \|'
has "one that has no limits of its own" '^\| gdb .*\| missed; passes up to 40 / 120 ms \| aaa \|$'
has "a case that failed" '^\| a hundred thousand .*\| failed: a: 1 / is not == 2; b; c \| aaa \|$'
has "a case that ran nothing" '^\| a suspend.*\| not run: this kernel offers none \| aaa \|$'
has "a guest that did not end" '^\| out of memory .*\| no result \| aaa \|$'
has "a control" '^\| SIGSTOP of .* stalls the machine \| 7\.3\.4 \| still loaded: "stall" instead of "yes" \| aaa \|$'
lacks "another case" 'smoke'

# a part replaces its rows, those of an older kernel of that line too, and keeps the others
rm -rf "$work/tests"
left fault-stop-7.3.5 bbb 0 "$(row 21.0 1.0 30/120)"
printf '%s\n' '| a fault that is no more | 7.3.4 | 1 | 1 | 1 | 1 | 1 | 1 | met | aaa |' \
	'| SIGSTOP of the agent for 60 s | 6.12.1 | of another form | aaa |' >>"$work/doc"
document
has "the new row" '^\| SIGSTOP of .*\| 7\.3\.5 .*\| missed; passes up to 30 / 120 ms \| bbb \|$'
lacks "the row that it replaces" '^\| SIGSTOP of the agent for 60 s \| 7\.3\.4 '
has "a row of the others" '^\| kill -9 of the agent, 5 s .* \| 6\.18\.15 .*\| aaa \|$'
has "a control of the others" 'stalls the machine \| 7\.3\.4 .*\| aaa \|$'
lacks "a case that is no more" 'no more'
lacks "a row of another form" 'of another form'
[ "$(grep -c '^| kernel\|^| [^|]* | [67]' "$work/doc")" = 8 ] || fail "8 rows are wanted"
[ "$(grep -n '6\.18\.15' "$work/doc" | cut -d: -f1)" -gt "$(grep -n 'out of memory' "$work/doc" | head -n 1 | cut -d: -f1)" ] ||
	fail "the newest kernel comes first"

[ $failures = 0 ]
