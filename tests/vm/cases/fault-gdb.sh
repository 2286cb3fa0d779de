# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: gdb attached to the agent, stopped at a breakpoint in the policy's enqueue() for 30 s
# mode: coarse
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# add: gdb
# mem: 2G
# timeout: 900

. "${0%/*}/faults.sh"

fault()
{
	cat >/tmp/gdb.cmd <<-'END'
		set pagination off
		set confirm off
		break policies/vruntime/vruntime.c:enqueue
		continue
		backtrace 3
		shell sleep 30
		delete
		detach
	END
	gdb -q -nx -batch -p "$SCHED_PID" -x /tmp/gdb.cmd >/tmp/gdb.log 2>&1
	grep -v '^warning\|^$' /tmp/gdb.log | tail -n 15
	check "gdb stopped in the policy" grep -q 'Thread .*hit Breakpoint 1' /tmp/gdb.log
}

fault_case 45
expect "the floor's longest time, ms" "$(floor_stat longest)" '>=' 29000
expect "times that the floor took over since the agent did not answer" "$(counter floor_silent)" '>=' 1
