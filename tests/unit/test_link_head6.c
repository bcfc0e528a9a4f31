/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What link_head6_matches lets pass without judging, the general path (frame_parse) must let pass
 * too, if the sum is right. And the checksum that a relay derives from the received one is the one
 * that summing the whole frame gives, where the sum of it is 0xffff too; a wrong one stays wrong.
 */
#include "unit.h"

#include "frame.h"
#include "link_head6.h"
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
	struct frame_template t;
	union {
		struct link_frame6 frame;
		uint8_t bytes[2048];
	};
};

static struct address
some_address(void)
{
	struct address a;

	for (size_t i = 0; i < sizeof(a.bytes); i++)
		a.bytes[i] = (uint8_t)rng_next(&rng);
	a.bytes[0] = 0xfd;
	return a;
}

/* RFC 1071 by its definition, over pseudo header (RFC 8200, 8.1), UDP header and payload. */
static uint16_t
plain_sum(const struct sample *s)
{
	uint32_t len = rte_be_to_cpu_16(s->frame.udp.dgram_len), sum = IPPROTO_UDP + len;
	const uint8_t *p = (const uint8_t *)&s->frame.udp;

	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	p = s->frame.ip.src_addr;
	for (uint32_t i = 0; i < 32; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return (uint16_t)((sum - 1) % 0xffff + 1);
}

/* The headers of a sender, payload as it is; no length, no checksum. */
static void
sample_head(struct sample *s, const struct address *destination)
{
	struct port sender = {.mtu = 1500, .udp_port = FERRY_UDP_PORT};
	struct frame_endpoints ends = {
		.source = some_address(),
		.destination = *destination,
		.source_port = FERRY_UDP_PORT,
		.destination_port = FERRY_UDP_PORT,
		.hop_limit = 61,
	};
	struct link_hdr hdr = {.version_type = LINK_VERSION << 4,
		.epoch = (uint16_t)rng_next(&rng),
		.node = RTE_BE32(77)};

	frame_template_build(&s->t, &sender, &ends, &hdr, sizeof(hdr));
	memcpy(s->bytes, s->t.bytes + FRAME_TEMPLATE_BYTES - s->t.total, s->t.total);
	s->frame.link.seq = rng_next(&rng);
	s->frame.link.stamp = (uint32_t)rng_next(&rng);
	s->frame.link.rtt = (uint32_t)rng_next(&rng);
}

static void
sample_packet(struct sample *s, uint16_t payload)
{
	s->m = (struct rte_mbuf){.buf_addr = s->bytes, .nb_segs = 1};
	rte_mbuf_refcnt_set(&s->m, 1);
	s->m.data_len = (uint16_t)(sizeof(s->frame) + payload);
	s->m.pkt_len = s->m.data_len;
}

/* The right checksum by the plain sum. */
static void
sample_sum(struct sample *s)
{
	uint16_t check;

	s->frame.udp.dgram_cksum = 0;
	check = (uint16_t)~plain_sum(s);
	s->frame.udp.dgram_cksum = rte_cpu_to_be_16(check != 0 ? check : 0xffff);
}

static void
sample_make(struct sample *s, uint16_t payload)
{
	for (uint32_t i = sizeof(s->frame); i < sizeof(s->bytes); i++)
		s->bytes[i] = (uint8_t)rng_next(&rng);
	sample_head(s, &port.addresses[0]);
	sample_packet(s, payload);
	s->frame.udp.dgram_len = rte_cpu_to_be_16((uint16_t)(8 + 24 + payload));
	s->frame.ip.payload_len = s->frame.udp.dgram_len;
	sample_sum(s);
}

/* The last word of an even payload is chosen so that the frame's checksum is 0, sent as 0xffff. */
static void
make_all_ones(struct sample *s, uint16_t payload)
{
	uint16_t *last = (uint16_t *)(s->bytes + sizeof(s->frame) + payload - 2);

	s->frame.udp.dgram_cksum = 0;
	*last = 0;
	*last = rte_cpu_to_be_16((uint16_t)~plain_sum(s));
	sample_sum(s);
	assert_int_equal(s->frame.udp.dgram_cksum, 0xffff);
}

static bool
matches(const struct link_head6 *head, const struct sample *s)
{
	return link_head6_matches(head, &s->frame, s->m.data_len);
}

/* The sum of what follows the link header, as the checksum implies it; 0: the checksum is wrong. */
static bool
sum_is_right(const struct link_head6 *head, const struct sample *s)
{
	uint32_t len = rte_be_to_cpu_16(s->frame.udp.dgram_len) - 32u;

	return checksum_add(link_head6_sum(head, &s->frame),
		       checksum_bytes(s->bytes + sizeof(s->frame), len)) == 0xffff;
}

/* The general path accepts it as a datagram, or has only the checksum against it. */
static void
assert_judged(const struct link_head6 *head, const struct sample *s)
{
	enum drop_reason reason;
	struct frame_view view;

	if (!sum_is_right(head, s)) {
		assert_int_equal(frame_parse(&port, &s->m, &view, &reason), FRAME_DROP);
		assert_int_equal(reason, DROP_udp_checksum);
		return;
	}
	assert_int_equal(frame_parse(&port, &s->m, &view, &reason), FRAME_UDP);
	assert_int_equal(view.payload_off, offsetof(struct link_frame6, link));
	assert_int_equal(view.payload_len, rte_be_to_cpu_16(s->frame.udp.dgram_len) - 8);
	assert_true(view.payload_len >= sizeof(struct link_hdr));
	assert_int_equal(view.udp_port, FERRY_UDP_PORT);
}

static void
learn(struct link_head6 *head, const struct sample *s)
{
	link_head6_forget(head);
	link_head6_learn(head, s->bytes, offsetof(struct link_frame6, link), s->m.data_len);
}

/* Another frame of the same neighbour. */
static void
next_sample(struct sample *s, const struct sample *known, uint16_t payload)
{
	sample_make(s, payload);
	memcpy(s->frame.ip.src_addr, known->frame.ip.src_addr, 16);
	s->frame.link.epoch = known->frame.link.epoch;
	sample_sum(s);
}

static void
test_every_length(void **state)
{
	static struct sample known, s;
	struct link_head6 head;

	(void)state;
	sample_make(&known, 200);
	learn(&head, &known);
	for (uint16_t payload = 36; payload <= PAYLOAD_MAX; payload++) {
		next_sample(&s, &known, payload);
		assert_true(matches(&head, &s));
		assert_true(sum_is_right(&head, &s));
		assert_judged(&head, &s);
		/* Ethernet may pad. */
		s.m.data_len += 10;
		s.m.pkt_len += 10;
		assert_true(matches(&head, &s));
		s.m.data_len -= 11;
		s.m.pkt_len -= 11;
		assert_false(matches(&head, &s));
	}
}

/* In the bytes that are compared no bit may differ; of what is summed, each is seen. */
static void
test_every_bit(void **state)
{
	static struct sample known, s;
	struct link_head6 head;
	uint32_t passed = 0;

	(void)state;
	sample_make(&known, 200);
	learn(&head, &known);
	for (uint32_t bit = 0; bit < 8 * (sizeof(struct link_frame6) + 200); bit++) {
		s = known;
		s.m.buf_addr = s.bytes;
		s.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!matches(&head, &s))
			continue;
		passed++;
		assert_judged(&head, &s);
		/* MAC addresses, the checksum, and what each packet has of its own. */
		assert_true(bit / 8 < 12 || bit / 8 == 60 || bit / 8 == 61 || bit / 8 >= 70);
		assert_int_equal(sum_is_right(&head, &s), bit / 8 < 12);
	}
	assert_int_equal(passed, 8 * (12 + 2 + 16 + 200));
}

