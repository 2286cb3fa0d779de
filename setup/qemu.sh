#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which QEMU runs the guests, and whether KVM works. Sourced, after common.sh
# and apt.sh.
#
#	qemu_command	sets the array QEMU, to be followed by the options
#	kvm_works IMAGE	true where a guest really runs under KVM
#
# QEMU 10 or newer is wanted: older ones miscount instructions with several CPUs
# under -icount, which falsifies each figure. Debian 12
# has 7.2: there QEMU 10 of bookworm-backports is unpacked in the cache, and
# runs with the libraries and firmware of the machine's own package.

# Counts as QEMU only what starts and says its version.
qemu_version()
{
	"$@" --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p'
}

qemu_backport()
{
	local suite=bookworm-backports package deb dir share=
	local ready=$SCXU_CACHE/qemu-bookworm-backports

	# once it has been unpacked, no list needs to be read again
	if [ -r "$ready" ]; then
		mapfile -t QEMU <"$ready"
		[ -n "$(qemu_version "${QEMU[@]}")" ] && return 0
	fi
	QEMU=()
	for package in qemu-system-data qemu-system-x86; do
		deb=$(suite_download "$suite" "$package") || return
		dir=$(deb_unpack "$deb") || return
		rm -f "$deb"
		[ "$package" = qemu-system-x86 ] || share=$dir/usr/share/qemu
	done
	QEMU=("$dir/usr/bin/qemu-system-x86_64" -L "$share" -L /usr/share/seabios -L /usr/share/qemu)
	[ -n "$(qemu_version "${QEMU[@]}")" ] || return
	printf '%s\n' "${QEMU[@]}" >"$ready"
}

# SCXU_QEMU names another QEMU to use.
qemu_command()
{
	local version

	if [ -n "${SCXU_QEMU:-}" ]; then
		QEMU=("$SCXU_QEMU")
		[ -n "$(qemu_version "${QEMU[@]}")" ] || die "SCXU_QEMU=$SCXU_QEMU does not start"
		return
	fi
	QEMU=(qemu-system-x86_64)
	version=$(qemu_version "${QEMU[@]}")
	[ -n "$version" ] || die "QEMU is missing: no qemu-system-x86_64 that starts" \
		"install it: apt-get install qemu-system-x86 (./run and ./test do so as root)"
	[ "${version%%.*}" -lt 10 ] || return 0
	if [ "$(debian_version)" = 12 ] && qemu_backport; then
		return
	fi
	QEMU=(qemu-system-x86_64)
	warn "QEMU $version: 10 or newer is needed for correct figures, tests and demonstrations do run"
}

# /dev/kvm may be there, and even give out virtual machines, on a host whose CPU
# cannot run one: only a guest that has printed something proves it. Asked once
# for each boot of the machine.
kvm_works()
{
	local image=$1 boot answer file=$SCXU_CACHE/kvm-works log

	[ -w /dev/kvm ] || return 1
	boot=$(cat /proc/sys/kernel/random/boot_id)
	if [ -r "$file" ] && read -r answer <"$file" && [ "${answer% *}" = "$boot" ]; then
		[ "${answer#* }" = yes ]
		return
	fi
	progress "trying whether KVM works here"
	mkdir -p "$SCXU_CACHE"
	log=$(mktemp "$SCXU_CACHE/kvm-probe.XXXXXX")
	# no init: the kernel prints, panics, and QEMU ends
	# (the shell itself tells of an abort: hence the braces)
	{
		timeout -k 1 20 "${QEMU[@]}" -accel kvm -cpu host -m 512M -nodefaults -display none \
			-no-reboot -serial "file:$log" -kernel "$image" \
			-append "console=ttyS0 earlyprintk=ttyS0 panic=-1" </dev/null || true
	} >/dev/null 2>&1
	if grep -q 'Kernel panic.*\(root\|init\)' "$log"; then
		answer=yes
	else
		answer=no
	fi
	rm -f "$log"
	echo "$boot $answer" >"$file"
	[ "$answer" = yes ]
}
