/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree of a program as a whole: its beginning, its end, its clock. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <event2/listener.h>

#include "clock.h"
#include "host_text.h"
#include "mgmt_private.h"

#define PING_MS	       2000
#define DEAD_MS	       7000
#define HANDSHAKE_MS   5000
#define FRAME_MS       10000
#define BACKOFF_MS     100
#define BACKOFF_MAX_MS 2000
#define RENEW_MS       5000
#define TICK_MS	       200 /* how exactly the limits are kept */

uint64_t
mgmt_now(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t
mgmt_utc(void)
{
	return clock_ms(CLOCK_REALTIME);
}

void
mgmt_log(struct mgmt *mgmt, int priority, const char *format, ...)
{
	char text[512];
	va_list args;

	if (mgmt->ops->log == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mgmt->ops->log(mgmt->ctx, priority, text);
}

void
mgmt_told(struct mgmt *mgmt, enum mgmt_event event, const char *name, const char *why)
{
	if (mgmt->ops->event != NULL)
		mgmt->ops->event(mgmt->ctx, event, name, why);
}

const char *
mgmt_host(const struct sockaddr_storage *address, char *buf, uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	bool six = address->ss_family == AF_INET6;
	const void *ip = six ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr;

	*port = ntohs(six ? in6->sin6_port : in->sin_port);
	if (inet_ntop(address->ss_family, ip, buf, INET6_ADDRSTRLEN) == NULL)
		snprintf(buf, INET6_ADDRSTRLEN, "?");
	return buf;
}

const char *
mgmt_address_text(const struct sockaddr_storage *address, char *buf)
{
	char host[INET6_ADDRSTRLEN];
	uint16_t port;

	(void)mgmt_host(address, host, &port);
	return host_port_text(host, port, buf, MGMT_ADDRESS_TEXT);
}

bool
mgmt_address_make(const char *host, uint16_t port, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (port == 0)
		return false;
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return true;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return false;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return true;
}

bool
mgmt_is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len,
	void *arg)
{
	struct mgmt *mgmt = arg;
	struct sockaddr_storage address = {0};

	(void)listener;
	memcpy(&address, from, (size_t)len < sizeof(address) ? (size_t)len : sizeof(address));
	if (!mgmt_make_room(mgmt, &address)) {
		evutil_closesocket(fd);
		return;
	}
	if (mgmt_conn_new(mgmt, fd, &address, MGMT_BELOW, "") == NULL) {
		mgmt_log(mgmt, LOG_ERR, "management: out of memory for a connection");
		evutil_closesocket(fd);
	}
}

static void
arm_tick(struct mgmt *mgmt)
{
	const struct timeval tv = {.tv_usec = TICK_MS * 1000};

	event_add(mgmt->tick, &tv);
}

/* So much later; but what was noted while this thread came back is not of a time to come. */
static void
put_off(uint64_t *when, uint64_t late, uint64_t now)
{
	*when = *when + late < now ? *when + late : now;
}

/* This thread did something else for long: nobody else is to blame. */
static void
forgive(struct mgmt_conn *conn, uint64_t late, uint64_t now)
{
	put_off(&conn->began, late, now);
	put_off(&conn->heard_at, late, now);
	put_off(&conn->moved_at, late, now);
	if (conn->part_began != 0)
		put_off(&conn->part_began, late, now);
	if (conn->full_at != 0)
		put_off(&conn->full_at, late, now);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct mgmt *mgmt = arg;
	struct mgmt_conn *conn, *next;
	uint64_t now = mgmt_now(), late = now - mgmt->last_tick;

	(void)fd;
	(void)what;
	for (conn = LIST_FIRST(&mgmt->conns); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, chain);
		if (late > 4 * TICK_MS || mgmt->paused)
			forgive(conn, late, now);
		mgmt_conn_look(conn, now);
	}
	if (mgmt->hold_until != 0 && now >= mgmt->hold_until)
		mgmt_hold_end(mgmt);
	mgmt_certificates_look(mgmt, now);
	mgmt->last_tick = now;
	arm_tick(mgmt);
}

static void
on_reap(evutil_socket_t fd, short what, void *arg)
{
	struct mgmt *mgmt = arg;
	struct mgmt_conn *conn, *next;

	(void)fd;
	(void)what;
	for (conn = LIST_FIRST(&mgmt->conns); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, chain);
		if (conn->state == MGMT_GONE)
			mgmt_conn_free(conn);
	}
}

static void
on_update(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	mgmt_update_send(arg);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	mgmt_join_again(arg);
}

