# SPDX-License-Identifier: GPL-2.0-only
# what: each task has a context of its own, from its first wait to its exit
# mode: icount
# timeout: 500

start_sched
before=$(slots | wc -l)
scxu-load --no-rt --seconds 4 hogs:3x0,3x10 >/dev/null &
load=$!
sleep 3
slots >/tmp/slots
# of each hog, what the records say and what the kernel does
hogs=0
while read -r pid weight runtime vtime name; do
	# not what starts and watches them
	if [ "$name" != scxu-load ] || [ "$runtime" -lt 50000000 ]; then
		continue
	fi
	nice=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f17)
	ran=$(cut -d' ' -f1 "/proc/$pid/schedstat")
	echo "$pid nice $nice weight $weight ran $runtime of $ran vtime $vtime"
	hogs=$((hogs + 1))
	case $nice in
	0) same "weight of $pid, nice 0" "$weight" 100 ;;
	10) same "weight of $pid, nice 10" "$weight" 11 ;;
	*) check "nice of $pid: $nice is 0 or 10" false ;;
	esac
	# at its last wait: who is ahead of all others runs on without one
	expect "ns that $pid had run at its last wait" "$runtime" '<=' "$ran"
	expect "ns that $pid had run at its last wait" "$runtime" '>=' $((ran / 2))
	echo "$runtime" >>/tmp/runtimes
	echo "$vtime" >>/tmp/vtimes
done </tmp/slots
expect "hogs that have a context" "$hogs" == 6
expect "different run times" "$(sort -u /tmp/runtimes | wc -l)" == 6
# a CPU each is less than the three of nice 0 are worth: they lag as far as is allowed
expect "different virtual times" "$(sort -u /tmp/vtimes | wc -l)" '>=' 4
wait "$load"
# thousands of tasks come and go: no context outlives its task
scxu-load --no-rt --seconds 2 --get forkers.forks --get exit_churn.exits forkers:4 exit-churn:8 | tee /tmp/forks
sleep 1
slots >/tmp/after
expect "tasks that came and went" "$(awk '{ n += $2 } END { print n }' /tmp/forks)" '>' 500
expect "contexts more than at the beginning" "$(($(wc -l </tmp/after) - before))" '<=' 4
gone=0
while read -r pid _ _ _ name; do
	[ -d "/proc/$pid" ] || { gone=$((gone + 1)); echo "gone: $pid $name"; }
done </tmp/after
# the shell's own children end meanwhile
expect "contexts whose task is gone" "$gone" '<=' 2
stop_sched
