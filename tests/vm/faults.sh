# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For the cases fault-*: a fault under load, compared with the same load without it.
# A case defines fault(), which does the harm, and says
#
#	fault_case SECONDS [ARGUMENT OF scx_userland...]
#
# The load: eight hogs at two nices, a task that wakes each millisecond, fork and
# exit; it runs for 1.5 s without the fault, and for SECONDS with it, which begins 1 s
# after the load and ends before it. fault() finds scx_userland's process in SCHED_PID.
#
# The goal of each: not ejected; the sleeper never later than SLEEPER_MS; no hog's
# gap longer than GAP_MS or twice that without the fault, whichever is more; no task
# lost, everything counted. Where the goal is missed, lines "# reason: ..." at the head of
# the case say why, and get into the table. The case fails from twice the goal on, or
# from limits of its own:
#
#	LATE_LIMIT=MS GAP_LIMIT=MS
#
# With "# eevdf: yes" the fault needs no agent: run.sh --eevdf has it under the kernel's own
# scheduler.
#
# A line "@row ..." tells the figures to tests/vm/reliability.sh, which judges by the goal.

LOAD="hogs:4x0,4x5 sleeper:1000 exit-churn:2"
# Where the fault itself is work: as much work without the harm. A third run has it
# beside the load: the longest gap of a hog in that is one without the fault, too.
SAME_WORK=
WORK_GAP_MS= # and no longer than this
SLEEPER_MS=20
GAP_MS=60
# Where the load itself is frozen: for how long, by which both goals are later.
FROZEN_MS=0
# A worst case of some seconds differs by as much from one build to the next, for the turns
# of the emulated CPUs fall otherwise. The table says "missed" from the goal on all the same.
MARGIN=2
LATE_LIMIT=
GAP_LIMIT=
# the fault may go on when the load has ended
MAY_OUTLAST=
# wake-ups of the sleeper that are delivered a second, at least
WAKE_UPS=400

# figures FILE SECONDS [LOAD...]: the load, and its figures.
figures()
{
	figures_to=$1 figures_for=$2
	shift 2
	# shellcheck disable=SC2086	# words
	scxu-load --warmup 0.5 --seconds "$figures_for" --get sleeper.lateness_us.max --get sleeper.delivered \
		--get sleeper.unfinished --get hogs_all.longest_gap_ms --get hogs_all.never_ran \
		--get hogs_all.unfinished --get hogs.0.share --get exit_churn.exits --get exit_churn.failures \
		--get exit_churn.unfinished --get machine.cpu_used $LOAD "$@" >"$figures_to"
}

figure()
{
	sed -n "s/^$2 //p" "$1"
}

# ms US: what is no number passes as it is, for the checks to find.
ms()
{
	awk -v us="$1" 'BEGIN { if (us ~ /^[0-9.]+$/) printf "%.1f", us / 1000; else print us }'
}

# product FACTOR MS
product()
{
	awk -v a="$1" -v b="$2" 'BEGIN { print a * b }'
}

# limit GOAL_MS: up to which a case passes. What was frozen is not twice as long for that.
limit()
{
	awk -v goal="$1" -v margin="$MARGIN" -v frozen="$FROZEN_MS" 'BEGIN { print (goal - frozen) * margin + frozen }'
}

# Of another scheduler nothing is asked, only its figures taken.
eevdf_case()
{
	figures /tmp/before 1.5
	figures /tmp/with "$fault_for" &
	fault_load=$!
	sleep 1.5
	fault
	wait "$fault_load"
	echo "@row late0=$(ms "$(figure /tmp/before sleeper.lateness_us.max)")" \
		"late=$(ms "$(figure /tmp/with sleeper.lateness_us.max)")" \
		"gap0=$(figure /tmp/before hogs_all.longest_gap_ms) gap=$(figure /tmp/with hogs_all.longest_gap_ms)"
	finish
}

fault_case()
{
	fault_for=$1
	shift
	[ -z "$EEVDF" ] || eevdf_case
	start_sched "$@"
	figures /tmp/before 1.5
	# shellcheck disable=SC2086	# words
	[ -z "$SAME_WORK" ] || figures /tmp/work 3 $SAME_WORK
	figures /tmp/with "$fault_for" &
	fault_load=$!
	sleep 1.5
	fault_episodes=$(floor_stat times)
	fault
	# it writes at its end
	fault_in_time=yes
	[ ! -s /tmp/with ] || fault_in_time=no
	wait "$fault_load"
	fault_load_status=$?
	fault_verdict
}

# floor_stat times|longest: what status says of the floor.
floor_stat()
{
	case $1 in
	times) scx_userland status -n 0 | sed -n 's/^floor: *\([0-9]*\) times.*/\1/p' ;;
	longest) scx_userland status -n 0 | sed -n 's/.*ended \([0-9.]*\) ms$/\1/p' ;;
	esac
}

