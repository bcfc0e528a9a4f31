/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "../fuzz/frame_repair.h"
#include "frame_mix.h"
#include "rlnc_header.h"

/* With headers no more than a frame may have. */
#define BODY_MAX (MIX_FRAME - FRAME_HEADERS_MAX)

/* What a datagram carries. */
struct body {
	uint32_t len;
	uint8_t bytes[BODY_MAX];
};

static uint32_t
below(struct frame_mix *mix, uint32_t n)
{
	return rng_below(&mix->rng, n);
}

static bool
happens(struct frame_mix *mix, uint32_t thousandths)
{
	return below(mix, 1000) < thousandths;
}

/* --- addresses --------------------------------------------------------------------------- */

static struct address
address_of(uint8_t port, uint32_t node, bool ipv6)
{
	uint8_t bytes[16] = {0xfd, [7] = port, [15] = (uint8_t)node};

	return ipv6 ? address_ipv6(bytes)
		    : address_ipv4(rte_cpu_to_be_32(0x0a000000u + 0x10000u * port + node));
}

struct address
mix_own_address(uint8_t port, bool ipv6)
{
	return address_of(port, MIX_NODE, ipv6);
}

uint8_t
mix_peer_port(uint32_t peer)
{
	return peer < MIX_PEERS - 2 ? 0 : 1;
}

struct address
mix_peer_address(uint32_t peer)
{
	return address_of(mix_peer_port(peer), MIX_PEER_ID + peer, mix_peer_is_ipv6(peer));
}

/* --- bodies ------------------------------------------------------------------------------ */

static void
add(struct body *body, const void *data, uint32_t len)
{
	memcpy(body->bytes + body->len, data, len);
	body->len += len;
}

static void
add_random(struct frame_mix *mix, struct body *body, uint32_t len)
{
	while (len-- > 0)
		body->bytes[body->len++] = (uint8_t)(rng_next(&mix->rng) >> 40);
}

static void
add_payload(struct frame_mix *mix, struct body *body)
{
	static const uint32_t most[] = {4, 64, 200, 700, 1240};

	add_random(mix, body, below(mix, most[below(mix, RTE_DIM(most))]));
}

static void
add_pathlet(struct body *body, uint32_t node, uint32_t length)
{
	struct pathlet_hdr hdr = {rte_cpu_to_be_16((uint16_t)length), rte_cpu_to_be_32(node)};

	add(body, &hdr, sizeof(hdr));
}

/* Most are a neighbour's. */
static uint32_t
some_node(struct frame_mix *mix)
{
	return happens(mix, 990) ? MIX_PEER_ID + below(mix, MIX_PEERS) : below(mix, 60);
}

/*
 * A branch as its receiver is to judge it: what lies inside is for others, and any number of bytes.
 */
static void
add_branch(struct frame_mix *mix, struct body *body, uint32_t node)
{
	uint32_t inside = 0;

	if (happens(mix, 200))
		inside = sizeof(struct pathlet_hdr) * below(mix, 4);
	if (happens(mix, mix->odd / 2))
		inside = below(mix, 40);
	add_pathlet(
		body, PATHLET_DESTINATION | node, (uint32_t)sizeof(struct pathlet_hdr) + inside);
	add_random(mix, body, inside);
}

/* The own Pathlet with so many branches, to nodes that differ, as they should. */
static void
add_tree(struct frame_mix *mix, struct body *body, uint32_t branches, bool destination)
{
	struct body inner = {.len = 0};
	uint32_t node = some_node(mix);

	for (uint32_t i = 0; i < branches; i++)
		add_branch(mix, &inner,
			i == 0 ? node : MIX_PEER_ID + (node - MIX_PEER_ID + i) % MIX_PEERS);
	add_pathlet(body, MIX_NODE | (destination ? PATHLET_DESTINATION : 0),
		(uint32_t)sizeof(struct pathlet_hdr) + inner.len);
	add(body, inner.bytes, inner.len);
}

static void
add_session(struct frame_mix *mix, struct body *body, struct mix_stream *s, uint32_t conference,
	uint32_t session)
{
	struct session_hdr hdr;

	if (happens(mix, 20))
		s->seq += below(mix, 4); /* lost before */
	if (happens(mix, 2))
		s->epoch++;
	hdr = (struct session_hdr){.conference = rte_cpu_to_be_32(conference),
		.session = rte_cpu_to_be_32(session),
		.seq = rte_cpu_to_be_32(happens(mix, 20) ? s->seq - below(mix, 40) : s->seq),
		.stamp = rte_cpu_to_be_32(mix->utc_us - below(mix, 20000)),
		.epoch = rte_cpu_to_be_16(s->epoch),
		.flow_seq = rte_cpu_to_be_16(s->flow_seq++),
		.flow = (uint8_t)(happens(mix, 20) ? below(mix, 6) : 0),
		.flags = happens(mix, 100) ? SESSION_DELAY_SENSITIVE : 0};
	s->seq++;
	add(body, &hdr, sizeof(hdr));
}

