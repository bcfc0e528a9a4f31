/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "bench.h"
#include "checksum.h"
#include "frames.h"
#include "rng.h"
#include "wire.h"

#define FRAME_MAX 2048

/* A frame while it is put together. */
struct builder {
	uint8_t bytes[FRAME_MAX];
	uint16_t len;
};

static void *
add(struct builder *b, size_t len)
{
	uint8_t *p = b->bytes + b->len;

	memset(p, 0, len);
	b->len = (uint16_t)(b->len + len);
	return p;
}

static_assert(FRAMES_SENDER_ID + LOOP_SENDERS <= FRAMES_FIRST_HOP, "NodeIDs of senders and hops");

uint32_t
frames_hop_id(uint16_t hop, bool sparse)
{
	static uint32_t ids[LOOP_HOPS];
	struct rng rng;

	if (!sparse)
		return FRAMES_FIRST_HOP + hop;
	if (ids[0] == 0) {
		rng_seed(&rng, 31);
		for (uint32_t i = 0; i < LOOP_HOPS; i++)
			ids[i] = FRAMES_FIRST_HOP + rng_below(&rng, NODE_ID_MAX - FRAMES_FIRST_HOP);
	}
	return ids[hop];
}

/* 10.subnet.host or fd00::subnet:host */
static struct address
address_of(uint8_t subnet, uint16_t host, bool ipv6)
{
	uint8_t bytes[16] = {0xfd};
	uint32_t low = (uint32_t)subnet << 16 | host;

	if (!ipv6)
		return address_ipv4(rte_cpu_to_be_32(10u << 24 | low));
	low = rte_cpu_to_be_32(low);
	memcpy(bytes + 12, &low, sizeof(low));
	return address_ipv6(bytes);
}

struct address
frames_own_address(uint16_t i, bool ipv6)
{
	return address_of(0, (uint16_t)(1 + i), ipv6);
}

struct address
frames_sender_address(uint16_t i, bool ipv6)
{
	return address_of(1, (uint16_t)(1 + i), ipv6);
}

struct address
frames_hop_address(uint16_t hop, bool ipv6)
{
	return address_of(2, (uint16_t)(hop + 1), ipv6);
}

struct rte_ether_addr
frames_own_mac(void)
{
	return (struct rte_ether_addr){{0x02, 0, 0, 0, 0, 1}};
}

struct rte_ether_addr
frames_other_mac(uint16_t i)
{
	return (struct rte_ether_addr){{0x02, 0, 0, 1, (uint8_t)(i >> 8), (uint8_t)i}};
}

