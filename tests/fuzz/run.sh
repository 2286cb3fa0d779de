#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/fuzz/run.sh [--seconds N] [--list] [NAME...]: fuzz targets (libFuzzer, with the
# address and undefined-behaviour sanitizers), and controls, in which a guard is left out
# and has to be missed. By default a number of runs that takes a minute at most, the same
# ones each time; with --seconds N others each time, for so long. NAME may be a pattern.
# What a target has found stays in build-fuzz/found/NAME/, with its log.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
. "$(dirname "$0")/../names.sh"
cd "$SCXU_ROOT"

# "NAME TARGET RUNS LENGTH [WHAT A CONTROL FINDS]": one with the last is a control. It
# ends with the find; its many runs are for an order of files or addresses without luck
TABLE='
policy-options policy-options 800000 200
workload workload 60000 2000
engine engine 20000 1000
planted-policy-options policy-options 2000000 200 not so: value >=
planted-words workload 2000000 200 words.c.*shift exponent
planted-rt-app workload 2000000 2000 rt-app.c.*null pointer
planted-engine engine 2000000 1000 AddressSanitizer: SEGV
'
only=()
seconds=
list=
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) sed -n '4,9s/^# \{0,1\}//p' "$0"; exit ;;
	--list) list=1 ;;
	--seconds)
		[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--seconds needs a number"
		seconds=$2
		shift
		;;
	-*) die "unknown option: $1" "see tests/fuzz/run.sh --help" ;;
	*) only+=("$1") ;;
	esac
	shift
done

build()
{
	local assignments

	assignments=$(setup/toolchain.sh) || return
	eval "$assignments"
	CC=$CLANG setup/build.sh -d build-fuzz -t fuzz
}

# fuzz NAME TARGET RUNS LENGTH: to build-fuzz/found/NAME/log. Its exit status.
fuzz()
{
	local name=$1 target=$2 runs=$3 length=$4 found=build-fuzz/found/$1 options=()

	rm -rf "$found"
	mkdir -p "$found/corpus"
	[ ! -e "tests/fuzz/$target.dict" ] || options+=("-dict=tests/fuzz/$target.dict")
	if [ -n "$seconds" ] && [ "$name" = "$target" ]; then
		options+=(-max_total_time="$seconds")
	else
		options+=(-seed=1 -runs="$runs")
	fi
	"build-fuzz/tests/fuzz/fuzz-$name" "${options[@]}" -max_len="$length" -timeout=20 \
		-artifact_prefix="$found/" "$found/corpus" "tests/fuzz/corpus/$target" >"$found/log" 2>&1
}

# why LOG: the line that says what was found
why()
{
	grep -aE -m 1 'not so: |runtime error: |violation: |ERROR: (AddressSanitizer|LeakSanitizer)|ERROR: libFuzzer: (timeout|out-of-memory)' "$1" ||
		tail -n 1 "$1"
}

names=$(sed '/^$/d; s/ .*//' <<<"$TABLE" | chosen fuzz ${only[@]+"${only[@]}"}) || exit
if [ -n "$list" ]; then
	echo "$names"
	exit
fi
if ! build || [ ! -x build-fuzz/tests/fuzz/fuzz-engine ]; then
	echo "FAIL fuzz: no targets: is this a clang with libFuzzer (package libclang-rt-19-dev)?"
	exit
fi
while read -r name target runs length finds <&3; do
	grep -qx -- "${name:-none}" <<<"$names" || continue
	began=$SECONDS
	status=0
	progress "fuzzing: $name"
	fuzz "$name" "$target" "$runs" "$length" || status=$?
	log=build-fuzz/found/$name/log
	runs=$(sed -n 's/^#\([0-9][0-9]*\).*/\1/p' "$log" | tail -n 1)
	if [ -n "$finds" ]; then
		if [ "$status" != 0 ] && grep -aqE -- "$finds" "$log"; then
			echo "PASS fuzz/$name: missed after ${runs:-0} runs ($((SECONDS - began)) s)"
		else
			echo "FAIL fuzz/$name: a guard is left out, and nothing like \"$finds\" was found: $(why "$log")"
		fi
	elif [ "$status" = 0 ]; then
		echo "PASS fuzz/$name: $runs runs ($((SECONDS - began)) s)"
	else
		echo "FAIL fuzz/$name: $(why "$log")"
		input=$(find "build-fuzz/found/$name" -maxdepth 1 -type f ! -name log | head -n 1)
		echo "    to repeat it: build-fuzz/tests/fuzz/fuzz-$name ${input:-(no input was kept)}"
	fi
done 3<<<"$TABLE"
