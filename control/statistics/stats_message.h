/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics as messages hold them (`stats`, `fullstats`; message.h): containers of named values
 * <-> streams of stats_tree.h.
 *
 *	weight          nodes of the sender's subtree, itself too, that carry the stream
 *	NAME            mean over them: cpuload, injitter, cumpktlost, fraclost, rate
 *	NAME.weight     nodes that it is the mean of, where these are fewer
 *	NAME.max        the greatest value; NAME.maxnode whose it is
 *	cumpktlost.sum  of all nodes
 *	owd             FERRY_STATS_DELAYS counts with blanks between them
 *
 * A sender that knows no weight (of another system) has the weight 1 + numOfChildren; without max,
 * its mean is its own value; without a sum, that is mean times weight. Names that are not known are
 * left out.
 */
#ifndef FERRY_STATS_MESSAGE_H
#define FERRY_STATS_MESSAGE_H

#include "message.h"
#include "stats_tree.h"

#define STATS_MESSAGE_VALUES (4 * STATS_NAME_COUNT + 3)
#define STATS_MESSAGE_BATCH  256 /* containers of one message, so that it stays below its limit */

/*
 * More than these is a lie, and not taken. A sum of what was taken may be more: it is written as
 * the greatest that is taken, so that one child's lie does not cost its parent the whole report.
 */
#define STATS_WEIGHT_MAX 1000000u /* nodes */
#define STATS_VALUE_MAX	 1e18
#define STATS_COUNT_MAX	 (UINT64_MAX >> 20) /* of a bin */

/* A container and what it points to: it must not be moved. */
struct stats_container {
	struct message_container container;
	struct message_value values[STATS_MESSAGE_VALUES];
	char text[2048];
};

void stats_message_write(const struct stats_stream *stream, struct stats_container *out);

/* sender: whose it is. False with a sentence in error (size bytes): what value is wrong. */
bool stats_message_read(const struct message_container *container, const char *sender,
	struct stats_stream *stream, char *error, size_t size);

/* Is a node somewhere below above? */
typedef bool stats_message_below(const void *ctx, const char *node, const char *above);

/*
 * Who is worst is asked by the root: a sender may name itself, or one below it. Whatever else it
 * names is taken as the sender itself, and the rest of the report as it is: the one that it named
 * may have moved a moment ago.
 */
void stats_message_blame(struct stats_stream *stream, const char *sender,
	stats_message_below *is_below, const void *ctx);

#endif
