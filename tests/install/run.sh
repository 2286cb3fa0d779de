#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/install/run.sh BUILD: stages an installation of that build, and sees from it
# alone, by pkg-config, that the example builds and loads, that each way in which a
# policy can be wrong has its message, that libscxu exports what its headers say, that a program
# can be linked with it both ways, and that the manual knows each option of each verb.

set -u
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

bad()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

if ! DESTDIR=$work/root meson install -C "$build" --no-rebuild --quiet >"$work/install.log" 2>&1; then
	cat "$work/install.log"
	bad "meson install"
	exit 1
fi
pc=$(find "$work/root" -name libscxu.pc)
prefix=$(sed -n 's/^prefix=//p' "$pc")
scx_userland=$work/root$prefix/bin/scx_userland
# as if it were installed, but below another root
export PKG_CONFIG_LIBDIR=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$work/root

# --- the example, from the installation alone ---------------------------------------

documents=$work/root$prefix/share/doc/scx_userland
cp -r "$documents/examples/tiny" "$work/tiny" || bad "no examples/tiny in $documents"
[ "$(wc -l <"$work/tiny/tiny.c")" -le 60 ] || bad "tiny.c has more than 60 lines"
CFLAGS='-O2 -Wall -Wextra -Werror' make -s -C "$work/tiny" || bad "make in examples/tiny"
cd "$work/tiny" || exit 1

# says STATUS TEXT POLICY...: "scx_userland policies POLICY" ends so, and says that.
says()
{
	local status=$1 text=$2

	shift 2
	timeout 60 "$scx_userland" policies "$@" >"$work/said" 2>&1
	set -- $? "$@"
	[ "$1" = "$status" ] || bad "policies ${*:2}: exit status $1, not $status: $(cat "$work/said")"
	grep -qF -- "$text" "$work/said" || bad "policies ${*:2}: no \"$text\" in: $(cat "$work/said")"
}

says 0 'tiny ' ./tiny.so
says 0 'tiny ' "$work/tiny/tiny.so"
says 1 'policy tiny has no option "slice_us"; it has none' ./tiny.so:slice_us=3
# the command itself refuses before it looks at the machine
"$scx_userland" --policy ./none.so >"$work/said" 2>&1
[ $? = 2 ] || bad "run with a policy that is not there: $(cat "$work/said")"
grep -q './none.so: cannot read it: No such file' "$work/said" || bad "$(cat "$work/said")"

# --- what can be wrong ---------------------------------------------------------------

# plant DEFINE TEXT
plant()
{
	# shellcheck disable=SC2046	# two words, or more
	cc -shared -fPIC $(pkg-config --cflags libscxu) -DPLANT_"$1" -o "$1.so" \
		"$source/tests/install/planted.c" || bad "planted.c with $1"
	says 1 "$2" "./$1.so"
}

