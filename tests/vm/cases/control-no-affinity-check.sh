# SPDX-License-Identifier: LGPL-2.1-or-later
# what: a control: without the affinity check the kernel ejects the scheduler for such decisions
# mode: fast
# matrix: 7.3, newest
# files: tests/vm/faults.sh
# timeout: 300
# expect: fail still loaded: "runtime error .*not allowed for
# allow: sched_ext

. "${0%/*}/faults.sh"

SCHED_COMMAND=scx_userland-test

wrong_cpus --test-no-affinity-check
