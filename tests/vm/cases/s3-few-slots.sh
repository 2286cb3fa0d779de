# SPDX-License-Identifier: GPL-2.0-only
# what: tasks beyond --max-tasks stay in the kernel, run, and return when slots free
# mode: icount
# timeout: 500

start_sched --max-tasks 64 --stats 1
scxu-load --warmup 0.2 --seconds 1 --get hogs_threads_all.never_ran --get hogs_threads_all.longest_gap_ms \
	hogs-threads:200x0 | tee /tmp/many
sleep 1
scxu-load --warmup 0.2 --seconds 1 --get hogs_all.never_ran hogs:6x0 >/tmp/few
stop_sched
expect "tasks that never ran" "$(sed -n 's/^hogs_threads_all.never_ran //p' /tmp/many)" == 0
expect "longest gap, ms" "$(sed -n 's/^hogs_threads_all.longest_gap_ms //p' /tmp/many)" '<' 1500
expect "tasks kept in the kernel for want of slots" "$(stat no_slot)" '>' 100
expect "slots in use at the end" "$(stat slots_used)" '<=' 64
# the intervals with the six hogs, all in user space again
last=$(grep '|.*|.*|.*agent$' "$SCHED_LOG" | tail -n 3 | awk '$1 > n { n = $1 } END { print n + 0 }')
expect "enqueues to user space a second after slots were free" "$last" '>' 200
