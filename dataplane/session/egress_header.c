/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stdalign.h>
#include <stddef.h>

#include <rte_malloc.h>

#include "egress_header.h"
#include "fnv.h"
#include "node.h"

struct egress_header {
	uint8_t unused[RTE_CACHE_LINE_SIZE - EGRESS_SHORT_HEADER];
	struct frame_template t;

	struct node *node;
	struct egress_header *next; /* another with the same key */
	uint64_t key;
	uint32_t users;
} __rte_cache_aligned;

static_assert(offsetof(struct egress_header, t.total) == 2 * RTE_CACHE_LINE_SIZE - 16,
	"a short header and what is known of it lie in one line");

/* Endpoints are the operator's: nobody makes them collide. */
static uint64_t
hash_of(const struct frame_template *t)
{
	uint64_t hash = fnv_add(FNV_BEGIN, t, sizeof(*t));

	return hash != ID_MAP_NO_KEY ? hash : 1;
}

const struct frame_template *
egress_header_get(struct node *node, const struct port *port, const struct frame_endpoints *ends)
{
	struct frame_endpoints common = *ends;
	struct egress_header *header, *first;
	struct frame_template t;
	uint64_t key;

	if (address_is_ipv4(&ends->destination)) {
		common.source_port = 0;
		common.destination_port = 0;
	}
	frame_template_build(&t, port, &common, NULL, 0);
	key = hash_of(&t);
	first = id_map_find(&node->egress_headers, key);
	for (header = first; header != NULL; header = header->next)
		if (memcmp(&header->t, &t, sizeof(t)) == 0) {
			header->users++;
			return &header->t;
		}
	header = rte_zmalloc("egress_header", sizeof(*header), alignof(struct egress_header));
	if (header == NULL)
		return NULL;
	header->t = t;
	header->node = node;
	header->next = first;
	header->key = key;
	header->users = 1;
	if (id_map_set(&node->egress_headers, key, header, &node->reclaim) < 0) {
		rte_free(header);
		return NULL;
	}
	return &header->t;
}

static struct egress_header *
header_of(const struct frame_template *t)
{
	return RTE_PTR_SUB(t, offsetof(struct egress_header, t));
}

static void
put(void *object)
{
	struct egress_header *header = object, *first;
	struct node *node = header->node;

	if (--header->users > 0)
		return;
	first = id_map_find(&node->egress_headers, header->key);
	if (first == header) {
		(void)id_map_set(&node->egress_headers, header->key, header->next, &node->reclaim);
	} else {
		while (first->next != header)
			first = first->next;
		first->next = header->next;
	}
	rte_free(header);
}

void
egress_header_put(const struct frame_template *t)
{
	put(header_of(t));
}

void
egress_header_put_later(const struct frame_template *t)
{
	struct egress_header *header = header_of(t);

	reclaim_defer(&header->node->reclaim, put, header);
}
