# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: an agent with sixteen page faults in each enqueue
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400
# reason: the sleeper was up to 33 ms late, a hog waited for up to 93 ms. Why is not known yet.

. "${0%/*}/faults.sh"

fault()
{
	old=$SCHED_PID
	start_sched --takeover --policy /usr/bin/page-faulting.so
	wait "$old"
	sleep 5
	faults=$(agent_faults)
	old=$SCHED_PID
	start_sched --takeover
	wait "$old"
}

LATE_LIMIT=70
fault_case 8
expect "page faults" "$faults" '>' 1000
