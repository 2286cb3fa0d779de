#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/unit/run.sh [NAME...]: the tests that need neither root nor a guest, in
# three builds: as it is, with the address and undefined-behaviour sanitizers, and,
# those that have threads, with the thread sanitizer. One result for each of meson's
# tests in each build. NAME may be a pattern; --list builds the first one and prints the
# names.
# SCXU_UNIT_BUILDS="build" leaves the others out.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
. "$(dirname "$0")/../names.sh"
cd "$SCXU_ROOT"

only=()
list=
names=() # of the tests, as soon as there is a build that knows them
for argument in "$@"; do
	case $argument in
	-h | --help) sed -n '4,9s/^# \{0,1\}//p' "$0"; exit ;;
	--list) list=1 ;;
	-*) die "unknown option: $argument" "see tests/unit/run.sh --help" ;;
	*) only+=("$argument") ;;
	esac
done

# tests_in DIR SUITE
tests_in()
{
	meson introspect --tests "$1" | python3 -c '
import json, sys
for test in json.load(sys.stdin):
    if any(suite.split(":")[-1] == sys.argv[1] for suite in test["suite"]):
        print(test["name"])' "$2"
}

# choose DIR
choose()
{
	local found

	found=$(tests_in "$1" unit | chosen unit ${only[@]+"${only[@]}"}) || exit
	mapfile -t names <<<"$found"
	[ -z "$list" ] || { echo "$found"; exit; }
}

# results FILE SUFFIX: of meson's own log, one line each.
results()
{
	python3 - "$1" "$2" <<-'END'
		import json, sys

		def reason(test):
		    text = (test.get("stdout") or "") + (test.get("stderr") or "")
		    text = [line for line in text.splitlines() if line.strip()]
		    for line in text:
		        if any(word in line for word in ("FAIL", "ERROR", "WARNING: ThreadSanitizer", "rror:", "ssert")):
		            return line.strip(), text
		    return "%s, exit status %s" % (test["result"], test["returncode"]), text

		suffix = sys.argv[2]
		for line in open(sys.argv[1], errors="replace"):
		    test = json.loads(line)
		    name = "unit/" + test["name"].split(" / ")[-1] + suffix
		    if test["result"] in ("OK", "EXPECTEDFAIL"):
		        print("PASS %s (%.0f s)" % (name, test["duration"]))
		    elif test["result"] == "SKIP":
		        print("SKIP %s: the test itself says so" % name)
		    else:
		        why, text = reason(test)
		        print("FAIL %s: %s" % (name, why))
		        for line in text[-25:]:
		            print("    " + line)
	END
}

run_in()
{
	local dir=$1 suffix=$2 log=$1/meson-logs/testlog.json
	local run=() here

	if ! setup/build.sh -d "$dir" ${target:+-t "$target"} "${options[@]}"; then
		echo "FAIL unit$suffix: the build failed"
		return
	fi
	[ ${#names[@]} -gt 0 ] || choose "$dir"
	mapfile -t here < <(tests_in "$dir" "${target:-unit}" | grep -xF "$(printf '%s\n' "${names[@]}")")
	if [ ${#here[@]} -eq 0 ]; then
		[ ${#only[@]} -gt 0 ] || echo "FAIL unit$suffix: no test is for this build"
		return 0
	fi
	rm -f "$log"
	# the thread sanitizer wants to know where things lie in memory
	[ "$dir" != build-tsan ] || ! have setarch || run=(setarch "$(uname -m)" -R)
	progress "unit tests in $dir"
	${run[@]+"${run[@]}"} meson test -C "$dir" --no-rebuild --timeout-multiplier "$factor" \
		"${here[@]}" >"$dir/meson-logs/run.txt" 2>&1 || true
	if [ ! -s "$log" ]; then
		echo "FAIL unit$suffix: meson ran no test: $(tail -n 1 "$dir/meson-logs/run.txt")"
		return
	fi
	results "$log" "$suffix"
}

for dir in ${SCXU_UNIT_BUILDS:-build build-asan build-tsan}; do
	options=()
	factor=1
	target=
	case $dir in
	build-asan) options=(-Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false); factor=4 ;;
	build-tsan) options=(-Db_sanitize=thread -Db_lundef=false -Dc_args=-Wno-error=tsan); factor=8; target=threads ;;
	esac
	case $dir in
	build) run_in "$dir" "" ;;
	*) run_in "$dir" "-${dir#build-}" ;;
	esac
done
