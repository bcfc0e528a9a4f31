/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include <rte_malloc.h>

#include "line_pool.h"

static struct line_chunk_head *
head_of(uint8_t *chunk)
{
	return (struct line_chunk_head *)(uintptr_t)line_head(chunk);
}

static void
make_heads(struct line_pool *pool, uint8_t *lines, void **owners, uint8_t *shelves, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *chunk = lines + (size_t)i * LINE_CHUNK_BYTES;
		struct line_chunk_head *head = head_of(chunk);

		head->owners = owners + (size_t)i * LINE_CHUNK;
		if (shelves != NULL)
			head->shelves = shelves + (size_t)i * LINE_CHUNK * pool->shelf_bytes;
		head->first = (pool->nb_chunks + i) * LINE_CHUNK;
		head->begins = i == 0;
		pool->chunks[pool->nb_chunks + i] = chunk;
	}
	pool->nb_chunks += n;
}

/*
 * As many chunks again as there are, in one piece: few pages, however the memory was used before.
 */
static int
grow(struct line_pool *pool)
{
	uint32_t again = RTE_MAX(pool->nb_chunks, 1u);
	uint32_t n = RTE_MIN(again, LINE_CHUNKS - pool->nb_chunks);
	size_t number = (size_t)n * LINE_CHUNK;
	uint8_t *lines, *shelves = NULL;
	void **owners;

	if (n == 0)
		return -1;
	lines = rte_zmalloc("lines", number * LINE_BYTES, LINE_CHUNK_BYTES);
	owners = rte_zmalloc("line_owners", number * sizeof(*owners), RTE_CACHE_LINE_SIZE);
	if (pool->shelf_bytes != 0)
		shelves = rte_malloc(
			"line_shelves", number * pool->shelf_bytes, RTE_CACHE_LINE_SIZE);
	if (lines == NULL || owners == NULL || (pool->shelf_bytes != 0 && shelves == NULL)) {
		rte_free(lines);
		rte_free(owners);
		rte_free(shelves);
		return -1;
	}
	make_heads(pool, lines, owners, shelves, n);
	return 0;
}

static bool
is_taken(const struct line_pool *pool, uint32_t number)
{
	const void *line = line_pool_at(pool, number);

	return number == 0 || line == line_head(line);
}

static uint32_t
fresh(struct line_pool *pool)
{
	do {
		if (pool->fresh == pool->nb_chunks * LINE_CHUNK && grow(pool) < 0)
			return 0;
	} while (is_taken(pool, pool->fresh++));
	return pool->fresh - 1;
}

void *
line_pool_take(struct line_pool *pool, void *owner)
{
	uint32_t number = pool->free;
	void *line;

	if (number == 0)
		number = fresh(pool);
	if (number == 0)
		return NULL;
	line = line_pool_at(pool, number);
	if (number == pool->free)
		memcpy(&pool->free, line, sizeof(pool->free));
	memset(line, 0, LINE_BYTES);
	*line_owner_at(line) = owner;
	return line;
}

void
line_pool_give(struct line_pool *pool, void *line)
{
	*line_owner_at(line) = NULL;
	memcpy(line, &pool->free, sizeof(pool->free));
	pool->free = line_number(line);
}

void
line_pool_free(struct line_pool *pool)
{
	for (uint32_t i = pool->nb_chunks; i-- > 0;) {
		const struct line_chunk_head *head = line_head(pool->chunks[i]);

		if (!head->begins)
			continue;
		rte_free(head->owners);
		rte_free(head->shelves);
		rte_free(pool->chunks[i]);
	}
	memset(pool, 0, sizeof(*pool));
}
