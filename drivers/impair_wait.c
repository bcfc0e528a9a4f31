/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "impair_wait.h"
#include "packet_socket.h"
#include "poll_errors.h"

/* A timer is that late in the mean: sleep so much less, and look again in a loop for the rest. */
#define EARLY_NS 20000
#define LOOK_NS	 50000	   /* where nobody wakes us */
#define MOST_NS	 100000000 /* so that a signal between two waits is not missed for long */

void
impair_wait_init(struct impair_wait *wait, const unsigned int if_index[2])
{
	bool found[2] = {false, false};
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	*wait = (struct impair_wait){0};
	while (directory != NULL && (entry = readdir(directory)) != NULL &&
		wait->nb_fds < IMPAIR_WAIT_FDS) {
		int fd = atoi(entry->d_name);
		unsigned int index = packet_socket_interface(fd);

		if (index == 0 || (index != if_index[0] && index != if_index[1]))
			continue;
		wait->fds[wait->nb_fds++] = (struct pollfd){.fd = fd, .events = POLLIN};
		found[0] |= index == if_index[0];
		found[1] |= index == if_index[1];
	}
	if (directory != NULL)
		closedir(directory);
	wait->by_kernel = found[0] && found[1];
}

void
impair_wait(struct impair_wait *wait, uint64_t ns)
{
	uint64_t most = wait->by_kernel ? MOST_NS : LOOK_NS;
	struct timespec ts;

	if (ns <= EARLY_NS)
		return;
	ns -= EARLY_NS;
	if (ns > most)
		ns = most;
	ts = (struct timespec){
		.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	wait->sleeps++;
	if (!wait->by_kernel)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	else if (ppoll(wait->fds, wait->nb_fds, &ts, NULL) > 0)
		poll_errors_clear(wait->fds, wait->nb_fds);
}