static void
fill_limits(struct mgmt_settings *s)
{
	s->ping = s->ping != 0 ? s->ping : PING_MS;
	s->dead = s->dead != 0 ? s->dead : DEAD_MS;
	s->handshake = s->handshake != 0 ? s->handshake : HANDSHAKE_MS;
	s->frame = s->frame != 0 ? s->frame : FRAME_MS;
	s->backoff = s->backoff != 0 ? s->backoff : BACKOFF_MS;
	s->backoff_max = s->backoff_max != 0 ? s->backoff_max : BACKOFF_MAX_MS;
	s->renew = s->renew != 0 ? s->renew : RENEW_MS;
}

static int
listen_there(struct mgmt *mgmt, char *error, size_t size)
{
	const struct sockaddr_storage *address = &mgmt->settings.listen;
	socklen_t len = sizeof(mgmt->address);
	char text[MGMT_ADDRESS_TEXT];

	if (address->ss_family == 0)
		return 0;
	mgmt->listener = evconnlistener_new_bind(mgmt->base, on_accept, mgmt,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 128,
		(const struct sockaddr *)address,
		address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					       : sizeof(struct sockaddr_in));
	if (mgmt->listener == NULL) {
		snprintf(error, size, "address %s cannot be listened at: %s",
			mgmt_address_text(address, text), strerror(errno));
		return -1;
	}
	if (listener_guard_begin(&mgmt->guard, mgmt->listener, "management") != 0) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	(void)getsockname(
		evconnlistener_get_fd(mgmt->listener), (struct sockaddr *)&mgmt->address, &len);
	return 0;
}

static int
check_plain(const struct mgmt_settings *s, char *error, size_t size)
{
	if (!s->plain || ((s->listen.ss_family == 0 || mgmt_is_loopback(&s->listen)) &&
				 (s->root.ss_family == 0 || mgmt_is_loopback(&s->root))))
		return 0;
	snprintf(error, size, "without TLS (plain) all addresses must be loopback ones");
	return -1;
}

static int
begin(struct mgmt *mgmt, char *error, size_t size)
{
	const struct mgmt_settings *s = &mgmt->settings;

	if (check_plain(s, error, size) != 0)
		return -1;
	if (!s->plain && mgmt_certificates_begin(mgmt, error, size) != 0)
		return -1;
	mgmt->tick = evtimer_new(mgmt->base, on_tick, mgmt);
	mgmt->reap = evtimer_new(mgmt->base, on_reap, mgmt);
	mgmt->update = evtimer_new(mgmt->base, on_update, mgmt);
	mgmt->retry = evtimer_new(mgmt->base, on_retry, mgmt);
	if (mgmt->tick == NULL || mgmt->reap == NULL || mgmt->update == NULL ||
		mgmt->retry == NULL) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	if (listen_there(mgmt, error, size) != 0)
		return -1;
	arm_tick(mgmt);
	if (!mgmt->root) {
		snprintf(mgmt->goal.name, sizeof(mgmt->goal.name), MESSAGE_ROOT);
		mgmt->goal.address = s->root;
		mgmt_join_begin(mgmt);
	}
	return 0;
}

struct mgmt *
mgmt_new(struct event_base *base, const struct mgmt_settings *settings, const struct mgmt_ops *ops,
	void *ctx, char *error, size_t size)
{
	struct mgmt *mgmt = calloc(1, sizeof(*mgmt));

	if (mgmt == NULL) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	mgmt->base = base;
	mgmt->settings = *settings;
	fill_limits(&mgmt->settings);
	mgmt->pause = mgmt->settings.backoff;
	snprintf(mgmt->name, sizeof(mgmt->name), "%s", settings->name);
	mgmt->root = settings->root.ss_family == 0;
	mgmt->ops = ops;
	mgmt->ctx = ctx;
	mgmt->start = mgmt_utc();
	mgmt->last_tick = mgmt_now();
	LIST_INIT(&mgmt->conns);
	signal(SIGPIPE, SIG_IGN);
	if (begin(mgmt, error, size) == 0) {
		/* The caller's texts were needed until here. */
		mgmt->settings.name = mgmt->settings.certificate = NULL;
		mgmt->settings.key = mgmt->settings.authority = NULL;
		return mgmt;
	}
	mgmt_free(mgmt);
	return NULL;
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
mgmt_free(struct mgmt *mgmt)
{
	if (mgmt == NULL)
		return;
	while (!LIST_EMPTY(&mgmt->conns))
		mgmt_conn_free(LIST_FIRST(&mgmt->conns));
	listener_guard_end(&mgmt->guard);
	if (mgmt->listener != NULL)
		evconnlistener_free(mgmt->listener);
	free_event(mgmt->tick);
	free_event(mgmt->reap);
	free_event(mgmt->update);
	free_event(mgmt->retry);
	mgmt_certificates_end(mgmt);
	mgmt_placed_free(&mgmt->placed);
	mgmt_seen_free(&mgmt->seen);
	free(mgmt);
}

void
mgmt_loop_free(struct event_base *base)
{
	if (base == NULL)
		return;
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}
