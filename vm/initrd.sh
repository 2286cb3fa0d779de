#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vm/initrd.sh [OPTIONS] -o FILE: builds the guest's initial file system.
#
#	-o, --output FILE	where to write it
#	-b, --build DIR		the build to take scx_userland and the guest tools
#				from (default: build)
#	    --overlay DIR	a directory whose content appears as /job in the
#				guest; its main.sh is what the guest runs
#	    --only-overlay	that alone, without the programs: for vm/boot.sh --job
#	    --add PROGRAM	a program of this machine to take along, with the
#				libraries it needs (may be repeated)
#
# Two runs over the same files give the same bytes: names sorted, times and
# owners fixed, inodes numbered anew. In instruction-counted time a guest then
# repeats to the bit; with an archive in another order its latencies differ by
# tens of percent.
#
# Two archives, one after the other: all programs, which is kept and used again
# as long as none of them changes, and the overlay, which differs at each run.
# Not compressed: unpacking takes longer in an emulated guest than copying.

set -eu
. "$(dirname "$0")/../setup/common.sh"

output=
build=$SCXU_ROOT/build
overlay=
only_overlay=
programs=()

while [ $# -gt 0 ]; do
	case $1 in
	-o | --output) output=$2; shift 2 ;;
	-b | --build) build=$2; shift 2 ;;
	--overlay) overlay=$2; shift 2 ;;
	--only-overlay) only_overlay=1; shift ;;
	--add) programs+=("$2"); shift 2 ;;
	-h | --help) sed -n '4,23s/^# \{0,1\}//p' "$0"; exit ;;
	*) die "unknown argument: $1" "see vm/initrd.sh --help" ;;
	esac
done
[ -n "$output" ] || die "no output file given" "see vm/initrd.sh --help"

# busybox must be the static one: it is the guest's whole user space.
busybox=$(command -v busybox) || die "busybox is missing" "install busybox-static"
if ldd "$busybox" >/dev/null 2>&1; then
	die "$busybox is linked dynamically" "install busybox-static"
fi
have cpio || die "cpio is missing" "install cpio"

# pack DIR: its files as an archive. Everything that could differ from one run
# to the next is set to a fixed value.
pack()
(
	cd "$1"
	find . -exec touch -h -d @0 {} +
	find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet -0 -o -H newc --reproducible -R 0:0
)

# libraries PROGRAM...: the dynamic libraries that they need, loader included. A
# program that was unpacked in the cache may have some beside it.
libraries()
{
	local program beside

	for program in "$@"; do
		beside=
		case $program in
		"$SCXU_CACHE"/unpacked/*/usr/bin/*)
			beside=$(find "${program%/usr/bin/*}" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:) ;;
		esac
		LD_LIBRARY_PATH=$beside ldd "$program" 2>/dev/null
	done | awk '
		/not found/ { print "error: a library is missing: " $0 >"/dev/stderr"; exit 1 }
		$2 == "=>" && $3 ~ /^\// { print $3 }
		$1 ~ /^\// { print $1 }' | sort -u
}

# "SOURCE DESTINATION" of each file.
contents()
{
	local file path

	echo "$busybox /bin/busybox"
	echo "$SCXU_ROOT/vm/guest/init /init"
	if [ -x "$build/cli/scx_userland" ]; then
		echo "$build/cli/scx_userland /usr/bin/scx_userland"
	fi
	for file in "$build"/vm/guest/*; do
		[ -f "$file" ] && [ -x "$file" ] && echo "$file /usr/bin/${file##*/}"
	done
	for file in "$SCXU_ROOT"/vm/guest/*.sh; do
		[ -f "$file" ] && echo "$file /usr/lib/scxu/${file##*/}"
	done
	for file in ${programs[@]+"${programs[@]}"}; do
		# a file of the build may be added by its path as well
		path=$file
		[ -f "$path" ] || path=$(command -v "$file") || die "no such program: $file"
		echo "$(readlink -f "$path") /usr/bin/${path##*/}"
	done
}

all_contents()
{
	local list

	list=$(contents) || exit
	echo "$list"
	# shellcheck disable=SC2046	# paths of libraries and of the build, one a word
	libraries $(cut -d' ' -f1 <<<"$list") |
		awk -v unpacked="$SCXU_CACHE/unpacked/" '{
			to = $0
			if (index(to, unpacked) == 1) {
				to = substr(to, length(unpacked) + 1)
				sub(/^[^\/]*/, "", to)
			}
			print $0, to
		}'
}

pack_programs()
{
	local dir base=$1 list=$2 source destination applet

	[ -e "$base" ] && return
	dir=$(mktemp -d)
	mkdir -p "$dir"/{bin,dev,etc,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var,job}
	while read -r source destination; do
		mkdir -p "$dir${destination%/*}"
		cp -L "$source" "$dir$destination"
		chmod 755 "$dir$destination"
	done <<<"$list"
	for applet in $("$busybox" --list); do
		[ -e "$dir/bin/$applet" ] || [ -e "$dir/usr/bin/$applet" ] || ln -s busybox "$dir/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/etc/passwd"
	echo 'root:x:0:' >"$dir/etc/group"
	find "$dir" -type d -exec chmod 755 {} +
	pack "$dir" >"$base.new"
	mv "$base.new" "$base"
	rm -rf "$dir"
	# each build leaves one behind: those of the last day are enough
	find "$SCXU_CACHE/initrd" -type f -mmin +1440 -delete
}

pack_overlay()
(
	[ -d "$overlay" ] || die "no such directory: ${overlay:-(none was given)}"
	stage=$(mktemp -d)
	trap 'rm -rf "$stage"' EXIT
	mkdir "$stage/job"
	cp -RL "$overlay/." "$stage/job/"
	chmod -R u=rwX,go=rX "$stage/job"
	pack "$stage"
)

mkdir -p "$(dirname "$output")"
if [ -n "$only_overlay" ]; then
	pack_overlay >"$output"
	exit
fi

list=$(all_contents) || exit
# shellcheck disable=SC2046	# as above
key=$({ echo "$list" | cut -d' ' -f2; sha256sum "$0" $(cut -d' ' -f1 <<<"$list") | cut -d' ' -f1; } |
	sha256sum | cut -c1-16)
base=$SCXU_CACHE/initrd/$key.cpio
mkdir -p "$SCXU_CACHE/initrd"
with_lock initrd pack_programs "$base" "$list"

cp "$base" "$output"
[ -z "$overlay" ] || pack_overlay >>"$output"
