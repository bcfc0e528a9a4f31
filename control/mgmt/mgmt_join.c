/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a node finds its parent: the root at first, then whom the root names. Who lost its parent, or
 * does not reach it, asks the root; while that is away it tries both in turn.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <event2/util.h>

#include "mgmt_private.h"

static void
arm(struct mgmt *mgmt, uint32_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	event_add(mgmt->retry, &tv);
}

/* Half of it at least, and by chance: who lost the same parent shall not come back all at once. */
static uint32_t
out_of_step(uint32_t pause)
{
	uint32_t chance;

	evutil_secure_rng_get_bytes(&chance, sizeof(chance));
	return pause - chance % (pause / 2 + 1);
}

static bool
goal_is_root(const struct mgmt *mgmt)
{
	return strcmp(mgmt->goal.name, MESSAGE_ROOT) == 0;
}

/* One try. */
void
mgmt_join_begin(struct mgmt *mgmt)
{
	bool root = goal_is_root(mgmt) || mgmt->tries % 2 == 1;
	const struct sockaddr_storage *address = root ? &mgmt->settings.root : &mgmt->goal.address;
	socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						       : sizeof(struct sockaddr_in);

	if (mgmt->root || mgmt->above != NULL)
		return;
	mgmt->counters.reconnects++;
	mgmt->above = mgmt_conn_new(
		mgmt, -1, address, MGMT_ABOVE, root ? MESSAGE_ROOT : mgmt->goal.name);
	if (mgmt->above == NULL) {
		mgmt_join_lost(mgmt, NULL);
		return;
	}
	/* What fails at once comes to the event callback, or is told here. */
	if (bufferevent_socket_connect(
		    mgmt->above->bev, (const struct sockaddr *)address, (int)len) != 0 &&
		mgmt->above != NULL)
		mgmt_conn_close(mgmt->above, false, "no connection can be made");
}

void
mgmt_hold_end(struct mgmt *mgmt)
{
	struct mgmt_conn *conn;

	if (mgmt->hold_until == 0)
		return;
	mgmt->hold_until = 0;
	LIST_FOREACH (conn, &mgmt->conns, chain) {
		if (conn->side == MGMT_BELOW && conn->state <= MGMT_NAMED)
			mgmt_conn_read_on(conn);
	}
}

/*
 * It was not reached, while the root is: it is left alone for ever longer, and the root has us
 * meanwhile. Else a wrong address, or a firewall, would keep us from being managed at all. Where
 * the root was away too, nothing is known of the parent alone.
 */
static void
leave_alone(struct mgmt *mgmt, const char *name)
{
	bool again = mgmt->root_heard && strcmp(mgmt->unreached, name) == 0;
	uint32_t ms = again ? 2 * mgmt->unreached_ms : mgmt->settings.backoff;

	snprintf(mgmt->unreached, sizeof(mgmt->unreached), "%s", name);
	mgmt->unreached_ms = ms < MGMT_UNREACHED_MS ? ms : MGMT_UNREACHED_MS;
	mgmt->unreached_until = mgmt_now() + mgmt->unreached_ms;
	mgmt->root_heard = false;
}

/*
 * Before the parent that is named is tried. That is at once, unless one redirect follows another: a
 * root that sends us on whenever we come has us wait ever longer.
 */
static uint32_t
redirect_pause(struct mgmt *mgmt)
{
	uint64_t now = mgmt_now(), quiet = (uint64_t)mgmt->settings.backoff_max * 2;
	uint32_t pause = 0;

	if (mgmt->redirected_at == 0 || now - mgmt->redirected_at > quiet)
		mgmt->redirects = 0;
	mgmt->redirected_at = now;
	if (mgmt->redirects >= MGMT_REDIRECTS)
		pause = mgmt->settings.backoff << (mgmt->redirects - MGMT_REDIRECTS);
	if (pause >= mgmt->settings.backoff_max)
		return mgmt->settings.backoff_max;
	mgmt->redirects++;
	return pause;
}

/* Stays with the root for as long as the parent is left alone. False: it is not. */
static bool
stay(struct mgmt *mgmt)
{
	uint64_t now = mgmt_now();
	uint32_t pause;

	if (mgmt->above == NULL || mgmt->above->state != MGMT_NAMED ||
		strcmp(mgmt->above->name, MESSAGE_ROOT) != 0 ||
		strcmp(mgmt->unreached, mgmt->goal.name) != 0 || now >= mgmt->unreached_until)
		return false;
	if (!mgmt->staying)
		mgmt_log(mgmt, LOG_WARNING,
			"management: %s was not reached: it is tried again in %u ms, the root has "
			"us until then",
			mgmt->goal.name, (unsigned int)(mgmt->unreached_until - now));
	mgmt->staying = true;
	arm(mgmt, (uint32_t)(mgmt->unreached_until - now));
	/* Should the root not have us. */
	pause = redirect_pause(mgmt);
	mgmt->pause = pause > mgmt->settings.backoff ? pause : mgmt->settings.backoff;
	return true;
}

static void
stay_no_more(struct mgmt *mgmt)
{
	if (mgmt->staying)
		event_del(mgmt->retry);
	mgmt->staying = false;
}

