/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU fetches the parked agent while another may be switching it out: is it ever moved
 * from that one? There callbacks run on its behalf, in which its migration is disabled, and the
 * kernel ejects a scheduler that moves such a task (seen on 6.18).
 *
 *   here      there
 *   comer()   fetch_agent(), and the kernel's dispatch_to_local_dsq(), which tests
 *             the migration state without a lock of the agent's CPU
 *   agent()   sched_yield(), put_prev_task_scx(), scxu_enqueue(): park_agent(); then
 *             scxu_running() of the next task and the switch
 *
 * A statement is a step.
 *
 * run	fetches
 *
 * control	where-before-claim	-DWHERE_BEFORE_CLAIM
 */

#define ROUNDS 3	/* that the agent runs */

bool parked;
bool current = true;	/* on its CPU: it runs, or is being switched out */
byte cpu;		/* where it is, or was last */
bool inserted;		/* it may run, on the CPU "to" */
byte to;
byte rounds;

proctype comer(byte me)
{
	byte where;
	bool claimed;

	do
	:: rounds == ROUNDS -> break
	:: parked ->
		where = cpu;
		atomic {
			claimed = parked;
			parked = false
		}
		if
		:: claimed ->
#ifndef WHERE_BEFORE_CLAIM
			where = cpu;
#endif
			if
			:: where != me && current -> skip
			:: else -> where = me
			fi;
			/* flush_dispatch_buf() */
			assert(where == cpu || !current);
			to = where;
			inserted = true
		:: else
		fi
	od
}

proctype agent()
{
	do
	:: rounds == ROUNDS -> break
	:: else ->
		parked = true;	/* exchange */
		current = false;	/* the switch has ended */
		inserted;
		atomic {
			inserted = false;
			cpu = to;
			current = true;
			rounds++
		}
	od
}

init
{
	atomic {
		run agent();
		run comer(0);
		run comer(1)
	}
}
