# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: attached and detached 50 times under load
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 900

. "${0%/*}/faults.sh"

fault()
{
	n=0 applied=0 times=0
	while [ $n -lt 50 ]; do
		times=$((times + $(floor_stat times)))
		stop_sched >/tmp/stop
		! grep FAIL /tmp/stop || failures=$((failures + 1))
		applied=$((applied + $(stat applied)))
		start_sched
		n=$((n + 1))
	done
	# of all that there were
	fault_episodes=$((fault_episodes - times))
}

# the last of the fifty come without the load: with it they take more than 40 s
MAY_OUTLAST=1
fault_case 30
expect "times attached" $n == 50
expect "decisions carried out meanwhile" "$applied" '>' 1000
