/* SPDX-License-Identifier: BSD-3-Clause */
/* Which worker serves which queue, and how many packets the node can hold. */
#include <stdio.h>

#include <rte_errno.h>
#include <rte_malloc.h>

#include "fanout.h"
#include "node.h"
#include "packet.h"
#include "recode_store.h"

#define POOL_CACHE 256
#define PAGE	   UINT64_C(4096)

/* Header buffers: the headers of a link, the longest Pathlet, a session header, a small payload. */
#define HEADER_ROOM                                                                                \
	RTE_ALIGN(RTE_PKTMBUF_HEADROOM + PATHLET_TREE_MAX_BYTES + sizeof(struct session_hdr) +     \
			  FANOUT_COPY_MAX,                                                         \
		64)

uint32_t
node_feeder_packets(uint16_t nb_workers, const struct node_budget *budget)
{
	return (budget->feeder_packets + nb_workers - 1) / nb_workers;
}

/* Packets that one worker keeps for recoding. */
static uint32_t
recode_packets(uint16_t nb_workers, const struct node_budget *budget)
{
	return (budget->recode_packets + nb_workers - 1) / nb_workers;
}

/* As many as have room if they are half as long as the longest. */
uint32_t
node_recode_generations(uint16_t nb_workers, const struct node_budget *budget)
{
	uint32_t half = RTE_MAX(budget->recode_span / 2u, 1u);

	if (budget->recode_packets == 0)
		return 0;
	return RTE_MAX(recode_packets(nb_workers, budget) / half, 8u);
}

/* Each packet that is held somewhere may be a copy: a header before a shared payload. */
static struct node_holder
holder(const char *name, uint32_t packets)
{
	return (struct node_holder){name, packets, packets};
}

/*
 * One whose packets are on their way out: where a session is recoded and delivered here too, a copy
 * has a header before a buffer that refers to the payload (recode.c).
 */
static struct node_holder
holder_out(const char *name, uint32_t packets, const struct node_budget *budget)
{
	return (struct node_holder){name, packets, packets * (budget->recode_packets > 0 ? 2 : 1)};
}

uint32_t
node_holders(uint16_t nb_workers, uint16_t nb_ports, const struct node_budget *budget,
	struct node_holder holders[NODE_HOLDERS_MAX])
{
	uint32_t n = 0;

	holders[n++] = holder_out("descriptors of ports", budget->port_descriptors, budget);
	holders[n++] = holder_out("next hops' rings", budget->ring_packets, budget);
	holders[n++] = holder("rings between workers", nb_workers * NODE_HANDOVER_RING);
	holders[n++] = holder(
		"to and from the control thread", nb_workers * (NODE_PUNT_RING + NODE_INJECT_RING));
	holders[n++] = holder("reorder windows", budget->reorder_packets);
	holders[n++] = holder("files", budget->file_packets);
	holders[n++] = holder_out("what comes at run time", budget->later_packets, budget);
	holders[n++] = holder("impaired lines", budget->impair_packets);
	holders[n++] = holder("coding", budget->coding_packets);
	holders[n++] = holder("recoding", nb_workers * recode_packets(nb_workers, budget));
	holders[n++] = holder_out(
		"feeders", nb_workers * node_feeder_packets(nb_workers, budget), budget);
	holders[n++] = holder_out("workers' bursts and send buffers",
		nb_workers * (BURST_MAX + OUTBOX_MAX + nb_ports * TX_BUFFER_SIZE), budget);
	/* A cache may grow to 1.5 times its size before it gives back. */
	holders[n++] = holder("pool caches of lcores", (nb_workers + 1u) * POOL_CACHE * 3 / 2);
	return n;
}

struct node_holder
node_holders_sum(const struct node_holder *holders, uint32_t n)
{
	struct node_holder sum = {.name = "in all"};

	for (uint32_t i = 0; i < n; i++) {
		sum.packets += holders[i].packets;
		sum.headers += holders[i].headers;
	}
	return sum;
}

/* In ordinary memory DPDK lets no object cross a page, so that a packet buffer takes one. */
static uint64_t
pool_bytes(uint64_t objects, uint64_t bytes)
{
	if (bytes > PAGE)
		return objects * RTE_ALIGN_CEIL(bytes, PAGE);
	return (objects + PAGE / bytes - 1) / (PAGE / bytes) * PAGE;
}

