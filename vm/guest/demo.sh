# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In the guest of ./run --vm: the demonstration. CPU hogs at nice 0, 5, 10 and 19,
# four of each, beside a task that wakes every millisecond; a line each second, and
# a summary at the end. ./run puts SCXU_ARGS before this text.
#
# Exit status: 0 when the kernel reported the scheduler as enabled from the first
# moment to the last and it then unloaded cleanly; else 1.

# shellcheck source=vm/guest/sched.sh
. /usr/lib/scxu/sched.sh

seconds=${DEMO_SECONDS:-8}
nices='0 5 10 19'
values=/tmp/demo.values
trouble=/tmp/demo.trouble
rm -f "$values" "$trouble"

# What speaks against it is gathered: the loop below runs in a process of its own.
trouble()
{
	echo "$*" >>"$trouble"
}

# How often the kernel has enabled a scheduler since boot: shows a reload that no
# look at the state would.
enable_seq()
{
	cat /sys/kernel/sched_ext/enable_seq 2>/dev/null
}

# Decisions made so far, from the scheduler's line each second: the column is found by
# its heading. What it says is a rate over one second.
decisions()
{
	awk '
		/vr-dsp\/s/ { for (i = 1; i <= NF; i++) if ($i == "vr-dsp/s") column = i; next }
		column && $1 ~ /^[0-9]+$/ { sum += $column }
		END { print column ? sum : "-" }' "$SCHED_LOG"
}

# number KEY: from the line that it prints at its end, "final: key=value ...".
number()
{
	sed -n "s/^final:.* $1=\([^ ]*\).*/\1/p" "$SCHED_LOG" | tail -n 1 | grep . || echo '?'
}

# value PATH: from what scxu-load measured.
value()
{
	sed -n "s/^$1 //p" "$values" | grep . || echo '?'
}

# The table of scxu-load with two columns of our own after its first.
with_state()
{
	while IFS= read -r line; do
		rest=${line#???????}
		case $line in
		*time_s*)
			printf '%s %9s %10s%s\n' "${line%"$rest"}" state decisions "$rest"
			continue
			;;
		esac
		state=$(sched_state)
		printf '%s %9s %10s%s\n' "${line%"$rest"}" "$state" "$(decisions)" "$rest"
		if ! sched_runs || [ "$(sched_ops)" != "$ops" ]; then
			trouble "at a look during the run the state was $state"
		fi
	done
}

shares()
{
	printf '  %4s %6s %8s %8s %8s %15s\n' nice tasks share ideal error 'longest gap ms'
	group=0
	for nice in $nices; do
		printf '  %4s %6s %8.4f %8.4f %+8.4f %15.1f\n' "$nice" "$(value "hogs.$group.tasks")" \
			"$(value "hogs.$group.share")" "$(value "hogs.$group.ideal")" \
			"$(value "hogs.$group.error")" "$(value "hogs.$group.longest_gap_ms")"
		group=$((group + 1))
	done
}

# shellcheck disable=SC2086	# words of the user's own
if ! sched_start --stats 1 ${SCXU_ARGS:-}; then
	echo "error: the scheduler ended, or was not enabled within a minute; what it said:" >&2
	cat "$SCHED_LOG" >&2
	exit 1
fi
ops=$(sched_ops)
seq=$(enable_seq)
spec=
gets='--get sleeper.lateness_us.p50 --get sleeper.lateness_us.p99 --get sleeper.lateness_us.max
	--get sleeper.delivered --get sleeper.expected --get machine.cpu_used --get hogs_all.never_ran'
group=0
for nice in $nices; do
	spec=$spec${spec:+,}4x$nice
	for key in tasks share ideal error longest_gap_ms; do
		gets="$gets --get hogs.$group.$key"
	done
	group=$((group + 1))
done

echo "Linux $(uname -r), $(nproc) CPUs, scheduled by '$ops' in user space."
echo "Four CPU hogs each at nice $nices, and a task that wakes every millisecond; $seconds s."
echo "Shares of the CPU time of all hogs, and the wake-ups' latency, since the start:"
echo
# shellcheck disable=SC2086	# words
{
	scxu-load --table --seconds "$seconds" --output "$values" $gets "hogs:$spec" sleeper:1000 ||
		trouble "scxu-load ended with status $?"
} | with_state

# Before it is stopped: what the kernel says now.
state=$(sched_state)
end_ops=$(sched_ops)
sched_runs || trouble "at the end the state was $state"
[ "$end_ops" = "$ops" ] || trouble "the scheduler was '$ops' at first and '$end_ops' at the end"
[ "$(enable_seq)" = "$seq" ] || trouble "a scheduler was enabled again during the run"
sched_stop INT || trouble "it did not end within 20 s of SIGINT"
[ "$SCHED_STATUS" = 0 ] || trouble "it ended with status $SCHED_STATUS"

cat <<-END

	The kernel reported        $state, $end_ops
	Decisions in user space    $(number decided) made, $(number decisions) taken up by a CPU, $(number applied) carried out
	Enqueued                   $(number user_enqueues) in user space, $(number kernel_enqueues) kept in the kernel
	Wake-up latency            p50 $(value sleeper.lateness_us.p50), p99 $(value sleeper.lateness_us.p99), max $(value sleeper.lateness_us.max) us, $(value sleeper.delivered) of $(value sleeper.expected) delivered
	CPUs used                  $(value machine.cpu_used) of all their time
	CPU shares:
END
shares
echo
grep '^exit:' "$SCHED_LOG" || echo "exit: it did not say why"
if [ -e "$trouble" ]; then
	sed 's/^/error: /' "$trouble" >&2
	echo "error: the last lines of scx_userland:" >&2
	tail -n 20 "$SCHED_LOG" >&2
	exit 1
fi
exit 0
