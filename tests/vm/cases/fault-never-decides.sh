# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a policy that takes all tasks and never decides
# mode: icount
# matrix: 6.16, 6.17, 6.18, 6.19, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400

. "${0%/*}/faults.sh"

fault()
{
	hand_over --policy /usr/bin/never-decides.so
	sleep 4
	scx_userland status -n 4
	hand_over
}

fault_case 8
expect "times that the floor took over since no decision came" "$(counter floor_late)" '>' 0
