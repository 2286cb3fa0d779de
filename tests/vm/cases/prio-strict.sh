# SPDX-License-Identifier: GPL-2.0-only
# what: under prio, hogs at nice 0 leave next to nothing to those at nice 10, which run all the same
# mode: icount
# timeout: 500

start_sched --policy prio
scxu-load --seconds 5 --json --output /tmp/json hogs:8x0,2x10
stop_sched
cat /tmp/json
set -- $(grep -o '"share":[0-9.]*' /tmp/json | grep -o '[0-9.]*$')
expect "share of nice 0" "$1" '>' 0.95
expect "share of nice 10" "$2" '>' 0
set -- $(grep -o '"longest_gap_ms":[0-9.]*' /tmp/json | grep -o '[0-9.]*$')
expect "longest gap of a nice-10 hog, ms" "$2" '<=' 1100
