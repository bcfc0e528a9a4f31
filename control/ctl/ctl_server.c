/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "ctl_request.h"
#include "ctl_server.h"
#include "ctl_socket.h"
#include "listener_guard.h"

static const struct timeval read_timeout = {.tv_sec = 600};
static const struct timeval crowded_timeout = {.tv_sec = 3}; /* well below CTL_CLIENT_SECONDS */
static const struct timeval write_timeout = {.tv_sec = 30};

struct ctl_client {
	LIST_ENTRY(ctl_client) chain;
	struct ctl_server *server;
	struct bufferevent *bev;
	bool replying; /* a reply is not yet written whole */
	bool ending;   /* nothing more will come: close after the last reply */
	bool following;
	uint64_t missed; /* lines that it was not told */
};

struct ctl_server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct listener_guard guard;
	struct ctl_socket sock;
	ctl_handler *handler;
	void *ctx;
	unsigned int nb_clients, nb_followers;
	LIST_HEAD(, ctl_client) clients;
};

/* Of all who may ask: how long they may keep us waiting from now on. */
static void
set_patience(struct ctl_server *server, const struct timeval *patience)
{
	struct ctl_client *client;

	LIST_FOREACH (client, &server->clients, chain)
		if (!client->following)
			bufferevent_set_timeouts(client->bev, patience, &write_timeout);
}

static void
client_close(struct ctl_client *client)
{
	struct ctl_server *server = client->server;

	LIST_REMOVE(client, chain);
	server->nb_followers -= client->following;
	bufferevent_free(client->bev);
	free(client);
	if (server->nb_clients-- == CTL_CLIENTS_MAX) {
		set_patience(server, &read_timeout);
		listener_guard_hold(&server->guard, false);
	}
}

/* Takes reply. False: memory is short, and a client without its reply is lost: close it. */
static bool
client_reply(struct ctl_client *client, json_t *reply)
{
	char *text = reply != NULL ? json_dumps(reply, JSON_COMPACT | JSON_REAL_PRECISION(9))
				   : NULL;
	struct evbuffer *output = bufferevent_get_output(client->bev);
	bool done = text != NULL && evbuffer_add(output, text, strlen(text)) == 0 &&
		    evbuffer_add(output, "\n", 1) == 0;

	json_decref(reply);
	free(text);
	client->replying = done;
	return done;
}

/* Answers what makes no request, and takes no more. */
static bool
client_refuse(struct ctl_client *client, const char *why)
{
	struct evbuffer *input = bufferevent_get_input(client->bev);

	client->ending = true;
	bufferevent_disable(client->bev, EV_READ);
	evbuffer_drain(input, evbuffer_get_length(input));
	return client_reply(client, ctl_reply_error(why));
}

/* A line for a follower. False: no room, or no memory. */
static bool
client_tell(struct ctl_client *client, const char *text)
{
	struct evbuffer *output = bufferevent_get_output(client->bev);

	if (evbuffer_get_length(output) > CTL_FOLLOW_BYTES)
		return false;
	return evbuffer_add_printf(output, "%s\n", text) >= 0;
}

/* A follower that takes again learns how much it missed. */
static void
client_tell_missed(struct ctl_client *client)
{
	char text[96];

	snprintf(text, sizeof(text), "{\"ok\":true,\"data\":{\"event\":\"missed\",\"missed\":%lu}}",
		(unsigned long)client->missed);
	if (client_tell(client, text))
		client->missed = 0;
}

static void
client_follow(struct ctl_client *client)
{
	client->following = true;
	client->server->nb_followers++;
	bufferevent_set_timeouts(client->bev, NULL, &write_timeout);
}

/* Answers a request. False: close. */
static bool
client_answer(struct ctl_client *client, const char *line, size_t len)
{
	struct ctl_server *server = client->server;
	bool follow = false;
	json_t *reply = server->handler(server->ctx, line, len, &follow);

	if (follow && server->nb_followers == CTL_FOLLOWERS_MAX) {
		json_decref(reply);
		return client_reply(client, ctl_reply_error("too many follow already"));
	}
	if (follow)
		client_follow(client);
	return client_reply(client, reply);
}

