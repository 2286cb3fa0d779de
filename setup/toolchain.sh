#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The BPF tool chain: clang, and a libbpf (1.5 or newer, static) and bpftool that
# belong together, since bpftool writes skeletons for its own libbpf's structs.
# The machine's own where they are new enough (Debian 13); on Debian 12 libbpf is
# built from trixie's source package and bpftool is bookworm-backports', both in
# the cache.
#
# Prints shell assignments: eval "$(setup/toolchain.sh)" sets
#
#	CLANG, BPFTOOL		programs
#	PKG_CONFIG_PATH		finds that libbpf
#	SCXU_NATIVE_FILE	the same three for meson setup --native-file

set -eu
. "$(dirname "$0")/common.sh"
. "$SCXU_ROOT/setup/apt.sh"

PATH=$PATH:/usr/sbin:/sbin
LIBBPF=$SCXU_CACHE/libbpf-pic	# position-independent: libscxu.so has it inside
READY=$SCXU_CACHE/toolchain-pic
tools=

find_clang()
{
	local name

	for name in "${CLANG:-}" clang-19 clang-20 clang-21 clang-22 clang; do
		if [ -n "$name" ] && have "$name" &&
		   [ "$("$name" -dumpversion 2>/dev/null | cut -d. -f1)" -ge 19 ]; then
			command -v "$name"
			return
		fi
	done
	die "clang 19 or newer is missing" "on Debian: apt-get install clang-19 (./run does so as root)"
}

# "1.5" of "using libbpf v1.5"; nothing when it does not start.
bpftool_libbpf()
{
	"$1" version 2>/dev/null | sed -n 's/^using libbpf v\([0-9.]*\).*/\1/p'
}

# pair_works BPFTOOL: with the libbpf that pkg-config finds now. The library may
# be newer than the tool's, never older.
pair_works()
{
	local version

	version=$(bpftool_libbpf "$1")
	[ -n "$version" ] &&
	[ "$(printf '%s\n' 1.5 "$version" | sort -V | head -n 1)" = 1.5 ] &&
	pkg-config --atleast-version="$version" libbpf 2>/dev/null &&
	[ -e "$(pkg-config --variable=libdir libbpf)/libbpf.a" ]
}

build_libbpf()
{
	local work=$SCXU_CACHE/libbpf.work log=$SCXU_CACHE/libbpf.log source

	progress "building libbpf (once, 15 s)"
	rm -rf "$work" "$LIBBPF"
	suite_source trixie libbpf "$work" || return
	tar -xf "$work"/libbpf_*.orig.tar.* -C "$work"
	source=$(find "$work" -mindepth 2 -maxdepth 2 -name src)
	if ! make -C "$source" -j"$(nproc)" BUILD_STATIC_ONLY=1 OBJDIR="$work/obj" DESTDIR='' \
		CFLAGS='-g -O2 -fPIC' PREFIX="$LIBBPF" LIBDIR="$LIBBPF/lib" install >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "error: libbpf could not be built, see $log" >&2
		return 1
	fi
	rm -rf "$work"
}

fetch_tools()
{
	local deb dir

	need_disk 100
	[ -e "$LIBBPF/lib/pkgconfig/libbpf.pc" ] || build_libbpf || exit
	deb=$(suite_download bookworm-backports bpftool) || exit
	dir=$(deb_unpack "$deb") || exit
	rm -f "$deb"
	tools=$dir/usr/sbin/bpftool
	export PKG_CONFIG_PATH=$LIBBPF/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
	pair_works "$tools" ||
		die "bpftool $(bpftool_libbpf "$tools") and libbpf $(pkg-config --modversion libbpf) do not match"
	write_down
}

# Kept, so that the next run does not ask again.
write_down()
{
	cat >"$READY.ini.new" <<-END
		[project options]
		clang = '$clang'
		bpftool = '$tools'
		[built-in options]
		pkg_config_path = '${PKG_CONFIG_PATH:-}'
	END
	# meson configures anew when this file changes: leave it as it is if it did not
	if cmp -s "$READY.ini.new" "$READY.ini"; then
		rm "$READY.ini.new"
	else
		mv "$READY.ini.new" "$READY.ini"
	fi
	cat >"$READY" <<-END
		export CLANG='$clang'
		export BPFTOOL='$tools'
		export PKG_CONFIG_PATH='${PKG_CONFIG_PATH:-}'
		export SCXU_NATIVE_FILE='$READY.ini'
	END
}

still_ready()
(
	[ -r "$READY" ] || exit
	# the file written above
	# shellcheck source=/dev/null
	. "$READY"
	[ -x "$CLANG" ] && pair_works "$BPFTOOL"
)

if ! still_ready; then
	clang=$(find_clang)
	have pkg-config || die "pkg-config is missing" "on Debian: apt-get install pkg-config"
	mkdir -p "$SCXU_CACHE"
	tools=${BPFTOOL:-$(command -v bpftool || true)}
	if [ -n "$tools" ] && pair_works "$tools"; then
		write_down
	elif [ "$(debian_version)" = 12 ]; then
		with_lock toolchain fetch_tools
	else
		die "libbpf 1.5 or newer (with its static library) and a bpftool that belongs to it are missing" \
			"on Debian 13: apt-get install libbpf-dev bpftool" \
			"elsewhere: build libbpf and bpftool, and name them by PKG_CONFIG_PATH and BPFTOOL"
	fi
fi
cat "$READY"
