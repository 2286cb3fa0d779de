// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

#include "kernel-part.h"
#include "unit.h"

/* BPF's __sync built-ins are full barriers. */
#define cas(p, old, new)                                                                    \
	({                                                                                  \
		__typeof__(*(p)) expected = (old);                                          \
		__atomic_compare_exchange_n((p), &expected, (new), false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST);                              \
	})

/* Its one writer is the executing CPU, and stats are read by others. */
static void count(struct kernel_part *k, unsigned int cpu, enum scxu_counter counter)
{
	__u64 *p = &k->cpus[cpu].counters[counter];

	scxu_store_release(p, scxu_load(p) + 1);
}

/*
 * The array ends where its mapping ends. kernel-written ones have two mappings:
 * *ret is the one to write.
 */
static void *map_array(struct kernel_part *k, size_t size, void **writable)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all = (size + page - 1) / page * page;
	bool two = writable && !UNIT_TSAN;
	unsigned char *addr[2] = { NULL, NULL };
	int fd = memfd_create("scxu-unit", MFD_CLOEXEC), i;

	NEED(fd >= 0 && !ftruncate(fd, (off_t)all));
	for (i = 0; i < (two ? 2 : 1); i++) {
		int prot = i == 1 ? PROT_READ : PROT_READ | PROT_WRITE;
		void *guarded =
			mmap(NULL, all + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		NEED(guarded != MAP_FAILED);
		NEED(mmap(guarded, all, prot, MAP_SHARED | MAP_FIXED, fd, 0) == guarded);
		k->maps[k->nr_maps] = guarded;
		k->sizes[k->nr_maps++] = all + page;
		addr[i] = (unsigned char *)guarded + all - size;
	}
	close(fd);
	if (writable)
		*writable = addr[0];
	return addr[two];
}

struct kernel_part *kernel_part_create(unsigned int nr_cpus, unsigned int max_tasks)
{
	struct kernel_part *k = calloc(1, sizeof(*k));
	void *writable;
	unsigned int cpu;

	NEED(k);
	k->shm.records = map_array(k, max_tasks * sizeof(*k->records), &writable);
	k->records = writable;
	k->shm.cpus = map_array(k, nr_cpus * sizeof(*k->cpus), &writable);
	k->cpus = writable;
	k->shm.kernel = map_array(k, sizeof(*k->kernel), &writable);
	k->kernel = writable;
	k->shm.agent = map_array(k, sizeof(*k->shm.agent), NULL);
	k->shm.agent_cpus = map_array(k, nr_cpus * sizeof(*k->shm.agent_cpus), NULL);
	k->shm.standing = map_array(k, max_tasks * sizeof(*k->shm.standing), NULL);
	k->shm.max_tasks = max_tasks;
	k->shm.nr_cpus = nr_cpus;
	k->shm.agent_tid = AGENT_TID;
	for (cpu = 0; cpu < nr_cpus; cpu++)
		kernel_part_online(k, cpu, true);
	return k;
}

void kernel_part_destroy(struct kernel_part *k)
{
	while (k->nr_maps--)
		munmap(k->maps[k->nr_maps], k->sizes[k->nr_maps]);
	free(k);
}

void kernel_part_affinity(struct kernel_part *k, uint32_t slot, uint64_t mask)
{
	struct scxu_record *r = &k->records[slot];

	scxu_store_release(&r->nr_cpus_allowed,
			   mask ? (uint32_t)__builtin_popcountll(mask) : k->shm.nr_cpus);
	scxu_store_release(&r->cpus[0], mask ? mask : ~0ull);
}

