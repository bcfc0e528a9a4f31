/* SPDX-License-Identifier: BSD-3-Clause */
/* What is put away as a program ends, by exit or by a signal. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

#define REMOVALS_MAX 4

static void (*removals[REMOVALS_MAX])(void);
static unsigned int nb_removals;
static pid_t owner;
static sem_t asked;
static volatile sig_atomic_t asked_by;

static void
remove_all(void)
{
	for (unsigned int i = nb_removals; i-- > 0;)
		removals[i]();
}

/* Not when a child of this program ends. */
static void
at_exit(void)
{
	if (getpid() != owner)
		return;
	/* What was put away may be why we exit: it is the signal that ends this program. */
	while (asked_by != 0)
		(void)pause();
	remove_all();
}

static void
on_signal(int number)
{
	if (getpid() != owner) {
		(void)signal(number, SIG_DFL);
		(void)raise(number);
		return;
	}
	asked_by = number;
	(void)sem_post(&asked);
}

/* A handler may not look into directories; a thread may. */
static void *
end_when_asked(void *arg)
{
	while (sem_wait(&asked) != 0)
		;
	remove_all();
	(void)signal(asked_by, SIG_DFL);
	(void)kill(getpid(), asked_by);
	return arg;
}

static void
watch(int number)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;

	if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		(void)sigaction(number, &action, NULL);
}

void
bench_at_end(void (*removal)(void))
{
	pthread_t thread;

	if (nb_removals == REMOVALS_MAX)
		bench_die("too much to put away");
	removals[nb_removals++] = removal;
	if (owner != 0)
		return;
	owner = getpid();
	if (atexit(at_exit) != 0 || sem_init(&asked, 0, 0) != 0 ||
		pthread_create(&thread, NULL, end_when_asked, NULL) != 0)
		bench_die("out of memory");
	(void)pthread_detach(thread);
	watch(SIGINT);
	watch(SIGTERM);
}
