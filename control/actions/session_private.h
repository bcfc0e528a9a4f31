/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of session_actions.h share; those that refuse are as there. */
#ifndef FERRY_SESSION_PRIVATE_H
#define FERRY_SESSION_PRIVATE_H

#include "session_actions.h"

/* The session starts at this node. */
int session_need_source(const struct session_book *book, const struct session_entry *entry,
	char *error, size_t size);

/* As at start: the path is right for the session, and leaves room for its packets. */
int session_check_path(const struct session_book *book, const struct session_entry *entry,
	const struct pathlet_tree *tree, char *error, size_t size);

/*
 * An id for one flow more than flows: the lowest that no flow of the session had yet; if all were
 * used, the lowest that is not among flows.
 */
uint8_t session_choose_id(
	const struct session_entry *entry, const struct session_flow *flows, uint16_t nb_flows);

/* Publishes flows (a copy of the entry's, changed), which then are the entry's. */
int session_publish(struct session_book *book, struct session_entry *entry,
	struct session_flow *flows, uint16_t nb_flows, char *error, size_t size);

#endif