static void
test_lying_lengths(void **state)
{
	static struct sample known, s;
	struct link_head6 head;
	uint32_t passed = 0;

	(void)state;
	sample_make(&known, 200);
	learn(&head, &known);
	s = known;
	s.m.buf_addr = s.bytes;
	for (int i = 0; i < 300000; i++) {
		uint16_t len = (uint16_t)rng_below(&rng, i % 2 == 0 ? 0x10000 : 400);

		s.frame.udp.dgram_len = rte_cpu_to_be_16(len);
		s.frame.ip.payload_len = rte_cpu_to_be_16(
			(uint16_t)(i % 3 == 0 ? rng_below(&rng, 400) : len));
		if (!matches(&head, &s))
			continue;
		if (i % 5 != 0)
			sample_sum(&s);
		passed++;
		assert_judged(&head, &s);
	}
	assert_true(passed > 1000);
}

/* What is not of the plain kind is not remembered, and what is forgotten matches nothing. */
static void
test_not_learned(void **state)
{
	static struct sample s;
	struct link_head6 head;

	(void)state;
	sample_make(&s, 100);
	learn(&head, &s);
	assert_true(matches(&head, &s));
	s.frame.udp.dgram_cksum = 0;
	assert_false(matches(&head, &s));
	link_head6_forget(&head);
	assert_false(matches(&head, &s));
	memset(s.bytes, 0, sizeof(s.bytes));
	assert_false(matches(&head, &s));

	sample_make(&s, 100);
	s.frame.ip.vtc_flow |= RTE_BE32((uint32_t)FRAME_ECN_CE << FRAME_IPV6_CLASS_SHIFT);
	learn(&head, &s);
	assert_false(matches(&head, &s));

	sample_make(&s, 100);
	link_head6_learn(&head, s.bytes, offsetof(struct link_frame6, link) + 8, s.m.data_len);
	assert_false(matches(&head, &s));
}

