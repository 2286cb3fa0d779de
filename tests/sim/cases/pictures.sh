# shellcheck shell=bash disable=SC2154  # out, policies and generated: run.sh and lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The picture of a run: --gantt.

# Every class is in the legend, and no CPU runs two tasks at a time.
test_gantt()
{
	sim --cpus 6 --workload hogs:4x0,4x5,2x10,1x15+sleeper:1ms+bursts:2+locks:3+yielders:2+pingpong:1+churn:2ms+forks:1 \
		--duration 1 --gantt "$out/g.svg" --gantt-from 100 --gantt-ms 50 --hotplug 2:110:130 \
		--agent-fault 115:125 --json >"$out/g.json" || return 1
	python3 - "$out/g.svg" "$out/g.json" <<-'END' 2>&1
		import json, sys, xml.dom.minidom as d
		svg = d.parse(sys.argv[1])
		said = [t.firstChild.data for t in svg.getElementsByTagName("text")]
		wanted = [c["name"] for c in json.load(open(sys.argv[2]))["classes"]]
		for name in wanted + ["agent", "idle", "offline", "agent stopped", "100 ms", "CPU 5"]:
		    if name not in said and name.replace(" ms", ".0 ms") not in said:
		        sys.exit("there is no %s in the picture" % name)
		lanes = {}
		for r in svg.getElementsByTagName("rect"):
		    if r.getElementsByTagName("title"):
		        x, y, width = (float(r.getAttribute(a)) for a in ("x", "y", "width"))
		        lanes.setdefault(y, []).append((x, x + width))
		if len(lanes) != 6 or sum(map(len, lanes.values())) < 100:
		    sys.exit("%d lanes" % len(lanes))
		for y, bars in lanes.items():
		    bars.sort()
		    for (_, end), (x, _) in zip(bars, bars[1:]):
		        if end > x + 1: # as wide as a sliver is drawn
		            sys.exit("on the lane at %.0f one ends at %.2f and the next begins at %.2f" % (y, end, x))
	END
}

# labels SVG: the times at the first and at the last line of the axis, in whole ms
labels()
{
	sed -n 's,.*>\([0-9]*\)[.0-9]* ms</text>,\1,p' "$1" | sed -n '1p;$p' | paste -sd' '
}

# A picture is of what has happened, in the time asked for: wherever in the run that is.
test_gantt_times()
{
	local svg=$out/times.svg bars

	says '--gantt-from 1000: the run ends at 1000 ms: give less' \
		--workload hogs:1 --duration 1 --gantt "$svg" --gantt-from 1000
	says 'give it too' --workload hogs:1 --gantt-ms 5
	sim --workload hogs:1 --duration-ms 30 --gantt "$svg" --gantt-from 10 >/dev/null || return 1
	[ "$(labels "$svg")" = "10 30" ] || { echo "of 10 to 30 ms it shows $(labels "$svg")"; return 1; }

	sim --workload pingpong:6 --duration 2 --gantt "$svg" --gantt-from 1990 --gantt-ms 10 >/dev/null || return 1
	bars=$(grep -c '<title>' "$svg")
	[ "$bars" -ge 1000 ] || { echo "$bars bars after a million runs"; return 1; }
	fails 'more than 131072 runs .* give less with --gantt-ms' \
		sim --workload pingpong:6 --duration 1 --gantt "$svg" --gantt-ms 1000
	fails '--gantt /dev/full: No space left' sim --workload hogs:1 --duration-ms 30 --gantt /dev/full
	# before the run: of nothing there is a report
	fails "--gantt $out: Is a directory" sim --workload hogs:1 --duration-ms 30 --gantt "$out" || return 1
	fails "--gantt $out/none/a.svg: No such file" sim --workload hogs:1 --duration-ms 30 --gantt "$out/none/a.svg" || return 1
	! grep -q share "$out/failed" || { echo "that there will be no picture is told after the run"; return 1; }
	says "--gantt: give a file's name" --workload hogs:1 --gantt ''
	says "--gantt: give a file's name" --workload hogs:1 --gantt -

	# of a violation, what came before it; or what was asked for
	violates 'starvation: ' build/cli/scx_userland sim --cpus 1 --workload hogs:64 --starve-ms 119 \
		--gantt "$svg" --gantt-ms 20 || return 1
	[ "$(labels "$svg")" = "100 120" ] || { echo "of a violation at 120 ms it shows $(labels "$svg")"; return 1; }
	violates 'starvation: ' build/cli/scx_userland sim --cpus 1 --workload hogs:64 --starve-ms 119 \
		--gantt "$svg" --gantt-ms 20 --gantt-from 40 || return 1
	[ "$(labels "$svg")" = "40 60" ] || { echo "of 40 to 60 ms it shows $(labels "$svg")"; return 1; }
	fails 'no picture: the same run ends otherwise the second time' \
		sim --policy build/tests/sim/unfit.so:once=1 --workload hogs:1 --duration-ms 50 --gantt "$svg"
}
