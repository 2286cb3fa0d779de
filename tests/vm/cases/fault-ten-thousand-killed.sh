# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: 10 000 sleeping threads are killed at once
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# mem: 3G
# timeout: 600
# reason: the kernel wakes all threads of the process in one loop with interrupts off, and those that run meanwhile wait for its end with interrupts off, too: traced, no CPU switches tasks for 30 to 37 ms (EEVDF: for 25 to 33). Apart from that the sleeper was 7 ms late at most, in the one run that was looked at for it.

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --no-rt --ready 60 --warmup 0 --seconds 1 --get sleeper_threads.tasks \
		sleeper-threads:10000000x10000@jitter=100 >/tmp/threads
	sleep 1
}

# Those who are killed were equals in virtual time: 107 to 121 ms, and a gap of 192 to 236.
LATE_LIMIT=60
fault_case 14
cat /tmp/threads
expect "threads" "$(figure /tmp/threads sleeper_threads.tasks)" == 10000
sleep 1
expect "slots that are still taken" "$(scx_userland status -n 0 | sed -n 's/.*; \([0-9]*\) of [0-9]* slots used/\1/p')" '<' 100
