#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/lint/run.sh [NAME...]: what tools find by reading: shellcheck,
# clang-format, clang-tidy, cppcheck, mandoc. One result each; the findings lie in
# build/tests/lint/NAME.log. They look at the files that git knows
# or would add. NAME may be a pattern; --list prints the names.

set -eu
. "$(dirname "$0")/../../setup/common.sh"
. "$(dirname "$0")/../names.sh"
cd "$SCXU_ROOT"

tools=(shellcheck cppcheck mandoc)
# these two have nothing to go by without their configuration
[ ! -e .clang-format ] || tools+=(clang-format)
[ ! -e .clang-tidy ] || tools+=(clang-tidy)
only=()
list=
for argument in "$@"; do
	case $argument in
	-h | --help) sed -n '4,7s/^# \{0,1\}//p' "$0"; exit ;;
	--list) list=1 ;;
	-*) die "unknown option: $argument" "see tests/lint/run.sh --help" ;;
	*) only+=("$argument") ;;
	esac
done
names=$(printf '%s\n' "${tools[@]}" | chosen lint ${only[@]+"${only[@]}"}) || exit
if [ -n "$list" ]; then
	echo "$names"
	exit
fi
out=build/tests/lint
mkdir -p "$out"
assignments=$(setup/toolchain.sh) || exit
eval "$assignments"

# all_files [PATTERN...]: without git (an unpacked archive) whatever lies here.
all_files()
{
	local args=()

	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard -- "$@"
		return
	fi
	for pattern in "$@"; do
		args+=(${args[@]+-o} -name "$pattern")
	done
	find . \( -path './build*' -o -path ./.git \) -prune -o -type f \
		${args[@]+\( "${args[@]}" \)} -print | sed 's,^\./,,'
}

# A deleted file is one that git still knows the name of.
sources()
{
	all_files "$@" | sort -u | while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}

# Scripts are told by their first line, or by name where they are only sourced.
scripts()
{
	sources | while read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*.[ch] | *.md | *.json | *.build | *.txt) ;;
		*) head -n 1 "$file" | tr -d '\0' | grep -qE '^#!.*\b(ba|da)?sh\b' && echo "$file" ;;
		esac
	done
}

# VM cases have no first line of their own: tests/vm/lib.sh is sourced before each.
lint_shellcheck()
{
	local list cases status=0

	list=$(scripts | grep -v '^tests/vm/cases/') || true
	cases=$(scripts | grep '^tests/vm/cases/') || true
	# SC2317: it takes what with_lock or a trap calls for unreachable
	# SC2054: options of QEMU have commas in them
	xargs -r shellcheck -x -P SCRIPTDIR -P "$SCXU_ROOT" -e SC2317,SC2054 <<<"$list" || status=1
	# SC2034, SC2154: variables that the library sets or reads
	xargs -r shellcheck -s sh -e SC1091,SC2034,SC2154,SC2046,SC2086,SC2016 <<<"$cases" || status=1
	return $status
}

lint_clang_format()
{
	# shellcheck disable=SC2046	# no name in the tree has a blank in it
	clang-format-19 --dry-run --Werror $(sources '*.c' '*.h')
}

# Generated headers are needed: the build must have been run. The BPF part is left
# out: it is compiled for another machine.
lint_clang_tidy()
{
	[ -e build/compile_commands.json ] || { echo "run setup/build.sh first"; return 1; }
	# shellcheck disable=SC2046
	clang-tidy-19 -p build --quiet --warnings-as-errors='*' $(sources '*.c' | grep -v '\.bpf\.c$') 2>&1 |
		grep -v 'warnings generated\.$\|^Suppressed \|^Use -header-filter' | tee "$out/tidy.tmp"
	! grep -qE '(error|warning):' "$out/tidy.tmp"
}

lint_cppcheck()
{
	# shellcheck disable=SC2046
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem \
		--suppress=normalCheckLevelMaxBranches --std=c11 -D__x86_64__ --max-configs=4 -j "$(nproc)" \
		--include=tests/lint/cppcheck.h -I . -I include -I lib $(sources '*.c' | grep -v '\.bpf\.c$')
}

# scdoc begins each paragraph, and ends each indentation, with an empty one, and does
# not break lines; the titles are as long as the names.
lint_mandoc()
{
	local page said status=0

	for page in man/*.scd; do
		said=$(scdoc <"$page" | mandoc -T lint) || true
		grep -vE 'skipping paragraph macro: PP |input text line longer than|lower case character in document title' <<<"$said" |
			sed "s,^mandoc: <stdin>,$page (as a page)," | grep . && status=1
	done
	return $status
}

for tool in $names; do
	start=$(date +%s)
	log=$out/$tool.log
	status=0
	"lint_${tool//-/_}" >"$log" 2>&1 || status=$?
	if [ "$status" = 0 ]; then
		echo "PASS lint/$tool ($(($(date +%s) - start)) s)"
	else
		echo "FAIL lint/$tool: $(grep -cE '(error|warning|style|info|note)[]:)]|^In ' "$log") findings, in $log"
		head -n 40 "$log" | sed 's/^/    /'
	fi
done