uint64_t
node_memory(uint32_t packets, uint32_t headers, uint16_t buffer_bytes)
{
	const uint64_t object = sizeof(struct rte_mbuf) + RTE_CACHE_LINE_SIZE * 2;

	return pool_bytes(packets, object + buffer_bytes) +
	       pool_bytes(headers, object + HEADER_ROOM);
}

/* One queue after the other, so that ports and their queues spread evenly. */
static int
layout_receive(struct node *node, const char **error)
{
	uint16_t next = 0;

	for (uint16_t p = 0; p < node->nb_ports; p++) {
		for (uint16_t q = 0; q < node->ports[p]->rx_queues; q++) {
			struct worker *w = node->workers[next++ % node->nb_workers];

			if (w->nb_rx == WORKER_QUEUES_MAX) {
				*error = "more receive queues than workers can serve";
				return -ENOSPC;
			}
			w->rx[w->nb_rx++] = (struct rx_queue){.port = node->ports[p], .queue = q};
		}
	}
	return 0;
}

static int
give_queue(struct worker *w, struct port *port, uint16_t queue)
{
	struct tx_buffer *tx = rte_zmalloc("tx_buffer", sizeof(*tx), RTE_CACHE_LINE_SIZE);

	if (tx == NULL)
		return -ENOMEM;
	tx->port = port;
	tx->queue = queue;
	w->tx[port->index] = tx;
	return 0;
}

/* With fewer send queues than workers, those have one first that receive on the port. */
static int
layout_send(struct node *node, struct port *port)
{
	uint16_t queue = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (uint16_t i = 0; i < node->nb_workers && queue < port->tx_queues; i++) {
			struct worker *w = node->workers[i];

			if (w->tx[port->index] != NULL ||
				(pass == 0 && !worker_receives_on(w, port)))
				continue;
			if (give_queue(w, port, queue++) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static struct rte_mempool *
pool_new(const struct node *node, const char *what, uint32_t n, uint16_t room)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "%.14s_%s", node->name, what);
	return rte_pktmbuf_pool_create(name, n, POOL_CACHE, 0, room, SOCKET_ID_ANY);
}

/* The packet pools, as large as all holders together. */
static int
layout_pools(struct node *node, const struct node_budget *budget)
{
	struct node_holder holders[NODE_HOLDERS_MAX];
	uint32_t n = node_holders(node->nb_workers, node->nb_ports, budget, holders);
	struct node_holder sum = node_holders_sum(holders, n);
	uint16_t room = budget->buffer_bytes != 0 ? budget->buffer_bytes
						  : RTE_MBUF_DEFAULT_BUF_SIZE;

	node->pool = pool_new(node, "pkt", sum.packets, room);
	node->header_pool = pool_new(node, "hdr", sum.headers, HEADER_ROOM);
	return node->pool != NULL && node->header_pool != NULL ? 0 : -ENOMEM;
}

/* What a worker keeps packets in. */
static int
layout_worker(struct worker *w, const struct node_budget *budget, const char **error)
{
	uint16_t nb_workers = w->node->nb_workers;
	struct rng rng;

	/* Neighbours see what the worker's own draws, and could reckon back. */
	rng_seed(&rng, w->node->secret + w->index);
	w->pool = w->node->pool;
	w->header_pool = w->node->header_pool;
	if (budget->recode_packets > 0) {
		w->recode = recode_store_new(node_recode_generations(nb_workers, budget),
			recode_packets(nb_workers, budget), budget->recode_span,
			budget->recode_hold, rng_next(&rng));
		if (w->recode == NULL) {
			*error = "not enough memory for generations that are recoded";
			return -ENOMEM;
		}
	}
	if (feeder_pool_init(&w->feeders, w->node->max_links, budget->feeder_queues,
		    node_feeder_packets(nb_workers, budget), rng_next(&rng)) < 0) {
		*error = "not enough memory for the feeders' queues";
		return -ENOMEM;
	}
	return 0;
}

int
node_layout(struct node *node, const struct node_budget *budget, const char **error)
{
	int rc = layout_receive(node, error);

	if (rc < 0)
		return rc;
	for (uint16_t p = 0; p < node->nb_ports; p++) {
		rc = layout_send(node, node->ports[p]);
		if (rc < 0) {
			*error = "out of memory";
			return rc;
		}
	}
	if (layout_pools(node, budget) < 0) {
		*error = "not enough memory for the packet pools";
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < node->nb_workers && rc == 0; i++)
		rc = layout_worker(node->workers[i], budget, error);
	return rc;
}
