# SPDX-License-Identifier: GPL-2.0-only
# what: CPUs going offline and online under load do not unload it, pinned tasks included
# mode: icount

start_sched
scxu-load --no-rt --warmup 0.2 --seconds 4 --tail 10 --get hogs_all.never_ran --get hogs_all.unfinished --get hogs2_all.never_ran \
	--get hogs2_all.unfinished --get sleeper.unfinished hogs:2x0@cpus=1 hogs:6x0 sleeper:2000 >/tmp/load 2>&1 &
load=$!
sleep 0.5
for i in 1 2 3; do
	echo 0 >/sys/devices/system/cpu/cpu1/online
	same "CPU 1" "$(cat /sys/devices/system/cpu/cpu1/online)" 0
	sleep 0.3
	echo 1 >/sys/devices/system/cpu/cpu1/online
	sleep 0.3
done
check "the load is there all the time" kill -0 "$load"
check "still loaded" sched_alive
# in less than the bound on starvation, which runs who was lost
wait $load
same "exit status of the load" $? 0
cat /tmp/load
same "tasks that never ran, or not again: none of each" "$(sed 's/.* //' /tmp/load | tr '\n' ' ')" "0 0 0 0 0 "
stop_sched
