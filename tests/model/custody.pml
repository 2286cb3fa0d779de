/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Custody: can a wait be claimed, dropped, given back and begun anew in an order
 * that loses the task, runs it twice, or applies a decision to another wait than
 * the one that it was made for? This is "Why no task is lost" of bpf/scxu.bpf.c,
 * 1. to 5. (6. is bitmap.pml.)
 *
 *   here                 there
 *   task()               all that happens under the rq lock of one task:
 *     enqueue            do_enqueue_task() of the kernel, and in it scxu_enqueue():
 *                        task_slot(), into_custody(), or leave_custody() and DSQ_SHARED
 *     dequeue            ops_dequeue() of the kernel: nice, affinity, bypass, class
 *     run                scxu_running()
 *     disable, exit      scxu_disable(), scxu_exit_task()
 *   cpu()                scxu_dispatch() of a CPU: take(), then the kernel's
 *                        finish_dispatch()
 *
 * A statement is a step: one load, store or atomic operation of the code on memory
 * that another CPU writes. Loads that follow one another are not merged.
 *
 * The agent, its rings and the floor's search are an oracle in cpu(): any slot with
 * any generation at any time, DECISIONS times. That holds every right, stale,
 * duplicate and invented decision, in every order. After that only the floor
 * claims, and only what says WAITING: a task that it cannot claim is lost.
 *
 * Assumed of the kernel: it notes the queue number at the insert, drops the insert
 * when the number has changed or the task is not queued; a number is not given
 * twice to one task; a task that lost its pid does not get here (PF_EXITING).
 * The last part of finish_dispatch(), with the locks of two run queues, is one step.
 * Memory is sequentially consistent: in the code, each store that a later load must
 * not pass is an atomic exchange.
 *
 * In truth the kernel counts by run queue, and two queues may come to an equal
 * number. "equal-numbers" shows that even then no task is lost or in two places;
 * "kernel-repeats-numbers", that a decision may then reach a later wait.
 *
 * run	one-task
 * run	slot-reuse	-DTASKS=2 -DENQUEUES=2 -DDECISIONS=1
 * run	pid-reuse	-DTASKS=2 -DENQUEUES=2 -DDECISIONS=1 -DSLOTS=2 -DSAME_PID
 * run	equal-numbers	-DQSEQ_BY_RQ -DANY_WAIT
 *
 * control	gen-before-qseq	-DGEN_FIRST
 * control	no-recheck-gen	-DNO_RECHECK_GEN
 * control	no-recheck-qseq	-DNO_RECHECK_QSEQ
 * control	no-recheck-affinity	-DNO_RECHECK_AFFINITY
 * control	no-slot-check	-DTASKS=2 -DENQUEUES=2 -DDECISIONS=1 -DSLOTS=2 -DSAME_PID -DNO_SLOT_CHECK
 * control	no-gen-in-swap	-DNO_GEN_IN_SWAP
 * control	no-waiting-again	-DNO_WAITING_AGAIN
 * control	waiting-again-by-store	-DWAITING_AGAIN_BY_STORE
 * control	no-count-again	-DNO_COUNT_AGAIN
 * control	leave-by-store	-DLEAVE_BY_STORE
 * control	count-always	-DCOUNT_ALWAYS
 * control	keep-taken	-DKEEP_TAKEN
 * control	waiting-before-facts	-DWAITING_BEFORE_FACTS
 * control	kernel-drops-nothing	-DNO_KERNEL_DROP
 * control	kernel-repeats-numbers	-DQSEQ_BY_RQ
 */

#ifndef TASKS
#define TASKS 1
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef ENQUEUES	/* of the first task */
#define ENQUEUES 3
#endif
#ifndef ENQUEUES_2	/* of the second */
#define ENQUEUES_2 1
#endif
#define MOST(t) (t == 0 -> ENQUEUES : ENQUEUES_2)
#ifndef DECISIONS	/* all in all */
#define DECISIONS 2
#endif
#ifndef SAME_PID	/* a task is born when the one before it has lost its pid, and gets it */
#define PID(t) (t)
#else
#define PID(t) 0
#endif

#ifdef NO_KERNEL_DROP
#define SAME_WAIT true
#else
#define SAME_WAIT (qseq[p] == noted)
#endif

#define NONE 255

/* scxu_record.state: generation and state, one word, always accessed in one step */
#define IDLE 0
#define WAITING 1
#define TAKEN 2
byte gen[SLOTS];
byte state[SLOTS];
byte rec_pid[SLOTS];
bool used[SLOTS];	/* the free list: slots.pml */
short nr_waiting;

/* task_ctx */
byte t_slot[TASKS];
byte t_gen[TASKS];
byte t_qseq[TASKS];

/* the kernel's: ops_state (qseq belongs to it; 0 when it says "none"), cpus_ptr, pid table */
#define OPSS_NONE 0
#define OPSS_QUEUEING 1
#define OPSS_QUEUED 2
#define OPSS_DISPATCHING 3
byte opss[TASKS];
byte qseq[TASKS];
byte allowed[TASKS];	/* mask */
bool hashed[TASKS];
bool gone[TASKS];	/* was hashed */
#ifdef QSEQ_BY_RQ
byte last_qseq[2];	/* of each run queue */
#else
byte last_qseq[TASKS];
#endif

