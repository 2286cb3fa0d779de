/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the kernel that are others while the scheduler is loaded. */
#ifndef SCXU_SETTINGS_H
#define SCXU_SETTINGS_H

/*
 * Two of them; what cannot be set is a warning.
 *
 * vm.compact_unevictable_allowed: 0, so that compaction does not move the agent's locked pages
 * under its feet.
 *
 * The deadline server of sched_ext (kernel 7.0 on; ext_server in kernel/sched/ext.c, debugfs
 * sched/ext_server/cpuN): it has 50 ms of each second, when real-time tasks would leave nothing of
 * a CPU. Its period becomes ext_server_ms, if that is shorter, and its runtime ext_server_pct of
 * the period; 0: the period as it is; the same part of it as it was. A server that is switched off
 * is left alone.
 *
 * What they were is noted in /run first, so that restoring works after SIGKILL too: at the
 * next start's end, or by scxu_stop().
 */
void settings_change(unsigned int ext_server_ms, unsigned int ext_server_pct);
void settings_restore(void);

#endif
