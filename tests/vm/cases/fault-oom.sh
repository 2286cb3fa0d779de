# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: out of memory with the agent as the largest process
# mode: icount
# turn: 47
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

EATER_MB=100

resident()
{
	sed -n 's/^VmRSS:[\t ]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null
}

killed()
{
	dmesg | grep -c "Killed process [0-9]* ($1)"
}

# Eaters, until the kernel has killed one of such a name for want of memory.
eat_until_killed()
{
	before=$(killed "$1") n=0
	while [ "$(killed "$1")" = "$before" ] && [ $n -lt 40 ]; do
		eater $EATER_MB 2>/dev/null &
		sleep 0.2
		n=$((n + 1))
	done
	largest=0
	for pid in $(pidof eater); do
		size=$(resident "$pid")
		[ "${size:-0}" -le $largest ] || largest=$size
	done
}

fault()
{
	faults=$(agent_faults)
	eat_until_killed eater
	agent=$(resident "$SCHED_PID")
	echo "$n eaters, the largest has $largest kB, the agent $agent kB"
	# and some more of it
	eat_until_killed eater
	killall eater
	wait_for_eaters
	faults=$(($(agent_faults) - faults))
}

wait_for_eaters()
{
	while pidof eater >/dev/null; do sleep 0.1; done
}

fault_case 8 --max-tasks 1048576
check "the kernel ran out of memory" sh -c 'dmesg | grep -qi "out of memory"'
expect "eaters that were killed for it" "$(killed eater)" '>=' 2
check "the agent lives" kill -0 "$SCHED_PID"
expect "its memory, kB, of which the largest eater has $largest" "$agent" '>' "$largest"
expect "page faults of its thread" "$faults" == 0

# A control: without its protection the agent is the one to be killed, and the floor has
# the machine.
echo 0 >"/proc/$SCHED_PID/oom_score_adj"
eat_until_killed scx_userland
expect "agents that were killed without protection" "$(killed scx_userland)" == 1
kill -9 "$SCHED_PID" 2>/dev/null	# where it was not
wait "$SCHED_PID"
killall eater
wait_for_eaters
same "still loaded" "$(loaded)" yes
check "the floor has the machine" sh -c 'scx_userland status | grep -q "^in charge:  the floor"'
start_sched --max-tasks 1048576
figures /tmp/after 1
expect "hogs that never ran" "$(figure /tmp/after hogs_all.never_ran)" == 0
all_counted
