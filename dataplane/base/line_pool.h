/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache lines, one for each of very many sessions, side by side: what a packet of the common kind
 * touches of its session. With 100,000 sessions a packet finds it in no second-level cache, and
 * what the processor's caches and TLBs still hold is decided by how little memory the lines take
 * together. All else of a session is its owner, an object of any size elsewhere.
 *
 * A line has a number, small enough for a table's slot and not 0, and stays where it is. Lines come
 * in chunks, of which one line, the head, says where the lines' owners are. The control thread
 * takes and gives lines back; it does that after quiescence.
 *
 * What is touched less often than the line, but more often than its owner, may have a place of its
 * own that is as dense: the line's shelf, some bytes as the pool was told.
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
	void **owners;	  /* of each of its lines */
	uint8_t *shelves; /* of each of its lines; NULL: there are none */
	uint32_t first;	  /* number of the chunk's first line */
	uint8_t begins;	  /* a piece of memory, which goes on with the next chunks */
};

struct line_pool {
	uint8_t *chunks[LINE_CHUNKS];
	uint32_t nb_chunks;
	uint32_t fresh; /* the next number that was never taken */
	uint32_t free;	/* a line that was given back; it holds the number of the next; 0: none */
	uint32_t shelf_bytes; /* a multiple of LINE_BYTES; 0: no shelves */
};

static inline void *
line_pool_at(const struct line_pool *pool, uint32_t number)
{
	return pool->chunks[number / LINE_CHUNK] + number % LINE_CHUNK * LINE_BYTES;
}

static inline uint32_t
line_index(const void *line)
{
	return (uintptr_t)line % LINE_CHUNK_BYTES / LINE_BYTES;
}

/* Each chunk has its head at another place: else all of them would lie in one set of a cache. */
static inline const struct line_chunk_head *
line_head(const void *line)
{
	const uint8_t *chunk = RTE_PTR_ALIGN_FLOOR(line, LINE_CHUNK_BYTES);

	return (const void *)(chunk +
			      (uintptr_t)chunk / LINE_CHUNK_BYTES % LINE_CHUNK * LINE_BYTES);
}

/* Where a line's owner stands. */
static inline void **
line_owner_at(const void *line)
{
	return &line_head(line)->owners[line_index(line)];
}

static inline void *
line_owner(const void *line)
{
	return *line_owner_at(line);
}

static inline uint32_t
line_number(const void *line)
{
	return line_head(line)->first + line_index(line);
}

/* bytes: what the pool was told. Never zeroed. */
static inline void *
line_shelf(const void *line, uint32_t bytes)
{
	return line_head(line)->shelves + (size_t)line_index(line) * bytes;
}

/* Control thread; a zeroed pool is one without shelves. */
static inline void
line_pool_init(struct line_pool *pool, uint32_t shelf_bytes)
{
	*pool = (struct line_pool){.shelf_bytes = shelf_bytes};
}

/* Control thread. A line, zeroed, or NULL: memory is short. */
void *line_pool_take(struct line_pool *pool, void *owner);

/* Control thread, no worker can see the line any more. */
void line_pool_give(struct line_pool *pool, void *line);

/* Control thread, workers ended. */
void line_pool_free(struct line_pool *pool);

#endif
