# SPDX-License-Identifier: LGPL-2.1-or-later
# what: rt-app's threads get the CPU shares that the simulator foretells, within 5 points, under vruntime and eevdf; not those of another policy
# mode: icount
# turn: 47
# add: rt-app
# files: tests/vm/rt-app.sh
# files: examples/workloads/hogs.json
# files: examples/workloads/periodic-hogs.json
# files: examples/workloads/mixed-affinity.json
# files: examples/workloads/ping-pong.json
# timeout: 600

. "${0%/*}/rt-app.sh"

MS=1500

# compared FILE: shares of the last run, and of the simulator, run here
compared()
{
	rt_app_compare /tmp/kernel /tmp/sim | grep -v '^scxu-agent ' >/tmp/both
	expect "$1: classes" "$(wc -l </tmp/both)" '>' 1
	while read -r class kernel sim rest; do
		expect "$1: share of $class" "$kernel" '>' 0
		within "$1: share of $class, beside the simulator's" "$kernel" "$sim" 0.05
	done </tmp/both
}

loop=$(rt_app_calibrate)
[ -n "$loop" ] || fail "rt-app does not run: $(tail -n 1 /tmp/rt-app.log)"
# the last is hogs under vruntime, for the control
for run in eevdf:periodic-hogs eevdf:hogs eevdf:ping-pong vruntime:periodic-hogs vruntime:mixed-affinity vruntime:ping-pong vruntime:hogs; do
	policy=${run%:*}
	file=${run#*:}
	if [ -z "$SCHED_PID" ]; then
		start_sched --policy "$policy"
	else
		hand_over --policy "$policy"
		expect "exit status of who gave way" "$handed_over" == 0
	fi
	rt_app_times "${0%/*}/$file.json" $MS "$loop" >/tmp/kernel ||
		fail "rt-app does not run $file: $(tail -n 1 /tmp/rt-app.log)"
	rt_app_simulated "${0%/*}/$file.json" $MS --policy "$policy" >/tmp/sim || fail "the simulator does not run $file"
	compared "$policy, $file"
done

# the control: hogs of four nices are not alike under vruntime
rt_app_simulated "${0%/*}/hogs.json" $MS --policy fifo >/tmp/sim
worst=$(rt_app_compare /tmp/kernel /tmp/sim | awk '
	{ d = $2 > $3 ? $2 - $3 : $3 - $2; if (d > worst) worst = d }
	END { print worst }')
expect "hogs: the largest difference from the simulated fifo" "$worst" '>' 0.05
