# SPDX-License-Identifier: GPL-2.0-only
# what: a decision among thousands of tasks costs the agent little more than one among ten
# mode: icount
# cpus: 1
# mem: 2G
# timeout: 900

# one instruction is one ns here: the agent's CPU time per decision, ns
per_decision()
{
	scxu-load --no-rt --warmup 3 --seconds 60 --tail 0 --ready 60 "hogs-threads:$1x0" >/dev/null &
	load=$!
	# among thousands the shell itself has to wait, too: the load lasts until it is killed
	sleep "$2"
	set -- $(counts)
	sleep 3
	set -- "$1" "$2" $(counts)
	kill "$load"
	wait "$load"
	awk -v cpu=$(($3 - $1)) -v n=$(($4 - $2)) 'BEGIN { if (n > 500) printf "%.0f\n", cpu / n }'
}

# CPU time of the agent's process in ns (%d of this awk ends at 2^31), decisions applied
counts()
{
	awk '{ ns += $1 } END { printf "%.0f ", ns }' /proc/"$SCHED_PID"/task/*/schedstat
	counter applied
}

start_sched
few=$(per_decision 10 2)
many=$(per_decision 2000 6)
stop_sched
echo "ns per decision: $few with 10 tasks, $many with 2000"
expect "ns per decision with 10 tasks" "$few" '>' 0
expect "ns per decision with 2000 tasks" "$many" '>' 0
# a list's cost would be two hundred times as much
expect "2000 tasks beside 10" "$(awk -v a="$few" -v b="$many" 'BEGIN { if (a > 0) printf "%.2f", b / a }')" '<=' 2
