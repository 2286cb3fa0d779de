# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a policy that does not return from enqueue()
# mode: icount
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400

. "${0%/*}/faults.sh"

fault()
{
	hand_over --policy /usr/bin/misbehaves.so:loop_at=30,loop_s=60
	sleep 4
	check "the message says which callback it is in" grep -q 'misbehaves is in enqueue()' "$SCHED_LOG"
	# it never gives way by itself
	hand_over
	check "it is killed when another takes over" grep -q 'killing it' "$SCHED_LOG"
}

fault_case 12
expect "times that the floor took over since it did not answer" "$(counter floor_silent)" '>=' 1
expect "the floor's longest time, ms" "$(floor_stat longest)" '>=' 3900
