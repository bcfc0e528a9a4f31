/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Unix socket of a node: made so that two nodes never take each other's, and that a dead
 * node's does not stand in the way.
 */
#ifndef FERRY_CTL_SOCKET_H
#define FERRY_CTL_SOCKET_H

#include <stddef.h>
#include <sys/stat.h>

struct ctl_socket {
	int fd;	   /* listening, non-blocking, closed on exec; -1 = none */
	dev_t dev; /* of the path's entry, so that only our own is removed */
	ino_t inode;
	char path[108];
};

/*
 * Makes a listening stream socket of mode 0600 at an absolute path; the directory is made (0755) if
 * it does not exist. PATH.lock, of mode 0600, is there meanwhile. A socket there that nobody
 * answers is replaced. 0, or a negative errno with a sentence in error: -EADDRINUSE if a live
 * process answers, -EEXIST if the path is not a socket. Sets the umask for a moment: call it before
 * other threads make files.
 */
int ctl_socket_open(struct ctl_socket *sock, const char *path, char *error, size_t size);

/* Closes it and removes its path, if that is still ours. */
void ctl_socket_close(struct ctl_socket *sock);

#endif
