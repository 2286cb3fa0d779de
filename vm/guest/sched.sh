# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In the guest: starting and stopping scx_userland. Sourced, by /job/main.sh of a
# run, by the demonstration and by the test cases; busybox sh.

SCHED_LOG=/tmp/scx_userland.log
SCHED_PID=
SCHED_STATUS=

# What the kernel reports: enabled, disabled, ...; the name of the scheduler.
sched_state()
{
	cat /sys/kernel/sched_ext/state 2>/dev/null || echo absent
}

sched_ops()
{
	cat /sys/kernel/sched_ext/root/ops 2>/dev/null
}

sched_runs()
{
	[ "$(sched_state)" = enabled ] && [ -n "$(sched_ops)" ]
}

# What it says once it schedules; another scheduler may say nothing (SCHED_SAYS empty).
sched_said()
{
	[ -z "${SCHED_SAYS- schedules }" ] || grep -q "${SCHED_SAYS- schedules }" "$SCHED_LOG"
}

# sched_start [ARGUMENT...]: in the background, its output in SCHED_LOG; returns
# once the kernel reports it enabled and it says that it schedules (it may be one
# that takes over), or with 1 when it ends instead or is not there after 60 s.
sched_start()
{
	SCHED_STATUS=
	# appended: one that gives way to this one may still have something to say
	: >"$SCHED_LOG"
	"${SCHED_COMMAND:-scx_userland}" "$@" >>"$SCHED_LOG" 2>&1 &
	SCHED_PID=$!
	sched_tries=600
	while ! { sched_runs && sched_said; }; do
		sched_tries=$((sched_tries - 1))
		if [ "$sched_tries" = 0 ] || ! kill -0 "$SCHED_PID" 2>/dev/null; then
			return 1
		fi
		sleep 0.1
	done
}

# sched_stop [SIGNAL]: ends it (INT) and leaves its exit status in SCHED_STATUS;
# returns 1 when it is still there after 20 s, and then kills it.
sched_stop()
{
	[ -n "$SCHED_PID" ] || return 0
	kill "-${1:-INT}" "$SCHED_PID" 2>/dev/null
	sched_tries=200
	while kill -0 "$SCHED_PID" 2>/dev/null && [ -z "$(sched_zombie)" ]; do
		sched_tries=$((sched_tries - 1))
		if [ "$sched_tries" = 0 ]; then
			# where it hangs: the console shows who is blocked, and what each CPU
			# does; nobody waits for what may not end by SIGKILL either
			dmesg -n 8
			echo w >/proc/sysrq-trigger
			echo l >/proc/sysrq-trigger
			sleep 2
			kill -KILL "$SCHED_PID"
			SCHED_STATUS=137
			SCHED_PID=
			return 1
		fi
		sleep 0.1
	done
	SCHED_STATUS=0
	wait "$SCHED_PID" 2>/dev/null || SCHED_STATUS=$?
	SCHED_PID=
}

# It has ended, and waits for wait.
sched_zombie()
{
	sed -n 's/^State:\tZ.*/yes/p' "/proc/$SCHED_PID/status" 2>/dev/null
}
