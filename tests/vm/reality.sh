#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/vm/reality.sh [OPTIONS]: runs the rt-app files of examples/workloads under each
# policy in a guest, with Debian's rt-app and the real scheduler, and in the simulator,
# and writes docs/SIMULATOR.md with the differences.
#
#	    --policy NAME	boot for this policy only (may be repeated); of the
#				others the last run counts
#	    --no-run		from what the last runs left in build/tests/vm
#	    --fit		no document: what an activation, an event and a
#				decision cost the agent in those runs, by least squares
#	-o, --output FILE	instead of docs/SIMULATOR.md
#
# A guest takes some five minutes, one after the other.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
cd "$SCXU_ROOT"
# shellcheck source=tests/vm/rt-app.sh
. tests/vm/rt-app.sh

POLICIES="vruntime eevdf prio rr fifo"
FILES="hogs periodic-hogs ping-pong bursts wake-tree mixed-affinity"
MS=3000
CPUS=4
KERNEL=newest

output=docs/SIMULATOR.md
run=1 fit='' policies=()

while [ $# -gt 0 ]; do
	case $1 in
	--policy) policies+=("$2"); shift 2 ;;
	--no-run) run=; shift ;;
	--fit) fit=1; run=; shift ;;
	-o | --output) output=$2; shift 2 ;;
	-h | --help) sed -n '4,16s/^# \{0,1\}//p' "$0"; exit ;;
	*) die "unknown argument: $1" "see tests/vm/reality.sh --help" ;;
	esac
done
# shellcheck disable=SC2206	# words
[ ${#policies[@]} -gt 0 ] || policies=($POLICIES)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RT_APP_TMP=$work SCXU=build/cli/scx_userland

left_by()
{
	echo "build/tests/vm/reality-$1"
}

# guest POLICY: all files, one after the other, the scheduler anew for each.
guest()
{
	local dir image file

	dir=$(left_by "$1")
	image=$(vm/kernel.sh "$KERNEL")
	rm -rf "$dir"
	mkdir -p "$dir/overlay"
	cp tests/vm/lib.sh tests/vm/rt-app.sh "$dir/overlay/"
	for file in $FILES; do
		cp "examples/workloads/$file.json" "$dir/overlay/"
	done
	cat >"$dir/overlay/main.sh" <<-END
		. /job/lib.sh
		. /job/rt-app.sh
		sleep 4
		echo "@kernel \$(uname -r)"
		loop=\$(rt_app_calibrate)
		[ -n "\$loop" ] || fail "rt-app does not run: \$(tail -n 1 /tmp/rt-app.log)"
		echo "@loop \$loop"
		for file in $FILES; do
			start_sched --policy $1
			rt_app_times /job/\$file.json $MS \$loop >/tmp/times || fail "rt-app \$file: \$(tail -n 1 /tmp/rt-app.log)"
			stop_sched
			sed "s/^/@times \$file /" /tmp/times
			echo "@final \$file \$(sed -n 's/^final: //p' \$SCHED_LOG)"
		done
		finish
	END
	vm/initrd.sh --overlay "$dir/overlay" --add "$(setup/rt-app.sh)" \
		--add build/tests/vm/tools/sched-times -o "$dir/initrd"
	progress "rt-app under $1, in a guest"
	vm/boot.sh --kernel "$image" --initrd "$dir/initrd" --mode icount --turn-us "$RT_APP_TURN_US" \
		--cpus $CPUS --timeout 1800 --out "$dir" || die "the guest failed: see $dir"
	rm -f "$dir/initrd"
}

if [ -n "$run" ]; then
	setup/packages.sh build vm
	setup/build.sh
	for policy in "${policies[@]}"; do
		guest "$policy"
	done
fi

# times POLICY FILE: of the kernel.
times()
{
	sed -n "s/^@times $2 //p" "$(left_by "$1")/out.log"
}

# counter POLICY FILE NAME: of scx_userland's last line.
counter()
{
	sed -n "s/^@final $2 .*\b$3=\([0-9]*\).*/\1/p" "$(left_by "$1")/out.log"
}

# What the agent needed of the clock, all CPUs being busy: activations, events and
# decisions, and the time of a turn in which nothing else can be told apart.
fit_costs()
{
	local policy file

	for policy in $POLICIES; do
		for file in $FILES; do
			echo "$(times "$policy" "$file" | awk '$1 == "scxu-agent" { print $3, $4 }')" \
				"$(counter "$policy" "$file" user_enqueues) $(counter "$policy" "$file" decided)" \
				"$(times "$policy" "$file" | awk '$1 != "kthreads" { busy += $3 }
					END { print busy / '$MS'e6 }')"
		done
	done | awk '
		# y = a1 * activations + a2 * events + a3 * decisions, each row in proportion to its y
		NF == 5 {
			y = $1 / $5
			x[1] = $2 / y
			x[2] = $3 / y
			x[3] = $4 / y
			for (i = 1; i <= 3; i++) {
				for (j = 1; j <= 3; j++)
					m[i, j] += x[i] * x[j]
				m[i, 4] += x[i]
			}
		}
		END {
			for (i = 1; i <= 3; i++)
				for (k = 1; k <= 3; k++) {
					if (k == i)
						continue
					f = m[k, i] / m[i, i]
					for (j = 1; j <= 4; j++)
						m[k, j] -= f * m[i, j]
				}
			printf "ns of the agent: %.0f an activation, %.0f an event, %.0f a decision\n",
				m[1, 4] / m[1, 1], m[2, 4] / m[2, 2], m[3, 4] / m[3, 3]
		}'
}

for policy in $POLICIES; do
	grep -q '^@final mixed-affinity' "$(left_by "$policy")/out.log" 2>/dev/null ||
		die "no run of $policy is left in build/tests/vm" "run it: tests/vm/reality.sh --policy $policy"
done

if [ -n "$fit" ]; then
	fit_costs
	exit
fi

# compared POLICY: "policy file class share share_sim p50 p50_sim ..." of each class
compared()
{
	local file

	for file in $FILES; do
		times "$1" "$file" >"$work/kernel"
		rt_app_simulated "examples/workloads/$file.json" $MS --policy "$1" >"$work/sim" ||
			die "the simulator fails: $1, $file"
		rt_app_compare "$work/kernel" "$work/sim" | sed "s/^/$1 $file /"
	done
}

# within: of such lines with the agent left out, how many there are, how many within 5
# points, how many within 5 % of the share itself, and the one that is furthest off
within()
{
	awk '$3 != "scxu-agent" {
			d = $5 > $4 ? $5 - $4 : $4 - $5
			points += d <= 0.05
			parts += d <= 0.05 * $4
			if (d > worst) {
				worst = d
				who = $2 ", " $3
			}
			n++
		}
		END { printf "%d | %d | %d | %.1f points: %s |\n", n, points, parts, 100 * worst, who }'
}

rows()
{
	awk '{
		d = $5 > $4 ? $5 - $4 : $4 - $5
		goal = d > 0.05 ? "missed" : d > 0.05 * $4 ? sprintf("%+.0f %% of it", 100 * ($5 / $4 - 1)) : ""
		if ($3 == "scxu-agent") {
			$3 = "(the agent)"
			goal = ""
			$6 = $7 = $8 = $9 = $10 = $11 = ""
		}
		printf "| %s | %s | %.2f | %.2f | %+.2f | %s | %s | %s | %s | %s | %s | %s |\n", $2, $3, 100 * $4, 100 * $5,
			100 * ($5 - $4), $6, $7, $8, $9, $10, $11, goal
	}'
}

