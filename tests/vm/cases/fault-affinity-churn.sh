# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: the affinity of 20 tasks changes at random every half millisecond
# mode: icount
# eevdf: yes
# turn: 47
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --warmup 0 --seconds 4 --get affinity_churn.changes --get affinity_churn.unfinished \
		affinity-churn:20 >/tmp/churn
}

SAME_WORK=hogs:20x0
WORK_GAP_MS=120
# the agent has those too that may use some CPUs only
fault_case 8 --affinity agent
cat /tmp/churn
expect "changes" "$(figure /tmp/churn affinity_churn.changes)" '>' 4000
expect "tasks that were lost" "$(figure /tmp/churn affinity_churn.unfinished)" == 0
expect "decisions that came too late for a task or a CPU" $(($(counter stale) + $(counter bounced))) '>' 0
