#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/unit/complaints.sh: which lines of the kernel fail a case.

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

echo "$failures failed"
[ "$failures" = 0 ]
