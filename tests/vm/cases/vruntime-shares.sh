# SPDX-License-Identifier: GPL-2.0-only
# what: shares of four hogs each at nice 0, 5, 10, 19 follow the weights; no gap beyond .8 s
# mode: icount
# timeout: 500

start_sched
scxu-load --seconds 5 --json --output /tmp/json hogs:4x0,4x5,4x10,4x19
stop_sched
expect "page faults of the agent" "$(stat faults)" == 0
set -- $(grep -o '"share":[0-9.]*' /tmp/json | grep -o '[0-9.]*$')
within "share of nice 0" "$1" 0.690 0.02
within "share of nice 5" "$2" 0.226 0.02
within "share of nice 10" "$3" 0.074 0.02
within "share of nice 19" "$4" 0.010 0.005
set -- $(grep -o '"longest_gap_ms":[0-9.]*' /tmp/json | grep -o '[0-9.]*$')
# 1160 to 1750 while its turns were as long as those of others
expect "longest gap of a nice-19 hog, ms" "$4" '<=' 800
