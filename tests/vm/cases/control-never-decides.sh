# SPDX-License-Identifier: GPL-2.0-only
# what: control: an agent that never decides is detected
# expect: fail decisions made in user space

start_sched --policy /usr/bin/never-decides.so
scxu-load --seconds 2 hogs:6x0 sleeper:5000
stop_sched
# The machine went on by the floor: this is not what fails.
expect "times that the floor took over" "$(stat floor_late)" '>=' 1
expect "decisions made in user space" "$(stat applied)" '>' 0
