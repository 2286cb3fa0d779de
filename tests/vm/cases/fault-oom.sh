# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: out of memory with the agent as the largest process
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	# reads zeros and keeps them: the next largest
	tail /dev/zero >/dev/null 2>&1 &
	eater=$!
	wait $eater
	same "the memory eater was killed (SIGKILL)" $? 137
}

fault_case 8 --max-tasks 524288
dmesg | grep -i 'killed process' | tail -n 2
check "the agent lives" kill -0 "$SCHED_PID"
check "the kernel ran out of memory" sh -c 'dmesg | grep -qi "out of memory"'
