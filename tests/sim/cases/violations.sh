# shellcheck shell=bash disable=SC2154  # out, policies and generated: run.sh and lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What is promised holds, and what breaks it is found and explained.

test_invariants()
{
	local slow

	build/tests/sim/sim-invariants >"$out/invariants" 2>&1 || { cat "$out/invariants"; return 1; }
	violates 'floor: ' build/cli/scx_userland sim --policy build/tests/vm/tools/never-decides.so \
		--workload hogs:8
	# of an agent that is slow from the start there is nobody to take over from
	for slow in --agent-event --agent-wake; do
		violates 'floor: it has the machine since the start' \
			build/cli/scx_userland sim --workload hogs:4 $slow 100000000 --duration 2
	done
	violates 'starvation: ' build/cli/scx_userland sim --workload hogs:16 --starve-ms 5
}

# Runs that have shown a bug once; each fails without its fix.
test_regressions()
{
	local line

	while read -r line; do
		# shellcheck disable=SC2086	# words are wanted
		sim $line >"$out/regression" 2>&1 || { echo "$line: $(head -n 1 "$out/regression")"; return 1; }
	done <<-END
		--workload examples/workloads/periodic-hogs.json
		--cpus 2 --workload hogs:6x5,6x-14 --seed 4486 --duration 3
		--cpus 4 --workload hogs:4x17,6x15,6x-17,5x-11 --seed 9725 --duration 3 --hz 1000
		--cpus 2 --workload hogs:3x-15,2x-5,2x4,6x17,2x-2 --seed 3383 --duration 3
		--policy eevdf --cpus 1 --workload hogs:4x-20,4x19
		--policy eevdf --cpus 2 --workload hogs:2x15,6x-18 --seed 7763 --duration 3 --hz 1000
		--cpus 2 --workload sleeper:611usx3+pingpong:3@cpus=0-1+hogs:3x0 --seed 501172 --duration-ms 708
		--cpus 5 --workload periodic:2514us/20397usx3+churn:1688us+sleeper:222usx1 --seed 359579 --duration-ms 44 --hz 1000 --affinity agent --agent-fault 33:52
		--cpus 5 --workload churn:4156us+periodic:3048us/21869usx3+hogs:5x-4 --seed 225496 --duration-ms 816 --exact-slices --affinity agent
		--cpus 4 --workload hogs:4x5@cpus=0-2+periodic:2858us/23714usx2+churn:4220us --seed 210388 --duration-ms 3820 --affinity agent --agent-fault 221:1237 --hotplug 2:1940:5015
		--policy fifo --cpus 5 --workload hogs:4x3@cpus=4+hogs:5x9 --seed 756268 --duration-ms 2970
		--policy fifo --cpus 2 --workload bursts:5@cpus=0+hogs:2x5 --seed 492105 --duration-ms 32 --idle kernel --hotplug 1:26:44
		--policy prio --cpus 3 --workload hogs:6x9@cpus=0-1 --seed 934128 --duration-ms 6000 --affinity agent
		--policy eevdf --cpus 1 --workload pingpong:1@cpus=0-0+hogs:1x0@cpus=0 --seed 285116 --duration-ms 3811
		--policy eevdf --cpus 4 --workload hogs:1x-5+bursts:4+churn:672us+periodic:1516us/7302usx1@cpus=3+yielders:3@cpus=0-2 --seed 450681 --duration-ms 2761 --hz 1000
		--policy prio --cpus 25 --workload churn:5140us+locks:5+hogs:5x9+pingpong:2@cpus=5+hogs:1x3@cpus=10 --seed 448485 --duration-ms 101 --exact-slices --affinity agent
		--policy build/tests/vm/tools/tiny.so --cpus 1 --workload hogs:3x0 --seed 447272 --duration-ms 1372
		--policy vruntime:slice_us=1 --cpus 2 --workload hogs:4 --duration 2
		--cpus 4 --workload hogs:6x-2+locks:5 --seed 877997 --duration-ms 150 --hz 1000
		--cpus 2 --workload hogs:100x19@cpus=0+hogs:150x0@cpus=0 --duration 70
		--cpus 2 --max-tasks 16384 --workload hogs:4000x0,4000x5 --duration 50 --starve-ms 24500
		--policy eevdf --cpus 2 --workload locks:3@cpus=0-0+churn:1003us+hogs:2x-16+sleeper:352usx2@cpus=0+sleeper:2142usx1 --seed 79029 --duration-ms 3989 --hz 1000 --shared-clock
		--policy rr --cpus 3 --workload sleeper:3042usx3+hogs:5x-10+churn:4408us --seed 343610 --duration-ms 39 --shared-clock --agent-fault 0:120
		--policy fifo --cpus 3 --workload hogs:6x-1@cpus=0+pingpong:1+hogs:2x6@cpus=1+churn:2946us+forks:3@cpus=1 --seed 147429 --duration-ms 227 --idle kernel
		--policy fifo --cpus 2 --workload hogs:6x-4@cpus=0-1+hogs:6x19@cpus=1 --seed 328004 --duration-ms 1694
	END
}

