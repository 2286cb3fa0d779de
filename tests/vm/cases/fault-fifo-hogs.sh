# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: SCHED_FIFO hogs on all CPUs for 5 s
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600
# reason: the kernel leaves 50 ms of each second to all but real-time tasks, to those of sched_ext since 7.0;
# reason: before, real-time tasks have the machine as long as they want it. No scheduler of sched_ext can do
# reason: better: its own fair class is as late. Of the 200 ms on four CPUs that are left, a nice-5 hog is worth
# reason: 12 to 13: one that ran two slices in one second has had the next one's as well.

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --warmup 0 --seconds 6 --get fifo_hogs.used fifo-hogs:4@seconds=5 >/tmp/fifo
}

# used: of the time that was measured, which on 6.* goes on until the hogs let the loader run
case $(uname -r) in
6.*) LATE_LIMIT=6000 GAP_LIMIT=6000 used=0.5 least_floors=0 ;;
*) LATE_LIMIT=1200 GAP_LIMIT=2400 used=0.7 least_floors=1 ;;
esac
fault_case 10
cat /tmp/fifo
expect "CPUs that the SCHED_FIFO hogs had of the time" "$(figure /tmp/fifo fifo_hogs.used)" '>' $used
expect "times that the floor took over since the agent did not answer" "$(counter floor_silent)" '>=' $least_floors
