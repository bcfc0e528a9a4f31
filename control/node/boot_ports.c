/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "ferryd.h"
#include "log.h"

static int
impair(struct ferryd_port *p, const struct config_port *config)
{
	if (impair_port_init(&p->impair, &p->port, &p->device, &config->impair) < 0) {
		log_line(LOG_ERR, "%s:%u: port %s: out of memory for its impaired line",
			config->where.file, config->where.line, config->name);
		return -1;
	}
	p->impaired = true;
	log_line(LOG_INFO, "port %s: what it receives is impaired, as it is told to", config->name);
	return 0;
}

static int
open_port(struct ferryd *f, const struct config_port *config, struct ferryd_port *p)
{
	struct ethdev_params params = {
		.device = config->device,
		.rx_queues = (uint16_t)config->queues,
		.tx_queues = (uint16_t)f->config->node.workers,
		.rx_descriptors = (uint16_t)config->rx_descriptors,
		.tx_descriptors = (uint16_t)config->tx_descriptors,
		.mtu = (uint16_t)config->mtu,
	};
	struct ethdev_error error;

	snprintf(p->device.name, sizeof(p->device.name), "%s", config->name);
	p->device.vlan = (uint16_t)config->vlan;
	p->device.udp_port = (uint16_t)config->udp_port;
	p->device.nb_addresses = (uint8_t)config->address_count;
	for (uint32_t i = 0; i < config->address_count; i++)
		p->device.addresses[i] = underlay_addr_to(&config->addresses[i].addr);
	if (ethdev_open(&p->device, &p->dev, &params, &error) < 0) {
		log_line(LOG_ERR, "%s:%u: port %s: %s", config->where.file, config->where.line,
			config->name, error.text);
		return -1;
	}
	p->opened = true;
	if (p->device.tx_queues < f->config->node.workers)
		log_line(LOG_INFO, "port %s: %u send queue%s for %u workers: the others hand over",
			config->name, p->device.tx_queues, p->device.tx_queues == 1 ? "" : "s",
			f->config->node.workers);
	p->port = p->device;
	if (config->impaired && impair(p, config) < 0)
		return -1;
	return node_add_port(f->node, &p->port);
}

/* Why memory that was there as the start looked (boot_eal.c) is not. */
static const char *
memory_hint(const struct ferryd *f)
{
	if (f->config->node.eal_count > 0)
		return "; the node needs the MiB told above, look at node.eal";
	if (f->eal.no_huge)
		return "";
	return "; hugepages were enough as the node began, so another process has taken some "
	       "since: start it again, or give the machine more (vm.nr_hugepages)";
}

int
boot_ports(void *ctx)
{
	struct ferryd *f = ctx;
	struct ethdev_error error;
	const char *reason;

	for (uint32_t i = 0; i < f->config->port_count; i++)
		if (open_port(f, &f->config->ports[i], &f->ports[i]) < 0)
			return -1;
	if (node_layout(f->node, &f->budget, &reason) < 0) {
		log_line(LOG_ERR, "%s%s", reason, memory_hint(f));
		return -1;
	}
	eal_turn_give(&f->eal_turn);
	for (uint32_t i = 0; i < f->config->port_count; i++) {
		const struct config_port *config = &f->config->ports[i];

		if (ethdev_start(&f->ports[i].device, f->node->pool, &error) == 0)
			continue;
		log_line(LOG_ERR, "%s:%u: port %s: %s", config->where.file, config->where.line,
			config->name, error.text);
		return -1;
	}
	return 0;
}

void
undo_ports(void *ctx)
{
	struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->config->port_count; i++) {
		if (!f->ports[i].opened)
			continue;
		if (f->ports[i].impaired)
			impair_port_fini(&f->ports[i].impair);
		ethdev_stop(&f->ports[i].device);
		ethdev_close(&f->ports[i].device);
	}
}
