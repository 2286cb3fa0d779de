/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The free list of slots: can two tasks own one slot, or a slot be lost?
 *
 *   here      there
 *   task()    slot_alloc(), slot_free() of bpf/custody.bpf.h: a stack linked through
 *             next_free, its head tagged; and slots_high, slots never used so far
 *
 * A statement is a step. Three tasks take and give back up to three slots. (The tag
 * has 32 bits there and wraps after 2^32 operations within one of them; here it
 * does not wrap.)
 *
 * run	three-tasks
 * control	no-tag	-DNO_TAG
 * control	high-by-store	-DHIGH_BY_STORE
 */

#define SLOTS 3	/* max_tasks */
#define ROUNDS 2

byte head, tag;	/* free_head, one word: slot + 1, 0 ends it */
byte link[SLOTS];	/* next_free */
byte high;	/* slots_high */
byte owners[SLOTS];

#ifdef NO_TAG
#define NEW_TAG
#else
#define NEW_TAG tag++;
#endif

proctype task()
{
	byte h, t, next, slot, n;

alloc:
	atomic { h = head; t = tag };
	if
	:: h == 0 -> goto fresh
	:: else
	fi;
	slot = h - 1;
	next = link[slot];
	if
	:: d_step { head == h && tag == t -> head = next; NEW_TAG }; goto owned
	:: !(head == h && tag == t) -> goto alloc
	fi;
fresh:
	h = high;
	if
	:: h == SLOTS -> goto done	/* SCXU_NO_SLOT: none, or one came back meanwhile */
	:: else
	fi;
#ifdef HIGH_BY_STORE
	high = h + 1;
#else
	if
	:: atomic { high == h -> high = h + 1 }
	:: high != h -> goto fresh
	fi;
#endif
	slot = h;
owned:
	owners[slot]++;
	assert(owners[slot] == 1);
	owners[slot]--;
free:
	atomic { h = head; t = tag };
	link[slot] = h;
	if
	:: d_step { head == h && tag == t -> head = slot + 1; NEW_TAG }
	:: !(head == h && tag == t) -> goto free
	fi;
	n++;
	if
	:: n < ROUNDS -> goto alloc
	:: else
	fi;
done:
	skip
}

init
{
	byte slot, left;

	atomic {
		run task();
		run task();
		run task()
	};
	timeout;
	/* each slot that was ever used is free, once */
	left = high;
	slot = head;
	do
	:: slot != 0 ->
		assert(left > 0);
		left--;
		owners[slot - 1]++;
		assert(owners[slot - 1] == 1);
		slot = link[slot - 1]
	:: else -> break
	od;
	assert(left == 0)
}
