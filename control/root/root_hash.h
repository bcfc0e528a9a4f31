/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash of links, each a part of what is looked for; several may have one key. Keys may come from
 * who wants them to collide, so they are multiplied by a random odd number of which the highest
 * bits are taken (Dietzfelbinger et al., "A reliable randomized algorithm for the closest-pair
 * problem", 1997). All zeros is an empty one. One thread; lack of memory ends the program.
 */
#ifndef FERRY_ROOT_HASH_H
#define FERRY_ROOT_HASH_H

#include <stdint.h>

struct root_link {
	struct root_link *next;
	uint64_t key;
};

struct root_hash {
	struct root_link **chains;
	unsigned int bits; /* of their number */
	uint32_t count;
	uint64_t factor;
	uint64_t steps; /* links that all look-ups so far went over */
};

/* A link that is in none. */
void root_hash_add(struct root_hash *hash, struct root_link *link, uint64_t key);
void root_hash_remove(struct root_hash *hash, struct root_link *link);

/* One of a key, and after it another; NULL: there is none. */
struct root_link *root_hash_find(struct root_hash *hash, uint64_t key);
struct root_link *root_hash_next(struct root_hash *hash, const struct root_link *link);

/* Not the links. */
void root_hash_free(struct root_hash *hash);

#endif
