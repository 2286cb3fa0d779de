# SPDX-License-Identifier: GPL-2.0-only
# what: what cannot work is told, with what to do, and leaves nothing behind

# refused STATUS TEXT ARGUMENT...
refused()
{
	status=$1 text=$2
	shift 2
	scx_userland "$@" >/tmp/out 2>&1
	same "exit status of scx_userland $*" $? "$status"
	check "it says \"$text\"" grep -q -- "$text" /tmp/out
	same "sched_ext afterwards" "$(sched_state)" "${loaded:-disabled}"
}

refused 2 'batch 0: give a whole number from 1 to 4096' --batch 0
refused 2 'batch 4097: give' -b 4097
refused 2 'slice-us 12x: give a whole number from 100 to 100000' --slice-us 12x
refused 2 'stats -1: give' --stats=-1
refused 2 'floor-us 499: give' --floor-us 499
refused 2 'max-tasks 100: give a multiple of 64' --max-tasks 100
refused 2 'affinity me: give one of kernel agent' --affinity me
refused 2 'see scx_userland --help' --no-such-option
refused 2 'there is no verb "extra"' extra
refused 2 '"extra" is not an option' run extra
refused 2 'there is no policy "none"; built in are: vruntime' --policy none
refused 2 'has no option "x"; it has these: slice_us' --policy vruntime:x=1

# not root
echo 'u:x:1000:1000::/:/bin/sh' >>/etc/passwd
chmod 755 / /usr /usr/bin
chmod 666 /tmp/out
su u -c scx_userland >/tmp/out 2>&1
same "exit status when not root" $? 1
check "it says that it needs root" grep -q 'needs root' /tmp/out

# root without the right to lock memory
no-memlock scx_userland >/tmp/out 2>&1
same "exit status with a memory lock limit" $? 1
check "it says what to do about it" grep -q 'cannot lock memory.*ulimit -l unlimited' /tmp/out
same "sched_ext afterwards" "$(sched_state)" disabled

# another one is loaded: without its pins, ours is any other
start_sched
rm -r /sys/fs/bpf/scx_userland
loaded=enabled
refused 1 'another sched_ext scheduler is loaded: "userland'
loaded=
stop_sched


# no sched_ext
mkdir /tmp/empty
mount -o bind /tmp/empty /sys/kernel/sched_ext
scx_userland >/tmp/out 2>&1
same "exit status without sched_ext" $? 1
check "it says so and what to do" grep -q 'has no sched_ext.*6.12' /tmp/out
umount /sys/kernel/sched_ext
