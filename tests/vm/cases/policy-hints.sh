# SPDX-License-Identifier: GPL-2.0-only
# what: a policy is told of running, stopping and ticks, of weights and of CPUs, when waits ended, and who is new; on every kernel
# kernels: all

start_sched --policy /usr/bin/hints.so --floor-us 500000
scxu-load --no-rt --seconds 8 hogs:6x0 sleeper:5000 &
load=$!
# all seven beside the first: who is reniced before it forks has no weight set; while they start on a
# slow host some are there only for a moment
tries=0
until [ "$(pidof scxu-load | wc -w)" -ge 8 ] && sleep 0.5 &&
	renice -n 5 -p $(pidof scxu-load) >/dev/null 2>&1; do
	sleep 0.1
	tries=$((tries + 1))
	[ $tries -lt 40 ] || break
done
echo 0 >/sys/devices/system/cpu/cpu1/online
sleep 1
echo 1 >/sys/devices/system/cpu/cpu1/online
wait $load
stop_sched
grep ^hints: "$SCHED_LOG"
told()
{
	sed -n "s/^hints:.* $1=\([0-9]*\).*/\1/p" "$SCHED_LOG"
}
expect running "$(told running)" '>' 200
# the last ones may be lost
expect "stopping, of those that ran" "$(told stopping)" '>' "$(($(told running) * 8 / 10))"
expect ticks "$(told ticks)" '>' 50
expect "weights set" "$(told weights)" '>' 0
expect "CPUs on" "$(told online)" == 5
expect "CPUs off" "$(told offline)" == 1
expect "waits that the policy knows the end of" "$(told waits)" '>' 200
expect "waits that ended when they cannot have" "$(told wrong_waits)" == 0
expect "CPUs that there are not" "$(told wrong_cpu)" == 0
expect "waits of new tasks" "$(told new)" '>' 0
expect "of these, of tasks that the scheduler found there" "$(told wrong_new)" == 0
