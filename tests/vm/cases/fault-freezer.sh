# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a cgroup freeze of the agent for 5 s
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 400

. "${0%/*}/faults.sh"

fault()
{
	mkdir /sys/fs/cgroup/frozen
	echo "$SCHED_PID" >/sys/fs/cgroup/frozen/cgroup.procs
	echo 1 >/sys/fs/cgroup/frozen/cgroup.freeze
	sleep 5
	scx_userland status -n 2
	echo 0 >/sys/fs/cgroup/frozen/cgroup.freeze
}

fault_case 8
expect "the floor's longest time, ms" "$(floor_stat longest)" '>=' 4900
expect "times that the floor took over since the agent did not answer" "$(counter floor_silent)" '>=' 1
