# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: kill -9 of the agent and a new one, 20 times
# mode: icount
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -9 "$SCHED_PID"
		wait "$SCHED_PID" 2>/dev/null
		start_sched
	done
	echo "killed $n times"
}

fault_case 14
expect "times that the floor took over" "$(counter floor_absent)" '>=' 20
