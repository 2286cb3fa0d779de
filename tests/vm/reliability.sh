#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/vm/reliability.sh [OPTIONS] [CASE...]: runs the fault suite and its controls on
# the kernels that they are for ("# matrix:" of the cases), and writes
# docs/RELIABILITY.md from what they printed.
#
#	-k, --kernel VERSION	on this one of those kernels only (6.18, newest; may be
#				repeated)
#	    --quick		the same as -k newest
#	    --eevdf		only those faults that are none of the agent's, without a
#				scheduler loaded: a table of their own, to compare with
#	    --no-run		from what lies in build/tests/vm
#	-b, --build DIR		the build under test (default: build)
#	-o, --output FILE	instead of docs/RELIABILITY.md
#
# A part (with -k, CASE or --no-run) replaces its own rows in the document and keeps the
# others; each row tells of which commit it is. CASE may be a pattern.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
cd "$SCXU_ROOT"

output=docs/RELIABILITY.md
build=build
run=1 part=''
kernels=() cases=() eevdf=()

while [ $# -gt 0 ]; do
	case $1 in
	-k | --kernel) kernels+=(-k "$2"); part=1; shift 2 ;;
	--quick) kernels+=(-k newest); part=1; shift ;;
	--eevdf) eevdf=(--eevdf); part=1; shift ;;
	--no-run) run='' part=1; shift ;;
	-b | --build) build=$2; shift 2 ;;
	-o | --output) output=$2; shift 2 ;;
	-h | --help) sed -n '4,19s/^# \{0,1\}//p' "$0"; exit ;;
	-*) die "unknown option: $1" "see tests/vm/reliability.sh --help" ;;
	*) cases+=("$1"); part=1; shift ;;
	esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$run" ]; then
	touch "$work/begin"
	[ ${#cases[@]} -gt 0 ] || cases=('fault-*' 'control-*')
	tests/vm/run.sh -b "$build" --all-kernels ${kernels[@]+"${kernels[@]}"} ${eevdf[@]+"${eevdf[@]}"} "${cases[@]}" || true
fi

# header CASE WORD: the values of "# WORD: value" at the top of a case.
header()
{
	sed -n -e '/^[^#]/q' -e "s/^# $2: *//p" "tests/vm/cases/$1.sh"
}

what()
{
	header "$1" what | sed 's/^\(fault\|a control\|control\): //'
}

# value ROW NAME
value()
{
	echo "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"
}

# verdict DIR ROW: by the goal; what the case says of it, where it says more.
verdict()
{
	local failed limits

	case $(sed -n 's/^@@exit //p' "$1/out.log") in
	0) ;;
	'') echo 'no result'; return ;;
	*)
		failed=$(sed -n 's/^FAIL: //p' "$1/out.log" | paste -sd'\t' | sed 's/\t/; /g; s/|/\//g')
		echo "failed: ${failed:-it ended early}"
		return
		;;
	esac
	# a case that ran nothing tells why
	[ -n "$2" ] || { sed -n 's/^# /not run: /p' "$1/out.log" | head -n 1; return; }
	limits=$(value "$2" limits)
	awk -v late="$(value "$2" late)" -v late_goal="$(value "$2" late_goal)" -v gap="$(value "$2" gap)" \
		-v gap_goal="$(value "$2" gap_goal)" -v limits="$limits" 'BEGIN {
			if (late <= late_goal + 0 && gap <= gap_goal + 0) {
				print "met"
				exit
			}
			split(limits, limit, "/")
			printf "missed; passes up to %s / %s ms\n", limit[1], limit[2]
		}'
}

