/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_errno.h>
#include <rte_malloc.h>

#include "epoch.h"
#include "feeder.h"
#include "link_tfrc.h"
#include "node.h"
#include "node_request.h"
#include "packet.h"
#include "prober.h"

/* The worker with the fewest links among those that send on the port; -1 if none does. */
static int
choose_owner(const struct node *node, const struct port *port)
{
	uint32_t links[WORKERS_MAX] = {0};
	int best = -1;

	for (uint16_t i = 0; i < node->max_links; i++)
		if (node->links[i] != NULL)
			links[node->links[i]->owner]++;
	for (uint16_t i = 0; i < node->nb_workers; i++)
		if (node->workers[i]->tx[port->index] != NULL &&
			(best < 0 || links[i] < links[best]))
			best = i;
	return best;
}

static int
free_index(const struct node *node)
{
	for (uint16_t i = 0; i < node->max_links; i++)
		if (node->links[i] == NULL)
			return i;
	return -1;
}

static struct link *
link_new(struct node *node, const struct link_params *params, uint16_t index, uint16_t owner)
{
	struct link *link = rte_zmalloc("link", sizeof(*link), RTE_CACHE_LINE_SIZE);

	if (link == NULL)
		return NULL;
	link->node_id = params->node_id;
	link->index = index;
	link->owner = owner;
	link->port = params->port;
	link->remote = params->remote;
	link->local = params->local;
	link->udp_port = params->udp_port;
	link->epoch = node->link_epoch;
	for (uint16_t i = 0; i < node->nb_workers; i++)
		link->ring_drops_before += counter_read(&node->workers[i]->ring_drops[index]);
	link->out = node->workers[owner]->tx[params->port->index];
	link->rx_owner = LINK_NO_OWNER;
	link->probe_interval = params->probe;
	link->data = (struct tx_account){.packets = &link->tx.packets,
		.bytes = &link->tx.bytes,
		.drops = &link->tx.drops,
		.headers = frame_headers(params->port, &params->remote)};
	link->control = (struct tx_account){.packets = &link->tx.control, .drops = &link->tx.drops};
	seq_window_init(&link->rx.window, link->rx.bits, LINK_WINDOW);
	link->pacing = params->pacing;
	if (link->pacing == LINK_PACING_NONE && params->rate != 0)
		link->pacing = LINK_PACING_RATE;
	feeder_init(link, link_is_tfrc(link) ? link_tfrc_init(link) : params->rate, params->share);
	if (node->nb_workers > 1) {
		link->ring = node_ring(params->ring, true);
		if (link->ring == NULL) {
			rte_free(link);
			return NULL;
		}
	}
	return link;
}

static void
link_free(void *object)
{
	struct link *link = object;

	node_ring_free(link->ring);
	rte_free((void *)(uintptr_t)link->header);
	rte_free(link);
}

