# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# sample.sh KIND PID AFTER FOR: in a guest of bench/run, in the real-time class. Waits for
# the heading of scxu-load's table (its tasks have begun) and AFTER seconds more, reads
# counters twice, FOR seconds apart, and prints "NAME DIFFERENCE" for each:
#
#	cpu_ns			of the thread that decides; of all for KIND "other"
#	switches		context switches of the machine
#	events			tasks handed to user space
#	decisions, applied	taken by a CPU; carried out
#	wakes			times that the agent was woken
#	run_ns.X, run_cnt.X	of BPF callback X, where the kernel accounts for them

kind=$1 pid=$2 after=$3 for=$4

# The one thread that decides, if it is known; else all.
threads()
{
	case $kind in
	ours) grep -lx scxu-agent /proc/"$pid"/task/*/comm | sed 's,/comm$,,' ;;
	example) echo "/proc/$pid/task/$pid" ;;
	*) echo /proc/"$pid"/task/* ;;
	esac
}

counters()
{
	for thread in $(threads); do
		cat "$thread/schedstat"
	done | awk '{ n += $1 } END { print "cpu_ns", n }'
	awk '/^ctxt/ { print "switches", $2 }' /proc/stat
	case $kind in
	ours)
		scxu_status
		;;
	example)
		# each task handed over is answered by one decision
		bpftool map dump name scx_user.bss | sed -n 's/.*"nr_user_enqueues": \([0-9]*\).*/\1/p' |
			awk '{ print "events", $1; print "decisions", $1; print "applied", $1 }'
		;;
	esac
	[ "$(cat /proc/sys/kernel/bpf_stats_enabled)" = 0 ] || bpftool prog show | awk '
		$2 == "struct_ops" {
			name = ns = count = ""
			for (i = 1; i < NF; i++) {
				if ($i == "name") name = $(i + 1)
				if ($i == "run_time_ns") ns = $(i + 1)
				if ($i == "run_cnt") count = $(i + 1)
			}
			if (count == "")
				next
			sub(/^[a-z]+_/, "", name)
			print "run_ns." name, ns
			print "run_cnt." name, count
		}'
}

scxu_status()
{
	scx_userland status --counters | awk '
		$1 == "user_enqueues" { print "events", $2 }
		$1 == "decisions" || $1 == "applied" || $1 == "wakes" { print $1, $2 }'
}

tries=400
while ! [ -s /tmp/table ]; do
	tries=$((tries - 1))
	if [ "$tries" = 0 ]; then
		echo "its tasks have not begun within 20 s" >&2
		exit 1
	fi
	sleep 0.05
done
sleep "$after"
counters >/tmp/before
sleep "$for"
counters >/tmp/after
awk 'NR == FNR { before[$1] = $2; next } { print $1, $2 - before[$1] }' /tmp/before /tmp/after
