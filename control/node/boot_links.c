/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ferryd.h"
#include "log.h"

/* What TFRC-SP's minimum interval makes of the link. */
static void
tell_cap(const struct link *link, const struct config_peer *peer)
{
	const struct tfrc_params *params = &link->tfrc.sender.params;
	uint64_t packets;

	if (peer->pacing != CONFIG_PACING_TFRC_SP)
		return;
	packets = TFRC_SECOND_NS / params->min_interval;
	log_line(LOG_WARNING,
		"peer %u: pacing \"tfrc-sp\" is experimental: at most %lu packets of DATA a "
		"second, "
		"so %lu bit/s with packets of %u bytes and less with smaller ones; both ends must "
		"have it",
		peer->id, packets, packets * params->mss * 8, params->mss);
}

/* Who had the link's index before counted for itself. */
static int
resolve(void *ctx, struct link *link, const struct config_peer *peer, char *error, size_t size)
{
	struct ferryd_adjacency adjacency = {.link = link};
	struct ferryd *f = ctx;

	tell_cap(link, peer);
	if (adjacency_add(f, &adjacency, peer->port, &peer->address, error, size) < 0)
		return -1;
	if (f->oversize_links != NULL)
		memset(&f->oversize_links[link->index], 0, sizeof(f->oversize_links[0]));
	return 0;
}

static int
resolve_later(
	void *ctx, struct link *link, const struct config_peer *peer, char *error, size_t size)
{
	if (resolve(ctx, link, peer, error, size) < 0)
		return -1;
	log_line(LOG_INFO, "peer %u %s: a link by port %s", peer->id, peer->name, link->port->name);
	return 0;
}

static void
forget(void *ctx, const struct link *link)
{
	log_line(LOG_INFO, "peer %u: its link by port %s goes", link->node_id, link->port->name);
	adjacency_remove_of(ctx, link, NULL);
}

static int
add_peer(struct ferryd *f, const struct config_peer *peer)
{
	struct link_params params = peer_link_params(f->config, f->node, peer);
	struct link *link = node_add_link(f->node, &params);
	char error[256];

	if (link == NULL)
		snprintf(error, sizeof(error), "%s", strerror(errno));
	else if (resolve(f, link, peer, error, sizeof(error)) == 0)
		return 0;
	log_line(
		LOG_ERR, "%s:%u: peer %u: %s", peer->where.file, peer->where.line, peer->id, error);
	return -1;
}

int
boot_links(void *ctx)
{
	struct ferryd *f = ctx;

	f->peers = (struct peer_actions){.config = f->config,
		.book = &f->book,
		.resolve = resolve_later,
		.forget = forget,
		.ctx = f};
	for (uint32_t i = 0; i < f->config->peer_count; i++)
		if (add_peer(f, &f->config->peers[i]) < 0)
			return -1;
	return 0;
}
