# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In a guest of bench/run: one scheduler under the loads of one part. The file "config"
# beside this one says which:
#
#	part=PART		a function part_PART below
#	kind=KIND		none, class, ours, example, other
#	command=COMMAND		the scheduler's
#	wait=SECONDS		before it begins
#	quick=1			shorter, and fewer measures
#
# It prints "@value KEY NUMBER", "@missing KEY WHY", and, when it cannot go on,
# "@trouble WHY".

# shellcheck source=vm/guest/sched.sh
. /usr/lib/scxu/sched.sh

value()
{
	echo "@value $1 $2"
}

missing()
{
	echo "@missing $*"
}

trouble()
{
	echo "@trouble $*"
	tail -n 20 "$SCHED_LOG" 2>/dev/null | sed 's/^/# /'
	exit 1
}

start()
{
	[ "$kind" != none ] || return 0
	SCHED_COMMAND=${command%% *}
	arguments=${command#"$SCHED_COMMAND"}
	[ "$kind" = ours ] || SCHED_SAYS=''
	# shellcheck disable=SC2086	# words
	sched_start $arguments || trouble "it did not start: $(tail -n 1 "$SCHED_LOG")"
	SCHED_OPS=$(sched_ops)
}

# After each load: the one that was started, and no other.
alive()
{
	[ "$kind" != none ] || return 0
	sched_runs && [ "$(sched_ops)" = "$SCHED_OPS" ] && kill -0 "$SCHED_PID" && return 0
	trouble "it was unloaded by $1"
}

# load SECONDS WARMUP "KEY=PATH..." LOAD...: a path of scxu-load's report for each key.
load()
{
	seconds=$1 warmup=$2 keys=$3
	shift 3
	gets=
	for pair in $keys; do
		gets="$gets --get ${pair#*=}"
	done
	# shellcheck disable=SC2086	# words
	if ! timeout 120 scxu-load --seconds "$seconds" --warmup "$warmup" $gets --output /tmp/load "$@"; then
		for pair in $keys; do
			missing "${pair%%=*}" "scxu-load $* failed"
		done
		alive "scxu-load $*"
		return
	fi
	for pair in $keys; do
		number=$(sed -n "s/^${pair#*=} //p" /tmp/load)
		case $number in
		'' | null) missing "${pair%%=*}" "scxu-load $* reported none" ;;
		*) value "${pair%%=*}" "$number" ;;
		esac
	done
	alive "scxu-load $*"
}

# A pair that has begun on the same CPU has up to 2.5 times as many round trips beside hogs under EEVDF as one that
# has not, and keeps to it: the mean of as many beginnings as are needed for that not to be by chance.
pair_beside_hogs()
{
	rm -f /tmp/rates
	for i in 1 2 3 4 5 6 7 8; do
		timeout 120 scxu-load --seconds 0.4 --warmup 0.1 --get pingpong.round_trips_per_s \
			pingpong:1 hogs:8x0 >>/tmp/rates || missing pingpong_hogs "scxu-load failed, beginning $i"
	done
	awk '$2 ~ /^[0-9.]+$/ { sum += $2; n++ } END { if (n == 8) print "@value pingpong_hogs " sum / n }' /tmp/rates
	alive "a pair beside hogs"
}

latency()
{
	echo "$1.p50=sleeper.due_lateness_us.p50 $1.p99=sleeper.due_lateness_us.p99" \
		"$1.p999=sleeper.due_lateness_us.p999 $1.max=sleeper.due_lateness_us.max"
}

delivered()
{
	awk '/sleeper.expected/ { n = $2 } /sleeper.delivered/ { d = $2 }
		END { if (n) print "@value loaded.delivered " d / n }' /tmp/load
}

# --- four CPUs: what users feel ------------------------------------------------------

part_feel()
{
	free=$(available)
	start
	[ -n "$quick" ] || rest
	for n in 1 4 6; do
		load 0.4 0.1 "pingpong.$n=pingpong.us_per_round_trip pingpong_rate.$n=pingpong.round_trips_per_s" "pingpong:$n"
	done
	pair_beside_hogs
	load 1 0.2 "$(latency idle)" sleeper:1000
	# Of one task, how many CPUs' turns are before its own when its timer fires is not by chance: EEVDF's p50
	# would be 7 or 72 us by how long a turn or a period is (bench/levers.md).
	load 3 0.3 "$(latency loaded) loaded.n=sleeper.expected loaded.d=sleeper.delivered" \
		sleeper:4000x4@jitter=100 hogs:8x0
	delivered
	[ -z "$quick" ] || return
	keys="shares.error=hogs_all.largest_error shares.gap=hogs.3.longest_gap_ms"
	load 4 0.5 "$keys shares.0=hogs.0.share shares.5=hogs.1.share shares.10=hogs.2.share shares.19=hogs.3.share" \
		hogs:4x0,4x5,4x10,4x19
	# the goal is for each of 1 to 16; one waiting task or a few are the hardest
	for n in 1 2 3 4 5 6 7 8 16; do
		load 0.6 0.2 "used.$n=machine.loads_used" "hogs:${n}x0"
	done
	load 0.6 0.2 "forks=forkers.forks_per_s" forkers:4
	hack
}

