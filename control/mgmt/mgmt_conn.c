/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection: its bytes, its time limits, its end. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

#include "mgmt_private.h"
#include "mgmt_tls.h"

#define TRIES_TOLD 64

/* Does what comes from above wait for this child? */
static void
set_holds(struct mgmt_conn *conn, bool holds)
{
	struct mgmt *mgmt = conn->mgmt;

	if (conn->holds == holds)
		return;
	conn->holds = holds;
	mgmt->nb_holds += holds ? 1 : -1u;
	if (mgmt->nb_holds == 0 && mgmt->above != NULL)
		mgmt_conn_read_on(mgmt->above);
}

static void
set_state(struct mgmt_conn *conn, enum mgmt_state state)
{
	mgmt_conn_delist(conn);
	conn->state = state;
	mgmt_conn_enlist(conn);
	if (state > MGMT_NAMED)
		set_holds(conn, false);
}

static void
gone(struct mgmt_conn *conn)
{
	struct mgmt *mgmt = conn->mgmt;

	set_state(conn, MGMT_GONE);
	bufferevent_setcb(conn->bev, NULL, NULL, NULL, NULL);
	bufferevent_disable(conn->bev, EV_READ | EV_WRITE);
	event_active(mgmt->reap, EV_TIMEOUT, 0);
}

void
mgmt_conn_close(struct mgmt_conn *conn, bool linger, const char *format, ...)
{
	struct mgmt *mgmt = conn->mgmt;
	bool was_named = conn->state == MGMT_NAMED, above = mgmt->above == conn;
	bool was_up = was_named && (conn->side == MGMT_BELOW || conn->heard);
	char why[MGMT_WHY_MAX], text[MGMT_ADDRESS_TEXT];
	va_list args;

	if (conn->state == MGMT_GONE)
		return;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	/* One that cannot be reached for long is told of now and then. */
	if (conn->state != MGMT_LEAVING && (conn->side == MGMT_BELOW || was_up || mgmt->tries < 3 ||
						   mgmt->tries % TRIES_TOLD == 0))
		mgmt_log(mgmt, LOG_INFO, "management: %s %s at %s: %s",
			conn->side == MGMT_ABOVE ? "parent" : "child",
			conn->name[0] != 0 ? conn->name : "(no name)",
			mgmt_address_text(&conn->address, text), why);
	if (linger && conn->state != MGMT_LEAVING &&
		evbuffer_get_length(bufferevent_get_output(conn->bev)) > 0) {
		set_state(conn, MGMT_LEAVING);
		bufferevent_disable(conn->bev, EV_READ);
		conn->close_at = mgmt_now() + MGMT_LINGER_MS;
	} else if (!linger || conn->state != MGMT_LEAVING) {
		gone(conn);
	}
	if (above)
		mgmt->above = NULL;
	if (was_named)
		mgmt_seen_left(&mgmt->seen, conn->name, &conn->share);
	if (was_up)
		mgmt_told(mgmt, conn->side == MGMT_ABOVE ? MGMT_PARENT_DOWN : MGMT_CHILD_DOWN,
			conn->name, why);
	if (was_named && conn->side == MGMT_BELOW)
		mgmt_update_soon(mgmt);
	if (above)
		mgmt_join_lost(mgmt, conn);
}

/* Notes that a neighbour takes what waits for it. */
static void
on_moved(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct mgmt_conn *conn = arg;

	if (info->n_deleted > 0)
		conn->moved_at = mgmt_now();
	if (conn->full_at == 0 || evbuffer_get_length(buffer) > MGMT_OUTPUT_MARK / 2)
		return;
	conn->full_at = 0;
	set_holds(conn, false);
	if (conn->mgmt->root && conn->state == MGMT_NAMED)
		mgmt_told(conn->mgmt, MGMT_CHILD_ROOM, conn->name, NULL);
}

