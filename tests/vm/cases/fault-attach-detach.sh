# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: attached and detached 50 times under load (in ./test the first of them)
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 1500
# reason: while the kernel attaches or detaches, it runs all tasks in the order in which they come, each until a tick. One of 50 times is the worst; where in that time a hog's gap comes from was not traced.

. "${0%/*}/faults.sh"

fault()
{
	n=0 applied=0 times=0
	while [ $n -lt $wanted ]; do
		times=$((times + $(floor_stat times)))
		stop_sched >/tmp/stop
		! grep FAIL /tmp/stop || failures=$((failures + 1))
		# Before it attaches it reads and checks for as long as it takes, in its share of the
		# time. (Not before the first detach: the kernel's scheduler, which it has that
		# share from, does not hear of a nice that is set while another is loaded.)
		[ $n != 0 ] || renice -n -10 -p $$ >/dev/null
		applied=$((applied + $(stat applied)))
		start_sched
		n=$((n + 1))
		[ -s /tmp/with ] || under_load=$n
	done
	# of all that there were
	fault_episodes=$((fault_episodes - times))
}

# An attach beside the load takes five seconds of a clock on which four CPUs take turns, and twice as
# long to emulate as one without: ./test has those of the first minute beside it, the matrix all.
MAY_OUTLAST=1
wanted=50
under_load=0
fault_case $([ -n "$MATRIX" ] && echo 300 || echo 60)
expect "times attached" $n == $wanted
expect "of these, under load" $under_load '>=' $([ -n "$MATRIX" ] && echo 40 || echo 6)
expect "decisions carried out meanwhile" "$applied" '>' 1000
