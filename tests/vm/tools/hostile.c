// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile MODE [N]: names itself the agent of the loaded scheduler and does harm
 * through the memory that an agent may write:
 *
 *	garbage   decisions with slots, generations, CPUs, slices and flags at random,
 *	          some of them right, stale or given twice, until CPUs have taken up
 *	          N (1000000) of them
 *	rings     N (100000) times any value into heads, tails, skips, masks and the rest
 *	affinity  N (20000) right decisions, for CPUs that their tasks may not use
 *	beside    the same, until the kernel ends the scheduler, into the rings of an agent
 *	          that lives and goes on
 *	standing  N (1000000) standing decisions with any values, of any task
 *	promises  for N (3000) ms a stock that is full, and of decisions that are over
 *
 * Nothing is left out where a ring is full: it waits until there is room.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/backend/kernel/part.h"

static struct part part;
static uint64_t state = 88172645463325252ull;

/* xorshift64 (Marsaglia 2003) */
static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int enlist(void)
{
	struct scxu_enlist_args args = { .hints = ~0u };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &args, .ctx_size_in = sizeof(args));
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (bpf_prog_test_run_opts(part.enlist, &run))
			return -errno;
		if (!args.result)
			return 0;
		nanosleep(&(struct timespec) { .tv_nsec = 2000000 }, NULL);
	}
	return -EBUSY;
}

static void commit(void)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	bpf_prog_test_run_opts(part.commit, &run);
}

/* The kernel part shall believe that we answer. */
static void settle(void)
{
	struct scxu_agent *a = part.shm.agent;

	scxu_store_release(&a->passes, a->passes + 1);
	scxu_store_release(&a->floor_ack, scxu_load(&part.shm.kernel->floor_seq));
}

static void read_events(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < part.shm.nr_cpus; cpu++)
		scxu_store_release(&part.shm.agent_cpus[cpu].events_tail,
				   scxu_load(&part.shm.cpus[cpu].events_head));
}

static void wish(__u64 *mask, unsigned int cpu)
{
	__atomic_fetch_or(&mask[cpu / 64], 1ull << (cpu % 64), __ATOMIC_RELEASE);
	scxu_store_release(&part.shm.agent->kick_seq, part.shm.agent->kick_seq + 1);
}

/* The machine shall go on, and CPUs look at what they were given. */
static void rest(void)
{
	unsigned int cpu;

	read_events();
	settle();
	for (cpu = 0; cpu < part.shm.nr_cpus; cpu++)
		wish(any() % 2 ? part.shm.agent->preempt : part.shm.agent->kick, cpu);
	commit();
	nanosleep(&(struct timespec) { .tv_nsec = (long)(any() % 200000) }, NULL);
}

/* Decisions that CPUs have taken up, by the kernel part's own tails. */
static uint64_t taken_up(void)
{
	uint64_t n = scxu_load(&part.shm.kernel->stock_tail[0]) +
		     scxu_load(&part.shm.kernel->stock_tail[1]);
	unsigned int cpu;

	for (cpu = 0; cpu < part.shm.nr_cpus; cpu++)
		n += scxu_load(&part.shm.cpus[cpu].decisions_tail);
	return n;
}

#define TRIES 20000

/*
 * Where the next decision goes. A ring that nobody empties is no harm to anyone. The head is
 * looked up each time: an agent that lives sets it too, and CPUs follow that.
 */
static uint64_t wait_for_room(const __u64 *head, const __u64 *tail, uint64_t size)
{
	unsigned int tries;
	uint64_t at;

	for (tries = 0; (at = scxu_load(head)) - scxu_load(tail) >= size; tries++) {
		if (tries == TRIES || scxu_load(&part.shm.kernel->exited)) {
			fprintf(stderr, "hostile: %s\n",
				tries == TRIES ? "no CPU takes decisions"
					       : "the scheduler has ended");
			exit(1);
		}
		rest();
	}
	return at;
}

