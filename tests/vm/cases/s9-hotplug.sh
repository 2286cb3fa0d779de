# SPDX-License-Identifier: GPL-2.0-only
# what: CPUs going offline and online under load do not unload it, pinned tasks included
# timeout: 400

start_sched --floor-us 500000
scxu-load --no-rt --seconds 14 --tail 10 --get hogs_all.never_ran --get hogs_all.unfinished --get hogs2_all.never_ran \
	--get hogs2_all.unfinished --get sleeper.unfinished hogs:2x0@cpus=1 hogs:6x0 sleeper:2000 >/tmp/load 2>&1 &
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
# in less than the bound on starvation, which runs who was lost
wait $load
same "exit status of the load" $? 0
cat /tmp/load
same "tasks that never ran, or not again: none of each" "$(sed 's/.* //' /tmp/load | tr '\n' ' ')" "0 0 0 0 0 "
stop_sched
