/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types, as far as the kernel part looks at them. Declared here and
 * relocated by CO-RE, so that one object fits every kernel and no vmlinux.h of
 * some kernel has to be at hand when building.
 */
/* clang-format off */
#ifndef SCXU_BPF_KERNEL_H
#define SCXU_BPF_KERNEL_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __s8 s8;
typedef __u8 u8;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef _Bool bool;
enum { false = 0, true = 1 };
#define NULL ((void *)0)

/* uapi/linux/bpf.h */
enum {
	BPF_MAP_TYPE_ARRAY		= 2,
	BPF_MAP_TYPE_RINGBUF		= 27,
	BPF_MAP_TYPE_TASK_STORAGE	= 29,
};
enum {
	BPF_F_NO_PREALLOC	= 1U << 0,
	BPF_F_MMAPABLE		= 1U << 10,
};
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1U << 0 };
enum { BPF_RB_FORCE_WAKEUP = 1ULL << 1 };

struct bpf_timer {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_scx_dsq {
	__u64 __opaque[6];
} __attribute__((aligned(8)));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct cpumask {
	unsigned long bits[1];	/* longer in truth: read through bpf_cpumask_test_cpu() */
};

struct sched_entity {
	u64 sum_exec_runtime;
	u64 slice;
	unsigned char custom_slice; /* slice was asked for by sched_setattr() */
};

typedef struct {
	s64 counter;
} atomic_long_t;

struct sched_ext_entity {
	u32 flags;
	u32 weight;
	atomic_long_t ops_state;
	u64 slice;
	u64 dsq_vtime;
};

typedef struct {
	unsigned long sig[1];
} sigset_t;

struct sigpending {
	sigset_t signal;
};

struct task_struct {
	unsigned int flags;
	struct sched_entity se;
	struct sched_ext_entity scx;
	int nr_cpus_allowed;
	const struct cpumask *cpus_ptr;
	unsigned short migration_disabled;
	int pid;
	int tgid;
	struct sigpending pending; /* its own, of the process's only SIGKILL */
	char comm[16];
};

enum scx_exit_kind { SCX_EXIT_NONE };

struct scx_exit_info {
	enum scx_exit_kind kind;
	s64 exit_code;
	const char *reason;
	char *msg;
	char *dump;
};

struct scx_init_task_args {
	bool fork;
};

struct scx_exit_task_args {
	bool cancelled;
};

struct scx_cpu_release_args;

enum cpuhp_state { CPUHP_AP_ACTIVE = 200 }; /* moves between kernels */

struct cpuhp_cpu_state {
	enum cpuhp_state state;
};

#pragma clang attribute pop

/* libbpf matches these by name with the members that the running kernel has. */
struct sched_ext_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev_cpu, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*dispatch)(s32 cpu, struct task_struct *prev);
	void (*running)(struct task_struct *p);
	void (*stopping)(struct task_struct *p, bool runnable);
	void (*tick)(struct task_struct *p);
	void (*update_idle)(s32 cpu, bool idle);
	void (*cpu_release)(s32 cpu, struct scx_cpu_release_args *args);
	void (*disable)(struct task_struct *p);
	s32 (*init_task)(struct task_struct *p, struct scx_init_task_args *args);
	void (*exit_task)(struct task_struct *p, struct scx_exit_task_args *args);
	void (*cpu_online)(s32 cpu);
	void (*cpu_offline)(s32 cpu);
	s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	u32 dispatch_max_batch;
	u64 flags;
	u32 timeout_ms;
	u32 exit_dump_len;
	u64 hotplug_seq;
	char name[128];
};

/* Values that moved between kernels: always through bpf_core_enum_value(). */
enum scx_dsq_id_flags {
	SCX_DSQ_LOCAL = (1LLU << 63) | 2,
	SCX_DSQ_LOCAL_ON = (1LLU << 63) | (1LLU << 62),
};
enum scx_enq_flags {
	SCX_ENQ_WAKEUP = 1,
	SCX_ENQ_HEAD = 16,
	SCX_ENQ_PREEMPT = 1LLU << 32,
	SCX_ENQ_REENQ = 1LLU << 40,
};
enum scx_wake_flags { SCX_WAKE_SYNC = 16 };
enum scx_dsq_iter_flags { SCX_DSQ_ITER_REV = 1U << 16 };
enum scx_kick_flags {
	SCX_KICK_IDLE = 1,
	SCX_KICK_PREEMPT = 2,
};
enum scx_ent_flags { SCX_TASK_QUEUED = 1 };

#define SIGKILL 9
#define PF_EXITING	0x00000004
#define PF_KTHREAD	0x00200000

#endif
