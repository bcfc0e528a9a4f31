/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include <rte_malloc.h>

#include "node.h"
#include "node_request.h"
#include "packet.h"

/* A session's removal takes turns with the workers; this is what travels between the turns. */
struct removal {
	struct node *node;
	void *object;
};

static struct removal *
removal_new(struct node *node, void *object)
{
	struct removal *removal = malloc(sizeof(*removal));

	if (removal != NULL)
		*removal = (struct removal){.node = node, .object = object};
	return removal;
}

/* Spreads sessions over the workers that a predicate admits; -1 if it admits none. */
static int
spread(const struct node *node, uint64_t key, const struct port *port,
	bool (*admits)(const struct worker *w, const struct port *port))
{
	uint16_t fit[WORKERS_MAX], n = 0;

	for (uint16_t i = 0; i < node->nb_workers; i++)
		if (admits == NULL || admits(node->workers[i], port))
			fit[n++] = i;
	return n > 0 ? fit[(key * 0x9e3779b97f4a7c15u >> 32) % n] : -1;
}

static bool
receives_on(const struct worker *w, const struct port *port)
{
	for (uint16_t i = 0; i < w->nb_rx; i++)
		if (w->rx[i].port == port)
			return true;
	return false;
}

static bool
sends_on(const struct worker *w, const struct port *port)
{
	return w->tx[port->index] != NULL;
}

/* Sources */

