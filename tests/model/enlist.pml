/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An agent ends while others enlist: does the kernel part know the one that lives?
 *
 *   here       there
 *   exits()    agent_exits() of bpf/scxu.bpf.c, and agent_gone()
 *   enlists()  scxu_enlist(), which is called again when it was refused
 *
 * A statement is a step. Thread 1 is the agent and ends; 2 and 3 want to be it, and
 * one of them lives on.
 *
 * run	one-ends-two-enlist
 * control	plain-stores	-DPLAIN_STORES
 * control	tid-read-late	-DTID_READ_LATE
 * control	claims-tid	-DCLAIMS_TID
 * control	lives-by-tid	-DLIVES_BY_TID
 */

#ifdef LIVES_BY_TID
#define LIVES old
#else
#define LIVES task
#endif

byte agent_task = 1, agent_tid = 1;
byte k_agent_tid = 1, k_gone_told;
bool exiting;	/* PF_EXITING of thread 1 */
byte agents, ended;

proctype exits()
{
	byte tid;

	exiting = true;
#ifdef PLAIN_STORES
	if
	:: agent_task == 1 ->
		agent_task = 0;
		agent_tid = 0;
		k_agent_tid = 0;
		k_gone_told++
	:: else
	fi;
#else
#ifndef TID_READ_LATE
	tid = agent_tid;
#endif
	if
	:: atomic { agent_task == 1 -> agent_task = 0 };
#ifdef TID_READ_LATE
		tid = agent_tid;
#endif
		if
		:: atomic { agent_tid == tid -> agent_tid = 0 };
			if
			:: atomic { k_agent_tid == tid -> k_agent_tid = 0 }
			:: else
			fi;
			k_gone_told++
		:: else
		fi
	:: else
	fi;
#endif
	ended++
}

proctype enlists(byte me)
{
	byte task, old;

again:
	task = agent_task;
	old = agent_tid;
	if	/* agent_lives() */
	:: (LIVES == 1 && !exiting) -> (exiting); goto again
	:: (LIVES > 1) -> goto refused
	:: else
	fi;
#ifdef CLAIMS_TID
	if
	:: atomic { agent_tid == old -> agent_tid = me }
	:: else -> goto again
	fi;
	agent_task = me;
#else
	if
	:: atomic { agent_task == task -> agent_task = me }
	:: else -> goto again
	fi;
	agent_tid = me;
#endif
	if
	:: atomic { k_agent_tid == old -> k_agent_tid = 0 }
	:: else
	fi;
	k_agent_tid = me;
	agents++;
refused:
	ended++
}

init {
	atomic { run exits(); run enlists(2); run enlists(3) };
	ended == 3;
	assert(agents == 1);
	assert(agent_tid > 1 && agent_task == agent_tid && k_agent_tid == agent_tid)
}
