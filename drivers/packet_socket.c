/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "packet_socket.h"

unsigned int
packet_socket_interface(int fd)
{
	struct sockaddr_ll address = {0};
	socklen_t len = sizeof(address), domain_len = sizeof(int);
	int domain = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) < 0 ||
		domain != AF_PACKET || getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return 0;
	return (unsigned int)address.sll_ifindex;
}

unsigned int
packet_socket_find(unsigned int if_index, int *fds, unsigned int n)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	unsigned int found = 0;

	while (directory != NULL && (entry = readdir(directory)) != NULL && found < n) {
		int fd = atoi(entry->d_name);

		if (packet_socket_interface(fd) == if_index)
			fds[found++] = fd;
	}
	if (directory != NULL)
		closedir(directory);
	return found;
}
