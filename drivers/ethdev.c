/* SPDX-License-Identifier: BSD-3-Clause */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ethdev.h"
#include "packet_socket.h"

static inline struct ethdev *
ethdev_of(const struct port *port)
{
	return port->driver;
}

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	(void)now;
	return rte_eth_rx_burst(ethdev_of(port)->port_id, queue, pkts, n);
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	(void)now;
	return rte_eth_tx_burst(ethdev_of(port)->port_id, queue, pkts, n);
}

static int
rx_fd(const struct port *port, uint16_t queue)
{
	return ethdev_of(port)->rx_fds[queue];
}

static const struct port_ops ethdev_ops = {
	.rx_burst = rx_burst, .tx_burst = tx_burst, .rx_fd = rx_fd};

static void
find_rx_fds(const struct port *port, struct ethdev *dev)
{
	unsigned int n = 0;

	if (strcmp(dev->info.driver_name, "net_af_packet") == 0 && dev->if_index != 0)
		n = packet_socket_find(dev->if_index, dev->rx_fds, PORT_QUEUES_MAX);
	/* With more queues than we use, or less than all known, none stands for all. */
	for (unsigned int q = 0; q < PORT_QUEUES_MAX && n != port->rx_queues; q++)
		dev->rx_fds[q] = -1;
}

/* What our offload bits stand for in DPDK's. */
static const struct {
	uint32_t ours;
	uint64_t rx, tx;
} offload_map[] = {
	{PORT_RX_IP_CHECKSUM, RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, 0},
	{PORT_RX_UDP_CHECKSUM, RTE_ETH_RX_OFFLOAD_UDP_CKSUM, 0},
	{PORT_TX_UDP_CHECKSUM, 0, RTE_ETH_TX_OFFLOAD_UDP_CKSUM},
	{PORT_TX_CHAINS, 0, RTE_ETH_TX_OFFLOAD_MULTI_SEGS},
};

static uint32_t
offloads_of(const struct rte_eth_dev_info *info)
{
	uint32_t offloads = 0;

	for (size_t i = 0; i < RTE_DIM(offload_map); i++)
		if ((info->rx_offload_capa & offload_map[i].rx) == offload_map[i].rx &&
			(info->tx_offload_capa & offload_map[i].tx) == offload_map[i].tx)
			offloads |= offload_map[i].ours;
	return offloads;
}

static int
find_device(const char *device, uint16_t *port_id)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	return rte_eth_dev_get_port_by_name(name, port_id);
}

/* The likeliest reason; DPDK has told its own in the lines before. */
static const char *
why_not_found(const char *device)
{
	const char *interface = strstr(device, ",iface=");
	char name[IF_NAMESIZE] = "";

	if (interface != NULL)
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(interface + 7, ","),
			interface + 7);
	/* Others make theirs. */
	if (interface != NULL && strncmp(device, "net_af_", 7) == 0 && if_nametoindex(name) == 0)
		return "there is no interface of that name here";
	if (geteuid() != 0)
		return "only root may open devices, and another user runs this";
	if (strncmp(device, "net_", 4) == 0)
		return "are its arguments right?";
	return "is it bound to a DPDK driver? dpdk-devbind.py --status tells";
}

int
ethdev_open(struct port *port, struct ethdev *dev, const struct ethdev_params *params,
	struct ethdev_error *error)
{
	int rc;

	if (find_device(params->device, &dev->port_id) < 0) {
		snprintf(error->text, sizeof(error->text), "device \"%s\" was not found; %s",
			params->device, why_not_found(params->device));
		return -1;
	}
	rc = rte_eth_dev_info_get(dev->port_id, &dev->info);
	if (rc < 0) {
		snprintf(error->text, sizeof(error->text), "device \"%s\" does not answer: %s",
			params->device, strerror(-rc));
		return -1;
	}
	if (params->rx_queues > dev->info.max_rx_queues) {
		snprintf(error->text, sizeof(error->text),
			"queues = %u: device \"%s\" has %u at most", params->rx_queues,
			params->device, dev->info.max_rx_queues);
		return -1;
	}
	port->ops = &ethdev_ops;
	port->driver = dev;
	port->rx_queues = params->rx_queues;
	port->tx_queues = RTE_MIN(params->tx_queues, dev->info.max_tx_queues);
	port->offloads = offloads_of(&dev->info);
	port->mtu = params->mtu;
	dev->rx_descriptors = params->rx_descriptors;
	dev->tx_descriptors = params->tx_descriptors;
	dev->if_index = dev->info.if_index;
	find_rx_fds(port, dev);
	rc = rte_eth_macaddr_get(dev->port_id, &port->mac);
	if (rc < 0) {
		snprintf(error->text, sizeof(error->text), "device \"%s\" has no MAC address: %s",
			params->device, strerror(-rc));
		return -1;
	}
	return 0;
}

/* All datagrams of a link share addresses and UDP ports, so they hash to one queue. */
static void
want_rss(struct rte_eth_conf *conf, const struct port *port, const struct ethdev *dev)
{
	uint64_t types = dev->info.flow_type_rss_offloads &
			 (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP |
				 RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6);

	if (port->rx_queues == 1 || types == 0)
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = types;
}

