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
	struct config_route route;

	if (peer->port != NULL)
		return peer->port;
	if (!underlay_addr_parse(peer->address, &address)) {
		snprintf(error, size, "peer %u: \"%.60s\" is no address", peer->id, peer->address);
		return NULL;
	}
	if (config_route(f->config, CONFIG_INDEX_NONE, &address, &route) == 0)
		return f->config->ports[route.port].name;
	snprintf(error, size, "peer %u: no port of this node leads to %.60s", peer->id,
		peer->address);
	return NULL;
}

static bool
is_paced(const struct config_peer *own, const char *pacing)
{
	struct config_peer said = {0};

	return config_pacing_parse(pacing, &said) && said.pacing == own->pacing &&
	       (said.pacing != CONFIG_PACING_RATE || said.pacing_rate == own->pacing_rate);
}

/* Is it there already, as it is to be? */
static bool
is_same(const struct ferryd *f, const struct config_peer *own, const struct message_peer *peer,
	const char *port)
{
	struct underlay_addr address;

	return underlay_addr_parse(peer->address, &address) &&
	       underlay_addr_equal(&address, &own->address) &&
	       strcmp(f->config->ports[own->port].name, port) == 0 &&
	       own->udp_port == peer->udp_port && strcmp(own->name, peer->name) == 0 &&
	       is_paced(own, peer->pacing);
}

static int
set_peer(struct ferryd *f, const struct message_peer *said, char *error, size_t size)
{
	const struct config_peer *own = config_peer_find(f->config, said->id);
	const char *port = port_of(f, said, error, size);
	struct message_peer peer = *said;
	char *text;
	uint32_t id;
	int ret;

	if (port == NULL)
		return -EINVAL;
	/* What is not said is the usual, whatever it was before. */
	if (peer.udp_port == 0)
		peer.udp_port = FERRY_UDP_PORT;
	if (peer.pacing == NULL)
		peer.pacing = "tfrc";
	if (own != NULL && is_same(f, own, &peer, port))
		return 0;
	text = manage_text_peer(&peer, port);
	ret = own != NULL ? peer_change(&f->peers, peer.id, text, error, size)
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

/* Returns whether one went. */
static bool
remove_others(struct ferryd *f, const struct message_place *place, bool told)
{
	char reason[MANAGE_ERROR_MAX];
	bool any = false;

	f->peers_left = false;
	/* Backwards: who is removed changes those behind only. */
	for (uint32_t i = f->config->peer_count; i-- > 0;) {
		uint32_t id = f->config->peers[i].id;

		if (is_wanted(place, id))
			continue;
		if (peer_remove(&f->peers, id, reason, sizeof(reason)) == 0) {
			any = true;
			continue;
		}
		f->peers_left = true;
		if (!told)
			log_line(LOG_WARNING, "peer %u is none any more, but stays for now: %s", id,
				reason);
	}
	return any;
}

void
manage_peers_left(struct ferryd *f)
{
	/* Who went may have been in the way of one that was to come. */
	if (f->peers_left && remove_others(f, &f->place->place, true))
		f->peers_late = true;
}

/*
 * Those that are new, or all: what is right is done, the first that is not is told. One whose link
 * has no room yet is no mistake.
 */
static int
set_peers(struct ferryd *f, const struct message_place *place, bool only_new, char *error,
	size_t size)
{
	char reason[MANAGE_ERROR_MAX];
	int ret = 0;

	for (size_t i = 0; i < place->nb_peers; i++) {
		const struct message_peer *peer = &place->peers[i];
		int one;

		if (only_new && config_peer_find(f->config, peer->id) != NULL)
			continue;
		one = set_peer(
			f, peer, ret == 0 ? error : reason, ret == 0 ? size : sizeof(reason));
		if (one == -EAGAIN)
			f->peers_late = true;
		else if (ret == 0)
			ret = one;
	}
	return ret;
}

int
manage_peers(struct ferryd *f, const struct message_place *place, char *error, size_t size)
{
	(void)remove_others(f, place, false);
	f->peers_late = false;
	/* New ones first: who is changed has a link, which may be in their way. So once more. */
	(void)set_peers(f, place, true, error, size);
	return set_peers(f, place, false, error, size);
}

void
manage_peers_tick(struct ferryd *f)
{
	char error[MANAGE_ERROR_MAX];

	if (!f->peers_late || !node_settled(f->node))
		return;
	f->peers_late = false;
	if (set_peers(f, &f->place->place, false, error, sizeof(error)) != 0)
		log_line(LOG_ERR, "%s", error);
}
