# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: an agent with sixteen page faults in each enqueue
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400
# reason: the sleeper was 17 to 72 ms late. While the agent is in a pass, CPUs go on with what they have; by the virtual
# reason: time of these, now runs ahead of tasks that wait unread, and a sleeper that wakes is placed behind those.

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

LATE_LIMIT=110
fault_case 8
expect "page faults" "$faults" '>' 1000
