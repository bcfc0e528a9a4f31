/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's side of the local protocol (ctl_request.h). Blocking, with time limits. */
#ifndef FERRY_CTL_CLIENT_H
#define FERRY_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define CTL_SOCKET_DIRECTORY "/run/ferry"
#define CTL_CLIENT_SECONDS   20 /* a node answers at once, or something is wrong */
#define CTL_PATH_MAX	     108

/*
 * The socket of the only node that runs on this machine, into path. 0, or -1 with a sentence in
 * error that says which nodes there are.
 */
int ctl_client_find(char path[CTL_PATH_MAX], char *error, size_t size);

/* A descriptor, or -1 with a sentence in error. */
int ctl_client_connect(const char *path, char *error, size_t size);

/*
 * Asks (a command's words) and waits for the reply. Returns the reply's data, a new reference, or
 * NULL with the node's own error, or what went wrong on the way, in error. *usage: the node knows
 * no such command, or not with as many words.
 */
json_t *ctl_client_ask(int fd, int argc, char *const *argv, bool *usage, char *error, size_t size);

/* What a node says next, after it was asked to be followed: waits as long as it takes. As above. */
json_t *ctl_client_next(int fd, char *error, size_t size);

#endif
