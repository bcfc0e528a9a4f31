/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may say what on a management connection. Pure functions; PROTOCOL.md has them in words.
 */
#ifndef FERRY_MGMT_RULES_H
#define FERRY_MGMT_RULES_H

#include "message.h"
#include "mgmt_placed.h"

/* Where a direct neighbour stands. */
enum mgmt_side {
	MGMT_ABOVE, /* the parent, or the root program */
	MGMT_BELOW,
};

/* What is wrong with a message, in the order in which it is looked at. */
enum mgmt_verdict {
	MGMT_FINE,
	MGMT_WRONG_FROM, /* this neighbour may not speak as this one */
	MGMT_FORBIDDEN,	 /* only the root may say it */
	MGMT_OLD,	 /* older than 5 minutes, or as far ahead */
	MGMT_LOOPED,	 /* passed more than 32 nodes */
};

/*
 * Judges a message of a direct neighbour (its name, where it stands) at node `own`, below which
 * placed are; from is who it is of: the message's own, or the neighbour. now: ms since the epoch.
 */
enum mgmt_verdict mgmt_judge(const struct message *message, const char *from, const char *neighbour,
	enum mgmt_side side, const char *own, const struct mgmt_placed *placed, uint64_t now);

#endif
