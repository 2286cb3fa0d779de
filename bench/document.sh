#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bench/document.sh [DIR]: writes docs/PERFORMANCE.md and its plots from what bench/run
# left in DIR (build/bench); bench/run --full calls it. What was tried and what it gave
# is written by hand, in bench/levers.md, and taken in.

set -eu
. "$(dirname "$0")/../setup/common.sh"
cd "$SCXU_ROOT"

case ${1:-} in
-h | --help) sed -n '4,6s/^# \{0,1\}//p' "$0"; exit ;;
esac
from=${1:-build/bench}
to=docs/PERFORMANCE.md

# What the figures are
figures()
{
	awk -F'|' '
		$2 > runs[$1] { runs[$1] = $2; if ($2 > most) most = $2 }
		END {
			for (name in runs)
				few = few || runs[name] < most
			if (most == 1)
				print "Each figure is of one run."
			else
				print "Each figure is the median of perturbed runs, with [least..greatest]" \
					(few ? "; one that has no range is of one run." : ".")
		}' "$from/values"
}

# plot WHAT: its Markdown line, where there is anything to draw
plot()
{
	local file=docs/performance-$1.svg

	if awk -v what="$1" -f bench/plot.awk "$from/schedulers" "$from/values" >"$file.new"; then
		mv "$file.new" "$file"
		printf '![%s](%s)\n\n' "$2" "$(basename "$file")"
	else
		rm -f "$file.new" "$file"
	fi
}

{
	cat <<-END
		# Performance: beside the in-kernel schedulers

		Written by \`$(sed 's/ *$//' "$from/command")\`; do not edit. Linux $(cat "$from/kernel"), QEMU, x86-64;
		$(cat "$from/version").

		$(figures) Runs are in instruction-counted time: an
		instruction of the guest is one nanosecond of its clock, so that a run repeats to the bit on any machine, under any
		load; runs differ in how long they wait before they begin (0, .3, .7 s, after four for which the kernel settles).

		- **EEVDF**: the kernel's own scheduler, no other loaded.
		- **sched_ext alone**: a scheduler without a callback (\`bench/alone.bpf.c\`): what the class itself takes, which
		  none of its schedulers can take less of, but by placing tasks otherwise.
		- **scx_simple**, **kernel's scx_userland**: of the kernel's \`tools/sched_ext\`, built from Debian's sources of the
		  same version.
		- **vruntime**, and what follows it: this scheduler, by policy and options. How much of it is decided in user space is a
		  measure of its own below; with \`--idle kernel\` the kernel part gives a waking task an idle CPU by itself.

		What the recipe does not model:

		- Caches, memory latency, branch prediction, TLBs: each instruction costs the same. The cost of touching a cold
		  record is not in these figures.
		- Interrupt and inter-processor latency, and idle states: a wake-up of an idle CPU costs instructions only.
		- CPUs at the same time: the guest's four take turns of up to 47 us on one clock, so that N busy ones each run at
		  1/N of its speed, and what one of them computes shows in the others' latencies. Compare columns; do not take
		  microseconds for those of a machine. (Without that limit a turn lasts up to a quarter of the time to the next
		  timer: latencies beside busy CPUs are those of the emulator then.)
		- Frequency scaling, other topologies, more CPUs than four.

		Instructions of the scheduler's process are counted with one CPU, where its CPU time in ns (user and kernel side
		of that thread) is the number of its instructions. \`decision carried out\`, \`event\`: by the kernel part's
		counters; for the kernel's scx_userland tasks handed to user space count as both. Instructions of BPF callbacks come from
		the kernel's accounting (\`kernel.bpf_stats_enabled\`), which adds its own clock reads to each call.

	END
	plot growth "instructions for one event against runnable tasks"
	plot latency "wake-up latency"
	awk -v form=markdown -v parts="$(cat "$from/parts")" -f bench/table.awk "$from/schedulers" bench/measures bench/goals "$from/values"
	cat <<-'END'

		A goal compares medians; the ratio is in parentheses. `-`: does not exist there. *not taken*: could not be had, the
		reasons are above.

	END
	[ ! -e bench/levers.md ] || cat bench/levers.md
} >"$to.new"
mv "$to.new" "$to"
progress "wrote $to"
