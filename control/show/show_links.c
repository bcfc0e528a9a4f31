/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "link_tfrc.h"
#include "show_private.h"

uint64_t
show_ring_drops(const struct node *node, const struct link *link)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; i < node->nb_workers; i++)
		sum += counter_read(&node->workers[i]->ring_drops[link->index]);
	return sum - link->ring_drops_before;
}

static bool
link_is_probed(const struct link *link)
{
	return counter_read(&link->live.interval) != 0;
}

static_assert((int)FERRY_STATS_LINK_UNKNOWN == (int)LINK_STATE_unknown &&
		      (int)FERRY_STATS_LINK_UP == (int)LINK_STATE_up &&
		      (int)FERRY_STATS_LINK_DEGRADED == (int)LINK_STATE_degraded &&
		      (int)FERRY_STATS_LINK_DOWN == (int)LINK_STATE_down,
	"states of links");

uint32_t
show_link_state(const struct show_view *view, const struct link *link)
{
	uint64_t heard_at = counter_read(&link->rx.heard_at), now = show_now(view);

	if (!port_is_up(link->port))
		return FERRY_STATS_LINK_PORT_DOWN;
	if (link_header(link) == NULL)
		return FERRY_STATS_LINK_UNRESOLVED;
	if (link_is_probed(link))
		return __atomic_load_n(&link->live.state, __ATOMIC_RELAXED);
	return heard_at != 0 && now < heard_at + LINK_SILENCE_NS ? FERRY_STATS_LINK_UP
								 : FERRY_STATS_LINK_SILENT;
}

static void
show_neighbour_keys(json_t *object, const struct show_view *view, const struct link *link)
{
	struct show_neighbour neighbour = {0};

	if (view->hooks.neighbour == NULL ||
		!view->hooks.neighbour(view->hooks.ctx, link, &neighbour)) {
		json_object_set_new(object, "mac", json_null());
		json_object_set_new(object, "neighbour", json_null());
		return;
	}
	json_object_set_new(
		object, "mac", neighbour.has_mac ? show_mac(&neighbour.mac) : json_null());
	json_object_set_new(object, "neighbour", json_string(neighbour.state));
	json_object_set_new(object, "neighbour_since_s", show_since(view, neighbour.since));
	json_object_set_new(object, "next_hop", show_address(&neighbour.next_hop));
}

static void
show_link_tx(json_t *object, const struct show_view *view, const struct link *link,
	const struct ferry_stats_link *r)
{
	const struct link_tx *tx = &link->tx;
	uint64_t oversize = counter_read(&tx->oversize);

	json_object_set_new(object, "tx_packets", show_number(r->tx_packets));
	json_object_set_new(object, "tx_bytes", show_number(r->tx_bytes));
	json_object_set_new(object, "tx_pps", show_real(r->tx_pps));
	json_object_set_new(object, "tx_bps", show_real(r->tx_bps));
	json_object_set_new(object, "tx_control", show_number(r->tx_control));
	json_object_set_new(object, "tx_drops", show_number(r->tx_drops));
	json_object_set_new(object, "ring_drops", show_number(show_ring_drops(view->node, link)));
	json_object_set_new(object, "oversize", show_number(oversize));
	json_object_set_new(object, "oversize_last_bytes",
		oversize != 0 ? show_count(&tx->oversize_last) : json_null());
	json_object_set_new(object, "flattened", show_count(&tx->flattened));
}

static void
show_link_rx(json_t *object, const struct link *link, const struct ferry_stats_link *r)
{
	json_object_set_new(object, "rx_packets", show_number(r->rx_packets));
	json_object_set_new(object, "rx_bytes", show_number(r->rx_bytes));
	json_object_set_new(object, "rx_pps", show_real(r->rx_pps));
	json_object_set_new(object, "rx_bps", show_real(r->rx_bps));
	json_object_set_new(object, "rx_control", show_number(r->rx_control));
	json_object_set_new(object, "rx_lost", show_number(r->rx_lost));
	json_object_set_new(object, "rx_loss", show_share(r->rx_lost, r->rx_lost + r->rx_packets));
	json_object_set_new(object, "rx_reordered", show_number(r->rx_reordered));
	json_object_set_new(object, "rx_duplicates", show_number(r->rx_duplicates));
	json_object_set_new(object, "epochs", show_count(&link->rx.epochs));
}

static json_t *
show_us(const uint64_t *ns)
{
	uint64_t value = counter_read(ns);

	return value != 0 && value != UINT64_MAX ? show_real((double)value / 1e3) : json_null();
}

