/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_harness.h"

#include <string.h>

/* 192.0.2.2 pings 192.0.2.1: DSCP 46 and an ECN bit, identifier 0x77, sequence 3 */
#define PING4                                                                                      \
	"020000000001 020000000002 0800 45b90026123440003f01a4e6 c0000202 c0000201"                \
	"0800c6bc00770003 66657272792070696e67"
#define PONG4                                                                                      \
	"020000000002 020000000001 0800 45b80026000040004001b61b c0000201 c0000202"                \
	"0000cebc00770003 66657272792070696e67 0000000000000000"
#define PING6                                                                                      \
	"020000000001 020000000002 86dd 6000000000133a3f"                                          \
	"20010db8000000000000000000000002 20010db8000000000000000000000001"                        \
	"8000d1f900770003 66657272792070696e6721"
#define PONG6                                                                                      \
	"020000000002 020000000001 86dd 6000000000133a40"                                          \
	"20010db8000000000000000000000001 20010db8000000000000000000000002"                        \
	"8100d0f900770003 66657272792070696e6721"

static void
test_answers(void **state)
{
	struct harness *h = harness_new();

	(void)state;
	harness_input_hex(h, 3 * S, PING4, UNDERLAY_echo4_answered);
	harness_input_hex(h, 3 * S, PING4 "000000000000", UNDERLAY_echo4_answered);
	harness_input_hex(h, 3 * S, PING6, UNDERLAY_echo6_answered);
	assert_int_equal(h->n_sent, 3);
	harness_expect(h, 0, PONG4);
	harness_expect(h, 1, PONG4);
	harness_expect(h, 2, PONG6);
	assert_null(neighbour_next(&h->u.neighbours, NULL));
	harness_free(h);
}

/* Options of the request are not repeated in the answer. */
static void
test_ip_options(void **state)
{
	struct frame_bytes ping = hex("020000000001 020000000002 0800 47000024123440003f010000"
				      "c0000202 c0000201 8607000000000001 0800000000770003");
	struct harness *h = harness_new();

	(void)state;
	oracle_fix_icmp4(&ping);
	harness_input(h, 3 * S, &ping, UNDERLAY_echo4_answered);
	assert_int_equal(h->sent[0][14], 0x45);
	assert_int_equal(h->sent[0][17], 28);
	assert_int_equal(oracle_sum(h->sent[0] + 14, 20, 0), 0);
	assert_int_equal(oracle_sum(h->sent[0] + 34, 8, 0), 0);
	harness_free(h);
}

static const struct underlay_if *
jumbo(struct underlay_if *port)
{
	port->mtu = 9216;
	return port;
}

static struct frame_bytes
long_ping4(size_t total)
{
	struct frame_bytes ping = hex(PING4);
	size_t i;

	ping.bytes[16] = (uint8_t)(total >> 8);
	ping.bytes[17] = (uint8_t)total;
	for (i = 42; i < 14 + total; i++)
		ping.bytes[i] = (uint8_t)(i * 7);
	ping.len = 14 + total;
	oracle_fix_icmp4(&ping);
	return ping;
}

static void
test_lengths(void **state)
{
	struct harness *h = harness_new();
	struct frame_bytes ping = long_ping4(1500);

	(void)state;
	harness_input(h, 3 * S, &ping, UNDERLAY_echo4_answered);
	assert_int_equal(h->sent_len[0], 1514);
	assert_memory_equal(h->sent[0] + 42, ping.bytes + 42, 1514 - 42);
	assert_int_equal(oracle_sum(h->sent[0] + 34, 1480, 0), 0);
	ping = long_ping4(1501);
	harness_input(h, 3 * S, &ping, UNDERLAY_echo_too_long);
	ping = long_ping4(28);
	harness_input(h, 3 * S, &ping, UNDERLAY_echo4_answered);
	assert_int_equal(h->sent_len[1], 60);
	harness_free(h);

	h = harness_new_with(jumbo);
	ping = long_ping4(9216);
	harness_input(h, 3 * S, &ping, UNDERLAY_echo4_answered);
	assert_int_equal(h->sent_len[0], 9230);
	assert_int_equal(oracle_sum(h->sent[0] + 34, 9196, 0), 0);
	harness_free(h);
}

/* A hundred at once, then a thousand a second, over both families. */
static void
test_rate(void **state)
{
	struct harness *h = harness_new();
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++)
		harness_input_hex(h, 3 * S, i % 2 == 0 ? PING4 : PING6,
			i % 2 == 0 ? UNDERLAY_echo4_answered : UNDERLAY_echo6_answered);
	harness_input_hex(h, 3 * S, PING4, UNDERLAY_echo_limited);
	harness_input_hex(h, 3 * S + MS - 1, PING6, UNDERLAY_echo_limited);
	harness_input_hex(h, 3 * S + MS, PING6, UNDERLAY_echo6_answered);
	harness_input_hex(h, 3 * S + MS, PING6, UNDERLAY_echo_limited);
	for (i = 2; i < 50; i++)
		harness_input_hex(h, 3 * S + i * MS, PING4, UNDERLAY_echo4_answered);
	assert_int_equal(h->n_sent, 100 + 1 + 48);
	harness_free(h);
}

