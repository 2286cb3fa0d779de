# SPDX-License-Identifier: GPL-2.0-only
# what: a CPU gets offline whose tasks others take, when the watch's timer runs on that CPU
# kernels: 6.18

# Up to 6.19 the kernel waits for ever unless the CPU comes through the scheduler once more,
# after the last of its tasks was taken by others: see scxu_cpu_offline(). The watch makes it,
# and its timer is on the CPU where the first task began to wait: of hogs that all begin on
# CPU 1 it is that one, mostly.
start_sched --floor-us 500000
for round in 1 2 3 4 5 6 7 8 9 10; do
	taskset 2 scxu-load --no-rt --warmup 0.1 --seconds 1.6 hogs:16x0@cpus=1 >/tmp/load 2>&1 &
	load=$!
	sleep 0.7
	for hog in $(pidof scxu-load); do
		taskset -p f "$hog" >/dev/null
	done
	sleep 0.2
	(echo 0 >/sys/devices/system/cpu/cpu1/online) &
	offline=$!
	tries=100
	while [ $tries -gt 0 ] && kill -0 $offline 2>/dev/null; do
		sleep 0.1
		tries=$((tries - 1))
	done
	[ $tries -gt 0 ] || fail "round $round: CPU 1 is not offline after 10 s"
	same "round $round: CPU 1 online" "$(cat /sys/devices/system/cpu/cpu1/online)" 0
	wait $load
	same "round $round: exit status of the load" $? 0
	echo 1 >/sys/devices/system/cpu/cpu1/online
	sleep 0.8
done
check "still loaded" sched_alive
stop_sched
