/* SPDX-License-Identifier: BSD-3-Clause */
/* The hosts beside the nodes, and what a node's control thread would do with packets. */
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "payload.h"
#include "sim.h"

/* RFC 1071 over bytes, added to a sum. */
static uint32_t
add_bytes(uint32_t sum, const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += (i & 1) != 0 ? data[i] : (uint32_t)data[i] << 8;
	return sum;
}

static uint16_t
finish_sum(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* IP header from the host to the node; returns its length and adds to *pseudo. */
static uint32_t
put_ip(uint8_t *p, const struct sim_wire *sw, uint32_t udp_len, uint32_t *pseudo)
{
	if (sw->line.ipv6) {
		memset(p, 0, 40);
		p[0] = 0x60;
		put16(p + 4, udp_len);
		p[6] = 17;
		p[7] = 64;
		memcpy(p + 8, sw->address[1].bytes, 16);
		memcpy(p + 24, sw->address[0].bytes, 16);
		*pseudo = add_bytes(17 + udp_len, p + 8, 32);
		return 40;
	}
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, 20 + udp_len);
	p[6] = 0x40;
	p[8] = 64;
	p[9] = 17;
	memcpy(p + 12, sw->address[1].bytes + 12, 4);
	memcpy(p + 16, sw->address[0].bytes + 12, 4);
	put16(p + 10, finish_sum(add_bytes(0, p, 20)));
	*pseudo = add_bytes(17 + udp_len, p + 12, 8);
	return 20;
}

