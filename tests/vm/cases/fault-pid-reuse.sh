# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: pids come round again: kernel.pid_max of 512
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --warmup 0 --seconds 4 --get pid_reuse.reused --get pid_reuse.wraps --get pid_reuse.failures \
		--get pid_reuse.unfinished --get pid_reuse.start_us.max pid-reuse:8 >/tmp/reuse
}

fault_case 8
cat /tmp/reuse
expect "pids that came again" "$(figure /tmp/reuse pid_reuse.reused)" '>' 500
expect "forks that failed" "$(figure /tmp/reuse pid_reuse.failures)" == 0
expect "processes that were lost" "$(figure /tmp/reuse pid_reuse.unfinished)" == 0