plant ABI 'built for another version of libscxu (policy ABI 4,'
grep -q "build it with this version's headers" "$work/said" || bad "no word what to do"
plant SIZE 'built for another version of libscxu'
plant NO_SYMBOL 'no policy in it (symbol scxu_policy_of_object): write SCXU_POLICY(the_ops);'
plant NULL 'its symbol scxu_policy_of_object does not point to a policy: write SCXU_POLICY(the_ops);'
plant FUNCTION 'its symbol scxu_policy_of_object does not point to a policy'
plant STRUCT 'its symbol scxu_policy_of_object does not point to a policy'
plant NO_ENQUEUE 'enqueue() is mandatory, and missing: set .enqueue'
plant NO_DEQUEUE 'dequeue() is mandatory, and missing: set .dequeue'
plant NO_DISPATCH 'dispatch() is mandatory, and missing: set .dispatch'
plant NO_NAME 'the policy has no name: set .name'
plant NAME '.name is "Planted policy": it may have a-z, 0-9 and - only'
plant TASK_SIZE '.task_size is 5000: at most 4096'
plant OPTION_OFFSET 'option "far_us": its .offset is not'
plant OPTION_DEFAULT 'option "odd_us": its default'
plant OPTION_NAME 'option "bad-us": its name'
plant UNDEFINED 'undefined symbol: scxu_no_such_function'
echo 'not an object' >text.so
says 1 './text.so: not a shared object that can be loaded (' ./text.so
# shellcheck disable=SC2016	# the message says it so
grep -qF 'cc -shared -fPIC $(pkg-config --cflags libscxu)' "$work/said" || bad "no word how to build it"
says 1 'cannot read it: No such file or directory' ./none.so
says 1 'there is no policy "tiny.so"; built in are: vruntime eevdf fifo rr prio' tiny.so
# a control: with nothing wrong it loads, and its options are checked
# shellcheck disable=SC2046	# two words, or more
cc -shared -fPIC $(pkg-config --cflags libscxu) -o good.so "$source/tests/install/planted.c"
says 0 'good_us=5 ' ./good.so
says 0 'good_us=7 ' ./good.so:good_us=7
says 0 'good_us=9 ' ./good.so:good_us=7,good_us=9
says 1 'has no option "god_us"; it has these: good_us' ./good.so:god_us=7
says 1 'good_us=11: give a whole number from 1 to 10 (default 5)' ./good.so:good_us=11
for value in '' -1 0 1x ' 5' 0x5 99999999999999999999; do
	says 1 "good_us=$value: give a whole number" "./good.so:good_us=$value"
done
says 1 'good_us: give a whole number' ./good.so:good_us
says 1 'has no option ""' ./good.so:
cp good.so bad:name.so
says 1 "./bad:name.so: options begin at the ':'" ./bad:name.so
# an interrupted build or copy: each length ends in words, and not by a signal
size=$(stat -c %s good.so)
for length in 0 1 63 64 100 3000 5000 10000; do
	head -c "$length" good.so >short.so
	says 1 './short.so: ' ./short.so
done
says 1 './short.so: it is cut short: ' ./short.so
head -c $((size - 1)) good.so >short.so # of the section headers, which nobody needs to run it
says 0 'good_us=5 ' ./short.so
mkfifo pipe
says 1 './pipe: not a regular file' ./pipe
says 1 './: not a regular file' ./

# --- what the library exports: what the headers declare, no less and no more -----------

headers=$work/root$prefix/include/scxu
grep -ohE '\bscxu_[a-z_]+\(' "$headers"/*.h | tr -d '(' | sort -u >"$work/mentioned"
nm -D --defined-only "$(find "$work/root" -name libscxu.so.0)" |
	sed -n 's/.* T \([a-z_]*\).*/\1/p' | sort -u >"$work/exported"
cmp -s "$work/mentioned" "$work/exported" || bad "exported and declared functions differ:
$(diff "$work/mentioned" "$work/exported")"
# a policy finds all of them in the command, too
nm -D --defined-only "$scx_userland" | sed -n 's/.* T \(scxu_[a-z_]*\).*/\1/p' | sort -u >"$work/found"
cmp -s "$work/mentioned" "$work/found" || bad "scx_userland does not export what is declared:
$(diff "$work/mentioned" "$work/found")"
# a program of one's own has the library beside it, or in it; then with the libbpf that it was built with
libbpf=$(unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
	PKG_CONFIG_PATH=$(sed -n "s/^pkg_config_path = '\(.*\)'/\1/p" "$build/toolchain.ini") \
		pkg-config --libs-only-L libbpf)
case $(nm -D --undefined-only "${pc%/*}/../libscxu.so.0") in
*__asan_init*) sanitizers=-fsanitize=address,undefined ;;
*__tsan_init*) sanitizers=-fsanitize=thread ;;
*) sanitizers= ;;
esac
# shellcheck disable=SC2046,SC2086	# words
cc $sanitizers -o shared "$source/tests/install/program.c" $(pkg-config --cflags --libs libscxu) || bad "program, shared"
# shellcheck disable=SC2046,SC2086	# words
cc $sanitizers -o static "$source/tests/install/program.c" $(pkg-config --cflags libscxu) -rdynamic -Wl,--whole-archive \
	"${pc%/*}/../libscxu.a" -Wl,--no-whole-archive $libbpf $(pkg-config --static --libs libscxu | sed 's/-lscxu//') ||
	bad "program, static"
