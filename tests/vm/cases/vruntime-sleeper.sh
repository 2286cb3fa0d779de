# SPDX-License-Identifier: GPL-2.0-only
# what: a 1 ms sleeper beside 8 hogs is on time, and beside it shares hold
# mode: icount
# timeout: 500

start_sched
scxu-load --seconds 4 --json --output /tmp/json sleeper:1000 hogs:8x0
scxu-load --seconds 3 --json --output /tmp/json2 sleeper:1000 hogs:4x0,4x5,4x10
stop_sched
due=$(grep -o '"due_lateness_us":{[^}]*}' /tmp/json)
expect "lateness p99, us" "$(echo "$due" | grep -o '"p99":[0-9.]*' | grep -o '[0-9.]*$')" '<=' 5000
expect "lateness max, us" "$(echo "$due" | grep -o '"max":[0-9.]*' | grep -o '[0-9.]*$')" '<=' 20000
set -- $(grep -o '"share":[0-9.]*' /tmp/json2 | grep -o '[0-9.]*$')
within "share of nice 0 beside a sleeper" "$1" 0.694 0.02
within "share of nice 5 beside a sleeper" "$2" 0.229 0.02
