# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: CPU 1 offline and online ten times
# mode: icount
# eevdf: yes
# turn: 47
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	seq=$(cat /sys/kernel/sched_ext/hotplug_seq)
	for n in 1 2 3 4 5 6 7 8 9 10; do
		echo 0 >/sys/devices/system/cpu/cpu1/online
		sleep 0.2
		echo 1 >/sys/devices/system/cpu/cpu1/online
		sleep 0.2
	done
	seq=$(($(cat /sys/kernel/sched_ext/hotplug_seq) - seq))
}

fault_case 10
expect "times that the CPU went or came" "$seq" == 20
same "CPUs that are online" "$(cat /sys/devices/system/cpu/online)" 0-3
# One that is about to go took all decisions, and the kernel moved the tasks elsewhere: ten times of ten.
expect "times that the floor took over" "$(($(floor_stat times) - fault_episodes))" '<=' 2
