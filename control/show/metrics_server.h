/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gives metrics over HTTP: GET /metrics. Text goes out in pieces, each made when the one before was
 * written, so that one who reads slowly holds up nobody; each answer is of one interval. At most
 * METRICS_REPLIES_MAX answers at a time, 503 beyond; of METRICS_CONNECTIONS_MAX connections, more
 * wait to be taken. While all of these are taken, a connection without an answer under way ends
 * METRICS_CROWDED_SECONDS after it came; while all of either are, an answer ends METRICS_SECONDS
 * after it began.
 *
 * Runs in the event loop of one thread, the one that writes the snapshot.
 */
#ifndef FERRY_METRICS_SERVER_H
#define FERRY_METRICS_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "ferry_stats.h"

#define METRICS_REPLIES_MAX	8
#define METRICS_CONNECTIONS_MAX 32
#define METRICS_SECONDS		10 /* for a request, and for each piece to be taken */
#define METRICS_CROWDED_SECONDS 3

struct event_base;
struct metrics_server;

/*
 * Listens at an address of the machine (text without brackets, as inet_ntop gives it). The snapshot
 * outlives it. NULL with a sentence in error.
 */
struct metrics_server *metrics_server_new(struct event_base *base, const char *address,
	uint16_t port, const struct ferry_stats_snapshot *latest, char *error, size_t size);

/* Ends all answers. NULL is allowed. */
void metrics_server_free(struct metrics_server *server);

#endif
