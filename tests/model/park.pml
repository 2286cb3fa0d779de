/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parked agent: can it stay parked with a wait that it was told of and did not
 * look at, with nobody who comes for it? And is it ever fetched twice?
 *
 *   here        there
 *   cpu()       scxu_enqueue(): push_event(), ask_agent(), and the kick when it is parked
 *   agent()     scxu_engine_pass(), agent_park() of lib/backend/kernel/runner.c, and the
 *               way of sched_yield() through scxu_enqueue(): park_agent()
 *   comer()     a CPU that was kicked: scxu_dispatch(), fetch_agent()
 *
 * A statement is a step, atomics of the code are fences and these are in order by that.
 * Here each enqueue asks, and there is no watch: parking and asking alone have to do.
 *
 * run	asks
 *
 * control	no-look-before-yield	-DNO_LOOK_BEFORE_YIELD
 * control	no-look-when-parked	-DNO_LOOK_WHEN_PARKED
 * control	ask-before-push	-DASK_BEFORE_PUSH
 * control	older-over-newer	-DOLDER_OVER_NEWER
 * control	fetch-without-swap	-DFETCH_WITHOUT_SWAP
 */

#define ENQUEUES 2	/* on each of two CPUs */

byte head[2];	/* events told */
byte known[2];	/* events looked at */
byte passes, asked_pass;
bool asked, parked, runs = true;
byte kicks;	/* CPUs that are on their way to dispatch() */
byte fetched;	/* inserts of the agent that have not run yet */

inline ask()
{
	t = passes;
	if
	:: !asked || asked_pass != t ->
		asked = true;
#ifdef OLDER_OVER_NEWER
		asked_pass = t
#else
		/* note_asked(): compare-and-swap, again when another was faster */
		atomic {
			if
			:: asked_pass < t -> asked_pass = t
			:: else
			fi
		}
#endif
	:: else
	fi;
	if
	:: parked -> kicks++
	:: else
	fi
}

proctype cpu(byte me)
{
	byte t, n;

	do
	:: n < ENQUEUES ->
		n++;
#ifdef ASK_BEFORE_PUSH
		ask();
		head[me]++
#else
		head[me]++;	/* exchange */
		ask()
#endif
	:: else -> break
	od
}

proctype comer()
{
	do
	:: atomic { kicks > 0 -> kicks-- };
		if
		:: asked && asked_pass == passes ->
#ifdef FETCH_WITHOUT_SWAP
			if
			:: parked -> parked = false; fetched++
			:: else
			fi
#else
			atomic {
				if
				:: parked -> parked = false; fetched++
				:: else
				fi
			}
#endif
		:: else
		fi
	od
}

proctype agent()
{
	byte h0, h1;

pass:
	h0 = head[0];
	h1 = head[1];
	known[0] = h0;
	known[1] = h1;
	passes++;
#ifndef NO_LOOK_BEFORE_YIELD
	if
	:: head[0] != known[0] || head[1] != known[1] -> goto pass
	:: else
	fi;
#endif
	/* sched_yield(), put_prev_task_scx(), scxu_enqueue() */
	runs = false;
	parked = true;	/* exchange */
#ifndef NO_LOOK_WHEN_PARKED
	if
	:: asked && asked_pass == passes -> kicks++
	:: else
	fi;
#endif
	atomic { fetched > 0 -> fetched--; assert(fetched == 0); runs = true };
	goto pass
}

init
{
	atomic {
		run cpu(0);
		run cpu(1);
		run comer();
		run comer();
		run agent()
	};
	/* nobody can take a step any more */
	timeout;
	assert(head[0] == ENQUEUES && head[1] == ENQUEUES);
	assert(known[0] == head[0] && known[1] == head[1])
}
