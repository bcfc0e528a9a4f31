/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_arp.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "relay_frame.h"
#include "relay_port.h"

#define PACKETS 8191
#define CACHE	256

static struct rte_mempool *
pool_new(uint16_t id, const char *what, unsigned int packets)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "%s%u", what, id);
	pool = rte_pktmbuf_pool_create(
		name, packets, CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL)
		fprintf(stderr, "port %u: no memory for packets: %s\n", id,
			rte_strerror(rte_errno));
	return pool;
}

static int
start(struct relay_port *port)
{
	struct rte_eth_conf conf = {0};
	uint16_t rx = RELAY_DESCRIPTORS, tx = RELAY_DESCRIPTORS;
	int rc = rte_eth_dev_configure(port->id, 1, 1, &conf);

	if (rc == 0)
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(port->id, 0, rx, SOCKET_ID_ANY, NULL, port->rx_pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(port->id, 0, tx, SOCKET_ID_ANY, NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(port->id);
	if (rc == 0)
		rc = rte_eth_macaddr_get(port->id, &port->mac);
	/* testpmd's modes send back what is not for us. Not every device can, or has to. */
	if (rc == 0)
		(void)rte_eth_promiscuous_enable(port->id);
	return rc;
}

int
relay_port_open(struct relay_port *port, uint16_t id)
{
	int rc;

	*port = (struct relay_port){.id = id};
	port->rx_pool = pool_new(id, "rx", PACKETS);
	port->tx_pool = pool_new(id, "tx", PACKETS);
	port->arp_pool = pool_new(id, "arp", 127 + CACHE * 2);
	if (port->rx_pool == NULL || port->tx_pool == NULL || port->arp_pool == NULL)
		return -1;
	rc = start(port);
	if (rc < 0) {
		fprintf(stderr, "port %u does not start: %s\n", id, strerror(-rc));
		return -1;
	}
	return 0;
}

bool
relay_port_is_up(const struct relay_port *port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

void
relay_port_close(struct relay_port *port)
{
	(void)rte_eth_dev_stop(port->id);
	(void)rte_eth_dev_close(port->id);
}

static void
send_arp(struct relay_port *port, uint16_t opcode, const struct rte_ether_addr *to)
{
	static const struct rte_ether_addr broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct rte_mbuf *m = rte_pktmbuf_alloc(port->arp_pool);
	struct rte_ether_hdr *eth;
	struct rte_arp_hdr *arp;

	if (m == NULL)
		return;
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, 60);
	memset(eth, 0, 60);
	arp = (struct rte_arp_hdr *)(eth + 1);
	eth->src_addr = port->mac;
	eth->dst_addr = to != NULL ? *to : broadcast;
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
	arp->arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER);
	arp->arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	arp->arp_hlen = RTE_ETHER_ADDR_LEN;
	arp->arp_plen = sizeof(uint32_t);
	arp->arp_opcode = rte_cpu_to_be_16(opcode);
	arp->arp_data.arp_sha = port->mac;
	arp->arp_data.arp_sip = rte_cpu_to_be_32(RELAY_OWN_IP);
	if (to != NULL)
		arp->arp_data.arp_tha = *to;
	arp->arp_data.arp_tip = rte_cpu_to_be_32(RELAY_SEAT_IP);
	if (rte_eth_tx_burst(port->id, 0, &m, 1) == 0)
		rte_pktmbuf_free(m);
}

void
relay_port_ask(struct relay_port *port)
{
	send_arp(port, RTE_ARP_OP_REQUEST, NULL);
}

void
relay_port_other(struct relay_port *port, const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_arp_hdr *arp = (const struct rte_arp_hdr *)(eth + 1);
	uint16_t opcode;

	if (m->data_len < sizeof(*eth) + sizeof(*arp) ||
		eth->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP) ||
		arp->arp_data.arp_sip != rte_cpu_to_be_32(RELAY_SEAT_IP) ||
		arp->arp_data.arp_tip != rte_cpu_to_be_32(RELAY_OWN_IP))
		return;
	opcode = rte_be_to_cpu_16(arp->arp_opcode);
	if (opcode != RTE_ARP_OP_REQUEST && opcode != RTE_ARP_OP_REPLY)
		return;
	port->seat_mac = arp->arp_data.arp_sha;
	port->seat_known = true;
	if (opcode == RTE_ARP_OP_REPLY)
		return;
	port->arps++;
	send_arp(port, RTE_ARP_OP_REPLY, &port->seat_mac);
}
