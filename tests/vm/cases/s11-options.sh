# SPDX-License-Identifier: GPL-2.0-only
# what: every option works
# mode: icount
# timeout: 600

sleep 4

check "--help names every option" sh -c 'for o in batch slice-us stats floor-us affinity idle max-tasks partial verbose version help; do
	scx_userland --help | grep -q -- "--$o" || exit 1; done'
same "--version" "$(scx_userland -V | sed 's/[0-9.]*$/N/')" "scx_userland N"
for options in '-b 1' '--batch 4096' '-s 100' '--slice-us 100000' '--idle kernel' '--affinity agent' \
	'--floor-us 500' '--floor-us 1000000' '--max-tasks 64' '--max-tasks 1048576'; do
	# shellcheck disable=SC2086
	start_sched $options
	scxu-load --no-rt --warmup 0.1 --seconds 0.5 --get hogs_all.never_ran hogs:6x0 sleeper:5000 >/tmp/load
	same "$options: hogs that never ran" "$(sed -n 's/^hogs_all.never_ran //p' /tmp/load)" 0
	stop_sched
done
start_sched --partial -v
scxu-load --no-rt --seconds 1 hogs:2x0@policy=other sleeper:5000
stop_sched
expect "--partial: ordinary tasks in user space" "$(stat user_enqueues)" == 0
start_sched --partial --floor-us 500000
scxu-load --no-rt --seconds 1 hogs:6x0@policy=ext
stop_sched
expect "--partial: tasks of class SCHED_EXT in user space" "$(stat user_enqueues)" '>' 5
