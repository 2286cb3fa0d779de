# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: 10 000 threads that sleep and wake
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# mem: 3G
# timeout: 600

. "${0%/*}/faults.sh"

# Each second each is woken once, at random: 10 000 wake-ups a second beside the load, after 10 000 that
# begin. With as many that compute (fault-ten-thousand-threads) a turn of all takes seconds.
fault()
{
	scxu-load --no-rt --ready 60 --warmup 0 --seconds 2 --tail 3 --get sleeper.tasks --get sleeper.delivered \
		--get sleeper.unfinished --get sleeper.lateness_us.max sleeper:1000000x10000@jitter=100 >/tmp/threads
}

fault_case 22
cat /tmp/threads
expect "threads" "$(figure /tmp/threads sleeper.tasks)" == 10000
expect "times that they woke" "$(figure /tmp/threads sleeper.delivered)" '>' 10000
expect "of these, that did not run again" "$(figure /tmp/threads sleeper.unfinished)" == 0
# each of them is a sleeper, too
expect "the latest of them, ms" "$(ms "$(figure /tmp/threads sleeper.lateness_us.max)")" '<=' 40
sleep 1
expect "slots that are still taken" "$(scx_userland status -n 0 | sed -n 's/.*; \([0-9]*\) of [0-9]* slots used/\1/p')" '<' 100
