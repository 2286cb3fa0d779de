# SPDX-License-Identifier: LGPL-2.1-or-later
# what: status tells who is in charge; a second agent is refused by name; stop ends it from anywhere
# mode: fast

check "status says so when nothing is loaded" sh -c '! scx_userland status >/tmp/s && grep -q "^not loaded" /tmp/s'
check "stop says so too" sh -c '! scx_userland stop 2>/tmp/s && grep -q "no scheduler of ours" /tmp/s'
start_sched --floor-us 500000
sleep 1
scx_userland status >/tmp/s; cat /tmp/s
check "status names the agent" grep -q "agent:      process $SCHED_PID\$" /tmp/s
check "status: the agent is in charge" grep -q '^in charge:  the agent' /tmp/s
check "status lists the start as an episode" grep -q 'no agent had answered yet' /tmp/s
same "agents that have ended, as counted" "$(scx_userland status -c | awk '$1 == "floor_absent" { print $2 }')" 0

scx_userland --floor-us 500000 2>/tmp/e && fail "a second agent was let in"
check "a second agent is refused by name" grep -q "an agent is alive: process $SCHED_PID (scx_userland)" /tmp/e
scx_userland --slice-us 5000 2>/tmp/e && fail "other options were taken"
check "other options are told apart" grep -q -- '--slice-us 3000, and 5000' /tmp/e
check "the first one goes on" sched_alive
for pin in /sys/fs/bpf/scx_userland/*; do
	same "mode of $pin" "$(busybox stat -c %a "$pin")" 600
done
same "mode of the pins' directory" "$(busybox stat -c %a /sys/fs/bpf/scx_userland)" 700

# one that hears of its end when another is there already
kill -STOP "$SCHED_PID"
check "stop ends it though its agent is stopped" scx_userland stop
same "sched_ext afterwards" "$(sched_state)" disabled
old=$SCHED_PID
start_sched --floor-us 500000
kill -CONT "$old"
wait "$old"
same "exit status of the one that was stopped" $? 0
scx_userland status >/tmp/s
check "the new one's pins are still there" grep -q "agent:      process $SCHED_PID\$" /tmp/s

check "stop ends it" scx_userland stop
same "sched_ext afterwards" "$(sched_state)" disabled
wait "$SCHED_PID"
same "exit status of the agent" $? 0
SCHED_PID=
check "the pins are gone" sh -c '! test -e /sys/fs/bpf/scx_userland'