static void publish(const struct scxu_decision *d, int cpu)
{
	struct scxu_agent_cpu *ac;
	uint64_t head;

	if (cpu < 0) {
		unsigned int row = any() % SCXU_ROWS;

		head = wait_for_room(&part.shm.agent->stock_head[row],
				     &part.shm.kernel->stock_tail[row], SCXU_STOCK);
		scxu_copy_out(&part.shm.agent->stock[row][head % SCXU_STOCK], d, sizeof(*d));
		scxu_store_release(&part.shm.agent->stock_head[row], head + 1);
		return;
	}
	ac = &part.shm.agent_cpus[cpu];
	head = wait_for_room(&ac->decisions_head, &part.shm.cpus[cpu].decisions_tail,
			     SCXU_CPU_DECISIONS);
	scxu_copy_out(&ac->ring[head % SCXU_CPU_DECISIONS], d, sizeof(*d));
	scxu_store_release(&ac->decisions_head, head + 1);
	wish(part.shm.agent->kick, (unsigned int)cpu);
}

/* Rings as an agent that begins makes them. */
static void reset(void)
{
	struct scxu_agent *a = part.shm.agent;
	unsigned int cpu, row;

	for (row = 0; row < SCXU_ROWS; row++)
		a->stock_head[row] = a->stock_skip[row] =
			scxu_load(&part.shm.kernel->stock_tail[row]);
	for (cpu = 0; cpu < part.shm.nr_cpus; cpu++) {
		struct scxu_agent_cpu *ac = &part.shm.agent_cpus[cpu];

		ac->events_tail = scxu_load(&part.shm.cpus[cpu].events_head);
		ac->decisions_head = ac->decisions_skip =
			scxu_load(&part.shm.cpus[cpu].decisions_tail);
	}
}

static uint64_t gen_of(uint32_t slot)
{
	return scxu_load(&part.shm.records[slot].state) >> SCXU_GEN_SHIFT;
}

static void any_decision(struct scxu_decision *d)
{
	uint32_t high = scxu_load(&part.shm.kernel->slots_high);

	d->slot = any() % 4 ? any() % (high + 1) : (uint32_t)any();
	d->gen = any();
	if (any() % 4 && d->slot < part.shm.max_tasks)
		d->gen = gen_of(d->slot) - any() % 3;
	d->slice_us = any() % 2 ? any() % 5000 : (uint32_t)any();
	d->flags = any() % 4 ? any() % 4 : (uint32_t)any();
	d->vtime = any();
}

static void garbage(unsigned long n)
{
	uint64_t before = taken_up(), given = 0;
	struct scxu_decision d = { 0 };

	while (taken_up() - before < n) {
		if (given++ % 8) /* else: the same again */
			any_decision(&d);
		publish(&d, any() % 2 ? -1 : (int)(any() % part.shm.nr_cpus));
		if (given % 64 == 0)
			rest();
	}
	printf("gave %" PRIu64 " decisions, CPUs took up %" PRIu64 "\n", given,
	       taken_up() - before);
}

static void rings(unsigned long n)
{
	struct scxu_agent *a = part.shm.agent;
	uint64_t tails = taken_up(), moved = 0;
	unsigned long i;

	for (i = 0; i < n; i++) {
		struct scxu_agent_cpu *ac = &part.shm.agent_cpus[any() % part.shm.nr_cpus];
		__u64 *words[] = {
			&ac->events_tail,
			&ac->decisions_head,
			&ac->decisions_skip,
			&a->passes,
			&a->sleeps,
			&a->rest,
			&a->stock_head[any() % SCXU_ROWS],
			&a->stock_skip[any() % SCXU_ROWS],
			&a->kick_seq,
			&a->held,
			&a->kick[any() % 16],
			&a->preempt[any() % 16],
			(__u64 *)&a->stock[any() % SCXU_ROWS][any() % SCXU_STOCK] + any() % 4,
			(__u64 *)&ac->ring[any() % SCXU_CPU_DECISIONS] + any() % 4,
		};
		__u64 *word = words[any() % (sizeof(words) / sizeof(words[0]))];

		/* near what is there is the worst */
		scxu_store_release(word, any() % 2 ? any() : *word + any() % 128 - 64);
		if (i % 16)
			continue;
		settle();
		commit();
		/* a CPU has to meet it, or it is no harm */
		nanosleep(&(struct timespec) { .tv_nsec = (long)(any() % 500000) }, NULL);
		moved += taken_up() != tails;
		tails = taken_up();
	}
	printf("stored %lu values; CPUs went on from them %" PRIu64 " times\n", i, moved);
}

