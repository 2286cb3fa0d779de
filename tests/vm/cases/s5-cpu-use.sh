# SPDX-License-Identifier: GPL-2.0-only
# what: N hogs use at least 99.5 % of min(N, 4) CPUs, for each N from 1 to 16; one hog 99.8 %
# mode: icount
# turn: 47
# timeout: 700

# What the hogs themselves get of the CPUs where they could use all of them: the agent's
# instructions, and those of handing over to it, are missing from that; on one clock from
# every CPU's time. Reached is .9968 to .9987. In long turns of the emulated CPUs, which an
# activation of the agent waits for, it is less.
OWN=0.995

start_sched
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	scxu-load --no-rt --warmup 0.2 --seconds 0.7 --get machine.loads_cpu_s --get machine.loads_used \
		--get machine.cpu_used hogs:${n}x0 >/tmp/load
	used=$(sed -n 's/^machine.loads_used //p' /tmp/load)
	cpu=$(sed -n 's/^machine.cpu_used //p' /tmp/load)
	if [ $n -lt 4 ]; then
		expect "$n hogs got of what they could use" "$used" '>=' "$([ $n = 1 ] && echo 0.998 || echo 0.995)"
	else
		expect "$n hogs: CPUs used" "$cpu" '>=' 0.995
		expect "$n hogs got of what they could use" "$used" '>=' $OWN
	fi
done
