/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_malloc.h>

#include "line_pool.h"

/* As many chunks again as there are, in one piece: few pages, however the memory was used before.
 */
static int
grow(struct line_pool *pool)
{
	uint32_t again = RTE_MAX(pool->nb_chunks, 1u);
	uint32_t n = RTE_MIN(again, LINE_CHUNKS - pool->nb_chunks);
	uint8_t *lines = NULL;
	void **owners = NULL;

	if (n > 0)
		lines = rte_zmalloc("lines", (size_t)n * LINE_CHUNK_BYTES, LINE_CHUNK_BYTES);
	if (lines != NULL)
		owners = rte_zmalloc("line_owners", (size_t)n * LINE_CHUNK * sizeof(*owners),
			RTE_CACHE_LINE_SIZE);
	if (owners == NULL) {
		rte_free(lines);
		return -1;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct line_chunk_head *head =
			(struct line_chunk_head *)(lines + (size_t)i * LINE_CHUNK_BYTES);

		head->owners = owners + (size_t)i * LINE_CHUNK;
		head->first = (pool->nb_chunks + i) * LINE_CHUNK;
		head->begins = i == 0;
		pool->chunks[pool->nb_chunks + i] = (uint8_t *)head;
	}
	pool->nb_chunks += n;
	return 0;
}

static uint32_t
fresh(struct line_pool *pool)
{
	if (pool->fresh % LINE_CHUNK == 0)
		pool->fresh++;
	if (pool->fresh > pool->nb_chunks * LINE_CHUNK && grow(pool) < 0)
		return 0;
	return pool->fresh++;
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
		const struct line_chunk_head *head = (const void *)pool->chunks[i];

		if (!head->begins)
			continue;
		rte_free(head->owners);
		rte_free(pool->chunks[i]);
	}
	memset(pool, 0, sizeof(*pool));
}
