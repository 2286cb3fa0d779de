# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In the guest of ./run --vm -- COMMAND: the scheduler on, the command, its status.
# ./run puts SCXU_ARGS and COMMAND before this text.

# shellcheck source=vm/guest/sched.sh
. /usr/lib/scxu/sched.sh

# shellcheck disable=SC2086	# words of the user's own
if ! sched_start ${SCXU_ARGS:-}; then
	echo "error: the scheduler did not start:" >&2
	cat "$SCHED_LOG" >&2
	exit 1
fi
status=0
sh -c "${COMMAND:?}" || status=$?
if ! sched_runs; then
	echo "error: the scheduler was unloaded meanwhile:" >&2
	tail -n 20 "$SCHED_LOG" >&2
	[ "$status" != 0 ] || status=1
else
	sched_stop INT
fi
exit "$status"
