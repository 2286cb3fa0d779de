# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: 10 000 threads that compute
# mode: icount
# eevdf: yes
# kernels: none
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# mem: 3G
# timeout: 1200
# reason: among 10 000 equals a turn of all takes some seconds, and the hogs' is once in one, at nice 5 in three.

. "${0%/*}/faults.sh"

# A run of ./test has s3-ten-thousand-tasks, which shows that each of them runs, and
# fault-ten-thousand-sleepers; this one the matrix has. Here they are killed, most of them
# while they wait.
fault()
{
	scxu-load --no-rt --ready 60 --warmup 0 --seconds 6 --tail 0.1 --get hogs_threads_all.tasks \
		--get hogs_threads_all.not_ready --get hogs_threads_all.never_ran hogs-threads:10000x0 >/tmp/threads
}

GAP_LIMIT=8000
WAKE_UPS=10
fault_case 18
cat /tmp/threads
expect "threads" "$(figure /tmp/threads hogs_threads_all.tasks)" == 10000
expect "threads that were not there when all began" "$(figure /tmp/threads hogs_threads_all.not_ready)" == 0
# s3-ten-thousand-tasks tells that all have their turn; here, that there were turns
expect "of these, that ran in 6 s" $((10000 - $(figure /tmp/threads hogs_threads_all.never_ran))) '>' 100
sleep 1
expect "slots that are still taken" "$(scx_userland status -n 0 | sed -n 's/.*; \([0-9]*\) of [0-9]* slots used/\1/p')" '<' 100
