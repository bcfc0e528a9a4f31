/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Room for one more connection that has no name yet. Who opens many and says nothing must not keep
 * nodes out: when all places are taken, the host that has most gives up its oldest. But where
 * many come at once, one each, none would get its name if each newcomer ended what another began.
 */
#include <string.h>

#include <netinet/in.h>

#include "mgmt_private.h"

/* Of IPv6 the network of 64 bits is one host: whoever has one address there has all. */
static bool
same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
			       &((const struct sockaddr_in6 *)b)->sin6_addr, 8) == 0;
	return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
	       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

static unsigned int
places_of(struct mgmt *mgmt, const struct sockaddr_storage *host)
{
	const struct mgmt_conn *conn;
	unsigned int places = 0;

	LIST_FOREACH (conn, &mgmt->nameless, alike) {
		mgmt->steps++;
		places += same_host(&conn->address, host);
	}
	return places;
}

bool
mgmt_make_room(struct mgmt *mgmt, const struct sockaddr_storage *newcomer)
{
	struct mgmt_conn *conn, *victim = NULL;
	unsigned int most = 0, own;

	if (mgmt->nb_nameless < MGMT_NAMELESS_MAX)
		return true;
	mgmt->counters.too_many++;
	/* The newest come first in the list: the last that is found is the oldest. */
	LIST_FOREACH (conn, &mgmt->nameless, alike) {
		unsigned int places = places_of(mgmt, &conn->address);

		if (places < most)
			continue;
		most = places;
		victim = conn;
	}
	own = places_of(mgmt, newcomer);
	if (victim == NULL || most <= own)
		return false;
	/* The two hosts would change their parts, no more: only one that is slow gives way. */
	if (most == own + 1 && mgmt_now() - victim->began < MGMT_YIELD_MS)
		return false;
	mgmt_conn_close(
		victim, false, "another host wanted one of %u places that its host has", most);
	return true;
}
