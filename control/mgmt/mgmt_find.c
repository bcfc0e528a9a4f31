/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which connections there are, by what they are: those of a name, and those that wait for one.
 * There may be thousands, and somebody is looked for with each message.
 */
#include <string.h>

#include "fnv.h"
#include "mgmt_private.h"

/* Who has a name here has a certificate of it: nobody chooses many. */
static struct mgmt_conns *
chain_of(struct mgmt *mgmt, const char *name)
{
	uint64_t sum = fnv_add(FNV_BEGIN, name, strlen(name));

	return &mgmt->named[(sum ^ sum >> 32) % MGMT_CHAINS];
}

void
mgmt_conn_enlist(struct mgmt_conn *conn)
{
	struct mgmt *mgmt = conn->mgmt;
	bool below = conn->side == MGMT_BELOW;

	if (conn->state == MGMT_NAMED)
		LIST_INSERT_HEAD(chain_of(mgmt, conn->name), conn, alike);
	else if (conn->state == MGMT_NAMELESS && below)
		LIST_INSERT_HEAD(&mgmt->nameless, conn, alike);
	mgmt->nb_nameless += conn->state == MGMT_NAMELESS && below;
	mgmt->nb_children += conn->state == MGMT_NAMED && below;
}

void
mgmt_conn_delist(struct mgmt_conn *conn)
{
	struct mgmt *mgmt = conn->mgmt;
	bool below = conn->side == MGMT_BELOW;

	if (conn->state == MGMT_NAMED || (conn->state == MGMT_NAMELESS && below))
		LIST_REMOVE(conn, alike);
	mgmt->nb_nameless -= conn->state == MGMT_NAMELESS && below;
	mgmt->nb_children -= conn->state == MGMT_NAMED && below;
}

struct mgmt_conn *
mgmt_conn_next(struct mgmt *mgmt, struct mgmt_conn *from, const char *name)
{
	struct mgmt_conn *conn = from != NULL ? LIST_NEXT(from, alike)
					      : LIST_FIRST(chain_of(mgmt, name));

	for (; conn != NULL; conn = LIST_NEXT(conn, alike)) {
		mgmt->steps++;
		if (strcmp(conn->name, name) == 0)
			return conn;
	}
	return NULL;
}

struct mgmt_conn *
mgmt_conn_find(struct mgmt *mgmt, const char *name)
{
	return mgmt_conn_next(mgmt, NULL, name);
}