static void
source_free(struct source *source)
{
	struct flow_plan *plan = (struct flow_plan *)(uintptr_t)source->plan;
	struct rte_mbuf *m;

	rte_pktmbuf_free(source->pending);
	while (source->feed != NULL && rte_ring_dequeue(source->feed, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(source->feed);
	for (uint16_t i = 0; plan != NULL && i < plan->nb_flows; i++)
		rte_free(plan->flows[i].state);
	rte_free(plan);
	rte_free(source);
}

static struct source *
source_new(struct node *node, const struct source_params *params)
{
	uint64_t key = session_key(params->conference, params->session);
	struct source *source = rte_zmalloc("source", sizeof(*source), RTE_CACHE_LINE_SIZE);
	int owner = params->kind == SOURCE_UDP
			    ? spread(node, key, params->ingress_port, receives_on)
			    : spread(node, key, NULL, NULL);

	if (source == NULL)
		return NULL;
	source->conference = params->conference;
	source->session = params->session;
	source->owner = owner < 0 ? 0 : (uint16_t)owner;
	source->epoch = params->epoch;
	source->kind = params->kind;
	source->flags = params->flags;
	source->rate = params->rate;
	source->burst = params->burst;
	source->timer.fire = source_fire;
	source->timer.arg = source;
	token_bucket_init(&source->bucket, params->rate, params->burst, 0);
	rng_seed(&source->rng, params->seed);
	if (params->kind == SOURCE_UDP)
		source->ingress_key = source_ingress_key(params->ingress_port->index,
			params->ingress_local, params->ingress_udp_port);
	if (params->kind == SOURCE_GENERATOR)
		generator_init(&source->generator, &params->generator);
	if (params->kind == SOURCE_FILE) {
		source->feed = node_ring(node, "feed", node->rings++, params->feed, false);
		if (source->feed == NULL) {
			rte_free(source);
			return NULL;
		}
	}
	return source;
}

struct source *
node_find_source(const struct node *node, uint32_t conference, uint32_t session)
{
	return id_map_find(&node->sources, session_key(conference, session));
}

static int
publish_source(struct node *node, struct source *source)
{
	uint64_t key = session_key(source->conference, source->session);
	int rc = id_map_set(&node->sources, key, source, &node->reclaim);

	if (rc == 0 && source->kind == SOURCE_UDP)
		rc = id_map_set(&node->ingress, source->ingress_key, source, &node->reclaim);
	if (rc == 0)
		rc = node_know_session(node, source->conference, source->session);
	if (rc < 0)
		(void)id_map_set(&node->sources, key, NULL, &node->reclaim);
	return rc;
}

struct source *
node_add_source(struct node *node, const struct source_params *params, struct flow_plan *plan)
{
	uint64_t ingress = params->kind != SOURCE_UDP
				   ? ID_MAP_NO_KEY
				   : source_ingress_key(params->ingress_port->index,
					     params->ingress_local, params->ingress_udp_port);
	struct source *source = NULL;

	if (node_find_source(node, params->conference, params->session) != NULL ||
		(ingress != ID_MAP_NO_KEY && id_map_find(&node->ingress, ingress) != NULL)) {
		node_discard_plan(plan);
		errno = EEXIST;
		return NULL;
	}
	source = source_new(node, params);
	if (source == NULL) {
		node_discard_plan(plan);
		errno = ENOMEM;
		return NULL;
	}
	node_set_plan(node, source, plan);
	if (publish_source(node, source) < 0) {
		source_free(source);
		errno = ENOMEM;
		return NULL;
	}
	return source;
}

static void
perform_start(struct worker *w, struct worker_request *request)
{
	source_start(w, request->object);
}

void
node_start_source(struct node *node, struct source *source)
{
	__atomic_store_n(&source->running, true, __ATOMIC_RELEASE);
	if (source->kind != SOURCE_UDP)
		(void)node_request(node, source->owner, perform_start, source, NULL);
}

void
node_stop_source(struct node *node, struct source *source)
{
	(void)node;
	__atomic_store_n(&source->running, false, __ATOMIC_RELEASE);
}

static void
perform_stop(struct worker *w, struct worker_request *request)
{
	struct removal *removal = request->object;

	source_stop(w, removal->object);
}

static void
source_gone(struct node *node, void *object)
{
	struct removal *removal = object;

	(void)node;
	source_free(removal->object);
	free(removal);
}

static void
source_quiet(void *object)
{
	struct removal *removal = object;
	struct source *source = removal->object;

	if (node_request(removal->node, source->owner, perform_stop, removal, source_gone) < 0)
		free(removal); /* out of memory: the source stays, unpublished and silent */
}

void
node_remove_source(struct node *node, struct source *source)
{
	uint64_t key = session_key(source->conference, source->session);
	struct removal *removal = removal_new(node, source);

	node_stop_source(node, source);
	(void)id_map_set(&node->sources, key, NULL, &node->reclaim);
	if (source->kind == SOURCE_UDP)
		(void)id_map_set(&node->ingress, source->ingress_key, NULL, &node->reclaim);
	if (removal != NULL)
		reclaim_defer(&node->reclaim, source_quiet, removal);
}

/* Destinations */

static void
destination_release(struct destination *dst)
{
	struct rte_mbuf *m;

	while (dst->file != NULL && rte_ring_dequeue(dst->file, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(dst->file);
	for (uint32_t i = 0; dst->held > 0 && i <= dst->slots_mask; i++)
		rte_pktmbuf_free(dst->slots[i]);
	rte_free((void *)(uintptr_t)dst->header);
	destination_free(dst);
}

struct destination *
node_find_destination(const struct node *node, uint32_t conference, uint32_t session)
{
	return id_map_find(&node->destinations, session_key(conference, session));
}

struct destination *
node_add_destination(struct node *node, const struct destination_params *params, uint32_t file_ring)
{
	uint64_t key = session_key(params->conference, params->session);
	struct destination_params own = *params;
	struct destination *dst;
	int owner = params->egress == EGRESS_UDP ? spread(node, key, params->egress_port, sends_on)
						 : spread(node, key, NULL, NULL);

	if (id_map_find(&node->destinations, key) != NULL || owner < 0) {
		errno = owner < 0 ? ENODEV : EEXIST;
		return NULL;
	}
	own.owner = (uint16_t)owner;
	dst = destination_new(&own, SOCKET_ID_ANY);
	if (dst != NULL && params->egress == EGRESS_FILE)
		dst->file = node_ring(node, "file", node->rings++, file_ring, false);
	if (dst == NULL || (params->egress == EGRESS_FILE && dst->file == NULL) ||
		node_know_session(node, params->conference, params->session) < 0 ||
		id_map_set(&node->destinations, key, dst, &node->reclaim) < 0) {
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
		t = rte_malloc("egress_header", sizeof(*t), RTE_CACHE_LINE_SIZE);
		if (t == NULL)
			return -ENOMEM;
		frame_template_build(t, dst->params.egress_port, ends, NULL, 0);
		dst->account.headers = t->total;
	}
	__atomic_store_n(&dst->header, t, __ATOMIC_RELEASE);
	if (old != NULL)
		reclaim_defer(&node->reclaim, rte_free, (void *)(uintptr_t)old);
	return 0;
}

static void
perform_flush(struct worker *w, struct worker_request *request)
{
	struct removal *removal = request->object;

	destination_flush(w, removal->object);
}

static void
destination_gone(struct node *node, void *object)
{
	struct removal *removal = object;

	(void)node;
	destination_release(removal->object);
	free(removal);
}

static void
destination_quiet(void *object)
{
	struct removal *removal = object;
	struct destination *dst = removal->object;

	if (node_request(
		    removal->node, dst->params.owner, perform_flush, removal, destination_gone) < 0)
		free(removal); /* out of memory: it stays, unpublished */
}

void
node_remove_destination(struct node *node, struct destination *dst)
{
	uint64_t key = session_key(dst->params.conference, dst->params.session);
	struct removal *removal = removal_new(node, dst);

	(void)id_map_set(&node->destinations, key, NULL, &node->reclaim);
	if (removal != NULL)
		reclaim_defer(&node->reclaim, destination_quiet, removal);
}

int
node_know_session(struct node *node, uint32_t conference, uint32_t session)
{
	return id_map_set(&node->known, session_key(conference, session), node, &node->reclaim);
}

static void
free_source(void *arg, uint64_t key, void *value)
{
	(void)arg;
	(void)key;
	source_free(value);
}

static void
free_destination(void *arg, uint64_t key, void *value)
{
	(void)arg;
	(void)key;
	destination_release(value);
}

void
node_free_sessions(struct node *node)
{
	if (node->sources.table != NULL)
		id_map_each(&node->sources, free_source, NULL);
	if (node->destinations.table != NULL)
		id_map_each(&node->destinations, free_destination, NULL);
}
