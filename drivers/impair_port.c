/* SPDX-License-Identifier: BSD-3-Clause */
#include "impair_port.h"

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct impair_port *wrap = port->driver;
	uint16_t came = wrap->inner->ops->rx_burst(wrap->inner, queue, pkts, n, now);

	impair_lane_put(&wrap->lane, pkts, came, now);
	return impair_lane_take(&wrap->lane, pkts, n, now);
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct impair_port *wrap = port->driver;

	return wrap->inner->ops->tx_burst(wrap->inner, queue, pkts, n, now);
}

static uint64_t
rx_next(const struct port *port, uint16_t queue)
{
	const struct impair_port *wrap = port->driver;

	(void)queue;
	return impair_lane_next(&wrap->lane);
}

static int
rx_fd(const struct port *port, uint16_t queue)
{
	const struct impair_port *wrap = port->driver;
	const struct port *inner = wrap->inner;

	return inner->ops->rx_fd != NULL ? inner->ops->rx_fd(inner, queue) : -1;
}

static const struct port_ops impair_ops = {
	.rx_burst = rx_burst, .tx_burst = tx_burst, .rx_next = rx_next, .rx_fd = rx_fd};

int
impair_port_init(struct impair_port *wrap, struct port *port, struct port *inner,
	const struct impair_settings *settings)
{
	struct line_params line = impair_settings_line(settings);

	*port = *inner;
	port->ops = &impair_ops;
	port->driver = wrap;
	wrap->inner = inner;
	return impair_lane_init(&wrap->lane, &line, (uint32_t)settings->frames, settings->seed);
}

void
impair_port_fini(struct impair_port *wrap)
{
	impair_lane_fini(&wrap->lane);
}
