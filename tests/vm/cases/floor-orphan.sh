# SPDX-License-Identifier: LGPL-2.1-or-later
# what: without an agent the scheduler ends by itself after --orphan-s, and says so; not with 0
# mode: fast
# allow: sched_ext.*orphaned

# server CPU: period and runtime of its deadline server, in us; those of 6.* have none
SERVERS=/sys/kernel/debug/sched/ext_server
server()
{
	[ -d $SERVERS ] || return 0
	echo $(($(cat $SERVERS/cpu"$1"/period) / 1000)) $(($(cat $SERVERS/cpu"$1"/runtime) / 1000))
}

servers=$(server 0)
start_sched --floor-us 500000 --orphan-s 4 --ext-server-ms 200
[ -z "$servers" ] || same "the deadline servers' period and runtime, us" "$(server 0), $(server 3)" "200000 10000, 200000 10000"
kill -9 "$SCHED_PID"
wait "$SCHED_PID" 2>/dev/null
SCHED_PID=
sleep 1
check "it goes on for a while" sched_runs
scx_userland status >/tmp/s
check "status tells how long" grep -q '^ends in:    [0-9.]* s, if no agent comes' /tmp/s
ended "it has ended by itself"
scx_userland status >/tmp/s
cat /tmp/s
check "status tells why it ended" grep -q '^ended:.*orphaned: no agent for 4 s' /tmp/s
expect "the sysctl that the agent had changed" "$(cat /proc/sys/vm/compact_unevictable_allowed)" == 0

# the pins of what has ended are in nobody's way, nor is what an agent left that was killed while it
# attached; and 0 is for ever
echo 'expedited 0' >/run/scx_userland.rcu
echo 1 >/sys/kernel/rcu_expedited
start_sched --floor-us 500000 --orphan-s 0 --ext-server-ms 500 --ext-server-pct 10
[ -z "$servers" ] || same "as another agent asks for, who finds them changed" "$(server 0)" "500000 50000"
same "RCU's grace periods are as they were" "$(cat /sys/kernel/rcu_expedited)" 0
check "and their note is gone" test ! -e /run/scx_userland.rcu
kill -9 "$SCHED_PID"
wait "$SCHED_PID" 2>/dev/null
SCHED_PID=
sleep 6
check "with 0 it goes on" sched_runs
scx_userland status >/tmp/s
check "status names no end" sh -c '! grep -q "^ends in" /tmp/s'
check "stop ends it without an agent" scx_userland stop
same "sched_ext afterwards" "$(sched_state)" disabled
expect "the sysctl, which a killed agent had changed, is restored" \
	"$(cat /proc/sys/vm/compact_unevictable_allowed)" == 1
same "and the deadline servers are" "$(server 0), $(server 3)" "$servers, $servers"

# what the kernel refuses is not taken for a CPU that is offline, nor is the scheduler refused for
# it: deadline tasks have most of the CPUs
greedy=
for n in 1 2 3; do
	sleep 60 &
	greedy="$greedy $!"
	check "a deadline task" chrt -d -T 800000000 -P 1000000000 -D 1000000000 -p 0 $!
done
start_sched --floor-us 500000 --ext-server-pct 50
[ -z "$servers" ] || check "a server that is refused is told" \
	grep -q 'cannot set the deadline servers in .*deadline tasks' "$SCHED_LOG"
# shellcheck disable=SC2086	# words
kill $greedy
hand_over --floor-us 500000 --ext-server-pct 20
[ -z "$servers" ] || same "with a part, but no period" "$(server 0), $(server 3)" "1000000 200000, 1000000 200000"
hand_over --floor-us 500000
same "without the options they are as they were" "$(server 0), $(server 3)" "$servers, $servers"
stop_sched

# a CPU that is offline, whose server the kernel lets nobody write, stands in nobody's way; nor does
# an agent that is refused change anything
echo 0 >/sys/devices/system/cpu/cpu2/online
start_sched --floor-us 500000 --ext-server-ms 300
[ -z "$servers" ] || same "beside a CPU that is offline" "$(server 0), $(server 2), $(server 3)" \
	"300000 15000, $servers, 300000 15000"
scx_userland --floor-us 500000 2>/tmp/e && fail "a second agent was let in"
[ -z "$servers" ] || same "after an agent that was refused" "$(server 0)" "300000 15000"
echo 0 >/sys/devices/system/cpu/cpu3/online
stop_sched
[ -z "$servers" ] || {
	same "restored, but for one that went offline" "$(server 0), $(server 3)" "$servers, 300000 15000"
	check "which is told" grep -q 'deadline servers of CPUs that are offline (1) cannot be restored' "$SCHED_LOG"
}
echo 1 >/sys/devices/system/cpu/cpu2/online
echo 1 >/sys/devices/system/cpu/cpu3/online
scx_userland stop
same "and that, when it is back" "$(server 0), $(server 3)" "$servers, $servers"
