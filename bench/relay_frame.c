/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "relay_frame.h"

#define CONFERENCE 7
#define SESSION	   9
#define HOP_LIMIT  64

void
relay_outer_fill(
	struct relay_outer *o, uint16_t frame_len, uint32_t from_ip, uint32_t to_ip, uint32_t node)
{
	uint16_t udp_len = (uint16_t)(frame_len - sizeof(o->eth) - sizeof(o->ip));

	o->eth.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	o->ip = (struct rte_ipv4_hdr){
		.version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16((uint16_t)(udp_len + sizeof(o->ip))),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = HOP_LIMIT,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = rte_cpu_to_be_32(from_ip),
		.dst_addr = rte_cpu_to_be_32(to_ip),
	};
	o->ip.hdr_checksum = rte_ipv4_cksum(&o->ip);
	o->udp = (struct rte_udp_hdr){
		.src_port = rte_cpu_to_be_16(FERRY_UDP_PORT),
		.dst_port = rte_cpu_to_be_16(FERRY_UDP_PORT),
		.dgram_len = rte_cpu_to_be_16(udp_len),
	};
	o->link = (struct link_hdr){
		.version_type = LINK_VERSION << 4 | LINK_DATA,
		.node = rte_cpu_to_be_32(node),
	};
}

static void
fill_payload(const struct relay_frames *f, uint8_t *payload)
{
	struct relay_payload head = {.trial = f->trial};

	for (uint16_t i = 0; i < f->payload; i++)
		payload[i] = (uint8_t)(i * 131 + 7);
	memcpy(payload, &head, sizeof(head));
}

static struct session_hdr
session_of(const struct relay_ends *ends)
{
	return (struct session_hdr){
		.conference = rte_cpu_to_be_32(CONFERENCE),
		.session = rte_cpu_to_be_32(SESSION),
		.epoch = rte_cpu_to_be_16(ends->epoch),
	};
}

static void
fill_sent(struct relay_frames *f, const struct relay_ends *ends)
{
	struct relay_sent *sent = (struct relay_sent *)f->sent;

	f->sent_len = (uint16_t)(sizeof(*sent) + f->payload);
	relay_outer_fill(&sent->outer, f->sent_len, RELAY_OWN_IP, RELAY_SEAT_IP, RELAY_OWN_NODE);
	sent->outer.eth.src_addr = ends->own_mac;
	sent->outer.eth.dst_addr = ends->seat_mac;
	sent->outer.link.epoch = rte_cpu_to_be_16(ends->epoch);
	sent->seat.length = rte_cpu_to_be_16(2 * sizeof(struct pathlet_hdr));
	sent->seat.node = rte_cpu_to_be_32(RELAY_SEAT_NODE);
	sent->own.length = rte_cpu_to_be_16(sizeof(struct pathlet_hdr));
	sent->own.node = rte_cpu_to_be_32(RELAY_OWN_NODE | PATHLET_DESTINATION);
	sent->session = session_of(ends);
	fill_payload(f, sent->payload);
}

static void
fill_returned(struct relay_frames *f, const struct relay_ends *ends)
{
	struct relay_returned *back = (struct relay_returned *)f->returned;

	f->returned_len = (uint16_t)(sizeof(*back) + f->payload);
	relay_outer_fill(
		&back->outer, f->returned_len, RELAY_SEAT_IP, RELAY_OWN_IP, RELAY_SEAT_NODE);
	back->outer.eth.src_addr = ends->seat_mac;
	back->outer.eth.dst_addr = ends->own_mac;
	back->own.length = rte_cpu_to_be_16(sizeof(struct pathlet_hdr));
	back->own.node = rte_cpu_to_be_32(RELAY_OWN_NODE | PATHLET_DESTINATION);
	back->session = session_of(ends);
	fill_payload(f, back->payload);
}

void
relay_frames_init(struct relay_frames *f, enum relay_seat seat, uint16_t payload, uint32_t trial,
	uint64_t link_seq, const struct relay_ends *ends)
{
	*f = (struct relay_frames){
		.seat = seat, .payload = payload, .trial = trial, .link_seq = link_seq};
	fill_sent(f, ends);
	if (seat == RELAY_FERRY) {
		fill_returned(f, ends);
		return;
	}
	memcpy(f->returned, f->sent, f->sent_len);
	f->returned_len = f->sent_len;
	if (seat == RELAY_MACSWAP) {
		struct rte_ether_hdr *eth = (struct rte_ether_hdr *)f->returned;

		eth->src_addr = ends->seat_mac;
		eth->dst_addr = ends->own_mac;
	}
}

