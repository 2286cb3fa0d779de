// SPDX-License-Identifier: GPL-2.0-only
/*
 * The agent's side over shared memory in which anything may be: event rings, records,
 * CPUs, the kernel part's own fields. The input is a list of operations: passes of the
 * engine, what a sound kernel part does (tests/unit/kernel-part.h), and words that are
 * written over what is there. The arrays end at pages that fault.
 *
 * Whatever is written: no access outside, no undefined behaviour, each pass ends, and
 * when nothing is written any more there is an end to what is to be read. What the engine
 * tells a policy keeps to <scxu/policy.h>, and what it publishes keeps to bpf/abi.h.
 */
#include <sys/queue.h>

#include <scxu/loader.h>
#include <scxu/stats.h>
#include "lib/backend/kernel/status.h"
#include "lib/engine.h"
#include "tests/unit/kernel-part.h"

#include "input.h"

#define TASKS	   64u
#define CPUS_MAX   4u
#define OPERATIONS 4096

/* --- a policy that checks what it is told -------------------------------------- */

struct stask {
	TAILQ_ENTRY(stask) node;
	bool entered, waited, queued;
};

struct ssched {
	TAILQ_HEAD(squeue, stask) queue;
	unsigned int turn;
};

static int strict_init(struct scxu_sched *sched)
{
	struct ssched *s = scxu_sched_data(sched);

	TAILQ_INIT(&s->queue);
	return 0;
}

static void check_facts(const struct scxu_sched *sched, const struct scxu_task *task)
{
	MUST(task->slot < scxu_max_tasks(sched));
	MUST(task->cpu >= 0 && (unsigned int)task->cpu < scxu_nr_cpus(sched));
	MUST(task->weight >= SCXU_WEIGHT_MIN && task->weight <= SCXU_WEIGHT_MAX);
	MUST(memchr(task->comm, 0, sizeof(task->comm)));
}

static void strict_enter(struct scxu_sched *sched, struct scxu_task *task)
{
	struct stask *t = scxu_task_data(task);

	check_facts(sched, task);
	MUST(!t->entered && !t->waited && !t->queued);
	t->entered = true;
}

static void strict_exit(struct scxu_sched *sched, struct scxu_task *task)
{
	struct stask *t = scxu_task_data(task);

	(void)sched;
	MUST(t->entered && !t->queued);
	t->entered = false;
}

static void strict_enqueue(struct scxu_sched *sched, struct scxu_task *task, unsigned int flags)
{
	struct ssched *s = scxu_sched_data(sched);
	struct stask *t = scxu_task_data(task);

	check_facts(sched, task);
	MUST(t->entered && !t->queued);
	/* "decide again" is said of what was there before only */
	MUST(t->waited || !(flags & (SCXU_ENQUEUE_RECALLED | SCXU_ENQUEUE_BOUNCED)));
	t->waited = true;
	t->queued = true;
	TAILQ_INSERT_TAIL(&s->queue, t, node);
}

static void forget(struct ssched *s, struct stask *t)
{
	TAILQ_REMOVE(&s->queue, t, node);
	t->queued = false;
}

static void strict_dequeue(struct scxu_sched *sched, struct scxu_task *task)
{
	struct stask *t = scxu_task_data(task);

	MUST(t->queued);
	forget(scxu_sched_data(sched), t);
}

/* To any CPU, to one that the library names, or to whatever comes next in turn. */
static void strict_dispatch(struct scxu_sched *sched)
{
	struct ssched *s = scxu_sched_data(sched);
	struct stask *t, *next;

	for (t = TAILQ_FIRST(&s->queue); t && scxu_room(sched); t = next) {
		struct scxu_task *task = scxu_task_of(t);
		int cpu = SCXU_CPU_ANY, err;

		next = TAILQ_NEXT(t, node);
		s->turn++;
		if (s->turn % 3 == 1)
			cpu = scxu_select_cpu(sched, task);
		else if (s->turn % 3 == 2)
			cpu = (int)(s->turn % (CPUS_MAX + 2)) - 1;
		err = scxu_decide(sched, task, cpu, s->turn % 5 * 20000, s->turn, s->turn & 3);
		if (!err || err == -ESTALE)
			forget(s, t);
	}
}

