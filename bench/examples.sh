#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bench/examples.sh IMAGE: prints a directory with the kernel's own schedulers,
# scx_simple and scx_userland of tools/sched_ext, built for that guest kernel from
# Debian's source package of the same version. Built once for each version, in the
# cache, under the names kernel-scx_simple and kernel-scx_userland.
#
# The package comes by the private apt configuration of setup/apt.sh, signatures
# checked. The kernel's types are read out of the image itself. It takes the tool
# chain of setup/toolchain.sh in place of the bpftool and libbpf that the kernel's
# Makefile would build first; flags are that Makefile's.

set -eu
. "$(dirname "$0")/../setup/common.sh"
. "$SCXU_ROOT/setup/apt.sh"

SUITE=trixie-backports
SCHEDULERS="scx_simple scx_userland"

case ${1:-} in
-h | --help | '') sed -n '4,12s/^# \{0,1\}//p' "$0"; exit ;;
esac
image=$1
version=$(basename "$image" | sed 's/^vmlinuz-//')
ready=$SCXU_CACHE/kernel-examples/$version

# fetch DIR: the few files of the source package that are needed.
fetch()
{
	local line=${version%.*} package deb offered

	package=linux-source-$line
	deb=$(suite_download "$SUITE" "$package" "the kernel's sources, for its own schedulers") || return
	offered=$(basename "$deb" | sed -e "s/^${package}_//" -e 's/-.*//')
	if [ "$offered" != "${version%%+*}" ]; then
		rm -f "$deb"
		echo "error: $package is of $offered, and the guest kernel of ${version%%+*}" >&2
		return 1
	fi
	progress "unpacking the kernel's schedulers"
	dpkg --fsys-tarfile "$deb" | tar -xO --wildcards './usr/src/*.tar.xz' | xz -dc |
		tar -x -C "$1" --strip-components=1 --wildcards '*/tools/sched_ext/*' \
		'*/scripts/extract-vmlinux' '*/tools/include/*' '*/tools/arch/x86/include/*' || return
	rm -f "$deb"
}

# build_one NAME: in the folder of the sources; $flags_bpf and $flags_c.
build_one()
{
	"$CLANG" "${flags_bpf[@]}" -target bpf -c "$1.bpf.c" -o "$1.raw.o" &&
	"$BPFTOOL" gen object "$1.bpf.o" "$1.raw.o" &&
	"$BPFTOOL" gen skeleton "$1.bpf.o" name "$1" >"$1.bpf.skel.h" &&
	gcc "${flags_c[@]}" "$1.c" -o "$1" "${libs[@]}"
}

build()
(
	[ -e "$ready/kernel-scx_userland" ] && exit
	case $version in
	[0-9]*.[0-9]*+*) ;;
	*)
		echo "error: no source package is known for the kernel $image" >&2
		exit 1
		;;
	esac
	need_disk 600
	work=$ready.work
	log=$ready.log
	rm -rf "$work"
	mkdir -p "$work"
	fetch "$work" || exit
	progress "building the kernel's schedulers (once)"
	exec 3>&2 >"$log" 2>&1
	if ! sh "$work/scripts/extract-vmlinux" "$image" >"$work/vmlinux" ||
	   ! "$BPFTOOL" btf dump file "$work/vmlinux" format c >"$work/vmlinux.h"; then
		echo "error: the types could not be read from $image, see $log" >&3
		exit 1
	fi
	cd "$work/tools/sched_ext" || exit
	includes=$(pkg-config --cflags-only-I libbpf)
	read -ra includes <<<"$includes"
	mapfile -t system < <("$CLANG" -v -E - </dev/null 2>&1 |
		sed -n '/<...> search starts here:/,/End of search list./s/^ \(\/.*\)/\1/p' | sed 's/^/-idirafter\n/')
	flags_bpf=(-g -O2 -mcpu=v3 -D__TARGET_ARCH_x86 -mlittle-endian -Iinclude -Iinclude/bpf-compat
		"-I$work" "${includes[@]}" -I../include/uapi "${system[@]}" -fms-extensions
		-Wno-compare-distinct-pointer-types -Wno-microsoft-anon-tag)
	flags_c=(-g -O2 -pthread -Iinclude "${includes[@]}" -I../include -I../include/uapi)
	libs=("$(pkg-config --variable=libdir libbpf)/libbpf.a" -lelf -lz -lpthread)
	for scheduler in $SCHEDULERS; do
		build_one "$scheduler" || {
			echo "error: the kernel's $scheduler could not be built, see $log" >&3
			exit 1
		}
	done
	mkdir -p "$ready"
	for scheduler in $SCHEDULERS; do cp "$scheduler" "$ready/kernel-$scheduler"; done
	rm -rf "$work"
)

assignments=$("$SCXU_ROOT/setup/toolchain.sh") || exit
eval "$assignments"
with_lock kernel-examples build
echo "$ready"