void kernel_part_birth(struct kernel_part *k, uint32_t slot, int pid, uint64_t mask)
{
	struct scxu_record *r = &k->records[slot];
	uint32_t high = scxu_load(&k->kernel->slots_high);

	while (high <= slot &&
	       !__atomic_compare_exchange_n(&k->kernel->slots_high, &high, slot + 1, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	scxu_store_release(&r->birth, __atomic_add_fetch(&k->births, 1, __ATOMIC_SEQ_CST));
	scxu_store_release(&r->pid, pid);
	scxu_store_release(&r->tgid, pid);
	r->pad[0] = true; /* ours: its first wait is to come */
	kernel_part_affinity(k, slot, mask);
}

void kernel_part_exit(struct kernel_part *k, uint32_t slot)
{
	struct scxu_record *r = &k->records[slot];
	uint64_t state = scxu_load(&r->state), old;

	old = __atomic_exchange_n(&r->state, ((state >> SCXU_GEN_SHIFT) + 1) << SCXU_GEN_SHIFT,
				  __ATOMIC_SEQ_CST);
	if ((old & SCXU_STATE_MASK) == SCXU_TASK_WAITING)
		__atomic_fetch_sub(&k->kernel->nr_waiting, 1, __ATOMIC_SEQ_CST);
	scxu_store_release(&r->birth, 0);
}

bool kernel_part_event(struct kernel_part *k, unsigned int cpu, uint32_t slot)
{
	struct scxu_cpu *me = &k->cpus[cpu];
	uint64_t head = scxu_load(&me->events_head);

	/* acquire: BPF's plain load, whose result the later store depends on */
	if (head - scxu_load_acquire(&k->shm.agent_cpus[cpu].events_tail) >= SCXU_EVENTS) {
		count(k, cpu, SCXU_COUNT_failed_enqueues);
		return false;
	}
	scxu_store(&me->events[head % SCXU_EVENTS], slot);
	__atomic_exchange_n(&me->events_head, head + 1, __ATOMIC_SEQ_CST);
	return true;
}

void kernel_part_hint(struct kernel_part *k, unsigned int cpu, enum scxu_event_kind kind,
		      unsigned int where, uint32_t slot)
{
	struct scxu_cpu *me = &k->cpus[cpu];
	uint64_t head = scxu_load(&me->events_head);

	if (head - scxu_load_acquire(&k->shm.agent_cpus[cpu].events_tail) >= SCXU_EVENT_HINTS)
		return;
	scxu_store(&me->events[head % SCXU_EVENTS],
		   (uint32_t)kind << SCXU_EVENT_KIND_SHIFT | where << SCXU_EVENT_CPU_SHIFT | slot);
	__atomic_exchange_n(&me->events_head, head + 1, __ATOMIC_SEQ_CST);
}

/* Facts are stored with release: reading one of them, one sees the state before it. */
uint64_t kernel_part_enqueue(struct kernel_part *k, uint32_t slot, unsigned int cpu,
			     const struct wait_facts *facts)
{
	struct scxu_record *r = &k->records[slot];
	uint64_t gen = (scxu_load(&r->state) >> SCXU_GEN_SHIFT) + 1, old;
	scxu_word *comm = (scxu_word *)r->comm;
	uint64_t name[2] = { 0, 0 };

	memcpy(name, "task", 4);
	scxu_store_release(&r->enqueued_at, facts->now);
	scxu_store_release(&r->runtime, facts->runtime);
	if (k->midway)
		k->midway();
	scxu_store_release(&r->vtime, facts->vtime);
	scxu_store_release(&r->weight, facts->weight ? facts->weight : SCXU_WEIGHT_DEFAULT);
	scxu_store_release(&r->slice, facts->slice);
	scxu_store_release(&r->waited_until, facts->waited_until);
	scxu_store_release(&r->flags, facts->flags | (r->pad[0] ? SCXU_WAIT_NEW : 0));
	r->pad[0] = false;
	scxu_store_release(&r->cpu, facts->cpu);
	scxu_store_release(&comm[0], name[0]);
	scxu_store_release(&comm[1], name[1]);
	old = __atomic_exchange_n(&r->state, gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING,
				  __ATOMIC_SEQ_CST);
	if ((old & SCXU_STATE_MASK) != SCXU_TASK_WAITING)
		__atomic_fetch_add(&k->kernel->nr_waiting, 1, __ATOMIC_SEQ_CST);
	if (!k->no_events)
		kernel_part_event(k, cpu, slot);
	count(k, cpu, SCXU_COUNT_user_enqueues);
	return gen;
}

bool kernel_part_leave(struct kernel_part *k, uint32_t slot)
{
	__u64 *p = &k->records[slot].state, state = scxu_load(p);

	if ((state & SCXU_STATE_MASK) != SCXU_TASK_WAITING ||
	    !cas(p, state, state & ~SCXU_STATE_MASK))
		return false;
	__atomic_fetch_sub(&k->kernel->nr_waiting, 1, __ATOMIC_SEQ_CST);
	return true;
}

/*
 * The tail before the head: the tail may pass a head that was read before it, and
 * would look corrupt. Acquire is a plain load on x86, as in BPF.
 */
static bool ring_next(struct kernel_part *k, unsigned int cpu, __u64 *tail, const __u64 *heads,
		      const __u64 *skips, uint64_t size, uint64_t *seen, uint64_t *next)
{
	uint64_t head, skip;

	*seen = scxu_load_acquire(tail);
	head = scxu_load_acquire(heads);
	skip = scxu_load(skips);
	*next = *seen;
	if (head - *seen > size) {
		count(k, cpu, SCXU_COUNT_invalid);
		cas(tail, *seen, head);
		return false;
	}
	if (skip - *seen <= head - *seen)
		*next = skip;
	if (*next != head)
		return true;
	if (*seen != head)
		cas(tail, *seen, head);
	return false;
}

static uint64_t decided_vtime(const struct kernel_part *k, const struct scxu_decision *d)
{
	if (d->flags & SCXU_DECIDE_VTIME)
		return d->vtime;
	return d->slot < k->shm.max_tasks ? scxu_load(&k->records[d->slot].vtime) : 0;
}

/* peek_decision() and pop_decision() */
bool kernel_part_next(struct kernel_part *k, unsigned int cpu, struct scxu_decision *ret)
{
	struct scxu_agent_cpu *ac = &k->shm.agent_cpus[cpu];
	struct scxu_agent *a = k->shm.agent;
	struct scxu_cpu *me = &k->cpus[cpu];
	int i;

	for (i = 0; i < 16; i++) {
		uint64_t seen, next, own_seen, own_next;
		__u64 *tail = NULL;
		unsigned int row;

		if (ring_next(k, cpu, &me->decisions_tail, &ac->decisions_head, &ac->decisions_skip,
			      SCXU_CPU_DECISIONS, &seen, &next)) {
			tail = &me->decisions_tail;
			own_seen = seen;
			own_next = next;
			scxu_copy_in(ret, &ac->ring[next % SCXU_CPU_DECISIONS], sizeof(*ret));
		}
		for (row = 0; row < SCXU_ROWS; row++) {
			struct scxu_decision d;

			if ((tail == &me->decisions_tail && ret->flags & SCXU_DECIDE_PREEMPT) ||
			    !ring_next(k, cpu, &k->kernel->stock_tail[row], &a->stock_head[row],
				       &a->stock_skip[row], SCXU_STOCK, &seen, &next))
				continue;
			scxu_copy_in(&d, &a->stock[row][next % SCXU_STOCK], sizeof(d));
			if (tail && !scxu_vtime_before(decided_vtime(k, &d), decided_vtime(k, ret)))
				continue;
			tail = &k->kernel->stock_tail[row];
			own_seen = seen;
			own_next = next;
			*ret = d;
		}
		if (!tail)
			return false;
		if (!cas(tail, own_seen, own_next + 1))
			continue;
		count(k, cpu, SCXU_COUNT_decisions);
		return true;
	}
	return false;
}

static unsigned int peek_ring(const struct scxu_decision *ring, uint64_t size, uint64_t tail,
			      uint64_t head, uint64_t skip, struct scxu_decision *ret,
			      unsigned int max)
{
	unsigned int n = 0;

	if (skip - tail <= head - tail)
		tail = skip;
	for (; tail != head && n < max; tail++)
		ret[n++] = ring[tail % size];
	return n;
}

unsigned int kernel_part_peek(const struct kernel_part *k, int cpu, struct scxu_decision *ret,
			      unsigned int max)
{
	const struct scxu_agent *a = k->shm.agent;
	unsigned int row, n = 0, nr[SCXU_ROWS], at[SCXU_ROWS] = { 0 };
	struct scxu_decision *rows[SCXU_ROWS];

	if (cpu >= 0) {
		const struct scxu_agent_cpu *ac = &k->shm.agent_cpus[cpu];

		return peek_ring(ac->ring, SCXU_CPU_DECISIONS, k->cpus[cpu].decisions_tail,
				 ac->decisions_head, ac->decisions_skip, ret, max);
	}
	for (row = 0; row < SCXU_ROWS; row++) {
		rows[row] = calloc(SCXU_STOCK, sizeof(*rows[row]));
		NEED(rows[row]);
		nr[row] = peek_ring(a->stock[row], SCXU_STOCK, k->kernel->stock_tail[row],
				    a->stock_head[row], a->stock_skip[row], rows[row], SCXU_STOCK);
	}
	/* in the order in which CPUs take them */
	while (n < max && (at[0] < nr[0] || at[1] < nr[1])) {
		bool second =
			at[0] == nr[0] ||
			(at[1] < nr[1] && scxu_vtime_before(decided_vtime(k, &rows[1][at[1]]),
							    decided_vtime(k, &rows[0][at[0]])));

		ret[n++] = rows[second][at[second]];
		at[second]++;
	}
	for (row = 0; row < SCXU_ROWS; row++)
		free(rows[row]);
	return n;
}

enum outcome kernel_part_claim(struct kernel_part *k, unsigned int cpu,
			       const struct scxu_decision *d)
{
	uint64_t slice = d->slice_us ? d->slice_us * 1000ull : 3000000, waiting, taken;

	if (d->slot >= k->shm.max_tasks || d->flags & ~SCXU_DECIDE_FLAGS ||
	    d->gen >> (64 - SCXU_GEN_SHIFT) || slice < SCXU_SLICE_MIN_NS ||
	    slice > SCXU_SLICE_MAX_NS) {
		count(k, cpu, SCXU_COUNT_invalid);
		return INVALID;
	}
	waiting = d->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING;
	taken = d->gen << SCXU_GEN_SHIFT | SCXU_TASK_TAKEN;
	if (!cas(&k->records[d->slot].state, waiting, taken)) {
		count(k, cpu, SCXU_COUNT_stale);
		return STALE;
	}
	__atomic_fetch_sub(&k->kernel->nr_waiting, 1, __ATOMIC_SEQ_CST);
	return APPLIED;
}

bool kernel_part_bounce(struct kernel_part *k, unsigned int cpu, const struct scxu_decision *d)
{
	struct scxu_record *r = &k->records[d->slot];

	count(k, cpu, SCXU_COUNT_bounced);
	if (!cas(&r->state, d->gen << SCXU_GEN_SHIFT | SCXU_TASK_TAKEN,
		 d->gen << SCXU_GEN_SHIFT | SCXU_TASK_WAITING))
		return false;
	__atomic_fetch_add(&k->kernel->nr_waiting, 1, __ATOMIC_SEQ_CST);
	scxu_store_release(&r->flags, scxu_load(&r->flags) | SCXU_WAIT_BOUNCED);
	kernel_part_event(k, cpu, d->slot);
	return true;
}

enum outcome kernel_part_dispatch(struct kernel_part *k, unsigned int cpu,
				  struct scxu_decision *ret)
{
	enum outcome outcome;

	if (!kernel_part_next(k, cpu, ret))
		return NOTHING;
	outcome = kernel_part_claim(k, cpu, ret);
	if (outcome != APPLIED)
		return outcome;
	if (!(k->records[ret->slot].cpus[0] >> cpu % 64 & 1)) {
		kernel_part_bounce(k, cpu, ret);
		return BOUNCED;
	}
	count(k, cpu, SCXU_COUNT_applied);
	return APPLIED;
}

void kernel_part_run(struct kernel_part *k, unsigned int cpu, int pid, uint64_t vtime,
		     uint32_t weight, uint64_t now)
{
	struct scxu_cpu *c = &k->cpus[cpu];

	scxu_store(&c->since, now);
	scxu_store(&c->vtime, vtime);
	scxu_store(&c->weight, weight);
	scxu_store(&c->in_order, SCXU_IN_ORDER);
	scxu_store(&c->slot, SCXU_NO_SLOT);
	scxu_store(&c->pid, pid);
}

void kernel_part_run_slot(struct kernel_part *k, unsigned int cpu, uint32_t slot, uint64_t vtime,
			  uint64_t now)
{
	const struct scxu_record *r = &k->records[slot];

	kernel_part_run(k, cpu, r->pid, vtime, r->weight, now);
	scxu_store(&k->cpus[cpu].slot, slot);
}

void kernel_part_idle(struct kernel_part *k, unsigned int cpu, bool idle)
{
	scxu_store(&k->cpus[cpu].idle, idle);
}

void kernel_part_online(struct kernel_part *k, unsigned int cpu, bool online)
{
	scxu_store(&k->cpus[cpu].online, online);
}

uint64_t kernel_part_state(const struct kernel_part *k, uint32_t slot)
{
	return scxu_load_acquire(&k->records[slot].state);
}

uint64_t kernel_part_gen(const struct kernel_part *k, uint32_t slot)
{
	return kernel_part_state(k, slot) >> SCXU_GEN_SHIFT;
}

bool kernel_part_waits(const struct kernel_part *k, uint32_t slot)
{
	return (kernel_part_state(k, slot) & SCXU_STATE_MASK) == SCXU_TASK_WAITING;
}

uint64_t kernel_part_count(const struct kernel_part *k, enum scxu_counter counter)
{
	uint64_t sum = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < k->shm.nr_cpus; cpu++)
		sum += scxu_load(&k->cpus[cpu].counters[counter]);
	return sum;
}

struct scxu_sched *engine_with(const struct kernel_part *k, const struct scxu_policy_ops *policy,
			       unsigned int batch)
{
	struct scxu_engine_options options = { .batch = batch, .slice_ns = 3000000 };
	struct scxu_sched *sched = NULL;

	NEED(!scxu_engine_create(policy, &k->shm, &options, &sched));
	NEED(sched);
	return sched;
}
