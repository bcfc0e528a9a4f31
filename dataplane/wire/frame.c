/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "checksum.h"
#include "frame.h"

#define VLAN_ID(tci) ((tci)&0x0fff)

/* Of neighbour discovery (RFC 4861). */
#define ND_HOP_LIMIT 255

/* Where the layers of a frame begin and end, and what is known of its checksums. */
struct frame_layers {
	const uint8_t *data;
	uint32_t contiguous; /* bytes of the first segment */
	uint32_t l3_off;
	uint32_t l4_off;
	uint32_t l4_len; /* what the IP header says */
	uint8_t protocol;
};

/* EtherType and offset of what follows it, behind our VLAN tag where there is one. */
static enum drop_reason
parse_ethernet(const struct port *port, const struct rte_mbuf *m, struct frame_layers *f,
	rte_be16_t *ether_type)
{
	const struct rte_ether_hdr *eth = (const struct rte_ether_hdr *)f->data;
	const struct rte_vlan_hdr *tag = (const struct rte_vlan_hdr *)(eth + 1);
	uint16_t vlan = 0;

	if (unlikely(f->contiguous < sizeof(*eth)))
		return DROP_eth_truncated;
	*ether_type = eth->ether_type;
	f->l3_off = sizeof(*eth);
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		vlan = VLAN_ID(m->vlan_tci);
	if (unlikely(*ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN))) {
		if (f->contiguous < sizeof(*eth) + sizeof(*tag))
			return DROP_eth_truncated;
		vlan = VLAN_ID(rte_be_to_cpu_16(tag->vlan_tci));
		*ether_type = tag->eth_proto;
		f->l3_off += sizeof(*tag);
	}
	return likely(vlan == port->vlan) ? DROP_none : DROP_vlan_other;
}

static enum frame_verdict
drop(enum drop_reason *reason, enum drop_reason why)
{
	*reason = why;
	return FRAME_DROP;
}

/*
 * Verifies a UDP checksum that is there, and keeps the payload's sum that it implies: with the
 * right checksum all of pseudo header, UDP header and payload sum to 0xffff. A virtual device may
 * say that it is still to be computed (RTE_MBUF_F_RX_L4_CKSUM_NONE); then it implies nothing.
 */
static enum drop_reason
check_udp_sum(const struct rte_mbuf *m, const struct frame_layers *f, const struct rte_udp_hdr *udp,
	uint16_t pseudo, struct frame_view *view)
{
	uint64_t known = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	uint16_t head;

	/* The bit is set in NONE too: verified, but what is in the field is not the checksum. */
	if (unlikely(known & RTE_MBUF_F_RX_L4_CKSUM_BAD))
		return known == RTE_MBUF_F_RX_L4_CKSUM_NONE ? DROP_none : DROP_udp_checksum;
	head = checksum_add(pseudo, checksum_bytes(udp, sizeof(*udp)));
	if (known != RTE_MBUF_F_RX_L4_CKSUM_GOOD) {
		uint16_t body = checksum_mbuf_part(m, f->l4_off + sizeof(*udp), view->payload_len);

		if (checksum_add(head, body) != 0xffff)
			return DROP_udp_checksum;
	}
	view->sum_known = true;
	view->sum = (uint16_t)~head;
	return DROP_none;
}

static inline enum frame_verdict
parse_udp(const struct rte_mbuf *m, const struct frame_layers *f, const void *addresses,
	uint32_t address_bytes, struct frame_view *view, enum drop_reason *reason)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(f->data + f->l4_off);
	uint16_t len;

	if (unlikely(f->l4_len < sizeof(*udp)))
		return drop(reason, DROP_udp_length);
	if (unlikely(f->contiguous < f->l4_off + sizeof(*udp)))
		return drop(reason, DROP_eth_truncated);
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (unlikely(len < sizeof(*udp) || len > f->l4_len))
		return drop(reason, DROP_udp_length);
	view->payload_off = (uint16_t)(f->l4_off + sizeof(*udp));
	view->payload_len = (uint16_t)(len - sizeof(*udp));
	view->udp_port = rte_be_to_cpu_16(udp->dst_port);
	view->sum_known = false;
	view->sum = 0;
	if (udp->dgram_cksum == 0) {
		/* RFC 768 lets IPv4 do without; RFC 8200, 8.1, does not let IPv6. */
		if (unlikely(address_bytes != 2 * sizeof(rte_be32_t)))
			return drop(reason, DROP_udp_checksum);
		return FRAME_UDP;
	}
	*reason = check_udp_sum(m, f, udp, checksum_pseudo(addresses, address_bytes, len), view);
	return likely(*reason == DROP_none) ? FRAME_UDP : FRAME_DROP;
}

