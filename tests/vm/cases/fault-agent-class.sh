# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: sched_setaffinity and sched_setscheduler on the agent
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# add: chrt
# timeout: 400

. "${0%/*}/faults.sh"

fault()
{
	tid=$(cd "/proc/$SCHED_PID/task" && grep -l scxu-agent ./*/comm | cut -d/ -f2)
	taskset -p 2 "$tid"
	sleep 2
	chrt -f -p 10 "$tid"
	sleep 2
	chrt -o -p 0 "$tid"
	taskset -p f "$tid"
	sleep 1
	check "affinity is reported" grep -q 'may use 1 CPUs now' "$SCHED_LOG"
	check "the class is reported" grep -q 'into scheduling class 1' "$SCHED_LOG"
}

fault_case 8