/* where it is in truth: for assertions */
#define OFF 0		/* sleeps, or between dequeue and enqueue */
#define HELD 1		/* in custody */
#define SHARED 2
#define LOCAL 3
#define KERNEL 4	/* queued by the kernel without asking us */
#define RUNS 5
byte place[TASKS];
byte wait[TASKS];	/* the generation of its wait in custody */
bool done[TASKS];
byte decisions;

/* leave_custody() */
inline leave_custody(s)
{
	d_step { old = state[s]; g = gen[s] }
	if
	:: old == WAITING ->
#ifdef LEAVE_BY_STORE
		state[s] = IDLE;
		nr_waiting--
#else
		if
		:: d_step { state[s] == WAITING && gen[s] == g -> state[s] = IDLE };
			nr_waiting--
		:: !(state[s] == WAITING && gen[s] == g)
		fi
#endif
	:: else
	fi
}

proctype task(byte me)
{
	byte old, g, q, s, enqueues;

#ifdef SAME_PID
	me == 0 || gone[me - 1];
#endif
	hashed[me] = true;
asleep:
	if
	:: enqueues < MOST(me) -> enqueues++
	:: goto exit
	fi;
	/* the kernel sets another mask while the task is dequeued */
	if
	:: allowed[me] = 3
	:: allowed[me] = 1
	:: skip
	fi;

enqueue:
	if
	:: /* bypass, select_cpu(), migration disabled: not through our enqueue() */
		place[me] = KERNEL;
		goto queued
	:: skip
	fi;
	d_step {
#ifdef QSEQ_BY_RQ
		if
		:: enqueues & 1 -> last_qseq[0]++; q = last_qseq[0]
		:: else -> last_qseq[1]++; q = last_qseq[1]
		fi;
#else
		last_qseq[me]++;
		q = last_qseq[me];
#endif
		qseq[me] = q;
		opss[me] = OPSS_QUEUEING;
		place[me] = HELD
	};
	if
	:: goto shared	/* limited, or the floor is in charge */
	:: skip
	fi;
	/* task_slot() */
	d_step {
		s = 0;
		if
		:: t_slot[me] != NONE -> s = t_slot[me]
		:: else ->
			do
			:: s < SLOTS && used[s] -> s++
			:: else -> break
			od;
			if
			:: s < SLOTS -> used[s] = true; t_slot[me] = s
			:: else
			fi
		fi
	};
	if
	:: s == SLOTS -> goto shared
	:: else
	fi;
	/* into_custody() */
#ifdef WAITING_BEFORE_FACTS
	d_step { old = state[s]; gen[s]++; g = gen[s]; state[s] = WAITING; wait[me] = g };
	t_gen[me] = g;
	t_qseq[me] = q;
	rec_pid[s] = PID(me);
#else
	g = gen[s] + 1;
	d_step { t_gen[me] = g; wait[me] = g };
	t_qseq[me] = q;
	rec_pid[s] = PID(me);
#ifdef KEEP_TAKEN
	/* "somebody has it already" */
	if
	:: state[s] == TAKEN -> goto published
	:: else
	fi;
#endif
	d_step { old = state[s]; gen[s] = g; state[s] = WAITING };
#endif
	if
#ifdef COUNT_ALWAYS
	:: true -> nr_waiting++
#else
	:: old != WAITING -> nr_waiting++
	:: else
#endif
	fi;
#ifdef KEEP_TAKEN
published:
#endif
	opss[me] = OPSS_QUEUED;
	goto queued;

shared:	/* inserted directly, when enqueue() has returned */
	if
	:: t_slot[me] != NONE -> s = t_slot[me]; leave_custody(s)
	:: else
	fi;
	d_step {
		place[me] = SHARED;
		opss[me] = OPSS_NONE;
		qseq[me] = 0;
		wait[me] = 0
	};

queued:
	if
	:: place[me] == SHARED || place[me] == LOCAL || place[me] == KERNEL ->
		place[me] = RUNS;
		/* running() */
		if
		:: t_slot[me] != NONE -> s = t_slot[me]; leave_custody(s)
		:: else
		fi;
		place[me] = OFF;
		goto asleep
	:: enqueues < MOST(me) ->
		/* ops_dequeue(): waits for one who is transferring it */
		if
		:: d_step {
			opss[me] == OPSS_QUEUED ->
			opss[me] = OPSS_NONE;
			qseq[me] = 0;
			wait[me] = 0;
			place[me] = OFF
		   }
		:: d_step { opss[me] == OPSS_NONE -> place[me] = OFF }
		fi;
		if
		:: /* disable(): it leaves our class, and comes back one day */
			if
			:: t_slot[me] != NONE -> s = t_slot[me]; leave_custody(s)
			:: else
			fi
		:: skip
		fi;
		goto asleep
	fi;

exit:
	atomic { hashed[me] = false; gone[me] = true };
	/* exit_task(), later */
	s = t_slot[me];
	if
	:: s != NONE ->
		g = gen[s];
		d_step { old = state[s]; gen[s] = g + 1; state[s] = IDLE };
		if
		:: old == WAITING -> nr_waiting--
		:: else
		fi;
		used[s] = false;
		t_slot[me] = NONE
	:: else
	fi;
	done[me] = true
}

