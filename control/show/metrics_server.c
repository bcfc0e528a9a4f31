/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <syslog.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "clock.h"
#include "listener_guard.h"
#include "log.h"
#include "metrics.h"
#include "metrics_server.h"

#define HEADERS_MAX 8192
#define INPUT_MAX   (2 * HEADERS_MAX) /* so that evhttp still sees what is too long */
#define LOOK_MS	    100		      /* between two looks whether a connection ended */
#define QUIET_MS    60000	      /* nothing more is told of a crowd that was so lately */

/* An answer under way. */
struct reply {
	LIST_ENTRY(reply) chain;
	struct metrics_server *server;
	struct evhttp_request *request;
	struct bufferevent *bev; /* its connection's */
	uint64_t since;		 /* ms, CLOCK_MONOTONIC */
	struct ferry_stats_snapshot snapshot;
	struct metrics_cursor cursor;
};

/* A connection, with a reference of ours, for evhttp does not tell when one ends. */
struct place {
	struct bufferevent *bev;
	uint64_t since; /* ms, CLOCK_MONOTONIC */
};

struct metrics_server {
	struct evhttp *http;
	struct listener_guard guard;
	struct event *look;
	struct place open[METRICS_CONNECTIONS_MAX];
	unsigned int nb_open;
	uint64_t crowded; /* when one was ended for others last, ms, CLOCK_MONOTONIC; 0 = never */
	const struct ferry_stats_snapshot *latest;
	unsigned int nb_replies;
	LIST_HEAD(, reply) replies;
};

static void
reply_free(struct reply *reply)
{
	LIST_REMOVE(reply, chain);
	reply->server->nb_replies--;
	ferry_stats_snapshot_free(&reply->snapshot);
	free(reply);
}

/*
 * The connection ends. Its request goes with it, but not where the client went away: evhttp then
 * takes it from the connection, as we are not through with it, and its end frees it.
 */
static void
on_close(struct evhttp_connection *connection, void *arg)
{
	struct reply *reply = arg;
	struct evhttp_request *request = reply->request;

	(void)connection;
	reply_free(reply);
	if (evhttp_request_get_connection(request) == NULL)
		evhttp_send_reply_end(request);
}

/*
 * evhttp takes the end of what a client says for its going away, and drops what was not yet sent:
 * while an answer is written nothing is read, whoever is gone shows by that. When all is sent
 * evhttp reads again.
 */
static void
read_later(struct bufferevent *bev)
{
	if (evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		bufferevent_disable(bev, EV_READ);
}

static void
send_piece(struct evhttp_connection *connection, void *arg)
{
	struct reply *reply = arg;
	struct evhttp_request *request = reply->request;
	struct bufferevent *bev = reply->bev;
	struct evbuffer *piece;

	if (reply->cursor.done) {
		evhttp_connection_set_closecb(connection, NULL, NULL);
		reply_free(reply);
		/* With nothing left to send, the connection may end within. */
		bufferevent_incref(bev);
		evhttp_send_reply_end(request);
		read_later(bev);
		bufferevent_decref(bev);
		return;
	}
	piece = evbuffer_new();
	while (piece != NULL && evbuffer_get_length(piece) == 0)
		if (!metrics_write(piece, &reply->snapshot, &reply->cursor))
			break;
	if (piece == NULL || evbuffer_get_length(piece) == 0) {
		/* Out of memory. The text has no end, and whoever reads it sees that. */
		reply->cursor.done = true;
		send_piece(connection, reply);
	} else {
		evhttp_send_reply_chunk_with_cb(request, piece, send_piece, reply);
		read_later(bev);
	}
	if (piece != NULL)
		evbuffer_free(piece);
}

static struct reply *
reply_new(struct metrics_server *server, struct evhttp_request *request)
{
	const struct ferry_stats_snapshot *latest = server->latest;
	struct reply *reply = calloc(1, sizeof(*reply));
	size_t bytes = latest->count * sizeof(*latest->records);

	if (reply != NULL)
		reply->snapshot.records = malloc(bytes + 1);
	if (reply == NULL || reply->snapshot.records == NULL) {
		free(reply);
		return NULL;
	}
	if (bytes > 0)
		memcpy(reply->snapshot.records, latest->records, bytes);
	reply->snapshot.count = latest->count;
	reply->server = server;
	reply->request = request;
	reply->bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
	reply->since = clock_ms(CLOCK_MONOTONIC);
	server->nb_replies++;
	LIST_INSERT_HEAD(&server->replies, reply, chain);
	return reply;
}

static void
on_metrics(struct evhttp_request *request, void *arg)
{
	struct metrics_server *server = arg;
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct reply *reply;

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", METRICS_TYPE);
	if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
		evhttp_send_reply(request, HTTP_OK, "OK", NULL);
		return;
	}
	reply = server->nb_replies < METRICS_REPLIES_MAX ? reply_new(server, request) : NULL;
	if (reply == NULL) {
		evhttp_send_error(request, HTTP_SERVUNAVAIL, "too many ask at once");
		return;
	}
	evhttp_connection_set_closecb(connection, on_close, reply);
	evhttp_send_reply_start(request, HTTP_OK, "OK");
	send_piece(connection, reply);
}

static void
on_other(struct evhttp_request *request, void *arg)
{
	(void)arg;
	evhttp_send_error(request, HTTP_NOTFOUND, "there is /metrics");
}

