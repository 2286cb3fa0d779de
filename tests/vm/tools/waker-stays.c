// SPDX-License-Identifier: GPL-2.0-only
/*
 * waker-stays SECONDS: on each CPU one thread computes, and writes to a pipe of its own each
 * 10 ms, with the kernel's hint that it is about to sleep, which it never does. Prints how
 * late its readers were: "late_us COUNT MEDIAN P99".
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 10000000ull
#define MOST	  100000u

static uint32_t late[MOST]; /* us */
static unsigned int number;
static uint64_t end;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *computes(void *arg)
{
	int fd = *(int *)arg;
	uint64_t now = now_ns(), next = now + PERIOD_NS / 2;

	for (; now < end; now = now_ns()) {
		if (now < next)
			continue;
		if (write(fd, &now, sizeof(now)) != sizeof(now))
			abort();
		next = now + PERIOD_NS;
	}
	now = 0;
	if (write(fd, &now, sizeof(now)) != sizeof(now))
		abort();
	return NULL;
}

static void *reads(void *arg)
{
	int fd = *(int *)arg;
	uint64_t then;

	while (read(fd, &then, sizeof(then)) == sizeof(then) && then) {
		unsigned int i = __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED);

		if (i < MOST)
			late[i] = (uint32_t)((now_ns() - then) / 1000);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return *(const uint32_t *)a < *(const uint32_t *)b
		       ? -1
		       : *(const uint32_t *)a > *(const uint32_t *)b;
}

int main(int argc, char **argv)
{
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), i;
	pthread_t *threads = calloc(2 * (size_t)cpus, sizeof(*threads));
	int(*pipes)[2] = calloc(cpus, sizeof(*pipes));

	if (argc != 2 || !threads || !pipes) {
		fprintf(stderr, "usage: waker-stays SECONDS\n");
		return 2;
	}
	end = now_ns() + strtoul(argv[1], NULL, 10) * 1000000000ull;
	for (i = 0; i < cpus; i++)
		if (pipe(pipes[i]) || pthread_create(&threads[2 * i], NULL, reads, &pipes[i][0]) ||
		    pthread_create(&threads[2 * i + 1], NULL, computes, &pipes[i][1]))
			abort();
	for (i = 0; i < 2 * cpus; i++)
		pthread_join(threads[i], NULL);
	if (number > MOST)
		number = MOST;
	qsort(late, number, sizeof(late[0]), compare);
	printf("late_us %u %u %u\n", number, number ? late[number / 2] : 0,
	       number ? late[number * 99 / 100] : 0);
	return 0;
}
