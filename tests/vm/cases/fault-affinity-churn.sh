# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: the affinity of 20 tasks changes at random every half millisecond
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --warmup 0 --seconds 4 --get failed affinity-churn:20
}

FAULT_BASE=hogs:20x0
fault_case 8
