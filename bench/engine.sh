#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bench/engine.sh POLICY TASKS: instructions of the engine and of the policy for one
# event, from reading it to the decision given for it, with TASKS runnable: no kernel,
# counted by callgrind over bench/growth.c, and so the same each time.
#
#	--row "POLICY|NAME|TASKS"	a line of bench/run's values: "NAME|1|engine.TASKS|N"

set -eu
. "$(dirname "$0")/../setup/common.sh"

EVENTS=20000

# count POLICY TASKS
count()
{
	local carried_out log=$work/log

	carried_out=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
		--toggle-collect=measured_pass "$SCXU_ROOT/build/bench/bench-growth" "$1" "$2" "$EVENTS" \
		2>"$log") || { tail -n 1 "$log"; return 1; }
	# less than a decision for each event is no measure of anything
	[ "$carried_out" = "$EVENTS" ] || {
		echo "$carried_out decisions carried out for $EVENTS events"
		return 1
	}
	sed -n 's/^==.*Collected : \([0-9]*\)$/\1/p' "$log" | awk -v n="$EVENTS" '
		{ printf "%.1f\n", $1 / n; found = 1 }
		END { exit !found }'
}

case ${1:-} in
-h | --help | '') sed -n '4,8s/^# \{0,1\}//p' "$0"; exit ;;
esac
have valgrind || die "valgrind is missing" "install it: apt-get install valgrind"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$1" != --row ]; then
	count "$1" "$2"
	exit
fi
IFS='|' read -r policy name tasks <<<"$2"
if result=$(count "$policy" "$tasks"); then
	echo "$name|1|engine.$tasks|$result"
else
	echo "$name|1|@missing|engine.$tasks $result"
	exit 1
fi