static void
add_ethernet(struct builder *b, bool ipv6)
{
	struct rte_ether_hdr *eth = add(b, sizeof(*eth));

	eth->dst_addr = frames_own_mac();
	eth->src_addr = frames_other_mac(0);
	eth->ether_type = rte_cpu_to_be_16(ipv6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
}

/* Headers whose lengths and checksums finish() fills. */
static void
add_ip_udp(struct builder *b, const struct frames_params *params)
{
	struct address from = frames_sender_address(0, params->ipv6);
	struct address to = frames_own_address(0, params->ipv6);
	struct rte_udp_hdr *udp;

	if (params->ipv6) {
		struct rte_ipv6_hdr *ip = add(b, sizeof(*ip));

		ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
		ip->proto = IPPROTO_UDP;
		ip->hop_limits = 64;
		memcpy(ip->src_addr, from.bytes, 16);
		memcpy(ip->dst_addr, to.bytes, 16);
	} else {
		struct rte_ipv4_hdr *ip = add(b, sizeof(*ip));

		ip->version_ihl = 0x45;
		ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
		ip->time_to_live = 64;
		ip->next_proto_id = IPPROTO_UDP;
		memcpy(&ip->src_addr, from.bytes + 12, 4);
		memcpy(&ip->dst_addr, to.bytes + 12, 4);
	}
	udp = add(b, sizeof(*udp));
	udp->src_port = rte_cpu_to_be_16(FERRY_UDP_PORT);
	if (params->kind != FRAMES_INGRESS_UDP)
		udp->dst_port = rte_cpu_to_be_16(FERRY_UDP_PORT);
}

static void
add_link(struct builder *b, struct loop_traffic *t)
{
	struct link_hdr *hdr;

	t->link_seq_off = (uint16_t)(b->len + offsetof(struct link_hdr, seq));
	t->link_node_off = (uint16_t)(b->len + offsetof(struct link_hdr, node));
	hdr = add(b, sizeof(*hdr));
	hdr->version_type = LINK_VERSION << 4 | LINK_DATA;
	hdr->epoch = rte_cpu_to_be_16(1);
	hdr->node = rte_cpu_to_be_32(FRAMES_SENDER_ID);
	hdr->stamp = rte_cpu_to_be_32(123456);
	hdr->rtt = rte_cpu_to_be_32(500);
}

/* The node's own Pathlet; inside one for each next hop, which is a destination. */
static void
add_pathlets(struct builder *b, struct loop_traffic *t, const struct frames_params *params)
{
	bool last = params->kind == FRAMES_DESTINATION;
	uint16_t ways = last ? 0 : params->ways;
	struct pathlet_hdr *hdr = add(b, sizeof(*hdr));

	hdr->length = rte_cpu_to_be_16((uint16_t)(sizeof(*hdr) * (1u + ways)));
	hdr->node = rte_cpu_to_be_32(FRAMES_OWN_ID | (last ? PATHLET_DESTINATION : 0));
	t->hop_off = (uint16_t)(b->len + offsetof(struct pathlet_hdr, node));
	t->hop_step = sizeof(*hdr);
	t->nb_hops = ways;
	for (uint16_t i = 0; i < ways; i++) {
		hdr = add(b, sizeof(*hdr));
		hdr->length = rte_cpu_to_be_16(sizeof(*hdr));
	}
}

static void
add_session(struct builder *b, struct loop_traffic *t, bool last)
{
	struct session_hdr *hdr;

	/*
	 * Who relays does not look at sessions; one is as good as many unless many are asked for.
	 */
	if (t->sessions > 1 || last)
		t->session_off = b->len;
	hdr = add(b, sizeof(*hdr));
	hdr->conference = rte_cpu_to_be_32(FRAMES_CONFERENCE);
	if (t->session_off == 0)
		hdr->session = rte_cpu_to_be_32(1);
	hdr->epoch = rte_cpu_to_be_16(1);
}

static void
finish_ipv4(struct builder *b, struct loop_traffic *t)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(b->bytes + sizeof(struct rte_ether_hdr));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	ip->total_length = rte_cpu_to_be_16((uint16_t)(b->len - sizeof(struct rte_ether_hdr)));
	udp->dgram_len = rte_cpu_to_be_16(
		(uint16_t)(b->len - sizeof(struct rte_ether_hdr) - sizeof(*ip)));
	for (int i = LOOP_ADDRESSES - 1; i >= 0; i--) {
		struct address to = frames_own_address((uint16_t)i, false);

		memcpy(&ip->dst_addr, to.bytes + 12, 4);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		t->addresses[i].ip = ip->dst_addr;
		t->addresses[i].sum = ip->hdr_checksum;
	}
}

static void
finish_ipv6(struct builder *b, struct loop_traffic *t)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(b->bytes + sizeof(struct rte_ether_hdr));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	ip->payload_len = rte_cpu_to_be_16(
		(uint16_t)(b->len - sizeof(struct rte_ether_hdr) - sizeof(*ip)));
	udp->dgram_len = ip->payload_len;
	t->udp_sum = (uint16_t)~rte_ipv6_udptcp_cksum(ip, udp);
	t->udp_sum_off = (uint16_t)((uint8_t *)&udp->dgram_cksum - b->bytes);
}

/* What a sender's NodeID and address add to a sum of words. */
static uint32_t
sender_words(rte_be32_t node, rte_be32_t address)
{
	return (node & 0xffff) + (node >> 16) + (address & 0xffff) + (address >> 16);
}