# agent_faults: page faults of the agent's thread; after its name, the 8th and the 10th
agent_faults()
{
	for thread in "/proc/$SCHED_PID/task"/*; do
		grep -q scxu-agent "$thread/comm" && sed 's/.*) //' "$thread/stat" | awk '{ print $8 + $10 }'
	done
}

# loaded: "yes", or how it ended: by status, or by the agent, which removes the pins.
loaded()
{
	if sched_runs; then
		echo yes
		return
	fi
	{
		scx_userland status | sed -n 's/^ended: *//p'
		sed -n 's/^exit: //p' "$SCHED_LOG"
		echo no
	} | grep . | head -n 1
}

# Each decision that a CPU took up has come to something, each time of the floor has a
# reason. Counters of CPUs that are just at it may be a step behind.
all_counted()
{
	scx_userland status -n 0 -c >/tmp/counted
	expect "decisions taken up of which nobody knows what became" "$(awk '
		$1 == "decisions" { n += $2 }
		$1 ~ /^(applied|stale|bounced|invalid)$/ { n -= $2 }
		END { print n }' /tmp/counted)" '<=' 4
	expect "the floor's longest time, ms" "$(floor_stat longest)" '<=' "$(product 1000 "$(uptime_s)")"
	expect "times of the floor without a reason" "$(awk '
		$1 == "floor:" { n += $2 - 1 } # the first is the start
		$1 ~ /^floor_(absent|silent|late|broken)$/ { n -= $2 }
		END { print n }' /tmp/counted)" '<=' 0
}

fault_verdict()
{
	late0=$(ms "$(figure /tmp/before sleeper.lateness_us.max)")
	late=$(ms "$(figure /tmp/with sleeper.lateness_us.max)")
	gap0=$(figure /tmp/before hogs_all.longest_gap_ms)
	gap=$(figure /tmp/with hogs_all.longest_gap_ms)
	floors=$(($(floor_stat times) - fault_episodes))
	longest=$(floor_stat longest)
	loaded=$(loaded)
	gap_work=
	[ -z "$SAME_WORK" ] || gap_work=$(figure /tmp/work hogs_all.longest_gap_ms)
	gap_goal=$(awk -v a="$gap0" -v b="$GAP_MS" -v c="$gap_work" -v frozen="$FROZEN_MS" 'BEGIN {
		if (c > a)
			a = c
		print (2 * a > b ? 2 * a : b) + frozen
	}')
	late_goal=$(awk -v a="$SLEEPER_MS" -v frozen="$FROZEN_MS" 'BEGIN { print a + frozen }')
	late_limit=${LATE_LIMIT:-$(limit "$late_goal")}
	[ -z "$SAME_WORK" ] ||
		expect "the longest gap of a hog beside as much work, ms" "$gap_work" '<=' "$WORK_GAP_MS"
	gap_limit=${GAP_LIMIT:-$(limit "$gap_goal")}
	echo "@row late0=$late0 late=$late gap0=$gap0 gap_work=$gap_work gap=$gap share=$(figure /tmp/with hogs.0.share)" \
		"used=$(figure /tmp/with machine.cpu_used) delivered=$(figure /tmp/with sleeper.delivered)" \
		"floors=$floors longest=$longest late_goal=$late_goal gap_goal=$gap_goal" \
		"limits=$late_limit/$gap_limit"
	[ -z "$SAME_WORK" ] || say "as much work without the fault: the sleeper's worst lateness" \
		"$(ms "$(figure /tmp/work sleeper.lateness_us.max)") ms," \
		"longest gap $gap_work ms"
	same "still loaded" "$loaded" yes
	[ -n "$MAY_OUTLAST" ] || same "the fault was over before the load" "$fault_in_time" yes
	expect "exit status of the load" "$fault_load_status" == 0
	expect "the sleeper's worst lateness, ms (goal $late_goal; without the fault $late0)" \
		"$late" '<=' "$late_limit"
	expect "the longest gap of a hog, ms (goal $gap_goal; without the fault ${gap_work:-$gap0})" \
		"$gap" '<=' "$gap_limit"
	expect "wake-ups of the sleeper" "$(figure /tmp/with sleeper.delivered)" '>=' $((WAKE_UPS * fault_for))
	expect "tasks that exited" "$(figure /tmp/with exit_churn.exits)" '>' 0
	for lost in hogs_all.never_ran hogs_all.unfinished sleeper.unfinished exit_churn.unfinished exit_churn.failures; do
		expect "$lost" "$(figure /tmp/with $lost)" == 0
	done
	all_counted
	scx_userland status
}

# wrong_cpus [ARGUMENT OF scx_userland...]: for a control, without figures: an agent that
# gives decisions for CPUs that their tasks may not use.
wrong_cpus()
{
	start_sched --affinity agent --floor-us 500000 "$@"
	scxu-load --no-rt --seconds 8 --get failed affinity-churn:20 >/tmp/with &
	wrong_load=$!
	sleep 2
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	SCHED_PID=
	hostile affinity
	# it is ejected in the background
	sleep 1
	wait "$wrong_load"
	same "still loaded" "$(loaded)" yes
	scx_userland stop
}
