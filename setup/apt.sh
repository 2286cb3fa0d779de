#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Packages from Debian suites that the machine itself does not use (a kernel of
# trixie-backports, say), without touching the machine: a private apt
# configuration for each suite under the cache, its mirror taken from the
# machine's own Debian sources, signatures checked against Debian's keyring.
# What is fetched is unpacked in the cache and never installed. Sourced, after
# common.sh.
#
#	suite_names SUITE PREFIX	package names that begin so
#	suite_version SUITE PACKAGE	the version on offer
#	suite_download SUITE PACKAGE	fetches the .deb, prints its path
#	suite_source SUITE PACKAGE DIR	fetches the source package into DIR
#	deb_unpack DEB			unpacks it in the cache, prints the directory
#	own_package NAME		the same with a package of the machine's own suite

# The mirrors to try, best first. apt reads its own formats, so it is asked,
# rather than /etc/apt read. A third-party repository may use Debian's suite
# names too: those known to be Debian's own come first, and the keyring below
# decides in the end, as each other's signature fails against it.
debian_mirrors()
{
	if [ -n "${SCXU_DEBIAN_MIRROR:-}" ]; then
		echo "$SCXU_DEBIAN_MIRROR"
		return
	fi
	# shellcheck disable=SC2016	# $(...) here is apt's own
	apt-get indextargets --no-release-info \
		--format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
	awk '
		$1 ~ /^cdrom:/ || $3 != "main" { next }
		$2 ~ /^(buster|bullseye|bookworm|trixie|forky|duke|sid)$/ ||
		$2 ~ /^(oldoldstable|oldstable|stable|testing|unstable)$/ ||
		$2 ~ /^(bullseye|bookworm|trixie|forky|duke)-(updates|backports)$/ {
			if (seen[$1]++)
				next
			# most mirrors, and none of the third parties known, end in /debian at the top
			rank = $1 ~ /^[a-z+]+:\/\/[^\/]+\/debian\/?$/ ? 1 : 2
			print rank, $1
		}' | sort -s -n -k1,1 | cut -d' ' -f2-
}

debian_keyring()
{
	local file

	for file in /usr/share/keyrings/debian-archive-keyring.gpg \
		    /usr/share/keyrings/debian-archive-keyring.pgp; do
		[ -e "$file" ] && echo "$file" && return
	done
	die "Debian's archive keyring is missing" "install it: apt-get install debian-archive-keyring"
}

# suite_configure SUITE MIRROR: writes the private configuration. The machine's
# own apt.conf stays in force beneath it (a proxy must keep working), less its
# hooks, which would act on the machine's cache.
suite_configure()
{
	local dir=$SCXU_CACHE/apt/$1 keyring

	keyring=$(debian_keyring) || return
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	cat >"$dir/sources.list" <<-END
		deb [signed-by=$keyring target=Packages] $2 $1 main
		deb-src [signed-by=$keyring target=Sources] $2 $1 main
	END
	# Sources are wanted of the plain suites only: 10 MB of lists each.
	case $1 in
	*-backports) sed -i '/^deb-src/d' "$dir/sources.list" ;;
	*) sed -i '/^deb /d' "$dir/sources.list" ;;
	esac
	cat >"$dir/apt.conf" <<-END
		#clear APT::Update;
		#clear DPkg::Post-Invoke;
		#clear DPkg::Pre-Invoke;
		APT::Update::Error-Mode "any";
		APT::Sandbox::User "root";
		APT::Default-Release "";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State::Lists "$dir/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$dir/cache";
		Dir::Cache::archives "$dir/cache/archives";
		Dir::Cache::pkgcache "$dir/cache/pkgcache.bin";
		Dir::Cache::srcpkgcache "$dir/cache/srcpkgcache.bin";
	END
}

suite_apt()
{
	local suite=$1 tool=$2

	shift 2
	"apt-$tool" -q -c "$SCXU_CACHE/apt/$suite/apt.conf" "$@"
}

# suite_update SUITE: fetches the lists from the first mirror that has the suite
# and whose signature is Debian's.
suite_update()
{
	local suite=$1 dir=$SCXU_CACHE/apt/$1 mirror tried=

	progress "reading the package lists of $suite"
	for mirror in $(debian_mirrors); do
		suite_configure "$suite" "$mirror"
		if suite_apt "$suite" get update >"$dir/update.log" 2>&1; then
			touch "$dir/updated"
			return 0
		fi
		tried="$tried $mirror"
	done
	if [ -z "$tried" ]; then
		echo "error: no Debian mirror among this machine's apt sources" >&2
		echo "       add one, or set SCXU_DEBIAN_MIRROR to the address of one" >&2
	else
		echo "error: the package lists of $suite could not be read from:$tried" >&2
		sed -n '/^[EW]:/s/^/       /p' "$dir/update.log" | head -n 4 >&2
		echo "       is the network up? SCXU_DEBIAN_MIRROR can name another Debian mirror" >&2
	fi
	return 1
}