readelf -d static | grep -q 'NEEDED.*libscxu' && bad "the static program wants libscxu.so"
for program in shared static; do
	[ "$(LD_LIBRARY_PATH=${pc%/*}/.. "./$program" ./tiny.so 2>&1)" = "3000 0" ] ||
		bad "program, $program: $(LD_LIBRARY_PATH=${pc%/*}/.. "./$program" ./tiny.so 2>&1)"
done
# each header stands for itself, in C and in C++
for header in "$headers"/*.h; do
	for language in c c++; do
		! command -v "${language/#c/g}" >/dev/null && [ "$language" = c++ ] && continue
		# shellcheck disable=SC2046
		echo "#include <scxu/${header##*/}>" | cc -x "$language" -Wall -Wextra -Werror \
			$(pkg-config --cflags libscxu) -fsyntax-only - >"$work/said" 2>&1 ||
			bad "<scxu/${header##*/}> in $language: $(cat "$work/said")"
	done
done

# --- documents ---------------------------------------------------------------------------

for file in docs/WORKLOADS.md docs/SIMULATOR.md; do
	cmp "$source/$file" "$documents/${file#docs/}" || bad "$file is not installed"
done
diff -r -x '*.so' "$source/examples" "$documents/examples" || bad "not all examples are installed"
"$scx_userland" sim --workload "$documents/examples/workloads/bursts.json" --duration-ms 10 >"$work/said" 2>&1 ||
	bad "sim with an installed workload: $(cat "$work/said")"
if ! command -v scdoc >/dev/null; then
	echo "no manual: there is no scdoc"
else
	for page in man1/scx_userland.1 man7/scxu-policy.7; do
		grep -qF "$prefix/share/doc/scx_userland" "$work/root$prefix/share/man/$page" ||
			bad "$page is not installed, or does not tell where the documents are"
	done
fi
# options of the manual: those of --help, their ranges and units, and their defaults
python3 - "$source/man/scx_userland.1.scd" "$scx_userland" <<-'END' || bad "the manual is not what --help is"
	import re, subprocess, sys

	def said(*arguments):
	    ran = subprocess.run([sys.argv[2], *arguments], capture_output=True, text=True)
	    return ran.stdout + ran.stderr

	sections = dict(re.findall(r"^# (.*)\n((?:(?!# ).*\n)*)", open(sys.argv[1]).read(), re.M))
	failed = False
	for verb in "run", "status", "stop", "policies", "sim":
	    manual = dict(re.findall(r"^(\*-.*)\n((?:\t.*\n)+)", sections[verb.upper()], re.M))
	    options = re.findall(r"^  (?:(-.),|   ) --(\S+) ?(\S*)  +(.*(?:\n {20}.*)*)", said(verb, "--help"), re.M)
	    if not options and verb == "policies": # has no table of options
	        options = [("-h", "help", "", "")]
	    heads = []
	    for letter, name, argument, text in options:
	        head = ("*%s*, " % letter if letter else "") + "*--%s*" % name + (" _%s_" % argument if argument else "")
	        heads.append(head)
	        wanted = []
	        got = re.search(r"from (\d+) to (.*)", said(verb, "--" + name, "x")) if argument in ("N", "NS", "US", "MS", "SEC", "PCT") else None
	        if got:
	            wanted.append("%s to %s" % got.groups())
	        wanted += re.findall(r"\((default \d+)", text)
	        told = re.sub(r"\s+", " ", manual.get(head, ""))
	        for words in wanted:
	            if words not in told:
	                print("%s %s: the manual does not say \"%s\": %s" % (verb, head, words, told))
	                failed = True
	    if sorted(heads) != sorted(manual):
	        print("%s: only in one of --help and manual: %s" % (verb, set(heads) ^ set(manual)))
	        failed = True
	sys.exit(failed)
END

echo "$failures failed"
[ "$failures" = 0 ]