/* A client's UDP source port varies with the packet, so that queues are filled alike. */
static void
put_frame(uint8_t *p, const struct sim_wire *sw, uint32_t session, uint64_t number, uint16_t len)
{
	uint32_t udp_len = len + 8u, sum, ip;

	memcpy(p, sw->mac[0].addr_bytes, 6);
	memcpy(p + 6, sw->mac[1].addr_bytes, 6);
	put16(p + 12, sw->line.ipv6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	ip = put_ip(p + 14, sw, udp_len, &sum);
	p += 14 + ip;
	put16(p, 40000 + (uint32_t)(number % 64));
	put16(p + 2, SIM_INGRESS_PORT + session);
	put16(p + 4, udp_len);
	put16(p + 6, 0);
	payload_make(p + 8, len, session, number);
	sum = finish_sum(add_bytes(sum, p, udp_len));
	/* Over IPv4 every other one goes without (RFC 768). */
	if (sw->line.ipv6 || number % 2 != 0)
		put16(p + 6, sum != 0 ? sum : 0xffff);
}

void
sim_host_send(struct sim *sim, uint32_t session, uint16_t len)
{
	struct sim_session *s = &sim->sessions[session];
	const struct sim_node *sn = &sim->nodes[s->source];
	const struct sim_wire *sw = &sim->wires[sn->wires[sn->nb_ports - 1]];
	struct port *port = wire_port(sw->wire, 1);
	struct rte_mbuf *m = rte_pktmbuf_alloc(sim->host_pool);
	uint16_t frame = (uint16_t)(14 + (sw->line.ipv6 ? 40 : 20) + 8 + len);

	SIM_CHECK(sim, m != NULL, "hosts have no buffers left");
	put_frame((uint8_t *)rte_pktmbuf_append(m, frame), sw, session, s->sent++, len);
	SIM_CHECK(sim, port->ops->tx_burst(port, 0, &m, 1, sim->now) == 1, "host's wire");
}

/* Checksums as a host's kernel looks at them; udp is the offset of the UDP header. */
static bool
sums_right(const uint8_t *p, uint32_t udp, uint32_t len)
{
	bool ipv6 = udp == 54;
	uint32_t pseudo = add_bytes(17 + len, p + (ipv6 ? 22 : 26), ipv6 ? 32 : 8);

	if (!ipv6 && finish_sum(add_bytes(0, p + 14, 20)) != 0)
		return false;
	if (p[udp + 6] == 0 && p[udp + 7] == 0)
		return !ipv6;
	return finish_sum(add_bytes(pseudo, p + udp, len)) == 0;
}

/* A datagram from a node's egress; its UDP port says of which session. */
static void
host_take(struct sim *sim, uint32_t node, const struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t udp = p[14] >> 4 == 6 ? 54 : 34;
	uint32_t port = (uint32_t)p[udp + 2] << 8 | p[udp + 3];
	uint32_t len = (uint32_t)p[udp + 4] << 8 | p[udp + 5];

	SIM_CHECK(sim, port - SIM_EGRESS_PORT < sim->nb_sessions, "egress to port %u", port);
	SIM_CHECK(sim, udp + len == m->pkt_len, "egress length %u of %u", len, m->pkt_len);
	SIM_CHECK(sim, sums_right(p, udp, len), "a checksum of an egress datagram is wrong");
	if (sim->hooks.delivered != NULL)
		sim->hooks.delivered(
			sim->hooks.arg, sim, node, port - SIM_EGRESS_PORT, p + udp + 8, len - 8);
}

static void
host_receive(struct sim *sim, uint32_t node)
{
	const struct sim_node *sn = &sim->nodes[node];
	const struct sim_wire *sw = &sim->wires[sn->wires[sn->nb_ports - 1]];
	struct port *port = wire_port(sw->wire, 1);
	struct rte_mbuf *pkts[32];
	uint16_t n;

	while ((n = port->ops->rx_burst(port, 0, pkts, 32, sim->now)) > 0) {
		for (uint16_t i = 0; i < n; i++)
			host_take(sim, node, pkts[i]);
		rte_pktmbuf_free_bulk(pkts, n);
	}
}

/* The control thread's part for files: takes payloads as if it wrote them. */
static void
take_files(struct sim *sim, uint32_t session)
{
	const struct sim_session *s = &sim->sessions[session];
	uint8_t payload[2048];
	struct rte_mbuf *m;

	for (uint16_t i = 0; s->egress == EGRESS_FILE && i < s->nb_destinations; i++) {
		struct destination *dst;

		if (sim->nodes[s->destinations[i]].node == NULL)
			continue;
		dst = sim_destination(sim, session, s->destinations[i]);
		while (dst != NULL && rte_ring_sc_dequeue(dst->file, (void **)&m) == 0) {
			const uint8_t *p = rte_pktmbuf_read(m, 0, m->pkt_len, payload);

			SIM_CHECK(sim, p != NULL, "payload in the file ring");
			if (sim->hooks.delivered != NULL)
				sim->hooks.delivered(sim->hooks.arg, sim, s->destinations[i],
					session, p, m->pkt_len);
			rte_pktmbuf_free(m);
		}
	}
}

/* Nobody sends ARP or ICMP here. */
static void
check_punt(struct sim *sim, const struct sim_node *sn)
{
	for (uint16_t i = 0; sn->node != NULL && i < sn->node->nb_workers; i++)
		SIM_CHECK(sim, rte_ring_empty(sn->node->workers[i]->punt),
			"node %u has something for its control thread", sn->id);
}

/* The control thread's part for events, where the test wants it. */
static void
take_events(struct sim *sim, uint32_t index)
{
	struct node *node = sim->nodes[index].node;
	struct worker_event event;

	if (node == NULL || sim->hooks.event == NULL)
		return;
	for (uint16_t i = 0; i < node->nb_workers; i++)
		while (worker_event_take(node->workers[i], &event, 1) == 1)
			sim->hooks.event(sim->hooks.arg, sim, index, &event);
}

void
sim_hosts_turn(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->nb_nodes; i++) {
		host_receive(sim, i);
		check_punt(sim, &sim->nodes[i]);
		take_events(sim, i);
	}
	for (uint32_t i = 0; i < sim->nb_sessions; i++)
		take_files(sim, i);
}
