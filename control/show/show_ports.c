/* SPDX-License-Identifier: BSD-3-Clause */
#include "show_private.h"
#include "underlay.h"

static json_t *
show_addresses(const struct port *port)
{
	json_t *array = json_array();

	for (uint8_t i = 0; i < port->nb_addresses; i++)
		json_array_append_new(array, show_address(&port->addresses[i]));
	return array;
}

static json_t *
show_offloads(uint32_t offloads)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{PORT_RX_IP_CHECKSUM, "rx-ip-checksum"},
		{PORT_RX_UDP_CHECKSUM, "rx-udp-checksum"},
		{PORT_TX_UDP_CHECKSUM, "tx-udp-checksum"},
		{PORT_TX_CHAINS, "tx-chains"},
	};
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((offloads & names[i].bit) != 0)
			json_array_append_new(array, json_string(names[i].name));
	}
	return array;
}

/* What the device counts; its losses come after "sent" and are not Ferry's drops. */
static json_t *
show_device_counters(const struct show_view *view, const struct port *port)
{
	const struct rates_port *rates = &view->rates->ports[port->index];
	struct show_device device = {0};
	json_t *object, *losses;

	if (view->hooks.device == NULL || !view->hooks.device(view->hooks.ctx, port, &device))
		return json_null();
	object = json_object();
	losses = json_array();
	json_object_set_new(object, "rx_packets", show_number(device.rx_packets));
	json_object_set_new(object, "rx_bytes", show_number(device.rx_bytes));
	json_object_set_new(object, "rx_pps", show_rate(&rates->rx.packets, 1));
	json_object_set_new(object, "rx_bps", show_rate(&rates->rx.bytes, 8));
	json_object_set_new(object, "tx_packets", show_number(device.tx_packets));
	json_object_set_new(object, "tx_bytes", show_number(device.tx_bytes));
	json_object_set_new(object, "tx_pps", show_rate(&rates->tx.packets, 1));
	json_object_set_new(object, "tx_bps", show_rate(&rates->tx.bytes, 8));
	for (uint32_t i = 0; i < device.nb_losses && i < SHOW_LOSSES_MAX; i++)
		json_array_append_new(
			losses, json_pack("{s:s, s:I, s:s}", "loss", device.losses[i].name,
					"packets", (json_int_t)device.losses[i].packets, "text",
					device.losses[i].text));
	json_object_set_new(object, "losses", losses);
	return object;
}

/* The line lies before the port: what it loses was never received, and is not Ferry's drop. */
static json_t *
show_impair(const struct show_view *view, const struct port *port)
{
	struct impair_counters counters;
	json_t *object, *losses;

	if (view->hooks.impair == NULL || !view->hooks.impair(view->hooks.ctx, port, &counters))
		return json_null();
	object = json_object();
	losses = json_array();
	for (int i = 0; i < IMPAIR_FIRST_LOSS; i++)
		json_object_set_new(object, impair_event_name(i), show_number(counters.events[i]));
	json_object_set_new(object, "held", show_number(counters.held));
	json_object_set_new(object, "held_max", show_number(counters.held_max));
	for (int i = IMPAIR_FIRST_LOSS; i < IMPAIR_EVENT_COUNT; i++)
		json_array_append_new(losses,
			json_pack("{s:s, s:I, s:s}", "loss", impair_event_name(i), "packets",
				(json_int_t)counters.events[i], "text", impair_event_text(i)));
	json_object_set_new(object, "losses", losses);
	return object;
}

json_t *
show_port(const struct show_view *view, const struct port *port)
{
	json_t *object = json_object();
	const char *device = NULL;

	for (uint32_t i = 0; i < view->config->port_count; i++) {
		if (strcmp(view->config->ports[i].name, port->name) == 0)
			device = view->config->ports[i].device;
	}
	json_object_set_new(object, "name", json_string(port->name));
	json_object_set_new(object, "device", device != NULL ? json_string(device) : json_null());
	json_object_set_new(object, "state", json_string(port_is_up(port) ? "up" : "down"));
	json_object_set_new(object, "mac", show_mac(&port->mac));
	json_object_set_new(object, "mtu_bytes", show_number(port->mtu));
	json_object_set_new(
		object, "vlan", port->vlan != 0 ? show_number(port->vlan) : json_null());
	json_object_set_new(object, "udp_port", show_number(port->udp_port));
	json_object_set_new(object, "addresses", show_addresses(port));
	json_object_set_new(object, "address_conflicts",
		view->underlay != NULL
			? show_number(underlay_conflicts(view->underlay, port->index))
			: json_null());
	json_object_set_new(object, "rx_queues", show_number(port->rx_queues));
	json_object_set_new(object, "tx_queues", show_number(port->tx_queues));
	json_object_set_new(object, "offloads", show_offloads(port->offloads));
	json_object_set_new(object, "device_counters", show_device_counters(view, port));
	json_object_set_new(object, "impair", show_impair(view, port));
	return object;
}

json_t *
show_ports(const struct show_view *view, const struct show_filter *filter)
{
	json_t *array = json_array();

	(void)filter;
	for (uint16_t i = 0; i < view->node->nb_ports; i++)
		json_array_append_new(array, show_port(view, view->node->ports[i]));
	return array;
}
