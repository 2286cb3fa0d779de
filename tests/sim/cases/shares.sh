# shellcheck shell=bash disable=SC2154  # out, policies and generated: run.sh and lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who gets how much of the CPUs.

# Policies that promise shares: over 10 s each class is within 1 % of what its weights are worth, and
# each task, or within a slice: one of nice 10 beside 13 others has run for 94 ms, and 1 % of
# that is a third of one. So with eevdf a class may be off by half a slice a task, too.
test_shares()
{
	shares vruntime 0 || return
	shares eevdf 2 || return
	# control: who promises none is far off
	! shares fifo 2 >/dev/null || { echo "fifo has the shares of the weights too"; return 1; }
}

# shares POLICY MS: that long a class may be off for each of its tasks, where it is more than 1 %
shares()
{
	local p=$1 w args

	for w in hogs:4x0,4x5 hogs:2x-5,4x0,4x5,2x10 hogs:9x0 hogs:3x0,5x3 \
		examples/workloads/hogs.json hogs:4x0,4x3+sleeper:1ms; do
		for args in "--cpus 4" "--cpus 1" "--cpus 2 --exact-slices" "--cpus 4 --hz 1000"; do
			# shellcheck disable=SC2086	# words are wanted
			sim --policy "$p" --workload "$w" --duration 10 --json $args >"$out/shares.json" || return 1
			python3 - "$out/shares.json" "$2" <<-'END' 2>"$out/why" || { echo "$p, $w $args: $(tail -n 1 "$out/why")"; return 1; }
				import json, sys
				said = json.load(open(sys.argv[1]))
				ran = sum(c["runtime_ns"] for c in said["classes"])
				def check(one, ms):
				    error = abs(one["share"] / one["ideal"] - 1)
				    if error > max(0.01, ms * 1e6 / (one["ideal"] * ran)):
				        sys.exit("%s: %.2f %% of %.2f %%: %.2f %% off" % (one["name"],
				            100 * one["share"], 100 * one["ideal"], 100 * error))
				for c in said["classes"]:
				    check(c, c["tasks"] * float(sys.argv[2]))
				for t in said["tasks"]:
				    check(t, 3)
			END
		done
	done
}

# A thread gives itself its affinity: before, it is the agent's as any.
test_affinity()
{
	sim --workload hogs:2@cpus=0 --duration 1 --json >"$out/affinity.json" || return 1
	grep -q '"user_enqueues": 2,' "$out/affinity.json" || { echo "they never met the agent"; return 1; }
}

# Who has less weight has shorter turns, and not as long ones after three times as long a
# wait: 24 ms before.
test_turns()
{
	local waits

	waits=$(workload=hogs:4x0,4x5 longest_wait --duration 5) || return 1
	[ "$waits" -lt 18000000 ] || { echo "a hog of nice 5 beside nice 0 waits for $waits ns"; return 1; }
}

# Where fewer wait than there are CPUs slices are longer, and the agent is asked less: for five hogs
# on four CPUs it was 1005 times before. Who is new beside four does not begin such a slice behind (p99 8.1 ms).
test_few()
{
	local n wait

	n=$(sim --workload hogs:5 --duration 4 | sed -n 's/.*agent: \([0-9]*\) activations.*/\1/p') || return 1
	[ "$n" -lt 850 ] || { echo "$n activations of the agent for five hogs"; return 1; }
	wait=$(workload=hogs:5 longest_wait --duration 4) || return 1
	[ "$wait" -lt 13000000 ] || { echo "one of five hogs waits for $wait ns"; return 1; }
	wait=$(of_class child wait_p99_ns --workload hogs:4x0+forks:1 --duration 4) || return 1
	[ "$wait" -lt 7000000 ] || { echo "99 % of a new task's waits are of up to $wait ns"; return 1; }
}

