#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# setup/build.sh [-d DIR] [-t TARGET] [MESON OPTION...]: builds the tree, or one target of
# it, with the tool chain of setup/toolchain.sh. DIR (default: build) is set up at its
# first use only; then a run costs what ninja finds to do. Other DIRs are for other
# options, for example
#
#	setup/build.sh -d build-asan -Db_sanitize=address,undefined

set -eu
. "$(dirname "$0")/common.sh"

dir=build
target=
while :; do
	case ${1:-} in
	-h | --help) sed -n '4,9s/^# \{0,1\}//p' "$0"; exit ;;
	-d) dir=$2; shift 2 ;;
	-t) target=$2; shift 2 ;;
	*) break ;;
	esac
done
cd "$SCXU_ROOT"

build()
{
	local log=$dir/build.log

	mkdir -p "$dir"
	# another tool chain than last time: begin anew
	if ! cmp -s "$SCXU_NATIVE_FILE" "$dir/toolchain.ini"; then
		rm -f "$dir/build.ninja"
	fi

	# it tells a directory that meson could not finish from one that is ready
	if [ ! -e "$dir/build.ninja" ]; then
		progress "configuring the build in $dir"
		rm -rf "$dir/meson-private"
		if ! meson setup --native-file "$SCXU_NATIVE_FILE" "$dir" "$@" >"$log" 2>&1; then
			tail -n 15 "$log" >&2
			die "the build could not be configured" "the whole message: $SCXU_ROOT/$log"
		fi
		cp "$SCXU_NATIVE_FILE" "$dir/toolchain.ini"
	fi
	progress "building${dir:+ in $dir}"
	if ! ninja -C "$dir" ${target:+"$target"} >"$log" 2>&1; then
		grep -vE '^\[[0-9]+/[0-9]+\] [A-Z]' "$log" | tail -n 40 >&2
		die "the build failed" "the whole message: $SCXU_ROOT/$log"
	fi
	# a warning in a build that passed is still to be seen
	grep -E 'warning:' "$log" >&2 || true
}

assignments=$("$SCXU_ROOT/setup/toolchain.sh") || exit
eval "$assignments"
mkdir -p "$SCXU_CACHE"
with_lock "build-$(printf %s "$SCXU_ROOT/$dir" | cksum | cut -d' ' -f1)" build "$@"
