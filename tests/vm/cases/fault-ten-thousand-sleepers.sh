# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: 10 000 threads that begin, sleep and wake
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# mem: 3G
# timeout: 600

. "${0%/*}/faults.sh"

# Each second each is woken once, at random: 10 000 wake-ups a second beside the load, for some three
# seconds of it, after five in which they begin. As many that compute: fault-ten-thousand-threads;
# their end, killed all at once: fault-ten-thousand-killed.
fault()
{
	scxu-load --no-rt --ready 60 --warmup 0 --seconds 5 --tail 3 --get sleeper_threads.tasks \
		--get sleeper_threads.delivered --get sleeper_threads.unfinished --get sleeper_threads.lateness_us.max \
		sleeper-threads:1000000x10000@jitter=100 >/tmp/threads
}

MAY_OUTLAST=1
fault_case 11
cat /tmp/threads
same "their end was before that of the load" "$fault_in_time" no
expect "threads" "$(figure /tmp/threads sleeper_threads.tasks)" == 10000
expect "times that they woke" "$(figure /tmp/threads sleeper_threads.delivered)" '>' 30000
expect "of these, that did not run again" "$(figure /tmp/threads sleeper_threads.unfinished)" == 0
# each of them is a sleeper, too
expect "the latest of them, ms" "$(ms "$(figure /tmp/threads sleeper_threads.lateness_us.max)")" '<=' 40
sleep 1
expect "slots that are still taken" "$(scx_userland status -n 0 | sed -n 's/.*; \([0-9]*\) of [0-9]* slots used/\1/p')" '<' 100
