# shellcheck shell=bash disable=SC2154  # out, policies and generated: run.sh and lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What sim says of wrong options and files, and its options one by one.

test_errors()
{
	local w=(--workload "$out/bad.json") bad=$out/bad.json

	says 'sim needs --workload' --cpus 2
	says 'there is no policy "none"' --policy none --workload hogs:1
	says 'run it without --decide standing' --policy fifo --decide standing --workload hogs:1
	says 'no such kind' --workload tapirs:4
	says 'needs its argument' --workload hogs
	says 'give a whole number from 1 to 4096' --workload hogs:x
	says 'give a whole number from -20 to 19' --workload hogs:1x20
	says 'from 1 to 4096 where there is none' --workload hogs:
	says 'from -20 to 19 where there is none' --workload hogs:4x+sleeper:1ms
	says 'a time needs its unit' --workload sleeper:1
	says 'a whole number of us, ms or s' --workload sleeper:1.5ms
	says './FILE' --workload examples/workloads
	says 'give RUN/PERIOD' --workload periodic:1ms
	says 'options are @nice=N and @cpus=LIST' --workload hogs:1@colour=red
	says 'its nice is given twice' --workload hogs:2,1x3@nice=5
	says '@nice is given twice' --workload sleeper:1ms@nice=5@nice=5
	says 'from -20 to 19 where it says "-21"' --workload hogs:1@nice=-21
	says '@cpus is given twice' --workload hogs:1@cpus=0-1@nice=5@cpus=3
	says '"hogs:": give a whole number from 1 to 4096 where there is none' --workload 'hogs: 4'
	says '"hogs:4x": give a whole number from -20 to 19 where there is none' --workload 'hogs:4x 3'
	says '"hogs:4x": give a whole number from -20 to 19 where there is none' --workload hogs:4x+3
	says 'give a whole number from 1 to 4096 where it says "'$'\t''4"' --workload $'hogs:\t4'
	says 'from 0 to 1' --cpus 2 --workload hogs:1@cpus=2
	says 'there is more than the argument' --workload sleeper:1msx2y
	says 'give one of --duration' --workload hogs:1 --duration 1 --duration-ms 1000
	says 'no workload is given' --workload ' '
	says '--max-tasks: give a multiple of 64' --workload hogs:1 --max-tasks 65
	says '--topology 2x4: give NODESxCACHESxCORESxCPUS' --workload hogs:1 --topology 2x4
	says '--topology 1x1x0x2: give NODES' --workload hogs:1 --topology 1x1x0x2
	says '--topology 8x8x8x8: give NODES' --workload hogs:1 --topology 8x8x8x8
	says '--topology 2x1x1x2 has 4 CPUs, --cpus says 3' --workload hogs:1 --topology 2x1x1x2 --cpus 3
	says '--hotplug 1:2: give CPU:FROM:TO' --workload hogs:1 --hotplug 1:2
	says '--hotplug 4:1:2: there is no CPU 4: CPUs are 0 to 3' --workload hogs:1 --hotplug 0:1:2,4:1:2
	says '--agent-fault 5:6,: give FROM:TO' --workload hogs:1 --agent-fault 5:6,
	says '--agent-fault 5:2: give a FROM before TO' --workload hogs:1 --agent-fault 1:2,5:2
	says '--agent-fault 1:99999999: give a TO of 86400000 ms at most' --workload hogs:1 --agent-fault 1:99999999
	# the end of one was the end of both
	says '--agent-fault: 10:1000 and 50:200 overlap' --workload hogs:1 --agent-fault 1:2,10:1000,50:200
	says '--hotplug: 0:100:1500 and 0:200:300 overlap' --workload hogs:1 --hotplug 0:100:1500,0:200:300,1:2:3
	# what never happens would only switch checks off
	says '--agent-fault 1000:1001: the run ends at 1000 ms' --workload hogs:1 --duration 1 --agent-fault 5:6,1000:1001
	says '--hotplug 1:1000:1001: the run ends at 1000 ms' --workload hogs:1 --duration 1 --hotplug 1:1000:1001
	says 'No such file' --workload ./missing.json
	says 'Is a directory' --workload ./lib

	file '{ "tasks": {'
	says "$bad:2: not JSON" "${w[@]}"
	file '[]'
	says 'give an object with "tasks"' "${w[@]}"
	file '{ "global": {} }'
	says 'there is no "tasks"' "${w[@]}"
	file '{ "tasks": {}' '}'
	says 'give an object of tasks' "${w[@]}"
	file '{' '"resources": {},' '"tasks": { "a": { "run": 1 } } }'
	says "$bad:2: \"resources\": is not supported" "${w[@]}"
	file '{ "tasks": { "a": {' '"run": 1,' '"iorun": 100 } } }'
	says "$bad:3: \"iorun\": is not supported" "${w[@]}"
	file '{ "tasks": { "a": {' '"run": 1, "run": 2 } } }'
	says "duplicate object key" "${w[@]}"
	file '{ "tasks": { "a": {' '' '"run": "long" } } }'
	says "$bad:3: \"run\": give a whole number from 1 to 3600000000 us" "${w[@]}"
	file '{ "tasks": { "a": { "run": 1 },' '"b": { "run": 1, "cpus":' '[0, 64] } } }'
	says "$bad:2: \"cpus\": the machine has CPUs 0 to 3" "${w[@]}"
	file '{ "tasks": { "a": { "run": 1,' '"policy": "SCHED_FIFO" } } }'
	says "$bad:2: \"policy\": only SCHED_OTHER" "${w[@]}"
	file '{ "tasks": { "a": { "run": 1,' '"fork": "none" } } }'
	says "$bad:2: \"fork\": there is no task \"none\"" "${w[@]}"
	file '{ "tasks": { "a": { "run": 1,' '"timer": { "ref": "unique" } } } }'
	says "\"timer\": \"period\" is missing" "${w[@]}"
	file '{ "tasks": { "a": { "run": 1,' '"timer": { "ref": "t", "period": 9,' '"mood": 1 } } } }'
	says "$bad:3: \"mood\": is not supported here" "${w[@]}"
	file '{ "tasks": { "a": { "run": 1,' '"phases": { "p": { "run": 1 } } } } }'
	says "$bad:1: \"run\": a task with phases has its steps in them" "${w[@]}"
	file '{ "tasks": { "a": { "phases": { "p": {' '"instance": 2, "run": 1 } } } } }'
	says "$bad:2: \"instance\": is not supported" "${w[@]}"
	file '{ "tasks": { "a": { "run": 1, "loop": 0 } } }'
	says '"loop": give -1 for ever' "${w[@]}"
	file '{ "tasks": { "a": { "run": 1, "suspend": "b" } } }'
	says 'a task suspends itself only' "${w[@]}"
	file '{ "global": {' '"pi_enabled": true }, "tasks": { "a": { "run": 1 } } }'
	says "$bad:2: \"pi_enabled\": priority inheritance" "${w[@]}"
	file '{ "global": { "pi_enabled": 1 },' '"tasks": { "a": { "run": 1 } } }'
	says "$bad:1: \"pi_enabled\": priority inheritance is not simulated: give false" "${w[@]}"
	# keys are what they mean, however they are written
	file '{ "tasks": {' '"a\"b": {' '"run": 1,' '"runx": 1 } } }'
	says "$bad:4: \"runx\": is not supported" "${w[@]}"
	file '{ "tasks": { "a": {' '' '"r\u0075n": "long" } } }'
	says "$bad:3: \"run\": give a whole number" "${w[@]}"
	file '{ "tasks": { "a": {' '"run": 12345678901234567890123 } } }'
	says "$bad:2: a number is out of range" "${w[@]}"
	printf '{ "tasks": { "a": { "run": 1 } } }\n\0 {' >"$bad"
	says "$bad:2: there is a NUL byte" "${w[@]}"
}

