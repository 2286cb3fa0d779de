# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a SCHED_FIFO hog on one CPU of four for 5 s
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

fault()
{
	scxu-load --warmup 0 --seconds 6 --get fifo_hogs.cpu_s fifo-hogs:1@seconds=5 >/tmp/fifo
}

# What lies in the local DSQ of that CPU, a hog, one that ends, the agent, would stay there for
# all the time that it has no room for us (5 s on 6.*, after 30 s of which the kernel ejects
# us; .95 s later): another CPU has to take it.
fault_case 10
cat /tmp/fifo
expect "s that the SCHED_FIFO hog had of its CPU" "$(figure /tmp/fifo fifo_hogs.cpu_s)" '>' 3.5
