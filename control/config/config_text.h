/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes at run time, in the language of the configuration: the keys of one group, as between
 * its braces in a file. It is read and checked as a file's would be, against the configuration and
 * the peers that there are now. Nothing here changes the configuration but config_peer_add and
 * config_peer_remove. Control thread.
 *
 * Errors are sentences in error (size bytes), each mistake in turn as far as they fit. Files must
 * be named by absolute paths.
 */
#ifndef FERRY_CONFIG_TEXT_H
#define FERRY_CONFIG_TEXT_H

#include "config.h"

/*
 * A peer. old is not NULL: its keys hold where text does not have them, and it is not in the way of
 * the new one. 0 or -1.
 */
int config_text_peer(const struct config *config, const char *text, const struct config_peer *old,
	struct config_peer *peer, char *error, size_t size);

/* The keys of a conference but `sessions`; old as above. 0 or -1. */
int config_text_conference(const struct config *config, const char *text,
	const struct config_conference *old, struct config_conference *conference, char *error,
	size_t size);

/*
 * A session of a conference. It and all that it points to lie in *memory, the caller's to free.
 * Whether another session has its id, ingress or egress file is not looked at. NULL: error.
 */
struct config_session *config_text_session(const struct config *config, uint32_t conference,
	const char *text, struct config_memory **memory, char *error, size_t size);

/*
 * The group `coding` of a session ("{ code = ...; }") as a relay reads it: of config only coding is
 * set. It lies in *memory, the caller's to free. NULL: error.
 */
struct config_session *config_text_coding(const struct config *config, const char *text,
	struct config_memory **memory, char *error, size_t size);

/* Adds a peer; peers may move. */
void config_peer_add(struct config *config, const struct config_peer *peer);
/* Nothing if there is none of this id. */
void config_peer_remove(struct config *config, uint32_t id);

#endif
