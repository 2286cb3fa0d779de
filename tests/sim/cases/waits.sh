# shellcheck shell=bash disable=SC2154  # out, policies and generated: run.sh and lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who waits for how long.

# The floor has the machine from the start. Light tasks that came before most of the heavy ones do
# not take virtual now past those that run: these had 36 ms more than their like.
test_floor_now()
{
	runs floor-now --cpus 3 --workload hogs:8x-13+pingpong:2+sleeper:2ms --agent-fault 0:1000 --duration-ms 300
}

# The floor has the machine, and a task waits for the first time when it has slept: it is no new one, to
# which a slice is charged beforehand, and takes a CPU from a hog (6.04 ms).
test_floor_wakes()
{
	local wait

	printf '%s\n' '{ "tasks": {' '"sleeper": { "run": 100, "sleep": 13000 },' \
		'"hog": { "instance": 8, "delay": 10000, "run": 100000 } } }' >"$out/floor-wakes.json"
	wait=$(of_class sleeper wait_max_ns --workload "$PWD/$out/floor-wakes.json" --agent-fault 0:59 --duration-ms 60) || return 1
	[ "$wait" -lt 100000 ] || { echo "it waits for $wait ns"; return 1; }
}

# Whoever may not run everywhere goes by weight, beside a policy with turns for all: the light
# ones among them wait for longer than by turns, and no violation is told of that.
test_light_pinned()
{
	local p

	for p in fifo rr prio; do
		runs light-pinned --policy $p --cpus 2 --workload hogs:6x-4+hogs:6x19@cpus=1 --duration 4 || return
	done
}

# On an idle machine who wakes runs at once, wherever: its idle CPU comes for the agent, which is
# what a wake-up does in the kernel. An interrupt on its way to another CPU takes its time.
test_idle_wakes()
{
	local waits

	printf '%s\n' '{ "tasks": {' '"a": { "run": 100, "sleep": 3000 },' '"b": { "run": 200, "sleep": 500 },' \
		'"c": { "run": 50, "sleep": 900 } } }' >"$out/sleepers.json"
	waits=$(longest_wait) || return 1
	[ "$waits" -lt 20000 ] || { echo "an idle machine lets a task wait for $waits ns"; return 1; }
	waits=$(longest_wait --interrupt 100000) || return 1
	[ "$waits" -gt 100000 ] || { echo "interrupts of 100 us, and the longest wait is $waits ns"; return 1; }
}

# Beside two thousand that compute, a task that runs for 10 us at a time has its share, a run each
# 5 ms, and does not have a hundred at once and then none for a round of all (p99 235 ms). One that
# runs for 100 us waits for 8 ms, not for the 50 that would be its share; of many such only
# so many that others lose a twentieth.
test_crowd()
{
	local wait share

	wait=$(of_class sleeper wait_p99_ns --workload hogs:2000x0+sleeper:1ms --duration 8) || return 1
	[ "$wait" -lt 12000000 ] || { echo "99 % of the sleeper's waits are of up to $wait ns"; return 1; }
	crowd 1
	wait=$(of_class brief wait_p99_ns --workload "$PWD/$out/crowd.json" --duration 8) || return 1
	[ "$wait" -lt 12000000 ] || { echo "99 % of the waits of one for 100 us are of up to $wait ns"; return 1; }
	crowd 100
	share=$(of_class brief share --workload "$PWD/$out/crowd.json" --duration 8) || return 1
	awk -v s="$share" 'BEGIN { exit !(s > 0.08 && s < 0.09091 + 0.05) }' ||
		{ echo "a hundred of them have $share of the CPUs"; return 1; }
	# those that keep all CPUs busy by themselves leave ten hogs their eleventh part: .0056 once
	printf '%s\n' '{ "tasks": {' '"hog": { "instance": 10, "loop": -1, "run": 100000 },' \
		'"brief": { "instance": 100, "loop": -1, "run": 300, "sleep": 3000 } } }' >"$out/crowd.json"
	share=$(of_class hog share --workload "$PWD/$out/crowd.json" --duration 8) || return 1
	awk -v s="$share" 'BEGIN { exit !(s > 0.08) }' || { echo "ten hogs beside brief tasks have $share"; return 1; }
	# one that for once runs for longer is not the only one for which there is never enough left (p99 185 ms)
	printf '%s\n' '{ "tasks": {' '"hog": { "instance": 1000, "loop": -1, "run": 100000 },' \
		'"brief": { "instance": 20, "loop": -1, "run": 100, "sleep": 900 },' '"once": { "loop": -1, "phases": {' \
		'"usual": { "loop": 60, "run": 10, "sleep": 1000 },' \
		'"long": { "loop": 1, "run": 700, "sleep": 1000 } } } } }' >"$out/crowd.json"
	wait=$(of_class once wait_p99_ns --workload "$PWD/$out/crowd.json" --duration 8) || return 1
	[ "$wait" -lt 25000000 ] || { echo "99 % of the waits of one that ran for longer once are of up to $wait ns"; return 1; }
	# what it had of the twentieth is no debt when the crowd has gone (76 ms)
	printf '%s\n' '{ "tasks": {' '"hog": { "instance": 8, "loop": -1, "run": 100000 },' \
		'"brief": { "loop": -1, "run": 200, "sleep": 1000 },' \
		'"crowd": { "instance": 1000, "delay": 100000, "loop": 1, "run": 8000 } } }' >"$out/crowd.json"
	wait=$(of_class brief wait_max_ns --workload "$PWD/$out/crowd.json" --duration 8) || return 1
	[ "$wait" -lt 20000000 ] || { echo "when a crowd goes, one that is brief waits for $wait ns"; return 1; }
	# a crowd that comes and goes: who waits when it comes, or is displaced then, is not behind all of
	# it because few waited at that moment (47 and 72 ms)
	printf '%s\n' '{ "tasks": {' '"hog": { "instance": 8, "loop": -1, "run": 100000 },' \
		'"crowd": { "instance": 100, "delay": 100000, "loop": -1, "run": 2000, "timer": { "ref": "unique", "period": 200000 } },' \
		'"brief": { "loop": -1, "phases": { "usual": { "loop": 17, "run": 10, "sleep": 1000 },' \
		'"long": { "loop": 1, "run": 600, "sleep": 1000 } } } } }' >"$out/crowd.json"
	for wait in 100 150; do
		sed -i "s/\"instance\": 1[05]0/\"instance\": $wait/" "$out/crowd.json"
		wait=$(of_class brief wait_max_ns --workload "$PWD/$out/crowd.json" --duration 8) || return 1
		[ "$wait" -lt 20000000 ] || { echo "beside a crowd that comes and goes, one that is brief waits for $wait ns"; return 1; }
	done
	# and of one that wakes for the first times beside it, it is seen soon that it is brief (910 ms)
	printf '%s\n' '{ "tasks": {' '"crowd": { "instance": 2000, "delay": 100000, "loop": -1, "run": 100000 },' \
		'"brief": { "loop": -1, "phases": { "first": { "loop": 1, "run": 10, "sleep": 300000},' \
		'"then": { "loop": 10000, "run": 200, "sleep": 1000 } } } } }' >"$out/crowd.json"
	wait=$(of_class brief wait_max_ns --workload "$PWD/$out/crowd.json" --duration 8) || return 1
	[ "$wait" -lt 20000000 ] || { echo "one that begins to wake beside a crowd waits for $wait ns"; return 1; }
}