static void wrong_cpus(unsigned long n, bool beside)
{
	struct scxu_decision d = { .flags = SCXU_DECIDE_PREEMPT };
	unsigned long given = 0, looks;
	unsigned int cpu;

	for (looks = 0; given < n && looks < 1000 * n && !scxu_load(&part.shm.kernel->exited);
	     looks++) {
		uint32_t slot = looks % (scxu_load(&part.shm.kernel->slots_high) + 1);
		const struct scxu_record *r = &part.shm.records[slot];
		uint64_t word = scxu_load_acquire(&r->state);

		if (slot == 0 && beside)
			commit();
		else if (slot == 0)
			rest();
		if ((word & SCXU_STATE_MASK) != SCXU_TASK_WAITING ||
		    r->nr_cpus_allowed >= part.shm.nr_cpus)
			continue;
		d.slot = slot;
		d.gen = word >> SCXU_GEN_SHIFT;
		for (cpu = 0; cpu < part.shm.nr_cpus; cpu++) {
			if (r->cpus[cpu / 64] >> (cpu % 64) & 1)
				continue;
			publish(&d, (int)cpu);
			given++;
		}
	}
	printf("gave %lu decisions for CPUs that are not allowed\n", given);
}

static uint64_t us_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void promises(unsigned long n)
{
	struct scxu_agent *a = part.shm.agent;
	uint64_t end = us_now() + n * 1000;

	a->held = 0;
	while (us_now() < end) {
		read_events();
		scxu_store_release(&a->stock_head[0],
				   scxu_load(&part.shm.kernel->stock_tail[0]) + SCXU_STOCK);
		settle();
		commit();
		nanosleep(&(struct timespec) { .tv_nsec = 200000 }, NULL);
	}
}

static void standing(unsigned long n)
{
	if (!(part.shm.kernel->loaded.modes & SCXU_MODE_STANDING)) {
		fprintf(stderr, "hostile: not loaded with --decide standing\n");
		exit(1);
	}
	while (n--) {
		uint32_t slot = any() % (scxu_load(&part.shm.kernel->slots_high) + 1);
		struct scxu_standing s = { .slice_us = any() % 2 ? any() % 5000 : (uint32_t)any(),
					   .deadline_us = (int32_t)any(),
					   .flags = any() % 2 ? any() % 2 : (uint32_t)any() };

		s.birth = (uint32_t)scxu_load(&part.shm.records[slot].birth) - !(any() % 4);
		if (any() % 2)
			s.deadline_us %= 100000;
		scxu_copy_out(&part.shm.standing[slot], &s, sizeof(s));
		if (n % 256 == 0)
			rest();
	}
}

static void affinity(unsigned long n)
{
	wrong_cpus(n, false);
}

static void beside(unsigned long n)
{
	wrong_cpus(n, true);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(unsigned long n);
		unsigned long n;
	} modes[] = {
		{ "garbage", garbage, 1000000 }, { "rings", rings, 100000 },
		{ "affinity", affinity, 20000 }, { "standing", standing, 1000000 },
		{ "promises", promises, 3000 },	 { "beside", beside, 1000000 },
	};
	size_t i;
	int err;

	for (i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(argv[1], modes[i].name))
			continue;
		err = part_open(&part, true);
		if (!err && modes[i].run != beside)
			err = enlist();
		if (err) {
			fprintf(stderr, "hostile: %s\n", strerror(-err));
			return 1;
		}
		if (modes[i].run != beside) {
			reset();
			settle();
		}
		modes[i].run(argc > 2 ? strtoul(argv[2], NULL, 0) : modes[i].n);
		part_close(&part);
		return 0;
	}
	fprintf(stderr, "usage: hostile MODE [N]\n");
	return 2;
}
