/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_malloc.h>

#include "node.h"
#include "node_request.h"
#include "packet.h"

/* The first header lies in the destination itself. */
static struct frame_template *
header_new(struct destination *dst)
{
	struct egress_header *header = &dst->own_header;

	if (header->t.total != 0)
		header = rte_malloc("egress_header", sizeof(*header), RTE_CACHE_LINE_SIZE);
	return header != NULL ? &header->t : NULL;
}

static void
header_release(void *t)
{
	rte_free(RTE_PTR_SUB(t, offsetof(struct egress_header, t)));
}

static bool
header_is_own(const struct destination *dst, const struct frame_template *t)
{
	return t == &dst->own_header.t;
}

static void
destination_release(void *object)
{
	struct destination *dst = object;

	node_ring_free(dst->file);
	for (uint32_t i = 0; dst->held > 0 && i <= dst->slots_mask; i++)
		rte_pktmbuf_free(dst->slots[i]);
	if (dst->header != NULL && !header_is_own(dst, dst->header))
		header_release((void *)(uintptr_t)dst->header);
	destination_free(dst);
}

struct destination *
node_find_destination(const struct node *node, uint32_t conference, uint32_t session)
{
	return object_map_find(&node->destinations, session_key(conference, session));
}

struct destination *
node_add_destination(struct node *node, const struct destination_params *params, uint32_t file_ring)
{
	uint64_t key = session_key(params->conference, params->session);
	struct destination_params own = *params;
	struct destination *dst;
	int owner = params->egress == EGRESS_UDP
			    ? node_spread(node, key, params->egress_port, worker_sends_on)
			    : node_spread(node, key, NULL, NULL);

	if (object_map_find(&node->destinations, key) != NULL || owner < 0) {
		errno = owner < 0 ? ENODEV : EEXIST;
		return NULL;
	}
	own.owner = (uint16_t)owner;
	dst = destination_new(&own, SOCKET_ID_ANY);
	if (dst != NULL && params->egress == EGRESS_FILE)
		dst->file = node_ring(file_ring, false);
	if (dst == NULL || (params->egress == EGRESS_FILE && dst->file == NULL) ||
		node_know_session(node, params->conference, params->session) < 0 ||
		object_map_add(&node->destinations, dst, &node->reclaim) < 0) {
		if (dst != NULL)
			destination_release(dst);
		errno = ENOMEM;
		return NULL;
	}
	return dst;
}

int
node_set_egress(struct node *node, struct destination *dst, const struct frame_endpoints *ends)
{
	const struct frame_template *old = dst->header;
	struct frame_template *t = NULL;

	if (ends != NULL) {
		t = header_new(dst);
		if (t == NULL)
			return -ENOMEM;
		frame_template_build(t, dst->params.egress_port, ends, NULL, 0);
		dst->account.headers = t->total;
		dst->long_header = t->total > EGRESS_SHORT_HEADER;
	}
	__atomic_store_n(&dst->header, t, __ATOMIC_RELEASE);
	if (old != NULL && !header_is_own(dst, old))
		reclaim_defer(&node->reclaim, header_release, (void *)(uintptr_t)old);
	return 0;
}

static void
perform_flush(struct worker *w, struct worker_request *request)
{
	destination_flush(w, request->object);
}

void
node_remove_destination(struct node *node, struct destination *dst)
{
	uint64_t key = session_key(dst->params.conference, dst->params.session);

	object_map_remove(&node->destinations, key);
	node_retire(node, dst->params.owner, perform_flush, dst, destination_release);
}

static void
free_each(void *arg, void *object)
{
	(void)arg;
	destination_release(object);
}

void
node_free_destinations(struct node *node)
{
	if (node->destinations.table != NULL)
		object_map_each(&node->destinations, free_each, NULL);
}
