# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a fork bomb of 2000 processes
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 900
# reason: a fair share among 2000 equals is 2 ms of a CPU a second; the sleeper wants 10, and what one run of
# reason: it takes is 7 to 200 us here, where the CPUs take turns on one clock. It goes first after 8 ms, as far as
# reason: a twentieth of the CPUs suffices for all such; the forks of a second have that many.

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --no-rt --warmup 0 --seconds 3 --tail 6 --get fork_bomb.created --get fork_bomb.failures \
		--get fork_bomb.unfinished fork-bomb:2000 >/tmp/bomb
}

SAME_WORK=hogs-threads:2000x0
WORK_GAP_MS=6000
LATE_LIMIT=250
WAKE_UPS=10
fault_case 11
cat /tmp/bomb
expect "processes" "$(figure /tmp/bomb fork_bomb.created)" == 2000
expect "forks that failed" "$(figure /tmp/bomb fork_bomb.failures)" == 0
expect "processes that were lost" "$(figure /tmp/bomb fork_bomb.unfinished)" == 0
