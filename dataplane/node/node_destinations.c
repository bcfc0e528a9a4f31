/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "egress_header.h"
#include "node.h"
#include "node_request.h"
#include "packet.h"

static void
destination_release(void *object)
{
	struct destination *dst = object;

	if (dst->released != NULL)
		dst->released(dst, dst->released_ctx);
	node_ring_free(dst->file);
	for (uint32_t i = 0; dst->held > 0 && i <= dst->slots_mask; i++)
		rte_pktmbuf_free(dst->slots[i]);
	if (dst->line->header != NULL)
		egress_header_put(dst->line->header);
	destination_free(dst);
}

struct destination *
node_find_destination(const struct node *node, uint32_t conference, uint32_t session)
{
	const struct destination_line *line = line_map_find(
		&node->destinations, session_key(conference, session));

	return line != NULL ? line_owner(line) : NULL;
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

	if (line_map_find(&node->destinations, key) != NULL || owner < 0) {
		errno = owner < 0 ? ENODEV : EEXIST;
		return NULL;
	}
	own.owner = (uint16_t)owner;
	dst = destination_new(node, &own);
	if (dst != NULL && params->egress == EGRESS_FILE)
		dst->file = node_ring(file_ring, false);
	if (dst == NULL || (params->egress == EGRESS_FILE && dst->file == NULL) ||
		node_know_session(node, params->conference, params->session) < 0 ||
		line_map_add(&node->destinations, dst->line, &node->reclaim) < 0) {
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
	const struct frame_template *old = dst->line->header, *t = NULL;

	if (ends != NULL) {
		rte_be16_t ports[] = {rte_cpu_to_be_16(ends->source_port),
			rte_cpu_to_be_16(ends->destination_port)};

		t = egress_header_get(node, dst->params.egress_port, ends);
		if (t == NULL)
			return -ENOMEM;
		dst->account.headers = t->total;
		memcpy(dst->line->ports, ports, sizeof(ports));
	}
	__atomic_store_n(&dst->line->header, t, __ATOMIC_RELEASE);
	if (old != NULL)
		egress_header_put_later(old);
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

	line_map_remove(&node->destinations, key);
	node_retire(node, dst->params.owner, perform_flush, dst, destination_release);
}

static void
free_each(void *arg, void *line)
{
	(void)arg;
	destination_release(line_owner(line));
}

void
node_free_destinations(struct node *node)
{
	if (node->destinations.table != NULL)
		line_map_each(&node->destinations, free_each, NULL);
}
