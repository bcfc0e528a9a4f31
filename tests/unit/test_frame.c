/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames built from templates and judged again, with a byte-wise reading of RFC 791, 768, 8200 and
 * 1071 beside them; partial checksums against whole ones.
 */
#include "unit.h"

#include <rte_ether.h>

#include "../harness/test_eal.h"
#include "checksum.h"
#include "link_input.h"
#include "rng.h"

static struct rte_mempool *pool;
static struct rng rng;

/* RFC 1071 as written there: 16-bit words, high byte first. */
static uint16_t
plain_sum(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* Whether a whole frame is right; returns the offset of the UDP header. */
static uint32_t
plain_check(const uint8_t *f, uint32_t len, uint16_t vlan, bool ipv6, bool summed)
{
	uint32_t ip = 14, udp, udp_len;
	uint32_t pseudo;

	if (vlan != 0) {
		assert_int_equal(get16(f + 12), 0x8100);
		assert_int_equal(get16(f + 14), vlan);
		ip = 18;
	}
	assert_int_equal(get16(f + ip - 2), ipv6 ? 0x86dd : 0x0800);
	if (ipv6) {
		assert_int_equal(f[ip], 0x60);
		assert_int_equal(get16(f + ip + 4), len - ip - 40);
		assert_int_equal(f[ip + 6], 17);
		udp = ip + 40;
		pseudo = plain_sum(f + ip + 8, 32, 17);
	} else {
		assert_int_equal(f[ip], 0x45);
		assert_int_equal(get16(f + ip + 2), len - ip);
		assert_int_equal(get16(f + ip + 6), 0x4000);
		assert_int_equal(f[ip + 9], 17);
		assert_int_equal(plain_sum(f + ip, 20, 0), 0xffff);
		udp = ip + 20;
		pseudo = plain_sum(f + ip + 12, 8, 17);
	}
	udp_len = get16(f + udp + 4);
	assert_int_equal(udp_len, len - udp);
	if (summed) {
		assert_int_not_equal(get16(f + udp + 6), 0);
		assert_int_equal(plain_sum(f + udp, udp_len, pseudo + udp_len), 0xffff);
	} else {
		assert_int_equal(get16(f + udp + 6), 0);
	}
	return udp;
}

static struct address
some_address(bool ipv6)
{
	uint8_t bytes[16];

	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(rng_next(&rng) >> 33);
	bytes[0] = 0x20;
	if (ipv6)
		return address_ipv6(bytes);
	return address_ipv4(*(const uint32_t *)bytes);
}

/* A packet with room before it and len random bytes in it, in one piece or several. */
static struct rte_mbuf *
some_packet(uint16_t len, bool pieces)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	assert_non_null(m);
	while (len > 0) {
		uint16_t part = pieces ? (uint16_t)(1 + rng_below(&rng, len)) : len;
		uint8_t *p = (uint8_t *)rte_pktmbuf_append(m, part);

		if (p == NULL || (pieces && m->data_len > part)) {
			struct rte_mbuf *more = rte_pktmbuf_alloc(pool);

			assert_non_null(more);
			if (p != NULL)
				assert_int_equal(rte_pktmbuf_trim(m, part), 0);
			p = (uint8_t *)rte_pktmbuf_append(more, part);
			assert_non_null(p);
			assert_int_equal(rte_pktmbuf_chain(m, more), 0);
		}
		for (uint16_t i = 0; i < part; i++)
			p[i] = (uint8_t)(rng_next(&rng) >> 33);
		len -= part;
	}
	return m;
}

struct ends {
	struct port sender, receiver;
	struct frame_endpoints ends;
	uint8_t local; /* of the destination among the receiver's addresses */
};

/* The destination among others, of which some end as it does; mostly learned. */
static void
some_addresses(struct ends *e)
{
	struct port *port = &e->receiver;

	port->nb_addresses = (uint8_t)(1 + rng_below(&rng, PORT_ADDRESSES_MAX));
	e->local = (uint8_t)rng_below(&rng, port->nb_addresses);
	for (uint8_t i = 0; i < port->nb_addresses; i++) {
		port->addresses[i] = some_address(rng_below(&rng, 2) != 0);
		if (rng_below(&rng, 2) != 0)
			port->addresses[i].bytes[15] = e->ends.destination.bytes[15];
	}
	port->addresses[e->local] = e->ends.destination;
	if (rng_below(&rng, 4) != 0)
		port_learn_addresses(port);
}

