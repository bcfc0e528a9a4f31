/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator's side of a port: one receive and one send queue of any Ethernet device of DPDK,
 * and as much of a neighbour as a node needs to find it: ARP. One thread.
 */
#ifndef FERRY_BENCH_RELAY_PORT_H
#define FERRY_BENCH_RELAY_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mempool.h>

#define RELAY_DESCRIPTORS 1024

struct relay_port {
	uint16_t id;
	struct rte_mempool *rx_pool, *tx_pool; /* what is sent comes of tx_pool alone */
	struct rte_mempool *arp_pool;
	struct rte_ether_addr mac;
	struct rte_ether_addr seat_mac;
	bool seat_known;   /* its MAC address is */
	uint64_t link_seq; /* of the next frame sent on this link */
	uint64_t arps;	   /* requests answered */
};

/* Sets up and starts the device. 0, or -1 with a message on stderr. */
int relay_port_open(struct relay_port *port, uint16_t id);
bool relay_port_is_up(const struct relay_port *port);
void relay_port_close(struct relay_port *port);

/* Asks who has the seat's address. */
void relay_port_ask(struct relay_port *port);

/*
 * A frame that is not one of the trial's: answers ARP, learns the seat's MAC. m stays the caller's.
 */
void relay_port_other(struct relay_port *port, const struct rte_mbuf *m);

#endif
