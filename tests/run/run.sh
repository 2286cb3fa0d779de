#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/run/run.sh: ./run as one has it who has just cloned: what git knows of this
# tree, in another place, where nothing is built.
#
#	wrong		what is asked for wrongly is told
#	not-debian	without apt, packages.sh names what is missing, or goes on
#	clone		sets up, builds, boots; a command's exit status comes back
#	again		the demonstration with its summary, and in no time this time
#	untouched	apt's configuration and what is installed are as before
#
# The cache is the machine's. What was printed stays in build/tests/run/.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
cd "$SCXU_ROOT"

case ${1:-} in
-h | --help | --list) sed -n '4,13s/^# \{0,1\}//p' "$0"; exit ;;
esac
out=$SCXU_ROOT/build/tests/run
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clone=$work/clone

# begin, bad WHY..., verdict NAME: a test and its result.
begin()
{
	why=
	start=$(date +%s)
}

bad()
{
	why="$why${why:+; }$*"
}

took()
{
	echo $(($(date +%s) - start))
}

verdict()
{
	if [ -z "$why" ]; then
		echo "PASS run/$1 ($(took) s)"
		return
	fi
	echo "FAIL run/$1: $why"
	[ ! -s "$out/$1.log" ] || tail -n 25 "$out/$1.log" | sed 's/^/    /'
}

# says NAME STATUS TEXT COMMAND...: it ends so, and says that
says()
{
	local name=$1 wanted=$2 text=$3 status=0

	shift 3
	"$@" </dev/null >"$out/$name.log" 2>&1 || status=$?
	[ "$status" = "$wanted" ] || bad "$*: exit status $status, not $wanted"
	grep -qF -- "$text" "$out/$name.log" || bad "$*: does not say \"$text\""
}

# What a run must leave alone.
machine()
{
	find /etc/apt -type f -exec sha256sum {} + 2>/dev/null | sort -k 2
	! have dpkg-query || dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Status}\n'
}

# path_without PATTERN...: a folder with all commands of the machine but those.
path_without()
{
	local dir program name pattern

	rm -rf "${work:?}/bin"
	mkdir "$work/bin"
	# those of the first folder win
	for dir in ${PATH//:/ }; do
		for program in "$dir"/*; do
			[ -x "$program" ] && [ -f "$program" ] || continue
			name=${program##*/}
			for pattern in "$@"; do
				# shellcheck disable=SC2053	# a pattern, on purpose
				[[ $name != $pattern ]] || continue 2
			done
			[ -e "$work/bin/$name" ] || echo "$program"
		done | xargs -r ln -s -t "$work/bin" 2>/dev/null || true
	done
	echo "$work/bin"
}

machine >"$out/before"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
		# one that was deleted is still known
		[ ! -e "$file" ] || printf '%s\0' "$file"
	done >"$work/files"
else
	find . \( -path './build*' -o -path ./.git \) -prune -o -type f -print0 >"$work/files"
fi
mkdir "$clone"
tar -c --null -T "$work/files" | tar -x -C "$clone"

begin
says wrong 1 'unknown argument: exit' "$clone/run" exit 7
says wrong 1 'a command comes after --: ./run --vm -- exit' "$clone/run" exit 7
says wrong 1 '--cpus 0: give a number from 1 on' "$clone/run" --cpus 0
says wrong 1 '--mode quick: give one of icount' "$clone/run" --mode quick
says wrong 1 '--shell needs a terminal' "$clone/run" --shell
says wrong 1 'no kernel image at /nonexistent' "$clone/run" --kernel-file /nonexistent
says wrong 1 '--kernel needs a value' "$clone/run" --kernel
says wrong 0 './run --vm -- COMMAND' "$clone/run" --help
verdict wrong

begin
path=$(path_without 'apt*' 'dpkg*' cpio 'meson*' 'qemu-system-*')
says not-debian 1 'this machine lacks:' env PATH="$path" "$clone/setup/packages.sh" build vm
for text in 'GNU cpio' 'meson 1.0 or newer' 'QEMU for x86-64, 10 or newer' "(Debian's names: "; do
	grep -qF -- "$text" "$out/not-debian.log" || bad "it does not name $text"
done
for text in 'gcc' 'ninja' 'zstd'; do
	! grep -qwF -- "$text" "$out/not-debian.log" || bad "it names $text, which is there"
done
path=$(path_without 'apt*' 'dpkg*')
env PATH="$path" "$clone/setup/packages.sh" build 2>>"$out/not-debian.log" || bad "it does not go on where all is there"
env PATH="$path" "$clone/setup/toolchain.sh" >/dev/null 2>>"$out/not-debian.log" || bad "no tool chain without apt"
verdict not-debian

begin
says clone 7 'building in build' "$clone/run" --vm -- 'cat /sys/kernel/sched_ext/state; exit 7'
grep -qx enabled "$out/clone.log" || bad "the command has not seen the scheduler enabled"
grep -q 'booting Linux' "$out/clone.log" || bad "it does not tell that it boots"
verdict clone

begin
says again 0 'The kernel reported        enabled, userland' "$clone/run" --vm
while read -r line; do
	grep -qE -- "$line" "$out/again.log" || bad "no line as $line"
done <<-'END'
	^ +8\.0 +enabled +[0-9]+ +0\.[0-9]+
	^Decisions in user space +[0-9]+ made, [0-9]+ taken up by a CPU, [0-9]+ carried out$
	^Enqueued +[0-9]+ in user space, [0-9]+ kept in the kernel$
	^Wake-up latency +p50 [0-9.]+, p99 [0-9.]+, max [0-9.]+ us, [0-9]+ of 8000 delivered$
	^CPUs used +[01]\.[0-9]+ of all their time$
	^ +0 +4 +0\.[67][0-9]+ +0\.6900 +[-+]0\.0
	^ +19 +4 +0\.0[0-9]+ +0\.0101 +[-+]0\.0
	^exit: unregistered from user space
END
# It takes 60 s at most on a machine that has nothing else to do; others have.
[ "$(took)" -le 120 ] || bad "the second run has taken $(took) s"
verdict again

begin
machine >"$out/after"
diff "$out/before" "$out/after" >"$out/untouched.log" || bad "the machine is not as it was"
grep -q /etc/apt "$out/before" || ! have apt-get || bad "no configuration of apt was found"
verdict untouched
