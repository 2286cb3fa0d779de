# shellcheck shell=bash disable=SC2154  # out, policies and generated: run.sh and lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kinds of workload do what they say, the same each time.

# Of forks that fail it is told.
test_forks()
{
	file '{ "tasks": { "a": { "fork": "a", "run": 100 } } }'
	sim --workload "$out/bad.json" --duration 3 >"$out/forks" || return 1
	grep -q '^forks that failed: [0-9]*, as there were 65537 tasks' "$out/forks" || { echo "of a bomb: nothing"; return 1; }
	[ "$(simulated failed_forks --workload forks:2)" = 0 ] || { echo "forks of two tasks fail"; return 1; }
}

# @nice is what each kind's tasks have, where they have none of their own.
test_nices()
{
	local word

	for word in hogs:2 pingpong:1 sleeper:1ms periodic:1ms/9ms locks:2 forks:1 bursts:2 yielders:2 churn:1s; do
		sim --workload "$word@nice=7" --duration-ms 50 --json >"$out/nices.json" || return 1
		if grep -o '"nice": [-0-9]*' "$out/nices.json" | grep -qv ' 7$'; then
			echo "tasks of $word@nice=7 have another nice"
			return 1
		fi
	done
	sim --workload hogs:1x3,1@cpus=1 --duration-ms 50 --json >"$out/nices.json" || return 1
	[ "$(grep -o '"nice": [-0-9]*' "$out/nices.json" | tr -d '\n')" = '"nice": 3"nice": 0' ] ||
		{ echo "hogs:1x3,1 have not nice 3 and 0"; return 1; }
}

# Classes of the same word can be told from each other.
test_classes()
{
	local names

	names=$(sim --workload hogs:1x0+pingpong:2+hogs:1x0+sleeper:1ms --duration-ms 50 --json |
		sed -n '/"classes"/,$s/.*"name": "\([^"]*\)".*/\1/p' | paste -sd' ')
	[ "$names" = "hog+0-1 pingpong-1 pingpong-2 hog+0-2 sleeper" ] || { echo "the classes are $names"; return 1; }
}

# Controls: every invariant can fail, and the command tells of it.
test_topology()
{
	build/tests/sim/sim-topology >"$out/topology" 2>&1 || { cat "$out/topology"; return 1; }
	# it has a CPU 15
	sim --topology 2x1x4x2 --workload hogs:20 --duration-ms 100 --hotplug 15:1:2 >"$out/topology" 2>&1 ||
		{ cat "$out/topology"; return 1; }
}

test_determinism()
{
	local p w

	for p in "${policies[@]}"; do
		for w in examples/workloads/bursts.json hogs:3x0,2x5+churn:700us+forks:2+locks:4; do
			for n in 1 2; do
				sim --policy "$p" --workload "$w" --seed 7 --duration 3 --json \
					--gantt "$out/$n.svg" >"$out/$n.json" || { echo "$p, $w: failed"; return 1; }
			done
			cmp "$out/1.json" "$out/2.json" && cmp "$out/1.svg" "$out/2.svg" || return 1
		done
		# control: another seed is another run
		sim --policy "$p" --workload "$w" --seed 8 --duration 3 --json >"$out/3.json"
		! cmp -s "$out/1.json" "$out/3.json" || { echo "the seed changes nothing"; return 1; }
	done
}

test_examples()
{
	local p w seed

	for p in "${policies[@]}"; do
		for w in examples/workloads/*.json; do
			for seed in 1 2 3; do
				sim --policy "$p" --workload "$w" --seed "$seed" >"$out/example" 2>&1 ||
					{ echo "$p, $w, seed $seed: $(head -n 1 "$out/example")"; return 1; }
			done
		done
	done
}

# A step "runtime" ends by the clock: of a second beside a hog it has the CPU for a half.
test_runtime()
{
	cat >"$out/runtime.json" <<-'END'
		{ "tasks": {
			"half": { "cpus": [0], "phases": {
				"works": { "loop": 1, "runtime": 1000000 },
				"rests": { "loop": 1, "sleep": 60000000 } } },
			"hog": { "cpus": [0], "run": 100000 } } }
	END
	sim --workload "./$out/runtime.json" --duration 3 --cpus 2 --json >"$out/runtime" || return 1
	python3 - "$out/runtime" <<-'END'
		import json, sys
		got = json.load(open(sys.argv[1]))["classes"][0]["runtime_ns"] / 1e9
		if abs(got / 0.5 - 1) > 0.05:
		    sys.exit("%.3f s instead of 0.5" % got)
	END
}

# As in rt-app: "sync" signals and waits, and does not lock. Two that do it at once without a
# lock sleep for ever; between lock and unlock they go on, by turns.
test_delay()
{
	local runtime

	# rt-app's timers count from the end of the delay: nothing is to be made good for (20 runs)
	printf '%s\n' '{ "tasks": {' '"late": { "delay": 1000000, "run": 1000,' \
		'"timer": { "ref": "unique", "period": 100000, "mode": "absolute" } } } }' >"$out/delay.json"
	runtime=$(of_class late runtime_ns --workload "$PWD/$out/delay.json" --duration 2) || return 1
	if [ "$runtime" -le 9900000 ] || [ "$runtime" -ge 11000000 ]; then
		echo "10 runs of 1 ms took $runtime ns"
		return 1
	fi
}

test_sync()
{
	local first

	# some moment is the one at which both signal before either waits
	for first in $(seq 40 70); do
		ping_pong "$first" '"lock": "table",' ', "unlock": "table"' || { echo "$first us: locked, and hangs"; return 1; }
		ping_pong "$first" '' '' || return 0
	done
	echo "none hangs that does not lock"
	return 1
}

# ping_pong US BEFORE AFTER: two that exchange a ball each 50 us, the first after US; false if they sleep for ever.
ping_pong()
{
	local sync='"sync": { "ref": "ball", "mutex": "table" }' name first phases=()

	for name in ping pong; do
		first=50
		[ $name = pong ] || first=$1
		phases+=("\"$name\": { \"phases\": {
			\"start\": { \"loop\": 1, \"barrier\": \"all\", \"run\": $first, $2 $sync $3 },
			\"play\": { \"loop\": -1, \"run\": 50, $2 $sync $3 } } }")
	done
	file "{ \"tasks\": { ${phases[0]}, ${phases[1]} } }"
	sim --workload "$out/bad.json" --duration-ms 100 --json >"$out/ball.json" || return 2
	python3 - "$out/ball.json" <<-'END'
		import json, sys
		sys.exit(min(c["runtime_ns"] for c in json.load(open(sys.argv[1]))["classes"]) < 10e6)
	END
}

# Not a test of time: the figure is printed, and only a collapse fails.
test_speed()
{
	local began now events

	began=$(date +%s%N)
	sim --workload pingpong:6 --duration 5 --json >"$out/speed.json" || return 1
	now=$(date +%s%N)
	events=$(sed -n 's/^ *"events": \([0-9]*\),/\1/p' "$out/speed.json")
	progress "simulated events a second: $((events * 1000 / ((now - began) / 1000000)))"
	[ $((events * 1000 / ((now - began) / 1000000))) -ge 100000 ] || { echo "less than 100 000 events a second"; return 1; }
}