static void
changed4(struct harness *h, size_t at, uint8_t value, bool fix, enum underlay_counter counter)
{
	struct frame_bytes frame = hex(PING4);

	frame.bytes[at] = value;
	if (fix)
		oracle_fix_icmp4(&frame);
	harness_input(h, 3 * S, &frame, counter);
}

static void
test_refuses4(void **state)
{
	struct frame_bytes frame = hex(PING4);
	struct harness *h = harness_new();
	size_t len;

	(void)state;
	for (len = 14; len < frame.len; len++) {
		struct frame_bytes part = frame;

		part.len = len;
		harness_input(h, 3 * S, &part, UNDERLAY_ipv4_malformed);
		if (len < 34 + 4)
			continue;
		part.bytes[17] = (uint8_t)(len - 14);
		oracle_fix_icmp4(&part);
		harness_input(h, 3 * S, &part,
			len < 42 ? UNDERLAY_icmp_malformed : UNDERLAY_echo4_answered);
	}
	harness_clear(h);
	changed4(h, 14, 0x65, false, UNDERLAY_ipv4_malformed);
	changed4(h, 14, 0x44, false, UNDERLAY_ipv4_malformed);
	changed4(h, 14, 0x4f, false, UNDERLAY_ipv4_malformed); /* options longer than it all */
	changed4(h, 25, 0xe7, false, UNDERLAY_ipv4_cksum);
	changed4(h, 36, 0xc7, false, UNDERLAY_icmp_cksum);
	changed4(h, 20, 0x20, true, UNDERLAY_ip_fragment); /* more to come */
	changed4(h, 21, 0x01, true, UNDERLAY_ip_fragment); /* an offset */
	changed4(h, 23, 17, true, UNDERLAY_other_protocol);
	changed4(h, 33, 0x63, true, UNDERLAY_not_for_us);
	changed4(h, 33, 0xff, true, UNDERLAY_not_for_us); /* the subnet's broadcast address */
	changed4(h, 29, 0xff, true, UNDERLAY_bad_source); /* from it */
	changed4(h, 29, 0x00, true, UNDERLAY_bad_source);
	changed4(h, 29, 0x01, true, UNDERLAY_bad_source); /* from our own address */
	changed4(h, 26, 0xe0, true, UNDERLAY_bad_source);
	changed4(h, 26, 0xff, true, UNDERLAY_bad_source);
	changed4(h, 26, 0x7f, true, UNDERLAY_bad_source);
	changed4(h, 34, 0, true, UNDERLAY_icmp_other);
	changed4(h, 34, 13, true, UNDERLAY_icmp_other);
	changed4(h, 35, 1, true, UNDERLAY_icmp_malformed);
	changed4(h, 34, 3, true, UNDERLAY_icmp_unreachable);
	frame.bytes[34] = 3;
	frame.bytes[35] = 4;
	oracle_fix_icmp4(&frame);
	harness_input(h, 3 * S, &frame, UNDERLAY_icmp_too_big);
	frame = hex(PING4);
	memset(frame.bytes, 0xff, 6); /* as a broadcast frame: RFC 1122, 3.3.6 */
	harness_input(h, 3 * S, &frame, UNDERLAY_not_for_us);
	assert_int_equal(h->n_sent, 0);
	harness_free(h);
}

static void
changed6(struct harness *h, size_t at, uint8_t value, bool fix, enum underlay_counter counter)
{
	struct frame_bytes frame = hex(PING6);

	frame.bytes[at] = value;
	if (fix)
		oracle_fix_icmp6(&frame);
	harness_input(h, 3 * S, &frame, counter);
}

static void
test_refuses6(void **state)
{
	struct harness *h = harness_new();
	struct frame_bytes frame;

	(void)state;
	changed6(h, 56, 0xd2, false, UNDERLAY_icmp_cksum);
	changed6(h, 53, 0x63, true, UNDERLAY_not_for_us);
	changed6(h, 22, 0xff, true, UNDERLAY_bad_source);
	changed6(h, 37, 0x01, true, UNDERLAY_bad_source);
	changed6(h, 54, 1, true, UNDERLAY_icmp_unreachable);
	changed6(h, 54, 2, true, UNDERLAY_icmp_too_big);
	changed6(h, 54, 129, true, UNDERLAY_icmp_other);
	changed6(h, 55, 1, true, UNDERLAY_icmp_malformed);
	changed6(h, 19, 3, false, UNDERLAY_icmp_malformed);
	changed6(h, 19, 20, false, UNDERLAY_ipv6_malformed);
	frame = hex(PING6);
	memset(frame.bytes + 22, 0, 16); /* from nobody */
	oracle_fix_icmp6(&frame);
	harness_input(h, 3 * S, &frame, UNDERLAY_bad_source);
	frame = hex("333300000001 020000000002 86dd 6000000000083a3f"
		    "20010db8000000000000000000000002 ff020000000000000000000000000001"
		    "8000000000770003");
	oracle_fix_icmp6(&frame);
	harness_input(h, 3 * S, &frame, UNDERLAY_not_for_us);
	assert_int_equal(h->n_sent, 0);
	harness_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_ip_options),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_refuses4),
		cmocka_unit_test(test_refuses6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