# Two that wake each other each 50 us beside a hog for each CPU have a CPU at once, most of the time. Under
# eevdf the one that woke the other with the mutex in hand had to wait for the end of a slice at every
# second turn, in each of six seeds: its lag of that wait was forgotten when it slept (2.7 %).
test_exchange()
{
	local policy seed share costs

	read -ra costs <<<"$(sed -n 's/^RT_APP_COSTS="\(.*\)"$/\1/p' tests/vm/rt-app.sh)"
	[ ${#costs[@]} -gt 0 ] || { echo "no costs in tests/vm/rt-app.sh"; return 1; }
	for policy in vruntime eevdf; do
		for seed in 1 2 3 4; do
			share=$(of_class ping share --policy $policy --seed $seed --shared-clock "${costs[@]}" \
				--workload examples/workloads/ping-pong.json --duration-ms 1500) || return 1
			awk -v s="$share" 'BEGIN { exit !(s > 0.08) }' ||
				{ echo "under $policy ping has $share of the CPUs with seed $seed"; return 1; }
		done
	done
}

# Tasks of one CPU among themselves, whatever waits for another one: class by class the CPU
# time of one, in CPUs.
test_pinned()
{
	# sixty are before them in the order
	pinned 0.01 hogs:60x0@cpus=0+hogs:1x0@cpus=1+hogs:1x10@cpus=1 0.0167 0.901 0.099 || return
	# virtual time goes ten times as fast on the other CPU: who has slept is not behind for that
	pinned 0.01 hogs:10x0@cpus=0+hogs:10x5@cpus=0+hogs:2x0@cpus=1+sleeper:5ms@cpus=0 0.0752 0.0248 0.5 0 || return
	waits sleeper 300 || return
	# nor who comes later, by way of the other one
	cat >"$out/late.json" <<-'END'
		{ "tasks": {
			"many": { "instance": 20, "cpus": [0], "run": 100000 },
			"few": { "instance": 2, "cpus": [1], "run": 100000 },
			"late": { "delay": 20000000, "cpus": [0], "run": 100000 } } }
	END
	pinned 0.01 "./$out/late.json" 0.0492 0.5 0.0159 || return
	waits late 200 || return
	# beside tasks of the agent, which have the other CPU only; and beside the floor's
	pinned 0.01 hogs:20x0@cpus=0+hogs:1x0@cpus=1+hogs:1x10@cpus=1+hogs:3x0 0.05 0.2437 0.0268 0.2437 || return
	pinned 0.01 hogs:20x0@cpus=0+hogs:1x0@cpus=1+hogs:1x10@cpus=1+hogs:3x0 0.05 0.2437 0.0268 0.2437 \
		--agent-fault 10000:30000 || return
	# who wakes there is before hogs that are ahead, and gets its CPU at once
	pinned 0.001 hogs:2x0@cpus=1+hogs:4x0+sleeper:1ms@cpus=1 0.3314 0.3314 0.0118 || return
	pinned 0.001 hogs:2x0@cpus=1+hogs:4x0+sleeper:1ms@cpus=1 0.3314 0.3314 0.0118 --agent-fault 10:30000 || return
	# it was alone there, and virtual time has run away from all others'
	pinned 0.01 hogs:1x19@cpus=0+hogs:1x0@cpus=1+periodic:400ms/9s 0.95 1 0.0444 || return
	waits hog+19 1000
}

# waits TASK MS: of the last run, the longest wait of such a task
waits()
{
	python3 - "$out/pinned.json" "$@" <<-'END'
		import json, sys
		longest = max(t["wait_max_ns"] / 1e6 for t in json.load(open(sys.argv[1]))["tasks"]
		    if t["name"].startswith(sys.argv[2]))
		print("%s: waits for %.1f ms" % (sys.argv[2], longest))
		if longest > float(sys.argv[3]):
		    sys.exit(1)
	END
}

# pinned TOLERANCE WORKLOAD CPUS... [OPTION...]
pinned()
{
	local tolerance=$1 w=$2 cpus=()

	shift 2
	while [ $# -gt 0 ] && [ "${1#--}" = "$1" ]; do
		cpus+=("$1")
		shift
	done
	sim --cpus 2 --workload "$w" --duration 30 --json "$@" >"$out/pinned.json" || return 1
	python3 - "$out/pinned.json" "$tolerance" "${cpus[@]}" <<-'END' || { echo "$w"; return 1; }
		import json, sys
		classes = json.load(open(sys.argv[1]))["classes"]
		for c, wanted in zip(classes, map(float, sys.argv[3:])):
		    got = c["runtime_ns"] / 30e9 / c["tasks"]
		    print("%s: %.4f instead of %.4f" % (c["name"], got, wanted))
		    if abs(got - wanted) > float(sys.argv[2]):
		        sys.exit(1)
	END
}

# Beside three hogs 10 ms of work in each 100 ms are 10 ms, or 40 ms where four CPUs share a clock.
test_shared_clock()
{
	local args=(--workload hogs:3+periodic:10ms/100ms --duration 10 --json)

	sim "${args[@]}" >"$out/own-clock.json" || return 1
	sim "${args[@]}" --shared-clock >"$out/shared-clock.json" || return 1
	python3 - "$out/own-clock.json" "$out/shared-clock.json" <<-'END'
		import json, sys
		for file, wanted in zip(sys.argv[1:], (1.0, 4.0)):
		    got = json.load(open(file))["classes"][-1]["runtime_ns"] / 1e9
		    if abs(got / wanted - 1) > 0.03:
		        sys.exit("%s: %.3f s instead of %.1f" % (file, got, wanted))
	END
}