# suite_ready SUITE [force]: lists no older than a day, or with force, for what
# they do not have, than ten minutes. Old ones serve when there is no network.
suite_ready()
{
	local dir=$SCXU_CACHE/apt/$1 age

	have apt-get || die "packages of Debian's $1 are needed, and this machine has no apt"
	age=1440
	[ "${2:-}" != force ] || age=10
	if [ -e "$dir/apt.conf" ] && [ -n "$(find "$dir/updated" -mmin -$age 2>/dev/null)" ]; then
		return 0
	fi
	with_lock "apt-$1" suite_update "$1" && return 0
	[ -e "$dir/updated" ] || return 1
	warn "going on with the package lists of $1 as of $(date -r "$dir/updated" +%F)"
}

suite_names()
{
	suite_ready "$1" || return
	suite_apt "$1" cache pkgnames "$2"
}

suite_version()
{
	suite_apt "$1" cache --no-all-versions show "$2" 2>/dev/null |
		sed -n 's/^Version: //p' | head -n 1
}

# The file name that apt gives to a package, and its size in MB.
suite_file()
{
	suite_apt "$1" get --print-uris download "$2" 2>/dev/null |
		awk '/^.?[a-z+]+:/ { printf "%s %d\n", $2, ($3 + 999999) / 1000000; exit }'
}

suite_fetch()
{
	local suite=$1 package=$2 what=${3:-$2} dir=$SCXU_CACHE/deb file size attempt

	mkdir -p "$dir"
	for attempt in 1 2; do
		# A package unknown, or gone from the mirror: perhaps the lists are old.
		if [ "$attempt" = 2 ]; then
			suite_ready "$suite" force || return
		fi
		read -r file size <<<"$(suite_file "$suite" "$package")"
		[ -n "$file" ] || continue
		if [ -e "$dir/$file" ]; then
			echo "$dir/$file"
			return 0
		fi
		progress "downloading $what ($size MB)"
		if (cd "$SCXU_CACHE/apt/$suite/cache" &&
		    suite_apt "$suite" get download "$package" >download.log 2>&1 &&
		    mv "$file" "$dir/$file"); then
			echo "$dir/$file"
			return 0
		fi
	done
	echo "error: the package $package of $suite could not be fetched" >&2
	grep -h '^E:' "$SCXU_CACHE/apt/$suite/cache/download.log" 2>/dev/null | head -n 2 >&2
	return 1
}

suite_download()
{
	suite_ready "$1" || return
	with_lock "deb-$1" suite_fetch "$@"
}

suite_source()
{
	suite_ready "$1" || return
	mkdir -p "$3"
	(cd "$3" && suite_apt "$1" get source --download-only --only-source "$2" >source.log 2>&1) || {
		echo "error: the source package $2 of $1 could not be fetched" >&2
		grep -h '^[EW]:' "$3/source.log" | head -n 3 >&2
		return 1
	}
}

deb_unpack_locked()
{
	local dir=$1 deb=$2

	[ -d "$dir" ] && return
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	dpkg -x "$deb" "$dir.new" && mv "$dir.new" "$dir"
}

deb_unpack()
{
	local dir

	dir=$SCXU_CACHE/unpacked/$(basename "$1" .deb)
	# apt writes an epoch's colon as %3a, which many programs' search paths dislike
	dir=${dir//%3a/.}
	with_lock unpack deb_unpack_locked "$dir" "$1" || return
	echo "$dir"
}

# own_package NAME: a package of the machine's own suite, unpacked in the cache; prints
# the directory. Its libraries are those of the machine.
own_package()
{
	local work dir

	have apt-get || { echo "error: $1 is missing, and this machine has no apt" >&2; return 1; }
	work=$(mktemp -d)
	if ! (cd "$work" && apt-get -q download "$1" >download.log 2>&1); then
		echo "error: the package $1 could not be downloaded: $(tail -n 1 "$work/download.log")" >&2
		rm -rf "$work"
		return 1
	fi
	dir=$(deb_unpack "$work/$1"_*.deb) || return
	rm -rf "$work"
	echo "$dir"
}