# results KIND: "CASE KERNEL DIR" of those that have run now.
results()
{
	local dir case file

	for dir in "$build"/tests/vm/"$1"-*/; do
		dir=${dir%/}
		[ -r "$dir/out.log" ] || continue
		[ -z "$run" ] || [ "$dir/out.log" -nt "$work/begin" ] || continue
		case=${dir##*/}
		file=${case%-*}
		[ -r "tests/vm/cases/${file#eevdf-}.sh" ] || continue
		echo "${case%-*} ${case##*-} $dir"
	done
}

commit_of()
{
	cat "$1/commit" 2>/dev/null || echo 'not known'
}

# gap_before ROW
gap_before()
{
	local work

	work=$(value "$1" gap_work)
	echo "$(value "$1" gap0)${work:+; $work beside as much work}"
}

fault_rows()
{
	local case kernel dir row

	results fault | while read -r case kernel dir; do
		row=$(grep -a '^@row ' "$dir/out.log" || true)
		echo "| $(what "$case") | $kernel | $(value "$row" late0) | $(value "$row" late) |" \
			"$(gap_before "$row") | $(value "$row" gap) | $(value "$row" floors) |" \
			"$(value "$row" longest) | $(verdict "$dir" "$row") | $(commit_of "$dir") |"
	done
}

eevdf_rows()
{
	local case kernel dir row

	results eevdf-fault | while read -r case kernel dir; do
		row=$(grep -a '^@row ' "$dir/out.log") || continue
		echo "| $(what "${case#eevdf-}") | $kernel | $(value "$row" late0) | $(value "$row" late) |" \
			"$(value "$row" gap0) | $(value "$row" gap) | $(commit_of "$dir") |"
	done
}

control_rows()
{
	local case kernel dir

	results control | while read -r case kernel dir; do
		echo "| $(what "$case") | $kernel |" \
			"$(sed -n 's/^FAIL: //p' "$dir/out.log" | head -n 1 | sed 's/|/\//g') | $(commit_of "$dir") |"
	done
}

# The cases of a kind, in the order of the document.
order()
{
	local file

	for file in tests/vm/cases/"$1"-*.sh; do
		what "$(basename "$file" .sh)"
	done
}

# put_together KIND NEW: the new rows and, of a part, those that the document has; one for
# each case and line of kernels. The newest kernel first.
put_together()
{
	{
		cat "$2"
		# a run of all has none without a scheduler
		[ -z "$part" ] && [ "$1" != eevdf ] || [ ! -r "$output" ] || grep '^| ' "$output" || true
	} | awk -F ' *[|] *' -v order="$(order "${1/eevdf/fault}")" -v columns="$(head -n 1 "$work/columns-$1" | tr -dc '|')" '
		BEGIN {
			n = split(order, lines, "\n")
			for (i = 1; i <= n; i++)
				place[lines[i]] = i
		}
		($2 in place) && gsub(/[|]/, "|") == length(columns) {
			split($3, v, ".")
			if (!seen[$2, v[1], v[2]]++)
				printf "%03d%03d %03d %s\n", 999 - v[1], 999 - v[2], place[$2], $0
		}' | sort -s -k1,2 | cut -d' ' -f3-
}

cat >"$work/columns-fault" <<-'END'
	| fault | kernel | lateness before, ms | with it, ms | longest gap before, ms | with it, ms | floor | longest, ms | goal | commit |
	| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
END
cat >"$work/columns-eevdf" <<-'END'
	| fault | kernel | lateness before, ms | with it, ms | longest gap before, ms | with it, ms | commit |
	| --- | --- | --- | --- | --- | --- | --- |
END
cat >"$work/columns-control" <<-'END'
	| control | kernel | found | commit |
	| --- | --- | --- | --- |
END

# Limits that are not the goal, and why.
reasons()
{
	local file case

	for file in tests/vm/cases/fault-*.sh; do
		case=$(basename "$file" .sh)
		[ -z "$(header "$case" reason)" ] || echo "- *$(what "$case")*: $(header "$case" reason | paste -sd' ')"
	done
}

fault_rows >"$work/faults"
eevdf_rows >"$work/eevdf"
control_rows >"$work/controls"
mkdir -p "$(dirname "$output")"
{
	cat <<-'END'
		# What faults do to the machine

		Written by `tests/vm/reliability.sh`; do not edit. Each row is a guest of its own (4 CPUs, QEMU, one
		instruction is one nanosecond of its time; in those of half a minute, SIGSTOP and gdb, four, as on a machine
		that is so much slower): eight CPU hogs, four at nice 0 and four at nice 5, a task that
		wakes each millisecond, and two processes that fork and exit; first without the fault, then with it.

		The goal of each row: the scheduler is not ejected; the waking task is never later than 20 ms; no hog waits
		for longer than 60 ms, or twice as long as without the fault, whichever is more; no task is lost, and
		everything is counted. Where the fault is tasks that compute, "without the fault" is as many without the
		harm, too: hogs wait for those in any case. Where the load itself is frozen, in a suspend, both goals are later by that time. Latencies contain what the set-up adds: the four emulated CPUs take turns on one clock.

		*floor*: how often the kernel part scheduled by itself during the fault, and the longest such time.

	END
	cat "$work/columns-fault"
	put_together fault "$work/faults"
	cat <<-'END'

		Where the goal is missed a case still passes up to twice the goal (lateness / gap), or up to limits of its own,
		for which there is a reason:

	END
	reasons
	cat <<-'END'

		## The same under the kernel's own scheduler

		The faults that are none of the agent's, on the same load, without a scheduler loaded (EEVDF).

	END
	cat "$work/columns-eevdf"
	put_together eevdf "$work/eevdf"
	cat <<-'END'

		## Controls

		What the suite reports when the safeguard is switched off (switches that only the tests' build has):

	END
	cat "$work/columns-control"
	put_together control "$work/controls"
} >"$output.new"
mv "$output.new" "$output"
progress "wrote $output"
