#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# setup/rt-app.sh: prints the path of rt-app, of Debian's package, unpacked in the
# cache with the library that it needs beside it. Nothing is installed.

set -eu
. "$(dirname "$0")/common.sh"
. "$SCXU_ROOT/setup/apt.sh"

ready=$SCXU_CACHE/rt-app
if [ ! -r "$ready" ] || [ ! -x "$(cat "$ready")" ]; then
	progress "fetching rt-app"
	dir=$(own_package rt-app) || exit
	libraries=$(own_package libjson-c5) || exit
	mkdir -p "$dir/usr/lib"
	find "$libraries" -name 'libjson-c.so.*' -exec cp -P {} "$dir/usr/lib/" \;
	echo "$dir/usr/bin/rt-app" >"$ready"
fi
cat "$ready"
