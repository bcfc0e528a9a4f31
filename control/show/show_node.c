/* SPDX-License-Identifier: BSD-3-Clause */
#include "recode_store.h"
#include "show_private.h"

/* null where no session is recoded. */
static json_t *
show_recoding(const struct recode_store *store)
{
	const struct recode_counters *c;
	json_t *object;

	if (store == NULL)
		return json_null();
	c = &store->counters;
	object = json_object();
	json_object_set_new(
		object, "held", show_number(__atomic_load_n(&store->packets, __ATOMIC_RELAXED)));
	json_object_set_new(object, "kept", show_count(&c->kept));
	json_object_set_new(object, "dependent", show_count(&c->dependent));
	json_object_set_new(object, "combined", show_count(&c->combined));
	json_object_set_new(object, "as_they_came", show_count(&c->as_is));
	json_object_set_new(object, "generations_forgotten", show_count(&c->forgotten));
	json_object_set_new(object, "no_buffer", show_count(&c->starved));
	return object;
}

static json_t *
show_worker(const struct show_view *view, const struct worker *w)
{
	const struct rates_worker *rates = &view->rates->workers[w->index];
	double busy = rates->busy.per_second, idle = rates->idle.per_second;
	json_t *object = json_object();

	json_object_set_new(object, "worker", show_number(w->index));
	json_object_set_new(object, "busy_share",
		rates->busy.known && rates->idle.known ? show_real(busy / (busy + idle))
						       : json_null());
	json_object_set_new(object, "polls", show_count(&w->load.polls));
	json_object_set_new(object, "polls_busy", show_count(&w->load.polls_busy));
	json_object_set_new(object, "sleeps", show_count(&w->load.sleeps));
	json_object_set_new(object, "received", show_count(&w->counters.received));
	json_object_set_new(object, "originated", show_count(&w->counters.originated));
	json_object_set_new(object, "sent", show_count(&w->counters.sent));
	json_object_set_new(object, "delivered", show_count(&w->counters.delivered));
	json_object_set_new(object, "handed_in", show_count(&w->counters.handed_in));
	json_object_set_new(object, "handed_out", show_count(&w->counters.handed_out));
	json_object_set_new(object, "events_lost", show_count(&w->events_lost));
	json_object_set_new(object, "recoding", show_recoding(w->recode));
	return object;
}

/* Where packets came from and where they went; the difference is under way. */
static json_t *
show_packets(const struct node *node)
{
	struct worker_counters in, out;
	uint64_t came, went, dropped;
	json_t *object = json_object();

	/* What went is read first: else a packet that passes meanwhile would go before it came. */
	node_counters(node, &out);
	node_counters(node, &in);
	dropped = worker_sums(&out).drops;
	came = worker_sums(&in).in - in.handed_in;
	went = worker_sums(&out).out - out.handed_out;
	json_object_set_new(object, "received", show_number(in.received));
	json_object_set_new(object, "originated", show_number(in.originated));
	json_object_set_new(object, "copies", show_number(in.copies));
	json_object_set_new(object, "sent", show_number(out.sent));
	json_object_set_new(object, "delivered", show_number(out.delivered));
	json_object_set_new(object, "consumed", show_number(out.consumed));
	json_object_set_new(object, "queued", show_number(out.queued));
	json_object_set_new(object, "dropped", show_number(dropped));
	json_object_set_new(object, "in_flight", json_integer((json_int_t)(came - went)));
	return object;
}

static json_t *
show_pool(struct rte_mempool *pool)
{
	json_t *object = json_object();

	if (pool == NULL)
		return object;
	json_object_set_new(object, "size", show_number(pool->size));
	json_object_set_new(object, "in_use", show_number(rte_mempool_in_use_count(pool)));
	return object;
}

json_t *
show_node(const struct show_view *view, const struct show_filter *filter)
{
	static const char *const idle[] = {
		[CONFIG_IDLE_ADAPTIVE] = "adaptive", [CONFIG_IDLE_POLL] = "poll"};
	const struct node *node = view->node;
	json_t *object = json_object(), *workers = json_array(), *pools = json_object();
	uint32_t sources = 0, destinations = 0, links = 0;

	(void)filter;
	for (uint16_t i = 0; i < node->max_links; i++)
		links += node->links[i] != NULL;
	for (uint32_t i = 0; i < view->sessions->nb_entries; i++) {
		sources += view->sessions->entries[i]->source != NULL;
		destinations += view->sessions->entries[i]->destination != NULL;
	}
	for (uint16_t i = 0; i < node->nb_workers; i++)
		json_array_append_new(workers, show_worker(view, node->workers[i]));
	json_object_set_new(pools, "packets", show_pool(node->pool));
	json_object_set_new(pools, "headers", show_pool(node->header_pool));

	json_object_set_new(object, "id", show_number(node->id));
	json_object_set_new(object, "name", json_string(view->config->node.name));
	json_object_set_new(object, "version", json_string(FERRY_VERSION));
	json_object_set_new(object, "uptime_s", show_since(view, view->started));
	json_object_set_new(object, "utc_steps",
		view->utc_steps != NULL ? show_count(view->utc_steps) : json_null());
	json_object_set_new(object, "epoch", show_number(node->epoch));
	json_object_set_new(object, "idle_policy", json_string(idle[view->config->node.idle]));
	json_object_set_new(object, "ports", show_number(node->nb_ports));
	json_object_set_new(object, "links", show_number(links));
	json_object_set_new(object, "sources", show_number(sources));
	json_object_set_new(object, "destinations", show_number(destinations));
	json_object_set_new(object, "packets", show_packets(node));
	json_object_set_new(object, "pools", pools);
	json_object_set_new(object, "workers", workers);
	return object;
}
