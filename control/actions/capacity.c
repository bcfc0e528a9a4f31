/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "capacity.h"
#include "rlnc_encoder.h"
#include "rlnc_receiver.h"

struct capacity_holds
capacity_holds(const struct config *config, const struct config_session *session)
{
	const struct config_egress *egress = config_egress_at(session, config->node.id);
	const bool source = session->source == config->node.id;
	struct capacity_holds holds = {0};

	if (source && session->ingress.kind == CONFIG_INGRESS_FILE)
		holds.file += CAPACITY_FILE_FEED;
	if (egress != NULL && egress->kind == CONFIG_EGRESS_FILE)
		holds.file += CAPACITY_FILE_SINK;
	if (egress != NULL)
		holds.reorder = session->reorder.packets;
	if (session->coding != NULL) {
		struct rlnc_params coding = config_coding_params(session);

		if (source)
			holds.coding += rlnc_encoder_holds(&coding);
		if (egress != NULL)
			holds.coding += rlnc_receiver_holds(&coding);
	}
	return holds;
}

uint32_t
capacity_of_session(const struct config *config, const struct config_session *session)
{
	struct capacity_holds holds = capacity_holds(config, session);

	return holds.file + holds.reorder + holds.coding;
}

uint32_t
capacity_of_peer(const struct config *config, const struct config_peer *peer)
{
	return config->node.workers > 1 ? peer->ring : 0;
}

/* What is taken now. */
static void
count_taken(const struct session_book *book, struct config_capacity *taken)
{
	const struct config *config = book->config;

	*taken = (struct config_capacity){.forwards = book->nb_forwards,
		.sessions = book->nb_later,
		.packets = book->later_packets};
	for (uint32_t i = 0; i < book->nb_recodes; i++)
		taken->recodes += book->recodes[i].later;
	for (uint32_t i = 0; i < config->peer_count; i++) {
		if (!capacity_is_later(&config->peers[i].where))
			continue;
		taken->peers++;
		taken->packets += capacity_of_peer(config, &config->peers[i]);
	}
}

int
capacity_check(const struct session_book *book, const struct config_capacity *more, char *error,
	size_t size)
{
	const struct config_capacity *most = &book->config->node.capacity;
	struct config_capacity taken;

	count_taken(book, &taken);
	const struct {
		const char *key;
		uint32_t taken, more, most;
	} kinds[] = {
		{"peers", taken.peers, more->peers, most->peers},
		{"sessions", taken.sessions, more->sessions, most->sessions},
		{"forwards", taken.forwards, more->forwards, most->forwards},
		{"recodes", taken.recodes, more->recodes, most->recodes},
		{"packets", taken.packets, more->packets, most->packets},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((uint64_t)kinds[i].taken + kinds[i].more <= kinds[i].most)
			continue;
		snprintf(error, size,
			"this needs %u more of the node's capacity.%s, of which %u of %u are "
			"taken: remove something, or start the node with a larger one",
			kinds[i].more, kinds[i].key, kinds[i].taken, kinds[i].most);
		return -ENOSPC;
	}
	return 0;
}
