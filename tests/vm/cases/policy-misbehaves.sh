# SPDX-License-Identifier: GPL-2.0-only
# what: a policy crashes, aborts, exits, loops or blocks: the machine goes on, and the message says in which callback
# timeout: 400

# ends HOW STATUS: the scheduler has ended so, and said so
ends()
{
	n=0
	while kill -0 "$SCHED_PID" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
	kill -0 "$SCHED_PID" 2>/dev/null && fail "no $1 after 10 s: $(tail -n 3 "$SCHED_LOG")"
	wait "$SCHED_PID"
	same "ended by $1" $? "$2"
	SCHED_PID=
	check "it says where" grep -q "error: .*$1.* in enqueue() (task [0-9]* " "$SCHED_LOG"
	grep misbehaves "$SCHED_LOG"
}

start_sched --policy /usr/bin/misbehaves.so:crash_at=100 --floor-us 500000
scxu-load --no-rt --seconds 2 --get hogs_all.never_ran hogs:6x0 sleeper:2000 >/tmp/load
same "hogs that never ran beside the crash" "$(sed -n 's/^hogs_all.never_ran //p' /tmp/load)" 0
ends SIGSEGV 139

start_sched --policy /usr/bin/misbehaves.so:abort_at=100 --floor-us 500000
scxu-load --no-rt --seconds 2 hogs:6x0 sleeper:2000
ends SIGABRT 134

# its thread has no stack left
start_sched --policy /usr/bin/misbehaves.so:overflow_at=100 --floor-us 500000
scxu-load --no-rt --seconds 2 hogs:6x0 sleeper:2000
ends SIGSEGV 139

start_sched --policy /usr/bin/misbehaves.so:exit_at=100 --floor-us 500000
scxu-load --no-rt --seconds 2 hogs:6x0 sleeper:2000
ends 'called exit()' 1

start_sched --policy /usr/bin/misbehaves.so:block_at=100 --floor-us 500000
scxu-load --no-rt --seconds 4 hogs:6x0 sleeper:2000
check "told while it blocks" grep -q 'policy misbehaves is in enqueue() since [0-9]* s (task ' "$SCHED_LOG"
kill -9 "$SCHED_PID"
wait "$SCHED_PID" 2>/dev/null
SCHED_PID=
scx_userland stop

# before there is a scheduler
scx_userland --policy /usr/bin/misbehaves.so:crash_at=9,in_init=9 >/tmp/said 2>&1
same "of a crash in init()" $? 139
check "it says where" grep -q 'error: SIGSEGV in policy misbehaves, in init();' /tmp/said
start_sched --policy /usr/bin/misbehaves.so:loop_at=9,loop_s=4,in_init=9 --floor-us 500000
check "told while init() loops" grep -q 'policy misbehaves is in init() since [0-9]* s;' "$SCHED_LOG"
stop_sched

start_sched --policy /usr/bin/misbehaves.so:loop_at=100,loop_s=4 --floor-us 500000
scxu-load --no-rt --seconds 8 hogs:6x0 sleeper:2000
check "told while it loops" grep -q 'policy misbehaves is in enqueue() since [0-9]* s (task ' "$SCHED_LOG"
check "told when it is back" grep -q 'policy misbehaves is back' "$SCHED_LOG"
grep misbehaves "$SCHED_LOG"
check "still loaded" sched_alive
stop_sched
expect "times that the floor took over" "$(stat floor_silent)" '>=' 1
expect "decisions after it" "$(stat applied)" '>' 100