static void strict_hint(struct scxu_sched *sched, struct scxu_task *task, int cpu)
{
	const struct stask *t = scxu_task_data(task);
	struct scxu_running run;

	check_facts(sched, task);
	MUST(t->entered);
	MUST(cpu >= 0 && (unsigned int)cpu < scxu_nr_cpus(sched));
	scxu_cpu_running(sched, cpu, &run);
}

static void strict_set_weight(struct scxu_sched *sched, struct scxu_task *task, uint32_t before)
{
	const struct stask *t = scxu_task_data(task);

	(void)sched;
	MUST(t->entered && !t->queued && task->weight != before);
}

static void strict_set_affinity(struct scxu_sched *sched, struct scxu_task *task)
{
	const struct stask *t = scxu_task_data(task);

	(void)sched;
	MUST(t->entered && !t->queued);
}

static void strict_cpu(struct scxu_sched *sched, int cpu)
{
	MUST(cpu >= 0 && (unsigned int)cpu < scxu_nr_cpus(sched));
}

static const struct scxu_policy_ops strict = {
	.struct_size = sizeof(strict),
	.abi = SCXU_POLICY_ABI,
	.name = "strict",
	.task_size = sizeof(struct stask),
	.sched_size = sizeof(struct ssched),
	.init = strict_init,
	.task_enter = strict_enter,
	.task_exit = strict_exit,
	.enqueue = strict_enqueue,
	.dequeue = strict_dequeue,
	.dispatch = strict_dispatch,
	.running = strict_hint,
	.stopping = strict_hint,
	.tick = strict_hint,
	.set_weight = strict_set_weight,
	.set_affinity = strict_set_affinity,
	.cpu_online = strict_cpu,
	.cpu_offline = strict_cpu,
};

/* --- what is published ----------------------------------------------------------- */

static void check_decision(const struct scxu_decision *d)
{
	MUST(d->slot < TASKS);
	MUST(!(d->flags & ~SCXU_DECIDE_FLAGS));
	MUST(!(d->gen >> (64 - SCXU_GEN_SHIFT)));
	MUST(!d->slice_us || (d->slice_us * 1000ull >= SCXU_SLICE_MIN_NS &&
			      d->slice_us * 1000ull <= SCXU_SLICE_MAX_NS));
}

static void check_published(const struct kernel_part *k)
{
	struct scxu_decision d[SCXU_CPU_DECISIONS];
	unsigned int n;
	int cpu;

	for (cpu = -1; cpu < (int)k->shm.nr_cpus; cpu++)
		for (n = kernel_part_peek(k, cpu, d, SCXU_CPU_DECISIONS); n; n--)
			check_decision(&d[n - 1]);
}

static void look_around(const struct kernel_part *k, struct scxu_sched *sched)
{
	struct scxu_status status = { .now = 0 };
	struct scxu_stats stats;
	struct scxu_where where;
	char text[128];
	uint64_t i;

	MUST(!scxu_engine_where(sched, &where));
	MUST(scxu_nr_queued(sched) <= TASKS);
	scxu_sched_stats(sched, &stats);
	MUST(stats.floor_reason);
	scxu_stats_wait(NULL, &stats, 99);
	scxu_status_fill(&k->shm, &status);
	for (i = 0; i < status.nr_episodes && i < SCXU_STATUS_EPISODES; i++)
		scxu_episode_text(&status.episodes[i], text, sizeof(text));
}

/* --- operations ------------------------------------------------------------------ */

