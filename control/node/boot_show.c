/* SPDX-License-Identifier: BSD-3-Clause */
/* What others may see of the node: counters, rates, the state of neighbours and devices. */
#include <stdlib.h>

#include "ferryd.h"
#include "log.h"
#include "telemetry.h"

static bool
show_neighbour(void *ctx, const struct link *link, struct show_neighbour *out)
{
	const struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->nb_adjacencies; i++) {
		const struct neighbour *n = f->adjacencies[i].neighbour;

		if (f->adjacencies[i].link != link)
			continue;
		*out = (struct show_neighbour){
			.state = neighbour_state_name(n->state),
			.has_mac = n->has_mac,
			.mac = n->mac,
			.next_hop = underlay_addr_to(&n->addr),
			.since = n->since,
		};
		return true;
	}
	return false;
}

static bool
show_device(void *ctx, const struct port *port, struct show_device *out)
{
	const struct ferryd *f = ctx;
	struct rte_eth_stats stats;

	if (ethdev_stats(&f->ports[port->index].device, &stats) < 0)
		return false;
	*out = (struct show_device){
		.rx_packets = stats.ipackets,
		.rx_bytes = stats.ibytes,
		.tx_packets = stats.opackets,
		.tx_bytes = stats.obytes,
		.nb_losses = 4,
		.losses =
			{
				{"rx_missed", "receive queue full", stats.imissed},
				{"rx_errors", "broken frames", stats.ierrors},
				{"rx_no_buffer", "no buffer for a frame", stats.rx_nombuf},
				{"tx_errors", "lost after the port took them", stats.oerrors},
			},
	};
	return true;
}

static bool
show_impair(void *ctx, const struct port *port, struct impair_counters *out)
{
	const struct ferryd *f = ctx;

	if (!f->ports[port->index].impaired)
		return false;
	*out = f->ports[port->index].impair.lane.counters;
	return true;
}

int
boot_show(void *ctx)
{
	struct ferryd *f = ctx;

	f->oversize_links = calloc(f->node->max_links, sizeof(*f->oversize_links));
	f->oversize_entries = calloc(f->book.room + 1, sizeof(*f->oversize_entries));
	if (f->oversize_links == NULL || f->oversize_entries == NULL ||
		rates_init(&f->rates, f->node->max_links, f->book.room) < 0) {
		log_line(LOG_ERR, "out of memory for counters");
		return -1;
	}
	if (allowed_init(&f->allowed, &f->book) < 0) {
		log_line(LOG_ERR, "out of memory for rates of sessions");
		return -1;
	}
	f->view = (struct show_view){
		.node = f->node,
		.config = f->config,
		.sessions = &f->book,
		.rates = &f->rates,
		.allowed = &f->allowed,
		.history = &f->history,
		.mgmt = &f->mgmt,
		.underlay = &f->underlay,
		.utc_steps = &f->utc.steps,
		.started = ferryd_now(f),
		.hooks = {.ctx = f,
			.neighbour = show_neighbour,
			.device = show_device,
			.impair = show_impair},
	};
	f->ctl = (struct ctl_context){.view = &f->view, .ops = &ctl_node_ops, .ops_ctx = &f->peers};
	events_begin(f);
	if (telemetry_start(&f->view) < 0)
		log_line(LOG_WARNING, "DPDK's telemetry will not show this node");
	return 0;
}

void
undo_show(void *ctx)
{
	struct ferryd *f = ctx;

	telemetry_stop();
	rates_free(&f->rates);
	allowed_free(&f->allowed);
	free(f->oversize_links);
	free(f->oversize_entries);
	f->oversize_links = f->oversize_entries = NULL;
}
