/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "rlnc_block.h"

/* So many source packets are in all generations of a session together, within these bounds. */
#define SOURCES	   512
#define BLOCKS_MIN 4

static_assert(RLNC_UNDECODED_MAX + 1 <= RLNC_BLOCKS_MAX, "all that a source repairs has a place");

/*
 * Generations that are kept: those that a rateless source repairs, the oldest of which may need it
 * most, and the one that it fills.
 */
static uint16_t
blocks_count(const struct rlnc_params *params)
{
	uint16_t n = SOURCES / params->k, least = BLOCKS_MIN;

	if (params->repair == RLNC_REPAIR_RATELESS)
		least = RLNC_UNDECODED_MAX + 1;
	if (n < least)
		return least;
	return n < RLNC_BLOCKS_MAX ? n : RLNC_BLOCKS_MAX;
}

/* A generation holds k packets, or a few more when a source packet comes that others imply. */
uint32_t
rlnc_blocks_hold(const struct rlnc_params *params)
{
	return (blocks_count(params) + 1u) * params->k;
}

static size_t
table_bytes(const struct rlnc_params *params)
{
	return RTE_ALIGN_CEIL(blocks_count(params) * sizeof(struct rlnc_block), 64);
}

size_t
rlnc_blocks_bytes(const struct rlnc_params *params)
{
	return table_bytes(params) +
	       blocks_count(params) * rlnc_decoder_bytes(params->k, params->k);
}

void
rlnc_blocks_init(struct rlnc_blocks *b, void *memory, const struct rlnc_params *params,
	rlnc_release *release)
{
	uint8_t *p = (uint8_t *)memory + table_bytes(params), k = params->k;

	memset(memory, 0, table_bytes(params));
	*b = (struct rlnc_blocks){.blocks = memory,
		.count = blocks_count(params),
		.k = k,
		.held_max = rlnc_blocks_hold(params),
		.last = memory};
	for (uint16_t i = 0; i < b->count; i++) {
		rlnc_decoder_init(&b->blocks[i].d, p, k, k, release);
		b->blocks[i].d.all_held = &b->held;
		b->blocks[i].d.seeds = &b->seeds;
		b->blocks[i].index = i;
		p += rlnc_decoder_bytes(k, k);
	}
}

static void
set_state(struct rlnc_blocks *b, struct rlnc_block *block, enum rlnc_block_state state)
{
	block->state = state;
	b->states[block->index] = state;
}

static uint32_t
close_block(struct rlnc_blocks *b, struct rlnc_block *block, enum rlnc_block_state state)
{
	uint32_t gone = block->state == RLNC_BLOCK_OPEN ? block->d.solver.nb_rows : 0;

	if (block->state == RLNC_BLOCK_OPEN)
		rlnc_decoder_begin(&block->d, block->first);
	set_state(b, block, state);
	return gone;
}

uint32_t
rlnc_blocks_reset(struct rlnc_blocks *b)
{
	uint32_t gone = 0;

	for (uint16_t i = 0; i < b->count; i++)
		gone += close_block(b, &b->blocks[i], RLNC_BLOCK_UNUSED);
	b->displaced = false;
	return gone;
}

