# SPDX-License-Identifier: GPL-2.0-only
# what: each built-in policy, and the example from its object, schedules hogs, sleepers and pipes; options work; one follows the other in place
# mode: icount
# timeout: 900

# judge_tried: what the agent that has ended, or given way, says of its time. The kernel part
# counts on from the one before.
judge_tried()
{
	expect "$tried: decisions carried out" "$(($(stat applied) - applied))" '>' 100
	expect "$tried: values out of range" "$(($(stat invalid) - invalid))" == 0
	expect "$tried: decisions refused" "$(stat failed)" == 0
	applied=$(stat applied) invalid=$(stat invalid)
}

# try ARGUMENT...: in the place of the one before, if there is one
try()
{
	if [ -z "$SCHED_PID" ]; then
		start_sched "$@"
		applied=0 invalid=0
	else
		hand_over "$@"
		expect "$tried: exit status of who gave way" "$handed_over" == 0
		judge_tried
	fi
	tried=$*
	scxu-load --no-rt --warmup 0.1 --seconds 0.5 --get hogs_all.never_ran \
		hogs:6x0 hogs:2x0@cpus=0-1 sleeper:5000 pingpong:2 >/tmp/load
	same "$*: hogs that never ran" "$(sed -n 's/^hogs_all.never_ran //p' /tmp/load)" 0
	check "$*: still in charge" sched_alive
	check "$*: it is this policy" grep -q " policy $(basename "${2%%:*}" .so) .*schedules " "$SCHED_LOG"
}

for policy in vruntime eevdf fifo rr prio /usr/bin/tiny.so; do
	try --policy $policy
done
try --policy fifo:slice_us=5000
try --policy rr:quantum_us=5000
try --policy prio:starve_ms=200
stop_sched
judge_tried
# where its own queues have tasks of a limited affinity
try --policy vruntime:slice_us=1000 --affinity agent
try --policy eevdf:slice_us=1000 --affinity agent
try --policy /usr/bin/tiny.so --affinity agent
stop_sched
judge_tried
