# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In the guest of ./run --shell: the scheduler on, a shell on the console.
# ./run puts SCXU_ARGS before this text.

# shellcheck source=vm/guest/sched.sh
. /usr/lib/scxu/sched.sh

# shellcheck disable=SC2086	# words of the user's own
if sched_start --stats 1 ${SCXU_ARGS:-}; then
	echo "scx_userland schedules this guest ($(sched_ops), $(nproc) CPUs, Linux $(uname -r))."
else
	echo "The scheduler did not start:"
	cat "$SCHED_LOG"
fi
cat <<-END
	Its output: $SCHED_LOG. Loads to try: scxu-load --help
	exit, or ^A x, ends the guest.
END
export PS1='guest# '
sh -i
status=$?
sched_stop INT
exit "$status"
