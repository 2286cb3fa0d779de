/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The map of possibly waiting slots: can a task wait, with the floor looking for
 * it, and have no bit? This is 6. of "Why no task is lost" of bpf/scxu.bpf.c.
 *
 *   here          there
 *   task()        into_custody(): WAITING by exchange, nr_waiting, mark_waiting();
 *                 enqueued again at any time, taken or not
 *   decider()     take() of a decision, which bounces or not
 *   collector()   collect(), on two CPUs, with room for one task or both, and take()
 *                 of what it finds (one that is not old enough for TAKE_STARVED is
 *                 left in the same way as one for which there is no room)
 *
 * A statement is a step. What take() does between the swaps is custody.pml's
 * subject: here it succeeds or bounces. A collector that finds nothing waits
 * until there is something: so a task that cannot be found is one that waits when
 * nobody can take a step any more.
 *
 * run	word
 * control	mark-before-waiting	-DMARK_BEFORE_WAITING
 * control	look-before-clear	-DLOOK_BEFORE_CLEAR
 * control	no-mark-at-bounce	-DNO_MARK_AT_BOUNCE
 * control	mark-before-bounce	-DMARK_BEFORE_BOUNCE
 * control	no-bit-again-without-room	-DNO_BIT_AGAIN
 * control	bit-again-by-store	-DBIT_AGAIN_BY_STORE
 */

#define ENQUEUES(t) (2 - t)	/* two of the first task, one of the second */
#define DECISIONS 1

#define IDLE 0
#define WAITING 1
#define TAKEN 2
byte gen[2];
byte state[2];	/* with gen one word */
short nr_waiting;
byte word;	/* of maybe_waiting */

byte claimed[2];	/* the generation that was taken last, 0 when it bounced */
byte decisions;

inline mark_waiting(s)
{
	if
	:: word & (1 << s)
	:: !(word & (1 << s)) -> word = word | (1 << s) /* fetch-or */
	fi
}

proctype task(byte me)
{
	byte old, n;

	do
	:: n < ENQUEUES(me) ->
		n++;
#ifdef MARK_BEFORE_WAITING
		mark_waiting(me);
#endif
		d_step { old = state[me]; gen[me]++; state[me] = WAITING };
		if
		:: old != WAITING -> nr_waiting++
		:: else
		fi;
#ifndef MARK_BEFORE_WAITING
		mark_waiting(me)
#endif
	:: else -> break
	od
}

proctype decider()
{
	byte s, g;

	do
	:: decisions < DECISIONS ->
		atomic {
			decisions++;
			select (s : 0 .. 1);
			g = gen[s]
		};
		if
		:: d_step {
			state[s] == WAITING && gen[s] == g -> state[s] = TAKEN;
			claimed[s] = g
		   };
			nr_waiting--;
			if
			:: skip
			:: /* it bounces */
#ifdef MARK_BEFORE_BOUNCE
				mark_waiting(s);
#endif
				if
				:: d_step {
					state[s] == TAKEN && gen[s] == g -> state[s] = WAITING;
					claimed[s] = 0
				   };
					nr_waiting++;
#if !defined(NO_MARK_AT_BOUNCE) && !defined(MARK_BEFORE_BOUNCE)
					mark_waiting(s)
#endif
				:: !(state[s] == TAKEN && gen[s] == g)
				fi
			fi
		:: !(state[s] == WAITING && gen[s] == g)
		fi
	:: else -> break
	od
}

proctype collector()
{
	byte s, g, bits, room;
	bool waits;

again:
	atomic {
		nr_waiting != 0;	/* dispatch() looks no further otherwise */
		select (room : 1 .. 2)
	};
	word != 0;
#ifdef LOOK_BEFORE_CLEAR
	/* both states in one look, in favour of the mistake */
	d_step {
		bits = word;
		if
		:: state[0] != WAITING -> bits = bits & 2
		:: else
		fi;
		if
		:: state[1] != WAITING -> bits = bits & 1
		:: else
		fi
	};
	word = 0;
#else
	d_step { bits = word; word = 0 };
#endif
	for (s : 0 .. 1) {
		if
		:: bits & (1 << s) ->
			d_step { g = gen[s]; waits = state[s] == WAITING };
			if
			:: waits && room ->
				room--;
				if
				:: d_step {
					state[s] == WAITING && gen[s] == g -> state[s] = TAKEN;
					claimed[s] = g
				   };
					nr_waiting--
				:: !(state[s] == WAITING && gen[s] == g)
				fi
			:: waits && !room ->
#ifdef NO_BIT_AGAIN
				skip
#elif defined(BIT_AGAIN_BY_STORE)
				bits = word;
				word = bits | (1 << s)
#else
				word = word | (1 << s)
#endif
			:: !waits
			fi
		:: else
		fi
	};
	goto again
}

init
{
	atomic {
		run task(0);
		run task(1);
		run decider();
		run collector();
		run collector()
	};
	/* nobody can take a step any more */
	timeout;
	assert(state[0] != WAITING && state[1] != WAITING);
	assert(claimed[0] == gen[0] && claimed[1] == gen[1]);
	assert(gen[0] == ENQUEUES(0) && gen[1] == ENQUEUES(1));
	assert(nr_waiting == 0)
}