# Threads that wait for a start, a crowd of them, and then compute: until then each of them runs as
# briefly as one that goes on to do so, which does not wait for a round of them all.
test_crowd_starts()
{
	local usual='"loop": -1, "run": 12, "sleep": 1000'

	# it has run twice when they start (406 to 476 ms)
	starts '"delay": 100000, "loop": -1, "phases": { "first": { "loop": 2, "run": 12, "sleep": 50000 },
		"on": { "loop": 1000000, "run": 12, "sleep": 1000 } }' 2000 '"loop": 1, "run": 12, "sleep": 200000' || return
	# they have run as briefly six times (491 ms)
	starts "\"delay\": 100000, $usual" 1000 '"loop": 6, "run": 12, "sleep": 60000' || return
	# as they slept when they were met, what they had run for until then shows nothing (77 to 173 ms)
	starts "$usual" 1000 '"loop": 1, "run": 12, "sleep": 5000' '"delay": 500000,'
}

# starts BRIEF N WAITS [MEMBERS]: beside N threads that wait so, and have these members
starts()
{
	local seed wait

	printf '%s\n' '{ "tasks": {' '"hog": { "instance": 8, "loop": -1, "run": 100000 },' "\"brief\": { $1 }," \
		"\"crowd\": { \"instance\": $2, ${4:-} \"loop\": -1, \"phases\": {" "\"waits\": { $3 }," \
		'"computes": { "loop": 1000000, "run": 100000 } } } } }' >"$out/crowd-starts.json"
	for seed in 1 2 3; do
		wait=$(of_class brief wait_max_ns --workload "$PWD/$out/crowd-starts.json" --duration 3 --seed $seed) || return
		[ "$wait" -lt 20000000 ] ||
			{ echo "when $2 that waited so: $3, start (seed $seed), one that is brief waits for $wait ns"; return 1; }
	done
}

# A crowd whose members end when they have had the same: those that are left are behind, which is
# no fault of the others (a violation was told, of each policy that shares by weight).
test_crowd_ends()
{
	local policy

	printf '%s\n' '{ "tasks": {' '"hog": { "instance": 8, "loop": -1, "run": 100000 },' \
		'"brief": { "loop": -1, "run": 5000, "sleep": 1500 },' \
		'"crowd": { "instance": 2000, "delay": 1000000, "loop": 1, "run": 8000 } } }' >"$out/crowd-ends.json"
	for policy in vruntime eevdf; do
		sim --policy "$policy" --workload "$PWD/$out/crowd-ends.json" --duration 8 >"$out/crowd-ends.txt" 2>&1 ||
			{ grep -m 1 violation "$out/crowd-ends.txt"; return 1; }
	done
}

# crowd N: that many, beside a thousand hogs
crowd()
{
	printf '%s\n' '{ "tasks": {' '"hog": { "instance": 1000, "loop": -1, "run": 100000 },' \
		"\"brief\": { \"instance\": $1, \"loop\": -1, \"run\": 100, \"sleep\": 900 } } }" >"$out/crowd.json"
}

# An agent that takes .6 ms for each decision: a CPU without one lets its task go on for a tick
# and no longer, and takes the first that waits. 42 ms before.
test_slow_agent()
{
	local waits

	waits=$(workload=hogs:4x0,4x5+sleeper:1ms longest_wait --duration 5 --agent-decision 600000) || return 1
	[ "$waits" -lt 36000000 ] || { echo "a hog waits for $waits ns beside an agent that is slow"; return 1; }
	# one that is not is not passed over (474 of 3040 waits); and one that is out is not hidden from
	# the floor by CPUs that take the only one that waits
	[ "$(simulated floor_rescues --workload hogs:5x0)" = 0 ] || { echo "taken from an agent that is quick"; return 1; }
	[ "$(simulated floor_silent --workload hogs:2x0 --cpus 1 --floor-us 20000 --agent-fault 1000:4000)" = 1 ] ||
		{ echo "stopped for 3 s beside two hogs, and the floor did not take over"; return 1; }
}
