# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a million decisions at random: slots, generations, CPUs, slices, flags, duplicates
# mode: icount
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	before=$(counter decisions)
	check "a million decisions at random" hostile garbage
	taken_up=$(($(counter decisions) - before))
	start_sched
}

fault_case 24
scx_userland status -c
expect "decisions that CPUs have taken up" "$taken_up" '>=' 1000000
expect "invalid decisions" "$(counter invalid)" '>' 100000
expect "stale decisions" "$(counter stale)" '>' 10000
expect "times that the floor took over for impossible decisions" "$(counter floor_broken)" '>=' 1
