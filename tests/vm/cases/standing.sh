# SPDX-License-Identifier: GPL-2.0-only
# what: --decide standing: wake-ups are decided by what the agent left, shares hold, the floor works
# matrix: 6.12, 6.18, 7.3, newest
# mode: icount
# timeout: 900

check "fifo leaves none: refused" sh -c '! scx_userland --decide standing --policy fifo >/tmp/refused 2>&1'
check "and told why" grep -q "policy fifo leaves no standing decisions" /tmp/refused

value()
{
	sed -n "s/^$1 //p" /tmp/load
}

# moved: of the times that a timer woke one of four tasks beside hogs, the part after which it ran on another CPU
moved()
{
	scxu-load --warmup 0.3 --seconds 2.5 --output /dev/null sleeper:4000x4@jitter=100 hogs:8x0 &
	moved_load=$!
	sleep 1.5
	awk '
		function add() { if (wakes > 100) { all_moves += moves; all_wakes += wakes } }
		FNR == 1 { add(); ours = /^scxu-load/; moves = wakes = 0 }
		ours && /^se.nr_migrations/ { moves = $3 }
		ours && /^nr_voluntary_switches/ { wakes = $3 }
		END { add(); print (all_wakes > 800 ? all_moves / all_wakes : "only " all_wakes + 0 " wake-ups") }' \
		/proc/[0-9]*/task/*/sched
	wait "$moved_load"
}

# no other CPU is interrupted for a task that may displace the one where it wakes
start_sched --decide standing --policy vruntime
expect "wake-ups after which a task ran on another CPU, of all" "$(moved)" '<=' 0.3

for policy in vruntime eevdf; do
	hand_over --decide standing --policy $policy
	expect "exit status of who gave way" "$handed_over" == 0
	standing=$(counter standing) enqueues=$(counter user_enqueues) applied=$(counter applied) invalid=$(counter invalid)
	check "status has it" sh -c 'scx_userland status | grep -q "^options: .*--decide standing"'
	scxu-load --no-rt --warmup 0.5 --seconds 2 --get sleeper.lateness_us.p99 --get sleeper.delivered \
		--get hogs.0.share --get hogs.0.ideal_scx --get hogs_all.never_ran --get pingpong.round_trips_per_s \
		hogs:4x0,4x5 sleeper:1000 pingpong:1 >/tmp/load
	check "$policy: still loaded" sched_alive
	standing=$(($(counter standing) - standing)) enqueues=$(($(counter user_enqueues) - enqueues))
	# each millisecond one, and two for each round trip
	expect "$policy: wake-ups by standing decisions" "$standing" '>' 3000
	expect "$policy: of each that the agent decided" \
		"$(awk -v a="$standing" -v b="$enqueues" 'BEGIN { print b ? a / b : 0 }')" '>' 1
	expect "$policy: decisions of the agent" "$(($(counter applied) - applied))" '>' 300
	expect "$policy: the sleeper's lateness, p99, us" "$(value sleeper.lateness_us.p99)" '<=' 5000
	expect "$policy: hogs that never ran" "$(value hogs_all.never_ran)" == 0
	within "$policy: share of nice 0" "$(value hogs.0.share)" "$(value hogs.0.ideal_scx)" 0.02
	expect "$policy: values out of range" "$(($(counter invalid) - invalid))" == 0
done

# any value may be there
hand_over --decide standing
scxu-load --no-rt --warmup 0.5 --seconds 4 --get sleeper.unfinished --get hogs_all.never_ran --get hogs_all.unfinished \
	--get exit_churn.failures hogs:4x0,4x5 sleeper:1000 pingpong:1 exit-churn:2 >/tmp/load &
load=$!
sleep 1
kill -9 "$SCHED_PID"
wait "$SCHED_PID" 2>/dev/null
check "300 000 standing decisions at random" hostile standing 300000
start_sched --decide standing
wait $load
same "exit status of the load" $? 0
same "tasks lost: none of each" "$(sed 's/.* //' /tmp/load | tr '\n' ' ')" "0 0 0 0 "
# each has the floor take over, for longer each time
expect "invalid ones that were seen" "$(counter invalid)" '>=' 3
stop_sched
