/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program can ask and set of its tree. */
#include <string.h>

#include <event2/buffer.h>

#include "mgmt_private.h"

int
mgmt_set_below(struct mgmt *mgmt, const struct message_below *list, size_t count)
{
	struct mgmt_conn *conn, *next;
	int ret = mgmt_placed_set(&mgmt->placed, list, count);

	if (ret != 0 || mgmt->root)
		return ret;
	mgmt_update_soon(mgmt);
	for (conn = LIST_FIRST(&mgmt->conns); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, chain);
		if (conn->side != MGMT_BELOW || conn->state != MGMT_NAMED ||
			mgmt_placed_is_child(&mgmt->placed, conn->name))
			continue;
		mgmt_conn_refuse(conn, NULL, 0, MESSAGE_CODE_FORBIDDEN,
			"the root placed %s elsewhere", conn->name);
		mgmt_conn_close(conn, true, "the root placed it elsewhere");
	}
	return 0;
}

void
mgmt_pause(struct mgmt *mgmt)
{
	struct mgmt_conn *conn;

	mgmt->paused = true;
	LIST_FOREACH (conn, &mgmt->conns, chain)
		bufferevent_disable(conn->bev, EV_READ);
}

void
mgmt_resume(struct mgmt *mgmt)
{
	struct mgmt_conn *conn;

	mgmt->paused = false;
	LIST_FOREACH (conn, &mgmt->conns, chain) {
		if (conn->state > MGMT_NAMED)
			continue;
		bufferevent_enable(conn->bev, EV_READ);
		mgmt_conn_read_on(conn);
	}
}

bool
mgmt_leaving(const struct mgmt *mgmt)
{
	const struct mgmt_conn *conn;

	LIST_FOREACH (conn, &mgmt->conns, chain) {
		if (conn->state == MGMT_LEAVING)
			return true;
	}
	return false;
}

const char *
mgmt_parent(const struct mgmt *mgmt)
{
	return mgmt->above != NULL && mgmt->above->state == MGMT_NAMED ? mgmt->above->name : NULL;
}

size_t
mgmt_children(const struct mgmt *mgmt, struct mgmt_child *children, size_t max)
{
	const struct mgmt_conn *conn;
	size_t count = 0;

	LIST_FOREACH (conn, &mgmt->conns, chain) {
		if (conn->side != MGMT_BELOW || conn->state != MGMT_NAMED)
			continue;
		if (count < max) {
			struct mgmt_child *child = &children[count];

			memcpy(child->name, conn->name, sizeof(child->name));
			child->address = conn->address;
			child->since = conn->since;
			child->below = mgmt_conn_below(conn);
			child->rtt_us = conn->rtt_us;
			child->waiting = evbuffer_get_length(bufferevent_get_output(conn->bev));
		}
		count++;
	}
	return count;
}

const struct sockaddr_storage *
mgmt_address(const struct mgmt *mgmt)
{
	return &mgmt->address;
}

const struct mgmt_counters *
mgmt_counters(const struct mgmt *mgmt)
{
	return &mgmt->counters;
}
