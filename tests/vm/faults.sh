# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For the cases fault-*: a fault under load, compared with the same load without it.
# A case defines fault(), which does the harm, and says
#
#	fault_case SECONDS [ARGUMENT OF scx_userland...]
#
# The load: eight hogs at two nices, a task that wakes each millisecond, fork and
# exit; it runs for 3 s without the fault, and for SECONDS with it, which begins 1 s
# after the load and may take less. fault() finds scx_userland's process in SCHED_PID.
#
# The goal of each: not ejected; the sleeper never later than SLEEPER_MS; no hog's
# gap longer than GAP_MS or twice that without the fault, whichever is more. A line
# "@row ..." tells the figures to tests/vm/reliability.sh.

LOAD="hogs:4x0,4x5 sleeper:1000 exit-churn:2"
# For a fault that brings work along: as much work without the harm, for the run before.
FAULT_BASE=
SLEEPER_MS=20
GAP_MS=60

# figures FILE SECONDS [LOAD...]: the load, and its figures.
figures()
{
	figures_to=$1 figures_for=$2
	shift 2
	# shellcheck disable=SC2086	# words
	scxu-load --warmup 0.5 --seconds "$figures_for" --get sleeper.lateness_us.max --get hogs_all.longest_gap_ms \
		--get hogs.0.share --get machine.cpu_used $LOAD "$@" >"$figures_to"
}

figure()
{
	sed -n "s/^$2 //p" "$1"
}

ms()
{
	awk -v us="$1" 'BEGIN { printf "%.1f", us / 1000 }'
}

half_more()
{
	awk -v a="$1" 'BEGIN { print 1.5 * a }'
}

fault_case()
{
	fault_for=$1
	shift
	sleep 4
	start_sched "$@"
	# shellcheck disable=SC2086	# words
	figures /tmp/before 3 $FAULT_BASE
	figures /tmp/with "$fault_for" &
	fault_load=$!
	sleep 1.5
	fault_episodes=$(floor_stat times)
	fault
	wait "$fault_load"
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

fault_verdict()
{
	late0=$(ms "$(figure /tmp/before sleeper.lateness_us.max)")
	late=$(ms "$(figure /tmp/with sleeper.lateness_us.max)")
	gap0=$(figure /tmp/before hogs_all.longest_gap_ms)
	gap=$(figure /tmp/with hogs_all.longest_gap_ms)
	share=$(figure /tmp/with hogs.0.share)
	used=$(figure /tmp/with machine.cpu_used)
	floors=$(($(floor_stat times) - fault_episodes))
	longest=$(floor_stat longest)
	loaded=no
	! sched_runs || loaded=yes
	late_goal=${LATE_LIMIT:-$SLEEPER_MS}
	gap_goal=${GAP_LIMIT:-$(awk -v a="$gap0" -v b="$GAP_MS" 'BEGIN { print (2 * a > b ? 2 * a : b) }')}
	echo "@row loaded=$loaded late0=$late0 late=$late gap0=$gap0 gap=$gap share=$share used=$used floors=$floors longest=$longest late_goal=$late_goal gap_goal=$gap_goal limits=${LATE_LIMIT:-}/${GAP_LIMIT:-}"
	same "still loaded" "$loaded" yes
	# Figures differ from build to build by some ms, as code moves: the case allows half
	# as much more, the table judges by the goal
	expect "the sleeper's worst lateness, ms (goal $late_goal; without the fault $late0)" "$late" '<=' "$(half_more "$late_goal")"
	expect "the longest gap of a hog, ms (goal $gap_goal; without the fault $gap0)" "$gap" '<=' "$(half_more "$gap_goal")"
	scx_userland status
}

# counter NAME: one of the kernel part's, by status.
counter()
{
	scx_userland status -n 0 -c | awk -v name="$1" '$1 == name { print $2 }'
}

# wrong_cpus [ARGUMENT OF scx_userland...]: an agent that gives decisions for CPUs that
# their tasks may not use.
wrong_cpus()
{
	start_sched --affinity agent --floor-us 500000 "$@"
	scxu-load --no-rt --seconds 12 --get failed affinity-churn:20 >/tmp/with &
	wrong_load=$!
	sleep 2
	kill -9 "$SCHED_PID"
	wait "$SCHED_PID" 2>/dev/null
	SCHED_PID=
	hostile affinity
	check "the scheduler is still loaded" sched_runs
	bounced=$(counter bounced)
	wait "$wrong_load"
	scx_userland stop
	expect "bounced decisions" "$bounced" '>' 100
}