/* A link that nobody finds yet. */
static struct link *
link_make(struct node *node, const struct link_params *params)
{
	int owner = choose_owner(node, params->port), index = free_index(node);
	struct link *link;

	errno = 0;
	/* The pipeline relies on it: neither 0 nor the node itself is a neighbour. */
	if (params->node_id == 0 || params->node_id > NODE_ID_MAX || params->node_id == node->id)
		errno = EINVAL;
	else if (owner < 0)
		errno = ENODEV;
	else if (index < 0)
		errno = ENOSPC;
	if (errno != 0)
		return NULL;
	link = link_new(node, params, (uint16_t)index, (uint16_t)owner);
	if (link == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	__atomic_store_n(&node->links[index], link, __ATOMIC_RELEASE);
	return link;
}

struct link *
node_add_link(struct node *node, const struct link_params *params)
{
	struct link *link;

	if (node_find_link(node, params->node_id) != NULL) {
		errno = EEXIST;
		return NULL;
	}
	link = link_make(node, params);
	if (link == NULL)
		return NULL;
	if (id_map_set(&node->peers, params->node_id, link, &node->reclaim) < 0) {
		/* A worker may have come by: the doorbell of the place rang for who had it last. */
		node_retire_link(node, link);
		errno = ENOMEM;
		return NULL;
	}
	if (params->probe != 0 && node_set_probe(node, link, params->probe) < 0) {
		node_remove_link(node, link);
		errno = ENOMEM;
		return NULL;
	}
	return link;
}

struct link *
node_replace_link(struct node *node, struct link *old, const struct link_params *params)
{
	struct link *link;

	if (params->node_id != old->node_id) {
		errno = EINVAL;
		return NULL;
	}
	node->link_epoch = epoch_after((uint16_t)(node->link_epoch + 1), old->epoch);
	link = link_make(node, params);
	if (link == NULL)
		return NULL;
	/* Its slot is there already: this needs no memory. */
	(void)id_map_set(&node->peers, link->node_id, link, &node->reclaim);
	if (params->probe != 0 && node_set_probe(node, link, params->probe) < 0) {
		node_restore_link(node, link, old);
		errno = ENOMEM;
		return NULL;
	}
	return link;
}

void
node_restore_link(struct node *node, struct link *link, struct link *old)
{
	(void)id_map_set(&node->peers, link->node_id, old, &node->reclaim);
	node_retire_link(node, link);
}

struct link *
node_find_link(const struct node *node, uint32_t node_id)
{
	return id_map_find(&node->peers, node_id);
}

/* All headers of a link's DATA up to the Pathlet; NULL: out of memory. */
static struct frame_template *
header_new(const struct node *node, const struct link *link, const struct rte_ether_addr *mac)
{
	struct frame_template *t = rte_malloc("link_header", sizeof(*t), RTE_CACHE_LINE_SIZE);
	struct frame_endpoints ends = {
		.source_mac = link->port->mac,
		.destination_mac = *mac,
		.source = link->port->addresses[link->local],
		.destination = link->remote,
		.source_port = link->port->udp_port,
		.destination_port = link->udp_port,
		.hop_limit = FRAME_HOP_LIMIT,
		.ecn = link_is_tfrc(link) ? FRAME_ECN_ECT0 : 0,
	};
	struct link_hdr hdr = {
		.version_type = LINK_VERSION << 4 | LINK_DATA,
		.epoch = rte_cpu_to_be_16(link->epoch),
		.node = rte_cpu_to_be_32(node->id),
	};

	if (t != NULL)
		frame_template_build(t, link->port, &ends, &hdr, sizeof(hdr));
	return t;
}

int
node_set_link_mac(struct node *node, struct link *link, const struct rte_ether_addr *mac)
{
	const struct frame_template *old = link->header;
	struct frame_template *t = mac != NULL ? header_new(node, link, mac) : NULL;

	if (mac != NULL && t == NULL)
		return -ENOMEM;
	__atomic_store_n(&link->header, t, __ATOMIC_RELEASE);
	if (old != NULL)
		reclaim_defer(&node->reclaim, rte_free, (void *)(uintptr_t)old);
	return 0;
}

static void
perform_probe(struct worker *w, struct worker_request *request)
{
	prober_begin(w, request->object);
}

int
node_set_probe(struct node *node, struct link *link, uint64_t interval)
{
	__atomic_store_n(&link->probe_interval, interval, __ATOMIC_RELAXED);
	return node_request(node, link->owner, perform_probe, link, NULL, NULL);
}

/* What other workers had put into its ring before it was taken away. */
static void
perform_empty(struct worker *w, struct worker_request *request)
{
	struct link *link = request->object;
	struct rte_mbuf *m;

	prober_end(w, link);
	link_tfrc_end_sending(w, link);
	while (link->ring != NULL && rte_ring_sc_dequeue(link->ring, (void **)&m) == 0) {
		w->counters.handed_in++;
		worker_drop(w, m, DROP_hop_removed);
	}
	feeder_empty_link(w, link);
	__atomic_store_n(&w->node->links[link->index], NULL, __ATOMIC_RELEASE);
}

static void
perform_end_receiving(struct worker *w, struct worker_request *request)
{
	link_tfrc_end_receiving(w, request->object);
}

/* LINK_NO_OWNER: nothing ever came. */
static uint16_t
receiving_worker(const void *object)
{
	const struct link *link = object;

	return __atomic_load_n(&link->rx_owner, __ATOMIC_ACQUIRE);
}

void
node_remove_link(struct node *node, struct link *link)
{
	(void)id_map_set(&node->peers, link->node_id, NULL, &node->reclaim);
	node->link_epoch = epoch_after((uint16_t)(node->link_epoch + 1), link->epoch);
	node_retire_link(node, link);
}

void
node_retire_link(struct node *node, struct link *link)
{
	/* The receiving side gives FEEDBACK to the sending side, whose ring is emptied last. */
	node_retire_both(node, receiving_worker, perform_end_receiving, link->owner, perform_empty,
		link, link_free);
}

void
node_free_links(struct node *node)
{
	for (uint16_t i = 0; node->links != NULL && i < node->max_links; i++)
		if (node->links[i] != NULL)
			link_free(node->links[i]);
}
