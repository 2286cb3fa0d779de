/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way to the agent: can it go to sleep, or go on sleeping, with a wait that it
 * was told of and did not look at?
 *
 *   here        there
 *   cpu()       scxu_enqueue(): the record says WAITING, push_event(), ask_agent()
 *   agent()     scxu_engine_pass(): drain(), look_at(), rescan();
 *               scxu_engine_pending(); agent_sleep() of lib/backend/kernel/runner.c
 *   buffer()    a CPU's store buffer (below)
 *
 * A statement is a step. Rings have one entry, so that events are dropped. Here
 * each enqueue asks, the bell always rings and there is no watch: the handshake
 * alone has to do. Where there is none, the watch has to: watch.pml.
 *
 * The count of dropped events is a plain store, which the load of "sleeping" may
 * pass in the CPU's store buffer: then the agent sees neither the event nor the
 * count, and the CPU takes it for awake. That is the control late-stores; in the code
 * the watch asks again within floor_ns / 2.
 *
 * run	drops
 *
 * control	no-second-look	-DNO_SECOND_LOOK
 * control	look-before-sleeping	-DLOOK_BEFORE_SLEEPING
 * control	ask-before-push	-DASK_BEFORE_PUSH
 * control	consume-before-poll	-DCONSUME_BEFORE_POLL
 * control	woken-for-good	-DWOKEN_FOR_GOOD
 * control	no-rescan	-DNO_RESCAN
 * control	drops-not-pending	-DDROPS_NOT_PENDING
 * control	late-stores	-DLATE_STORES
 */

#define ENQUEUES(c) (2 - c)	/* two on the first CPU, one on the second */
#define RING 1	/* SCXU_EVENTS */

byte gen[2];	/* of the record of slot c, which is enqueued on CPU c */

/* of each CPU */
byte ring[2], head[2], failed[2];
bool late[2];	/* failed++ is in the store buffer */
byte woken;

/* the agent's */
byte tail[2], sleeps;
bool sleeping;
byte known[2];	/* the generation of slot c that it has looked at */
byte bell;	/* records in the ring buffer */

#ifdef LATE_STORES
#define COUNT_DROPPED(c) !late[c] -> late[c] = true
#define FENCE(c) !late[c]
#else
#define COUNT_DROPPED(c) failed[c]++
#define FENCE(c) skip
#endif

inline ask_agent()
{
	t = sleeps;
	if
	:: !sleeping
	:: sleeping ->
		if
		:: woken == t
		:: woken != t ->
			FENCE(me);	/* the lock of the ring buffer */
			bell++;
#ifdef WOKEN_FOR_GOOD
			woken = sleeps
#else
			woken = t
#endif
		fi
	fi
}

proctype cpu(byte me)
{
	byte t, n;

	do
	:: n < ENQUEUES(me) ->
		n++;
#ifdef ASK_BEFORE_PUSH
		ask_agent();
#endif
		FENCE(me);
		gen[me]++;	/* exchange */
		/* push_event() */
		t = tail[me];
		if
		:: head[me] - t >= RING -> COUNT_DROPPED(me)
		:: else ->
			ring[me] = me;
			head[me]++	/* exchange */
		fi;
#ifndef ASK_BEFORE_PUSH
		ask_agent()
#endif
	:: else -> break
	od
}

#ifdef LATE_STORES
proctype buffer(byte c)
{
	do
	:: d_step { late[c] -> failed[c]++; late[c] = false }
	od
}
#endif

/* scxu_engine_pending(): looks at a CPU's ring, and at its drops */
inline pending(c)
{
	is_pending = head[c] != mine[c];
	if
#ifndef DROPS_NOT_PENDING
	:: !is_pending -> is_pending = failed[c] != dropped[c]
#endif
	:: else
	fi
}

proctype agent()
{
	byte c, h, l, mine[2], dropped[2];
	bool rescan, is_pending;

pass:
	rescan = false;	/* (a label on "for" would skip its first assignment) */
	for (c : 0 .. 1) {
		h = head[c];
		l = failed[c];
		if
		:: l != dropped[c] ->
			dropped[c] = l;
			rescan = true
		:: else
		fi;
		do
		:: mine[c] != h ->
			l = ring[c];
			known[l] = gen[l];	/* look_at() */
			mine[c]++
		:: else -> break
		od;
		tail[c] = mine[c]
	};
	if
	:: rescan ->
#ifdef NO_RESCAN
		skip
#else
		known[0] = gen[0];
		known[1] = gen[1]
#endif
	:: else
	fi;

#ifdef LOOK_BEFORE_SLEEPING
	pending(0);
	if
	:: !is_pending -> pending(1)
	:: else
	fi;
	if
	:: is_pending -> goto pass
	:: else
	fi;
#endif
	sleeps++;
	sleeping = true;	/* exchange */
#if !defined(NO_SECOND_LOOK) && !defined(LOOK_BEFORE_SLEEPING)
	pending(0);
	if
	:: !is_pending -> pending(1)
	:: else
	fi;
	if
	:: is_pending -> goto awake
	:: else
	fi;
#endif
#ifdef CONSUME_BEFORE_POLL
	bell = 0;
#endif
	bell != 0;	/* poll() */
awake:
	sleeping = false;
	bell = 0;
	goto pass
}

init
{
	atomic {
		run cpu(0);
		run cpu(1);
#ifdef LATE_STORES
		run buffer(0);
		run buffer(1);
#endif
		run agent()
	};
	/* nobody can take a step any more */
	timeout;
	assert(gen[0] == ENQUEUES(0) && gen[1] == ENQUEUES(1));
	assert(known[0] == gen[0] && known[1] == gen[1])
}