/* Coded: source packets as they are, and now and then what might be a combination. */
static void
add_coding(struct frame_mix *mix, struct body *body)
{
	struct session_hdr *hdr = (struct session_hdr *)(body->bytes + body->len) - 1;
	uint32_t seq = rte_be_to_cpu_32(hdr->seq);
	struct rlnc_header h = {.kind = happens(mix, 50) ? RLNC_SEEDED : RLNC_SYSTEMATIC,
		.code = RLNC_BLOCK,
		.n = MIX_K,
		.index = (uint8_t)(seq % MIX_K),
		.seed = (uint16_t)seq};

	h.final = h.kind == RLNC_SEEDED || h.index == MIX_K - 1;
	if (happens(mix, mix->odd / 4))
		h.n = (uint8_t)(h.index + 1 + below(mix, MIX_K));
	if (happens(mix, mix->odd / 4))
		h.final = !h.final;
	hdr->flags |= SESSION_CODED;
	hdr->seq = rte_cpu_to_be_32(seq - h.index);
	body->len += rlnc_header_write(&h, body->bytes + body->len);
	if (h.kind == RLNC_SEEDED)
		add_random(mix, body, 8);
}

static void
make_data(struct frame_mix *mix, struct body *body)
{
	uint32_t session = below(mix, MIX_SESSIONS), how = below(mix, 10);
	bool here = how < 5 || how == 9;

	/* As of a flow, the trees of a transit session's packets are of one kind. */
	if (!here)
		session = session / 2 * 2 + (how == 8);
	if (how < 4)
		add_tree(mix, body, 0, true);
	else if (how < 5)
		add_tree(mix, body, 1 + below(mix, 3), true);
	else if (how < 8)
		add_tree(mix, body, 1, false);
	else
		add_tree(mix, body, 2 + below(mix, 4), here);
	if (here)
		add_session(mix, body, &mix->here[session], MIX_HERE, session + 1);
	else
		add_session(mix, body, &mix->transit[session], MIX_TRANSIT, session + 1);
	if (here && session + 1 == MIX_CODED)
		add_coding(mix, body);
	add_payload(mix, body);
}

static uint8_t
make_control(struct frame_mix *mix, struct body *body)
{
	uint8_t type = (uint8_t)(LINK_FEEDBACK + below(mix, happens(mix, 20) ? 15 : 4));

	if (type == LINK_FEEDBACK) {
		struct feedback_body feedback = {
			.stamp_echo = rte_cpu_to_be_32(mix->utc_us - below(mix, 100000)),
			.delay = rte_cpu_to_be_32(below(mix, 2000)),
			.loss_rate = rte_cpu_to_be_32(below(mix, 1u << 26)),
			.epoch = RTE_BE16(3),
			.seq_highest = rte_cpu_to_be_64(below(mix, 1000)),
			.rate = rte_cpu_to_be_64(below(mix, 1u << 24))};

		add(body, &feedback, sizeof(feedback));
	} else if (type == LINK_DECODED) {
		struct decoded_body decoded = {.conference = rte_cpu_to_be_32(1 + below(mix, 4)),
			.session = rte_cpu_to_be_32(1 + below(mix, 4))};

		add(body, &decoded, sizeof(decoded));
	} else {
		add_random(mix, body, sizeof(struct probe_body));
	}
	if (happens(mix, mix->odd))
		body->len -= RTE_MIN(body->len, below(mix, 8));
	return type;
}

/* --- frames ------------------------------------------------------------------------------ */