/* What the link's owner writes while this is read: numbers right by themselves. */
static void
show_link_probes(json_t *object, const struct show_view *view, const struct link *link,
	const struct ferry_stats_link *r)
{
	const struct liveness *l = &link->live;
	uint64_t error;
	int64_t offset;
	bool known = link_is_probed(link) && liveness_clock_offset(l, &offset, &error);

	json_object_set_new(object, "rtt_us", show_real(r->rtt_us));
	json_object_set_new(object, "state_since_s",
		link_is_probed(link) ? show_since(view, counter_read(&l->since)) : json_null());
	json_object_set_new(object, "rtt_least_us", show_real(r->rtt_least_us));
	json_object_set_new(object, "rtt_deviation_us", show_real(r->rtt_deviation_us));
	json_object_set_new(object, "rtt_latest_us", show_us(&l->rtt.latest));
	json_object_set_new(object, "probes_sent", show_count(&l->sent));
	json_object_set_new(object, "probes_answered", show_count(&l->answers));
	json_object_set_new(object, "probes_late", show_count(&l->late));
	json_object_set_new(object, "probe_loss", show_real(r->probe_loss));
	json_object_set_new(object, "data_loss", show_real(r->data_loss));
	json_object_set_new(object, "clock_offset_us", show_whole(r->clock_offset_us));
	json_object_set_new(
		object, "clock_error_us", known ? show_real((double)error / 2e3) : json_null());
}

double
show_loss_event_rate(const uint32_t *p)
{
	return (double)__atomic_load_n(p, __ATOMIC_RELAXED) / 4294967296.0;
}

/* Rate control: of what we send, and of what comes if the neighbour is told about it. */
static void
show_link_pacing(json_t *object, const struct link *link, const struct ferry_stats_link *r)
{
	const struct tfrc_sender *s = &link->tfrc.sender;
	const struct tfrc_receiver *receiver = &link->rx.tfrc;
	uint64_t rtt = counter_read(&s->rtt);
	bool tfrc = link_is_tfrc(link),
	     reports = __atomic_load_n(&link->rx.reports, __ATOMIC_RELAXED);

	json_object_set_new(object, "pacing", json_string(ferry_stats_pacing_name(r->pacing)));
	json_object_set_new(object, "rate_bps", show_whole(r->rate_bps));
	json_object_set_new(object, "loss_event_rate", show_real(r->loss_event_rate));
	json_object_set_new(
		object, "tfrc_rtt_us", tfrc && rtt != 0 ? show_number(rtt / 1000) : json_null());
	json_object_set_new(object, "reports", tfrc ? show_count(&s->reports) : json_null());
	json_object_set_new(
		object, "reports_ignored", tfrc ? show_count(&link->tfrc.ignored) : json_null());
	json_object_set_new(object, "nofeedback", tfrc ? show_count(&s->expiries) : json_null());
	json_object_set_new(object, "rx_loss_event_rate",
		reports ? show_real(show_loss_event_rate(&receiver->p)) : json_null());
	json_object_set_new(object, "rx_loss_events",
		reports ? show_count(&receiver->history.events) : json_null());
	json_object_set_new(
		object, "rx_reports", reports ? show_count(&receiver->reports) : json_null());
}

json_t *
show_link(const struct show_view *view, const struct link *link)
{
	uint64_t heard_at = counter_read(&link->rx.heard_at);
	uint32_t rtt_peer = rte_be_to_cpu_32(__atomic_load_n(&link->rx.rtt, __ATOMIC_RELAXED));
	const char *name = show_node_name(view, link->node_id);
	struct ferry_stats_link r = {0};
	json_t *object = json_object();

	show_link_record(view, link, &r);
	json_object_set_new(object, "id", show_number(r.id));
	json_object_set_new(object, "name", name != NULL ? json_string(name) : json_null());
	json_object_set_new(object, "port", json_string(link->port->name));
	json_object_set_new(object, "local", show_address(&link->port->addresses[link->local]));
	json_object_set_new(object, "remote", show_address(&link->remote));
	json_object_set_new(object, "udp_port", show_number(link->udp_port));
	json_object_set_new(object, "state", json_string(ferry_stats_link_state_name(r.state)));
	json_object_set_new(object, "silent_s", show_since(view, heard_at));
	show_neighbour_keys(object, view, link);
	show_link_tx(object, view, link, &r);
	show_link_rx(object, link, &r);
	show_link_pacing(object, link, &r);
	json_object_set_new(
		object, "rtt_peer_us", rtt_peer != 0 ? show_number(rtt_peer) : json_null());
	show_link_probes(object, view, link, &r);
	return object;
}

json_t *
show_links(const struct show_view *view, const struct show_filter *filter)
{
	json_t *array = json_array();

	(void)filter;
	for (uint16_t i = 0; i < view->node->max_links; i++) {
		if (view->node->links[i] != NULL)
			json_array_append_new(array, show_link(view, view->node->links[i]));
	}
	return array;
}