/* Writes a word anywhere in an object; the first ones are where most happens. */
static void poke(struct input *in, void *object, size_t size)
{
	size_t words = size / sizeof(uint64_t), first = words < 16 ? words : 16;
	size_t at = input_below(in, 4) ? input_below(in, (unsigned int)first)
				       : input_below(in, (unsigned int)words);

	((scxu_word *)object)[at] = input_word(in);
}

static void enqueue(struct input *in, struct kernel_part *k, uint64_t now)
{
	uint32_t slot = input_below(in, TASKS);
	struct wait_facts facts = {
		.now = now,
		.runtime = input_byte(in) * 100000ull,
		.vtime = input_byte(in) * 100000ull,
		.weight = input_byte(in),
		.flags = input_byte(in),
		.cpu = input_byte(in),
		.slice = input_byte(in) * 100000ull,
	};

	if (!k->records[slot].birth)
		kernel_part_birth(k, slot, (int)slot + 1, input_byte(in) & 15);
	kernel_part_enqueue(k, slot, input_below(in, k->shm.nr_cpus), &facts);
}

static void operate(struct input *in, struct kernel_part *k, struct scxu_sched *sched,
		    uint64_t *now)
{
	unsigned int cpu, what = input_below(in, 20);
	struct scxu_decision d;
	uint32_t slot;

	if (what < 4) {
		*now += 1 + input_byte(in) * 10000ull;
		scxu_engine_pass(sched, *now);
		check_published(k);
		return;
	}
	if (what < 8) {
		enqueue(in, k, *now);
		return;
	}
	cpu = input_below(in, k->shm.nr_cpus);
	slot = input_below(in, TASKS);
	switch (what) {
	case 8:
	case 9:
		kernel_part_dispatch(k, cpu, &d);
		break;
	case 10:
		kernel_part_birth(k, slot, (int)slot + 1, input_byte(in) & 15);
		break;
	case 11:
		kernel_part_exit(k, slot);
		break;
	case 12:
		kernel_part_leave(k, slot);
		break;
	case 13:
		kernel_part_event(k, cpu, (uint32_t)input_word(in));
		break;
	case 14:
		kernel_part_run_slot(k, cpu, slot, input_byte(in) * 100000ull, *now);
		kernel_part_hint(k, cpu, input_below(in, 4), cpu, slot);
		break;
	case 15:
		kernel_part_idle(k, cpu, input_byte(in) & 1);
		kernel_part_online(k, cpu, input_byte(in) & 3);
		break;
	case 16:
		poke(in, &k->records[slot], sizeof(k->records[slot]));
		break;
	case 17:
		poke(in, &k->cpus[cpu], sizeof(k->cpus[cpu]));
		break;
	case 18:
		poke(in, k->kernel, offsetof(struct scxu_kernel, exit_reason));
		break;
	default:
		scxu_engine_settle(sched);
		look_around(k, sched);
	}
}

/* Nothing is written any more: the agent may sleep, after so many passes at the most. */
static void come_to_rest(struct kernel_part *k, struct scxu_sched *sched, uint64_t now)
{
	unsigned int passes = 0;

	while (scxu_engine_pass(sched, ++now) || scxu_engine_pending(sched))
		MUST(++passes <= SCXU_EVENTS / 256);
	check_published(k);
	look_around(k, sched);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };
	const struct scxu_policy_ops *policy = scxu_policy_builtin(input_below(&in, 7));
	struct kernel_part *k = kernel_part_create(1 + input_below(&in, CPUS_MAX), TASKS);
	struct scxu_sched *sched =
		engine_with(k, policy ? policy : &strict, 1 + input_below(&in, 16));
	uint64_t now = 1000000;
	int n;

	for (n = 0; n < OPERATIONS && in.at < in.end; n++)
		operate(&in, k, sched, &now);
	come_to_rest(k, sched, now);
	scxu_engine_destroy(sched);
	kernel_part_destroy(k);
	return 0;
}
