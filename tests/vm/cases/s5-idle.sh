# SPDX-License-Identifier: GPL-2.0-only
# what: on an idle machine the agent sleeps: no load, no pressure, at most 2 wake-ups a second
# mode: icount
# timeout: 300

wakeups()
{
	cat /proc/"$SCHED_PID"/task/*/status | awk '/voluntary_ctxt_switches/ { n += $2 } END { print n }'
}

start_sched
sleep 4
before=$(wakeups)
scxu-load --probe-idle 20 --json >/tmp/idle
after=$(wakeups)
cat /tmp/idle
expect "wake-ups of all its threads in 20 s" $((after - before)) '<=' 40
psi=$(grep -o '"psi_cpu_some_us":[0-9.]*' /tmp/idle | grep -o '[0-9.]*$')
expect "CPU pressure in 20 s, us" "${psi:-missing}" '<' 20000
expect "load average" "$(cut -d' ' -f1 /proc/loadavg)" '<' 0.3
stop_sched
