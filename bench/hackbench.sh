#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bench/hackbench.sh: prints the path of a hackbench: this machine's, else that of the
# package rt-tests of the machine's own suite, unpacked in the cache.

set -eu
. "$(dirname "$0")/../setup/common.sh"
. "$SCXU_ROOT/setup/apt.sh"

ready=$SCXU_CACHE/hackbench
if have hackbench; then
	command -v hackbench
	exit
fi
if [ ! -r "$ready" ] || [ ! -x "$(cat "$ready")" ]; then
	dir=$(own_package rt-tests) || exit
	echo "$dir/usr/bin/hackbench" >"$ready"
fi
cat "$ready"
