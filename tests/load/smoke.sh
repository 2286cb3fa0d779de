#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/load/smoke.sh SCXU_LOAD: each kind of load runs and reports what it should,
# and what goes wrong is told by the exit status. Checks no figure that depends on
# how fast or busy this machine is.

load=$1
failures=0
checks=0
err=$(mktemp)
trap 'rm -f "$err"' EXIT

check()
{
	what=$1
	shift
	checks=$((checks + 1))
	"$@" && return
	echo "FAIL: $what"
	sed 's/^/    /' "$err"
	failures=$((failures + 1))
}

# status WANTED ARGUMENT...: the exit status of scxu-load.
status()
{
	wanted=$1
	shift
	got=0
	"$load" "$@" >/dev/null 2>"$err" || got=$?
	[ "$got" = "$wanted" ]
}

says()
{
	grep -qF -- "$1" "$err"
}

short='--seconds 0.3 --warmup 0.1 --tail 5'

# has PATH VALUE SPEC...: one value of the report is what it is.
has()
{
	path=$1
	value=$2
	shift 2
	# shellcheck disable=SC2086	# words
	[ "$("$load" $short --get "$path" "$@" 2>"$err")" = "$path $value" ]
}

# positive PATH SPEC...: one value is above 0.
positive()
{
	path=$1
	shift
	# shellcheck disable=SC2086	# words
	"$load" $short --get "$path" "$@" 2>"$err" | awk '{ ok = $2 > 0 } END { exit !ok }'
}

check "hogs: as many as asked for" has hogs_all.tasks 3 hogs:2x0,1x5
# a busy machine may run none of it in .3 s
check "hogs: they use CPU" positive hogs_all.cpu_s --seconds 2 hogs:1x0
check "hogs: one alone has all" has hogs.0.share 1.00000 --seconds 2 hogs:1x0
check "hogs: ideal of two weights on one CPU" has hogs.1.ideal 0.24650 hogs:1x0,1x5@cpus=0
check "hogs: both have ended" has hogs_all.unfinished 0 hogs:2x0
check "threads" has hogs_threads_all.tasks 200 hogs-threads:200x0
check "sleeper: dues" has sleeper.expected 30 sleeper:10000
check "sleeper: wakes up" positive sleeper.delivered sleeper:10000
check "sleeper: dues at random moments" has sleeper.expected 30 sleeper:10000@jitter=100
# by its place on the grid it would be half a period, more than a busy machine makes of it
# shellcheck disable=SC2086	# words
"$load" $short --seconds 5 --get sleeper.lateness_us.p50 sleeper:500000@jitter=100 2>"$err" |
	awk '{ ok = $2 < 100000 } END { exit !ok }'
check "sleeper: lateness is that of the moment" [ $? = 0 ]
check "sleepers: dues of several" has sleeper.expected 90 sleeper:10000x3
check "sleepers: as threads" has sleeper_threads.expected 900 sleeper-threads:100000x300@jitter=100
check "burst: dues" has burst.expected 30 burst:2@period_us=20000@us=10
check "pingpong" positive pingpong.round_trips pingpong:2
check "messages" positive messages.messages messages:1x2
check "forkers" positive forkers.forks forkers:1
check "yielders" positive yielders.yields_per_s yielders:10
check "affinity churn" positive affinity_churn.changes affinity-churn:2
check "exit churn" positive exit_churn.exits exit-churn:2
check "fork bomb: all of them" has fork_bomb.created 10 fork-bomb:10
check "cpu-use alone" has failed 0 cpu-use
check "two of a kind have names of their own" has hogs2.0.nice 3 hogs:1x0 hogs:1x3
check "probe" has cpus "$(nproc)" --probe-idle 0.1
check "probe of a process" has process.pid $$ --probe-idle 0.1 --pid $$

json=$("$load" --seconds 0.2 --warmup 0 --json hogs:1x0 sleeper:1000 2>"$err")
check "JSON is one line" [ "$(printf '%s\n' "$json" | wc -l)" -eq 1 ]
if command -v python3 >/dev/null; then
	check "JSON is JSON" python3 -c 'import json, sys; json.loads(sys.argv[1])["sleeper"]["lateness_us"]["p99"]' "$json"
fi
lines=$("$load" --seconds 2 --warmup 0 --table --output /dev/null hogs:2x0 2>"$err" | wc -l)
check "table: a heading and a line each second" [ "$lines" = 3 ]

check "all paths are listed" [ "$("$load" --paths hogs:1 | grep -c '^hogs\.0\.share$')" = 1 ]
check "help" status 0 --help
check "no loads" status 2
check "unknown option" status 2 --bogus hogs:1
check "bad load" status 2 hogs:4xx0
check "bad load: names it" says "bad load 'hogs:4xx0': the nice value 'x0'"
check "bad seconds" status 2 --seconds 0 hogs:1
check "unknown path" status 2 --get hogs.0.shore hogs:1
check "path of several values" status 2 --get hogs.0 hogs:1
check "no such process" status 1 --probe-idle 0.1 --pid 4194305

# One that dies: told, status 1.
"$load" --seconds 2 --tail 0 hogs:1x0 >/dev/null 2>"$err" &
pid=$!
child=
tries=100
while [ -z "$child" ] && [ "$tries" -gt 0 ]; do
	sleep 0.1
	child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
	tries=$((tries - 1))
done
# shellcheck disable=SC2086	# one pid, and a blank
kill -KILL $child
wait "$pid"
check "a task that dies: status" [ $? = 1 ]
check "a task that dies: told" says "was killed by signal 9"

# Interrupted: no task stays behind.
"$load" --seconds 60 hogs:2x0 >/dev/null 2>"$err" &
pid=$!
sleep 0.5
children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
kill -TERM "$pid"
wait "$pid"
check "interrupted: status" [ $? = 130 ]
left=0
for child in $children; do
	[ ! -e "/proc/$child" ] || left=$((left + 1))
done
check "interrupted: its tasks are gone" [ "$left" = 0 ]

if [ "$(id -u)" = 0 ]; then
	# pid-reuse changes a limit of the whole machine: its place is a guest
	check "nice churn" positive nice_churn.changes nice-churn:2
	check "class churn" positive class_churn.changes class-churn:2
	check "FIFO hogs" positive fifo_hogs.cpu_s fifo-hogs:1
else
	check "no negative nice value without root" status 1 hogs:1x-5
	check "and that is told" says "cannot set a negative nice value"
fi

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
