/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Grace periods of RCU, which the kernel waits for when it attaches or detaches a scheduler. */
#ifndef SCXU_RCU_H
#define SCXU_RCU_H

/*
 * Meanwhile it is in its bypass mode (scx_bypass() in kernel/sched/ext.c): no scheduler is asked,
 * and all tasks run in the order in which they come, each until a tick. The threads of RCU wait in
 * that order, too, so that the more tasks there are, the longer it lasts: 69 to 96 ms for a detach
 * beside eight CPU hogs on 6.18, and a task that wakes was 11 to 31 ms late; hastened, 4 to 12 ms,
 * and 5 to 11.
 *
 * rcu_hasten(): grace periods are expedited (/sys/kernel/rcu_expedited; nothing where
 * rcu_normal is set), and the threads that make them are SCHED_FIFO, at the least priority.
 * rcu_restore(): as they were; that is noted in /run first, so that it works after SIGKILL, too.
 * Both take CAP_SYS_NICE. What cannot be done is a warning.
 */
void rcu_hasten(void);
void rcu_restore(void);

#endif
