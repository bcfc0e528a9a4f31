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
show_link_tx(json_t *object, const struct show_view *view, const struct link *link)
{
	const struct rates_link *rates = &view->rates->links[link->index];
	const struct link_tx *tx = &link->tx;
	uint64_t oversize = counter_read(&tx->oversize);

	json_object_set_new(object, "tx_packets", show_count(&tx->packets));
	json_object_set_new(object, "tx_bytes", show_count(&tx->bytes));
	json_object_set_new(object, "tx_pps", show_rate(&rates->tx.packets, 1));
	json_object_set_new(object, "tx_bps", show_rate(&rates->tx.bytes, 8));
	json_object_set_new(object, "tx_control", show_count(&tx->control));
	json_object_set_new(object, "tx_drops", show_count(&tx->drops));
	json_object_set_new(object, "ring_drops", show_number(show_ring_drops(view->node, link)));
	json_object_set_new(object, "oversize", show_number(oversize));
	json_object_set_new(object, "oversize_last_bytes",
		oversize != 0 ? show_count(&tx->oversize_last) : json_null());
	json_object_set_new(object, "flattened", show_count(&tx->flattened));
}

static void
show_link_rx(json_t *object, const struct show_view *view, const struct link *link)
{
	const struct rates_link *rates = &view->rates->links[link->index];
	const struct link_rx *rx = &link->rx;
	uint64_t packets = counter_read(&rx->packets);
	uint64_t lost = counter_read(&rx->lost_before) + counter_read(&rx->window.missing);

	json_object_set_new(object, "rx_packets", show_number(packets));
	json_object_set_new(object, "rx_bytes", show_count(&rx->bytes));
	json_object_set_new(object, "rx_pps", show_rate(&rates->rx.packets, 1));
	json_object_set_new(object, "rx_bps", show_rate(&rates->rx.bytes, 8));
	json_object_set_new(object, "rx_control", show_count(&rx->control));
	json_object_set_new(object, "lost", show_number(lost));
	json_object_set_new(object, "loss_share", show_share(lost, lost + packets));
	json_object_set_new(object, "reordered", show_count(&rx->reordered));
	json_object_set_new(object, "duplicates", show_count(&rx->duplicates));
	json_object_set_new(object, "epochs", show_count(&rx->epochs));
}

static json_t *
show_us(const uint64_t *ns)
{
	uint64_t value = counter_read(ns);

	return value != 0 && value != UINT64_MAX ? show_real((double)value / 1e3) : json_null();
}

/* What the link's owner writes while this is read: numbers right by themselves. */
static void
show_link_probes(json_t *object, const struct show_view *view, const struct link *link)
{
	const struct liveness *l = &link->live;
	uint64_t least = rtt_least(&l->rtt), error;
	int64_t offset;
	bool known = link_is_probed(link) && liveness_clock_offset(l, &offset, &error);

	json_object_set_new(object, "state_since_s",
		link_is_probed(link) ? show_since(view, counter_read(&l->since)) : json_null());
	json_object_set_new(object, "rtt_least_us", show_us(&least));
	json_object_set_new(object, "rtt_deviation_us", show_us(&l->rtt.deviation));
	json_object_set_new(object, "rtt_latest_us", show_us(&l->rtt.latest));
	json_object_set_new(object, "probes_sent", show_count(&l->sent));
	json_object_set_new(object, "probes_answered", show_count(&l->answers));
	json_object_set_new(object, "probes_late", show_count(&l->late));
	json_object_set_new(object, "probe_loss_share",
		l->verdicts != 0 ? show_real((double)liveness_loss_ppm(l) * 1e-6) : json_null());
	json_object_set_new(object, "data_loss_share",
		link_is_probed(link) ? show_real((double)l->data_loss / 65536) : json_null());
	json_object_set_new(
		object, "clock_offset_us", known ? json_integer((json_int_t)offset) : json_null());
	json_object_set_new(
		object, "clock_error_us", known ? show_real((double)error / 2e3) : json_null());
}

static json_t *
show_loss_event_rate(const uint32_t *p)
{
	return json_real((double)__atomic_load_n(p, __ATOMIC_RELAXED) / 4294967296.0);
}

/* Rate control: of what we send, and of what comes if the neighbour is told about it. */
static void
show_link_pacing(json_t *object, const struct link *link)
{
	const struct tfrc_sender *s = &link->tfrc.sender;
	const struct tfrc_receiver *r = &link->rx.tfrc;
	uint64_t rate = counter_read(&link->tx.pacer.rate), rtt = counter_read(&s->rtt);
	bool tfrc = link_is_tfrc(link),
	     reports = __atomic_load_n(&link->rx.reports, __ATOMIC_RELAXED);

	json_object_set_new(object, "pacing", json_string(ferry_stats_pacing_name(link->pacing)));
	json_object_set_new(
		object, "rate_allowed_bps", rate != 0 ? show_number(rate * 8) : json_null());
	json_object_set_new(
		object, "tx_loss_event_rate", tfrc ? show_loss_event_rate(&s->p) : json_null());
	json_object_set_new(
		object, "tfrc_rtt_us", tfrc && rtt != 0 ? show_number(rtt / 1000) : json_null());
	json_object_set_new(object, "reports", tfrc ? show_count(&s->reports) : json_null());
	json_object_set_new(
		object, "reports_ignored", tfrc ? show_count(&link->tfrc.ignored) : json_null());
	json_object_set_new(object, "nofeedback", tfrc ? show_count(&s->expiries) : json_null());
	json_object_set_new(
		object, "rx_loss_event_rate", reports ? show_loss_event_rate(&r->p) : json_null());
	json_object_set_new(
		object, "rx_loss_events", reports ? show_count(&r->history.events) : json_null());
	json_object_set_new(object, "rx_reports", reports ? show_count(&r->reports) : json_null());
}

json_t *
show_link(const struct show_view *view, const struct link *link)
{
	uint64_t heard_at = counter_read(&link->rx.heard_at);
	uint32_t rtt = rte_be_to_cpu_32(__atomic_load_n(&link->tx.rtt, __ATOMIC_RELAXED));
	uint32_t rtt_peer = rte_be_to_cpu_32(__atomic_load_n(&link->rx.rtt, __ATOMIC_RELAXED));
	const char *name = show_node_name(view, link->node_id);
	json_t *object = json_object();

	json_object_set_new(object, "id", show_number(link->node_id));
	json_object_set_new(object, "name", name != NULL ? json_string(name) : json_null());
	json_object_set_new(object, "port", json_string(link->port->name));
	json_object_set_new(object, "local", show_address(&link->port->addresses[link->local]));
	json_object_set_new(object, "remote", show_address(&link->remote));
	json_object_set_new(object, "udp_port", show_number(link->udp_port));
	json_object_set_new(object, "state",
		json_string(ferry_stats_link_state_name(show_link_state(view, link))));
	json_object_set_new(object, "silent_s", show_since(view, heard_at));
	show_neighbour_keys(object, view, link);
	show_link_tx(object, view, link);
	show_link_rx(object, view, link);
	show_link_pacing(object, link);
	json_object_set_new(object, "rtt_us", rtt != 0 ? show_number(rtt) : json_null());
	json_object_set_new(
		object, "rtt_peer_us", rtt_peer != 0 ? show_number(rtt_peer) : json_null());
	show_link_probes(object, view, link);
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