void
mgmt_conn_free(struct mgmt_conn *conn)
{
	SSL *ssl = conn->tls ? bufferevent_openssl_get_ssl(conn->bev) : NULL;

	mgmt_conn_delist(conn);
	LIST_REMOVE(conn, chain);
	/* The other end shall know this from a connection that was cut. */
	if (ssl != NULL && SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	/* It may live until the loop has turned (see mgmt_loop_free()): it touches conn no more. */
	bufferevent_disable(conn->bev, EV_READ | EV_WRITE);
	evbuffer_remove_cb(bufferevent_get_output(conn->bev), on_moved, conn);
	bufferevent_free(conn->bev);
	message_free(conn->below);
	free(conn);
}

/* May this name be at that end; if not, why. */
static const char *
name_fault(const struct mgmt_conn *conn, const char *name)
{
	const struct mgmt *mgmt = conn->mgmt;

	if (conn->side == MGMT_ABOVE)
		return strcmp(name, conn->name) != 0 ? "it is not whom we wanted to reach" : NULL;
	if (strcmp(name, MESSAGE_ROOT) == 0 || strcmp(name, mgmt->name) == 0)
		return "nobody of that name can be below";
	return NULL;
}

/* Two machines with one certificate, as of a copy, take turns for ever: that is to be seen. */
static void
replace(struct mgmt_conn *other, const struct mgmt_conn *conn)
{
	char was[INET6_ADDRSTRLEN], is[INET6_ADDRSTRLEN];
	uint16_t port;

	(void)mgmt_host(&other->address, was, &port);
	(void)mgmt_host(&conn->address, is, &port);
	if (strcmp(was, is) == 0)
		mgmt_conn_close(other, false, "it connected anew");
	else
		mgmt_conn_close(other, false,
			"it connected anew, from %s: another node needs another name", is);
}

bool
mgmt_conn_named(struct mgmt_conn *conn, const char *name)
{
	struct mgmt *mgmt = conn->mgmt;
	const char *fault = name_fault(conn, name);
	struct mgmt_conn *other;

	if (fault != NULL) {
		mgmt->counters.wrong_certificate++;
		mgmt_conn_close(conn, false, "\"%s\": %s", name, fault);
		return false;
	}
	other = mgmt_conn_find(mgmt, name);
	if (other != NULL && other->side != conn->side)
		other = mgmt_conn_next(mgmt, other, name);
	if (conn->side == MGMT_BELOW && other == NULL && mgmt->nb_children >= MGMT_CHILDREN_MAX) {
		mgmt->counters.too_many++;
		mgmt_conn_close(conn, false, "there are %u children already", MGMT_CHILDREN_MAX);
		return false;
	}
	if (other != NULL)
		replace(other, conn);
	if (conn->state != MGMT_NAMELESS)
		return false;
	/* The one above has the name that we look for from the start; it may be this very text. */
	if (conn->side == MGMT_BELOW)
		snprintf(conn->name, sizeof(conn->name), "%s", name);
	set_state(conn, MGMT_NAMED);
	mgmt_seen_back(&mgmt->seen, conn->name, &conn->share);
	conn->heard_at = mgmt_now();
	conn->since = mgmt_utc();
	mgmt->counters.connected++;
	if (conn->side == MGMT_BELOW && !mgmt->root && !mgmt_placed_is_child(&mgmt->placed, name)) {
		mgmt->counters.not_placed++;
		mgmt_conn_refuse(conn, NULL, 0, MESSAGE_CODE_FORBIDDEN,
			"the root did not place %s below %s", name, mgmt->name);
		set_state(conn, MGMT_NAMELESS);
		mgmt_conn_close(conn, true, "the root did not place it below this node");
		return false;
	}
	if (conn->side == MGMT_ABOVE) {
		mgmt_join_up(conn);
		return conn->state == MGMT_NAMED;
	}
	mgmt_told(mgmt, MGMT_CHILD_UP, name, NULL);
	if (conn->state == MGMT_NAMED)
		mgmt_ping(conn);
	mgmt_update_soon(mgmt);
	return conn->state == MGMT_NAMED;
}

int
mgmt_conn_put(struct mgmt_conn *conn, const char *text, size_t size)
{
	struct evbuffer *output = bufferevent_get_output(conn->bev);
	struct mgmt *mgmt = conn->mgmt;

	if (conn->state != MGMT_NAMED && conn->state != MGMT_NAMELESS)
		return -ENOTCONN;
	if (evbuffer_get_length(output) + size > MGMT_OUTPUT_MAX) {
		mgmt->counters.full++;
		return -EAGAIN;
	}
	if (evbuffer_get_length(output) == 0)
		conn->moved_at = mgmt_now();
	if (mgmt_frame_put(output, text, size) != 0)
		return -ENOMEM;
	mgmt->counters.messages_out++;
	mgmt->counters.bytes_out += size + MGMT_FRAME_HEAD;
	if (conn->full_at == 0 && evbuffer_get_length(output) > MGMT_OUTPUT_MARK) {
		conn->full_at = mgmt_now();
		set_holds(conn, conn->side == MGMT_BELOW);
	}
	return 0;
}

void
mgmt_conn_read_on(struct mgmt_conn *conn)
{
	bufferevent_trigger(
		conn->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* What it says waits in its connection. */
static bool
is_held(const struct mgmt_conn *conn)
{
	const struct mgmt *mgmt = conn->mgmt;

	return mgmt->paused ||
	       (conn->side == MGMT_BELOW ? mgmt->hold_until != 0 : mgmt->nb_holds > 0);
}

/* Whole messages that are there, some of them. */
static void
read_conn(struct mgmt_conn *conn)
{
	struct evbuffer *input = bufferevent_get_input(conn->bev);
	struct mgmt *mgmt = conn->mgmt;
	unsigned int left = MGMT_TURN;
	const char *text;
	size_t size;

	while (conn->state <= MGMT_NAMED && !is_held(conn)) {
		enum mgmt_frame_result result = mgmt_frame_look(input, &text, &size);

		if (result == MGMT_FRAME_WHOLE && left-- > 0) {
			mgmt->counters.messages_in++;
			mgmt->counters.bytes_in += size + MGMT_FRAME_HEAD;
			conn->part_began = 0;
			mgmt_receive(conn, text, size);
			if (conn->state <= MGMT_NAMED)
				mgmt_frame_drop(input, size);
			continue;
		}
		if (result == MGMT_FRAME_WHOLE)
			mgmt_conn_read_on(conn);
		else if (conn->ended)
			mgmt_conn_close(conn, false, "closed by the other end");
		if (result == MGMT_FRAME_PART && conn->part_began == 0)
			conn->part_began = mgmt_now();
		if (result == MGMT_FRAME_SMALL || result == MGMT_FRAME_LARGE) {
			bool large = result == MGMT_FRAME_LARGE;

			(*(large ? &mgmt->counters.oversized : &mgmt->counters.undersized))++;
			mgmt_conn_refuse(conn, NULL, 0,
				large ? MESSAGE_CODE_LARGE : MESSAGE_CODE_MALFORMED,
				"a length must be from %u to %u", MGMT_FRAME_HEAD + 1,
				MGMT_FRAME_MAX);
			mgmt_conn_close(conn, true, "a message's length is out of range");
		}
		return;
	}
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct mgmt_conn *conn = arg;

	(void)bev;
	conn->heard_at = mgmt_now();
	read_conn(conn);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct mgmt_conn *conn = arg;

	(void)bev;
	if (conn->state == MGMT_LEAVING)
		gone(conn);
}

static void
on_connected(struct mgmt_conn *conn)
{
	struct mgmt *mgmt = conn->mgmt;
	socklen_t len = sizeof(conn->local);
	char name[MESSAGE_NAME_MAX + 1];

	(void)getsockname(bufferevent_getfd(conn->bev), (struct sockaddr *)&conn->local, &len);
	if (!conn->tls) {
		if (conn->side == MGMT_ABOVE)
			(void)mgmt_conn_named(conn, conn->name);
		return;
	}
	if (mgmt_tls_peer_name(bufferevent_openssl_get_ssl(conn->bev), name)) {
		(void)mgmt_conn_named(conn, name);
		return;
	}
	mgmt->counters.wrong_certificate++;
	mgmt_conn_close(conn, false, "its certificate names nobody, or several");
}

/* 0: none, or the other end went without a word. errors: errno tells why, as of a refused one. */
static unsigned long
tls_error(const struct mgmt_conn *conn, bool *errors)
{
	unsigned long code = conn->tls ? bufferevent_get_openssl_error(conn->bev) : 0;

	/* SSL_ERROR_SYSCALL as it is, of no library: libevent calls that an end. */
	*errors = code != 0 && ERR_GET_LIB(code) == 0;
	if (*errors || (code != 0 && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING))
		return 0;
	return code;
}

/* What ended the connection, in words. */
static const char *
end_reason(
	const struct mgmt_conn *conn, unsigned long code, int system, char buf[MGMT_TLS_REASON_MAX])
{
	if (code != 0)
		return mgmt_tls_reason(bufferevent_openssl_get_ssl(conn->bev), code, buf);
	return system == 0 ? "closed by the other end" : strerror(system);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct mgmt_conn *conn = arg;
	struct mgmt *mgmt = conn->mgmt;
	int system = EVUTIL_SOCKET_ERROR();
	char reason[MGMT_TLS_REASON_MAX];
	bool errors;
	unsigned long code = tls_error(conn, &errors);

	if ((what & BEV_EVENT_CONNECTED) != 0) {
		on_connected(conn);
		return;
	}
	/* Of TLS 1.3 the one that connects learns only now that its certificate was refused. */
	if (code != 0 &&
		(conn->state == MGMT_NAMELESS || (conn->side == MGMT_ABOVE && !conn->heard)))
		mgmt->counters.handshake_failed++;
	else if (evbuffer_get_length(bufferevent_get_input(bev)) > 0) {
		if (is_held(conn) && conn->state == MGMT_NAMED) {
			conn->ended = true;
			return;
		}
		mgmt->counters.truncated++;
	}
	if ((what & BEV_EVENT_EOF) != 0 && !errors)
		system = 0;
	mgmt_conn_close(conn, false, "%s", end_reason(conn, code, system, reason));
}

static struct bufferevent *
make_bev(struct mgmt *mgmt, int fd, enum mgmt_side side)
{
	struct bufferevent *bev;
	SSL *ssl;

	if (mgmt->tls == NULL)
		return bufferevent_socket_new(mgmt->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ssl = SSL_new(mgmt->tls);
	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(mgmt->base, fd, ssl,
		side == MGMT_ABOVE ? BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING,
		BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

struct mgmt_conn *
mgmt_conn_new(struct mgmt *mgmt, int fd, const struct sockaddr_storage *address,
	enum mgmt_side side, const char *name)
{
	struct mgmt_conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL)
		return NULL;
	conn->bev = make_bev(mgmt, fd, side);
	if (conn->bev == NULL) {
		free(conn);
		return NULL;
	}
	conn->mgmt = mgmt;
	conn->side = side;
	conn->tls = mgmt->tls != NULL;
	conn->address = *address;
	conn->began = mgmt_now();
	snprintf(conn->name, sizeof(conn->name), "%s", name);
	mgmt_conn_enlist(conn);
	LIST_INSERT_HEAD(&mgmt->conns, conn, chain);
	bufferevent_setcb(conn->bev, on_read, on_written, on_event, conn);
	bufferevent_setwatermark(conn->bev, EV_READ, 0, MGMT_FRAME_MAX + MGMT_FRAME_HEAD);
	evbuffer_add_cb(bufferevent_get_output(conn->bev), on_moved, conn);
	if (!mgmt->paused)
		bufferevent_enable(conn->bev, EV_READ);
	bufferevent_enable(conn->bev, EV_WRITE);
	return conn;
}

/* Its time limits. */
void
mgmt_conn_look(struct mgmt_conn *conn, uint64_t now)
{
	struct mgmt *mgmt = conn->mgmt;
	const struct mgmt_settings *limits = &mgmt->settings;
	size_t waiting = evbuffer_get_length(bufferevent_get_output(conn->bev));

	/* One child that is slow for long is not to be all others' harm. */
	if (conn->holds && !mgmt->root && now >= conn->full_at + MGMT_FULL_MS)
		set_holds(conn, false);
	/* What it said lately may be there unread, and so may the rest of a message. */
	if (is_held(conn) && now > conn->heard_at + limits->ping)
		conn->heard_at = now - limits->ping;
	if (is_held(conn) && conn->part_began != 0)
		conn->part_began = now;
	if (conn->state >= MGMT_LEAVING) {
		if (conn->state == MGMT_LEAVING && now >= conn->close_at)
			gone(conn);
	} else if (conn->state == MGMT_NAMELESS && now >= conn->began + limits->handshake) {
		mgmt->counters.handshake_slow++;
		mgmt_conn_close(
			conn, false, "it did not introduce itself within %u ms", limits->handshake);
	} else if (conn->part_began != 0 && now >= conn->part_began + limits->frame) {
		mgmt->counters.slow++;
		mgmt_conn_refuse(conn, NULL, 0, MESSAGE_CODE_SLOW,
			"a message did not come whole within %u ms", limits->frame);
		mgmt_conn_close(conn, true, "a message came too slowly");
	} else if (waiting > 0 && now >= conn->moved_at + MGMT_STUCK_MS) {
		mgmt->counters.stuck++;
		mgmt_conn_close(conn, false, "it took nothing for %u ms", MGMT_STUCK_MS);
	} else if (conn->full_at != 0 && now >= conn->full_at + MGMT_SLOW_MS) {
		mgmt->counters.stuck++;
		mgmt_conn_close(conn, false, "it took little for %u ms", MGMT_SLOW_MS);
	} else if (conn->state == MGMT_NAMED && now >= conn->heard_at + limits->dead) {
		mgmt->counters.dead++;
		mgmt_conn_close(conn, false, "nothing came for %u ms", limits->dead);
	} else if (conn->state == MGMT_NAMED && now >= conn->heard_at + limits->ping &&
		   now >= conn->pinged_at + limits->ping) {
		mgmt_ping(conn);
	}
}
