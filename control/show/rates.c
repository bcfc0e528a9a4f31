/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rates.h"
#include "show.h"

void
rate_reset(struct rate *rate)
{
	memset(rate, 0, sizeof(*rate));
}

void
rate_sample(struct rate *rate, uint64_t value, uint64_t now)
{
	if (rate->sampled && now <= rate->at)
		return;
	rate->known = rate->sampled && value >= rate->value;
	rate->per_second = rate->known
				   ? (double)(value - rate->value) * 1e9 / (double)(now - rate->at)
				   : 0;
	rate->value = value;
	rate->at = now;
	rate->sampled = true;
}

static void
pair_reset(struct rate_pair *pair)
{
	rate_reset(&pair->packets);
	rate_reset(&pair->bytes);
}

static void
pair_sample(struct rate_pair *pair, const uint64_t *packets, const uint64_t *bytes, uint64_t now)
{
	rate_sample(&pair->packets, counter_read(packets), now);
	rate_sample(&pair->bytes, counter_read(bytes), now);
}

int
rates_init(struct rates *rates, uint32_t nb_links, uint32_t nb_sessions)
{
	memset(rates, 0, sizeof(*rates));
	/* One more, so that no size is 0. */
	rates->links = calloc((size_t)nb_links + 1, sizeof(*rates->links));
	rates->sessions = calloc((size_t)nb_sessions + 1, sizeof(*rates->sessions));
	if (rates->links == NULL || rates->sessions == NULL) {
		rates_free(rates);
		return -ENOMEM;
	}
	rates->nb_links = nb_links;
	rates->nb_sessions = nb_sessions;
	return 0;
}

void
rates_free(struct rates *rates)
{
	free(rates->links);
	free(rates->sessions);
	memset(rates, 0, sizeof(*rates));
}

static void
tick_links(struct rates *rates, const struct node *node, uint64_t now)
{
	for (uint32_t i = 0; i < rates->nb_links && i < node->max_links; i++) {
		struct rates_link *samples = &rates->links[i];
		const struct link *link = node->links[i];

		if (link == NULL || samples->of != link) {
			pair_reset(&samples->tx);
			pair_reset(&samples->rx);
			samples->of = link;
		}
		if (link == NULL)
			continue;
		pair_sample(&samples->tx, &link->tx.packets, &link->tx.bytes, now);
		pair_sample(&samples->rx, &link->rx.packets, &link->rx.bytes, now);
	}
}

static void
tick_sessions(struct rates *rates, const struct session_book *book, uint64_t now)
{
	for (uint32_t i = 0; i < book->nb_entries; i++) {
		const struct session_entry *entry = book->entries[i];
		struct rates_session *samples = &rates->sessions[entry->index];

		bool anew = samples->number != entry->number;

		if (anew || samples->source != entry->source)
			pair_reset(&samples->sent);
		if (anew || samples->destination != entry->destination)
			pair_reset(&samples->delivered);
		samples->number = entry->number;
		samples->source = entry->source;
		samples->destination = entry->destination;
		if (entry->source != NULL) {
			const struct flow_state sent = source_sent(entry->source);

			pair_sample(&samples->sent, &sent.packets, &sent.bytes, now);
		}
		if (entry->destination != NULL) {
			const struct destination_sum sum = destination_delivered(
				entry->destination);

			pair_sample(&samples->delivered, &sum.packets, &sum.bytes, now);
		}
	}
}

static void
tick_ports(const struct show_view *view, uint64_t now)
{
	for (uint16_t i = 0; i < view->node->nb_ports; i++) {
		struct rates_port *samples = &view->rates->ports[i];
		struct show_device device = {0};

		if (view->hooks.device == NULL ||
			!view->hooks.device(view->hooks.ctx, view->node->ports[i], &device)) {
			pair_reset(&samples->rx);
			pair_reset(&samples->tx);
			continue;
		}
		rate_sample(&samples->rx.packets, device.rx_packets, now);
		rate_sample(&samples->rx.bytes, device.rx_bytes, now);
		rate_sample(&samples->tx.packets, device.tx_packets, now);
		rate_sample(&samples->tx.bytes, device.tx_bytes, now);
	}
}

void
rates_tick(const struct show_view *view, uint64_t now)
{
	const struct node *node = view->node;

	for (uint16_t i = 0; i < node->nb_workers; i++) {
		const struct worker_load *load = &node->workers[i]->load;

		rate_sample(&view->rates->workers[i].busy, counter_read(&load->busy_ns), now);
		rate_sample(&view->rates->workers[i].idle, counter_read(&load->idle_ns), now);
	}
	tick_links(view->rates, node, now);
	tick_sessions(view->rates, view->sessions, now);
	tick_ports(view, now);
}
