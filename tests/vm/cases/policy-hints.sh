# SPDX-License-Identifier: GPL-2.0-only
# what: a policy is told of running, stopping and ticks, of weights and of CPUs, when waits ended, and who is new
# mode: icount
# kernels: 6.12, 6.18, newest
# matrix: 6.12, 6.16, 6.17, 6.18, 6.19, 7.3, newest

start_sched --policy /usr/bin/hints.so
scxu-load --no-rt --warmup 0.1 --seconds 0.5 hogs:6x0 sleeper:5000 &
load=$!
# all seven beside the first are there: who is reniced before it forks has no weight set
sleep 0.1
same "tasks to be reniced" "$(pidof scxu-load | wc -w)" 8
renice -n 5 -p $(pidof scxu-load)
echo 0 >/sys/devices/system/cpu/cpu1/online
sleep 0.1
echo 1 >/sys/devices/system/cpu/cpu1/online
wait $load
stop_sched
grep ^hints: "$SCHED_LOG"
told()
{
	sed -n "s/^hints:.* $1=\([0-9]*\).*/\1/p" "$SCHED_LOG"
}
# about half of what there is: 800, 560, 750 and 22
expect running "$(told running)" '>' 400
# the last ones may be lost
expect "stopping, of those that ran" "$(told stopping)" '>' "$(($(told running) * 8 / 10))"
expect ticks "$(told ticks)" '>' 280
expect "weights set" "$(told weights)" == 8
expect "CPUs on" "$(told online)" == 5
expect "CPUs off" "$(told offline)" == 1
expect "waits that the policy knows the end of" "$(told waits)" '>' 380
expect "waits that ended when they cannot have" "$(told wrong_waits)" == 0
expect "CPUs that there are not" "$(told wrong_cpu)" == 0
expect "waits of new tasks" "$(told new)" '>' 10
expect "of these, of tasks that the scheduler found there" "$(told wrong_new)" == 0
