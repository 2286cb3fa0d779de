# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The same rt-app file on a kernel and in the simulator: who got how much of the CPUs,
# and who waited for how long, as lines
#
#	name tasks runtime_ns switches p50_ns p99_ns max_ns
#
# with the agent as "scxu-agent". Waits of both are counted by lib/backend/sim/waits.h.
# Sourced by cases and by tests/vm/reality.sh, in the guest and on the host.

# The CPUs of a guest take turns on one clock; so long is one, in us (vm/boot.sh). Left to
# itself QEMU makes them up to a millisecond long, and so late comes each interrupt.
# shellcheck disable=SC2034	# of who sources it
RT_APP_TURN_US=10

# What the agent and a switch cost in a guest, in ns of a CPU that has the clock for
# itself (instructions): tests/vm/reality.sh --fit.
RT_APP_COSTS="--agent-wake 2600 --agent-event 1300 --agent-decision 520 --switch-cost 4000"

# Where the files that come and go lie
RT_APP_TMP=${RT_APP_TMP:-/tmp}

# rt_app_calibrate: how many ns rt-app takes for a turn of its loop. What it finds out by
# itself differs by 3 % from one time to the next, and takes 10 s.
rt_app_calibrate()
{
	cat >"$RT_APP_TMP/calibrate.json" <<-'END'
		{
			"global": { "duration": 9, "calibration": 100, "log_size": "disable" },
			"tasks": { "loops": { "phases": {
				"all": { "loop": 1, "run": 200000 },
				"rest": { "loop": 1, "sleep": 9000000 }
			} } }
		}
	END
	# the kernel has no random numbers yet, and who asks first works for 1.5 s to make some
	head -c 1 /dev/random >/dev/null
	# 2 million turns
	sched-times 1000 rt-app "$RT_APP_TMP/calibrate.json" 2>"$RT_APP_TMP/rt-app.log" |
		awk '$1 == "loops" { printf "%.0f\n", $3 / 2e6 }'
}

# rt_app_times FILE MS NS_PER_LOOP: in the guest, from rt-app's start on; fails when
# rt-app does not run so long.
rt_app_times()
{
	sed "s/\"CPU0\"/$3/" "$1" >"$RT_APP_TMP/rt-app.json"
	sched-times "$2" rt-app "$RT_APP_TMP/rt-app.json" 2>"$RT_APP_TMP/rt-app.log"
}

# rt_app_simulated FILE MS [ARGUMENT OF scx_userland sim...]: the guest's CPUs take turns on
# one clock, and so do the simulator's.
rt_app_simulated()
{
	sim_file=$1 sim_ms=$2
	shift 2
	# shellcheck disable=SC2086	# words
	"${SCXU:-scx_userland}" sim --json --shared-clock $RT_APP_COSTS --workload "$sim_file" \
		--duration-ms "$sim_ms" "$@" >"$RT_APP_TMP/sim.json" || return
	tr -d ' "{}' <"$RT_APP_TMP/sim.json" | awk -F'[:,]' '
		function value(name,   i) {
			for (i = 1; i < NF; i++)
				if ($i == name)
					return $(i + 1)
			return 0
		}
		$1 == "name" && value("tasks") {
			print $2, value("tasks"), value("runtime_ns"), value("switches"), value("wait_p50_ns"),
				value("wait_p99_ns"), value("wait_max_ns")
		}
		$1 == "agent" { print "scxu-agent", 1, value("runtime_ns"), value("activations"), 0, 0, 0 }'
}

# rt_app_compare KERNEL SIM: a line for each name that the simulator has:
#
#	name share share_sim p50 p50_sim p99 p99_sim max max_sim
#
# Shares are of the run time of all classes of the file, waits in us.
rt_app_compare()
{
	awk 'NR == FNR { kernel[$1] = $0; next }
		{ sim[++n] = $0 }
		END {
			for (i = 1; i <= n; i++) {
				split(sim[i], s)
				if (s[1] == "scxu-agent")
					continue
				split(kernel[s[1]], k)
				all_kernel += k[3]
				all_sim += s[3]
			}
			for (i = 1; i <= n; i++) {
				split(sim[i], s)
				split(kernel[s[1]], k)
				printf "%s %.4f %.4f %.0f %.0f %.0f %.0f %.0f %.0f\n", s[1],
					k[3] / all_kernel, s[3] / all_sim,
					k[5] / 1e3, s[5] / 1e3, k[6] / 1e3, s[6] / 1e3, k[7] / 1e3, s[7] / 1e3
			}
		}' "$1" "$2"
}
