#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vm/boot.sh --kernel IMAGE --initrd FILE [OPTIONS]: boots a guest, waits for it
# to end, and ends with the exit status of its /job/main.sh.
#
#	--mode MODE		icount	one instruction is one nanosecond: figures
#					that repeat; slow
#				coarse	one instruction is 4 ns: figures near
#					icount's, for runs of 30 s and more
#				fast	the CPUs take turns on one thread, by the host's
#					clock: no figures (default)
#				parallel a thread for each CPU: real races; among them
#					one of the emulator, tests/vm/emulator-fault.sh
#				kvm	the host's CPUs, where it can
#				auto	kvm where it works, else fast
#				demo	kvm where it works, else coarse: in about
#					the time that it takes
#	--turn-us N		where the CPUs take turns (icount, coarse), each
#				turn ends after N us of the guest's time; else after up
#				to a quarter of the time to the next timer
#	--cpus N		default 4
#	--mem SIZE		default 1G
#	--timeout SECONDS	of the host's time, default 300; 0: none
#	--out DIR		console.log (kernel) and out.log (main.sh) go here; cpus.log when
#				the time is up: where the CPUs were, ten seconds before
#	--follow		show what main.sh prints as it comes
#	--interactive		the console is this terminal (^A x ends QEMU)
#	--append "WORDS"	more words for the kernel command line
#	--job FILE		an archive (cpio) that becomes the guest's /job, where the
#				initial file system has none. The guest is booted only
#				once: it is kept as it waits for this file, and others
#				with the same kernel, programs and options go on from there;
#				in icount, after the 3 s for which a kernel that has booted is
#				busy with itself
#
# Exit status: main.sh's own; 124 when the time is up; 125 when the guest ended
# without one (a panic, mostly: see console.log); 126 when QEMU does not start.

set -eu
. "$(dirname "$0")/../setup/common.sh"
. "$SCXU_ROOT/setup/apt.sh"
. "$SCXU_ROOT/setup/qemu.sh"

kernel='' initrd='' job='' mode=fast turn='' cpus=4 mem=1G timeout=300 out='' follow='' interactive='' append=''

while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=$2; shift 2 ;;
	--initrd) initrd=$2; shift 2 ;;
	--job) job=$2; shift 2 ;;
	--mode) mode=$2; shift 2 ;;
	--turn-us) turn=$2; shift 2 ;;
	--cpus) cpus=$2; shift 2 ;;
	--mem) mem=$2; shift 2 ;;
	--timeout) timeout=$2; shift 2 ;;
	--out) out=$2; shift 2 ;;
	--append) append=$2; shift 2 ;;
	--follow) follow=1; shift ;;
	--interactive) interactive=1; shift ;;
	-h | --help) sed -n '4,39s/^# \{0,1\}//p' "$0"; exit ;;
	*) die "unknown argument: $1" "see vm/boot.sh --help" ;;
	esac
done
[ -r "$kernel" ] || die "no kernel image at '$kernel'" "vm/kernel.sh gives one"
[ -r "$initrd" ] || die "no initial file system at '$initrd'" "vm/initrd.sh makes one"

if [ -z "$out" ]; then
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
fi
mkdir -p "$out"
rm -f "$out"/console.log "$out"/out.log
touch "$out/console.log" "$out/out.log"

qemu_command
case $mode in
auto) if kvm_works "$kernel"; then mode=kvm; else mode=fast; fi ;;
demo) if kvm_works "$kernel"; then mode=kvm; else mode=coarse; fi ;;
esac

# -cpu max without what differs from run to run (rdrand) or keeps an idle virtual
# CPU spinning (monitor/mwait). What is invariant in the clock is said to be, so
# that the guest does not spend its first second measuring it. Of "fast" string
# instructions (erms, fsrm) the emulator goes through each byte, as one instruction of its
# own: to clear a page took as long as 4096 others, and with more trouble for the emulator.
emulated=(-cpu "max,+invtsc,-monitor,-rdrand,-rdseed,-erms,-fsrm" -seed 42)
one_thread=(-accel "tcg,thread=single,tb-size=256" "${emulated[@]}")
case $mode in
icount) machine=("${one_thread[@]}" -icount shift=0,sleep=off,align=off) ;;
coarse) machine=("${one_thread[@]}" -icount shift=2,sleep=off,align=off) ;;
fast) machine=("${one_thread[@]}") ;;
parallel) machine=(-accel "tcg,thread=multi,tb-size=256" "${emulated[@]}") ;;
kvm)
	kvm_works "$kernel" || die "KVM does not work on this machine" "use another mode, or --mode auto"
	machine=(-accel kvm -cpu host)
	;;
