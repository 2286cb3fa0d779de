# SPDX-License-Identifier: GPL-2.0-only
# what: N hogs use at least 99.5 % of min(N, 4) CPUs; one hog 99.8 %
# mode: icount
# timeout: 700

sleep 4
start_sched
for n in 1 2 3 4 5 8 16; do
	scxu-load --no-rt --warmup 0.3 --seconds 1 --get machine.loads_cpu_s --get machine.loads_used \
		--get machine.cpu_used hogs:${n}x0 >/tmp/load
	used=$(sed -n 's/^machine.loads_used //p' /tmp/load)
	cpu=$(sed -n 's/^machine.cpu_used //p' /tmp/load)
	if [ $n -lt 4 ]; then
		expect "$n hogs got of what they could use" "$used" '>=' "$([ $n = 1 ] && echo 0.998 || echo 0.995)"
	else
		# on one clock, the agent's instructions are missing from every CPU's time
		expect "$n hogs: CPUs used" "$cpu" '>=' 0.995
		expect "$n hogs got of what they could use" "$used" '>=' 0.9
	fi
done
