# SPDX-License-Identifier: LGPL-2.1-or-later
# what: no kernel thread is ever handed to user space
# mode: fast

start_sched --floor-us 500000
# kernel threads have work too: writes, RCU, migrations, forks
scxu-load --no-rt --seconds 10 hogs:8x0 exit-churn:4 affinity-churn:4 >/dev/null &
load=$!
tries=60
until [ "$(slots | wc -l)" -gt 10 ] || [ $tries = 0 ]; do sleep 0.2; tries=$((tries - 1)); done
slots >/tmp/slots
dd if=/dev/zero of=/tmp/file bs=1M count=50 2>/dev/null
sync
echo 3 >/proc/sys/vm/drop_caches
slots >>/tmp/slots
cat /tmp/slots
expect "tasks that have a slot" "$(wc -l </tmp/slots)" '>' 8
while read -r pid _ _ _ name; do
	# flags, the ninth field: PF_KTHREAD
	flags=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f7)
	[ -z "$flags" ] || [ $((flags & 0x200000)) = 0 ] || check "kernel thread $pid ($name) has no slot" false
done </tmp/slots
wait "$load"
expect "tasks kept in the kernel" "$(counter kernel_enqueues)" '>' 50