proctype cpu(byte me)
{
	byte s, g, p, noted, seen;
	bool floor, right;

again:
	atomic { s = 0; g = 0; p = 0; noted = 0; seen = 0; floor = false; right = true };
	/* a decision */
	if
	:: atomic {
		decisions < DECISIONS ->
		decisions++;
		select (s : 0 .. SLOTS - 1);
		if
		:: g = gen[s]
		:: g = gen[s] + 1
		fi
	   }
	:: d_step {	/* collect() */
		state[0] == WAITING -> s = 0; g = gen[0]; floor = true
	   }
#if SLOTS > 1
	:: d_step { state[1] == WAITING -> s = 1; g = gen[1]; floor = true }
#endif
	fi;

	/* take() */
	if
#ifdef NO_GEN_IN_SWAP
	:: d_step { state[s] == WAITING -> state[s] = TAKEN }
	:: state[s] != WAITING -> goto again
#else
	:: d_step { state[s] == WAITING && gen[s] == g -> state[s] = TAKEN }
	:: !(state[s] == WAITING && gen[s] == g) -> goto again
#endif
	fi;
	nr_waiting--;
	seen = rec_pid[s];
	/* bpf_task_from_pid() */
	d_step {
		do
		:: p < TASKS && !(hashed[p] && PID(p) == seen) -> p++
		:: else -> break
		od
	};
	if
	:: p == TASKS -> goto again
	:: else
	fi;
#ifndef NO_SLOT_CHECK
	if
	:: t_slot[p] != s -> goto again
	:: else
	fi;
#endif
	noted = qseq[p];	/* the kernel's part of dsq_insert() */
	/*
	 * The number before the generation, as enqueue stores them the other way round:
	 * who sees a later wait's number, sees its generation too. Otherwise: old
	 * generation read, the later wait stores both, equal numbers read.
	 */
#ifdef GEN_FIRST
	if
	:: t_gen[p] != g -> goto cancel
	:: else
	fi;
#endif
#ifndef NO_RECHECK_QSEQ
	seen = t_qseq[p];
	if
	:: seen != qseq[p] -> goto cancel
	:: else
	fi;
#endif
#if !defined(GEN_FIRST) && !defined(NO_RECHECK_GEN)
	if
	:: t_gen[p] != g -> goto cancel
	:: else
	fi;
#endif
#ifndef NO_RECHECK_AFFINITY
	right = floor || (allowed[p] & (1 << me));
#endif
	if
	:: !right ->
		/* bounced: cancelled, and WAITING again */
#ifdef NO_WAITING_AGAIN
		skip
#elif defined(WAITING_AGAIN_BY_STORE)
		state[s] = WAITING;
		nr_waiting++
#else
		if
		:: d_step { state[s] == TAKEN && gen[s] == g -> state[s] = WAITING };
#ifndef NO_COUNT_AGAIN
			nr_waiting++
#endif
		:: !(state[s] == TAKEN && gen[s] == g)
		fi
#endif
		; goto again
	:: else
	fi;

	/* finish_dispatch() */
	if
	:: opss[p] == OPSS_NONE || opss[p] == OPSS_DISPATCHING
	:: opss[p] == OPSS_QUEUED && !SAME_WAIT
	:: d_step {	/* QUEUEING is waited for */
		opss[p] == OPSS_QUEUED && SAME_WAIT -> opss[p] = OPSS_DISPATCHING
	   };
#ifndef ANY_WAIT
		assert(t_slot[p] == s && wait[p] == g);	/* the wait that it was made for */
		assert(floor || allowed[p] & (1 << me)); /* else the kernel ejects us */
#endif
		assert(place[p] == HELD);	/* and nowhere else */
		d_step {
			place[p] = (floor -> SHARED : LOCAL);
			wait[p] = 0;
			qseq[p] = 0;
			opss[p] = OPSS_NONE
		}
	fi;
	goto again;
cancel:	/* stale: the record stays TAKEN, its task was dequeued */
	goto again
}

#if TASKS > 1
#define ALL_DONE (done[0] && done[1])
#else
#define ALL_DONE done[0]
#endif

init
{
	byte i;

	atomic {
		for (i : 0 .. TASKS - 1) {
			t_slot[i] = NONE;
			allowed[i] = 3;
			run task(i)
		}
		i = 0;
		run cpu(0);
		run cpu(1)
	};
	/* nobody can take a step any more: all tasks got to their end, and the count is exact */
	timeout;
	assert(ALL_DONE);
	assert(nr_waiting == 0);
	assert(decisions == DECISIONS)
}
