# SPDX-License-Identifier: GPL-2.0-only
# what: who is woken by one that said it would sleep, and does not, waits for the watch (2 ms) and not for the end of a slice of 20 ms
# mode: icount
# timeout: 400

# late OPTIONS...: what waker-stays says of them
late()
{
	start_sched --slice-us 20000 "$@"
	waker-stays 3 >/tmp/late || echo "FAIL: waker-stays ended with status $?"
	cat /tmp/late
	set -- "${*:-vruntime}" $(cat /tmp/late)
	expect "$1: readers woken" "${3:-0}" '>' 500
	expect "$1: how late, p99, us" "${5:-999999}" '<=' 4500
	check "$1: still loaded" sched_alive
	stop_sched
}

late
late --decide standing
# a late floor has no rare looks, each 250 ms: then the end of the slice is sooner
late --decide standing --floor-us 500000
late --idle kernel
