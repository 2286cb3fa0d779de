# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: an agent that says that all is decided, and gives what is over
# mode: icount
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	check "three seconds of it" hostile promises
	start_sched
}

fault_case 8
expect "found late" "$(counter floor_late)" '>' 0
