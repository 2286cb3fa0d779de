#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# setup/packages.sh PURPOSE...: installs what is missing on this machine, from
# the suites that it is already configured for. PURPOSE: build, vm, test, bench, model,
# lint. "--list" prints the table.
#
# On a machine that is not Debian-like nothing is installed: what is missing is
# named, and the rest goes on when all of it is there.

set -eu
. "$(dirname "$0")/common.sh"

# What is asked for decides, not the package list of the machine: a tool from
# elsewhere will do. Checks: a command; pc:MODULE of pkg-config; file:PATH; deb:
# the package itself, where it leaves nothing to look for.
#
# purpose  package             check                   what it is elsewhere
TABLE='
build      clang-19            clang-19                clang 19 or newer (compiles the BPF part)
build      llvm-19             llvm-strip-19           LLVM 19 tools
build      gcc                 gcc                     a C compiler
build      libc6-dev           file:/usr/include/stdio.h  the C library, development files
build      make                make                    GNU make
build      meson               meson                   meson 1.0 or newer
build      ninja-build         ninja                   ninja
build      pkg-config          pkg-config              pkg-config
build      libelf-dev          pc:libelf               elfutils libelf, development files
build      zlib1g-dev          pc:zlib                 zlib, development files
build      libbsd-dev          pc:libbsd               libbsd, development files
build      libjansson-dev      pc:jansson              jansson, development files
build      libcap-dev          pc:libcap               libcap, development files
build      scdoc               scdoc                   scdoc (manual pages)
vm         qemu-system-x86     qemu-system-x86_64      QEMU for x86-64, 10 or newer
vm         seabios             deb                     SeaBIOS (comes with QEMU)
vm         busybox-static      static:busybox          busybox, linked statically
vm         cpio                cpio                    GNU cpio
vm         zstd                zstd                    zstd
vm         xz-utils            xz                      xz
test       libclang-rt-19-dev  deb                     compiler-rt of clang 19 (sanitizers, libFuzzer)
test       gdb-minimal         gdb                     gdb
bench      valgrind            valgrind                valgrind (its callgrind counts instructions)
model      spin                spin                    the model checker spin
lint       clang-format-19     clang-format-19         clang-format 19
lint       clang-tidy-19       clang-tidy-19           clang-tidy 19
lint       cppcheck            cppcheck                cppcheck
lint       shellcheck          shellcheck              shellcheck
lint       mandoc              mandoc                  mandoc
'

# Debian 13 has the BPF library and its tool as packages; on Debian 12 they are
# too old, and setup/toolchain.sh builds them in the cache.
if [ "$(debian_version)" -ge 13 ]; then
	TABLE+='
build      libbpf-dev          pc:libbpf               libbpf 1.5 or newer, with its static library
build      bpftool             bpftool                 bpftool 7.5 or newer'
fi

is_there()
{
	local package=$1 check=$2

	case $check in
	pc:*) have pkg-config && pkg-config --exists "${check#pc:}" ;;
	file:*) [ -e "${check#file:}" ] ;;
	static:*) have "${check#static:}" && ! ldd "$(command -v "${check#static:}")" >/dev/null 2>&1 ;;
	deb) ! have dpkg-query || dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ;;
	*) have "$check" || [ -x "/usr/sbin/$check" ] ;;
	esac
}

# "PACKAGE WHAT" of what is missing for the purposes given.
missing()
{
	local purpose package check what

	while read -r purpose package check what; do
		case " $* " in
		*" $purpose "*) is_there "$package" "$check" || echo "$package $what" ;;
		esac
	done <<<"$TABLE"
}

apt_install()
{
	local log=$SCXU_CACHE/packages.log status=0

	mkdir -p "$SCXU_CACHE"
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null || status=$?
	return $status
}

apt_update()
{
	progress "reading the machine's package lists"
	apt-get update -q >"$SCXU_CACHE/packages.log" 2>&1 </dev/null
}

install_locked()
{
	local packages=("$@")

	mkdir -p "$SCXU_CACHE"
	# an empty list, or one without a package of ours, is what a fresh machine has
	if ! apt-cache show --no-all-versions "${packages[@]}" >/dev/null 2>&1; then
		apt_update || true
	fi
	progress "installing ${packages[*]}"
	apt_install "${packages[@]}" && return
	# what a list names may have left the mirror since
	apt_update || true
	apt_install "${packages[@]}" && return
	tail -n 15 "$SCXU_CACHE/packages.log" >&2
	die "packages could not be installed" "the command was: apt-get install ${packages[*]}"
}

case ${1:-} in
--list) echo "$TABLE" | sed '/^$/d'; exit ;;
-h | --help | '') sed -n '4,9s/^# \{0,1\}//p' "$0"; exit ;;
esac

list=$(missing "$@")
[ -n "$list" ] || exit 0
mapfile -t packages < <(cut -d' ' -f1 <<<"$list")

if ! is_debian_like; then
	echo "error: this machine lacks:" >&2
	printf '%s\n' "$list" | cut -d' ' -f2- | sed 's/^ */       /' >&2
	echo "       (Debian's names: ${packages[*]})" >&2
	exit 1
fi
if ! is_root; then
	die "packages are missing, and only root can install them" \
		"run: sudo apt-get install --no-install-recommends ${packages[*]}"
fi
with_lock packages install_locked "${packages[@]}"

list=$(missing "$@")
[ -z "$list" ] || die "installed, but still not found:" "$list"
