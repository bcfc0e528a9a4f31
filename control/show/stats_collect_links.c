/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of links, and of what waits for them. */
#include <assert.h>
#include <math.h>

#include "link_tfrc.h"
#include "show_private.h"
#include "stats_private.h"

static_assert((int)FERRY_STATS_PACING_NONE == (int)LINK_PACING_NONE &&
		      (int)FERRY_STATS_PACING_RATE == (int)LINK_PACING_RATE &&
		      (int)FERRY_STATS_PACING_TFRC == (int)LINK_PACING_TFRC &&
		      (int)FERRY_STATS_PACING_TFRC_SP == (int)LINK_PACING_TFRC_SP,
	"kinds of pacing");

static double
us_of(uint64_t ns)
{
	return ns != 0 && ns != UINT64_MAX ? (double)ns / 1e3 : (double)NAN;
}

static void
collect_counters(const struct show_view *view, const struct link *link, struct ferry_stats_link *r)
{
	const struct rates_link *rates = &view->rates->links[link->index];
	const struct link_tx *tx = &link->tx;
	const struct link_rx *rx = &link->rx;

	r->tx_packets = counter_read(&tx->packets);
	r->tx_bytes = counter_read(&tx->bytes);
	r->tx_control = counter_read(&tx->control);
	r->tx_drops = counter_read(&tx->drops) + show_ring_drops(view->node, link);
	r->rx_packets = counter_read(&rx->packets);
	r->rx_bytes = counter_read(&rx->bytes);
	r->rx_control = counter_read(&rx->control);
	r->rx_lost = link_lost(rx);
	r->rx_reordered = counter_read(&rx->reordered);
	r->rx_duplicates = counter_read(&rx->duplicates);
	r->tx_pps = show_per_second(&rates->tx.packets, 1);
	r->tx_bps = show_per_second(&rates->tx.bytes, 8);
	r->rx_pps = show_per_second(&rates->rx.packets, 1);
	r->rx_bps = show_per_second(&rates->rx.bytes, 8);
}

static void
collect_probes(const struct link *link, struct ferry_stats_link *r)
{
	const struct liveness *l = &link->live;
	bool probed = counter_read(&l->interval) != 0;
	uint64_t error;
	int64_t offset;

	r->rtt_us = us_of(counter_read(&l->rtt.smoothed));
	r->rtt_least_us = us_of(rtt_least(&l->rtt));
	r->rtt_deviation_us = us_of(counter_read(&l->rtt.deviation));
	r->probe_loss = probed && l->verdicts != 0 ? (double)liveness_loss_ppm(l) * 1e-6
						   : (double)NAN;
	r->data_loss = probed ? (double)liveness_data_loss_ppm(l) * 1e-6 : (double)NAN;
	r->clock_offset_us = probed && liveness_clock_offset(l, &offset, &error) ? (double)offset
										 : (double)NAN;
}

double
show_link_rate(const struct link *link)
{
	uint64_t rate = counter_read(&link->tx.pacer.rate);

	return rate != 0 ? (double)rate * 8 : (double)NAN;
}

void
show_link_record(const struct show_view *view, const struct link *link, struct ferry_stats_link *r)
{
	stats_name(r->name, show_node_name(view, link->node_id));
	stats_name(r->port, link->port->name);
	r->id = link->node_id;
	r->state = show_link_state(view, link);
	r->pacing = link->pacing;
	collect_counters(view, link, r);
	collect_probes(link, r);
	r->loss_event_rate = link_is_tfrc(link) ? show_loss_event_rate(&link->tfrc.sender.p)
						: (double)NAN;
	r->rate_bps = show_link_rate(link);
}

void
stats_collect_links(struct stats_export *e)
{
	const struct show_view *view = e->view;

	for (uint16_t i = 0; i < view->node->max_links; i++) {
		const struct link *link = view->node->links[i];
		union ferry_stats_record record;

		if (link == NULL)
			continue;
		STATS_BEGIN(record, LINK, link, i);
		show_link_record(view, link, &record.link);
		stats_put(e, &record);
	}
}

/*
 * What a queue did since it was looked at last goes to its link's feeder. A queue's place may have
 * come to another conference since; what the one before did after the last look is not known.
 */
static void
collect_queue(struct stats_export *e, const struct feeder_queue *q, struct stats_queue *old)
{
	struct stats_queue now = {.conference = q->conference,
		.link = q->link,
		.used = true,
		.taken = counter_read(&q->taken),
		.sent = counter_read(&q->sent),
		.drops = counter_read(&q->drops),
		.expired = counter_read(&q->expired)};
	struct stats_feeder *f;

	if (now.link >= e->view->node->max_links)
		return;
	f = &e->feeders[now.link];
	if (!old->used || old->conference != now.conference || old->link != now.link ||
		now.taken < old->taken || now.sent < old->sent || now.drops < old->drops ||
		now.expired < old->expired)
		*old = (struct stats_queue){0};
	f->queues++;
	f->taken += now.taken - old->taken;
	f->sent += now.sent - old->sent;
	f->drops += now.drops - old->drops;
	f->expired += now.expired - old->expired;
	*old = now;
}

static void
collect_queues(struct stats_export *e)
{
	const struct node *node = e->view->node;

	for (uint16_t i = 0; i < node->nb_workers; i++) {
		const struct feeder_pool *pool = &node->workers[i]->feeders;

		for (uint32_t k = 0; k < pool->nb_queues; k++) {
			struct stats_queue *old = &e->queues[i][k];

			if (__atomic_load_n(&pool->queues[k].used, __ATOMIC_ACQUIRE))
				collect_queue(e, &pool->queues[k], old);
			else
				old->used = false;
		}
	}
}

void
stats_collect_feeders(struct stats_export *e)
{
	const struct show_view *view = e->view;

	for (uint16_t i = 0; i < view->node->max_links; i++) {
		if (e->feeders[i].of != view->node->links[i])
			e->feeders[i] = (struct stats_feeder){.of = view->node->links[i]};
		e->feeders[i].queues = 0;
	}
	collect_queues(e);
	for (uint16_t i = 0; i < view->node->max_links; i++) {
		const struct link *link = view->node->links[i];
		const struct stats_feeder *f = &e->feeders[i];
		union ferry_stats_record record;
		struct ferry_stats_feeder *r = &record.feeder;

		if (link == NULL)
			continue;
		STATS_BEGIN(record, FEEDER, feeder, i);
		stats_name(r->name, show_node_name(view, link->node_id));
		r->id = link->node_id;
		r->queues = f->queues;
		r->packets = __atomic_load_n(&link->feeder.drr.packets, __ATOMIC_RELAXED);
		r->bytes = counter_read(&link->feeder.drr.bytes);
		r->taken = f->taken;
		r->sent = f->sent;
		r->drops = f->drops;
		r->expired = f->expired;
		r->rate_bps = show_link_rate(link);
		stats_put(e, &record);
	}
}