*) die "unknown mode: $mode" "one of: icount coarse fast parallel kvm auto demo" ;;
esac
[ "$mode" = kvm ] || machine+=(-rtc "base=2026-01-01T00:00:00,clock=vm")

cmdline="console=ttyS0 quiet panic=-1 nokaslr norandmaps mitigations=off"
cmdline+=" rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30"
# a third of the instructions of an emulated boot, and of the seconds after it, go into
# certificates and into tests of ciphers that nothing here asks for
cmdline+=" initcall_blacklist=load_system_certificate_list cryptomgr.notests"
[ "$mode" = kvm ] || cmdline+=" idle=halt no_timer_check tsc=reliable clocksource=tsc"
# Virtual CPUs that do not go in step with the clock mistake the length of a delay loop,
# after a second of measuring; and each pause in one costs an emulator of counted
# instructions a turn of all CPUs.
[ "$mode" = kvm ] || cmdline+=" lpj=4000000 cpu_init_udelay=0"
[ -z "$interactive" ] || cmdline+=" scxu.interactive=1"
# once for all that go on from this guest
[ -z "$job" ] || [ "$mode" != icount ] || cmdline+=" scxu.settle=4"
[ -z "$append" ] || cmdline+=" $append"

command=("${QEMU[@]}" "${machine[@]}" -smp "$cpus" -m "$mem"
	-nodefaults -display none -no-reboot
	-kernel "$kernel" -initrd "$initrd" -append "$cmdline")

# A round of turns ends at the next timer of the machine, whoever's, and each CPU gets
# an equal part of it: an interrupt for a CPU waits until its turn, for milliseconds. A
# timer that does nothing makes the rounds short; that of a network filter will do, on
# a network that nobody is on.
if [ -n "$turn" ]; then
	command+=(-netdev "hubport,id=nobody,hubid=0"
		-object "filter-buffer,id=turns,netdev=nobody,interval=$((turn * cpus))")
fi

# A guest that waits for its job is kept in a file, whose name says all that it was made
# of. The file does not tell that the guest was stopped for this: it is to go on at once.
command+=(-global migration.store-global-state=off)
snapshots=$SCXU_CACHE/snapshots
monitor=$out/monitor

snapshot_key()
{
	printf '%s\n' "${QEMU[@]}" "${machine[@]}" "$cpus" "$mem" "$cmdline" |
		sha256sum - "$0" "$SCXU_ROOT/vm/guest/init" "$kernel" "$initrd" | cut -d' ' -f1 | sha256sum | cut -c1-16
}

# make_snapshot FILE: boots a guest until it asks for its job.
make_snapshot()
{
	local qemu status=0

	if [ -e "$1" ]; then
		touch "$1"
		return
	fi
	need_disk 500
	mkfifo "$monitor.in" "$monitor.out"
	timeout -k 5 "$timeout" "${command[@]}" -serial "file:$out/console.log" -serial "file:$out/out.log" \
		-chardev "pipe,id=monitor,path=$monitor" -mon chardev=monitor </dev/null >"$out/qemu.log" 2>&1 &
	qemu=$!
	trap 'kill "$qemu" 2>/dev/null; exit 143' INT TERM HUP
	cat "$monitor.out" >"$out/monitor.log" &
	while ! grep -q '^@@ready' "$out/out.log"; do
		kill -0 "$qemu" 2>/dev/null || break
		sleep 0.05
	done
	# open for both: QEMU may have ended
	printf '%s\n' stop 'migrate_set_parameter max-bandwidth 16G' "migrate \"exec:cat >'$1.new'\"" quit 1<>"$monitor.in"
	wait "$qemu" || status=$?
	rm -f "$monitor.in" "$monitor.out"
	trap - INT TERM HUP
	if [ "$status" -ne 0 ] || ! grep -q '^@@ready' "$out/out.log" || [ ! -s "$1.new" ]; then
		cat "$out/qemu.log" "$out/monitor.log" >&2
		return "$status"
	fi
	mv "$1.new" "$1"
	# each build leaves a dozen behind, a tenth of a gigabyte each: the last ones are enough
	find "$snapshots" -type f -printf '%T@ %p\n' | sort -rn | tail -n +25 | cut -d' ' -f2- | xargs -r -d '\n' rm -f
}

# The trailer is for this script alone.
status_of_guest()
{
	sed -n 's/^@@exit \([0-9]*\)$/\1/p' "$out/out.log" | tail -n 1
}

