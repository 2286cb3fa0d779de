# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: SIGSTOP of the agent for 60 s
# mode: coarse
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 900

. "${0%/*}/faults.sh"

fault()
{
	kill -STOP "$SCHED_PID"
	sleep 60
	scx_userland status -n 2
	kill -CONT "$SCHED_PID"
}

fault_case 64
expect "the floor's longest time, ms" "$(floor_stat longest)" '>=' 59000
expect "times that the floor took over since the agent did not answer" "$(counter floor_silent)" '>=' 1
