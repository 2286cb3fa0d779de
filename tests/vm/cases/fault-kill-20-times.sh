# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: kill -9 of the agent and a new one, 20 times
# mode: icount
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	n=0 absent=$(counter floor_absent)
	while [ $n -lt 20 ]; do
		kill -9 "$SCHED_PID"
		wait "$SCHED_PID" 2>/dev/null
		start_sched
		n=$((n + 1))
	done
}

fault_case 14
expect "times that the floor took over since the agent had ended" \
	$(($(counter floor_absent) - absent)) == 20
check "the last agent has taken over" grep -q 'takes over, schedules' "$SCHED_LOG"
