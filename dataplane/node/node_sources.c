/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdalign.h>

#include <rte_malloc.h>

#include "node.h"
#include "node_request.h"
#include "packet.h"
#include "rlnc_encoder.h"

static void
source_free(struct node *node, struct source *source)
{
	struct flow_plan *plan = (struct flow_plan *)(uintptr_t)source->plan;

	rlnc_encoder_free(source->encoder);
	rte_pktmbuf_free(source->pending);
	node_ring_free(source->feed);
	for (uint16_t i = 0; plan != NULL && i < plan->nb_flows; i++)
		if (plan->flows[i].state != &source->line->first)
			rte_free(plan->flows[i].state);
	rte_free(plan);
	line_pool_give(&node->source_lines, source->line);
	rte_free(source);
}

static void
source_release(void *arg)
{
	struct source *source = arg;

	source_free(source->node, source);
}

/* What packets of the common kind need to know of it. */
static void
fill_line(struct source *source, const struct source_params *params)
{
	struct source_line *line = source->line;

	line->conference = source->conference;
	line->session = source->session;
	line->owner = (uint8_t)source->owner;
	line->epoch = source->epoch;
	line->flags = params->flags;
	line->limited = params->rate != 0;
	if (params->kind == SOURCE_UDP)
		line->ingress_key = (uint32_t)source_ingress_key(params->ingress_port->index,
			params->ingress_local, params->ingress_udp_port);
}

static struct source *
source_new(struct node *node, const struct source_params *params)
{
	uint64_t key = session_key(params->conference, params->session);
	struct source *source = rte_zmalloc("source", sizeof(*source), alignof(struct source));
	int owner = params->kind == SOURCE_UDP
			    ? node_spread(node, key, params->ingress_port, worker_receives_on)
			    : node_spread(node, key, NULL, NULL);

	if (source == NULL)
		return NULL;
	source->node = node;
	source->conference = params->conference;
	source->session = params->session;
	source->owner = owner < 0 ? 0 : (uint16_t)owner;
	source->epoch = params->epoch;
	source->kind = params->kind;
	source->rate = params->rate;
	source->burst = params->burst;
	source->timer.fire = source_fire;
	source->timer.arg = source;
	token_bucket_init(&source->bucket, params->rate, params->burst, 0);
	rng_seed(&source->rng, params->seed);
	if (params->kind == SOURCE_GENERATOR)
		generator_init(&source->generator, &params->generator);
	if (params->coding != NULL)
		source->encoder = rlnc_encoder_new(source, params->coding);
	if (params->kind == SOURCE_FILE)
		source->feed = node_ring(params->feed, false);
	if ((params->coding == NULL || source->encoder != NULL) &&
		(params->kind != SOURCE_FILE || source->feed != NULL))
		source->line = line_pool_take(&node->source_lines, source);
	if (source->line == NULL) {
		rlnc_encoder_free(source->encoder);
		node_ring_free(source->feed);
		rte_free(source);
		return NULL;
	}
	fill_line(source, params);
	return source;
}

struct source *
node_find_source(const struct node *node, uint32_t conference, uint32_t session)
{
	return id_map_find(&node->sources, session_key(conference, session));
}

/* A failure may leave it published in part. */
static int
publish_source(struct node *node, struct source *source)
{
	uint64_t key = session_key(source->conference, source->session);
	int rc = id_map_set(&node->sources, key, source, &node->reclaim);

	if (rc == 0)
		rc = node_know_session(node, source->conference, source->session);
	if (rc == 0 && source->kind == SOURCE_UDP)
		rc = line_map_add(&node->ingress, source->line, &node->reclaim);
	return rc;
}

/* By another source? */
static bool
is_ingress_taken(const struct node *node, const struct source_params *params)
{
	return params->kind == SOURCE_UDP &&
	       line_map_find(&node->ingress,
		       source_ingress_key(params->ingress_port->index, params->ingress_local,
			       params->ingress_udp_port)) != NULL;
}

struct source *
node_add_source(struct node *node, const struct source_params *params, struct flow_plan *plan)
{
	struct source *source = NULL;

	if (plan == NULL)
		return NULL;
	if (node_find_source(node, params->conference, params->session) != NULL ||
		is_ingress_taken(node, params)) {
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
		node_remove_source(node, source); /* a worker may have found it */
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
	__atomic_store_n(&source->line->running, 1, __ATOMIC_RELEASE);
	if (source->kind != SOURCE_UDP)
		(void)node_request(node, source->owner, perform_start, source, NULL, NULL);
}

void
node_stop_source(struct node *node, struct source *source)
{
	(void)node;
	__atomic_store_n(&source->line->running, 0, __ATOMIC_RELEASE);
}

static void
perform_stop(struct worker *w, struct worker_request *request)
{
	source_stop(w, request->object);
}

void
node_remove_source(struct node *node, struct source *source)
{
	uint64_t key = session_key(source->conference, source->session);

	node_stop_source(node, source);
	(void)id_map_set(&node->sources, key, NULL, &node->reclaim);
	if (source->kind == SOURCE_UDP)
		line_map_remove(&node->ingress, source->line->ingress_key);
	node_retire(node, source->owner, perform_stop, source, source_release);
}

static void
free_each(void *arg, uint64_t key, void *value)
{
	(void)key;
	source_free(arg, value);
}

void
node_free_sources(struct node *node)
{
	if (node->sources.table != NULL)
		id_map_each(&node->sources, free_each, node);
}
