# SPDX-License-Identifier: GPL-2.0-only
# what: 10 000 runnable tasks: all run, shares hold, no ejection, a round is bounded
# mode: icount
# mem: 3G
# timeout: 1500

start_sched --stats 2
scxu-load --warmup 12 --seconds 54 --tail 30 --ready 120 --get hogs_threads.0.share --get hogs_threads.0.ideal_scx \
	--get hogs_threads.0.never_ran --get hogs_threads.1.never_ran --get hogs_threads_all.unfinished --get hogs_threads_all.longest_gap_ms \
	--get machine.cpu_used hogs-threads:5000x0,5000x5 | tee /tmp/load
check "the scheduler is still loaded" sched_alive
stop_sched
grep -v "|" "$SCHED_LOG"
grep "|" "$SCHED_LOG" | cut -c1-165
value()
{
	sed -n "s/^$1 //p" /tmp/load
}
# One that got several rounds' worth of CPU while the others were let go is ahead of its
# share for long; the bound on starvation (15 s) is what runs it. (In a turn of a ms or two
# one may not get to a single instruction of its own; nice 5 has three of them here.)
same "nice 0: tasks that did not run in the window" "$(value hogs_threads.0.never_ran)" 0
expect "nice 5: tasks that did not run in the window" "$(value hogs_threads.1.never_ran)" '<' 10
expect "tasks that did not run again after it" "$(value hogs_threads_all.unfinished)" '<' 10
# A nice-5 task's turn comes each 12 s or so here, and all have one turn in 7 s; the
# kernel's watchdog waits 30 s. (Not the load's gap: four CPUs share one clock here, and
# in a turn of a ms or two a task may not get to a single instruction of its own.)
expect "longest wait for a turn, ms" "$(($(stat wait_max_us) / 1000))" '<' 26000
# A round of nice 5 takes 17 to 21 s, the fourth part of it in one go, so that one more or
# less of these is in the window: 5 %. (.716 to .782 were seen.)
within "share of nice 0" "$(value hogs_threads.0.share)" "$(value hogs_threads.0.ideal_scx)" 0.05
expect "CPUs used" "$(value machine.cpu_used)" '>=' 0.99
expect "of the tasks decided in user space" "$(stat applied)" '>' 3000
expect "page faults of the agent" "$(stat faults)" == 0
