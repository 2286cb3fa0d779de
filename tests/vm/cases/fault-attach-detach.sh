# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: attached and detached 50 times, the first of them under load
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 1500

. "${0%/*}/faults.sh"

fault()
{
	n=0 applied=0 times=0
	while [ $n -lt $wanted ]; do
		times=$((times + $(floor_stat times)))
		stop_sched >/tmp/stop
		! grep FAIL /tmp/stop || failures=$((failures + 1))
		applied=$((applied + $(stat applied)))
		start_sched
		n=$((n + 1))
		[ -s /tmp/with ] || under_load=$n
	done
	# of all that there were
	fault_episodes=$((fault_episodes - times))
}

# An attach beside the load takes 14 s of a clock on which four CPUs take turns; all fifty would take
# most of an hour to emulate. Without it, eight seconds each: a run of ./test has twelve of them.
MAY_OUTLAST=1
wanted=12
[ -z "$MATRIX" ] || wanted=50
under_load=0
fault_case 30
expect "times attached" $n == $wanted
expect "of these, under load" $under_load '>=' 1
expect "decisions carried out meanwhile" "$applied" '>' 1000
