# SPDX-License-Identifier: LGPL-2.1-or-later
# what: fault: decisions for CPUs that their tasks may not use
# mode: fast
# matrix: 6.18, 7.3, newest
# files: tests/vm/faults.sh
# add: tests/vm/tools/hostile
# timeout: 300

. "${0%/*}/faults.sh"

wrong_cpus
