# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a hundred thousand times any value in heads, tails, masks and all else that an agent writes
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	check "a hundred thousand values" hostile rings
	start_sched
}

fault_case 12
scx_userland status -c
expect "decisions and rings that made no sense" "$(counter invalid)" '>' 1000
expect "times that the floor took over for impossible decisions" "$(counter floor_broken)" '>=' 1