/* Answers the next request if there is a whole one. False: close. */
static bool
client_next(struct ctl_client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->bev);
	size_t len = 0;
	char *line;
	bool done;

	if (client->replying)
		return true;
	if (client->following && !client->ending && evbuffer_get_length(input) > 0)
		return client_refuse(client, "who follows asks nothing more");
	if (client->following)
		return !client->ending;
	line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);
	if (line != NULL) {
		done = client_answer(client, line, len);
		free(line);
		return done;
	}
	if (evbuffer_get_length(input) > CTL_REQUEST_MAX)
		return client_refuse(client, "the request is too long");
	if (!client->ending)
		return true;
	if (evbuffer_get_length(input) > 0)
		return client_refuse(client, "the last request does not end with a line feed");
	return false;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct ctl_client *client = arg;

	(void)bev;
	if (!client_next(client))
		client_close(client);
}

/* The reply was written. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct ctl_client *client = arg;

	(void)bev;
	client->replying = false;
	if (client->missed > 0)
		client_tell_missed(client);
	if (!client_next(client))
		client_close(client);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct ctl_client *client = arg;

	(void)bev;
	if ((what & BEV_EVENT_TIMEOUT) != 0 && (what & BEV_EVENT_READING) != 0 &&
		client->replying) {
		/* It is still taking a reply; the time limit of writing holds. */
		bufferevent_enable(client->bev, EV_READ);
		return;
	}
	if ((what & BEV_EVENT_EOF) == 0) {
		client_close(client);
		return;
	}
	/* It asks nothing more, but may wait for replies. */
	client->ending = true;
	if (!client_next(client))
		client_close(client);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr, int len,
	void *arg)
{
	struct ctl_server *server = arg;
	struct ctl_client *client = calloc(1, sizeof(*client));

	(void)listener;
	(void)addr;
	(void)len;
	if (client != NULL)
		client->bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (client == NULL || client->bev == NULL) {
		evutil_closesocket(fd);
		free(client);
		return;
	}
	client->server = server;
	LIST_INSERT_HEAD(&server->clients, client, chain);
	bufferevent_setcb(client->bev, on_read, on_written, on_event, client);
	/* One byte more than the longest request and its line feed tells a longer one. */
	bufferevent_setwatermark(client->bev, EV_READ, 0, CTL_REQUEST_MAX + 2);
	bufferevent_set_timeouts(client->bev, &read_timeout, &write_timeout);
	bufferevent_enable(client->bev, EV_READ | EV_WRITE);
	if (++server->nb_clients == CTL_CLIENTS_MAX) {
		set_patience(server, &crowded_timeout);
		listener_guard_hold(&server->guard, true);
	}
}

struct ctl_server *
ctl_server_new(struct event_base *base, const char *path, ctl_handler *handler, void *ctx,
	char *error, size_t size)
{
	struct ctl_server *server = calloc(1, sizeof(*server));
	int ret;

	if (server == NULL) {
		snprintf(error, size, "control socket %s: out of memory", path);
		errno = ENOMEM;
		return NULL;
	}
	ret = ctl_socket_open(&server->sock, path, error, size);
	if (ret != 0) {
		free(server);
		errno = -ret;
		return NULL;
	}
	server->base = base;
	server->handler = handler;
	server->ctx = ctx;
	LIST_INIT(&server->clients);
	/* The socket listens already, and closing it is ctl_socket_close's. */
	server->listener = evconnlistener_new(
		base, on_accept, server, LEV_OPT_CLOSE_ON_EXEC, 0, server->sock.fd);
	if (server->listener == NULL ||
		listener_guard_begin(&server->guard, server->listener, "control socket") != 0) {
		snprintf(error, size, "control socket %s: out of memory", path);
		if (server->listener != NULL)
			evconnlistener_free(server->listener);
		ctl_socket_close(&server->sock);
		free(server);
		errno = ENOMEM;
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	return server;
}

void
ctl_server_free(struct ctl_server *server)
{
	if (server == NULL)
		return;
	while (!LIST_EMPTY(&server->clients))
		client_close(LIST_FIRST(&server->clients));
	listener_guard_end(&server->guard);
	evconnlistener_free(server->listener);
	ctl_socket_close(&server->sock);
	free(server);
}

void
ctl_server_tell(struct ctl_server *server, json_t *data)
{
	json_t *reply = ctl_reply_ok(data);
	char *text = json_dumps(reply, JSON_COMPACT | JSON_REAL_PRECISION(9));
	struct ctl_client *client;

	json_decref(reply);
	LIST_FOREACH (client, &server->clients, chain) {
		if (!client->following || client->ending)
			continue;
		if (client->missed > 0 || text == NULL || !client_tell(client, text))
			client->missed++;
	}
	free(text);
}

bool
ctl_server_followed(const struct ctl_server *server)
{
	return server->nb_followers > 0;
}

unsigned int
ctl_server_clients(const struct ctl_server *server)
{
	return server->nb_clients;
}