/*
 * Forgets those that ended: evhttp has freed them, which takes their callbacks' argument away. With
 * our reference go their events, then their descriptors.
 */
static void
forget_ended(struct metrics_server *server)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < server->nb_open; i++) {
		void *owner;

		bufferevent_getcb(server->open[i].bev, NULL, NULL, NULL, &owner);
		if (owner != NULL)
			server->open[n++] = server->open[i];
		else
			bufferevent_decref(server->open[i].bev);
	}
	server->nb_open = n;
}

static struct reply *
reply_of(const struct metrics_server *server, const struct bufferevent *bev)
{
	struct reply *reply;

	LIST_FOREACH (reply, &server->replies, chain)
		if (reply->bev == bev)
			break;
	return reply;
}

/* Said once, and not again until a minute went by without one. */
static void
tell_crowd(struct metrics_server *server, uint64_t now)
{
	if (server->crowded == 0 || now - server->crowded > QUIET_MS)
		log_line(LOG_WARNING,
			"metrics: as many are connected, or take an answer, as may be: whoever "
			"came "
			"%d s ago and takes none, or takes one for %d s, is disconnected",
			METRICS_CROWDED_SECONDS, METRICS_SECONDS);
	server->crowded = now;
}

/*
 * Where all is taken, whoever had time enough makes room for others. evhttp sees that the
 * connection ended, and frees it.
 */
static void
end_old(struct metrics_server *server)
{
	bool crowded = server->nb_open == METRICS_CONNECTIONS_MAX;
	bool busy = crowded || server->nb_replies == METRICS_REPLIES_MAX;
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	for (unsigned int i = 0; i < server->nb_open; i++) {
		const struct place *place = &server->open[i];
		const struct reply *reply = reply_of(server, place->bev);

		if (reply != NULL ? !busy || now - reply->since < METRICS_SECONDS * 1000
				  : !crowded || now - place->since < METRICS_CROWDED_SECONDS * 1000)
			continue;
		tell_crowd(server, now);
		(void)shutdown(bufferevent_getfd(place->bev), SHUT_RDWR);
	}
}

/* When all places are taken nobody else is: the node needs its descriptors for itself. */
static void
look_again(struct metrics_server *server)
{
	const struct timeval wait = {.tv_usec = LOOK_MS * 1000};

	listener_guard_hold(&server->guard, server->nb_open == METRICS_CONNECTIONS_MAX);
	if (server->nb_open > 0)
		event_add(server->look, &wait);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	forget_ended(arg);
	end_old(arg);
	look_again(arg);
}

/* A connection was accepted. */
static struct bufferevent *
on_connection(struct event_base *base, void *arg)
{
	struct metrics_server *server = arg;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL)
		return NULL;
	/* So much of a question is kept at most; while an answer is written nothing is read. */
	bufferevent_setwatermark(bev, EV_READ, 0, INPUT_MAX);
	if (server->nb_open == METRICS_CONNECTIONS_MAX)
		return bev;
	bufferevent_incref(bev);
	server->open[server->nb_open++] = (struct place){
		.bev = bev, .since = clock_ms(CLOCK_MONOTONIC)};
	look_again(server);
	return bev;
}

static int
listen_at(struct metrics_server *server, struct event_base *base, const char *address,
	uint16_t port, char *error, size_t size)
{
	struct evhttp_bound_socket *bound;

	evhttp_set_bevcb(server->http, on_connection, server);
	bound = evhttp_bind_socket_with_handle(server->http, address, port);
	if (bound == NULL) {
		snprintf(error, size, "cannot listen at %s, TCP port %u: %s", address, port,
			strerror(errno));
		return -1;
	}
	server->look = evtimer_new(base, on_look, server);
	if (server->look != NULL &&
		listener_guard_begin(
			&server->guard, evhttp_bound_socket_get_listener(bound), "metrics") == 0)
		return 0;
	snprintf(error, size, "out of memory");
	return -1;
}

struct metrics_server *
metrics_server_new(struct event_base *base, const char *address, uint16_t port,
	const struct ferry_stats_snapshot *latest, char *error, size_t size)
{
	struct metrics_server *server = calloc(1, sizeof(*server));

	if (server != NULL)
		server->http = evhttp_new(base);
	if (server == NULL || server->http == NULL) {
		snprintf(error, size, "out of memory");
		free(server);
		return NULL;
	}
	LIST_INIT(&server->replies);
	server->latest = latest;
	evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(server->http, HEADERS_MAX);
	evhttp_set_max_body_size(server->http, HEADERS_MAX);
	evhttp_set_timeout(server->http, METRICS_SECONDS);
	evhttp_set_gencb(server->http, on_other, server);
	if (evhttp_set_cb(server->http, "/metrics", on_metrics, server) != 0) {
		snprintf(error, size, "out of memory");
		metrics_server_free(server);
		return NULL;
	}
	if (listen_at(server, base, address, port, error, size) != 0) {
		metrics_server_free(server);
		return NULL;
	}
	return server;
}

void
metrics_server_free(struct metrics_server *server)
{
	if (server == NULL)
		return;
	listener_guard_end(&server->guard);
	if (server->look != NULL)
		event_free(server->look);
	/* Closes all connections, and so ends their answers. */
	evhttp_free(server->http);
	forget_ended(server);
	while (!LIST_EMPTY(&server->replies))
		reply_free(LIST_FIRST(&server->replies));
	free(server);
}
