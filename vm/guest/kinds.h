/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_KINDS_H
#define SCXU_LOAD_KINDS_H

#include "load.h"

extern const struct load_kind hogs_kind;
extern const struct load_kind hogs_threads_kind;
extern const struct load_kind fifo_hogs_kind;
extern const struct load_kind yielders_kind;
extern const struct load_kind sleeper_kind;
extern const struct load_kind sleeper_threads_kind;
extern const struct load_kind burst_kind;
extern const struct load_kind pingpong_kind;
extern const struct load_kind messages_kind;
extern const struct load_kind forkers_kind;
extern const struct load_kind exit_churn_kind;
extern const struct load_kind fork_bomb_kind;
extern const struct load_kind pid_reuse_kind;
extern const struct load_kind affinity_churn_kind;
extern const struct load_kind nice_churn_kind;
extern const struct load_kind class_churn_kind;
extern const struct load_kind cpu_use_kind;

#endif
