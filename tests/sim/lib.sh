# shellcheck shell=bash disable=SC2034,SC2154  # what they are given by name
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the tests of tests/sim/cases have in common. Each prints nothing, or why it failed as its
# last line; so do the helpers.

out=build/tests/sim/out
policies=(vruntime eevdf fifo rr prio)

sim()
{
	build/cli/scx_userland sim "$@"
}

# says PATTERN ARGUMENT...: ends with status 2 and one message, which has PATTERN.
says()
{
	local pattern=$1 status=0

	shift
	sim "$@" >"$out/said" 2>&1 || status=$?
	[ "$status" = 2 ] || { echo "status $status, not 2, of: sim $*"; return 1; }
	grep -qF -- "$pattern" "$out/said" || {
		echo "sim $* said \"$(head -n 1 "$out/said")\", not \"$pattern\""
		return 1
	}
	[ "$(wc -l <"$out/said")" = 1 ] || { echo "sim $* says more than one thing: $(cat "$out/said")"; return 1; }
}

# file LINES...: a workload file of these lines
file()
{
	printf '%s\n' "$@" >"$out/bad.json"
}

# violates KIND COMMAND...
violates()
{
	local kind=$1

	shift
	fails "^violation: $kind" "$@"
}

# fails PATTERN COMMAND...: ends with status 1, and says that.
fails()
{
	local pattern=$1 status=0

	shift
	"$@" >"$out/failed" 2>&1 || status=$?
	[ "$status" = 1 ] || { echo "status $status, not 1, of: $*"; return 1; }
	grep -q -- "$pattern" "$out/failed" || {
		echo "$* said \"$(head -n 1 "$out/failed")\", not \"$pattern\""
		return 1
	}
}

# runs NAME ARGUMENT...: without a violation, by each of ten seeds
runs()
{
	local name=$1 seed

	for seed in 1 2 3 4 5 6 7 8 9 10; do
		sim "${@:2}" --seed $seed >"$out/$name" 2>&1 || { echo "seed $seed: $(head -n 1 "$out/$name")"; return 1; }
	done
}

# of_class NAME MEMBER ARGUMENT...: of the simulation
of_class()
{
	sim --json "${@:3}" >"$out/class.json" || return 1
	sed -n "s/.*{\"name\": \"$1\", \"tasks\".*\"$2\": \([0-9.]*\).*/\1/p" "$out/class.json"
}

# simulated COUNTER ARGUMENT...
simulated()
{
	sim --duration 5 --json "${@:2}" >"$out/counter.json" || return 1
	sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" "$out/counter.json"
}

# longest_wait ARGUMENT...: ns
longest_wait()
{
	sim --workload "${workload:-$PWD/$out/sleepers.json}" --duration 1 --json "$@" >"$out/idle.json" || return 1
	grep -o '"wait_max_ns": [0-9]*' "$out/idle.json" | sed 's/.* //' | sort -n | tail -n 1
}

# tells CALLBACK OPTIONS: of one that does not return, until it is told: a loaded machine may take its time
tells()
{
	local pid tries

	build/cli/scx_userland sim --policy "$bad:$2" --workload hogs:8 >"$out/blame" 2>&1 &
	pid=$!
	for ((tries = 0; tries < 600; tries++)); do
		! grep -q "warning: policy misbehaves is in $1 since [0-9]* s.*; the simulation waits" "$out/blame" || break
		sleep 0.1
	done
	kill $pid 2>/dev/null || { echo "of $2 it is not there any more: $(cat "$out/blame")"; return 1; }
	[ $tries -lt 600 ] || { echo "of $2 it says: $(cat "$out/blame")"; return 1; }
}