static void
some_ends(struct ends *e, bool ipv6, uint16_t vlan)
{
	memset(e, 0, sizeof(*e));
	e->ends.source = some_address(ipv6);
	e->ends.destination = some_address(ipv6);
	e->ends.source_port = (uint16_t)rng_next(&rng);
	e->ends.destination_port = (uint16_t)rng_next(&rng);
	e->ends.hop_limit = FRAME_HOP_LIMIT;
	rte_eth_random_addr(e->ends.source_mac.addr_bytes);
	rte_eth_random_addr(e->ends.destination_mac.addr_bytes);
	e->sender.mtu = 1500;
	e->sender.vlan = vlan;
	e->receiver.vlan = vlan;
	some_addresses(e);
}

static void
round_trip(bool ipv6, uint16_t vlan, uint16_t len, uint8_t appended, bool offload)
{
	uint8_t append[24], flat[2048];
	struct frame_template t;
	struct frame_view view;
	enum drop_reason reason;
	struct rte_mbuf *m;
	struct ends e;
	uint16_t sum;
	uint32_t udp;

	some_ends(&e, ipv6, vlan);
	for (int i = 0; i < 24; i++)
		append[i] = (uint8_t)(rng_next(&rng) >> 33);
	frame_template_build(&t, &e.sender, &e.ends, append, appended);
	assert_int_equal(frame_payload_max(&t), 1500 - (ipv6 ? 40 : 20) - 8);
	m = some_packet(len, rng_below(&rng, 2) != 0);
	sum = checksum_add(checksum_mbuf(m, 0), checksum_bytes(append, appended));
	memcpy(packet_prepend(m, t.total), t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	frame_finish(&t, m, offload ? PORT_TX_UDP_CHECKSUM : 0, sum);
	assert_int_equal(rte_pktmbuf_data_len(m) >= t.total, 1);
	for (uint32_t at = 0; at < m->pkt_len; at++)
		flat[at] = *(const uint8_t *)rte_pktmbuf_read(m, at, 1, flat + at);
	if (offload && ipv6) {
		/* What the device does: the sum over UDP header and payload goes into the field. */
		uint32_t at = t.l2_len + 40u;

		assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_L4_MASK, RTE_MBUF_F_TX_UDP_CKSUM);
		sum = (uint16_t)~plain_sum(flat + at, m->pkt_len - at, 0);
		sum = sum != 0 ? sum : 0xffff;
		flat[at + 6] = (uint8_t)(sum >> 8);
		flat[at + 7] = (uint8_t)sum;
		memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, at + 6), flat + at + 6, 2);
	}
	udp = plain_check(flat, m->pkt_len, vlan, ipv6, ipv6);
	assert_memory_equal(flat + udp + 8, append, appended);
	assert_int_equal(get16(flat + udp), e.ends.source_port);

	assert_int_equal(frame_parse(&e.receiver, m, &view, &reason), FRAME_UDP);
	assert_int_equal(view.payload_off, udp + 8);
	assert_int_equal(view.payload_len, len + appended);
	assert_int_equal(view.udp_port, e.ends.destination_port);
	assert_int_equal(view.local, e.local);
	assert_true(address_equal(&view.source, &e.ends.source));
	assert_int_equal(view.sum_known, ipv6);
	if (view.sum_known)
		assert_int_equal(rte_be_to_cpu_16(view.sum) % 0xffff,
			plain_sum(flat + udp + 8, view.payload_len, 0) % 0xffff);
	rte_pktmbuf_free(m);
}

static void
test_round_trip(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed());
	for (int i = 0; i < 8000; i++) {
		uint16_t vlan = rng_below(&rng, 2) != 0 ? (uint16_t)(1 + rng_below(&rng, 4094)) : 0;

		round_trip(rng_below(&rng, 2), vlan, (uint16_t)rng_below(&rng, 1400),
			(uint8_t)(rng_below(&rng, 13) * 2), rng_below(&rng, 4) == 0);
	}
}

/* Any damaged bit of what a checksum covers is seen, and the reason named fits. */
static void
damage(bool ipv6)
{
	struct frame_template t;
	struct frame_view view;
	enum drop_reason reason = DROP_none;
	enum frame_verdict verdict;
	struct rte_mbuf *m;
	struct ends e;
	uint32_t at, ip = 14;
	uint16_t sum;

	some_ends(&e, ipv6, 0);
	frame_template_build(&t, &e.sender, &e.ends, NULL, 0);
	m = some_packet(100, false);
	sum = checksum_mbuf(m, 0);
	memcpy(packet_prepend(m, t.total), t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	frame_finish(&t, m, 0, sum);
	at = ip + rng_below(&rng, ipv6 ? m->pkt_len - ip : 20);
	*rte_pktmbuf_mtod_offset(m, uint8_t *, at) ^= (uint8_t)(1u << rng_below(&rng, 8));
	verdict = frame_parse(&e.receiver, m, &view, &reason);
	/* IPv6 leaves traffic class, flow label and hop limit to the routers. */
	if (ipv6 && ((at < ip + 4 && (*rte_pktmbuf_mtod_offset(m, uint8_t *, ip) >> 4) == 6) ||
			    at == ip + 7))
		assert_int_equal(verdict, FRAME_UDP);
	else
		assert_int_equal(verdict, FRAME_DROP);
	if (verdict == FRAME_DROP)
		assert_int_not_equal(reason, DROP_none);
	rte_pktmbuf_free(m);
}

static void
test_damage(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed() + 7);
	for (int i = 0; i < 20000; i++)
		damage(i % 2 != 0);
}

