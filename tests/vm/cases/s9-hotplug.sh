# SPDX-License-Identifier: GPL-2.0-only
# what: CPUs going offline and online under load do not unload it, pinned tasks included
# timeout: 400

start_sched --floor-us 500000
scxu-load --no-rt --seconds 14 hogs:2x0@cpus=1 hogs:6x0 sleeper:2000 >/tmp/load 2>&1 &
load=$!
sleep 2
for i in 1 2 3; do
	echo 0 >/sys/devices/system/cpu/cpu1/online
	same "CPU 1" "$(cat /sys/devices/system/cpu/cpu1/online)" 0
	sleep 1
	echo 1 >/sys/devices/system/cpu/cpu1/online
	sleep 1
done
check "still loaded" sched_alive
wait $load
cat /tmp/load
stop_sched
