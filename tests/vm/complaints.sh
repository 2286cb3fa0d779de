#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/vm/complaints.sh [--allow REGEX] FILE...: the lines of a guest's console and of
# what a case printed that no kernel may print during a test. Nothing if there are none.
#
# Not among them is a warning of the kernel's own race (read in 7.3's source, and seen there, once
# in twelve runs of floor-orphan). Where the kernel puts a scheduler in
# charge, scx_enable sets scx_switching_all and then patches the branches of scx_enabled() one after
# the other. A kernel thread that takes its policy meanwhile gets the class ext by the branch in
# task_should_scx(), while the one in next_active_class() still passes that class over: the CPU
# goes idle, and put_prev_task_scx() wonders about SCX_OPS_ENQ_LAST. It says "enabling" then, in
# the lines that tell of sched_ext; at any other time that warning is a complaint. (It was seen where
# each CPU had a thread of the emulator's, which may run code as it was before for a reason of its
# own: emulator-fault.sh.)

set -eu

# The words are those of the kernel's own reports; the command line, which it prints as well, has
# "stall" in it.
BAD='Kernel panic|\bWARNING\b|\bBUG\b|\bOops\b|\bstall(s|ed)?\b|\blockup\b|\bhung\b|general protection|blocked for more than|sched_ext:.*(error|stall)'
NOT_BAD='command line:|Unknown kernel command line'

allow=
if [ "${1:-}" = --allow ]; then
	allow=$2
	shift 2
fi
cat "$@" | tr -d '\r' | awk '
	{ line[NR] = $0 }
	END {
		for (i = 1; i <= NR; i++) {
			racing = 0
			if (line[i] ~ /WARNING: .* put_prev_task_scx\+/)
				for (j = i; j <= i + 8; j++)
					racing = racing || line[j] ~ /Sched_ext: .* \(enabling/
			if (!racing)
				print line[i]
		}
	}' | grep -v '^#\|^ok:\|^FAIL:' | grep -E "$BAD" | grep -vE "$NOT_BAD" |
	{ if [ -n "$allow" ]; then grep -vE "$allow"; else cat; fi; } || true
