/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel part remembers of its DSQs: can a task lie in one, with nobody that
 * looks there? See dsq_has() of bpf/dsq.bpf.h.
 *
 *   here        there
 *   enqueuer()  enqueue_shared(), enqueue_kthread(): dsq_fills(), an idle CPU kicked or
 *               watch_arm(); the insert takes effect, and the kick arrives, when the
 *               callback has returned; the next callback there, which may never come
 *   cpu()       scxu_dispatch() and scxu_update_idle()
 *   watch()     watch_look()
 *
 * A statement is a step. However old the time of the last insert is, it may be taken away:
 * the machine may stand still for as long as it wants between that and its effect. The
 * watch fires when there is none in between: WATCH_NS later there is none, which was relied
 * on before there were these times. A CPU that runs something looks again at the end of its
 * slice, or at a tick, and is not here.
 *
 * run	two-cpus
 *
 * control	time-after-insert	-DTIME_AFTER_INSERT
 * control	in-flight-unheeded	-DIN_FLIGHT_UNHEEDED
 * control	told-after-time	-DTOLD_AFTER_TIME
 * control	count-before-in-flight	-DCOUNT_FIRST
 * control	taken-by-store	-DTAKEN_BY_STORE
 * control	watch-ends-beside-insert	-DWATCH_UNHEEDING
 */

byte now;	/* a time that no other insert has */
byte filled;	/* of filled_at[] */
bool filling[2];	/* of the enqueuers' CPUs */
byte queued;	/* in the DSQ */
byte inserts;	/* told, and not in effect yet */
byte done;	/* enqueuers */
bool armed;
bool idle[2];	/* in the kernel's mask */
bool kicked[2];	/* the CPU leaves its idle loop */

inline dsq_fills()
{
#ifndef TOLD_AFTER_TIME
	filling[me] = true;
#endif
	d_step { now++; filled = now };
#ifdef TOLD_AFTER_TIME
	filling[me] = true
#endif
}

proctype enqueuer(byte me)
{
	byte whom = 2;

	inserts++;
#ifndef TIME_AFTER_INSERT
	dsq_fills();
#endif
	if
	:: atomic { idle[0] -> idle[0] = false; whom = 0 }
	:: atomic { idle[1] -> idle[1] = false; whom = 1 }
	:: atomic { !idle[0] && !idle[1] -> armed = true }
	fi;
	d_step { queued++; inserts-- };
	if
	:: whom < 2 -> kicked[whom] = true
	:: else
	fi;
#ifdef TIME_AFTER_INSERT
	dsq_fills();
#endif
	done++;
	if
	:: filling[me] = false
	:: skip
	fi
}

proctype cpu(byte me)
{
	byte old;

dispatch:
	/* dsq_has() */
	old = filled;
	if
	:: old ->
		if
		:: atomic { queued -> queued-- } /* dsq_move_to_local(): and runs it */
			goto dispatch
		:: !queued
		fi;
		if
		:: skip	/* too soon */
		:: /* dsq_is_empty() */
#ifndef IN_FLIGHT_UNHEEDED
			if
			:: filling[0] -> goto sleeps
			:: !filling[0]
			fi;
			if
			:: filling[1] -> goto sleeps
			:: !filling[1]
			fi;
#endif
#ifndef COUNT_FIRST
			if
			:: queued -> goto dispatch
			:: !queued
			fi;
#endif
#ifdef TAKEN_BY_STORE
			filled = 0
#else
			if
			:: d_step { filled == old -> filled = 0 }
			:: filled != old
			fi
#endif
		fi
	:: !old
	fi;
sleeps:
	/* nothing: the kernel's mask and update_idle(), in this order or the other */
	if
	:: idle[me] = true;
		if
		:: filled && queued -> goto wakes
		:: else
		fi
	:: if
		:: filled && queued -> goto dispatch
		:: else
		fi;
		idle[me] = true
	fi;
	kicked[me];
wakes:
	kicked[me] = false;
	idle[me] = false;
	goto dispatch
}

inline watch_look()
{
	if
	:: !queued -> armed = false;
		/* dsqs_fill(): WATCH_NS after it an insert has taken effect */
		if
#ifdef WATCH_UNHEEDING
		:: queued -> armed = true
		:: !queued
#else
		:: queued || inserts -> armed = true
		:: !queued && !inserts
#endif
		fi
	:: else
	fi;
	if
	:: queued ->
		if
		:: idle[0] -> kicked[0] = true
		:: else
		fi;
		if
		:: idle[1] -> kicked[1] = true
		:: else
		fi
	:: else
	fi
}

/* At any time, once, and then whenever nothing else can happen. */
proctype watch()
{
	byte fires;

over:
	if
	:: atomic { armed && !inserts && !fires -> fires++ };
		watch_look();
		goto over
	:: timeout
	fi;
	if
	:: queued == 0 && done == 2 -> goto end
	:: else
	fi;
	/* it lies there, and all CPUs idle: the watch fires, and one of them comes */
	assert(armed);
	fires++;
	assert(fires < 4);
	watch_look();
	goto over;
end:
	skip
}

init
{
	atomic {
		run enqueuer(0);
		run enqueuer(1);
		run cpu(0);
		run cpu(1);
		run watch()
	}
}
