/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The watch: can a task wait while nobody is asked and no timer runs?
 *
 * Not each enqueue asks the agent, a decision may bounce when the agent sleeps, the
 * bell may fail to ring: then a timer looks, as long as something waits. It is
 * armed by who makes work, and ends by itself when it finds none.
 *
 *   here        there
 *   cpu()       scxu_enqueue(): WAITING, nr_waiting, push_event(), watch_arm(),
 *               ask_agent() or unasked; scxu_dispatch(): take() of a decision,
 *               which bounces or not, and the question at its end
 *   watch()     watch_fire() of bpf/floor.bpf.h
 *   agent()     a pass is a step, and so is going to sleep: handshake.pml shows that
 *               they may be
 *
 * A statement is a step. The agent decides all that it knows, so that held is 0 and
 * dispatch() has least reason to ask. That a decision is found by a CPU is
 * kick_an_idle_cpu()'s part. An agent that does not run is the floor's.
 *
 * run	two-cpus
 *
 * control	never-fires	-DNEVER_FIRES
 * control	looks-once	-DLOOKS_ONCE
 * control	armed-before-waiting	-DARM_FIRST
 * control	bounce-without-arming	-DBOUNCE_WITHOUT_ARMING
 */

#define ENQUEUES(c) (2 - c)	/* two on the first CPU, one on the second */
#define BOUNCES 1
#define BELL_FAILS 1

#define IDLE 0
#define WAITING 1
#define TAKEN 2
byte gen[2];	/* slot c is enqueued on CPU c */
byte state[2];	/* with gen one word */
short nr_waiting;
bool event[2];	/* of slot c, in whatever ring */
byte decided[2];	/* the generation that a decision in the stock names, 0: none */
bool unasked, armed;
bool awake;	/* the agent, or it was woken */

byte bounces, bell_fails;
bool passed;	/* since the watch fired last the agent made a pass, or the bell failed */

inline ask_agent()
{
	unasked = false;
	if
	:: atomic { bell_fails < BELL_FAILS -> bell_fails++; passed = true }
	:: awake = true
	fi
}

inline watch_arm()
{
	if
	:: armed
	:: !armed -> armed = true	/* compare-and-swap; the loser does nothing */
	fi
}

proctype cpu(byte me)
{
	byte s, g, n, old;

	do
	:: n < ENQUEUES(me) ->	/* scxu_enqueue() */
		n++;
#ifdef ARM_FIRST
		watch_arm();
#endif
		d_step { old = state[me]; gen[me]++; state[me] = WAITING };
		if
		:: old != WAITING -> nr_waiting++
		:: else
		fi;
		event[me] = true;
#ifndef ARM_FIRST
		watch_arm();
#endif
		if
		:: ask_agent()
		:: unasked = true	/* it did not sleep, and there is stock_left() */
		fi
	:: atomic {	/* scxu_dispatch(): pop_decision() */
		decided[0] || decided[1] ->
		s = (decided[0] -> 0 : 1);
		g = decided[s];
		decided[s] = 0
	   };
		if
		:: d_step { state[s] == WAITING && gen[s] == g -> state[s] = TAKEN };
			nr_waiting--;
			if
			:: skip
			:: atomic { bounces < BOUNCES -> bounces++ };
				if
				:: d_step {
					state[s] == TAKEN && gen[s] == g -> state[s] = WAITING
				   };
					nr_waiting++;
					event[s] = true;
					/* watch_fire() may have seen the 0, and ended */
#ifndef BOUNCE_WITHOUT_ARMING
					watch_arm()
#endif
				:: !(state[s] == TAKEN && gen[s] == g)
				fi
			fi
		:: !(state[s] == WAITING && gen[s] == g)
		fi;
		/* something waits and is not decided: agent_has_work() */
		if
		:: nr_waiting > (decided[0] != 0) + (decided[1] != 0) ->
			if
			:: unasked -> ask_agent()
			:: !unasked
			fi
		:: else
		fi
	od
}

proctype agent()
{
	do
	:: d_step {	/* scxu_engine_pass() */
		awake && event[0] ->
		event[0] = false;
		decided[0] = (state[0] == WAITING -> gen[0] : 0);
		passed = true
	   }
	:: d_step {
		awake && event[1] ->
		event[1] = false;
		decided[1] = (state[1] == WAITING -> gen[1] : 0);
		passed = true
	   }
	:: d_step { awake && !event[0] && !event[1] -> awake = false }
	od
}

inline watch_fire()
{
	if
	:: nr_waiting == 0 ->
		armed = false;
#ifdef LOOKS_ONCE
		goto over;
#else
		if
		:: nr_waiting == 0 -> goto over
		:: else
		fi;
		if
		:: d_step { !armed -> armed = true }
		:: armed -> goto over
		fi
#endif
	:: else
	fi;
	if
	:: nr_waiting -> ask_agent()
	:: else
	fi
}

#define ALL_RAN (state[0] != WAITING && state[1] != WAITING && nr_waiting == 0 && \
		 gen[0] == ENQUEUES(0) && gen[1] == ENQUEUES(1))

/* Fires twice at any time, and then whenever nothing else can happen: time goes on. */
proctype watch()
{
	byte fires;

over:
	if
	:: atomic { armed && fires < 2 -> fires++ };
		watch_fire();
		goto over
	:: timeout
	fi;
	if
	:: ALL_RAN -> goto end
	:: else
	fi;
	/* something waits: then the watch is armed, and did not fire in vain */
#ifdef NEVER_FIRES
	assert(false);
#endif
	assert(armed);
	assert(passed);
	passed = false;
	watch_fire();
	goto over;
end:
	skip
}

init
{
	atomic {
		passed = true;
		run cpu(0);
		run cpu(1);
		run agent();
		run watch()
	}
}
