# SPDX-License-Identifier: LGPL-2.1-or-later
# what: kill -9: the floor schedules, a new agent takes over with what the records know; --takeover hands over in place
# mode: icount
# timeout: 600

# grace periods of RCU are in haste while the kernel attaches or detaches it, and only then
rcu=$(grep -l '^rcu_exp_gp_' /proc/[0-9]*/comm)
rcu=${rcu#/proc/} rcu=${rcu%/comm}
grace_periods()
{
	echo "$(cat /sys/kernel/rcu_expedited) $(chrt -p "$rcu" | sed -n 's/.*policy: //p')"
}
trace=/sys/kernel/tracing
[ -e $trace/trace ] || mount -t tracefs none $trace
# 98: SCHED_FIFO at the least priority
echo 'next_prio == 98' >$trace/events/sched/sched_switch/filter
# watch COMMAND...: how often they were seen expedited meanwhile, in /tmp/hasty, and how often a
# thread of theirs began to run as SCHED_FIFO, in /tmp/fifo
watch()
{
	rm -f /tmp/over
	echo >$trace/trace
	echo 1 >$trace/events/sched/sched_switch/enable
	(
		hasty=0
		while [ ! -e /tmp/over ]; do
			read -r expedited </sys/kernel/rcu_expedited
			hasty=$((hasty + expedited))
		done
		echo $hasty >/tmp/hasty
	) &
	watcher=$!
	"$@"
	: >/tmp/over
	wait $watcher
	echo 0 >$trace/events/sched/sched_switch/enable
	grep -c '==> next_comm=rcu_exp_' $trace/trace >/tmp/fifo
	# it would put those that it displaces behind all others, in bypass, and nobody waits for it then
	same "times that rcu_preempt ran as SCHED_FIFO" "$(grep -c '==> next_comm=rcu_preempt' $trace/trace)" 0
}
slow="0 SCHED_OTHER"
same "RCU's grace periods" "$(grace_periods)" "$slow"
watch start_sched
expect "times that they were seen in haste while it attached" "$(cat /tmp/hasty)" '>' 0
expect "times that their threads ran as SCHED_FIFO" "$(cat /tmp/fifo)" '>' 0
same "and then" "$(grace_periods)" "$slow"

scxu-load --seconds 12 --get hogs.0.share --get hogs_all.longest_gap_ms hogs:4x0,4x5 sleeper:1000 >/tmp/load &
load=$!
sleep 2

for n in 1 2 3; do
	kill -9 "$SCHED_PID"; wait "$SCHED_PID" 2>/dev/null
	sleep 0.5
	scx_userland status >/tmp/s
	[ $n = 1 ] && cat /tmp/s
	check "after kill -9 it is still enabled" sched_runs
	check "the floor is in charge" grep -q '^in charge:  the floor.*(absent)' /tmp/s
	check "it would end by itself" grep -q '^ends in: ' /tmp/s
	start_sched
	sleep 1
	scx_userland status >/tmp/s
	check "the new agent is in charge" grep -q '^in charge:  the agent' /tmp/s
	check "and says that it takes over" grep -q 'takes over' "$SCHED_LOG"
done
same "OOM score of the agent" "$(cat /proc/$SCHED_PID/oom_score_adj)" -1000
agent=$(grep -l '^scxu-agent$' /proc/$SCHED_PID/task/*/comm)
for set in CapInh CapPrm CapEff CapAmb; do
	same "$set of the agent's thread" "$(sed -n "s/^$set:\t//p" "${agent%/comm}/status")" 0000000000000000
done
same "CapEff of the process" "$(sed -n 's/^CapEff:\t//p' /proc/$SCHED_PID/status)" 0000000000000000
same "vm.compact_unevictable_allowed" "$(cat /proc/sys/vm/compact_unevictable_allowed)" 0

old=$SCHED_PID
scx_userland --takeover >/tmp/new.log 2>&1 &
new=$!
wait $old
same "exit status of the one that gave way" $? 0
check "it says why it ends" grep -q 'another agent takes over' "$SCHED_LOG"
sleep 0.5
check "the new one took over" grep -q 'takes over, schedules' /tmp/new.log
SCHED_PID=$new SCHED_LOG=/tmp/new.log
check "the scheduler was never unloaded" sched_alive

wait $load
cat /tmp/load
# what the records knew was not lost: the agents were as fair together as one is
within "share of nice 0 over five agents and the floor between them" \
	"$(sed -n 's/^hogs.0.share //p' /tmp/load)" 0.7519 0.02
watch stop_sched
expect "times that they were seen in haste while it detached" "$(cat /tmp/hasty)" '>' 0
expect "times that their threads ran as SCHED_FIFO" "$(cat /tmp/fifo)" '>' 0
same "and then" "$(grace_periods)" "$slow"
check "no note is left" test ! -e /run/scx_userland.rcu
same "the sysctl is restored" "$(cat /proc/sys/vm/compact_unevictable_allowed)" 1

# of an agent that was killed in between
printf 'expedited 0\nthread %s\n' "$rcu" >/run/scx_userland.rcu
echo 1 >/sys/kernel/rcu_expedited
chrt -f -p 1 "$rcu"
same "in haste" "$(grace_periods)" "1 SCHED_FIFO"
scx_userland stop
same "as they were, by stop" "$(grace_periods)" "$slow"
check "no note is left by it" test ! -e /run/scx_userland.rcu
