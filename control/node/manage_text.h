/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the root says, in the words of the configuration (config_text.h). Texts are for free();
 * lack of memory ends the program. Whether a text is right is for its reader to say.
 */
#ifndef FERRY_MANAGE_TEXT_H
#define FERRY_MANAGE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "message.h"

/* The keys of a session. */
char *manage_text_session(const struct message_pipeline *pipeline);
/* The keys of its conference, as far as they are said. */
char *manage_text_conference(const struct message_pipeline *pipeline);
/* The keys of a peer; port: the own one that leads there. */
char *manage_text_peer(const struct message_peer *peer, const char *port);

/*
 * A number that stands for all of a session that a node must end and begin anew to change: not its
 * flows, and not what other nodes do.
 */
uint64_t manage_text_mark(const struct message_pipeline *pipeline, uint32_t node);

#endif
