/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capacity.h"
#include "config_text.h"
#include "peer_actions.h"
#include "refuse.h"
#include "session_actions.h"

static const uint8_t pacings[] = {
	[CONFIG_PACING_TFRC] = LINK_PACING_TFRC,
	[CONFIG_PACING_TFRC_SP] = LINK_PACING_TFRC_SP,
	[CONFIG_PACING_RATE] = LINK_PACING_RATE,
	[CONFIG_PACING_NONE] = LINK_PACING_NONE,
};

struct link_params
peer_link_params(
	const struct config *config, const struct node *node, const struct config_peer *peer)
{
	return (struct link_params){
		.node_id = peer->id,
		.port = node->ports[peer->port],
		.remote = underlay_addr_to(&peer->address),
		.local = (uint8_t)peer->local,
		.udp_port = (uint16_t)peer->udp_port,
		.ring = peer->ring,
		.pacing = pacings[peer->pacing],
		.rate = peer->pacing == CONFIG_PACING_RATE ? (peer->pacing_rate + 7) / 8 : 0,
		.share = (uint8_t)config->node.lower_share,
		.probe = (uint64_t)config->node.probe * 1000000,
	};
}

/* After the node's own: the neighbour is asked for. */
static int
resolve(struct peer_actions *peers, struct link *link, const struct config_peer *peer, char *error,
	size_t size)
{
	if (peers->resolve == NULL || peers->resolve(peers->ctx, link, peer, error, size) == 0)
		return 0;
	return -EHOSTUNREACH;
}

static void
forget(struct peer_actions *peers, const struct link *link)
{
	if (peers->forget != NULL)
		peers->forget(peers->ctx, link);
}

/* No link, by errno. Those that went and those that were changed have their places for a while. */
static int
refuse_link(const struct node *node, char *error, size_t size)
{
	int code = errno;

	if (code == ENOSPC && !node_settled(node))
		return refuse(EAGAIN, error, size,
			"the link cannot be made before those that were removed or changed are "
			"gone: try again");
	return refuse(code, error, size, "the link cannot be made: %s", strerror(code));
}

int
peer_add(struct peer_actions *peers, const char *text, uint32_t *id, char *error, size_t size)
{
	struct node *node = peers->book->node;
	struct config_capacity more = {.peers = 1};
	struct link_params params;
	struct config_peer peer;
	struct link *link;
	int ret;

	if (config_text_peer(peers->config, text, NULL, &peer, error, size) < 0)
		return -EINVAL;
	more.packets = capacity_of_peer(peers->config, &peer);
	ret = capacity_check(peers->book, &more, error, size);
	if (ret != 0)
		return ret;
	params = peer_link_params(peers->config, node, &peer);
	link = node_add_link(node, &params);
	if (link == NULL)
		return refuse_link(node, error, size);
	ret = resolve(peers, link, &peer, error, size);
	if (ret != 0) {
		node_remove_link(node, link);
		return ret;
	}
	config_peer_add(peers->config, &peer);
	*id = peer.id;
	return 0;
}

/* Who sends first over a link; NULL: nobody. */
static struct session_entry *
user_of(const struct session_book *book, const struct link *link, uint32_t from)
{
	for (uint32_t i = from; i < book->nb_entries; i++) {
		const struct source *source = book->entries[i]->source;
		const struct flow_plan *plan = source != NULL ? source->plan : NULL;

		for (uint16_t f = 0; plan != NULL && f < plan->nb_flows; f++)
			for (uint8_t b = 0; b < plan->flows[f].nb_branches; b++)
				if (plan->branches[plan->flows[f].first_branch + b].link == link)
					return book->entries[i];
	}
	return NULL;
}

static int
find(const struct peer_actions *peers, uint32_t id, const struct config_peer **peer,
	struct link **link, char *error, size_t size)
{
	*peer = config_peer_find(peers->config, id);
	*link = node_find_link(peers->book->node, id);
	if (*peer != NULL && *link != NULL)
		return 0;
	return refuse(ENOENT, error, size,
		"there is no peer %u: \"show links\" tells which there are", id);
}

/* The plans of all who sent over the old link name the new one; they fail for memory only. */
static int
move_plans(struct peer_actions *peers, const struct link *old, char *error, size_t size)
{
	struct session_entry *entry;

	while ((entry = user_of(peers->book, old, 0)) != NULL) {
		int ret = session_refresh(peers->book, entry, error, size);

		if (ret != 0)
			return ret;
	}
	return 0;
}

int
peer_change(struct peer_actions *peers, uint32_t id, const char *text, char *error, size_t size)
{
	struct node *node = peers->book->node;
	struct config_capacity more = {0};
	const struct config_peer *old;
	struct config_peer peer;
	struct link_params params;
	struct link *link, *before;
	int ret = find(peers, id, &old, &before, error, size);

	if (ret != 0)
		return ret;
	if (config_text_peer(peers->config, text, old, &peer, error, size) < 0)
		return -EINVAL;
	if (capacity_of_peer(peers->config, &peer) > capacity_of_peer(peers->config, old))
		more.packets = capacity_of_peer(peers->config, &peer) -
			       capacity_of_peer(peers->config, old);
	ret = capacity_check(peers->book, &more, error, size);
	if (ret != 0)
		return ret;
	/* A peer of the file counts as such still. */
	peer.where = old->where;
	params = peer_link_params(peers->config, node, &peer);
	link = node_replace_link(node, before, &params);
	if (link == NULL)
		return refuse_link(node, error, size);
	ret = resolve(peers, link, &peer, error, size);
	if (ret == 0) {
		config_peer_remove(peers->config, id);
		config_peer_add(peers->config, &peer);
		ret = move_plans(peers, before, error, size);
		/* Those that could not be moved go on over the old link, which stays for them. */
		if (ret != 0)
			return ret;
		forget(peers, before);
		node_retire_link(node, before);
		return 0;
	}
	node_restore_link(node, link, before);
	return ret;
}

int
peer_remove(struct peer_actions *peers, uint32_t id, char *error, size_t size)
{
	const struct session_entry *user;
	const struct config_peer *peer;
	struct link *link;
	int ret = find(peers, id, &peer, &link, error, size);

	if (ret != 0)
		return ret;
	user = user_of(peers->book, link, 0);
	if (user != NULL)
		return refuse(EBUSY, error, size,
			"session %u of conference %u goes first to peer %u: give it another route, "
			"or remove it",
			user->config->id, user->config->conference, id);
	forget(peers, link);
	node_remove_link(peers->book->node, link);
	config_peer_remove(peers->config, id);
	return 0;
}