/* Headers of a frame that somebody sends to the port before a datagram. */
static void
wrap(struct frame_mix *mix, struct mix_frame *f, const struct address *from, uint16_t udp_port,
	const struct body *datagram)
{
	const struct port *port = &mix->ports[f->port];
	bool ipv6 = !address_is_ipv4(from);
	struct frame_endpoints ends = {.source_mac = {{2, [5] = 9}},
		.destination_mac = port->mac,
		.source = *from,
		.destination = mix_own_address(f->port, ipv6),
		.source_port = FERRY_UDP_PORT,
		.destination_port = udp_port,
		.hop_limit = FRAME_HOP_LIMIT};
	struct frame_template t;
	struct rte_mbuf m;

	frame_template_build(&t, port, &ends, NULL, 0);
	memcpy(f->bytes, t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	memcpy(f->bytes + t.total, datagram->bytes, datagram->len);
	f->len = (uint16_t)(t.total + datagram->len);
	m = (struct rte_mbuf){.buf_addr = f->bytes, .pkt_len = f->len};
	frame_finish(&t, &m, 0, ipv6 ? checksum_bytes(datagram->bytes, datagram->len) : 0);
	if (!ipv6 && happens(mix, 30))
		frame_repair(f->bytes, f->len); /* with a UDP checksum */
}

static void
make_ferry(struct frame_mix *mix, struct mix_frame *f)
{
	uint32_t peer = below(mix, MIX_PEERS), node = MIX_PEER_ID + peer;
	struct address from = mix_peer_address(peer);
	struct mix_peer *p = &mix->peers[peer];
	struct body datagram = {.len = sizeof(struct link_hdr)};
	struct link_hdr hdr;
	uint8_t type = LINK_DATA;
	uint64_t seq;

	if (happens(mix, 100))
		type = make_control(mix, &datagram);
	else
		make_data(mix, &datagram);
	if (happens(mix, mix->odd / 10))
		node = below(mix, 20);
	if (happens(mix, mix->odd / 20))
		p->epoch++;
	if (happens(mix, mix->odd / 4))
		p->seq += below(mix, 4);
	seq = type == LINK_DATA ? p->seq++ : p->control++;
	if (happens(mix, mix->odd / 4))
		seq -= below(mix, 30);
	hdr = (struct link_hdr){.version_type = (uint8_t)(LINK_VERSION << 4 | type),
		.epoch = rte_cpu_to_be_16(p->epoch),
		.node = rte_cpu_to_be_32(node),
		.seq = rte_cpu_to_be_64(seq),
		.stamp = rte_cpu_to_be_32(mix->utc_us - 1000 - below(mix, 500)),
		.rtt = rte_cpu_to_be_32(happens(mix, 10) ? 0 : 2000)};
	memcpy(datagram.bytes, &hdr, sizeof(hdr));
	f->port = mix_peer_port(peer);
	wrap(mix, f, &from, FERRY_UDP_PORT, &datagram);
}

/* A client's payload to a session's ingress address, or to a port that nobody listens on. */
static void
make_ingress(struct frame_mix *mix, struct mix_frame *f)
{
	struct body payload = {.len = 0};
	struct address from = address_of(0, 99, happens(mix, 300));

	f->port = 0;
	add_payload(mix, &payload);
	if (happens(mix, 10))
		add_random(mix, &payload, 1440 - payload.len);
	wrap(mix, f, &from, (uint16_t)(MIX_INGRESS + below(mix, 5)), &payload);
}

/* --- what may be wrong with them --------------------------------------------------------- */

/* So many bytes at a place, which push the rest back. */
static void
insert(struct mix_frame *f, uint32_t at, const void *data, uint32_t len)
{
	if (at > f->len || f->len + len > sizeof(f->bytes))
		return;
	memmove(f->bytes + at + len, f->bytes + at, f->len - at);
	memcpy(f->bytes + at, data, len);
	f->len = (uint16_t)(f->len + len);
}

static uint32_t
ip_offset(const struct mix_frame *f)
{
	return f->bytes[12] == 0x81 ? 18 : 14;
}

static bool
is_ipv4(const struct mix_frame *f)
{
	return f->bytes[ip_offset(f) - 2] == 0x08;
}

static void
flip(struct frame_mix *mix, struct mix_frame *f, uint32_t from, uint32_t to)
{
	uint32_t end = RTE_MIN(to, (uint32_t)f->len);

	if (mix->flips && from < end)
		f->bytes[from + below(mix, end - from)] ^= (uint8_t)(1u << below(mix, 8));
}

/* IPv4 options, or an extension header that IPv6 may have. */
static void
add_options(struct frame_mix *mix, struct mix_frame *f)
{
	uint8_t bytes[40] = {1, 1, 1, 1};
	uint32_t ip = ip_offset(f);

	if (is_ipv4(f)) {
		uint32_t words = 1 + below(mix, 10);

		insert(f, ip + 20, bytes, 4 * words);
		f->bytes[ip] = (uint8_t)(0x45 + words);
	} else {
		bytes[0] = 17;
		bytes[1] = 0;
		insert(f, ip + 40, bytes, 8);
		f->bytes[ip + 6] = below(mix, 2) == 0 ? 0 : 44; /* hop by hop, or a fragment */
	}
}

static void
make_fragment(struct frame_mix *mix, struct mix_frame *f)
{
	if (is_ipv4(f))
		f->bytes[ip_offset(f) + 6 + below(mix, 2)] |= 0x20;
	else
		f->bytes[ip_offset(f) + 6] = 44;
}

static void
set_class(struct mix_frame *f, uint8_t ecn)
{
	uint32_t ip = ip_offset(f);

	if (is_ipv4(f))
		f->bytes[ip + 1] |= ecn;
	else
		f->bytes[ip + 1] |= (uint8_t)(ecn << 4);
}

static void
set_udp(struct frame_mix *mix, struct mix_frame *f)
{
	uint32_t udp = ip_offset(f) + (is_ipv4(f) ? 20 : 40);

	if (below(mix, 2) == 0)
		memset(f->bytes + udp + 6, 0, 2); /* no checksum */
	else
		f->bytes[udp + 5] ^= (uint8_t)(1 + below(mix, 20)); /* another length */
}

static void
set_tag(struct frame_mix *mix, struct mix_frame *f)
{
	static const uint8_t ids[] = {0, MIX_VLAN, MIX_VLAN + 1};
	uint8_t id = ids[below(mix, RTE_DIM(ids))];
	uint8_t tag[4] = {0x81, 0, (uint8_t)(below(mix, 8) << 5), id};

	if (f->bytes[12] == 0x81 || below(mix, 2) == 0) {
		f->flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		f->tci = id;
		if (f->bytes[12] == 0x81) {
			memmove(f->bytes + 12, f->bytes + 16, f->len - 16u);
			f->len -= 4;
		}
	} else {
		insert(f, 12, tag, sizeof(tag));
	}
}

static void
spoil(struct frame_mix *mix, struct mix_frame *f)
{
	static const uint64_t said[] = {RTE_MBUF_F_RX_L4_CKSUM_BAD, RTE_MBUF_F_RX_L4_CKSUM_NONE,
		RTE_MBUF_F_RX_IP_CKSUM_BAD, RTE_MBUF_F_RX_IP_CKSUM_NONE};
	uint8_t zeros[32] = {0};
	bool repair = below(mix, 2) == 0;

	switch (below(mix, 13)) {
	case 0: /* a header */
		flip(mix, f, 12, 130);
		break;
	case 1:
		flip(mix, f, ip_offset(f), ip_offset(f) + 48);
		break;
	case 2: /* anything */
		flip(mix, f, 0, f->len);
		break;
	case 3:
		f->len = (uint16_t)below(mix, f->len + 1u);
		break;
	case 4: /* Ethernet pads */
		insert(f, f->len, zeros, below(mix, sizeof(zeros)));
		return;
	case 5:
		set_tag(mix, f);
		return;
	case 6:
		add_options(mix, f);
		break;
	case 7:
		make_fragment(mix, f);
		break;
	case 8:
		set_class(f, (uint8_t)(1 + below(mix, 3)));
		repair = true;
		break;
	case 9:
		set_udp(mix, f);
		return;
	case 10: /* what the device says of it */
		f->flags |= said[below(mix, RTE_DIM(said))];
		return;
	case 11: /* ARP, or nothing that is known */
		f->bytes[ip_offset(f) - 2] = 0x08;
		f->bytes[ip_offset(f) - 1] = (uint8_t)(below(mix, 2) == 0 ? 0x06 : 0x99);
		return;
	default: /* another hop limit */
		f->bytes[ip_offset(f) + (is_ipv4(f) ? 8 : 7)] ^= 1;
		repair = true;
	}
	if (repair)
		frame_repair(f->bytes, f->len);
}

void
frame_mix_begin(
	struct frame_mix *mix, const struct port *ports, uint64_t seed, uint32_t odd, bool flips)
{
	*mix = (struct frame_mix){.ports = ports, .odd = odd, .flips = flips};
	rng_seed(&mix->rng, seed);
	for (uint32_t i = 0; i < MIX_PEERS; i++)
		mix->peers[i].epoch = (uint16_t)rng_next(&mix->rng);
	for (uint32_t i = 0; i < MIX_SESSIONS; i++) {
		/* Numbers go past their ends; generations begin at multiples. */
		mix->here[i] = (struct mix_stream){
			.seq = UINT32_MAX - 16 * MIX_K + 1, .flow_seq = UINT16_MAX - 100};
		mix->transit[i] = mix->here[i];
	}
}

void
frame_mix_next(struct frame_mix *mix, struct mix_frame *f)
{
	f->flags = 0;
	f->tci = 0;
	f->borrowed = happens(mix, mix->odd / 4);
	if (happens(mix, 150))
		make_ingress(mix, f);
	else
		make_ferry(mix, f);
	if (happens(mix, mix->odd))
		spoil(mix, f);
	else if (happens(mix, 100))
		f->flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}
