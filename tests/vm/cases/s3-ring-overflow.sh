# SPDX-License-Identifier: LGPL-2.1-or-later
# what: more events than a ring holds: none is lost, the agent reads the records instead
# mode: fast
# cpus: 1
# mem: 2G
# timeout: 400

start_sched --floor-us 1000000
# each wakes every second and computes for a moment; a ring holds 4096
scxu-load --no-rt --ready 60 --seconds 6 --tail 20 --get burst.lateness_us.max --get failed \
	burst:6000@period_us=2000000@us=20 >/tmp/load &
load=$!
until set -- /proc/[0-9]* && [ $# -ge 6000 ]; do sleep 0.5; done
sleep 3
for n in 1 2 3; do
	kill -STOP "$SCHED_PID"
	sleep 2.2
	kill -CONT "$SCHED_PID"
	sleep 0.5
done
wait "$load"
same "exit status of the load: every task was seen again" $? 0
cat /tmp/load
stop_sched
expect "events that found the ring full" "$(stat failed_enqueues)" '>' 100
expect "times that all records were read" "$(stat rescans)" '>=' 2
expect "tasks that wait at the end" "$(stat waiting)" '<=' 3
