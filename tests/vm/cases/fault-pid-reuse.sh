# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: pids come round again: kernel.pid_max of 512
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --warmup 0 --seconds 4 --get failed pid-reuse:8
}

FAULT_BASE=exit-churn:8
fault_case 8
