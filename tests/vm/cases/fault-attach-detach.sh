# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: attached and detached 50 times under load (in ./test the first of them)
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 4000

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

# Before it attaches it reads and checks for as long as it takes, in its share of the time: some 12 to 16 s
# beside this load, of a clock on which four CPUs take turns, for which the emulator needs half a minute. ./test
# has the first few attaches beside it, the matrix all but some. (A better nice shortens that, and is
# then what hogs wait for: after a detach the kernel's scheduler may find five of eight on one
# CPU, beside the agent that ends. With -10 a hog's gap was 64 to 95 ms.)
MAY_OUTLAST=1
wanted=50
under_load=0
fault_case $([ -n "$MATRIX" ] && echo 700 || echo 75)
expect "times attached" $n == $wanted
expect "of these, under load" $under_load '>=' $([ -n "$MATRIX" ] && echo 40 || echo 2)
expect "decisions carried out meanwhile" "$applied" '>' 1000
