/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics up the tree: each node adds its own figures of a stream to those that its children
 * sent, and sends the result to its parent. Per stream and name, over the nodes that have it:
 *
 *	S(node) = (own + sum of w_c S(c)) / (1 + sum of w_c)
 *
 * with w_c = the nodes of child c's subtree, c included, that carry the stream: so S is the plain
 * mean over all of them, however deep the tree is. A node that does not carry a stream passes on
 * what its children say: no own, and no 1 below. The weight of the result is what the parent takes
 * for w_c. What a node carries but cannot measure (a source sees no loss) leaves it out of that
 * name's mean; then the name has a weight of its own.
 *
 * Beside the mean go the greatest value and whose it is, the sum of the packets lost, and delays as
 * counts by fixed bounds (stats_ring.h), added bin by bin.
 *
 * Knows no messages (stats_message.h), no clocks, no sockets. One thread.
 */
#ifndef FERRY_STATS_TREE_H
#define FERRY_STATS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats_ring.h"

#define STATS_NODE_MAX	       63	  /* bytes of a node's name */
#define STATS_TREE_STREAMS_MAX (1u << 17) /* of one child */

/* X(NAME, word, text) */
#define STATS_NAMES(X)                                                                             \
	X(CPULOAD, cpuload, "busy time / all, of the node's workers, 0 to 1")                      \
	X(INJITTER, injitter, "interarrival jitter in microseconds: RFC 3550, 6.4.1")              \
	X(CUMPKTLOST, cumpktlost, "packets lost since the start")                                  \
	X(FRACLOST, fraclost, "share of packets lost in the interval, 0 to 1")                     \
	X(RATE, rate, "bit/s of payload in the interval")

#define STATS_NAME_VALUE(NAME, word, text) STATS_##NAME,
enum stats_name {
	STATS_NAMES(STATS_NAME_VALUE) STATS_NAME_COUNT
};
#undef STATS_NAME_VALUE

struct stats_value {
	double mean;
	uint64_t weight; /* nodes that it is the mean of; 0 = not known */
	double max;
	char maxnode[STATS_NODE_MAX + 1]; /* whose it is */
};

struct stats_stream {
	uint64_t id;	     /* conference in the high 32 bits, session; 0 = the node itself */
	uint64_t start, end; /* s since the epoch: which interval */
	uint32_t children;   /* direct ones of the node that sent it */
	uint64_t weight;     /* nodes that carry it */
	struct stats_value values[STATS_NAME_COUNT];
	double lost_sum; /* cumpktlost of all nodes */
	bool has_owd;
	uint64_t owd[FERRY_STATS_DELAYS]; /* one-way delays in the interval */
};

/* "cpuload". */
const char *stats_name_word(enum stats_name name);
/* False: there is no such name. */
bool stats_name_find(const char *word, enum stats_name *name);

/* A stream that one node carries, no value known yet: weight 1. */
void stats_stream_begin(struct stats_stream *stream, uint64_t id);
/* A node's own value. */
void
stats_stream_set(struct stats_stream *stream, enum stats_name name, double value, const char *node);

/*
 * Adds what a child (or the node itself) says of a stream to a sum of the same stream, which began
 * as all 0. The order does not matter but for rounding.
 */
void stats_stream_add(struct stats_stream *sum, const struct stats_stream *part);

/* What the children said last. */
struct stats_tree;

/* NULL = out of memory. */
struct stats_tree *stats_tree_new(void);
void stats_tree_free(struct stats_tree *tree);

/*
 * A child's report: all that it has to say of its subtree at a time of its own (ms). Streams of a
 * report with the same time as its last one are added to those (a long report comes in pieces);
 * another time replaces all. now: ms, any clock. 0, or -ENOMEM or -ENOSPC (more streams than
 * STATS_TREE_STREAMS_MAX) and nothing has changed.
 */
int stats_tree_report(struct stats_tree *tree, const char *child, uint64_t time,
	const struct stats_stream *streams, size_t count, uint64_t now);

/* A child that is gone. */
void stats_tree_forget(struct stats_tree *tree, const char *child);
/* Children that said nothing since then (ms, of the clock above). */
void stats_tree_expire(struct stats_tree *tree, uint64_t before);

/* What a child said of a stream; NULL: nothing. */
const struct stats_stream *
stats_tree_find(const struct stats_tree *tree, const char *child, uint64_t id);

/* Children that have reported, and are not forgotten. */
size_t stats_tree_children(const struct stats_tree *tree);

/*
 * The node's own streams and all its children's: *out is for free(), by ascending id. children: how
 * many direct ones there are, which goes into each. 0 or -ENOMEM.
 */
int stats_tree_sum(const struct stats_tree *tree, const struct stats_stream *own, size_t nb_own,
	uint32_t children, struct stats_stream **out, size_t *count);

#endif
