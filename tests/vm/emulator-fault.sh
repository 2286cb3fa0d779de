#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/vm/emulator-fault.sh CONSOLE: true where the guest's kernel died of what no machine does:
# it came across a breakpoint that was not in memory.
#
# A kernel changes a branch of its code while other CPUs run it: it writes a breakpoint (int3, cc),
# the rest, and last the first byte, and after each step waits until all CPUs have taken an
# interrupt. Its handler knows the place until then, so none can meet the breakpoint later. QEMU
# keeps what it has translated, and throws it away just before a write to that code; with a thread
# for each CPU (mode "parallel"), another CPU may translate between the two, and the old bytes
# stay. The kernel shows the code as it is in memory: with no cc before the instruction pointer,
# the breakpoint was the translation's alone. Seen once in some 115 times that a scheduler was
# loaded and unloaded, two guests of four CPUs on two cores; and what is kept may as well be the
# branch as it was before, of which nothing tells.

set -eu

tr -d '\r' <"$1" | awk '
	/Oops: int3:/ { dying = 1 }
	dying && /Code: / {
		for (i = 2; i <= NF; i++)
			if ($i ~ /^<..>$/)
				exit found = $(i - 1) ~ /^[0-9a-f][0-9a-f]$/ && $(i - 1) != "cc"
		exit
	}
	END { exit !found }'
