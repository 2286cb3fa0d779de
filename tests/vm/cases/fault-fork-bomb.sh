# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a fork bomb of 2000 processes
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 900

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --no-rt --warmup 0 --seconds 3 --get machine.forks_per_s fork-bomb:2000
}

FAULT_BASE=hogs-threads:2000x0
# A fair share among 2000 equals is 2 ms of a CPU a second; the sleeper wants 10, and
# waits its turn, as under any fair policy. So this bounds what it waits, no more.
LATE_LIMIT=1000
fault_case 9