/* Few headers have options: the others' size is a constant. */
static inline uint16_t
ipv4_sum(const struct rte_ipv4_hdr *ip, uint32_t header)
{
	return likely(header == sizeof(*ip)) ? checksum_bytes(ip, sizeof(*ip))
					     : checksum_bytes(ip, header);
}

static enum frame_verdict
parse_ipv4(const struct port *port, const struct rte_mbuf *m, struct frame_layers *f,
	struct frame_view *view, enum drop_reason *reason)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(f->data + f->l3_off);
	uint64_t known = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	struct address destination;
	uint32_t header, total;
	int local;

	if (unlikely(f->contiguous < f->l3_off + sizeof(*ip)))
		return drop(reason, DROP_eth_truncated);
	header = (ip->version_ihl & 0x0fu) * 4;
	total = rte_be_to_cpu_16(ip->total_length);
	if (unlikely((ip->version_ihl >> 4) != 4 || header < sizeof(*ip) || total < header ||
		     total > m->pkt_len - f->l3_off || f->contiguous < f->l3_off + header))
		return drop(reason, DROP_ip_malformed);
	if (known != RTE_MBUF_F_RX_IP_CKSUM_GOOD &&
		unlikely(known == RTE_MBUF_F_RX_IP_CKSUM_BAD || ipv4_sum(ip, header) != 0xffff) &&
		known != RTE_MBUF_F_RX_IP_CKSUM_NONE)
		return drop(reason, DROP_ip_checksum);
	destination = address_ipv4(ip->dst_addr);
	local = port_find_address(port, &destination);
	if (unlikely(local < 0))
		return drop(reason, DROP_ip_address);
	if (unlikely((ip->fragment_offset &
			     RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0))
		return drop(reason, DROP_ip_fragment);
	if (unlikely(ip->next_proto_id == IPPROTO_ICMP))
		return FRAME_ICMP;
	if (unlikely(ip->next_proto_id != IPPROTO_UDP))
		return drop(reason, DROP_ip_protocol);
	f->l4_off = f->l3_off + header;
	f->l4_len = total - header;
	view->source = address_ipv4(ip->src_addr);
	view->local = (uint8_t)local;
	view->ecn = ip->type_of_service & FRAME_ECN_MASK;
	return parse_udp(m, f, &ip->src_addr, 2 * sizeof(rte_be32_t), view, reason);
}

/*
 * Of ICMPv6: router and neighbour discovery, and redirects (RFC 4861, 4). Their hop limit is 255,
 * which nothing has that a router passed on (6.1, 7.1, 8.1).
 */
static enum frame_verdict
parse_icmpv6(const struct frame_layers *f, const struct rte_ipv6_hdr *ip)
{
	uint32_t off = f->l3_off + (uint32_t)sizeof(*ip);
	uint8_t type = f->contiguous > off ? f->data[off] : 0;

	return type >= ND_ROUTER_SOLICIT && type <= ND_REDIRECT && ip->hop_limits == ND_HOP_LIMIT
		       ? FRAME_CONTROL
		       : FRAME_ICMP;
}

/*
 * A query for multicast listeners is ICMPv6 behind hop-by-hop options (RFC 3810, 5), to a group of
 * the link, which nothing comes to from beyond a router. What its options say is the underlay's to
 * judge.
 */
static bool
is_listener_query(const struct frame_layers *f, const struct rte_ipv6_hdr *ip, uint32_t payload)
{
	uint32_t off = f->l3_off + (uint32_t)sizeof(*ip), skip;
	const uint8_t *options = f->data + off;

	if (ip->proto != IPPROTO_HOPOPTS || ip->dst_addr[0] != 0xff || ip->dst_addr[1] != 0x02 ||
		payload < 8 || f->contiguous < off + 8)
		return false;
	skip = (options[1] + 1u) * 8;
	return options[0] == IPPROTO_ICMPV6 && skip < payload && off + skip < f->contiguous &&
	       options[skip] == MLD_LISTENER_QUERY;
}

