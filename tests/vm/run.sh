#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/vm/run.sh [OPTIONS] [NAME...]: the cases of tests/vm/cases, each in a guest
# of its own, on the kernels that it asks for; two guests at a time.
#
#	-k, --kernel VERSION	on this kernel instead (may be repeated)
#	    --kernel-file PATH	on this image
#	    --all-kernels	on each of: 6.12 6.16 6.17 6.18 6.19 7.3 newest, or of
#				those that the case names ("# matrix:"); with -k on
#				that one, as far as it is among them
#	    --eevdf		without a scheduler loaded: the faults that are none of the
#				agent's ("# eevdf: yes"), for their figures only
#	-b, --build DIR		the build under test (default: build)
#	-j, --jobs N		guests at a time
#	    --list		the cases, what they show, and where they run
#
# NAME is that of a case, or a pattern ("s3-*"). What a case printed, the kernel's
# console and QEMU's messages stay in build/tests/vm/NAME-KERNEL/. README.md beside
# this file tells how a case is written.

set -eu
. "$(dirname "$0")/../../setup/common.sh"

ALL_KERNELS="6.12 6.16 6.17 6.18 6.19 7.3 newest"

CASES=$SCXU_ROOT/tests/vm/cases
build=$SCXU_ROOT/build
all_kernels=
jobs=$(($(nproc) / 2))
[ "$jobs" -ge 2 ] || jobs=2
kernels=()
names=()
list=
eevdf=

while [ $# -gt 0 ]; do
	case $1 in
	-k | --kernel) kernels+=("$2"); shift 2 ;;
	--kernel-file) [ -r "$2" ] || die "no kernel image at $2"
		kernels+=("$(readlink -f "$2")"); shift 2 ;;
	--all-kernels) all_kernels=1; shift ;;
	--eevdf) eevdf=1; shift ;;
	-b | --build) build=$(cd "$2" && pwd); shift 2 ;;
	-j | --jobs) jobs=$2; shift 2 ;;
	--list) list=1; shift ;;
	-h | --help) sed -n '4,21s/^# \{0,1\}//p' "$0"; exit ;;
	-*) die "unknown option: $1" "see tests/vm/run.sh --help" ;;
	*) names+=("$1"); shift ;;
	esac
done

# header CASE WORD [DEFAULT]: the values of "# WORD: value" at the top of a case.
header()
{
	sed -n -e '/^[^#]/q' -e "s/^# $2: *//p" "$CASES/$1.sh" | grep . || echo "${3:-}"
}

selected()
{
	local file case name

	for file in "$CASES"/*.sh; do
		[ -e "$file" ] || continue
		case=$(basename "$file" .sh)
		[ -z "$eevdf" ] || [ "$(header "$case" eevdf)" = yes ] || continue
		if [ ${#names[@]} -eq 0 ]; then
			echo "$case"
			continue
		fi
		for name in "${names[@]}"; do
			# shellcheck disable=SC2053	# a pattern, on purpose
			[[ $case == $name ]] && echo "$case" && break
		done
	done | grep . || die "no such VM test: ${names[*]:-(tests/vm/cases is empty)}" \
		"tests/vm/run.sh --list shows them"
}

if [ -n "$list" ]; then
	for case in $(selected); do
		printf '%-24s %s [%s; kernels: %s%s]\n' "$case" "$(header "$case" what)" \
			"$(header "$case" mode fast)" "$(header "$case" kernels newest | tr '\n' ' ')" \
			"$(header "$case" matrix | sed 's/^/; matrix: /' | tr '\n' ' ')"
	done
	exit
fi
[ -x "$build/cli/scx_userland" ] || die "$build/cli/scx_userland is not there" "build it: setup/build.sh"

# Images, one for each kernel named by anyone; fetched one after the other.
declare -A image_of=() problem_of=()
image()
{
	local status=0 message

	[ -z "${image_of[$1]:-}${problem_of[$1]:-}" ] || return 0
	message=$(mktemp)
	# its progress is to be seen at once, and its error is wanted here
	image_of[$1]=$(
		{
			"$SCXU_ROOT/vm/kernel.sh" "$1" 2>&1 >&3 | tee "$message" >&2
			exit "${PIPESTATUS[0]}"
		} 3>&1
	) || status=$?
	case $status in
	0) ;;
	77) problem_of[$1]="SKIP no 6.12 kernel with sched_ext: neither SCXU_KERNEL_6_12 nor ../shared/kernels has one" ;;
	*) problem_of[$1]="FAIL no kernel $1: $(sed -n 's/^error: //p' "$message" | head -n 1)" ;;
	esac
	rm -f "$message"
}

version_of()
{
	# "6.18.15+deb13" of vmlinuz-6.18.15+deb13
	basename "$1" | sed -e 's/^vmlinuz-//' -e 's/[+-].*//'
}

