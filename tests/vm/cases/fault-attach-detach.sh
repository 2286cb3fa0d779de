# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: attached and detached 50 times under load
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 900

. "${0%/*}/faults.sh"

fault()
{
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 \
		39 40 41 42 43 44 45 46 47 48 49 50; do
		stop_sched >/tmp/stop
		! grep FAIL /tmp/stop || failures=$((failures + 1))
		start_sched
	done
	fault_episodes=0
	echo "attached $n times"
}

fault_case 30
