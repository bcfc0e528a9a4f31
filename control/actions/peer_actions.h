/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers that come, change and go at run time: one function an action, for whoever asks. All return
 * 0, or a negative errno and in error a sentence that says what is wrong and what would be right;
 * then nothing has changed. Control thread, control_lock held.
 */
#ifndef FERRY_PEER_ACTIONS_H
#define FERRY_PEER_ACTIONS_H

#include "config.h"
#include "node.h"
#include "session_book.h"

struct peer_actions {
	struct config *config;
	struct session_book *book; /* whose sessions go first over peers; its node */

	/*
	 * The way to a link's neighbour is needed: 0, or -1 with error. What the link had in
	 * tables by its index is another's. NULL: nobody asks for neighbours.
	 */
	int (*resolve)(void *ctx, struct link *link, const struct config_peer *peer, char *error,
		size_t size);
	/* The link is on its way out. */
	void (*forget)(void *ctx, const struct link *link);
	void *ctx;
};

/* What node_add_link wants to know of a peer. */
struct link_params peer_link_params(
	const struct config *config, const struct node *node, const struct config_peer *peer);

/*
 * A peer, its keys as the configuration has them (config_text.h). *id is its NodeID. -EAGAIN, here
 * and for a change: there is no place for its link until others are gone (node_settled).
 */
int peer_add(struct peer_actions *peers, const char *text, uint32_t *id, char *error, size_t size);

/*
 * Those keys of a peer change. What waits for it is dropped by name, what is on its way is not; the
 * neighbour sees a newer epoch.
 */
int
peer_change(struct peer_actions *peers, uint32_t id, const char *text, char *error, size_t size);

/* No flow of a session that starts here may go first to it. */
int peer_remove(struct peer_actions *peers, uint32_t id, char *error, size_t size);

#endif
