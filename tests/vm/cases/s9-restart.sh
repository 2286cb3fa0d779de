# SPDX-License-Identifier: GPL-2.0-only
# what: CPUs that come and go while it loads: the kernel asks for a restart, and gets one
# timeout: 400
# kernels: 6.12, 6.18, newest

seq=$(cat /sys/kernel/sched_ext/hotplug_seq)
scx_userland --floor-us 500000 >"$SCHED_LOG" 2>&1 &
SCHED_PID=$!
# until it has loaded once: it has read the number before
tries=300
until grep -q '^exit: ' "$SCHED_LOG" || [ $tries = 0 ]; do
	echo $((tries % 2)) >/sys/devices/system/cpu/cpu1/online 2>/dev/null
	tries=$((tries - 1))
done
echo 1 >/sys/devices/system/cpu/cpu1/online 2>/dev/null
expect "CPUs that came or went" $(($(cat /sys/kernel/sched_ext/hotplug_seq) - seq)) '>' 1
tries=300
until { sched_runs && [ "$(grep -c ' schedules ' "$SCHED_LOG")" -ge 2 ]; } || [ $tries = 0 ]; do
	kill -0 "$SCHED_PID" 2>/dev/null || break
	sleep 0.1
	tries=$((tries - 1))
done
cat "$SCHED_LOG"
check "the kernel's reason" grep -q '^exit: unregistered from the main kernel' "$SCHED_LOG"
check "it says so" grep -q 'the kernel asks for a restart: starting again' "$SCHED_LOG"
check "it runs" sched_alive
scxu-load --no-rt --seconds 2 --get hogs_all.never_ran hogs:8x0 | tee /tmp/load
same "hogs that never ran" "$(cat /tmp/load)" "hogs_all.never_ran 0"
stop_sched
