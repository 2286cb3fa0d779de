# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Which tests are meant by the names that were given; sourced by the run.sh of a suite,
# after setup/common.sh.

# matches NAME PATTERN...
matches()
{
	local name=$1 pattern

	shift
	for pattern in "$@"; do
		# shellcheck disable=SC2053	# a pattern, on purpose
		[[ $name == $pattern ]] && return
	done
	return 1
}

# chosen SUITE [PATTERN...]: of the names on standard input, one a line, those that a
# pattern matches; all without one. A pattern that matches none is an error.
chosen()
{
	local suite=$1 all=() name pattern

	shift
	mapfile -t all
	for pattern in "$@"; do
		for name in "${all[@]}"; do
			matches "$name" "$pattern" && continue 2
		done
		die "no such $suite test: $pattern" "there are: ${all[*]}"
	done
	for name in "${all[@]}"; do
		[ $# -gt 0 ] && ! matches "$name" "$@" || echo "$name"
	done
}
