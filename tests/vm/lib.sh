# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a VM test case may use. It runs in the guest under busybox sh; tests/vm/
# README.md tells how to write one. A check that fails is printed and counted, and
# the case goes on; fail ends it at once.

# shellcheck source=vm/guest/sched.sh
. /usr/lib/scxu/sched.sh

failures=0

say()
{
	echo "# $*"
}

fail()
{
	echo "FAIL: $*"
	finish_failed
}

finish_failed()
{
	if [ -s "$SCHED_LOG" ]; then
		echo "# the last lines of scx_userland:"
		tail -n 12 "$SCHED_LOG" | sed 's/^/#   /'
	fi
	exit 1
}

# check WHAT COMMAND [ARGUMENT...]: the command must succeed.
check()
{
	check_what=$1
	shift
	if "$@"; then
		echo "ok: $check_what"
	else
		echo "FAIL: $check_what ($*)"
		failures=$((failures + 1))
	fi
}

# compare VALUE OPERATOR LIMIT: numbers, with a fraction or not. Anything that is
# no number (nothing at all, "null") compares false.
compare()
{
	awk -v a="$1" -v op="$2" -v b="$3" 'BEGIN {
		number = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$"
		if (a !~ number || b !~ number)
			exit 1
		a += 0
		b += 0
		if (op == "<") exit !(a < b)
		if (op == "<=") exit !(a <= b)
		if (op == ">") exit !(a > b)
		if (op == ">=") exit !(a >= b)
		if (op == "==") exit !(a == b)
		if (op == "!=") exit !(a != b)
		exit 1
	}'
}

# expect WHAT VALUE OPERATOR LIMIT: one of < <= > >= == !=
expect()
{
	if compare "$2" "$3" "$4"; then
		echo "ok: $1: ${2:-nothing} $3 $4"
	else
		echo "FAIL: $1: ${2:-nothing} is not $3 $4"
		failures=$((failures + 1))
	fi
}

# within WHAT VALUE TARGET TOLERANCE: |VALUE - TARGET| <= TOLERANCE
within()
{
	if compare "$2" '==' "$2" &&
	   compare "$(awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; print d < 0 ? -d : d }')" '<=' "$4"; then
		echo "ok: $1: $2 is within $4 of $3"
	else
		echo "FAIL: $1: ${2:-nothing} is not within $4 of $3"
		failures=$((failures + 1))
	fi
}

# same WHAT VALUE WANTED: texts.
same()
{
	if [ "$2" = "$3" ]; then
		echo "ok: $1: $2"
	else
		echo "FAIL: $1: \"$2\" instead of \"$3\""
		failures=$((failures + 1))
	fi
}

# start_sched [ARGUMENT...]: the scheduler, or the case ends here.
start_sched()
{
	sched_start "$@" && return
	kill -0 "$SCHED_PID" 2>/dev/null &&
		fail "scx_userland $* is not enabled after 60 s: state $(sched_state)"
	fail "scx_userland $* has ended before it was enabled"
}

# hand_over [ARGUMENT...]: another agent takes over in place from the one that runs, whose
# exit status is in handed_over then, and whose last words are what stat reads.
hand_over()
{
	hand_over_from=$SCHED_PID
	start_sched --takeover "$@"
	# shellcheck disable=SC2034	# for cases
	handed_over=0
	# shellcheck disable=SC2034
	wait "$hand_over_from" || handed_over=$?
}

# uptime_s: since boot, of the guest's clock, to a hundredth.
uptime_s()
{
	cut -d' ' -f1 /proc/uptime
}

# stop_sched [SIGNAL]: it must end by itself, with status 0, and be gone; in a second,
# and what a look each 0.1 s adds, where time is instructions.
# shellcheck disable=SC2120	# the argument is for cases
stop_sched()
{
	stop_begin=$(uptime_s)
	sched_stop "${1:-INT}" || fail "scx_userland did not end in 20 s"
	stop_took=$(awk -v a="$stop_begin" -v b="$(uptime_s)" 'BEGIN { printf "%.2f", b - a }')
	if [ "${MODE:-}" = icount ] || [ "${MODE:-}" = coarse ]; then
		expect "seconds until scx_userland has ended" "$stop_took" '<=' 1.2
	else
		say "scx_userland has ended after $stop_took s"
	fi
	expect "exit status of scx_userland" "$SCHED_STATUS" == 0
	same "sched_ext afterwards" "$(sched_state)" disabled
}

# ended WHAT: nothing is left in the kernel of what has ended by itself, or soon is:
# its state is "disabling" for as long as the kernel takes the tasks back.
ended()
{
	ended_tries=200
	while [ "$(sched_state)" != disabled ] && [ $ended_tries -gt 0 ]; do
		sleep 0.1
		ended_tries=$((ended_tries - 1))
	done
	same "$1" "$(sched_state)" disabled
}

# sched_alive: still the one that the case started, still in charge.
sched_alive()
{
	kill -0 "$SCHED_PID" 2>/dev/null && sched_runs
}

# stat NAME: a value of the line "final: name=value ..." that scx_userland prints
# at its end.
stat()
{
	sed -n 's/^final: //p' "$SCHED_LOG" | tail -n 1 | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# counter NAME: one of the kernel part's, by status, while it is loaded.
counter()
{
	scx_userland status -n 0 -c | awk -v name="$1" '$1 == name { print $2 }'
}

# The runner calls it after the case: a scheduler left running must have survived.
finish()
{
	if [ -n "$SCHED_PID" ]; then
		check "the scheduler is still loaded at the end" sched_alive
		stop_sched INT
	fi
	[ "$failures" = 0 ] || finish_failed
	exit 0
}
