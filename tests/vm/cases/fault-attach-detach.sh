# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: attached and detached 50 times, the first of them under load
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 1500
# reason: 10 to 24 ms, while the kernel detaches: in its bypass mode each CPU runs tasks in the order in which they come, for 5 ms each, which end at a tick. Twelve detaches on 7.3 one after the other left the sleeper 7 to 19 ms late; 34 were seen once, before 99c833b; on 6.18, with 8755a50, 113 in one run of four (21 to 24 in the others), not traced, 12 in both of 003ef91, and 56 with e625a9b, two of whose attaches were under load. Grace periods of RCU that are expedited meanwhile, of which most of that mode consists, gave 15 and 27 on 6.18.

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
