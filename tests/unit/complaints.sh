#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/unit/complaints.sh: which lines of the kernel fail a case, and which end of a guest is a
# fault of the emulator's.

set -u
cd "$(dirname "$0")/../vm" || exit 1
failures=0

# finds N TEXT [ARGUMENT...]: so many lines of TEXT fail a case
finds()
{
	local found

	found=$(printf '%b' "$2" >"$out"; ./complaints.sh "${@:3}" "$out" | grep -c .)
	[ "$found" = "$1" ] || { echo "FAIL: $found lines, not $1, of: $2"; failures=$((failures + 1)); }
}

out=$(mktemp)
trap 'rm -f "$out"' EXIT
put='[ 1.0] WARNING: kernel/sched/ext/ext.c:3254 at put_prev_task_scx+0x3d2/0x540, CPU#2: kworker/2:4/424\r\n[ 1.0] CPU: 2\r\n'
state() { printf '%s' "[ 1.0] Sched_ext: userland ($1), task: runnable_at=+0ms\r\n"; }

finds 0 ''
finds 0 'Kernel command line: panic=1 stall\nfine\n'
finds 1 'Kernel panic - not syncing: that\n'
finds 0 'ok: BUG\n# WARNING\nFAIL: hung\n'
finds 2 'sched_ext: an error\n[ 1.0] BUG: that\nfine\n'
finds 1 'sched_ext: an error\n[ 1.0] BUG: that\n' --allow 'sched_ext.*error'
# a kernel thread that begins while a scheduler is put in charge; and not
finds 0 "$put$(state enabling+all)"
finds 1 "$put$(state enabled+all)"
finds 1 "$put$(state enabled+all)WARNING: another\n" --allow another
finds 1 "WARNING: kernel/sched/ext/ext.c:99 at other_scx+0x3d2/0x540\n$(state enabling+all)"
finds 1 "$put"

# died TRUE|FALSE OOPS CODE: whether a guest that ended by these died of the emulator
died()
{
	local found=false

	printf '[ 9.0] %s\r\n[ 9.0] CPU: 1\r\n[ 9.0] Code: %s\r\n[ 9.0] Code: 90 <0f>\r\nKernel panic\n' "$2" "$3" >"$out"
	./emulator-fault.sh "$out" && found=true
	[ "$found" = "$1" ] || { echo "FAIL: an emulator's fault: $found, of: $2, $3"; failures=$((failures + 1)); }
}

died true 'Oops: int3: 0000 [#1] SMP NOPTI' 'ba 91 0f <1f> 44 00 00 49'
died true 'Oops: int3: 0000 [#1] SMP NOPTI' '00 e9 <36> 0a 00 00'
# the breakpoint is there, or none was met
died false 'Oops: int3: 0000 [#1] SMP NOPTI' 'ba 91 cc <1f> 44 00 00 49'
died false 'Oops: int3: 0000 [#1] SMP NOPTI' '<1f> 44 00 00 49'
died false 'Oops: 0000 [#1] SMP NOPTI' 'ba 91 0f <1f> 44 00 00 49'
: >"$out"
./emulator-fault.sh "$out" && { echo "FAIL: an emulator's fault in an empty log"; failures=$((failures + 1)); }

echo "$failures failed"
[ "$failures" = 0 ]
