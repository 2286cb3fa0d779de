# SPDX-License-Identifier: GPL-2.0-only
# what: loads, schedules all kinds of tasks, survives hotplug, unloads: on every kernel
# kernels: all
# timeout: 400

# a host that is busy makes the agent late: not what this is about
start_sched --stats 1 --floor-us 500000
scxu-load --no-rt --seconds 4 hogs:4x0,4x10 hogs:2x0@cpus=1 sleeper:2000 pingpong:2 forkers:2 affinity-churn:4 >/tmp/load 2>&1 &
load=$!
sleep 2
echo 0 >/sys/devices/system/cpu/cpu1/online
sleep 1
echo 1 >/sys/devices/system/cpu/cpu1/online
wait $load
cat /tmp/load
check "loaded" sched_alive
stop_sched
expect "decisions carried out" "$(stat applied)" '>' 10
expect "values out of range" "$(stat invalid)" == 0
