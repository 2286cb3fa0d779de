#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# setup/gdb.sh: prints the path of a gdb that runs in a guest, which has none of
# the files that a gdb with Python needs: this machine's, if it is such a one, else
# that of Debian's package gdb-minimal, unpacked in the cache.

set -eu
. "$(dirname "$0")/common.sh"
. "$SCXU_ROOT/setup/apt.sh"

# links_python GDB
links_python()
{
	ldd "$1" 2>/dev/null | grep -q libpython
}

gdb=$(command -v gdb) || die "gdb is missing" "install it: apt-get install gdb-minimal"
if links_python "$gdb"; then
	ready=$SCXU_CACHE/gdb-minimal
	if [ ! -r "$ready" ] || [ ! -x "$(cat "$ready")" ]; then
		# of the machine's own suite: its libraries are those of the gdb that is there
		dir=$(own_package gdb-minimal) || exit
		echo "$dir/usr/bin/gdb" >"$ready"
	fi
	gdb=$(cat "$ready")
fi
echo "$gdb"
