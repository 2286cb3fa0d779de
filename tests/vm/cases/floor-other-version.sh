# SPDX-License-Identifier: LGPL-2.1-or-later
# what: an agent of another version takes nothing over, and says so; stop ends what it does not know
# mode: fast

# refused WHAT ARGUMENT...: it ends with status 1, names the reason, and leaves all as it was
refused()
{
	refused_what=$1
	shift
	scx_userland-abi --floor-us 500000 "$@" >/tmp/other 2>&1
	same "$refused_what: exit status" $? 1
	check "$refused_what: it names the reason" \
		grep -q 'a kernel part of another version is loaded: end it first (scx_userland stop)' /tmp/other
	cat /tmp/other
	check "$refused_what: still loaded" sched_runs
}

start_sched --floor-us 500000
refused "beside an agent"
refused "to take over from an agent" --takeover
check "the agent goes on" sched_alive
kill -9 "$SCHED_PID"
wait "$SCHED_PID" 2>/dev/null
SCHED_PID=
refused "where the agent has ended"
scxu-load --no-rt --seconds 1 --get hogs_all.never_ran hogs:6x0 >/tmp/load
same "hogs that never ran" "$(sed -n 's/^hogs_all.never_ran //p' /tmp/load)" 0
scx_userland-abi status >/tmp/other 2>&1
same "exit status of its status" $? 1
check "its status says what is loaded" grep -q 'a scheduler of another version is loaded' /tmp/other

# the same version finds all that it needs
start_sched --floor-us 500000
check "one of the same version takes over" grep -q 'takes over, schedules' "$SCHED_LOG"
kill -9 "$SCHED_PID"
wait "$SCHED_PID" 2>/dev/null
SCHED_PID=
# what a version with other pins left
rm /sys/fs/bpf/scx_userland/commit
scx_userland --floor-us 500000 >/tmp/other 2>&1
same "a pin is missing: exit status" $? 1
check "a pin is missing: it names the reason" grep -q 'a kernel part of another version is loaded' /tmp/other

check "stop of another version ends it" scx_userland-abi stop
ended "sched_ext afterwards"
check "the pins are gone" sh -c '! test -e /sys/fs/bpf/scx_userland'
start_sched --floor-us 500000
check "and the place is free" grep -q 'vruntime schedules' "$SCHED_LOG"
