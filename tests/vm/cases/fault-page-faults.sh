# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: an agent with sixteen page faults in each enqueue
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400

. "${0%/*}/faults.sh"

fault()
{
	hand_over --policy /usr/bin/page-faulting.so
	sleep 5
	faults=$(agent_faults)
	hand_over
}

fault_case 8
expect "page faults" "$faults" '>' 1000
