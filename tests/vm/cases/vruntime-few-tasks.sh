# SPDX-License-Identifier: GPL-2.0-only
# what: shares follow the weights with five runnable tasks on four CPUs
# mode: icount
# turn: 47
# timeout: 500

# Short turns of the emulated CPUs: in long ones a wake-up of the agent lasts as long as the
# turns of the others, ten times its own time, all of which the lightest tasks miss.
start_sched
scxu-load --seconds 5 --json --output /tmp/json hogs:2x0,1x5,2x10
stop_sched
# the ideal where no task can use more than one CPU: scxu-load reckons it
set -- $(grep -o '"share":[0-9.]*' /tmp/json | grep -o '[0-9.]*$')
shares="$*"
set -- $(grep -o '"ideal_scx":[0-9.]*' /tmp/json | grep -o '[0-9.]*$') $shares
# the agent runs in place of those furthest ahead, the nice-10 hogs: they miss its time
within "share of nice 0" "$4" "$1" 0.01
within "share of nice 5" "$5" "$2" 0.01
within "share of nice 10" "$6" "$3" 0.01
