# SPDX-License-Identifier: GPL-2.0-only
# what: tasks that change affinity, nice, class, exit, and reuse pids meet no wrong decision
# mode: parallel
# timeout: 500

start_sched --floor-us 500000
scxu-load --seconds 4 affinity-churn:20 nice-churn:8 class-churn:4 exit-churn:8 hogs:4x0
check "loaded after churn" sched_alive
scxu-load --seconds 3 pid-reuse:8@bound_ms=20000 hogs:8x0 sleeper:2000
check "loaded after pid reuse" sched_alive
stop_sched
start_sched --affinity agent --floor-us 500000
scxu-load --seconds 4 affinity-churn:20 exit-churn:4 hogs:4x0
check "loaded after churn, --affinity agent" sched_alive
stop_sched
expect "decisions carried out" "$(stat applied)" '>' 0
# of tasks that exited, wait again or may not run there any more by the time
expect "decisions dropped and counted" "$(($(stat stale) + $(stat bounced)))" '>' 0
expect "values out of range" "$(stat invalid)" == 0
