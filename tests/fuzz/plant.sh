#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/fuzz/plant.sh FROM COMMAND TO: plants a bug, by a command of sed that leaves a
# guard out. It has to find the guard.

set -eu

sed "$2" "$1" >"$3"
if cmp -s "$1" "$3"; then
	echo "$1: no guard that \"$2\" leaves out" >&2
	rm "$3"
	exit 1
fi
