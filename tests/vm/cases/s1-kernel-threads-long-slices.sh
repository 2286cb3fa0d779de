# SPDX-License-Identifier: GPL-2.0-only
# what: kernel threads bound to a CPU do not wait for the end of long slices
# mode: icount
# add: chrt
# timeout: 400

sleep 4
start_sched --policy fifo --slice-us 100000
scxu-load --no-rt --seconds 6 hogs:8x0 >/dev/null &
load=$!
sleep 1
# each has a kernel thread on every CPU do something, and waits for it; itself it waits for nobody
began=$(cut -d " " -f 1 /proc/uptime)
chrt -f 1 sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do echo 1 >/proc/sys/vm/stat_refresh; done'
ended=$(cut -d " " -f 1 /proc/uptime)
wait $load
stop_sched
expect "ten times on each CPU, s" "$(awk -v a="$began" -v b="$ended" 'BEGIN { print b - a }')" '<' 0.4
