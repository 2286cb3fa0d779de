#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vm/kernel.sh VERSION: prints the path of a kernel image (bzImage) for the
# guest, fetched when the cache has none. VERSION is "newest", a prefix such as
# 7.3 or 6.16 (the newest that matches), a full version such as 6.18.15, or a
# file. "--list" prints what is on offer.
#
# 6.12 is a file of its own: the one that SCXU_KERNEL_6_12 names, else that of
# ../shared/kernels; exit status 77 where there is neither.
#
# The kernels are Debian's cloud kernels of trixie-backports, which have
# sched_ext. (Debian's 6.12 is built without: it comes as a file.) Up to 6.18
# the image lies in linux-image-VERSION, from 6.19 on in linux-binary-VERSION.

set -eu
. "$(dirname "$0")/../setup/common.sh"
. "$SCXU_ROOT/setup/apt.sh"

SUITE=trixie-backports
IMAGES=$SCXU_CACHE/kernels

usage()
{
	sed -n '4,10s/^# \{0,1\}//p' "$0"
}

# "7.3.4+deb13 linux-binary-7.3.4+deb13-cloud-amd64", oldest first. 6.16 is the
# oldest of Debian's with sched_ext; of two packages with one image the one
# named linux-binary has it.
offered()
{
	{
		suite_names "$SUITE" linux-image-
		suite_names "$SUITE" linux-binary-
	} | sed -nE 's/^(linux-(image|binary)-([0-9]+\.[0-9]+\.[0-9]+\S*)-cloud-amd64)$/\3 \1/p' |
	awk '{
		split($1, v, ".")
		binary = v[1] > 6 || (v[1] == 6 && v[2] >= 19)
		if (v[1] < 6 || (v[1] == 6 && v[2] < 16) || binary != ($2 ~ /^linux-binary/))
			next
		print
	}' | sort -V
}

# Of lines that begin with a version, the last whose version is VERSION or
# begins with it at a dot, + or -.
pick()
{
	awk -v want="$1" '
		want == "newest" { line = $0 }
		index($1, want) == 1 && substr($1, length(want) + 1, 1) ~ /^[.+-]?$/ { line = $0 }
		END { if (line) print line; else exit 1 }'
}

cached()
{
	[ -d "$IMAGES" ] && find "$IMAGES" -name 'vmlinuz-*' | sed 's/.*vmlinuz-//' | sort -V
}

# fetch VERSION PACKAGE: only the image is kept: the package is five times its size.
fetch()
{
	local image=$IMAGES/vmlinuz-$1 deb path

	[ -e "$image" ] && return
	need_disk 300
	mkdir -p "$IMAGES"
	deb=$(suite_download "$SUITE" "$2" "kernel $1") || return
	path=$(dpkg --fsys-tarfile "$deb" | tar -t 2>/dev/null | grep -E '/vmlinuz(-[^/]*)?$' | head -n 1) || true
	if [ -z "$path" ]; then
		rm -f "$deb"
		echo "error: no kernel image in the package $2" >&2
		return 1
	fi
	dpkg --fsys-tarfile "$deb" | tar -xO "$path" >"$image.new" && [ -s "$image.new" ] || return
	mv "$image.new" "$image"
	rm -f "$deb"
}

case ${1:-} in
-h | --help | '') usage; exit ;;
--list) offered | cut -d' ' -f1; exit ;;
esac
want=$1

# A file: any name with a slash, or one that is there and is no version.
case $want in
*/*)
	[ -r "$want" ] || die "no kernel image at $want"
	readlink -f "$want"
	exit
	;;
esac
case $want in
6.12 | 6.12.*)
	image=${SCXU_KERNEL_6_12:-$SCXU_ROOT/../shared/kernels/vmlinuz-6.12.117-scx}
	if [ -r "$image" ]; then
		readlink -f "$image"
		exit
	fi
	echo "error: no 6.12 kernel with sched_ext: $image is not there" >&2
	echo "       Debian builds 6.12 without: name an image by SCXU_KERNEL_6_12 or --kernel-file" >&2
	exit 77
	;;
esac
[ "$(uname -m)" = x86_64 ] || die "the guest kernels are for x86-64, this machine is $(uname -m)" \
	"use a kernel of your own: --kernel-file PATH"

# A full version never changes: no need to ask the archive.
full=$(cached | grep -xE "${want//./\\.}(\+[^ ]*)?" | tail -n 1) || true
if [ -n "$full" ] && [[ $want =~ ^[0-9]+\.[0-9]+\.[0-9]+ ]]; then
	echo "$IMAGES/vmlinuz-$full"
	exit
fi

if have apt-get && list=$(offered) && [ -n "$list" ]; then
	choice=$(pick "$want" <<<"$list") || choice=
	if [ -z "$choice" ]; then
		# Not known: the lists may be older than the kernel.
		suite_ready "$SUITE" force || true
		list=$(offered)
		choice=$(pick "$want" <<<"$list") || choice=
	fi
	if [ -n "$choice" ] && with_lock kernel fetch "${choice% *}" "${choice#* }"; then
		echo "$IMAGES/vmlinuz-${choice% *}"
		exit
	fi
fi

# No network, no apt, or gone from the archive: what was fetched before serves.
if choice=$(cached | pick "$want"); then
	warn "using the kernel $choice that was fetched earlier"
	echo "$IMAGES/vmlinuz-$choice"
	exit
fi

if [ -n "${list:-}" ]; then
	die "there is no kernel $want with sched_ext in $SUITE" \
		"available: newest 6.12 $(cut -d' ' -f1 <<<"$list" | cut -d+ -f1 | tr '\n' ' ')" \
		"or give an image of your own by --kernel-file PATH"
fi
die "no kernel could be fetched for the guest" \
	"kernels come from Debian's $SUITE by apt; or give an image by --kernel-file PATH"
