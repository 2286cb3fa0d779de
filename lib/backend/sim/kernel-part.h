/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel part's callbacks, as struct sched_ext_ops has them; here: the executing CPU. */
#ifndef SCXU_SIM_KERNEL_PART_H
#define SCXU_SIM_KERNEL_PART_H

#include "machine.h"

/* Who has waited in custody for so long is the kernel part's, whatever the policy wants. */
#define STARVE_NS (15 * SECOND_NS)

int kernel_part_create(struct scxu_sim *m);
void kernel_part_destroy(struct scxu_sim *m);

/* The CPU for a waking task. True: it is in that CPU's local DSQ already. */
bool kernel_part_select_cpu(struct scxu_sim *m, struct task *t, unsigned int *cpu,
			    unsigned int here);
void kernel_part_enqueue(struct scxu_sim *m, struct task *t, bool wakeup, unsigned int here);
void kernel_part_dispatch(struct scxu_sim *m, unsigned int cpu, struct task *prev);
void kernel_part_running(struct scxu_sim *m, struct task *t, unsigned int cpu);
void kernel_part_stopping(struct scxu_sim *m, struct task *t, unsigned int cpu);
void kernel_part_update_idle(struct scxu_sim *m, unsigned int cpu, bool idle);
void kernel_part_init_task(struct scxu_sim *m, struct task *t);
void kernel_part_exit_task(struct scxu_sim *m, struct task *t);
void kernel_part_cpu_online(struct scxu_sim *m, unsigned int cpu);
void kernel_part_cpu_offline(struct scxu_sim *m, unsigned int cpu);
void kernel_part_watch(struct scxu_sim *m, unsigned int here);
/* The program that the agent runs between two passes */
void kernel_part_commit(struct scxu_sim *m, unsigned int here);

#endif