# Printed by one echo, so that two guests' lines do not mix.
report()
{
	echo "$1"
}

# tail_of DIR: what helps to understand a failure.
tail_of()
{
	local dir=$1

	echo "    --- $dir/out.log ---"
	grep -v '^@@exit' "$dir/out.log" | tail -n 25 | sed 's/^/    /'
	if [ -s "$dir/bad.log" ]; then
		echo "    --- $dir/console.log ---"
		# with what the kernel tells after it: which CPU, and where it was
		tr -d '\r' <"$dir/console.log" | grep -m 1 -A 40 -F -- "$(head -n 1 "$dir/bad.log")" | sed 's/^/    /'
	elif [ ! -s "$dir/out.log" ] || ! grep -q '^@@exit' "$dir/out.log"; then
		echo "    --- $dir/console.log ---"
		tail -n 15 "$dir/console.log" | sed 's/^/    /'
	fi
	[ ! -s "$dir/boot.log" ] || sed 's/^/    /' "$dir/boot.log"
}

# judge DIR STATUS TIMEOUT: why the case failed; nothing when it did not.
judge()
{
	local dir=$1 status=$2 bad

	bad=$(head -n 1 "$dir/bad.log" | sed -E 's/^\[ *[0-9.]+\] //')
	case $status in
	0) [ -z "$bad" ] || echo "the kernel says: $bad" ;;
	124) echo "not done after $3 s${bad:+; the kernel says: $bad}" ;;
	125) echo "the guest ended early${bad:+; the kernel says: $bad}" ;;
	126) echo "QEMU did not start: $(head -n 1 "$dir/boot.log")" ;;
	127) echo "a program is missing in the guest: $(grep -m 1 'not found' "$dir/out.log")" ;;
	*)
		grep -m 1 '^FAIL: ' "$dir/out.log" | sed 's/^FAIL: //' | grep . || echo "exit status $status"
		;;
	esac
}

