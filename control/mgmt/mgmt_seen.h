/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which messages were seen: for as long as one of them could pass for fresh. A message may be
 * MESSAGE_AGE_MAX old or ahead, so it is remembered for at least twice that after it came. Bounded
 * for all neighbours together, and for each, so that one that floods does not keep the others out;
 * each node that is placed below has some of its own besides, so that those that share a neighbour
 * with it do not either. What the root program says is bounded by itself, and so is what those say
 * that have no place.
 */
#ifndef FERRY_MGMT_SEEN_H
#define FERRY_MGMT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

#define MGMT_SEEN_AGES	   3
#define MGMT_SEEN_MAX	   524288u /* in each age of MESSAGE_AGE_MAX ms; and as many of the root's */
#define MGMT_SEEN_EACH	   131072u /* of these, through one neighbour */
#define MGMT_SEEN_NODE	   128u	   /* besides, of each node below */
#define MGMT_SEEN_STRANGER 1024u   /* of a neighbour without a place; EACH of all of these */
#define MGMT_SEEN_GONE	   256u	   /* that had most, of the neighbours that went */

struct mgmt_seen_key {
	uint64_t words[2]; /* never both 0 */
};

struct mgmt_seen_age {
	struct mgmt_seen_key *keys;
	uint32_t count, room; /* room: a power of two, or 0 */
};

/* How many came in the present age, of a neighbour or of a node below. */
struct mgmt_seen_share {
	uint64_t number;
	uint32_t count;
	uint32_t twice; /* those that need not be remembered */
};

/* Whose message it is. */
struct mgmt_seen_from {
	struct mgmt_seen_share *share; /* the neighbour's that it came through, or seen->root */
	struct mgmt_seen_share *own;   /* the sender's, which is below; NULL: it has none */
	bool stranger;		       /* the neighbour is below, and was not placed there */
};

/* Of one that went: who comes back goes on with it. */
struct mgmt_seen_gone {
	char name[MESSAGE_NAME_MAX + 1];
	struct mgmt_seen_share share;
};

struct mgmt_seen {
	struct mgmt_seen_age ages[MGMT_SEEN_AGES]; /* the first is the present one */
	uint64_t began;				   /* of the present one, ms of a monotonic clock */
	uint64_t number;			   /* of the present one */
	uint32_t all_count;			   /* of the present age: in neighbours' shares */
	struct mgmt_seen_share root;		   /* what the root program says */
	struct mgmt_seen_share strangers;
	struct mgmt_seen_gone gone[MGMT_SEEN_GONE];
	/* The most of one that went and found no place there: nobody else that comes had more. */
	struct mgmt_seen_share unnoted;
};

enum mgmt_seen_result {
	MGMT_SEEN_NEW,
	MGMT_SEEN_BEFORE,
	MGMT_SEEN_FULL, /* it cannot be remembered */
};

/* The key of a message: of its sender and id, or of its sender and the whole of its text. */
bool mgmt_seen_key(
	struct mgmt_seen_key *key, const char *from, const char *id, const char *text, size_t size);

/* The key as an id for those that have none: 32 hexadecimal digits and a final 0. */
void mgmt_seen_id(const struct mgmt_seen_key *key, char id[33]);

enum mgmt_seen_result mgmt_seen_add(struct mgmt_seen *seen, const struct mgmt_seen_from *from,
	const struct mgmt_seen_key *key, uint64_t now);
/* Of one that need not be remembered. False: there were too many. */
bool mgmt_seen_count(struct mgmt_seen *seen, const struct mgmt_seen_from *from, uint64_t now);

/* A neighbour's connection ends; or one begins: its share, as it left it. */
void mgmt_seen_left(struct mgmt_seen *seen, const char *name, const struct mgmt_seen_share *share);
void mgmt_seen_back(const struct mgmt_seen *seen, const char *name, struct mgmt_seen_share *share);

void mgmt_seen_free(struct mgmt_seen *seen);

#endif