/* The frame is whole, and the first sender's. */
static void
make_senders(struct loop_traffic *t, const struct builder *b, bool ipv6)
{
	struct rte_ipv4_hdr ip;

	memcpy(&ip, b->bytes + sizeof(struct rte_ether_hdr), sizeof(ip));
	for (uint16_t i = 0; i < LOOP_SENDERS; i++) {
		struct address address = frames_sender_address(i, ipv6);
		uint32_t first;

		t->from[i].link_seq = 1;
		t->from[i].node = rte_cpu_to_be_32(FRAMES_SENDER_ID + i);
		memcpy(&t->from[i].address, address.bytes + 12, sizeof(t->from[i].address));
		ip.src_addr = t->from[i].address;
		ip.hdr_checksum = 0;
		t->from[i].ip_sum = rte_ipv4_cksum(&ip);
		first = sender_words(t->from[0].node, t->from[0].address);
		t->from[i].sum = checksum_fold(sender_words(t->from[i].node, t->from[i].address) +
					       (uint16_t)~checksum_fold(first));
	}
}

/* A next hop is drawn anew only when all were: copies of one frame go to different ones. */
static void
draw_hops(struct loop_traffic *t, const struct frames_params *params)
{
	uint16_t deck[LOOP_HOPS], left = 0;
	struct rng rng;

	rng_seed(&rng, 7);
	for (uint32_t i = 0; i < LOOP_HOPS; i++) {
		uint32_t k;

		/*
		 * The last of a deck is put under the next one if a frame needs more than it has.
		 */
		if (left == 0 || (i % params->ways == 0 && left < params->ways)) {
			left = params->hops;
			for (uint16_t n = 0; n < left; n++)
				deck[n] = n;
		}
		k = rng_below(&rng, left);
		t->hops[i] = rte_cpu_to_be_32(frames_hop_id(deck[k], params->sparse));
		if (params->kind == FRAMES_RELAY)
			t->hops[i] |= rte_cpu_to_be_32(PATHLET_DESTINATION);
		deck[k] = deck[--left];
	}
}

/* About 0.618 of n and with no divisor in common: visits all in an order without pattern. */
static uint32_t
coprime_step(uint32_t n)
{
	uint32_t step = (uint32_t)(n * 0.6180339887) | 1;

	for (;; step++) {
		uint32_t a = n, b = step;

		while (b != 0) {
			uint32_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			return step % n;
	}
}

void
frames_make(struct loop_traffic *traffic, const struct frames_params *params)
{
	struct builder b = {.len = 0};
	uint16_t headers;

	if (params->ipv6 && params->kind == FRAMES_INGRESS_UDP && params->sessions > LOOP_PER_PORT)
		bench_die("more than %u IPv6 ingress addresses", LOOP_PER_PORT);
	*traffic = (struct loop_traffic){
		.senders = params->many_senders ? LOOP_SENDERS : 1,
		.sessions = params->sessions,
		.session_step = coprime_step(params->sessions),
		.rx_flags = params->checked
				    ? RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD
				    : 0,
	};
	add_ethernet(&b, params->ipv6);
	add_ip_udp(&b, params);
	if (params->kind == FRAMES_INGRESS_UDP) {
		traffic->ingress_off = (uint16_t)(b.len - sizeof(struct rte_udp_hdr) +
						  offsetof(struct rte_udp_hdr, dst_port));
	} else {
		add_link(&b, traffic);
		add_pathlets(&b, traffic, params);
		add_session(&b, traffic, params->kind == FRAMES_DESTINATION);
	}
	headers = b.len;
	memset(add(&b, params->payload), 0x5a, params->payload);
	if (params->ipv6)
		finish_ipv6(&b, traffic);
	else
		finish_ipv4(&b, traffic);
	make_senders(traffic, &b, params->ipv6);
	if (params->kind == FRAMES_RELAY)
		draw_hops(traffic, params);
	traffic->frame_len = b.len;
	/* What a node writes before a payload, and cuts into, at most. */
	traffic->head_len = RTE_MIN(RTE_ALIGN(headers, 16), RTE_ALIGN(b.len, 16));
	if (traffic->head_len > LOOP_HEAD_MAX)
		bench_die("headers of %u bytes", headers);
	memcpy(traffic->head, b.bytes, traffic->head_len);
	memcpy(traffic->frame, b.bytes, b.len);
}
