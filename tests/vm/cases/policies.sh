# SPDX-License-Identifier: GPL-2.0-only
# what: each built-in policy, and the example from its object, schedules hogs, sleepers and pipes; options work
# mode: icount
# timeout: 900

# try ARGUMENT...
try()
{
	start_sched "$@"
	scxu-load --no-rt --warmup 0.1 --seconds 0.5 --get hogs_all.never_ran \
		hogs:6x0 hogs:2x0@cpus=0-1 sleeper:5000 pingpong:2 >/tmp/load
	same "$*: hogs that never ran" "$(sed -n 's/^hogs_all.never_ran //p' /tmp/load)" 0
	check "$*: still in charge" sched_alive
	stop_sched
	expect "$*: decisions carried out" "$(stat applied)" '>' 100
	expect "$*: values out of range" "$(stat invalid)" == 0
	expect "$*: decisions refused" "$(stat failed)" == 0
}

for policy in vruntime eevdf fifo rr prio /usr/bin/tiny.so; do
	try --policy $policy
done
# where its own queues have tasks of a limited affinity
try --policy vruntime:slice_us=1000 --affinity agent
try --policy eevdf:slice_us=1000 --affinity agent
try --policy /usr/bin/tiny.so --affinity agent
try --policy fifo:slice_us=5000
try --policy rr:quantum_us=5000
try --policy prio:starve_ms=200
