# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: sched_setaffinity, sched_setscheduler and a cpuset's shrinking on the agent
# mode: icount
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 500

. "${0%/*}/faults.sh"

CPUSET=/sys/fs/cgroup/shrinks

fault()
{
	tid=$(cd "/proc/$SCHED_PID/task" && grep -l scxu-agent ./*/comm | cut -d/ -f2)
	taskset -p 2 "$tid"
	sleep 2
	check "affinity is reported" grep -q 'may use 1 CPUs now, before: 4' "$SCHED_LOG"
	chrt -f -p 10 "$tid"
	sleep 2
	check "the class is reported" grep -q 'into scheduling class 1' "$SCHED_LOG"
	chrt -o -p 0 "$tid"
	taskset -p f "$tid"
	sleep 2
	check "its return is reported" grep -q 'may use 4 CPUs now, before: 1' "$SCHED_LOG"

	# from all CPUs to two, to one, and back
	echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
	mkdir $CPUSET
	echo "$SCHED_PID" >$CPUSET/cgroup.procs
	echo 2-3 >$CPUSET/cpuset.cpus
	sleep 1.5
	check "the cpuset is reported" grep -q 'may use 2 CPUs now, before: 4' "$SCHED_LOG"
	echo 1 >$CPUSET/cpuset.cpus
	sleep 1.5
	check "its shrinking is reported" grep -q 'may use 1 CPUs now, before: 2' "$SCHED_LOG"
	same "CPUs of the agent's thread" "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$tid/status")" 1
	echo 0-3 >$CPUSET/cpuset.cpus
	sleep 1.5
	check "its growing is reported" grep -q 'may use 4 CPUs now, before: 1' "$SCHED_LOG"
}

fault_case 14