hack()
{
	if ! [ -x /usr/bin/hackbench ]; then
		missing hackbench "this machine has no hackbench to take along"
		return
	fi
	if timeout 60 hackbench -g 2 -l 100 >/tmp/hackbench 2>&1; then
		value hackbench "$(sed -n 's/^Time: //p' /tmp/hackbench)"
	else
		missing hackbench "hackbench failed or took more than 60 s"
	fi
	alive hackbench
}

available()
{
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# memory_of PID: what is resident, and what the kernel accounts to its maps and programs.
memory_of()
{
	value memory.agent "$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$1/status")"
	# a program's or a map's id tells those apart that have several descriptors
	for fd in /proc/"$1"/fdinfo/*; do
		awk '/^memlock:/ { size = $2 } /^(map|prog)_id:/ { id = $1 $2 }
			END { if (id) print id, size }' "$fd"
	done 2>/dev/null | sort -u | awk '{ sum += $2 } END { print "@value memory.maps " sum / 1048576 }'
}

rest()
{
	sleep 2
	pid=
	if [ "$kind" != none ]; then
		pid="--pid $SCHED_PID"
		memory_of "$SCHED_PID"
		value memory.machine "$(awk -v a="$free" -v b="$(available)" 'BEGIN { print (a - b) / 1024 }')"
	fi
	# shellcheck disable=SC2086	# words
	scxu-load --probe-idle 10 $pid --json >/tmp/rest
	sed "s/[,{}]/\n/g; s/\"//g" /tmp/rest | awk -F: '
		$1 == "wakeups_per_s" { print "@value rest.wakeups " $2 }
		$1 == "psi_cpu_some_us" { print "@value rest.psi " $2 }
		$1 == "cpu_used" { print "@value rest.used " $2 }'
	alive "nothing at all"
}

# --- one CPU: what it costs -----------------------------------------------------------

# sampled KEY LOAD AFTER FOR: the load, and what was counted in FOR seconds of it, AFTER so
# many from its start, by a script in the real-time class (which neither waits for the
# scheduler nor lets it run meanwhile): in /tmp/sample, "NAME NUMBER" each.
sampled()
{
	rm -f /tmp/table /tmp/sample
	timeout 30 scxu-load --table --seconds "$(awk -v a="$3" -v b="$4" 'BEGIN { print a + b + .2 }')" --warmup 0 \
		--ready 15 --tail 1 --output /dev/null "$2" >/tmp/table 2>/tmp/load.errors &
	loader=$!
	chrt -f 10 sh "${0%/*}/sample.sh" "$kind" "${SCHED_PID:-0}" "$3" "$4" >/tmp/sample 2>/tmp/sample.errors
	wait "$loader"
	alive "scxu-load $2"
	[ -s /tmp/sample ] || missing "$1" "$(cat /tmp/sample.errors /tmp/load.errors | grep . | tail -n 1)"
}

# value_per KEY NAME OTHER: from the last sample. Not a word where OTHER is not counted of
# this kind of scheduler; where it is, and there was none, no value can be had.
value_per()
{
	[ -s /tmp/sample ] || return
	number=$(awk -v a="$2" -v b="$3" -f "${0%/*}/per.awk" /tmp/sample)
	case $number in
	'') ;;
	none) missing "$1" "$3: none in the time that was sampled" ;;
	*) value "$1" "$number" ;;
	esac
}

part_cost()
{
	start
	sampled agent pingpong:1 0.3 0.4
	value_per agent.decision cpu_ns applied
	value_per agent.event cpu_ns events
	value_per agent.activation decisions wakes
	value_per agent.switch cpu_ns switches
	echo 1 >/proc/sys/kernel/bpf_stats_enabled
	sampled bpf pingpong:1 0.3 0.4
	echo 0 >/proc/sys/kernel/bpf_stats_enabled
	awk '
		{ n[$1] = $2 }
		/^run_cnt\./ { sub(/^run_cnt\./, "", $1); calls[$1] = $2 }
		END {
			for (name in calls) {
				all += n["run_ns." name]
				if (calls[name] >= 100)
					printf "@value bpf.%s %.1f\n", name, n["run_ns." name] / calls[name]
			}
			if (n["switches"] > 0)
				printf "@value bpf.switch %.1f\n", all / n["switches"]
		}' /tmp/sample
}

part_growth()
{
	start
	for n in 10 100 1000 4000 10000; do
		sampled "growth.$n" "yielders:$n" 1.3 1
		value_per "growth.$n" cpu_ns events
	done
}

# What the scheduler counted from its start to its end.
counted()
{
	grep "^final:" "$SCHED_LOG"
	[ "$part" != feel ] || grep "^final:" "$SCHED_LOG" | tr " " "\n" | awk -F= '
		/=/ { n[$1] = $2 }
		END {
			waits = n["user_enqueues"] + n["kernel_enqueues"] + n["floor_enqueues"] + n["idle_direct"] + n["standing"]
			if (n["applied"])
				print "@value whole.made", n["decided"] / n["applied"]
			if (waits)
				print "@value whole.user", n["user_enqueues"] / waits
			print "@value whole.idle", n["idle_direct"]
			print "@value whole.floor", n["floor_silent"] + n["floor_late"] + n["floor_broken"]
		}'
}

part='' kind='' command='' wait='' quick=''
# shellcheck source=/dev/null
. "${0%/*}/config"
sleep "$wait"
"part_$part"
[ "$kind" = none ] || sched_stop INT || trouble "it did not end"
[ "$kind" != ours ] || counted
exit 0
