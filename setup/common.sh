#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What every set-up, VM and test script shares: where things lie, how progress
# and errors are told, and how two runs at once keep out of each other's way.
# Sourced, never run:
#
#	. "$(dirname "$0")/../setup/common.sh"
#
# Progress and errors go to standard error: standard output belongs to results
# (a path, a table), so that a script can be used as $(script).

# The tree that this copy of the scripts belongs to.
SCXU_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# All that is fetched or built once for the machine: it may be deleted at any time.
SCXU_CACHE=${SCXU_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/scx_userland}
export SCXU_ROOT SCXU_CACHE

progress()
{
	[ -n "${SCXU_QUIET:-}" ] || echo "==> $*" >&2
}

warn()
{
	echo "warning: $*" >&2
}

# die MESSAGE [HINT...]: each hint is a line that says what to do about it.
die()
{
	echo "error: $1" >&2
	shift
	[ $# -eq 0 ] || printf '       %s\n' "$@" >&2
	exit 1
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

is_root()
{
	[ "$(id -u)" -eq 0 ]
}

# os_release KEY: a value of /etc/os-release, empty where there is none.
os_release()
{
	# shellcheck disable=SC1091	# another file on every machine
	(. /etc/os-release 2>/dev/null && eval "printf '%s' \"\${$1:-}\"")
}

# Debian itself, or a relative of it that has apt and dpkg.
is_debian_like()
{
	have apt-get && have dpkg || return 1
	case " $(os_release ID) $(os_release ID_LIKE) " in
	*" debian "*) return 0 ;;
	*) return 1 ;;
	esac
}

# Debian's major number (12, 13, ...), 0 on everything else.
debian_version()
{
	local version

	[ "$(os_release ID)" = debian ] || { echo 0; return; }
	version=$(os_release VERSION_ID)
	# testing and unstable carry no number: newer than any release known here.
	echo "${version:-99}"
}

# with_lock NAME COMMAND...: runs it while no other process runs one under the
# same name. A subshell, so that the lock ends with it, whatever happens inside.
with_lock()
(
	name=$1
	shift
	have flock || die "flock is missing" "install the package util-linux"
	mkdir -p "$SCXU_CACHE/locks"
	exec 9>"$SCXU_CACHE/locks/$name"
	if ! flock -n 9; then
		progress "waiting for another run to finish with: $name"
		flock 9
	fi
	"$@"
)

# need_disk MEGABYTES: says early what would otherwise fail half-way.
need_disk()
{
	local free

	mkdir -p "$SCXU_CACHE"
	free=$(df -Pm "$SCXU_CACHE" | awk 'NR == 2 { print $4 }')
	[ "${free:-0}" -ge "$1" ] || die "only ${free:-0} MB free in $SCXU_CACHE, $1 MB are needed" \
		"free some space, or set SCXU_CACHE to a directory on another disk"
}

# What was measured: the tree's commit, "-dirty" where more than documents, which are
# written from such figures, differs from it. Nothing outside of a repository.
commit()
{
	local name

	name=$(git -C "$SCXU_ROOT" describe --always 2>/dev/null) || return 0
	git -C "$SCXU_ROOT" diff --quiet HEAD -- . ':!docs' || name=$name-dirty
	echo "$name"
}
