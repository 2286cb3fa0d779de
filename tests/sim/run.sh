#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/sim/run.sh [--quick] [NAME...]: tests of the simulator and, on it, of every
# policy: generated runs, shares, determinism, messages, memory that runs out, and a
# planted bug as control. Generated runs go on for 3 minutes and at least 10 000 of them, the
# policies taken together; --quick: for a minute. NAME may be a pattern; --list prints the names.
# They are the functions test_* of tests/sim/cases.

# shellcheck disable=SC2034	# generated: of tests/sim/cases
set -eu
. "$(dirname "$0")/../../setup/common.sh"
. "$(dirname "$0")/../names.sh"
cd "$SCXU_ROOT"
. tests/sim/lib.sh
for cases in tests/sim/cases/*.sh; do
	# shellcheck disable=SC1090
	. "$cases"
done

generated=(--seconds 36 --runs 2000) # for each policy
only=()
list=
for argument in "$@"; do
	case $argument in
	-h | --help) sed -n '4,8s/^# \{0,1\}//p' "$0"; exit ;;
	--list) list=1 ;;
	--quick) generated=(--seconds 10 --runs 200) ;;
	-*) die "unknown option: $argument" "see tests/sim/run.sh --help" ;;
	*) only+=("$argument") ;;
	esac
done
# each function test_* is one
names=$(compgen -A function test_ | sed 's/^test_//; y/_/-/' | chosen sim ${only[@]+"${only[@]}"}) || exit
if [ -n "$list" ]; then
	echo "$names"
	exit
fi

rm -rf "$out"
mkdir -p "$out"

for name in $names; do
	began=$(date +%s)
	# in the background, where -e works; as a condition it would not
	(set -e; "test_${name//-/_}") >"$out/$name.log" &
	if wait $!; then
		echo "PASS sim/$name ($(($(date +%s) - began)) s)"
	else
		echo "FAIL sim/$name: $(tail -n 1 "$out/$name.log")"
		sed 's/^/    /' "$out/$name.log"
	fi
done
