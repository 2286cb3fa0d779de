#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/model/run.sh [NAME...]: looks with spin at all interleavings of small
# configurations of the protocols of bpf/. Each model's opening comment lists its
#
#	run	NAME [OPTION...]	in which no error may be found
#	control	NAME OPTION...	a guard left out: an error must be found
#
#	--list	all of them
#
# NAME is MODEL-RUN or MODEL-control-CONTROL, or a pattern ("custody*", "*control*").
# What spin printed, and the steps that lead to an error, stay in build/tests/model/NAME/.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
cd "$SCXU_ROOT"

MODELS=tests/model
OUT=$SCXU_ROOT/build/tests/model
MEMORY=1900	# MB; spin gives up there, which is a failure
SECONDS_EACH=600
INCOMPLETE='max search depth too small|reached -DMEMLIM bound|out of memory|Search not completed|bit-state|hash-compact'
names=()
list=

for argument in "$@"; do
	case $argument in
	-h | --help) sed -n '4,13s/^# \{0,1\}//p' "$0"; exit ;;
	--list) list=1 ;;
	-*) die "unknown option: $argument" "see tests/model/run.sh --help" ;;
	*) names+=("$argument") ;;
	esac
done

# "NAME FILE KIND OPTION..." of all runs, the controls of a model after its runs.
all_runs()
{
	local file word run options

	for file in "$MODELS"/*.pml; do
		sed -n 's/^ \* \(\(run\|control\)\t.*\)/\1/p' "$file" | while read -r word run options; do
			[ "$word" = run ] || run=control-$run
			echo "$(basename "$file" .pml)-$run $file $word $options"
		done
	done
}

selected()
{
	local name file rest pattern

	all_runs | while read -r name file rest; do
		[ ${#names[@]} -gt 0 ] || echo "$name $file $rest"
		for pattern in ${names[@]+"${names[@]}"}; do
			# shellcheck disable=SC2053	# a pattern, on purpose
			[[ $name == $pattern ]] && echo "$name $file $rest" && break
		done
	done | grep . || die "no such model: ${names[*]:-(there is none)}" "tests/model/run.sh --list shows them"
}

# check NAME FILE KIND OPTION...: the search, in a directory of its own; its result in "out".
check()
{
	local dir=$OUT/$1 file=$2 kind=$3 optimize=-O2

	shift 3
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$file" "$dir/model.pml"
	cd "$dir"
	# a control ends early: there the compiler takes longer than the search
	[ "$kind" = run ] || optimize=-O0
	spin -a "$@" model.pml >spin.txt 2>&1 &&
		gcc "$optimize" -w -DSAFETY -DMEMLIM="$MEMORY" -o pan pan.c >>spin.txt 2>&1 || return 1
	# -E: that nobody can take a step is what the models' "timeout" waits for
	timeout --foreground "$SECONDS_EACH" ./pan -E -m100000 -w24 >out 2>&1 || true
	rm -f pan pan.[bchmpt] _spin_nvr.tmp
	# by hand: spin -t -p -g OPTION... model.pml
	[ ! -e model.pml.trail ] || spin -t -p -g "$@" model.pml >steps.txt 2>&1 || true
}

# What makes a search worth less than it says, empty when it was complete. That an
# assertion holds says nothing when it was never reached.
incomplete()
{
	local dir=$1

	grep -q '^State-vector .*errors:' "$dir/out" || { echo "the search did not end"; return; }
	grep -m 1 -oE "$INCOMPLETE" "$dir/out" ||
		sed -n '/^unreached in /,$ s/^\t\(.*assert.*\)/an assertion was not reached: \1/p' "$dir/out" | head -n 1
}

report()
{
	local name=$1 kind=$2 took=$3 dir=$OUT/$1 error states why

	error=$(sed -n 's/^pan:[0-9]*: \(.*\) (at depth .*/\1/p' "$dir/out" 2>/dev/null | head -n 1)
	states=$(awk '/states, stored/ { printf "%.0f", $1; exit }' "$dir/out" 2>/dev/null)
	case $kind:$error in
	run:)
		why=$(incomplete "$dir")
		if [ -z "$why" ]; then
			echo "PASS model/$name ($states states, $took s)"
		else
			echo "FAIL model/$name: not all states were seen: $why, in $dir/out"
		fi ;;
	run:*)
		echo "FAIL model/$name: $error, in $dir/steps.txt"
		grep -E '^ *[0-9]+:.*proc' "$dir/steps.txt" | tail -n 25 | sed 's/^/    /' ;;
	control:'assertion violated '*)
		echo "PASS model/$name (found: ${error#assertion violated }; $states states, $took s)" ;;
	control:)
		echo "FAIL model/$name: a guard is left out, and no error was found, in $dir/out" ;;
	*)
		echo "FAIL model/$name: $error, in $dir/out" ;;
	esac
}

if [ -n "$list" ]; then
	selected | while read -r name _ _ options; do
		printf '%-42s %s\n' "$name" "$options"
	done
	exit
fi
have spin || die "spin is missing" "run: setup/packages.sh build model"

runs=$(selected)
progress "models in $MODELS"
while read -r name file kind options; do
	start=$(date +%s)
	# shellcheck disable=SC2086	# options are words
	if (check "$name" "$file" "$kind" $options); then
		report "$name" "$kind" $(($(date +%s) - start))
	else
		echo "FAIL model/$name: $(tail -n 1 "$OUT/$name/spin.txt")"
	fi
done <<<"$runs"
