# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a million decisions at random: slots, generations, CPUs, slices, flags, duplicates
# mode: icount
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# add: tests/vm/tools/hostile
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	check "a million decisions at random" hostile garbage
	start_sched
}

fault_case 10
scx_userland status -c
expect "invalid decisions" "$(counter invalid)" '>' 1000
expect "stale decisions" "$(counter stale)" '>' 1000
