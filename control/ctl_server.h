/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server of the local command line: reads requests, one a line, from a Unix socket and writes
 * their replies (ctl_request.h). All in the control thread's event loop; nothing waits. A client
 * has one reply under way at most: its next request is looked at once it has taken that, so a slow
 * client costs one reply's memory and holds up nobody. Who takes nothing for 30 s, or asks nothing
 * for 10 minutes, is disconnected.
 */
#ifndef FERRY_CTL_SERVER_H
#define FERRY_CTL_SERVER_H

#include <stddef.h>

#include <jansson.h>

#define CTL_CLIENTS_MAX 64 /* more wait to be accepted */

struct event_base;
struct ctl_server;

/* Answers a line (len bytes, no line feed): a new reference, or NULL when memory is short. */
typedef json_t *ctl_handler(void *ctx, const char *line, size_t len);

/*
 * Listens at path (ctl_socket.h). NULL with errno and a sentence in error. SIGPIPE is ignored from
 * now on.
 */
struct ctl_server *ctl_server_new(struct event_base *base, const char *path, ctl_handler *handler,
	void *ctx, char *error, size_t size);

/* Disconnects all clients and removes the socket. NULL is allowed. */
void ctl_server_free(struct ctl_server *server);

/* Clients connected now. */
unsigned int ctl_server_clients(const struct ctl_server *server);

#endif
