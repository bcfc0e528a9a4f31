/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ferryd.h"
#include "log.h"

static const uint8_t pacings[] = {
	[CONFIG_PACING_TFRC] = LINK_PACING_TFRC,
	[CONFIG_PACING_TFRC_SP] = LINK_PACING_TFRC_SP,
	[CONFIG_PACING_RATE] = LINK_PACING_RATE,
	[CONFIG_PACING_NONE] = LINK_PACING_NONE,
};

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

static int
add_peer(struct ferryd *f, const struct config_peer *peer)
{
	struct link_params params = {
		.node_id = peer->id,
		.port = &f->ports[peer->port].port,
		.remote = underlay_addr_to(&peer->address),
		.local = (uint8_t)peer->local,
		.udp_port = (uint16_t)peer->udp_port,
		.ring = peer->ring,
		.pacing = pacings[peer->pacing],
		.rate = peer->pacing == CONFIG_PACING_RATE ? (peer->pacing_rate + 7) / 8 : 0,
		.share = (uint8_t)f->config->node.lower_share,
		.probe = (uint64_t)f->config->node.probe * 1000000,
	};
	struct ferryd_target target = {.link = node_add_link(f->node, &params)};
	char what[64];

	if (target.link == NULL) {
		log_line(LOG_ERR, "%s:%u: peer %u: %s", peer->where.file, peer->where.line,
			peer->id, strerror(errno));
		return -1;
	}
	tell_cap(target.link, peer);
	snprintf(what, sizeof(what), "peer %u", peer->id);
	return targets_add(f, &target, peer->port, &peer->address, what);
}

int
boot_links(struct ferryd *f)
{
	for (uint32_t i = 0; i < f->config->peer_count; i++)
		if (add_peer(f, &f->config->peers[i]) < 0)
			return -1;
	return 0;
}
