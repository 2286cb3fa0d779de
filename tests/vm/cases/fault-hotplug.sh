# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: CPU 1 offline and online ten times
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	for n in 1 2 3 4 5 6 7 8 9 10; do
		echo 0 >/sys/devices/system/cpu/cpu1/online
		sleep 0.2
		echo 1 >/sys/devices/system/cpu/cpu1/online
		sleep 0.2
	done
	echo "offline and online $n times"
}

fault_case 10