/*
 * A device that verified a datagram of which the checksum is still to be computed: it is taken, and
 * what is in the field says nothing of the payload.
 */
static void
test_unfinished(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed() + 10);
	for (int i = 0; i < 2000; i++) {
		bool ipv6 = i % 2 != 0;
		struct rte_mbuf *m = some_packet((uint16_t)(1 + rng_below(&rng, 1000)), false);
		uint16_t sum = checksum_mbuf(m, 0), *field;
		enum drop_reason reason;
		struct frame_template t;
		struct frame_view view;
		struct ends e;

		some_ends(&e, ipv6, 0);
		frame_template_build(&t, &e.sender, &e.ends, NULL, 0);
		memcpy(packet_prepend(m, t.total), t.bytes + FRAME_TEMPLATE_BYTES - t.total,
			t.total);
		frame_finish(&t, m, 0, sum);
		field = rte_pktmbuf_mtod_offset(m, uint16_t *, t.total - 2);
		if (!ipv6)
			*field = rte_ipv4_udptcp_cksum(
				rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, t.l2_len),
				rte_pktmbuf_mtod_offset(
					m, struct rte_udp_hdr *, t.l2_len + t.l3_len));
		*field ^= 0x5a5a;
		if (*field == 0)
			*field = 1;
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
		assert_int_equal(frame_parse(&e.receiver, m, &view, &reason), FRAME_UDP);
		assert_false(view.sum_known);
		m->ol_flags &= ~RTE_MBUF_F_RX_L4_CKSUM_MASK;
		assert_int_equal(frame_parse(&e.receiver, m, &view, &reason), FRAME_DROP);
		assert_int_equal(reason, DROP_udp_checksum);
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
		assert_int_equal(frame_parse(&e.receiver, m, &view, &reason), FRAME_DROP);
		rte_pktmbuf_free(m);
	}
}

/* The same of an IPv4 header's. */
static void
test_unfinished_ip(void **state)
{
	struct rte_mbuf *m = some_packet(100, false);
	enum drop_reason reason;
	struct frame_template t;
	struct frame_view view;
	struct ends e;

	(void)state;
	some_ends(&e, false, 0);
	frame_template_build(&t, &e.sender, &e.ends, NULL, 0);
	memcpy(packet_prepend(m, t.total), t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	frame_finish(&t, m, 0, 0);
	*rte_pktmbuf_mtod_offset(m, uint8_t *, t.l2_len + 10) ^= 1;
	assert_int_equal(frame_parse(&e.receiver, m, &view, &reason), FRAME_DROP);
	assert_int_equal(reason, DROP_ip_checksum);
	m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_NONE;
	assert_int_equal(frame_parse(&e.receiver, m, &view, &reason), FRAME_UDP);
	rte_pktmbuf_free(m);
}

/* A frame to an address that the port does not have, but had. */
static void
test_other_address(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed() + 8);
	for (int i = 0; i < 2000; i++) {
		bool ipv6 = i % 2 != 0;
		struct rte_mbuf *m = some_packet(100, false);
		uint16_t sum = checksum_mbuf(m, 0);
		enum drop_reason reason;
		struct frame_template t;
		struct frame_view view;
		struct ends e;

		some_ends(&e, ipv6, 0);
		frame_template_build(&t, &e.sender, &e.ends, NULL, 0);
		memcpy(packet_prepend(m, t.total), t.bytes + FRAME_TEMPLATE_BYTES - t.total,
			t.total);
		frame_finish(&t, m, 0, sum);
		if (rng_below(&rng, 2) != 0)
			e.receiver.addresses[e.local].bytes[14] ^= 1;
		else
			e.receiver.nb_addresses = e.local;
		assert_int_equal(frame_parse(&e.receiver, m, &view, &reason), FRAME_DROP);
		assert_int_equal(reason, DROP_ip_address);
		rte_pktmbuf_free(m);
	}
}

