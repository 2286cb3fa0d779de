# SPDX-License-Identifier: GPL-2.0-only
# what: tasks of limited affinity and kernel threads never reach user space, unless --affinity agent; a woken one does not wait for a slice's end
# mode: icount
# timeout: 400

# load FILE: three hogs on two CPUs, nothing else; the report's values
load()
{
	scxu-load --no-rt --warmup 0.2 --seconds 1 --get hogs.0.longest_gap_ms \
		--get hogs.0.task_share.min --get hogs_all.used hogs:3x0@cpus=0-1 | tee "$1"
}

# contained FILE: the same, in a container of two CPUs
contained()
{
	sh -c 'echo $$ >/sys/fs/cgroup/two/cgroup.procs && exec "$@"' - scxu-load --no-rt --warmup 0.2 --seconds 1 \
		--get hogs.0.longest_gap_ms --get hogs.0.task_share.min --get hogs_all.cpu_s hogs:3x0 | tee "$1"
}

value()
{
	sed -n "s/^$2 //p" "$1"
}

start_sched
load /tmp/kernel
stop_sched
# 500 slices a second end: only scxu-load itself may have come
expect "tasks handed to the agent" "$(stat user_enqueues)" '<' 120
expect "tasks kept in the kernel" "$(stat kernel_enqueues)" '>' 200
within "least share of three hogs" "$(value /tmp/kernel hogs.0.task_share.min)" 0.333 0.03
expect "longest gap, ms" "$(value /tmp/kernel hogs.0.longest_gap_ms)" '<' 60

start_sched --affinity agent
load /tmp/agent
stop_sched
expect "tasks handed to the agent, --affinity agent" "$(stat user_enqueues)" '>' 200
within "least share of three hogs, --affinity agent" "$(value /tmp/agent hogs.0.task_share.min)" 0.333 0.03
expect "longest gap, ms, --affinity agent" "$(value /tmp/agent hogs.0.longest_gap_ms)" '<' 60

# a cpuset does not take a container's tasks out of the policy
echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/two
echo 0-1 >/sys/fs/cgroup/two/cpuset.cpus
start_sched --affinity agent
contained /tmp/cpuset
stop_sched
expect "tasks of a cpuset handed to the agent, --affinity agent" "$(stat user_enqueues)" '>' 200
within "least share of three hogs of a cpuset" "$(value /tmp/cpuset hogs.0.task_share.min)" 0.333 0.03
within "CPU time that they have of two CPUs in 1 s, s" "$(value /tmp/cpuset hogs_all.cpu_s)" 2 0.05
expect "longest gap, ms, in a cpuset" "$(value /tmp/cpuset hogs.0.longest_gap_ms)" '<' 60

# who wakes on the one CPU that it may use is before the hog there, the agent in charge or not
pinned_sleeper()
{
	scxu-load --no-rt --warmup 0.5 --seconds 2 --get sleeper.lateness_us.p99 --get sleeper.delivered \
		hogs:8x0 sleeper:1000@cpus=1 | tee /tmp/sleeper
	expect "a pinned sleeper's lateness, p99, us, $1" "$(value /tmp/sleeper sleeper.lateness_us.p99)" '<=' 1000
	expect "its wake-ups in 2 s, $1" "$(value /tmp/sleeper sleeper.delivered)" '>=' 1500
}

start_sched
pinned_sleeper "the agent in charge"
kill -STOP "$SCHED_PID"
sleep 0.1
pinned_sleeper "the agent stopped"
kill -CONT "$SCHED_PID"
sleep 0.1
stop_sched