# The agent stopped: nothing may be violated, and the floor must have had the machine.
test_faults()
{
	sim --workload hogs:4x0,4x5+sleeper:1ms --agent-fault 500:2000,2500:2600 --duration 4 \
		--json >"$out/faults.json" || return 1
	grep -q '"floor_silent": [12],' "$out/faults.json" || { echo "the floor did nothing"; return 1; }
	# one span after the other is one, whichever is given first
	sim --workload hogs:8 --agent-fault 100:300,300:500 --duration 1 >"$out/faults-1" || return 1
	sim --workload hogs:8 --agent-fault 300:500,100:300 --duration 1 >"$out/faults-2" || return 1
	cmp "$out/faults-1" "$out/faults-2" || return 1
	# one that wants the only CPU for itself, and sleeps between; the floor takes over at times
	sim --cpus 1 --workload hogs:2x0+sleeper:1ms --agent-wake 3900000 --agent-fault 4999:5000 --duration 5 \
		--json >"$out/faults.json" || return 1
	python3 - "$out/faults.json" <<-'END' || return 1
		import json, sys
		ran = sum(c["runtime_ns"] for c in json.load(open(sys.argv[1]))["classes"]) / 5e9
		if ran < 0.1:
		    sys.exit("the agent left %.3f of the CPU" % ran)
	END
	sim --workload hogs:4x0,4x5+sleeper:1ms --hotplug 1:500:2000,0:900:1100 --duration 3 \
		>"$out/hotplug" 2>&1 || { head -n 1 "$out/hotplug"; return 1; }
}

# All CPUs run tasks that the agent never met: it gets one of these when it is wanted, and not when
# a slice ends, by when the floor has taken over.
test_unmet()
{
	runs unmet --cpus 2 --workload hogs:2x0@cpus=0+hogs:2x0@cpus=1+sleeper:1ms --idle kernel --duration-ms 500
}

# Of a policy that fails it is said how, and where it was.
# blames STATUS TEXT OPTIONS: a policy that so misbehaves ends with that status, and a line with that text
blames()
{
	local status=0

	(ulimit -c 0; timeout 60 build/cli/scx_userland sim --policy "$bad:$3" --workload hogs:8) >"$out/blame" 2>&1 || status=$?
	[ "$status" = "$1" ] || { echo "status $status of $3: $(cat "$out/blame")"; return 1; }
	grep -q "error: $2; the simulation ends with it$" "$out/blame" ||
		{ echo "of $3 it says: $(grep -v '^tests' "$out/blame" | head -n 1)"; return 1; }
}