run_case()
{
	local case=$1 image=$2 name=$3 dir=$build/tests/vm/$3 timeout mode allow expected why status start boot try again='' file program
	local add=() turn=()

	start=$(date +%s)
	timeout=$(header "$case" timeout 300)
	mode=$(header "$case" mode fast)
	rm -rf "$dir"
	mkdir -p "$dir/overlay"
	# outside of the guest: what runs there must not change with it
	commit >"$dir/commit"
	cp "$SCXU_ROOT/tests/vm/lib.sh" "$dir/overlay/lib.sh"
	cp "$CASES/$case.sh" "$dir/overlay/case.sh"
	printf 'MODE=%s\nEEVDF=%s\nMATRIX=%s\n. /job/lib.sh\n. /job/case.sh\nfinish\n' "$mode" "$eevdf" "$all_kernels" >"$dir/overlay/main.sh"
	for file in $(header "$case" files); do
		cp -r "$SCXU_ROOT/$file" "$dir/overlay/"
	done
	# the same for all, so that they share a guest that has booted
	add+=(--add chrt)
	for file in "$build"/tests/vm/tools/*; do
		[ -f "$file" ] && [ -x "$file" ] && add+=(--add "$file")
	done
	for file in $(header "$case" add); do
		# a program of this machine; not every gdb will do, and rt-app is unpacked
		# beside. Where it cannot be had, the case fails for want of it
		case $file in
		gdb | rt-app) program=$("$SCXU_ROOT/setup/$file.sh") && file=$program ;;
		esac
		add+=(--add "$file")
	done
	if ! "$SCXU_ROOT/vm/initrd.sh" -b "$build" ${add[@]+"${add[@]}"} -o "$dir/initrd" >"$dir/boot.log" 2>&1 ||
		! "$SCXU_ROOT/vm/initrd.sh" --overlay "$dir/overlay" --only-overlay -o "$dir/job.cpio" >>"$dir/boot.log" 2>&1; then
		report "FAIL $name: no initial file system: $(head -n 1 "$dir/boot.log")"
		return
	fi
	case $mode in
	# no round of turns that a tick, 4 ms, is a multiple of: each CPU would see all ticks
	# from the same place in the round, which one that is differs from snapshot to snapshot
	icount | coarse) turn=(--turn-us "$(header "$case" turn 190)") ;;
	esac
	for try in 1 2; do
		status=0
		# in the background, so that the trap below is heeded while it runs
		"$SCXU_ROOT/vm/boot.sh" --kernel "$image" --initrd "$dir/initrd" --job "$dir/job.cpio" \
			--mode "$mode" ${turn[@]+"${turn[@]}"} --out "$dir" --cpus "$(header "$case" cpus 4)" --mem "$(header "$case" mem 1G)" --timeout "$timeout" \
			--append "log_buf_len=1M $(header "$case" append | tr '\n' ' ')" \
			>>"$dir/boot.log" 2>&1 &
		boot=$!
		trap 'kill "$boot" 2>/dev/null; exit 143' INT TERM
		wait "$boot" || status=$?
		trap - INT TERM
		# no fault of anything that is tested here; twice would be one to look at
		if [ "$mode" != parallel ] || [ "$try" = 2 ] || [ "$status" != 125 ] ||
			! "$SCXU_ROOT/tests/vm/emulator-fault.sh" "$dir/console.log"; then
			break
		fi
		again=" (the second time; the first guest met a breakpoint that was not in its memory: tests/vm/emulator-fault.sh)"
		mv "$dir/console.log" "$dir/emulator-fault.log"
	done
	rm -f "$dir/initrd" "$dir/job.cpio" "$dir/job"

	allow=$(header "$case" allow | paste -sd'|')
	"$SCXU_ROOT/tests/vm/complaints.sh" --allow "$allow" "$dir/console.log" "$dir/out.log" >"$dir/bad.log"

	why=$(judge "$dir" "$status" "$timeout")
	expected=$(header "$case" expect)
	case $expected in
	fail*)
		# A control: it must fail, for the reason given, and not for want of a guest.
		expected=${expected#fail}
		expected=${expected# }
		if [ -n "$why" ] && [ "$status" -lt 125 ] && grep -qE -- "$expected" <<<"$why"; then
			report "PASS $name ($(($(date +%s) - start)) s): failed as it should: $why$again"
			return
		fi
		why="this control should have failed${expected:+ with \"$expected\"}: ${why:-it passed}"
		;;
	esac
	if [ -z "$why" ]; then
		report "PASS $name ($(($(date +%s) - start)) s)$again"
	else
		report "FAIL $name: $why
$(tail_of "$dir")"
	fi
}

# kernels_of CASE: those that it runs on now, a line each.
kernels_of()
{
	local wanted words

	if [ -n "$all_kernels" ]; then
		wanted=$(header "$1" matrix "$ALL_KERNELS")
	elif [ ${#kernels[@]} -gt 0 ]; then
		wanted=${kernels[*]}
	else
		wanted=$(header "$1" kernels newest)
		case $wanted in
		all) wanted=$ALL_KERNELS ;;
		none) # not among all cases
			[ ${#names[@]} -gt 0 ] || return 0
			wanted=newest ;;
		esac
	fi
	read -ra words <<<"${wanted//[,$'\n']/ }"
	printf '%s\n' "${words[@]}" |
		if [ -n "$all_kernels" ] && [ ${#kernels[@]} -gt 0 ]; then
			grep -xF "$(printf '%s\n' "${kernels[@]}")" || true
		else
			cat
		fi
}

# The longest first, so that none is left to run alone at the end.
plan()
{
	local case kernel

	for case in $(selected); do
		for kernel in $(kernels_of "$case"); do
			echo "$(header "$case" timeout 300) $case $kernel"
		done
	done | sort -s -k1,1nr
}

# Stopped from outside: end the guests, and only those.
declare -A guests=()
stop()
{
	local pid

	trap - INT TERM
	for pid in "${!guests[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	exit 130
}
trap stop INT TERM

tasks=$(plan)
declare -A done_already=()
while read -r _ case kernel; do
	# none is for the kernel that was asked for
	[ -n "$kernel" ] || continue
	image "$kernel"
	if [ -n "${problem_of[$kernel]:-}" ]; then
		problem=${problem_of[$kernel]}
		report "${problem%% *} $case-$kernel: ${problem#* }"
		continue
	fi
	name=${eevdf:+eevdf-}$case-$(version_of "${image_of[$kernel]}")
	# "7.3" and "newest" may be the same
	[ -z "${done_already[$name]:-}" ] || continue
	done_already[$name]=1
	if [ "${#guests[@]}" -ge "$jobs" ]; then
		ended=
		wait -n -p ended "${!guests[@]}" || true
		[ -z "$ended" ] || unset "guests[$ended]"
	fi
	run_case "$case" "${image_of[$kernel]}" "$name" </dev/null &
	guests[$!]=1
done <<<"$tasks"
wait
