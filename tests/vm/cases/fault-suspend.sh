# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: a suspend: all of user space frozen, the agent too, and all CPUs but one offline
# mode: icount
# eevdf: yes
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# timeout: 600

. "${0%/*}/faults.sh"

# A suspend to disk as far as it gets without a disk: when all is frozen and saved, the
# kernel finds no place for it, and goes back. (Of a suspend to memory no guest wakes.)
suspends()
{
	echo disk >/sys/power/state 2>/tmp/error
	grep -q 'No such device' /tmp/error || cat /tmp/error
}

# frozen: how often, and for how long at most, ms
frozen()
{
	dmesg | sed 's/^\[ *//' | awk '
		/Freezing user space processes *(\.|$)/ { begin = $1 }
		/Restarting tasks.*[Dd]one/ {
			n++
			ms = ($1 - begin) * 1000
			if (ms > most)
				most = ms
		}
		END { print n + 0, most + 0 }'
}

fault()
{
	suspends
	sleep 1
	FROZEN_MS=$(frozen | awk '{ print $2 }')
}

fault_case 6
say "frozen, times and ms: $(frozen)"
dmesg | grep -i 'freezing\|restarting tasks\|PM:\|non-boot\|CPU[1-3] is up' | tail -n 14
expect "times frozen" "$(frozen | cut -d' ' -f1)" == 1
expect "times that CPUs went" "$(dmesg | grep -c 'CPU [1-3] is now offline')" == 3
same "CPUs that are online" "$(cat /sys/devices/system/cpu/online)" 0-3
