# SPDX-License-Identifier: LGPL-2.1-or-later
# what: a control: SIGSTOP of the agent for 14 s with the floor switched off stalls the machine
# mode: icount
# matrix: 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400
# expect: fail still loaded: "runnable task stall
# allow: sched_ext

. "${0%/*}/faults.sh"

SCHED_COMMAND=scx_userland-test

fault()
{
	kill -STOP "$SCHED_PID"
	sleep 14
	kill -CONT "$SCHED_PID"
	sleep 1 # it tells why the kernel has ended it
}

fault_case 18 --test-no-floor
