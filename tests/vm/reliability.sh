#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/vm/reliability.sh [OPTIONS]: runs the fault suite and its controls on the
# kernels that it is for, and writes docs/RELIABILITY.md from what they printed.
#
#	    --quick	on the newest kernel only
#	    --no-run	from what the last runs left in build/tests/vm
#	-o, --output FILE	instead of docs/RELIABILITY.md
#
# On the newest kernel and on 6.18 all faults, on 6.16, 6.17 and 6.19 the first six.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
cd "$SCXU_ROOT"

output=docs/RELIABILITY.md
quick='' run=1
FIRST_SIX="fault-stop fault-kill fault-kill-20-times fault-busy-looping fault-never-decides fault-garbage"

while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=1; shift ;;
	--no-run) run=; shift ;;
	-o | --output) output=$2; shift 2 ;;
	-h | --help) sed -n '4,12s/^# \{0,1\}//p' "$0"; exit ;;
	*) die "unknown argument: $1" "see tests/vm/reliability.sh --help" ;;
	esac
done

if [ -n "$run" ]; then
	tests/vm/run.sh 'fault-*' 'control-*' || true
	if [ -z "$quick" ]; then
		tests/vm/run.sh -k 6.18 'fault-*' || true
		# shellcheck disable=SC2086	# words
		tests/vm/run.sh -k 6.16 -k 6.17 -k 6.19 $FIRST_SIX || true
	fi
fi

what()
{
	sed -n 's/^# what: \(fault: \|a control: \)\{0,1\}//p' "tests/vm/cases/$1.sh"
}

# value ROW NAME
value()
{
	echo "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"
}

# goal ROW: met or missed
goal()
{
	awk -v late="$(value "$1" late)" -v late_goal="$(value "$1" late_goal)" -v gap="$(value "$1" gap)" \
		-v gap_goal="$(value "$1" gap_goal)" \
		'BEGIN { print late <= late_goal + 0 && gap <= gap_goal + 0 ? "met" : "missed" }'
}

rows()
{
	local dir case kernel row verdict limits

	for dir in build/tests/vm/fault-*/; do
		[ -r "$dir/out.log" ] || continue
		case=$(basename "$dir")
		kernel=${case##*-}
		case=${case%-*}
		row=$(grep -a '^@row ' "$dir/out.log" || true)
		verdict=$(sed -n 's/^@@exit //p' "$dir/out.log")
		case $verdict in
		0)
			verdict=$(goal "$row")
			# a case may say why its own limits are others
			limits=$(value "$row" limits)
			[ "${limits:-/}" = / ] || verdict="$verdict (own limits: ${limits%/*} / ${limits#*/} ms)"
			;;
		'') verdict='no result' ;;
		*) verdict="not met: $(sed -n 's/^FAIL: //p' "$dir/out.log" | paste -sd';' | sed 's/;/; /g')" ;;
		esac
		if [ -z "$row" ]; then
			echo "| $(what "$case") | $kernel | | | | | | | $verdict |"
			continue
		fi
		echo "| $(what "$case") | $kernel | $(value "$row" late0) | $(value "$row" late) |" \
			"$(value "$row" gap0) | $(value "$row" gap) | $(value "$row" floors) |" \
			"$(value "$row" longest) | $verdict |"
	done
}

# Which commits the rows are of: one, unless somebody put several runs together.
commits()
{
	cat build/tests/vm/fault-*/commit build/tests/vm/control-*/commit 2>/dev/null | sort | uniq -c |
		awk '{ printf "%s%s (%d rows)", (NR > 1 ? ", " : ""), $2, $1 } END { if (!NR) printf "not known"; print "." }'
}

controls()
{
	local file case dir

	for file in tests/vm/cases/control-*.sh; do
		case=$(basename "$file" .sh)
		for dir in build/tests/vm/"$case"-*/; do
			[ -r "$dir/out.log" ] || continue
			echo "| $(what "$case") | ${dir##*-} | $(sed -n 's/^FAIL: //p' "$dir/out.log" | head -n 1) |" |
				sed 's,/ |, |,'
		done
	done
}

mkdir -p "$(dirname "$output")"
{
	cat <<-'END'
		# What faults do to the machine

		Written by `tests/vm/reliability.sh`; do not edit. Each row is a guest of its own (4 CPUs, QEMU, one
		instruction is one nanosecond of its time): eight CPU hogs, four at nice 0 and four at nice 5, a task that
		wakes each millisecond, and two processes that fork and exit; first without the fault, then with it.

		The goal of each row: the scheduler is not ejected; the waking task is never later than 20 ms; no hog waits
		for longer than 60 ms, or twice as long as without the fault, whichever is more. Latencies contain what the
		set-up adds: the four emulated CPUs take turns on one clock.

		Where a row has limits of its own (lateness / gap), its case in `tests/vm/cases/` tells why.

		*floor*: how often the kernel part scheduled by itself during the fault, and the longest such time.

		| fault | kernel | lateness before, ms | with it, ms | longest gap before, ms | with it, ms | floor | longest, ms | goal |
		| --- | --- | --- | --- | --- | --- | --- | --- | --- |
	END
	rows
	printf '\nMeasured on commit %s\n' "$(commits)"
	cat <<-'END'

		## Controls

		What the suite reports when the safeguard is switched off (switches that only the tests' build has):

		| control | kernel | found |
		| --- | --- | --- |
	END
	controls
} >"$output.new"
mv "$output.new" "$output"
progress "wrote $output"
