# SPDX-License-Identifier: GPL-2.0-only
# what: SIGINT and SIGTERM unload within a second, idle and under load
# mode: icount
# timeout: 500

# ends SIGNAL: how long it takes, in hundredths of a second of the guest
ends()
{
	begin=$(cut -d' ' -f1 /proc/uptime)
	kill "-$1" "$SCHED_PID"
	while [ "$(sched_state)" != disabled ]; do sleep 0.02; done
	end=$(cut -d' ' -f1 /proc/uptime)
	wait "$SCHED_PID"
	same "exit status after $1" $? 0
	SCHED_PID=
	expect "seconds until unloaded after $1, $2" "$(awk -v a="$begin" -v b="$end" 'BEGIN { print b - a }')" '<=' 1
	check "exit information is printed" grep -q '^exit: unregistered from user space' "$SCHED_LOG"
}

start_sched
sleep 1
ends INT idle
start_sched
sleep 1
ends TERM idle
for signal in INT TERM; do
	start_sched
	scxu-load --seconds 3 hogs:16x0 sleeper:1000 >/dev/null &
	load=$!
	sleep 1
	ends $signal "under load"
	kill $load
	wait $load 2>/dev/null
done
