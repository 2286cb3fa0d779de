#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/unit/runner.sh BUILD: of names that no test has, ./test says so at once, and which
# there are; and it finds those that there are.

set -u
build=$1
cd "$(dirname "$0")/../.." || exit 1
failures=0

bad()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# says TEXT COMMAND...: ends with status 1, having built nothing, and says that.
says()
{
	local text=$1 said status=0

	shift
	said=$("$@" 2>&1) || status=$?
	[ "$status" = 1 ] || bad "$*: exit status $status, not 1: $said"
	grep -qF -- "$text" <<<"$said" || bad "$*: no \"$text\" in: $said"
	! grep -qE '==> |: line [0-9]+:' <<<"$said" || bad "$*: does or says too much: $said"
}

says 'error: no such sim test: nosuch' ./test sim nosuch
says 'there are: affinity ' ./test sim errors nosuch
says 'error: unknown option: --nosuch' ./test sim --nosuch
says 'error: no such fuzz test: nosuch' ./test fuzz nosuch
says 'error: no such lint test: nosuch' ./test lint nosuch
says 'error: no such model: nosuch' ./test model nosuch
says 'error: no such VM test: nosuch' ./test vm nosuch
says 'error: all of what: nosuch' ./test all nosuch
[ "$(./test sim --list 'gantt*')" = $'gantt\ngantt-times' ] || bad "./test sim --list: $(./test sim --list 'gantt*')"
[ "$(./test fuzz --list workload)" = workload ] || bad "./test fuzz --list: $(./test fuzz --list workload)"

# the thread sanitizer has those that begin a thread, and no others
threaded=$(meson introspect --tests "$build" | python3 -c '
import json, sys
for test in json.load(sys.stdin):
    if any(suite.split(":")[-1] == "threads" for suite in test["suite"]):
        print(test["name"].split(" / ")[-1])' | sort)
begin=$(grep -l pthread_create tests/unit/*.c | sed 's,.*/,,; s,\.c$,,' | sort)
[ -n "$begin" ] || bad "no unit test begins a thread"
[ "$threaded" = "$begin" ] || bad "in the suite \"threads\": ${threaded//$'\n'/ }; with pthread_create(): ${begin//$'\n'/ }"

# of the unit tests only a build in this tree tells
if [ "$build" = "$PWD/$(basename "$build")" ]; then
	export SCXU_UNIT_BUILDS=${build##*/} SCXU_QUIET=1
	says 'error: no such unit test: nosuch' tests/unit/run.sh nosuch
	[ "$(tests/unit/run.sh --list 'options-*')" = options-parse ] || bad "unit --list: $(tests/unit/run.sh --list 'options-*')"
fi

echo "$failures failed"
[ "$failures" = 0 ]
