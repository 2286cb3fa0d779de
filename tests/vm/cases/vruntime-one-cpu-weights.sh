# SPDX-License-Identifier: GPL-2.0-only
# what: a nice 0 and a nice 5 hog on one CPU: weights have effect among two tasks
# mode: icount
# cpus: 1
# mem: 2G
# timeout: 300

start_sched
scxu-load --seconds 3 --json --output /tmp/json hogs:1x0,1x5
stop_sched
set -- $(grep -o '"share":[0-9.]*' /tmp/json | grep -o '[0-9.]*$')
within "share of nice 0" "$1" 0.752 0.02