ended()
{
	local status

	status=$(status_of_guest)
	[ -z "$status" ] || exit "$status"
	if grep -q 'Kernel panic' "$out/console.log"; then
		echo "error: the guest's kernel panicked" >&2
	elif [ "$1" -ne 0 ]; then
		echo "error: QEMU ended with status $1" >&2
		exit 126
	else
		echo "error: the guest ended without telling an exit status" >&2
	fi
	exit 125
}

# Of a guest that is about to be stopped: what its CPUs are at, three times. With no kaslr the
# guest's /proc/kallsyms, in another boot, tells the function's name.
note_cpus()
{
	for _ in 1 2 3; do
		echo 'info registers -a' 1<>"$monitor.in"
		timeout 1 cat "$monitor.out" >>"$out/monitor.log" || true
	done
	awk '/^CPU#/ { cpu = $1 }
		/^[RE]IP=/ {
			line = cpu " " $1
			for (i = 2; i <= NF; i++)
				if ($i ~ /^(CPL|HLT)=/)
					line = line " " $i
			print line
		}' "$out/monitor.log" >"$out/cpus.log"
}

# out_of_time STATUS: of timeout(1), which says so when it had to end the guest.
out_of_time()
{
	if [ "$1" = 124 ] || [ "$1" = 137 ] && [ -z "$(status_of_guest)" ]; then
		echo "error: the guest was stopped after $timeout s" >&2
		if [ -s "$out/cpus.log" ]; then
			echo "its CPUs were at:" >&2
			cat "$out/cpus.log" >&2
		fi
		exit 124
	fi
}

if [ -n "$interactive" ]; then
	result=0
	"${command[@]}" -chardev stdio,id=term,mux=on,signal=off,logfile="$out/console.log" \
		-serial chardev:term -mon chardev=term -serial "file:$out/out.log" \
		2>"$out/qemu.log" || result=$?
	[ "$result" -eq 0 ] || cat "$out/qemu.log" >&2
	ended "$result"
fi

results=(-serial "file:$out/out.log")
if [ -n "$job" ]; then
	# QEMU 8.1: -chardev file,input-path=
	case $(qemu_version "${QEMU[@]}") in
	[1-7].* | 8.0*) die "this QEMU is too old for --job: it takes 8.1 or newer" ;;
	esac
	mkdir -p "$snapshots"
	snapshot=$snapshots/$(snapshot_key)
	result=0
	with_lock "snapshot-${snapshot##*/}" make_snapshot "$snapshot" || result=$?
	if [ ! -e "$snapshot" ]; then
		out_of_time "$result"
		ended "$result"
	fi
	: >"$out/console.log"
	: >"$out/out.log"
	{
		echo
		echo "@@job $(wc -c <"$job") $(sha256sum <"$job" | cut -d' ' -f1)"
		cat "$job"
	} >"$out/job"
	command+=(-incoming "exec:cat '$snapshot'" -chardev "file,id=results,path=$out/out.log,input-path=$out/job")
	results=(-serial chardev:results)
fi

# timeout(1) passes on a signal that it gets, and outlives this script if need be
rm -f "$monitor.in" "$monitor.out" "$out/cpus.log"
mkfifo "$monitor.in" "$monitor.out"
timeout -k 5 "$timeout" "${command[@]}" \
	-serial "file:$out/console.log" "${results[@]}" \
	-chardev "pipe,id=monitor,path=$monitor" -mon chardev=monitor \
	</dev/null >"$out/qemu.log" 2>&1 &
qemu=$!
# ends with QEMU, or a while before its time is over
timeout $((timeout > 20 ? timeout - 10 : timeout)) cat "$monitor.out" >"$out/monitor.log" &
reader=$!
stop()
{
	kill "$qemu" "$reader" 2>/dev/null || true
	wait "$qemu" "$reader" 2>/dev/null || true
	rm -f "$monitor.in" "$monitor.out"
}
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM HUP

tail=
if [ -n "$follow" ]; then
	# ends by itself once QEMU has
	tail -n +1 -f -s 0.1 --pid="$qemu" "$out/out.log" | sed -u '/^@@exit [0-9]*$/d' &
	tail=$!
fi

result=0
wait -n -p first "$qemu" "$reader" || result=$?
if [ "$first" != "$qemu" ]; then
	[ "$result" -ne 124 ] || note_cpus
	result=0
	wait "$qemu" || result=$?
fi
kill "$reader" 2>/dev/null || true
rm -f "$monitor.in" "$monitor.out"
[ -z "$tail" ] || wait "$tail" || true
out_of_time "$result"
[ "$result" -eq 0 ] || cat "$out/qemu.log" >&2
ended "$result"