test_blame()
{
	local bad=build/tests/vm/tools/misbehaves.so unfit=build/tests/sim/unfit.so in='enqueue() (task 10[0-9]* hog+0)'

	blames 139 "SIGSEGV in policy misbehaves, in $in" crash_at=9
	blames 139 "SIGSEGV in policy misbehaves, in $in" overflow_at=9
	blames 139 'SIGSEGV in policy misbehaves, in init()' crash_at=9,in_init=9
	blames 134 'SIGABRT in policy misbehaves, in init()' abort_at=9,in_init=9
	blames 1 "policy misbehaves called exit() in $in" exit_at=9
	blames 1 'policy misbehaves called exit() in init()' exit_at=9,in_init=9

	tells 'enqueue()' loop_at=9,loop_s=60
	tells 'enqueue()' block_at=9
	tells 'init()' loop_at=9,loop_s=60,in_init=9
	tells 'init()' block_at=9,in_init=9

	fails 'policy "unfit" cannot start: its init() returned -19 (No such device)' \
		sim --policy $unfit:init_fails=1 --workload hogs:8
	[ "$(wc -l <"$out/failed")" = 1 ] || { echo "that it cannot start is told twice"; return 1; }
	fails 'gave no decision, and nobody stopped it; scxu_decide() has refused [0-9]* decisions of the policy, and taken 0' \
		sim --policy $unfit --workload hogs:8
	grep -q '  agent  *has decided 0 tasks' "$out/failed" || { echo "the agent's decisions are not told"; return 1; }
	grep -q '  agent  *is refused 1 decisions' "$out/failed" || { echo "refused decisions are not told"; return 1; }
	! grep -q 999999 "$out/failed" || { echo "the agent is a number: $(grep -m 1 999999 "$out/failed")"; return 1; }
}

test_no_memory()
{
	build/tests/sim/sim-no-memory >"$out/no-memory" 2>&1 || { cat "$out/no-memory"; return 1; }
}

# Control: the simulator finds a planted bug among its first 1000 runs, which take some
# seconds, and its command repeats it.
test_planted_bug()
{
	local command

	! build/tests/sim/sim-generated --policy build/tests/sim/forgets.so --runs 1000 --seconds 0 >"$out/planted" 2>&1 ||
		{ echo "it was not found"; return 1; }
	command=$(sed -n 's/^ *scx_userland //p' "$out/planted")
	# shellcheck disable=SC2086
	! build/cli/scx_userland $command >"$out/repeated" 2>&1 ||
		{ echo "its command does not repeat it: $command"; return 1; }
	grep -q '^violation: ' "$out/repeated" || { echo "no violation is told by: $command"; return 1; }
	grep -q '^to repeat it:' "$out/repeated" || { echo "no command is told by: $command"; return 1; }
	# and so does the one that scxu-policy(7) gives
	command=$(sed -n '/sim-generated --policy .*forgets/,/^```/p' man/scxu-policy.7.scd |
		sed -n '/^ *scx_userland /,/[^\\]$/p' | tr -d '\\\n' | sed 's,^ *scx_userland ,,; s,\./forgets,build/tests/sim/forgets,')
	# shellcheck disable=SC2086
	violates 'idle: ' build/cli/scx_userland $command || { echo "the manual's command does not: $command"; return 1; }
	# what happened to the task is told from before the wait in question on
	python3 - "$out/failed" <<-'END' || return 1
		import re, sys
		said = open(sys.argv[1]).read()
		pid, waited = re.search(r"while task (\d+) .* waits for ([0-9.]+) ms", said).groups()
		at = [float(x) for x in re.findall(r"^ *([0-9.]+) ms .* task %s " % pid, said, re.M)]
		last = [float(x) for x in re.findall(r"^ *([0-9.]+) ms ", said, re.M)][-1]
		if not any(t <= last - float(waited) for t in at):
		    sys.exit("its wait of %s ms before %.3f began before anything told: %s" % (waited, last, at))
	END
	# an agent that wakes 200 000 times a second for nothing does not hide what led to that
	[ "$(grep -c '^ *[0-9.]* ms .* task [0-9]* ' "$out/failed")" -ge 10 ] ||
		{ echo "of the last events few are of tasks: $(cat "$out/failed")"; return 1; }
	grep -q 'has decided 0 tasks, [0-9]* times in a row' "$out/failed" || { echo "nor is it told"; return 1; }
}

# Each policy by seeds of its own. What it promises is told in lib/backend/sim/invariants.c.
test_generated()
{
	local p seed=1

	for p in "${policies[@]}"; do
		build/tests/sim/sim-generated --policy "$p" --seed "$seed" "${generated[@]}" >"$out/generated" 2>&1 ||
			{ cat "$out/generated"; return 1; }
		progress "generated: $p: $(cat "$out/generated")"
		seed=$((seed + 1000000))
	done
}
