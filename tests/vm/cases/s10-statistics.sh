# SPDX-License-Identifier: GPL-2.0-only
# what: the statistics agree with what the kernel and the load say
# mode: icount
# timeout: 500

# of the load's tasks, against their will
switches()
{
	cat /proc/[0-9]*/status 2>/dev/null |
		awk '/^Name:/ { load = $2 == "scxu-load" } load && /^nonvoluntary_ctxt_switches/ { n += $2 } END { print n + 0 }'
}

agent_cpu_ms()
{
	awk '{ ms += $1 / 1e6 } END { printf "%d\n", ms }' /proc/"$SCHED_PID"/task/*/schedstat
}

start_sched --stats 1
# six of any CPU: two wait at a time; and one of CPU 0 only, kept in the kernel
scxu-load --no-rt --warmup 0.5 --seconds 7 --get machine.cpu_used hogs:6x0 hogs:1x0@cpus=0 sleeper:2000 >/dev/null &
load=$!
sleep 3
began=$(cut -d' ' -f1 /proc/uptime) cpu=$(agent_cpu_ms) switched=$(switches) lines=$(wc -l <"$SCHED_LOG")
sleep 4
ended=$(cut -d' ' -f1 /proc/uptime) cpu=$(($(agent_cpu_ms) - cpu)) switched=$(($(switches) - switched))
tail -n +$((lines + 1)) "$SCHED_LOG" | grep '|.*|.*|.*agent$' | tr -d '|' >/tmp/lines
kill "$load"
wait "$load"
stop_sched
cat /tmp/lines
ms=$(awk -v a="$began" -v b="$ended" 'BEGIN { printf "%d", (b - a) * 1000 }')
mean()
{
	awk -v c="$1" '{ n++; s += $c } END { if (n) printf "%.3f\n", s / n }' /tmp/lines
}
within "lines in 4 s, one each second" "$(wc -l </tmp/lines)" 4 1
# each that is switched out against its will is enqueued anew, most of them to user
# space; the sleeper wakes 500 times a second
want=$(awk -v n="$switched" -v ms="$ms" 'BEGIN { printf "%.0f", n * 1000 / ms + 500 }')
within "user/s beside what the kernel switched" "$(mean 1)" "$want" "$(awk -v w="$want" 'BEGIN { print w * 0.15 }')"
expect "kernel/s: the one of CPU 0" "$(mean 2)" '>=' 20
expect "events lost" "$(mean 3)" == 0
expect "vr-enq/s is no less than user/s" "$(mean 4)" '>=' "$(awk -v u="$(mean 1)" 'BEGIN { print u * 0.99 }')"
expect "vr-dsp/s" "$(mean 5)" '>=' 200
expect "vr-fail" "$(mean 6)" '<=' 1
# six hogs of any CPU on four CPUs, one of which has who prints the line
within "tasks that wait with the agent" "$(mean 7)" 3.5 1.6
expect "decisions per activation" "$(mean 10)" '>=' 0.5
# two wait while four run for slices of some ms
within "p50, us" "$(mean 13)" 2000 1500
expect "p99 is no less than p50" "$(mean 14)" '>=' "$(mean 13)"
expect "max is no less than p99" "$(mean 15)" '>=' "$(mean 14)"
within "cpu% beside the kernel's account" "$(mean 16)" "$(awk -v c="$cpu" -v ms="$ms" 'BEGIN { print c * 100 / ms }')" 3

# What is dropped: the lines' sums are the counters. The last line is of the idle machine.
start_sched --stats 1 --affinity agent --floor-us 100000
scxu-load --no-rt --warmup 0.2 --seconds 2 --get affinity_churn.changes affinity-churn:20 exit-churn:4 hogs:4x0
sleep 2.5
stop_sched
sum()
{
	grep '^[ 0-9]*|.*|.*|' "$SCHED_LOG" | tr -d '|' | awk -v c="$1" '{ s += $c } END { print s + 0 }'
}
expect "stale decisions" "$(stat stale)" '>' 10
within "stale, sum of the lines" "$(sum 11)" "$(stat stale)" 2
within "bounced, sum of the lines" "$(sum 12)" "$(stat bounced)" 2