void
relay_frame_fill(const struct relay_frames *f, struct rte_mbuf *m)
{
	m->data_len = f->sent_len;
	m->pkt_len = f->sent_len;
	m->ol_flags = 0;
	memcpy(rte_pktmbuf_mtod(m, void *), f->sent, f->sent_len);
}

/* True if the bytes of a structure between two fields, the first included, are as they must be. */
#define SAME(frame, right, type, from, to)                                                         \
	(memcmp((const uint8_t *)(frame) + offsetof(type, from),                                   \
		 (const uint8_t *)(right) + offsetof(type, from),                                  \
		 offsetof(type, to) - offsetof(type, from)) == 0)

static inline bool
session_right(const struct session_hdr *s, const struct session_hdr *right, uint64_t seq)
{
	return SAME(s, right, struct session_hdr, conference, seq) &&
	       s->seq == rte_cpu_to_be_32((uint32_t)seq) && s->stamp == right->stamp &&
	       s->epoch == right->epoch && s->flow_seq == rte_cpu_to_be_16((uint16_t)seq) &&
	       s->flow == right->flow && s->flags == right->flags && s->reserved == right->reserved;
}

/* A node's epoch, sequence, stamp and round-trip time are its own. */
static inline bool
node_headers_right(const struct relay_frames *f, const uint8_t *frame, uint64_t seq)
{
	const struct relay_returned *is = (const struct relay_returned *)frame;
	const struct relay_returned *right = (const struct relay_returned *)f->returned;

	return SAME(is, right, struct relay_returned, outer, outer.link.epoch) &&
	       is->outer.link.node == right->outer.link.node &&
	       SAME(is, right, struct relay_returned, own, session) &&
	       session_right(&is->session, &right->session, seq);
}

static inline bool
own_headers_right(const struct relay_frames *f, const uint8_t *frame, uint64_t seq)
{
	const struct relay_sent *is = (const struct relay_sent *)frame;
	const struct relay_sent *right = (const struct relay_sent *)f->returned;

	return SAME(is, right, struct relay_sent, outer, outer.link.seq) &&
	       is->outer.link.seq == rte_cpu_to_be_64(f->link_seq + seq) &&
	       SAME(is, right, struct relay_sent, outer.link.stamp, session) &&
	       session_right(&is->session, &right->session, seq);
}

/* Ours, however damaged? ARP, and what a kernel at the far end says by itself, is not. */
static bool
is_ferry(const struct rte_mbuf *m)
{
	const struct relay_outer *o = rte_pktmbuf_mtod(m, const struct relay_outer *);

	return m->data_len >= sizeof(*o) &&
	       o->eth.ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) &&
	       o->ip.next_proto_id == IPPROTO_UDP &&
	       o->udp.dst_port == rte_cpu_to_be_16(FERRY_UDP_PORT);
}

enum relay_verdict
relay_frame_check(const struct relay_frames *f, const struct rte_mbuf *m,
	const struct relay_payload **payload, const struct link_hdr **link)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t head = (uint16_t)(f->returned_len - f->payload);
	const struct relay_payload *p = (const struct relay_payload *)(frame + head);
	bool right;

	/* One of an earlier trial has its number in the same place, or is shorter. */
	if (unlikely(m->data_len < head + sizeof(*p)))
		return is_ferry(m) ? RELAY_WRONG : RELAY_NOT_OURS;
	if (unlikely(p->trial != f->trial))
		return is_ferry(m) ? RELAY_STRAY : RELAY_NOT_OURS;
	if (unlikely(m->pkt_len != f->returned_len || m->nb_segs != 1))
		return is_ferry(m) ? RELAY_WRONG : RELAY_NOT_OURS;
	right = f->seat == RELAY_FERRY ? node_headers_right(f, frame, p->seq)
				       : own_headers_right(f, frame, p->seq);
	if (likely(right &&
		    memcmp(p + 1, f->returned + head + sizeof(*p), f->payload - sizeof(*p)) == 0)) {
		*payload = p;
		*link = &((const struct relay_outer *)frame)->link;
		return RELAY_RIGHT;
	}
	return is_ferry(m) ? RELAY_WRONG : RELAY_NOT_OURS;
}
