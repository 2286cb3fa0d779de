# SPDX-License-Identifier: GPL-2.0-only
# what: a task that is alone on its CPU has a long slice, and gives way no later for that
# mode: icount
# turn: 47

# First come, first served: who wakes waits until a slice of 4 ms ends, at a tick. Those who
# are alone have slices of 20 ms: without scxu_tick(), which ends them, it is 8 ms late. The
# floor, which would help after its bound, is far away.
sleep 2
start_sched --policy fifo:slice_us=4000 --floor-us 500000
scxu-load --no-rt --seconds 5 --warmup 0.3 --get sleeper.delivered --get sleeper.due_lateness_us.max \
	--output /tmp/load hogs:4x0 sleeper:47300
cat /tmp/load
stop_sched
expect "wake-ups" "$(sed -n 's/^sleeper.delivered //p' /tmp/load)" '>=' 100
expect "the worst lateness, us" "$(sed -n 's/^sleeper.due_lateness_us.max //p' /tmp/load)" '<=' 6000
