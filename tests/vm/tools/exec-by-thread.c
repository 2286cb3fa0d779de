// SPDX-License-Identifier: GPL-2.0-only
/* exec-by-thread PROGRAM ARG...: a thread that does not lead its process execs, and gets the pid of the leader. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void *run(void *argv)
{
	struct timespec t = { .tv_nsec = 20000000 };

	nanosleep(&t, NULL); /* so that this thread has been scheduled before */
	execvp(((char **)argv)[0], argv);
	perror("exec-by-thread");
	_exit(127);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2 || pthread_create(&thread, NULL, run, argv + 1))
		return 2;
	for (;;)
		pause();
}
