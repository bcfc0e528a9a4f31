/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What link_head_matches lets pass without judging, the general path (frame_parse) must let pass
 * too, and read the same of it: frames of one neighbour in all lengths, with every single bit
 * turned, and with lengths and checksums that lie.
 */
#include "unit.h"

#include "frame.h"
#include "link_head.h"
#include "rng.h"

#define PAYLOAD_MAX 1400

static struct rng rng;
static struct port port = {
	.mtu = 1500,
	.udp_port = FERRY_UDP_PORT,
	.nb_addresses = 1,
};

/* A frame as a neighbour sends it, in a packet without a pool. */
struct sample {
	struct rte_mbuf m;
	uint8_t bytes[2048];
};

static void
sample_make(struct sample *s, uint16_t payload)
{
	struct port sender = {.mtu = 1500, .udp_port = FERRY_UDP_PORT};
	struct frame_endpoints ends = {
		.source = address_ipv4(RTE_BE32(0x0a000001)),
		.destination = port.addresses[0],
		.source_port = FERRY_UDP_PORT,
		.destination_port = FERRY_UDP_PORT,
		.hop_limit = 61,
	};
	struct link_hdr hdr = {.version_type = LINK_VERSION << 4,
		.epoch = RTE_BE16(7),
		.node = RTE_BE32(77),
		.seq = rng_next(&rng),
		.stamp = (uint32_t)rng_next(&rng)};
	struct frame_template t;

	frame_template_build(&t, &sender, &ends, &hdr, sizeof(hdr));
	memcpy(s->bytes, t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	for (uint32_t i = t.total; i < sizeof(s->bytes); i++)
		s->bytes[i] = (uint8_t)rng_next(&rng);
	s->m = (struct rte_mbuf){.buf_addr = s->bytes, .nb_segs = 1};
	rte_mbuf_refcnt_set(&s->m, 1);
	s->m.data_len = (uint16_t)(t.total + payload);
	s->m.pkt_len = s->m.data_len;
	frame_finish(&t, &s->m, 0, 0);
}

static bool
matches(const struct link_head *head, const struct sample *s)
{
	return link_head_matches(head, (const struct link_frame *)s->bytes, s->m.data_len);
}

/* The general path accepts it as a datagram with an unchanged head. */
static void
assert_accepted(const struct sample *s, const struct sample *known)
{
	const struct link_frame *frame = (const struct link_frame *)s->bytes;
	enum drop_reason reason;
	struct frame_view view;

	assert_int_equal(frame_parse(&port, &s->m, &view, &reason), FRAME_UDP);
	assert_int_equal(view.payload_off, offsetof(struct link_frame, link));
	assert_int_equal(view.payload_len, rte_be_to_cpu_16(frame->udp.dgram_len) - 8);
	assert_true(view.payload_len >= sizeof(struct link_hdr));
	assert_false(view.sum_known);
	assert_int_equal(view.udp_port, FERRY_UDP_PORT);
	assert_memory_equal(s->bytes + view.payload_off, known->bytes + view.payload_off, 8);
}

static void
learn(struct link_head *head, const struct sample *s)
{
	link_head_forget(head);
	link_head_learn(head, s->bytes, offsetof(struct link_frame, link), s->m.data_len);
}

static void
test_every_length(void **state)
{
	struct sample known, s;
	struct link_head head;

	(void)state;
	sample_make(&known, 200);
	learn(&head, &known);
	for (uint16_t payload = 36; payload <= PAYLOAD_MAX; payload++) {
		sample_make(&s, payload);
		assert_true(matches(&head, &s));
		assert_accepted(&s, &known);
		/* Ethernet may pad. */
		s.m.data_len += 10;
		s.m.pkt_len += 10;
		assert_true(matches(&head, &s));
		s.m.data_len -= 11;
		s.m.pkt_len -= 11;
		assert_false(matches(&head, &s));
	}
}

/* In the bytes that are compared no bit may differ; elsewhere what matches must be right. */
static void
test_every_bit(void **state)
{
	struct sample known, s;
	struct link_head head;
	uint32_t passed = 0;

	(void)state;
	sample_make(&known, 200);
	learn(&head, &known);
	for (uint32_t bit = 0; bit < 8 * sizeof(struct link_frame); bit++) {
		s = known;
		s.m.buf_addr = s.bytes;
		s.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!matches(&head, &s))
			continue;
		passed++;
		assert_accepted(&s, &known);
		/* MAC addresses, and what each packet has of its own. */
		assert_true(bit / 8 < 12 || bit / 8 >= 50);
	}
	assert_int_equal(passed, 8 * (12 + 16));
}

static void
test_lying_lengths(void **state)
{
	struct sample known, s;
	struct link_head head;
	uint32_t passed = 0;

	(void)state;
	sample_make(&known, 200);
	learn(&head, &known);
	for (int i = 0; i < 300000; i++) {
		struct link_frame *frame = (struct link_frame *)s.bytes;
		uint16_t len = (uint16_t)rng_below(&rng, i % 2 == 0 ? 0x10000 : 400);

		s = known;
		s.m.buf_addr = s.bytes;
		frame->udp.dgram_len = rte_cpu_to_be_16(len);
		frame->ip.total_length = rte_cpu_to_be_16((uint16_t)(len + 20));
		frame->ip.hdr_checksum = 0;
		frame->ip.hdr_checksum = (uint16_t)~rte_raw_cksum(&frame->ip, sizeof(frame->ip));
		if (i % 3 == 0)
			frame->ip.hdr_checksum ^= (uint16_t)(1u << rng_below(&rng, 16));
		if (!matches(&head, &s))
			continue;
		passed++;
		assert_accepted(&s, &known);
	}
	assert_true(passed > 1000);
}

/* What is not of the plain kind is not remembered, and what is forgotten matches nothing. */
static void
test_not_learned(void **state)
{
	struct sample s;
	struct link_head head;
	struct link_frame *frame = (struct link_frame *)s.bytes;

	(void)state;
	sample_make(&s, 100);
	learn(&head, &s);
	assert_true(matches(&head, &s));
	link_head_forget(&head);
	assert_false(matches(&head, &s));
	memset(s.bytes, 0, sizeof(s.bytes));
	assert_false(matches(&head, &s));

	sample_make(&s, 100);
	frame->ip.type_of_service |= RTE_IPV4_HDR_ECN_CE;
	learn(&head, &s);
	assert_false(matches(&head, &s));

	sample_make(&s, 100);
	frame->udp.dgram_cksum = 0x1234;
	learn(&head, &s);
	assert_false(matches(&head, &s));

	sample_make(&s, 100);
	frame->ip.version_ihl = 0x46;
	learn(&head, &s);
	assert_false(matches(&head, &s));

	sample_make(&s, 100);
	link_head_learn(&head, s.bytes, offsetof(struct link_frame, link) + 4, s.m.data_len);
	assert_false(matches(&head, &s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_not_learned),
	};

	rng_seed(&rng, unit_seed());
	port.addresses[0] = address_ipv4(RTE_BE32(0x0a000002));
	return cmocka_run_group_tests_name("link_head", tests, NULL, NULL);
}
