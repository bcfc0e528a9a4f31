/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generations of one session's block code at a destination. So many are open at once; a new one
 * takes the place of one that is done, or else of the oldest (by its first sequence), which is
 * given up first. Of a rateless session all are kept that the source may repair. What is older than
 * one that was ever displaced, decoded or by a newer one, is not begun again: floods of generations
 * cost no more memory than these, and begin nothing twice that was decoded. One that was given up
 * and displaced by an older one may begin again: what it then computes a second time is the session
 * window's to refuse.
 *
 * Memory is the caller's; one owner.
 */
#ifndef FERRY_RLNC_BLOCK_H
#define FERRY_RLNC_BLOCK_H

#include "rlnc_decoder.h"
#include "rlnc_params.h"

enum rlnc_block_state {
	RLNC_BLOCK_UNUSED,
	RLNC_BLOCK_OPEN,
	RLNC_BLOCK_DECODED, /* every source packet is known; nothing is held */
	RLNC_BLOCK_GIVEN_UP,
};

struct rlnc_block {
	struct rlnc_decoder d;
	uint32_t first;
	uint16_t index;	   /* constant: in the table */
	uint8_t state;	   /* enum rlnc_block_state */
	uint8_t n;	   /* source packets, 0 = not known yet */
	uint8_t span;	   /* as many at least */
	uint64_t heard_at; /* last packet, ns */
	uint64_t told_at;  /* last DECODED, ns; 0 = none yet */
};

#define RLNC_BLOCKS_MAX 64

struct rlnc_blocks {
	struct rlnc_block *blocks;
	uint32_t firsts[RLNC_BLOCKS_MAX]; /* of the blocks, once more: all are looked through */
	uint8_t states[RLNC_BLOCKS_MAX];
	uint16_t count;
	uint16_t k;
	bool displaced; /* one was */
	uint32_t floor; /* the newest of them */
	uint32_t held;	/* packets, in all blocks */
	uint32_t held_max;
	struct rlnc_block *last; /* that was looked up */
	struct rlnc_seeds seeds;
};

/* Packets that the generations which are kept, of up to params->k packets each, hold at most. */
uint32_t rlnc_blocks_hold(const struct rlnc_params *params);

size_t rlnc_blocks_bytes(const struct rlnc_params *params);
/* memory has alignment 64; release as rlnc_decoder.h says. */
void rlnc_blocks_init(struct rlnc_blocks *b, void *memory, const struct rlnc_params *params,
	rlnc_release *release);

/* Releases everything and forgets all generations. Returns combinations that were held. */
uint32_t rlnc_blocks_reset(struct rlnc_blocks *b);

/*
 * The generation with this first sequence, begun if it is new: NULL if it is too old to be begun.
 * *gone grows by the combinations of those that were given up for it.
 */
struct rlnc_block *
rlnc_blocks_find(struct rlnc_blocks *b, uint32_t first, uint64_t now, uint32_t *gone);

/*
 * What a packet's header says of its generation; false if it contradicts what another one said.
 */
static inline bool
rlnc_block_learn(struct rlnc_block *block, const struct rlnc_header *h)
{
	uint8_t span = h->kind == RLNC_SYSTEMATIC ? (uint8_t)(h->index + 1) : h->n;

	if (h->final) {
		if ((block->n != 0 && block->n != h->n) || block->span > h->n)
			return false;
		block->n = h->n;
	}
	if (block->n != 0 && span > block->n)
		return false;
	block->span = RTE_MAX(block->span, span);
	return true;
}

/*
 * Gives up the oldest open generations until there is room for one more packet, but not this one.
 * False if this one alone has no room. *gone as above.
 */
static inline bool
rlnc_blocks_have_room(const struct rlnc_blocks *b)
{
	return b->held < b->held_max;
}

bool rlnc_blocks_make_room(struct rlnc_blocks *b, const struct rlnc_block *keep, uint32_t *gone);

/* Are all source packets of the generation known? */
static inline bool
rlnc_block_is_whole(const struct rlnc_block *block)
{
	return block->n != 0 && block->d.solver.nb_known == block->n;
}

/* Such a generation, if it is open, is decoded from now on, and all is released: then true. */
bool rlnc_blocks_close(struct rlnc_blocks *b, struct rlnc_block *block);

/*
 * Gives up open generations of which nothing was heard since a time; *gone as above. If nothing was
 * heard of any, none is too old to be begun any more.
 */
void rlnc_blocks_give_up(struct rlnc_blocks *b, uint64_t heard_before, uint32_t *gone);

/* When the oldest open generation was heard of last; UINT64_MAX: none is open. */
uint64_t rlnc_blocks_oldest(const struct rlnc_blocks *b);

#endif