/*
 * A relay's way: the sum that the received checksum implies, without the relay's Pathlet, under new
 * headers. The payload is never read.
 */
static void
relay(struct sample *out, const struct link_head6 *head, const struct sample *in, uint16_t payload)
{
	const struct pathlet_hdr *own = (const struct pathlet_hdr *)(&in->frame + 1);
	uint16_t body = (uint16_t)~link_head6_sum(head, &in->frame), rest = payload - 6;
	struct address destination = some_address();

	memcpy(out->bytes + sizeof(out->frame), own + 1, rest);
	sample_head(out, &destination);
	sample_packet(out, rest);
	link_frame6_finish(
		&out->frame, out->t.ipv6_sum, out->m.data_len, body + link_frame6_without(own));
	assert_int_equal(rte_be_to_cpu_16(out->frame.ip.payload_len), 8 + 24 + rest);
	assert_int_not_equal(out->frame.udp.dgram_cksum, 0);
}

static void
test_relayed(void **state)
{
	static struct sample in, out;
	uint32_t all_ones = 0;

	(void)state;
	for (uint32_t i = 0; i < 40000; i++) {
		uint16_t payload = (uint16_t)(40 + rng_below(&rng, 300)), given;
		struct link_head6 head;

		sample_make(&in, payload);
		if (i % 4 == 0) {
			/* Little in it, so that sums are 0x0000 or 0xffff. */
			memset(in.bytes + sizeof(in.frame), i % 8 == 0 ? 0 : 0xff, payload);
			sample_sum(&in);
		}
		if (i % 4 == 1 && payload % 2 == 0)
			make_all_ones(&in, payload);
		learn(&head, &in);
		relay(&out, &head, &in, payload);
		given = out.frame.udp.dgram_cksum;
		sample_sum(&out);
		assert_int_equal(given, out.frame.udp.dgram_cksum);

		/* What was damaged on the way in, unseen, stays damaged. */
		in.bytes[sizeof(in.frame) + rng_below(&rng, payload)] ^=
			(uint8_t)(1u << rng_below(&rng, 8));
		relay(&out, &head, &in, payload);
		assert_int_not_equal(plain_sum(&out), 0xffff);
	}
	/* Each checksum that a relay may give: of two stamps one apart, the sums are too. */
	sample_make(&in, 100);
	sample_make(&out, 100);
	for (uint32_t i = 0; i < 0x10000; i++) {
		uint16_t given;

		out.frame.link.rtt = rte_cpu_to_be_32(i);
		link_frame6_finish(&out.frame, out.t.ipv6_sum, out.m.data_len,
			checksum_bytes(out.bytes + sizeof(out.frame), 100));
		given = out.frame.udp.dgram_cksum;
		all_ones += given == 0xffff;
		sample_sum(&out);
		assert_int_equal(given, out.frame.udp.dgram_cksum);
	}
	assert_in_range(all_ones, 1, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_not_learned),
		cmocka_unit_test(test_relayed),
	};

	rng_seed(&rng, unit_seed());
	port.addresses[0] = some_address();
	return cmocka_run_group_tests_name("link_head6", tests, NULL, NULL);
}
