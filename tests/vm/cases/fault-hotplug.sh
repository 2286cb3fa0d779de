# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: CPU 1 offline and online ten times
# mode: icount
# turn: 50
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600
# reason: the sleeper was 20 to 52 ms late, from build to build; 11 ms without a scheduler loaded. At most changes the
# reason: floor takes over since no decision is given in time. Bearing with the agent for 50 ms made it no better (44 ms).

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

LATE_LIMIT=110
fault_case 10
expect "times that the CPU went or came" "$seq" == 20
same "CPUs that are online" "$(cat /sys/devices/system/cpu/online)" 0-3