/* Neighbour solicitations go to multicast addresses, so ICMPv6 passes whatever its destination. */
static enum frame_verdict
parse_ipv6(const struct port *port, const struct rte_mbuf *m, struct frame_layers *f,
	struct frame_view *view, enum drop_reason *reason)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(f->data + f->l3_off);
	struct address destination;
	uint32_t payload;
	int local;

	if (unlikely(f->contiguous < f->l3_off + sizeof(*ip)))
		return drop(reason, DROP_eth_truncated);
	payload = rte_be_to_cpu_16(ip->payload_len);
	if (unlikely((f->data[f->l3_off] >> 4) != 6 ||
		     payload > m->pkt_len - f->l3_off - sizeof(*ip)))
		return drop(reason, DROP_ip_malformed);
	if (unlikely(ip->proto == IPPROTO_ICMPV6))
		return parse_icmpv6(f, ip);
	if (unlikely(is_listener_query(f, ip, payload)))
		return FRAME_ICMP;
	destination = address_ipv6(ip->dst_addr);
	/*
	 * IPv4 addresses are held as mapped ones, which on the wire are nobody's (RFC 4291, 2.5.5).
	 */
	local = address_is_ipv4(&destination) ? -1 : port_find_address(port, &destination);
	if (unlikely(local < 0))
		return drop(reason, DROP_ip_address);
	if (unlikely(ip->proto == IPPROTO_FRAGMENT))
		return drop(reason, DROP_ip_fragment);
	if (unlikely(ip->proto != IPPROTO_UDP))
		return drop(reason, DROP_ip_protocol);
	f->l4_off = f->l3_off + sizeof(*ip);
	f->l4_len = payload;
	view->source = address_ipv6(ip->src_addr);
	if (unlikely(address_is_ipv4(&view->source)))
		view->source = (struct address){0};
	view->local = (uint8_t)local;
	view->ecn = (uint8_t)(rte_be_to_cpu_32(ip->vtc_flow) >> FRAME_IPV6_CLASS_SHIFT) &
		    FRAME_ECN_MASK;
	return parse_udp(m, f, ip->src_addr, 32, view, reason);
}

enum frame_verdict
frame_parse(const struct port *port, const struct rte_mbuf *m, struct frame_view *view,
	enum drop_reason *reason)
{
	struct frame_layers f = {
		.data = rte_pktmbuf_mtod(m, const uint8_t *),
		.contiguous = m->data_len,
	};
	rte_be16_t ether_type;

	*reason = parse_ethernet(port, m, &f, &ether_type);
	if (unlikely(*reason != DROP_none))
		return FRAME_DROP;
	if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return parse_ipv4(port, m, &f, view, reason);
	if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return parse_ipv6(port, m, &f, view, reason);
	if (ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return FRAME_CONTROL;
	return drop(reason, DROP_eth_type);
}

static uint8_t *
build_ethernet(uint8_t *p, const struct port *port, const struct frame_endpoints *ends, bool ipv4)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)p;
	rte_be16_t type = ipv4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6);

	eth->dst_addr = ends->destination_mac;
	eth->src_addr = ends->source_mac;
	eth->ether_type = type;
	p += sizeof(*eth);
	if (port->vlan != 0) {
		struct rte_vlan_hdr *tag = (struct rte_vlan_hdr *)p;

		eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
		tag->vlan_tci = rte_cpu_to_be_16(port->vlan);
		tag->eth_proto = type;
		p += sizeof(*tag);
	}
	return p;
}

/* DF is set and the identification is then free to be 0 (RFC 6864, 4.1). */
static uint8_t *
build_ip(uint8_t *p, const struct frame_endpoints *ends, bool ipv4)
{
	if (ipv4) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)p;

		ip->version_ihl = RTE_IPV4_VHL_DEF;
		ip->type_of_service = ends->ecn;
		ip->fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
		ip->time_to_live = ends->hop_limit;
		ip->next_proto_id = IPPROTO_UDP;
		memcpy(&ip->src_addr, ends->source.bytes + 12, sizeof(ip->src_addr));
		memcpy(&ip->dst_addr, ends->destination.bytes + 12, sizeof(ip->dst_addr));
		return p + sizeof(*ip);
	}
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)p;

	ip->vtc_flow = rte_cpu_to_be_32(6u << 28 | (uint32_t)ends->ecn << FRAME_IPV6_CLASS_SHIFT);
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = ends->hop_limit;
	memcpy(ip->src_addr, ends->source.bytes, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, ends->destination.bytes, sizeof(ip->dst_addr));
	return p + sizeof(*ip);
}