/* RFC 1982. */
static inline bool
is_older(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/*
 * Which one goes for the new one with this first sequence: unused, else the oldest that is done,
 * else the oldest. All of them are ranked without a branch: which one it is changes each time.
 */
static struct rlnc_block *
choose(struct rlnc_blocks *b, uint32_t first)
{
	static const uint64_t ranks[] = {[RLNC_BLOCK_DECODED] = UINT64_C(1) << 40,
		[RLNC_BLOCK_GIVEN_UP] = UINT64_C(1) << 40,
		[RLNC_BLOCK_OPEN] = UINT64_C(2) << 40};
	uint64_t least = UINT64_MAX;

	for (uint16_t i = 0; i < b->count; i++) {
		/* The oldest that there can be, half the sequences behind, comes first. */
		uint32_t age = b->firsts[i] - first + (UINT32_C(1) << 31);

		least = RTE_MIN(least, ranks[b->states[i]] | (uint64_t)age << 8 | i);
	}
	return &b->blocks[least & 0xff];
}

static struct rlnc_block *
find(struct rlnc_blocks *b, uint32_t first)
{
	for (uint16_t i = 0; i < b->count; i++)
		if (b->firsts[i] == first && b->states[i] != RLNC_BLOCK_UNUSED)
			return &b->blocks[i];
	return NULL;
}

/*
 * A generation makes way for the one with this first sequence. One that is newer, and was not
 * decoded, may be none of the source's: no other is too old because of it.
 */
static void
raise_floor(struct rlnc_blocks *b, const struct rlnc_block *block, uint32_t first)
{
	if (block->state != RLNC_BLOCK_DECODED && is_older(first, block->first))
		return;
	if (!b->displaced || is_older(b->floor, block->first))
		b->floor = block->first;
	b->displaced = true;
}

static struct rlnc_block *
begin(struct rlnc_blocks *b, uint32_t first, uint32_t *gone)
{
	struct rlnc_block *block;

	if (b->displaced && !is_older(b->floor, first))
		return NULL;
	block = choose(b, first);
	if (block->state != RLNC_BLOCK_UNUSED) {
		/* An older one than all that are open is not worth one of them. */
		if (block->state == RLNC_BLOCK_OPEN && is_older(first, block->first))
			return NULL;
		raise_floor(b, block, first);
		*gone += close_block(b, block, RLNC_BLOCK_UNUSED);
	}
	rlnc_decoder_begin(&block->d, first);
	block->first = first;
	b->firsts[block->index] = first;
	set_state(b, block, RLNC_BLOCK_OPEN);
	block->n = 0;
	block->span = 0;
	block->told_at = 0;
	return block;
}

struct rlnc_block *
rlnc_blocks_find(struct rlnc_blocks *b, uint32_t first, uint64_t now, uint32_t *gone)
{
	struct rlnc_block *block = b->last;

	if (unlikely(block->first != first || block->state == RLNC_BLOCK_UNUSED))
		block = find(b, first);
	if (unlikely(block == NULL))
		block = begin(b, first, gone);
	if (likely(block != NULL)) {
		block->heard_at = now;
		b->last = block;
	}
	return block;
}

bool
rlnc_blocks_make_room(struct rlnc_blocks *b, const struct rlnc_block *keep, uint32_t *gone)
{
	while (unlikely(!rlnc_blocks_have_room(b))) {
		struct rlnc_block *oldest = NULL;

		for (uint16_t i = 0; i < b->count; i++) {
			struct rlnc_block *block = &b->blocks[i];

			if (block != keep && block->d.held > 0 &&
				(oldest == NULL || is_older(block->first, oldest->first)))
				oldest = block;
		}
		if (oldest == NULL)
			return false;
		*gone += close_block(b, oldest, RLNC_BLOCK_GIVEN_UP);
	}
	return true;
}

bool
rlnc_blocks_close(struct rlnc_blocks *b, struct rlnc_block *block)
{
	if (block->state != RLNC_BLOCK_OPEN || !rlnc_block_is_whole(block))
		return false;
	(void)close_block(b, block, RLNC_BLOCK_DECODED);
	return true;
}

void
rlnc_blocks_give_up(struct rlnc_blocks *b, uint64_t heard_before, uint32_t *gone)
{
	bool silent = true;

	for (uint16_t i = 0; i < b->count; i++) {
		struct rlnc_block *block = &b->blocks[i];

		silent &= block->heard_at < heard_before;
		if (block->state == RLNC_BLOCK_OPEN && block->heard_at < heard_before)
			*gone += close_block(b, block, RLNC_BLOCK_GIVEN_UP);
	}
	/* Either nothing came, or all that came was too old: then it is the floor that is wrong. */
	if (silent)
		b->displaced = false;
}

uint64_t
rlnc_blocks_oldest(const struct rlnc_blocks *b)
{
	uint64_t oldest = UINT64_MAX;

	for (uint16_t i = 0; i < b->count; i++)
		if (b->blocks[i].state == RLNC_BLOCK_OPEN)
			oldest = RTE_MIN(oldest, b->blocks[i].heard_at);
	return oldest;
}
