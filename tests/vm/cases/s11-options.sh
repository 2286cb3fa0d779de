# SPDX-License-Identifier: GPL-2.0-only
# what: every option works
# mode: icount
# timeout: 600


check "--help names every option" sh -c 'for o in batch slice-us stats floor-us affinity idle max-tasks partial verbose version help; do
	scx_userland --help | grep -q -- "--$o" || exit 1; done'
same "--version" "$(scx_userland -V | sed 's/[0-9.]*$/N/')" "scx_userland N"

# value PATH: what the load measured
value()
{
	sed -n "s/^$1 //p" /tmp/load
}

# with OPTIONS LOAD...: the load under these options, of which no hog may be left out
with()
{
	options=$1
	shift
	# shellcheck disable=SC2086
	start_sched $options
	scxu-load --no-rt --warmup 0.2 --seconds 0.6 --get hogs_all.never_ran --get machine.context_switches_per_s \
		"$@" sleeper:5000 >/tmp/load
	same "$options: hogs that never ran" "$(value hogs_all.never_ran)" 0
	scx_userland status >/tmp/status
	stop_sched
}

# what each does, beside another value of it
with '-b 1 -s 4000' hogs:8x0
one=$(stat decided)/$(stat activations) often=$(value machine.context_switches_per_s)
check "status has the slice" grep -q '^options: .*--slice-us 4000 ' /tmp/status
expect "--idle agent: idle CPUs given by the kernel part" "$(stat idle_direct)" == 0
with '--batch 64 --slice-us 40000 --idle kernel' hogs:8x0
many=$(stat decided)/$(stat activations) seldom=$(value machine.context_switches_per_s)
check "status has slice and idle" grep -q '^options: .*--slice-us 40000 .*--idle kernel' /tmp/status
expect "--idle kernel: idle CPUs given by the kernel part" "$(stat idle_direct)" '>' 10
say "context switches/s: $often at 4 ms, $seldom at 40 ms; decisions per activation: $one with a stock of 1, $many with 64"
# a round of 24 ms gives each of eight 12 ms, whatever is asked for; and the agent's are the same
expect "-s 4000: context switches/s beside -s 40000" "$(awk -v a="$often" -v b="$seldom" 'BEGIN { print b ? a / b : 0 }')" '>' 1.5
expect "-b 64: decisions per activation beside -b 1" \
	"$(echo "$many/$one" | awk -F/ '$2 * $3 * $4 { print $1 / $2 * $4 / $3 }')" '>' 1
with '--floor-us 500 --affinity agent --max-tasks 64' hogs:6x0
check "status has them" grep -q '^options: .*--max-tasks 64 .*--floor-us 500 .*--affinity agent' /tmp/status
with '--floor-us 1000000 --max-tasks 1048576 -s 100' hogs:6x0
check "status has them" grep -q '^options: .*--max-tasks 1048576 --slice-us 100 --floor-us 1000000 ' /tmp/status
# More waiting tasks than a stock of any size holds. A pass that decides 600 takes some ms of
# a clock that four emulated CPUs share: longer than the floor's 4 ms, but not than 20.
for options in "64 20000" "4096 20000" "4096 4000"; do
	batch=${options% *} floor=${options#* }
	start_sched --batch $batch --slice-us 100000 --floor-us $floor
	scxu-load --no-rt --warmup 1 --seconds 4 --get hogs_threads_all.never_ran --get hogs_threads_all.unfinished \
		--get hogs_threads.0.task_cpu_ms.max --get hogs_threads.0.task_cpu_ms.median hogs-threads:600x0 >/tmp/load
	check "--batch $batch with 600 hogs: still loaded" sched_alive
	stop_sched
	# in a turn of a ms or two one may not get to a single instruction of its own
	expect "--batch $batch: hogs that never ran" "$(value hogs_threads_all.never_ran)" '<' 30
	expect "--batch $batch: hogs that did not run again" "$(value hogs_threads_all.unfinished)" '<' 30
	# a slice that does not reckon with those in stock gives some a long one first
	expect "--batch $batch: the most that one got, in shares" "$(awk -v a="$(value hogs_threads.0.task_cpu_ms.max)" \
		-v b="$(value hogs_threads.0.task_cpu_ms.median)" 'BEGIN { print b ? a / b : "none" }')" '<' 2
	expect "--batch $batch: run for the bound on starvation" "$(stat starved)" == 0
	if [ $floor = 4000 ]; then
		# it has a quarter of a CPU to end its pass, not a share beside 600
		expect "--batch $batch: the floor's longest time, us" "$(stat floor_longest_us)" '<=' 100000
	else
		expect "--batch $batch: times of the floor" "$(($(stat floor_silent) + $(stat floor_late)))" == 0
	fi
	expect "--batch $batch: values out of range" "$(stat invalid)" == 0
	expect "--batch $batch: decisions carried out" "$(stat applied)" '>' 600
done
start_sched --partial -v
scxu-load --no-rt --seconds 1 hogs:2x0@policy=other sleeper:5000
stop_sched
expect "--partial: ordinary tasks in user space" "$(stat user_enqueues)" == 0
start_sched --partial --floor-us 500000
scxu-load --no-rt --seconds 1 hogs:6x0@policy=ext
stop_sched
expect "--partial: tasks of class SCHED_EXT in user space" "$(stat user_enqueues)" '>' 5
