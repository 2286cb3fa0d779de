# SPDX-License-Identifier: GPL-2.0-only
# what: an ejection by the kernel is told, an error with its dump under --verbose, and is no success then
# allow: sched_ext

# ended_by_itself: its exit status in STATUS
ended_by_itself()
{
	n=0
	while kill -0 "$SCHED_PID" 2>/dev/null && [ -z "$(sched_zombie)" ] && [ $n -lt 200 ]; do sleep 0.1; n=$((n + 1)); done
	same "it has ended" $((n < 200)) 1
	[ $n -lt 200 ] || kill -KILL "$SCHED_PID"
	wait "$SCHED_PID"
	STATUS=$?
	SCHED_PID=
	say "status $STATUS: $(grep ^exit: "$SCHED_LOG")"
	ended "sched_ext afterwards"
}

# The operator's word is no error, and has no dump.
start_sched --verbose
echo S >/proc/sysrq-trigger
ended_by_itself
check "the kernel's reason" grep -q '^exit: disabled by sysrq-S' "$SCHED_LOG"
same "exit status" "$STATUS" 0

# An error of the scheduler: without its guard the kernel part puts tasks on CPUs that they
# may not use, while the agent lives.
ejected()
{
	SCHED_COMMAND=scx_userland-test
	start_sched --affinity agent --floor-us 500000 --test-no-affinity-check "$@"
	scxu-load --no-rt --seconds 30 affinity-churn:20 >/dev/null 2>&1 &
	load=$!
	sleep 1
	hostile beside
	ended_by_itself
	kill $load
	wait $load
	same "exit status" "$STATUS" 1
	check "the kernel's reason and message" grep -q '^exit: runtime error (.*not allowed' "$SCHED_LOG"
}

ejected --verbose
check "the dump" grep -q '^debug dump of the kernel:$' "$SCHED_LOG"
check "the dump has the CPUs' states" grep -q '^CPU 0 ' "$SCHED_LOG"
ejected
check "no dump without --verbose" sh -c '! grep -q "debug dump of the kernel" "$1"' - "$SCHED_LOG"
check "it tells of --verbose" grep -q "^exit: .*; --verbose shows the kernel's dump" "$SCHED_LOG"
