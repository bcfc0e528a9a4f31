/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server of the local command line: reads requests, one a line, from a Unix socket and writes
 * their replies (ctl_request.h). All in the control thread's event loop; nothing waits. A client
 * has one reply under way at most: its next request is looked at once it has taken that, so a slow
 * client costs one reply's memory and holds up nobody. Who takes nothing for 30 s, or asks nothing
 * for 10 minutes, is disconnected; while there are as many clients as may be, who asks nothing for
 * 3 s, so that those who wait get their turn.
 *
 * A client whose request made it a follower is told what ctl_server_tell says from then on, a line
 * each, and asks nothing more. What it does not take waits, up to CTL_FOLLOW_BYTES; what comes then
 * is missed, and {"event": "missed", "missed": N} says so once it takes again.
 */
#ifndef FERRY_CTL_SERVER_H
#define FERRY_CTL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define CTL_CLIENTS_MAX	  64 /* more wait to be accepted */
#define CTL_FOLLOWERS_MAX 32 /* of these; more are refused */
#define CTL_FOLLOW_BYTES  262144

struct event_base;
struct ctl_server;

/*
 * Answers a line (len bytes, no line feed): a new reference, or NULL when memory is short. *follow,
 * false before, is set to make the client a follower.
 */
typedef json_t *ctl_handler(void *ctx, const char *line, size_t len, bool *follow);

/*
 * Listens at path (ctl_socket.h). NULL with errno and a sentence in error. SIGPIPE is ignored from
 * now on.
 */
struct ctl_server *ctl_server_new(struct event_base *base, const char *path, ctl_handler *handler,
	void *ctx, char *error, size_t size);

/* Disconnects all clients and removes the socket. NULL is allowed. */
void ctl_server_free(struct ctl_server *server);

/* Says something to all followers; data is taken. Never waits. */
void ctl_server_tell(struct ctl_server *server, json_t *data);
/* Is there anybody to tell? */
bool ctl_server_followed(const struct ctl_server *server);

/* Clients connected now. */
unsigned int ctl_server_clients(const struct ctl_server *server);

#endif
