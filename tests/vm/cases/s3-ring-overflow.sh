# SPDX-License-Identifier: LGPL-2.1-or-later
# what: more events than a ring holds: none is lost, the agent reads the records instead; without that, some are
# mode: icount
# cpus: 1
# mem: 2G
# timeout: 500

# bursts SECONDS FUNCTION: 5000 tasks wake all at once every two seconds, and compute for a
# moment; a ring holds 4096. The function is called meanwhile. Each task is waited for, for
# 20 s.
bursts()
{
	scxu-load --no-rt --ready 120 --warmup 0.5 --seconds $1 --tail 20 --get burst.unfinished --get burst.expected \
		--get burst.delivered --get burst.lateness_us.max burst:5000@period_us=2000000@us=20 >/tmp/load &
	load=$!
	$2
	wait "$load"
	same "exit status of the load" $? 0
	cat /tmp/load
	latest=$(awk '$1 == "burst.lateness_us.max" { print $2 / 1000 }' /tmp/load)
}

# Overflows with the agent at work, then with it stopped until the floor takes over.
then_stop_the_agent()
{
	until [ "$(counter failed_enqueues)" -gt 100 ]; do sleep 0.2; done
	# who is lost waits for the floor, which comes after one second
	sleep 1.5
	expect "times that the floor took over" "$(($(counter floor_late) + $(counter floor_silent)))" == 0
	found=$(counter failed_enqueues)
	kill -STOP "$SCHED_PID"
	sleep 2.2
	kill -CONT "$SCHED_PID"
}

start_sched --floor-us 1000000
bursts 5 then_stop_the_agent
stop_sched
expect "events that found the ring full" "$found" '>' 100
expect "such events while the agent was stopped" "$(($(stat failed_enqueues) - found))" '>' 100
expect "times that all records were read" "$(stat rescans)" '>=' 3
same "tasks that did not run again" "$(sed -n 's/^burst.unfinished //p' /tmp/load)" 0
expect "tasks saved from starving" "$(stat starved)" == 0
expect "times that the floor took over, with the agent stopped" "$(($(stat floor_late) + $(stat floor_silent)))" == 1
# the floor comes after one second, and goes on with them at once
expect "the latest wake-up, ms" "$latest" '<' 2000
expect "tasks that wait at the end" "$(stat waiting)" '<=' 3

# the control
SCHED_COMMAND=scx_userland-no-rescan
start_sched --floor-us 1000000
bursts 1 true
stop_sched
expect "control: events that found the ring full" "$(stat failed_enqueues)" '>' 100
expect "control: times that the floor took over from an agent at work" "$(stat floor_late)" '>=' 1
expect "control: the latest wake-up, ms" "$latest" '>' 1000
