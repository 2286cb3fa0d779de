# SPDX-License-Identifier: GPL-2.0-only
# what: a thread that execs takes over its process's pid and is scheduled on

start_sched --floor-us 500000
for i in 1 2 3 4 5 6 7 8; do
	same "what the new program says" "$(exec-by-thread sh -c 'sleep 0.05; n=0; while [ $n -lt 200 ]; do n=$((n + 1)); done; echo alive')" alive
done
stop_sched
