/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache lines, one for each of very many sessions, side by side: what a packet of the common kind
 * touches of its session. With 100,000 sessions a packet finds it in no second-level cache, and
 * what the processor's caches and TLBs still hold is decided by how little memory the lines take
 * together. All else of a session is its owner, an object of any size elsewhere.
 *
 * A line has a number, small enough for a table's slot, and stays where it is. Lines come in
 * chunks, the first line of which says where the lines' owners are; so no number is a multiple of
 * LINE_CHUNK. The control thread takes and gives lines back; it does that after quiescence.
 */
#ifndef FERRY_LINE_POOL_H
#define FERRY_LINE_POOL_H

#include <stdint.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#define LINE_BYTES	 64
#define LINE_CHUNK	 1024
#define LINE_CHUNK_BYTES (LINE_CHUNK * LINE_BYTES) /* a chunk's address is a multiple of it */
#define LINE_NUMBER_BITS 22
#define LINE_CHUNKS	 ((1u << LINE_NUMBER_BITS) / LINE_CHUNK)

struct line_chunk_head {
	void **owners;	/* of each of its lines */
	uint32_t first; /* number of this line */
	uint8_t begins; /* a piece of memory, which goes on with the next chunks */
};

struct line_pool {
	uint8_t *chunks[LINE_CHUNKS];
	uint32_t nb_chunks;
	uint32_t fresh; /* the next number that was never taken */
	uint32_t free;	/* a line that was given back; it holds the number of the next; 0: none */
};

static inline void *
line_pool_at(const struct line_pool *pool, uint32_t number)
{
	return pool->chunks[number / LINE_CHUNK] + number % LINE_CHUNK * LINE_BYTES;
}

static inline const struct line_chunk_head *
line_head(const void *line)
{
	return RTE_PTR_ALIGN_FLOOR(line, LINE_CHUNK_BYTES);
}

/* Where a line's owner stands. */
static inline void **
line_owner_at(const void *line)
{
	return &line_head(line)->owners[(uintptr_t)line % LINE_CHUNK_BYTES / LINE_BYTES];
}

static inline void *
line_owner(const void *line)
{
	return *line_owner_at(line);
}

static inline uint32_t
line_number(const void *line)
{
	return line_head(line)->first + (uint32_t)((uintptr_t)line % LINE_CHUNK_BYTES / LINE_BYTES);
}

/* Control thread. A line, zeroed, or NULL: memory is short. */
void *line_pool_take(struct line_pool *pool, void *owner);

/* Control thread, no worker can see the line any more. */
void line_pool_give(struct line_pool *pool, void *line);

/* Control thread, workers ended. */
void line_pool_free(struct line_pool *pool);

#endif
