# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: decisions for CPUs that their tasks may not use
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# add: tests/vm/tools/hostile
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --no-rt --warmup 0 --seconds 6 --get affinity_churn.changes affinity-churn:20 >/tmp/churn &
	churn=$!
	sleep 1
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	check "decisions for CPUs that are not allowed" hostile affinity
	start_sched --affinity agent
	wait "$churn"
}

fault_case 10 --affinity agent
cat /tmp/churn
expect "bounced decisions" "$(counter bounced)" '>' 100
