/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port over any DPDK Ethernet device. Control thread, except for the bursts.
 *
 * ethdev_open finds the device that the EAL probed and says what it offers; ethdev_start, once the
 * node has its pools, configures and starts it.
 */
#ifndef FERRY_ETHDEV_H
#define FERRY_ETHDEV_H

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "port.h"

struct ethdev_params {
	const char *device;	 /* as the EAL was given it: name or PCI address, then devargs */
	uint16_t rx_queues;	 /* wanted; an error if the device has fewer */
	uint16_t tx_queues;	 /* wanted; the device may have fewer */
	uint16_t rx_descriptors; /* of each queue; the device may round down, an error if up */
	uint16_t tx_descriptors;
	uint16_t mtu;
};

struct ethdev {
	uint16_t port_id;
	uint16_t rx_descriptors, tx_descriptors; /* as the device rounded them */
	unsigned int if_index; /* of the kernel's interface below, 0 if there is none */
	struct rte_eth_dev_info info;
	int rx_fds[PORT_QUEUES_MAX]; /* that tell of packets; -1 = none */
	bool started;
};

/* Why the last call failed: what is wrong, what would be right. */
struct ethdev_error {
	char text[256];
};

/*
 * Fills port (driver, ops, queues, offloads, mac, mtu); name, addresses and VLAN are the caller's.
 * dev is the caller's memory and lives as long as the port. 0 or -1.
 */
int ethdev_open(struct port *port, struct ethdev *dev, const struct ethdev_params *params,
	struct ethdev_error *error);

/* 0 or -1. */
int ethdev_start(struct port *port, struct rte_mempool *pool, struct ethdev_error *error);
void ethdev_stop(struct port *port);
void ethdev_close(struct port *port);

/* Does the device itself say that its link is up? Not all follow it. */
bool ethdev_link_up(const struct port *port);

/* The device's own counters. 0 or -1. */
int ethdev_stats(const struct port *port, struct rte_eth_stats *stats);

#endif
