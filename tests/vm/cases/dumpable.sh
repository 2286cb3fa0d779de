# SPDX-License-Identifier: LGPL-2.1-or-later
# what: --dumpable no: an agent that crashes leaves no core; without it one is there
# mode: fast

# crashes [ARGUMENT...]: whether that leaves a core
crashes()
{
	rm -f /tmp/core
	start_sched --floor-us 500000 --max-tasks 64 --policy /usr/bin/misbehaves.so:crash_at=100 "$@"
	scxu-load --no-rt --seconds 2 --get hogs_all.never_ran hogs:6x0 sleeper:2000 >/tmp/load
	wait "$SCHED_PID"
	same "it ended by SIGSEGV" $? 139
	SCHED_PID=
	if [ -s /tmp/core ]; then core=yes; else core=no; fi
	scx_userland stop
	ended "sched_ext afterwards"
}

echo /tmp/core >/proc/sys/kernel/core_pattern
echo 0 >/proc/sys/kernel/core_uses_pid
# shellcheck disable=SC3045	# busybox has it
ulimit -c unlimited
crashes
same "core of a dumpable agent" $core yes
crashes --dumpable no
same "core with --dumpable no" $core no
crashes --dumpable yes
same "core with --dumpable yes" $core yes
