/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port: what a node receives from and sends to. A driver fills the structure and its table of
 * functions; the pipeline calls one function a burst. A driver knows nothing of links or sessions.
 */
#ifndef FERRY_PORT_H
#define FERRY_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "address.h"

#define PORT_ADDRESSES_MAX  8
#define PORT_ADDRESS_PLACES 32
#define PORT_NAME_MAX	    32
#define PORT_QUEUES_MAX	    16

/* What a port's device does in hardware, or allows. */
#define PORT_RX_IP_CHECKSUM  0x01 /* says of each packet whether its IPv4 checksum is right */
#define PORT_RX_UDP_CHECKSUM 0x02
#define PORT_TX_UDP_CHECKSUM 0x04
#define PORT_TX_CHAINS	     0x08 /* sends packets of several segments */

struct port;

struct port_ops {
	/*
	 * Takes up to n packets from a queue; they are the caller's. One worker a queue. Bounded,
	 * does not wait. now is for simulated ports.
	 */
	uint16_t (*rx_burst)(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n,
		uint64_t now);
	/*
	 * Sends the first of n packets, returns how many: those are the port's, the rest remains
	 * the caller's. One worker a queue. Does not wait.
	 */
	uint16_t (*tx_burst)(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n,
		uint64_t now);
	/*
	 * When the next packet comes out of what the port itself holds back; UINT64_MAX if there
	 * is none. The queue's worker does not sleep past it. NULL: the port holds nothing back.
	 */
	uint64_t (*rx_next)(const struct port *port, uint16_t queue);
	/*
	 * A descriptor that poll(2) finds readable while packets wait in a queue; -1: there is
	 * none. Of several queues of a port any may have that of any. NULL: -1.
	 */
	int (*rx_fd)(const struct port *port, uint16_t queue);
};

struct port {
	const struct port_ops *ops;
	void *driver; /* the driver's own */

	char name[PORT_NAME_MAX];
	uint16_t index; /* in the node */
	uint16_t rx_queues;
	uint16_t tx_queues;
	uint16_t mtu;	   /* of IP packets, bytes */
	uint16_t vlan;	   /* 0 = untagged */
	uint16_t udp_port; /* on which links arrive, host order */
	uint32_t offloads;
	struct rte_ether_addr mac;

	/* The node's own addresses; constant while workers run. */
	uint8_t nb_addresses;
	uint8_t address_at[PORT_ADDRESS_PLACES]; /* port_learn_addresses */
	struct address addresses[PORT_ADDRESSES_MAX];

	/*
	 * Written by the control thread, read by workers: nothing is sent on a port that is down.
	 */
	bool up;
};

/*
 * Which of the port's addresses an address is; -1: none. Where clients use several in turn, a
 * search would end at another one each time, which no processor foresees: so where an address most
 * likely stands is told by its last byte.
 */
static inline int
port_find_address(const struct port *port, const struct address *address)
{
	uint8_t at = port->address_at[address->bytes[15] % PORT_ADDRESS_PLACES];

	if (likely(address_equal(&port->addresses[at], address)) && likely(at < port->nb_addresses))
		return at;
	for (uint8_t i = 0; i < port->nb_addresses; i++)
		if (address_equal(&port->addresses[i], address))
			return i;
	return -1;
}

/* Before workers run: finds are right without it, but slow where the port has many addresses. */
static inline void
port_learn_addresses(struct port *port)
{
	for (uint8_t i = port->nb_addresses; i-- > 0;)
		port->address_at[port->addresses[i].bytes[15] % PORT_ADDRESS_PLACES] = i;
}

static inline bool
port_is_up(const struct port *port)
{
	return __atomic_load_n(&port->up, __ATOMIC_RELAXED);
}

static inline void
port_set_up(struct port *port, bool up)
{
	__atomic_store_n(&port->up, up, __ATOMIC_RELAXED);
}

#endif
