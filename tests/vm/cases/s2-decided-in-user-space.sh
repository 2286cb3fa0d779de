# SPDX-License-Identifier: GPL-2.0-only
# what: tasks are scheduled in user space; counts return to 0 when idle; no page fault; statistics
# mode: icount
# turn: 47
# timeout: 400

# In long turns of the emulated CPUs the agent may not get one for 4 ms, and the floor be
# right to take over.
start_sched --stats 1 --verbose
same "name that the kernel reports" "$(sched_ops)" userland
scxu-load --seconds 2 hogs:6x0 sleeper:1000
sleep 2.5
# the last line of statistics is of the idle machine
idle=$(grep '|.*|.*|.*agent$' "$SCHED_LOG" | tail -n 1 | cut -d'|' -f3 | awk '{ print $1, $2, $3 }')
same "waiting, queued, scheduled when idle" "$idle" "0 0 0"
stop_sched
user=$(stat user_enqueues)
expect "tasks handed to the agent" "$user" '>' 1000
expect "of these decided by the agent and run" "$(stat applied)" '>=' "$(awk -v n="$user" 'BEGIN { print n * 0.99 }')"
expect "times that the floor took over" "$(($(stat floor_late) + $(stat floor_silent)))" == 0
expect "page faults of the agent" "$(stat faults)" == 0
expect "values out of range" "$(stat invalid)" == 0
expect "lines of statistics" "$(grep -c '|.*|.*|.*agent$' "$SCHED_LOG")" '>=' 2
for column in user/s kernel/s failed vr-enq/s vr-dsp/s vr-fail wait queued sched dec/act stale bnced 'p50 us' 'p99 us' cpu%; do
	check "column $column" grep -q -- "$column" "$SCHED_LOG"
done
check "the kernel's exit reason" grep -q '^exit: unregistered from user space' "$SCHED_LOG"
