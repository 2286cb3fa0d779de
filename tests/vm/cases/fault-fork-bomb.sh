# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a fork bomb of 2000 processes
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 900

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --no-rt --warmup 0 --seconds 3 --tail 6 --get fork_bomb.created --get fork_bomb.failures \
		--get fork_bomb.unfinished fork-bomb:2000 >/tmp/bomb
}

SAME_WORK=hogs-threads:2000x0
WORK_GAP_MS=6000
WAKE_UPS=10
fault_case 11
cat /tmp/bomb
expect "processes" "$(figure /tmp/bomb fork_bomb.created)" == 2000
expect "forks that failed" "$(figure /tmp/bomb fork_bomb.failures)" == 0
expect "processes that were lost" "$(figure /tmp/bomb fork_bomb.unfinished)" == 0