void
frame_template_build(struct frame_template *t, const struct port *port,
	const struct frame_endpoints *ends, const void *append, uint8_t append_len)
{
	bool ipv4 = address_is_ipv4(&ends->destination);
	struct rte_udp_hdr *udp;
	uint8_t *p, *ip;

	memset(t, 0, sizeof(*t));
	t->l2_len = sizeof(struct rte_ether_hdr) +
		    (port->vlan != 0 ? sizeof(struct rte_vlan_hdr) : 0);
	t->l3_len = ipv4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	t->total = (uint8_t)(t->l2_len + t->l3_len + sizeof(*udp) + append_len);
	t->mtu = port->mtu;

	p = t->bytes + sizeof(t->bytes) - t->total;
	ip = build_ethernet(p, port, ends, ipv4);
	p = build_ip(ip, ends, ipv4);
	udp = (struct rte_udp_hdr *)p;
	udp->src_port = rte_cpu_to_be_16(ends->source_port);
	udp->dst_port = rte_cpu_to_be_16(ends->destination_port);
	if (append_len > 0)
		memcpy(udp + 1, append, append_len);

	if (ipv4) {
		t->plain_room = frame_payload_max(t) - append_len;
		t->transit_room = port->vlan == 0 ? t->plain_room : 0;
		t->ip_sum = checksum_bytes(ip, t->l3_len);
		t->pseudo_sum = checksum_pseudo(ip + 12, 8, 0);
	} else {
		t->pseudo_sum = checksum_pseudo(ip + 8, 32, 0);
	}
	t->pseudo_sum = checksum_add(t->pseudo_sum, checksum_bytes(udp, 4));
	if (!ipv4 && port->vlan == 0) {
		t->ipv6_room = frame_payload_max(t) - append_len;
		t->ipv6_sum = checksum_add(t->pseudo_sum, checksum_bytes(udp + 1, append_len));
	}
}

void
frame_finish_ipv6(
	const struct frame_template *t, struct rte_mbuf *m, uint32_t offloads, uint16_t body_sum)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, t->l2_len);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	rte_be16_t len = rte_cpu_to_be_16((uint16_t)(m->pkt_len - t->l2_len - sizeof(*ip)));

	ip->payload_len = len;
	udp->dgram_len = len;
	if (offloads & PORT_TX_UDP_CHECKSUM) {
		m->l2_len = t->l2_len;
		m->l3_len = t->l3_len;
		m->ol_flags |= RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM;
		/* The device adds UDP header and payload to the pseudo header's sum. */
		udp->dgram_cksum = checksum_add(
			checksum_sub(t->pseudo_sum, checksum_bytes(udp, 4)), len);
		return;
	}
	/* The length counts twice: in the pseudo header and in the UDP header. */
	udp->dgram_cksum = (uint16_t)~checksum_fold((uint32_t)t->pseudo_sum + len + len + body_sum);
	if (udp->dgram_cksum == 0)
		udp->dgram_cksum = 0xffff;
}

void
frame_clear_ecn(const struct frame_template *t, struct rte_mbuf *m)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, t->l2_len);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)l3;
	rte_be16_t before, after;

	if (t->l3_len != sizeof(*ip)) {
		((struct rte_ipv6_hdr *)l3)->vtc_flow &= rte_cpu_to_be_32(
			~((uint32_t)FRAME_ECN_MASK << FRAME_IPV6_CLASS_SHIFT));
		return;
	}
	memcpy(&before, ip, sizeof(before));
	ip->type_of_service &= (uint8_t)~FRAME_ECN_MASK;
	memcpy(&after, ip, sizeof(after));
	/* RFC 1624, equation 3. */
	ip->hdr_checksum = (uint16_t)~checksum_add(
		checksum_sub((uint16_t)~ip->hdr_checksum, before), after);
}
