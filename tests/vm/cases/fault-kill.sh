# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: kill -9 of the agent, 5 s without one, then a new one
# mode: icount
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400

. "${0%/*}/faults.sh"

fault()
{
	absent=$(counter floor_absent)
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	sleep 5
	start_sched
}

fault_case 9
expect "the floor's longest time, ms" "$(floor_stat longest)" '>=' 4900
expect "times that the floor took over since the agent had ended" \
	$(($(counter floor_absent) - absent)) == 1
check "the new agent has taken over" grep -q 'takes over, schedules' "$SCHED_LOG"