/* It went away, or was not reached. */
void
mgmt_join_lost(struct mgmt *mgmt, const struct mgmt_conn *conn)
{
	if (conn != NULL && !conn->heard && strcmp(conn->name, MESSAGE_ROOT) != 0)
		leave_alone(mgmt, conn->name);
	stay_no_more(mgmt);
	if (mgmt->left || event_pending(mgmt->retry, EV_TIMEOUT, NULL))
		return;
	mgmt->tries++;
	arm(mgmt, out_of_step(mgmt->pause));
	mgmt->pause = mgmt->pause * 2 > mgmt->settings.backoff_max ? mgmt->settings.backoff_max
								   : mgmt->pause * 2;
}

/* Something came: it is there, and takes us. */
void
mgmt_join_heard(struct mgmt_conn *conn)
{
	struct mgmt *mgmt = conn->mgmt;

	if (mgmt->above != conn)
		return;
	mgmt->tries = 0;
	mgmt->pause = mgmt->settings.backoff;
	mgmt_hold_end(mgmt);
	mgmt->root_heard |= strcmp(conn->name, MESSAGE_ROOT) == 0;
	if (strcmp(mgmt->unreached, conn->name) == 0)
		mgmt->unreached[0] = 0;
	if (!conn->heard)
		mgmt_told(mgmt, MGMT_PARENT_UP, conn->name, NULL);
}

/* Our own end, as far as the program did not say it. */
static void
fill_ends(const struct mgmt_conn *conn, struct message_info *info, char *server, char *client)
{
	const struct mgmt *mgmt = conn->mgmt;
	uint16_t ignored;

	if (info->client.host == NULL)
		info->client.host = mgmt_host(&conn->local, client, &info->client.port);
	if (info->server.host != NULL || mgmt->listener == NULL)
		return;
	info->server.host = mgmt_host(&mgmt->address, server, &info->server.port);
	/* One that listens everywhere is found where it comes from. */
	if (strcmp(server, "0.0.0.0") == 0 || strcmp(server, "::") == 0)
		info->server.host = mgmt_host(&conn->local, server, &ignored);
}

/* We are connected: we say who we are, and who is below. */
void
mgmt_join_up(struct mgmt_conn *conn)
{
	struct mgmt *mgmt = conn->mgmt;
	struct message hello = {.type = MESSAGE_HELLO, .to = MESSAGE_ROOT};
	char server[INET6_ADDRSTRLEN], client[INET6_ADDRSTRLEN];

	if (mgmt->ops->hello != NULL)
		mgmt->ops->hello(mgmt->ctx, &hello.info);
	hello.info.name = mgmt->name;
	/* The root asks for all of so many. */
	if (hello.info.nb_pipelines > MESSAGE_HELLO_STREAMS)
		hello.info.nb_pipelines = MESSAGE_HELLO_STREAMS;
	fill_ends(conn, &hello.info, server, client);
	mgmt_tell_large(mgmt, &hello, mgmt_conn_send(conn, &hello));
	mgmt_update_soon(mgmt);
}

/* From whoever is above to the one that the root named. */
static void
go(struct mgmt *mgmt, uint32_t pause)
{
	mgmt->tries = 0;
	mgmt->pause = mgmt->settings.backoff;
	if (mgmt->above != NULL)
		mgmt_conn_close(mgmt->above, true, "the root sends us to %s", mgmt->goal.name);
	event_del(mgmt->retry);
	mgmt->tries = 0;
	/* There will be a way up soon: those below need not hear now that there is none. */
	mgmt->hold_until = mgmt_now() + MGMT_HOLD_MS;
	arm(mgmt, pause);
}

void
mgmt_join_again(struct mgmt *mgmt)
{
	if (mgmt->staying)
		go(mgmt, 0);
	else
		mgmt_join_begin(mgmt);
}

/* The root names a parent. */
void
mgmt_join(struct mgmt *mgmt, const char *name, const char *host, uint16_t port)
{
	struct mgmt_goal goal = {0};

	snprintf(goal.name, sizeof(goal.name), "%s", name);
	if (strcmp(name, MESSAGE_ROOT) == 0)
		goal.address = mgmt->settings.root;
	else if (host == NULL || !mgmt_address_make(host, port, &goal.address) ||
		 (mgmt->settings.plain && !mgmt_is_loopback(&goal.address))) {
		mgmt_log(mgmt, LOG_ERR,
			"management: the parent %s at \"%s\" cannot be joined: it needs an "
			"address%s",
			name, host != NULL ? host : "",
			mgmt->settings.plain ? " of this machine, as there is no TLS" : "");
		return;
	}
	if (mgmt->left)
		return;
	mgmt->goal = goal;
	if (mgmt->above != NULL && mgmt->above->state == MGMT_NAMED &&
		strcmp(mgmt->above->name, name) == 0) {
		stay_no_more(mgmt);
		return;
	}
	if (stay(mgmt))
		return;
	mgmt_log(mgmt, LOG_INFO, "management: the root's word is to join %s", name);
	go(mgmt, redirect_pause(mgmt));
}

void
mgmt_leave(struct mgmt *mgmt, const char *reason)
{
	struct message bye = {.type = MESSAGE_BYE, .to = MESSAGE_ROOT, .reason = {reason}};

	mgmt->left = true;
	mgmt_hold_end(mgmt);
	event_del(mgmt->retry);
	if (mgmt->above == NULL)
		return;
	if (mgmt->above->state == MGMT_NAMED)
		(void)mgmt_conn_send(mgmt->above, &bye);
	if (mgmt->above != NULL)
		mgmt_conn_close(mgmt->above, true, "%s", reason);
}
