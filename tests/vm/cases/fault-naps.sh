# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: an agent that hardly sleeps, on the only CPU
# mode: icount
# cpus: 1
# files: tests/vm/faults.sh
# add: tests/vm/tools/hostile
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	check "three seconds of it" hostile naps
	start_sched
}

fault_case 8
