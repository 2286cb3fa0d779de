# SPDX-License-Identifier: GPL-2.0-only
# what: an ejection by the kernel is told, with its dump under --verbose, and is no success
# allow: sched_ext:.*disabled

start_sched --verbose
echo S >/proc/sysrq-trigger
n=0
while kill -0 "$SCHED_PID" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
wait "$SCHED_PID"
status=$?
SCHED_PID=
say "status $status: $(grep ^exit: "$SCHED_LOG")"
check "the kernel's reason" grep -q '^exit: disabled by sysrq-S' "$SCHED_LOG"
ended "sched_ext afterwards"
same "it has ended" $((n < 100)) 1
