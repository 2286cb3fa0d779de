# SPDX-License-Identifier: GPL-2.0-only
# what: two hogs pinned to each CPU and four free ones: all get their share
# mode: icount
# timeout: 400

start_sched
scxu-load --warmup 0.5 --seconds 2 hogs:2x0@cpus=0 hogs:2x0@cpus=1 hogs:2x0@cpus=2 hogs:2x0@cpus=3 \
	hogs:4x0 --json --output /tmp/json
stop_sched
# twelve equal hogs on four CPUs: a third of a CPU, 667 ms of 2 s, each
for kind in hogs hogs2 hogs3 hogs4 hogs5; do
	set -- $(sed "s/.*\"$kind\"://" /tmp/json | grep -o '"task_cpu_ms":{"min":[0-9.]*' | head -n 1 | grep -o '[0-9.]*$')
	expect "$kind: least CPU time of one, ms" "$1" '>' 450
	set -- $(sed "s/.*\"$kind\"://" /tmp/json | grep -o '"longest_gap_ms":[0-9.]*' | head -n 1 | grep -o '[0-9.]*$')
	expect "$kind: longest gap, ms" "$1" '<' 120
done
