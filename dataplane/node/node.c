/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <unistd.h>

#include <sys/eventfd.h>

#include <rte_errno.h>
#include <rte_malloc.h>

#include "hash.h"
#include "idle_wait.h"
#include "node.h"
#include "node_request.h"
#include "packet.h"
#include "recode_store.h"

/*
 * Not rte_ring_create: each of its rings takes a memzone, of which a process has some thousands, as
 * many as a node may have neighbours.
 */
struct rte_ring *
node_ring(uint32_t size, bool many_producers)
{
	/* RTS: a producer that is preempted does not make the others spin. */
	unsigned int flags = RING_F_SC_DEQ | (many_producers ? RING_F_MP_RTS_ENQ : RING_F_SP_ENQ);
	ssize_t bytes = rte_ring_get_memsize(size);
	struct rte_ring *ring;

	ring = bytes > 0 ? rte_zmalloc("ring", (size_t)bytes, RTE_CACHE_LINE_SIZE) : NULL;
	if (ring != NULL && rte_ring_init(ring, "ferry", size, flags) < 0) {
		rte_free(ring);
		return NULL;
	}
	return ring;
}

void
node_ring_free(struct rte_ring *ring)
{
	struct rte_mbuf *m;

	while (ring != NULL && rte_ring_dequeue(ring, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_free(ring);
}

/* For who may sleep; -1 where none is needed or to be had: then they look again in time. */
static int
bell(const struct node_params *params)
{
	return params->may_sleep ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1;
}

static void
bell_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static int
worker_init(struct worker *w, struct node *node, uint16_t index, const struct node_params *params)
{
	w->node = node;
	w->index = index;
	w->may_sleep = params->may_sleep;
	w->wake_fd = bell(params);
	w->handover = node_ring(NODE_HANDOVER_RING, true);
	w->inject = node_ring(NODE_INJECT_RING, false);
	w->mailbox = node_ring(NODE_MAILBOX_RING, false);
	w->punt = node_ring(NODE_PUNT_RING, false);
	w->events = worker_event_ring();
	w->ring_drops = rte_zmalloc(
		"ring_drops", params->max_links * sizeof(uint64_t), RTE_CACHE_LINE_SIZE);
	w->outbox.last_of = rte_malloc(
		"outbox", params->max_links * sizeof(uint16_t), RTE_CACHE_LINE_SIZE);
	if (w->handover == NULL || w->inject == NULL || w->mailbox == NULL || w->punt == NULL ||
		w->events == NULL || w->ring_drops == NULL || w->outbox.last_of == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < params->max_links; i++)
		w->outbox.last_of[i] = OUTBOX_NONE;
	timer_wheel_init(&w->wheel, w, params->now);
	rng_seed(&w->rng, params->seed + index);
	rte_rcu_qsbr_thread_register(node->qsbr, index);
	rte_rcu_qsbr_thread_online(node->qsbr, index);
	return 0;
}

static int
qsbr_init(struct node *node)
{
	size_t size = rte_rcu_qsbr_get_memsize(node->nb_workers);

	node->qsbr = rte_zmalloc("qsbr", size, RTE_CACHE_LINE_SIZE);
	if (node->qsbr == NULL)
		return -ENOMEM;
	reclaim_init(&node->reclaim, node->qsbr);
	return rte_rcu_qsbr_init(node->qsbr, node->nb_workers);
}

static int
tables_init(struct node *node)
{
	struct id_map *maps[] = {&node->peers, &node->conferences, &node->sources,
		&node->egress_headers, &node->recoded};

	for (size_t i = 0; i < RTE_DIM(maps); i++)
		if (id_map_init(maps[i]) < 0)
			return -ENOMEM;
	line_pool_init(&node->source_lines, 0);
	line_pool_init(&node->destination_lines, sizeof(struct destination_shelf));
	if (key_set_init(&node->known) < 0 ||
		line_map_init(&node->ingress, &node->source_lines, source_key_of) < 0 ||
		line_map_init(&node->destinations, &node->destination_lines, destination_key_of) <
			0)
		return -ENOMEM;
	node->links = rte_zmalloc(
		"links", node->max_links * sizeof(*node->links), RTE_CACHE_LINE_SIZE);
	return node->links != NULL ? 0 : -ENOMEM;
}

struct node *
node_new(const struct node_params *params, const char **error)
{
	struct node *node = rte_zmalloc("node", sizeof(*node), RTE_CACHE_LINE_SIZE);

	*error = "out of memory";
	if (node == NULL)
		return NULL;
	snprintf(node->name, sizeof(node->name), "%s", params->name);
	node->id = params->id;
	node->terms_version = 1;
	node->epoch = params->epoch;
	node->link_epoch = params->epoch;
	node->secret = params->secret;
	node->nb_workers = params->nb_workers;
	node->max_links = params->max_links;
	node->control_fd = bell(params);
	if (packet_init() < 0) {
		*error = "no room for Ferry's fields in mbufs";
		goto fail;
	}
	if (qsbr_init(node) < 0 || tables_init(node) < 0)
		goto fail;
	for (uint16_t i = 0; i < params->nb_workers; i++) {
		node->workers[i] = rte_zmalloc(
			"worker", sizeof(struct worker), RTE_CACHE_LINE_SIZE);
		if (node->workers[i] == NULL || worker_init(node->workers[i], node, i, params) < 0)
			goto fail;
	}
	return node;

fail:
	node_free(node);
	return NULL;
}

int
node_spread(const struct node *node, uint64_t key, const struct port *port,
	bool (*admits)(const struct worker *w, const struct port *port))
{
	uint16_t fit[WORKERS_MAX], n = 0;

	for (uint16_t i = 0; i < node->nb_workers; i++)
		if (admits == NULL || admits(node->workers[i], port))
			fit[n++] = i;
	return n > 0 ? fit[(hash_id(key) >> 32) % n] : -1;
}

int
node_add_port(struct node *node, struct port *port)
{
	if (node->nb_ports == WORKER_PORTS_MAX)
		return -ENOSPC;
	port->index = node->nb_ports;
	port_learn_addresses(port);
	node->ports[node->nb_ports++] = port;
	return 0;
}

void
node_set_clock(struct node *node, const struct utc_map *map)
{
	struct node_clock *clock = &node->clock;
	uint32_t version = clock->version;

	__atomic_store_n(&clock->version, version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&clock->map.now0, map->now0, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->map.utc0_ns, map->utc0_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->map.rate_q32, map->rate_q32, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->version, version + 2, __ATOMIC_RELEASE);
}

int
node_inject(struct node *node, struct port *port, struct rte_mbuf *m)
{
	for (uint16_t i = 0; i < node->nb_workers; i++) {
		struct worker *w = node->workers[i];

		if (w->tx[port->index] == NULL)
			continue;
		packet_meta(m)->kind = PACKET_FRAME;
		packet_meta(m)->index = port->index;
		if (rte_ring_sp_enqueue(w->inject, m) != 0)
			return -ENOBUFS;
		idle_wake(w);
		return 0;
	}
	return -ENOBUFS;
}

void
node_counters(const struct node *node, struct worker_counters *sum)
{
	uint64_t *to = (uint64_t *)sum;

	memset(sum, 0, sizeof(*sum));
	for (uint16_t i = 0; i < node->nb_workers; i++) {
		const uint64_t *from = (const uint64_t *)&node->workers[i]->counters;

		for (size_t k = 0; k < sizeof(*sum) / sizeof(uint64_t); k++)
			to[k] += counter_read(&from[k]);
	}
}

static void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	node_ring_free(w->handover);
	node_ring_free(w->inject);
	node_ring_free(w->punt);
	rte_free(w->mailbox); /* requests, not packets */
	rte_free(w->events);
	for (uint16_t i = 0; i < WORKER_PORTS_MAX; i++)
		rte_free(w->tx[i]);
	rte_free(w->ring_drops);
	rte_free(w->outbox.last_of);
	feeder_pool_free(&w->feeders);
	recode_store_free(w->recode);
	bell_close(w->wake_fd);
	rte_free(w);
}

void
node_free(struct node *node)
{
	if (node == NULL)
		return;
	/* What ends one step of a removal begins the next. */
	while (node->qsbr != NULL && !node_settled(node)) {
		node_free_requests(node);
		reclaim_drain(&node->reclaim);
	}
	node_free_sources(node);
	node_free_destinations(node);
	node_free_links(node);
	node_free_conferences(node);
	for (uint16_t i = 0; i < WORKERS_MAX; i++)
		worker_free(node->workers[i]);
	id_map_free(&node->peers);
	line_map_free(&node->ingress);
	line_map_free(&node->destinations);
	line_pool_free(&node->source_lines);
	line_pool_free(&node->destination_lines);
	id_map_free(&node->egress_headers);
	key_set_free(&node->known);
	node_free_recodes(node);
	id_map_free(&node->conferences);
	id_map_free(&node->sources);
	bell_close(node->control_fd);
	rte_mempool_free(node->pool);
	rte_mempool_free(node->header_pool);
	rte_free(node->qsbr);
	rte_free(node->links);
	rte_free(node);
}