all_compared()
{
	local policy

	for policy in $POLICIES; do
		compared "$policy"
	done
}

# moves NS...: how far a share of the simulator moves with such prices of a switch
moves()
{
	local ns

	set -o pipefail
	for ns in "$@"; do
		RT_APP_COSTS="${RT_APP_COSTS% *} $ns" all_compared
	done | awk 'NR == FNR { share[$1, $2, $3] = $5; next }
		$3 != "scxu-agent" {
			d = $5 - share[$1, $2, $3]
			if (d < 0)
				d = -d
			if (d > worst)
				worst = d
		}
		END { printf "%.1f", 100 * worst }' "$work/all" -
}

# Of all CPUs in all runs, in per cent
kthreads()
{
	local policy file

	for policy in $POLICIES; do
		for file in $FILES; do
			times "$policy" "$file"
		done
	done | awk '
		{ all += $3 }
		$1 == "kthreads" { of += $3 }
		END { printf "%.2f", 100 * of / all }'
}

SWITCHES="1500 6000"

all_compared >"$work/all"
kernel=$(sed -n 's/^@kernel //p' "$(left_by vruntime)/out.log")
costs=$(fit_costs)
# shellcheck disable=SC2086	# words
moved=$(moves $SWITCHES)

mkdir -p "$(dirname "$output")"
{
	sed "s/@KTHREADS@/$(kthreads)/; s/@SWITCHES@/${SWITCHES/ / or }/; s/@MOVES@/$moved/" \
		tests/vm/reality.md | sed "s/@KERNEL@/$kernel/; s/@COSTS@/$costs/; s/@USED@/$RT_APP_COSTS/; s/@TURN@/$RT_APP_TURN_US/; s/@MS@/$MS/; s/@CPUS@/$CPUS/"
	echo
	echo '| policy | classes | within 5 points | within 5 % of the share | the furthest off |'
	echo '| --- | --- | --- | --- | --- |'
	for policy in $POLICIES; do
		echo "| $policy | $(grep "^$policy " "$work/all" | within)"
	done
	echo "| all | $(within <"$work/all")"
	for policy in $POLICIES; do
		cat <<-END

			### $policy

			| file | class | share, kernel | sim | difference | p50, kernel | sim | p99, kernel | sim | max, kernel | sim | goal |
			| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
		END
		grep "^$policy " "$work/all" | rows
	done
} >"$output.new"
mv "$output.new" "$output"
progress "wrote $output"
