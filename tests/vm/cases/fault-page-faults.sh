# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: an agent with sixteen page faults in each enqueue
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# add: tests/vm/tools/page-faulting.so
# timeout: 400

. "${0%/*}/faults.sh"

fault()
{
	old=$SCHED_PID
	start_sched --takeover --policy /usr/bin/page-faulting.so
	wait "$old"
	sleep 5
	old=$SCHED_PID
	cp "$SCHED_LOG" /tmp/faulting.log
	start_sched --takeover
	wait "$old"
	faults=$(sed -n 's/^final: .* faults=\([0-9]*\) .*/\1/p' /tmp/faulting.log)
}

fault_case 8