/* A frame cut anywhere is refused, and nothing is read beyond its end. */
static void
test_cut(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed() + 9);
	for (int i = 0; i < 2; i++) {
		bool ipv6 = i != 0;
		struct frame_template t;
		struct ends e;
		struct rte_mbuf *whole;

		some_ends(&e, ipv6, 5);
		frame_template_build(&t, &e.sender, &e.ends, NULL, 0);
		whole = some_packet(30, false);
		uint16_t sum = checksum_mbuf(whole, 0);

		memcpy(packet_prepend(whole, t.total), t.bytes + FRAME_TEMPLATE_BYTES - t.total,
			t.total);
		frame_finish(&t, whole, 0, sum);
		while (whole->pkt_len > 0) {
			struct frame_view view;
			enum drop_reason reason;

			assert_int_equal(rte_pktmbuf_trim(whole, 1), 0);
			assert_int_equal(
				frame_parse(&e.receiver, whole, &view, &reason), FRAME_DROP);
			assert_true(reason == DROP_eth_truncated || reason == DROP_ip_malformed);
		}
		rte_pktmbuf_free(whole);
	}
}

/* Sums of parts join to, and split from, the sum of the whole. */
static void
test_partial_sums(void **state)
{
	uint8_t data[512];

	(void)state;
	rng_seed(&rng, unit_seed() + 3);
	for (int i = 0; i < 50000; i++) {
		uint32_t len = rng_below(&rng, sizeof(data)),
			 cut = rng_below(&rng, len / 2 + 1) * 2;
		uint8_t fill = (uint8_t)rng_below(&rng, 3);
		uint16_t whole, head, tail;

		for (uint32_t b = 0; b < len; b++)
			data[b] = fill == 0   ? 0
				  : fill == 1 ? 0xff
					      : (uint8_t)(rng_next(&rng) >> 40);
		whole = checksum_bytes(data, len);
		head = checksum_bytes(data, cut);
		tail = checksum_bytes(data + cut, len - cut);
		/* One's complement has two zeros. */
		assert_int_equal(
			rte_be_to_cpu_16(whole) % 0xffff, plain_sum(data, len, 0) % 0xffff);
		assert_int_equal(checksum_add(head, tail) % 0xffff, whole % 0xffff);
		assert_int_equal(checksum_sub(whole, head) % 0xffff, tail % 0xffff);
	}
}

/* The sum that travels with a packet stays right as headers go and come. */
static void
test_packet_sum(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed() + 4);
	for (int i = 0; i < 5000; i++) {
		struct rte_mbuf *m = some_packet((uint16_t)(100 + rng_below(&rng, 1000)), false);
		uint16_t go = (uint16_t)(rng_below(&rng, 50) * 2), come = (uint16_t)(2 * (i % 40));
		uint8_t *p;

		packet_sum_set(m, checksum_mbuf(m, 0));
		packet_trim(m, go);
		assert_int_equal(packet_meta(m)->sum % 0xffff, checksum_mbuf(m, 0) % 0xffff);
		p = packet_prepend(m, come);
		for (uint16_t b = 0; b < come; b++)
			p[b] = (uint8_t)(rng_next(&rng) >> 40);
		packet_sum_grow(m, p, come);
		assert_int_equal(packet_meta(m)->sum % 0xffff, checksum_mbuf(m, 0) % 0xffff);
		rte_pktmbuf_free(m);
	}
}

/* A frame in two buffers, cut wherever UDP says that it ends. */
static void
test_packet_of_parts(void **state)
{
	(void)state;
	for (uint16_t len = 0; len <= 2 * 10; len++) {
		const struct frame_view view = {.payload_off = 10, .payload_len = len};
		struct rte_mbuf *m = some_packet(20, false);
		const char *why = "";

		assert_int_equal(rte_pktmbuf_chain(m, some_packet(10, false)), 0);
		packet_from_frame(m, &view);
		assert_int_equal(rte_mbuf_check(m, 1, &why), 0);
		assert_int_equal(m->pkt_len, len);
		rte_pktmbuf_free(m);
	}
}

static int
setup(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0 || packet_init() < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("unit", 1023, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	return pool != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	uint32_t used = rte_mempool_in_use_count(pool);

	(void)state;
	rte_mempool_free(pool);
	return rte_eal_cleanup() != 0 || used != 0 ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_unfinished_ip),
		cmocka_unit_test(test_other_address),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_partial_sums),
		cmocka_unit_test(test_packet_sum),
		cmocka_unit_test(test_packet_of_parts),
	};

	return cmocka_run_group_tests_name("frame", tests, setup, teardown);
}