/* The node's buffers are counted for as many as were asked for, and no more. */
static bool
takes_descriptors(const char *key, uint16_t wanted, uint16_t given, struct ethdev_error *error)
{
	if (given <= wanted)
		return true;
	snprintf(error->text, sizeof(error->text),
		"%s = %u: the device rounds that up to %u: set it so", key, wanted, given);
	return false;
}

static int
configure(struct port *port, struct ethdev *dev)
{
	struct rte_eth_conf conf = {0};
	int rc;

	for (size_t i = 0; i < RTE_DIM(offload_map); i++) {
		if (port->offloads & offload_map[i].ours) {
			conf.rxmode.offloads |= offload_map[i].rx;
			conf.txmode.offloads |= offload_map[i].tx;
		}
	}
	want_rss(&conf, port, dev);
	rc = rte_eth_dev_configure(dev->port_id, port->rx_queues, port->tx_queues, &conf);
	if (rc < 0)
		return rc;
	return rte_eth_dev_adjust_nb_rx_tx_desc(
		dev->port_id, &dev->rx_descriptors, &dev->tx_descriptors);
}

static int
set_up_queues(struct port *port, struct ethdev *dev, struct rte_mempool *pool)
{
	int rc = 0;

	for (uint16_t q = 0; q < port->rx_queues && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(
			dev->port_id, q, dev->rx_descriptors, SOCKET_ID_ANY, NULL, pool);
	for (uint16_t q = 0; q < port->tx_queues && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(
			dev->port_id, q, dev->tx_descriptors, SOCKET_ID_ANY, NULL);
	return rc;
}

/* Of the two limits that a device names, of IP packets and of frames, the one that holds. */
static uint32_t
largest_mtu(const struct ethdev *dev)
{
	const uint32_t headers = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	const struct rte_eth_dev_info *info = &dev->info;

	if (info->max_mtu != UINT16_MAX || info->max_rx_pktlen <= headers)
		return info->max_mtu;
	return RTE_MIN(info->max_rx_pktlen - headers, (uint32_t)UINT16_MAX);
}

/* What is above Ethernet's own must be within the limits; some drivers name none for that. */
static bool
takes_mtu(const struct port *port, const struct ethdev *dev, struct ethdev_error *error)
{
	uint32_t most = largest_mtu(dev);

	if (port->mtu <= RTE_ETHER_MTU || port->mtu <= most)
		return true;
	snprintf(error->text, sizeof(error->text),
		"mtu = %u: the device's driver, %s, takes %u at most", port->mtu,
		dev->info.driver_name, most);
	return false;
}

/* Devices that cannot be told an MTU carry Ethernet's. */
static int
set_mtu(const struct port *port, const struct ethdev *dev)
{
	int rc = rte_eth_dev_set_mtu(dev->port_id, port->mtu);

	return rc == -ENOTSUP && port->mtu <= RTE_ETHER_MTU ? 0 : rc;
}

/* Neighbour solicitations come to multicast MACs: all of them, or else everything. */
static void
hear_multicast(const struct ethdev *dev)
{
	if (rte_eth_allmulticast_enable(dev->port_id) < 0)
		(void)rte_eth_promiscuous_enable(dev->port_id);
}

/* Some drivers return but -1, which is no errno. */
static const char *
failure(const struct ethdev *dev, int rc)
{
	if (rc != -1)
		return strerror(-rc);
	return strcmp(dev->info.driver_name, "net_memif") == 0
		       ? "a memif client must find its server there: start the server's side first"
		       : "its driver does not say why";
}

int
ethdev_start(struct port *port, struct rte_mempool *pool, struct ethdev_error *error)
{
	struct ethdev *dev = ethdev_of(port);
	uint16_t rx_descriptors = dev->rx_descriptors, tx_descriptors = dev->tx_descriptors;
	const char *step = "configured";
	int rc;

	if (!takes_mtu(port, dev, error))
		return -1;
	rc = configure(port, dev);
	if (rc == 0 &&
		(!takes_descriptors("rx_descriptors", rx_descriptors, dev->rx_descriptors, error) ||
			!takes_descriptors(
				"tx_descriptors", tx_descriptors, dev->tx_descriptors, error)))
		return -1;
	if (rc == 0) {
		step = "given its queues";
		rc = set_up_queues(port, dev, pool);
	}
	if (rc == 0) {
		rc = set_mtu(port, dev);
		if (rc < 0) {
			snprintf(error->text, sizeof(error->text),
				"mtu = %u: the device refuses it: %s; it offers %u to %u",
				port->mtu, strerror(-rc), dev->info.min_mtu, largest_mtu(dev));
			return -1;
		}
		step = "started";
		rc = rte_eth_dev_start(dev->port_id);
	}
	if (rc < 0) {
		snprintf(error->text, sizeof(error->text), "the device cannot be %s: %s", step,
			failure(dev, rc));
		return -1;
	}
	dev->started = true;
	hear_multicast(dev);
	return 0;
}

void
ethdev_stop(struct port *port)
{
	struct ethdev *dev = ethdev_of(port);

	if (dev->started)
		(void)rte_eth_dev_stop(dev->port_id);
	dev->started = false;
}

void
ethdev_close(struct port *port)
{
	(void)rte_eth_dev_close(ethdev_of(port)->port_id);
}

bool
ethdev_link_up(const struct port *port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(ethdev_of(port)->port_id, &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

int
ethdev_stats(const struct port *port, struct rte_eth_stats *stats)
{
	return rte_eth_stats_get(ethdev_of(port)->port_id, stats);
}
