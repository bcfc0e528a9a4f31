/* SPDX-License-Identifier: BSD-3-Clause */
/* The peers of a place: new ones are added, others changed where they are others, the rest goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ferryd.h"
#include "log.h"
#include "manage.h"
#include "manage_text.h"

/* The own port that leads to a peer: as it was said, or by subnet. NULL with error. */
static const char *
port_of(const struct ferryd *f, const struct message_peer *peer, char *error, size_t size)
{
	struct underlay_addr address;
	uint32_t port;

	if (peer->port != NULL)
		return peer->port;
	if (!underlay_addr_parse(peer->address, &address)) {
		snprintf(error, size, "peer %u: \"%.60s\" is no address", peer->id, peer->address);
		return NULL;
	}
	port = config_route(f->config, &address, NULL);
	if (port != CONFIG_INDEX_NONE)
		return f->config->ports[port].name;
	snprintf(error, size, "peer %u: no port of this node leads to %.60s", peer->id,
		peer->address);
	return NULL;
}

/* Is it there already, as it is to be? */
static bool
is_same(const struct ferryd *f, const struct config_peer *own, const struct message_peer *peer,
	const char *port)
{
	struct underlay_addr address;
	char pacing[64];

	if (own->pacing == CONFIG_PACING_RATE)
		snprintf(pacing, sizeof(pacing), "rate:%llu", (unsigned long long)own->pacing_rate);
	else
		snprintf(pacing, sizeof(pacing), "%s", config_pacing_name(own->pacing));
	return underlay_addr_parse(peer->address, &address) &&
	       underlay_addr_equal(&address, &own->address) &&
	       strcmp(f->config->ports[own->port].name, port) == 0 &&
	       own->udp_port == (peer->udp_port != 0 ? peer->udp_port : FERRY_UDP_PORT) &&
	       strcmp(own->name, peer->name) == 0 &&
	       strcmp(pacing, peer->pacing != NULL ? peer->pacing : "tfrc") == 0;
}

static int
set_peer(struct ferryd *f, const struct message_peer *peer, char *error, size_t size)
{
	const struct config_peer *own = config_peer_find(f->config, peer->id);
	const char *port = port_of(f, peer, error, size);
	char *text;
	uint32_t id;
	int ret;

	if (port == NULL)
		return -EINVAL;
	if (own != NULL && is_same(f, own, peer, port))
		return 0;
	text = manage_text_peer(peer, port);
	ret = own != NULL ? peer_change(&f->peers, peer->id, text, error, size)
			  : peer_add(&f->peers, text, &id, error, size);
	free(text);
	return ret;
}

static bool
is_wanted(const struct message_place *place, uint32_t id)
{
	for (size_t i = 0; i < place->nb_peers; i++) {
		if (place->peers[i].id == id)
			return true;
	}
	return false;
}

static void
remove_others(struct ferryd *f, const struct message_place *place, bool told)
{
	char reason[MANAGE_ERROR_MAX];

	f->peers_left = false;
	/* Backwards: who is removed changes those behind only. */
	for (uint32_t i = f->config->peer_count; i-- > 0;) {
		uint32_t id = f->config->peers[i].id;

		if (is_wanted(place, id) || peer_remove(&f->peers, id, reason, sizeof(reason)) == 0)
			continue;
		f->peers_left = true;
		if (!told)
			log_line(LOG_WARNING, "peer %u is none any more, but stays for now: %s", id,
				reason);
	}
}

void
manage_peers_left(struct ferryd *f)
{
	if (f->peers_left)
		remove_others(f, &f->place->place, true);
}

int
manage_peers(struct ferryd *f, const struct message_place *place, char *error, size_t size)
{
	char reason[MANAGE_ERROR_MAX];
	int ret = 0;

	remove_others(f, place, false);
	/* What is right is done; the first that is not is told. */
	for (size_t i = 0; i < place->nb_peers; i++) {
		int one = set_peer(f, &place->peers[i], ret == 0 ? error : reason,
			ret == 0 ? size : sizeof(reason));

		ret = ret == 0 ? one : ret;
	}
	return ret;
}
