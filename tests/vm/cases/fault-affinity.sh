# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: decisions for CPUs that their tasks may not use
# mode: icount
# turn: 47
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --no-rt --warmup 0 --seconds 5 --get affinity_churn.changes affinity-churn:20 >/tmp/churn &
	churn=$!
	sleep 1
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	check "decisions for CPUs that are not allowed" hostile affinity 300
	start_sched --affinity agent
	wait "$churn"
}

# it was 71 to 116 ms late in four runs of thirty, by a virtual now that went past all that waited
LATE_LIMIT=20
SAME_WORK=hogs:20x0
WORK_GAP_MS=120
fault_case 12 --affinity agent
cat /tmp/churn
expect "bounced decisions" "$(counter bounced)" '>' 20
