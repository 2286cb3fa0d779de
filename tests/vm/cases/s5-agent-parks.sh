# SPDX-License-Identifier: GPL-2.0-only
# what: the agent is put on the CPU that needs it: one activation a decision, and no CPU kicked for it
# mode: icount
# turn: 47

start_sched
sleep 2
scxu-load --seconds 1 --warmup 0 --get pingpong.round_trips_per_s --output /tmp/load pingpong:1
cat /tmp/load
stop_sched
applied=$(stat applied)
expect "decisions" "$applied" '>' 20000
expect "activations a decision" "$(awk -v a="$(stat activations)" -v b="$applied" 'BEGIN { print a / b }')" '<' 1.05
expect "kicks a decision" "$(awk -v a="$(stat kicks)" -v b="$applied" 'BEGIN { print a / b }')" '<' 0.1
