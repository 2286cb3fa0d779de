# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: 10 000 sleeping threads are killed at once
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# mem: 3G
# timeout: 600
# reason: their end is .8 s of work on four CPUs, of 10 000 equals as new as each other, so hogs wait for .2 s under any scheduler that is fair (EEVDF 264 to 288 ms).
# reason: The sleeper goes before them until its credit is used up, after some 90 times, then it waits for those that are left (EEVDF 26 to 90 ms). With the credit of sleepers for them, too, it was 193 to 228 ms late.

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --no-rt --ready 60 --warmup 0 --seconds 1 --get sleeper_threads.tasks \
		sleeper-threads:10000000x10000@jitter=100 >/tmp/threads
	sleep 1
}

# Those who are killed had the credit of sleepers, and went to the agent: 228 ms.
LATE_LIMIT=170
GAP_LIMIT=500
fault_case 14
cat /tmp/threads
expect "threads" "$(figure /tmp/threads sleeper_threads.tasks)" == 10000
sleep 1
expect "slots that are still taken" "$(scx_userland status -n 0 | sed -n 's/.*; \([0-9]*\) of [0-9]* slots used/\1/p')" '<' 100