# Names of tasks, whatever is in them and however long, in a report and in a picture.
test_names()
{
	file '{ "tasks": { "ääääääääääää": { "run": 1000, "suspend": "ääääääääääää" },' \
		'"\u0001\"<&\\>": { "run": 1000, "sleep": 100 } } }'
	sim --workload "$out/bad.json" --json --duration-ms 5 --gantt "$out/names.svg" >"$out/names.json" || return 1
	python3 -c 'import json, sys, xml.dom.minidom as d
names = [t["name"] for t in json.load(open(sys.argv[1]))["tasks"]]
d.parse(sys.argv[2])
sys.exit(0 if names == ["ä" * 7, "\1\"<&\\>"] else "the names are %s" % names)' "$out/names.json" "$out/names.svg" 2>&1
}

# However few decisions there are in stock: no CPU is interrupted for the next ones.
test_batch()
{
	local batch n

	for batch in 1 2 4 4096; do
		n=$(sim --workload hogs:8 --duration 2 --batch "$batch" | sed -n 's/.*agent: \([0-9]*\) activations.*/\1/p')
		[ "$n" -le 2100 ] || { echo "--batch $batch: $n activations of the agent in 2000 slices"; return 1; }
	done
}

# A policy is held to what its option starve_ms says, not to less; to no more, sim-invariants sees.
test_starve_option()
{
	local ms waited

	for ms in 300 1000 5000 10000 0; do
		sim --policy "prio:starve_ms=$ms" --workload hogs:8x0,2x5 --duration 50 --json >"$out/starve.json" 2>&1 ||
			{ echo "starve_ms=$ms: $(head -n 1 "$out/starve.json")"; return 1; }
		[ "$ms" != 0 ] || ms=15000 # the kernel part's
		waited=$(sed -n 's/.*"hog+5", "tasks".*"wait_max_ns": \([0-9]*\)[0-9]\{6\},.*/\1/p' "$out/starve.json")
		[ "$waited" -ge "$ms" ] || { echo "starve_ms=$ms: the longest wait was $waited ms"; return 1; }
	done
}

# sim-generated has options of its own, and gives the policy those that are its.
test_generator()
{
	local status=0

	build/tests/sim/sim-generated --help | grep -q '^Usage: sim-generated' || { echo "no --help"; return 1; }
	build/tests/sim/sim-generated --run 3x >"$out/generator" 2>&1 || status=$?
	[ "$status" = 2 ] || { echo "status $status of wrong options"; return 1; }
	fails 'its init() returned' build/tests/sim/sim-generated --policy build/tests/sim/unfit.so:init_fails=1 \
		--runs 1 --seconds 0
}
