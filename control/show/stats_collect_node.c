/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of the node, its workers and its ports, and of what it dropped. */
#include <math.h>
#include <string.h>

#include "clock.h"
#include "show_private.h"
#include "stats_private.h"

void
stats_collect_workers(struct stats_export *e, uint64_t now)
{
	const struct node *node = e->view->node;
	uint64_t busy = 0, idle = 0;

	for (uint16_t i = 0; i < node->nb_workers; i++) {
		const struct worker *w = node->workers[i];
		const struct rates_worker *rates = &e->view->rates->workers[i];
		union ferry_stats_record record;
		struct ferry_stats_worker *r = &record.worker;

		STATS_BEGIN(record, WORKER, worker, i);
		r->busy_ns = counter_read(&w->load.busy_ns);
		r->idle_ns = counter_read(&w->load.idle_ns);
		busy += r->busy_ns;
		idle += r->idle_ns;
		r->busy_share = rates->busy.known && rates->idle.known
					? rates->busy.per_second /
						  (rates->busy.per_second + rates->idle.per_second)
					: (double)NAN;
		r->polls = counter_read(&w->load.polls);
		r->polls_busy = counter_read(&w->load.polls_busy);
		r->sleeps = counter_read(&w->load.sleeps);
		r->events_lost = counter_read(&w->events_lost);
		r->received = counter_read(&w->counters.received);
		r->originated = counter_read(&w->counters.originated);
		r->sent = counter_read(&w->counters.sent);
		r->delivered = counter_read(&w->counters.delivered);
		r->handed_in = counter_read(&w->counters.handed_in);
		r->handed_out = counter_read(&w->counters.handed_out);
		for (int k = 0; k < BURST_FILLS; k++)
			r->bursts[k] = counter_read(&w->load.bursts[k]);
		for (int k = 0; k < OBSERVE_TURN_BINS; k++)
			r->turns[k] = counter_read(&w->load.turns[k]);
		stats_put(e, &record);
	}
	rate_sample(&e->busy, busy, now);
	rate_sample(&e->idle, idle, now);
}

static void
collect_device(const struct show_view *view, const struct port *port, struct ferry_stats_port *r)
{
	const struct rates_port *rates = &view->rates->ports[port->index];
	struct show_device device = {0};

	r->rx_pps = show_per_second(&rates->rx.packets, 1);
	r->rx_bps = show_per_second(&rates->rx.bytes, 8);
	r->tx_pps = show_per_second(&rates->tx.packets, 1);
	r->tx_bps = show_per_second(&rates->tx.bytes, 8);
	if (view->hooks.device == NULL || !view->hooks.device(view->hooks.ctx, port, &device))
		return;
	r->counted = 1;
	r->rx_packets = device.rx_packets;
	r->rx_bytes = device.rx_bytes;
	r->tx_packets = device.tx_packets;
	r->tx_bytes = device.tx_bytes;
	for (uint32_t i = 0; i < device.nb_losses && i < SHOW_LOSSES_MAX; i++) {
		if (strcmp(device.losses[i].name, "rx_missed") == 0)
			r->rx_missed = device.losses[i].packets;
		else if (strcmp(device.losses[i].name, "rx_errors") == 0)
			r->rx_errors = device.losses[i].packets;
		else if (strcmp(device.losses[i].name, "rx_no_buffer") == 0)
			r->rx_no_buffer = device.losses[i].packets;
		else if (strcmp(device.losses[i].name, "tx_errors") == 0)
			r->tx_errors = device.losses[i].packets;
	}
}

void
stats_collect_ports(struct stats_export *e)
{
	const struct show_view *view = e->view;

	for (uint16_t i = 0; i < view->node->nb_ports; i++) {
		const struct port *port = view->node->ports[i];
		struct impair_counters impair;
		union ferry_stats_record record;

		STATS_BEGIN(record, PORT, port, i);
		stats_name(record.port.name, port->name);
		record.port.up = port_is_up(port);
		collect_device(view, port, &record.port);
		if (view->hooks.impair != NULL &&
			view->hooks.impair(view->hooks.ctx, port, &impair))
			for (int k = IMPAIR_FIRST_LOSS; k < IMPAIR_EVENT_COUNT; k++)
				record.port.impair_lost += impair.events[k];
		stats_put(e, &record);
	}
}

void
stats_collect_drops(struct stats_export *e, uint64_t now)
{
	struct worker_counters sum;

	node_counters(e->view->node, &sum);
	for (uint32_t i = DROP_none + 1; i < DROP_COUNT; i++) {
		union ferry_stats_record record;

		rate_sample(&e->drops[i], sum.drops[i], now);
		STATS_BEGIN(record, DROP, drop, i - 1);
		stats_name(record.drop.reason, drop_name((enum drop_reason)i));
		record.drop.packets = sum.drops[i];
		record.drop.pps = show_per_second(&e->drops[i], 1);
		stats_put(e, &record);
	}
}

static void
collect_packets(const struct node *node, struct ferry_stats_node *r)
{
	struct worker_counters sum;

	node_counters(node, &sum);
	r->received = sum.received;
	r->originated = sum.originated;
	r->copies = sum.copies;
	r->sent = sum.sent;
	r->delivered = sum.delivered;
	r->consumed = sum.consumed;
	r->queued = sum.queued;
	r->dropped = worker_sums(&sum).drops;
	if (node->pool != NULL) {
		r->pool_size = node->pool->size;
		r->pool_in_use = rte_mempool_in_use_count(node->pool);
	}
	if (node->header_pool != NULL) {
		r->headers_size = node->header_pool->size;
		r->headers_in_use = rte_mempool_in_use_count(node->header_pool);
	}
}

void
stats_collect_node(struct stats_export *e, uint64_t first, uint64_t now)
{
	const struct show_view *view = e->view;
	union ferry_stats_record record;
	struct ferry_stats_node *r = &record.node;

	STATS_BEGIN(record, NODE, node, 0);
	stats_name(r->name, view->config->node.name);
	snprintf(r->version, sizeof(r->version), "%s", FERRY_VERSION);
	r->id = view->node->id;
	r->first = first;
	r->count = e->latest.count + 1;
	r->utc_ns = clock_ns(CLOCK_REALTIME);
	r->now_ns = clock_ns(CLOCK_MONOTONIC);
	r->uptime_ns = now > view->started ? now - view->started : 0;
	r->interval_ns = e->interval_ns;
	collect_packets(view->node, r);
	r->cpuload = e->busy.known && e->idle.known
			     ? e->busy.per_second / (e->busy.per_second + e->idle.per_second)
			     : (double)NAN;
	stats_put(e, &record);
}
