/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_harness.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define US    "20010db8000000000000000000000001"
#define PEER  "20010db8000000000000000000000002"
#define ZERO  "00000000000000000000000000000000"
#define LOCAL "fe80000000000000000000fffe000001"
#define GROUP "ff0200000000000000000001ff000001"
#define ALL   "ff020000000000000000000000000001"

/* PEER at 02:..:02 asks the group for US. */
#define SOLICITATION                                                                               \
	"3333ff000001 020000000002 86dd 60000000 0020 3a ff" PEER GROUP "87 00 1c27 00000000" US   \
	"01 01 020000000002"
#define ANSWER_OF_OURS                                                                             \
	"020000000002 020000000001 86dd 60000000 0020 3a ff" US PEER "88 00 8a73 60000000" US      \
	"02 01 020000000001"
/* Duplicate address detection for US. */
#define DETECTION                                                                                  \
	"3333ff000001 020000000002 86dd 60000000 0018 3a ff" ZERO GROUP "87 00 4ced 00000000" US
#define ANNOUNCEMENT                                                                               \
	"333300000001 020000000001 86dd 60000000 0020 3a ff" US ALL "88 00 f92a 20000000" US       \
	"02 01 020000000001"
#define ANNOUNCEMENT_LOCAL                                                                         \
	"333300000001 020000000001 86dd 60000000 0020 3a ff" LOCAL ALL "88 00 599b 20000000" LOCAL \
	"02 01 020000000001"
#define REPORT(type, sum)                                                                          \
	"333300000016 020000000001 86dd 60000000 0024 00 01" LOCAL                                 \
	"ff020000000000000000000000000016 3a000502000001008f00" sum "00000001" type "000000" GROUP

/* An advertisement of PEER; its checksum is set by the oracle. */
static struct frame_bytes
advertisement(const char *dst_mac, const char *dst, const char *flags, const char *option)
{
	struct frame_bytes frame;
	char text[512];

	snprintf(text, sizeof(text),
		"%s 020000000002 86dd 60000000 00%02x 3a ff" PEER "%s 88000000 %s" PEER "%s",
		dst_mac, (unsigned int)(24 + strlen(option) / 2), dst, flags, option);
	frame = hex(text);
	oracle_fix_icmp6(&frame);
	return frame;
}

#define SOLICITED(flags, option) advertisement("020000000001", US, flags, option)
#define TO_ALL(flags, option)	 advertisement("333300000001", ALL, flags, option)
#define MAC_2			 "0201020000000002"
#define MAC_9			 "0201020000000009"

static struct neighbour *
need(struct harness *h, uint64_t now, const char *text, int port)
{
	const struct underlay_addr dst = address(text);
	struct underlay_hop hop;
	struct neighbour *n;

	assert_int_equal(underlay_need(&h->u, now, port, &dst, &hop, &n), 0);
	return n;
}

/* PEER is known at 02:..:02, found at 3 s. */
static struct neighbour *
need_resolved(struct harness *h)
{
	struct neighbour *n = need(h, 3 * S, "2001:db8::2", UNDERLAY_ANY_PORT);
	const struct frame_bytes answer = SOLICITED("60000000", MAC_2);

	underlay_tick(&h->u, 3 * S);
	harness_input(h, 3 * S, &answer, UNDERLAY_nd_taken);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	harness_clear(h);
	return n;
}

static void
test_answers(void **state)
{
	struct harness *h = harness_new();
	struct frame_bytes frame;

	(void)state;
	harness_input_hex(h, 3 * S, SOLICITATION, UNDERLAY_nd_answered);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0, ANSWER_OF_OURS);
	/* asked at our address, without a MAC option: the answer goes where the frame came from */
	frame = hex("020000000001 020000000002 86dd 60000000 0018 3a ff" PEER US
		    "87000000 00000000" US);
	oracle_fix_icmp6(&frame);
	harness_input(h, 3 * S, &frame, UNDERLAY_nd_answered);
	harness_expect(h, 1, ANSWER_OF_OURS);
	/* from another MAC than the option's: the answer goes to the option's */
	frame = hex(SOLICITATION);
	frame.bytes[11] = 9;
	harness_input(h, 3 * S, &frame, UNDERLAY_nd_answered);
	harness_expect(h, 2, ANSWER_OF_OURS);
	assert_null(neighbour_next(&h->u.neighbours, NULL));
	harness_free(h);
}

static void
test_duplicate_detection(void **state)
{
	struct harness *h = harness_new();
	struct frame_bytes frame;

	(void)state;
	harness_input_hex(h, 3 * S, DETECTION, UNDERLAY_nd_answered);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0, ANNOUNCEMENT);
	/* with a MAC option, or not sent to the group: 7.1.1 */
	frame = hex("3333ff000001 020000000002 86dd 60000000 0020 3a ff" ZERO GROUP
		    "87000000 00000000" US "01 01 020000000002");
	oracle_fix_icmp6(&frame);
	harness_input(h, 3 * S, &frame, UNDERLAY_nd_malformed);
	frame = hex("020000000001 020000000002 86dd 60000000 0018 3a ff" ZERO US
		    "87000000 00000000" US);
	oracle_fix_icmp6(&frame);
	harness_input(h, 3 * S, &frame, UNDERLAY_nd_malformed);
	assert_int_equal(h->n_sent, 1);
	harness_free(h);
}

static void
test_announces(void **state)
{
	struct harness *h = harness_new();

	(void)state;
	underlay_set_up(&h->u, 10 * S, 3, false);
	underlay_set_up(&h->u, 11 * S, 3, true);
	underlay_set_up(&h->u, 11 * S, 3, false);
	/* a driver may wait for ever with what a port that is down keeps */
	assert_int_equal(underlay_tick(&h->u, 11 * S), NEIGHBOUR_NEVER);
	assert_int_equal(h->n_sent, 0);
	underlay_set_up(&h->u, 20 * S, 3, true);
	underlay_tick(&h->u, 20 * S);
	assert_int_equal(h->n_sent, 4);
	harness_expect(h, 0, REPORT("04", "7207"));
	harness_expect(h, 1, ANNOUNCEMENT_LOCAL);
	harness_expect(h, 3, ANNOUNCEMENT);
	harness_free(h);
}

static const struct underlay_if *
only_ipv4(struct underlay_if *port)
{
	port->n_addresses = 1;
	port->gateway6.family = 0;
	return port;
}

/* A port without an IPv6 address keeps silent about IPv6. */
static void
test_only_ipv4(void **state)
{
	struct harness *h = harness_new_with(only_ipv4);

	(void)state;
	harness_input_hex(h, 3 * S, SOLICITATION, UNDERLAY_not_for_us);
	assert_int_equal(h->u.counters[UNDERLAY_nd_announcements], 0);
	assert_int_equal(h->u.counters[UNDERLAY_mld_reports], 0);
	assert_int_equal(h->u.counters[UNDERLAY_arp_announcements], 2);
	harness_free(h);
}

static void
test_listener_query(void **state)
{
	static const char query[] = "333300000001 020000000002 86dd 60000000 0024 00 01"
				    "fe80000000000000000000fffe000002" ALL
				    "3a00050200000100 8200 7d3a 03e8 0000" ZERO "00000000";
	struct frame_bytes frame = hex(query);
	struct harness *h = harness_new();

	(void)state;
	harness_input(h, 3 * S, &frame, UNDERLAY_mld_answered);
	assert_int_equal(h->n_sent, 0);
	/* within the second that it grants: 1000 ms * 1 / 256 */
	assert_int_equal(underlay_tick(&h->u, 3 * S), 3 * S + 3906250);
	assert_int_equal(underlay_tick(&h->u, 3 * S + 3906250), NEIGHBOUR_NEVER);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0, REPORT("02", "7407"));
	frame.bytes[21] = 2; /* hop limit */
	harness_input(h, 3 * S, &frame, UNDERLAY_mld_malformed);
	frame = hex(query);
	frame.bytes[56] = 1; /* padding in place of the router alert */
	harness_input(h, 3 * S, &frame, UNDERLAY_ipv6_extension);
	frame = hex(query);
	frame.bytes[55] = 9; /* header longer than the packet */
	harness_input(h, 3 * S, &frame, UNDERLAY_ipv6_malformed);
	/* an option longer than the header; the checksum behind that looks like an alert */
	frame = hex(query);
	memcpy(frame.bytes + 56, "\1\5\0\0\0\0\x82\0\5\2", 10);
	harness_input(h, 3 * S, &frame, UNDERLAY_ipv6_extension);
	assert_int_equal(underlay_tick(&h->u, 4 * S), NEIGHBOUR_NEVER);
	harness_free(h);
}

/* A query that grants so much; 6.2: it takes nothing back of what an earlier one granted. */
static void
ask_listeners(struct harness *h, uint64_t now, const char *code, const char *sum)
{
	char query[512];

	snprintf(query, sizeof(query),
		"333300000001 020000000002 86dd 60000000 0024 00 01"
		"fe80000000000000000000fffe000002" ALL "3a00050200000100 8200 %s %s 0000" ZERO
		"00000000",
		sum, code);
	harness_input_hex(h, now, query, UNDERLAY_mld_answered);
}

static void
test_listener_query_pending(void **state)
{
	struct harness *h = harness_new();

	(void)state;
	ask_listeners(h, 3 * S, "03e8", "7d3a");
	ask_listeners(h, 3 * S, "7fff", "0123");
	assert_int_equal(underlay_tick(&h->u, 3 * S), 3 * S + 3906250);
	assert_int_equal(underlay_tick(&h->u, 3 * S + 3906250), NEIGHBOUR_NEVER);
	assert_int_equal(h->n_sent, 1);
	/* 5.1.3, above 32767: 0x1abc << (2 + 3) = 219008 ms */
	ask_listeners(h, 4 * S, "aabc", "d665");
	assert_int_equal(underlay_tick(&h->u, 4 * S), 4 * S + 219008 * MS / 256);
	assert_int_equal(underlay_tick(&h->u, 5 * S), NEIGHBOUR_NEVER);
	assert_int_equal(h->n_sent, 2);
	harness_free(h);
}

/* What is done meanwhile, as announcing, does not make an answer forgotten. */
static void
test_listener_query_among_others(void **state)
{
	struct harness *h = harness_new();

	(void)state;
	underlay_set_up(&h->u, 10 * S, 3, false);
	underlay_set_up(&h->u, 20 * S, 3, true);
	underlay_tick(&h->u, 20 * S);
	harness_clear(h);
	ask_listeners(h, 20 * S, "ffff", "8122");
	/* 0x1fff << 10 ms / 256 = 32764 ms after it was asked */
	assert_int_equal(underlay_tick(&h->u, 22 * S), 20 * S + 32764 * MS);
	harness_clear(h);
	underlay_tick(&h->u, 53 * S);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0, REPORT("02", "7407"));
	harness_free(h);
}

static void
test_asks(void **state)
{
	const struct frame_bytes answer = SOLICITED("60000000", MAC_2);
	const struct frame_bytes short_answer = SOLICITED("60000000", "");
	struct harness *h = harness_new();
	struct neighbour *n = need(h, 3 * S, "2001:db8::2", UNDERLAY_ANY_PORT);

	(void)state;
	assert_int_equal(underlay_tick(&h->u, 3 * S), 3 * S + 200 * MS);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0,
		"3333ff000002 020000000001 86dd 60000000 0020 3a ff" US
		"ff0200000000000000000001ff000002 87001c2700000000" PEER "0101 020000000001");
	/* an answer without a MAC helps only who has one */
	harness_input(h, 3 * S, &short_answer, UNDERLAY_nd_not_believed);
	assert_false(n->has_mac);
	harness_input(h, 3 * S, &answer, UNDERLAY_nd_taken);
	assert_true(n->has_mac);
	assert_string_equal(h->log, "neighbour 2001:db8::2 on port wan is at 02:00:00:00:00:02");
	harness_clear(h);
	underlay_tick(&h->u, 16 * S);
	harness_expect(h, 0,
		"020000000002 020000000001 86dd 60000000 0020 3a ff" US PEER "8700ec7200000000" PEER
		"0101 020000000001");
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	harness_input(h, 16 * S, &short_answer, UNDERLAY_nd_taken);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	harness_free(h);
}

static void
test_asks_link_local(void **state)
{
	struct harness *h = harness_new();
	struct frame_bytes expected = hex("3333ff000002 020000000001 86dd 60000000 0020 3a ff" LOCAL
					  "ff0200000000000000000001ff000002 8700000000000000"
					  "fe80000000000000000000fffe000002 0101 020000000001");

	(void)state;
	need(h, 3 * S, "fe80::ff:fe00:2", 3);
	underlay_tick(&h->u, 3 * S);
	oracle_fix_icmp6(&expected);
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(h->sent_len[0], expected.len);
	assert_memory_equal(h->sent[0], expected.bytes, expected.len);
	harness_free(h);
}

/* RFC 4861, 7.2.5: what the flags allow. */
static void
test_override(void **state)
{
	const struct rte_ether_addr two = mac("02:00:00:00:00:02"), nine = mac("02:00:00:00:00:09");
	struct frame_bytes news = TO_ALL("00000000", MAC_9);
	struct harness *h = harness_new();
	struct neighbour *n = need_resolved(h);

	(void)state;
	harness_input(h, 5 * S, &news, UNDERLAY_nd_not_believed);
	assert_true(rte_is_same_ether_addr(&n->mac, &two));
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	assert_int_equal(h->n_changed, 0);
	news = TO_ALL("20000000", MAC_9);
	harness_input(h, 5 * S, &news, UNDERLAY_nd_taken);
	assert_true(rte_is_same_ether_addr(&n->mac, &nine));
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	assert_int_equal(h->n_changed, 1);
	assert_string_equal(h->log,
		"neighbour 2001:db8::2 on port wan changed from 02:00:00:00:00:02 to "
		"02:00:00:00:00:09");
	assert_int_equal(h->log_priority, LOG_WARNING);
	/* solicited, to all nodes: 7.1.2 */
	news = TO_ALL("60000000", MAC_2);
	harness_input(h, 7 * S, &news, UNDERLAY_nd_malformed);
	harness_free(h);
}

static void
test_conflict(void **state)
{
	struct frame_bytes claim = hex("333300000001 020000000002 86dd 60000000 0020 3a ff" PEER ALL
				       "88000000 20000000" US "02 01 020000000002");
	struct harness *h = harness_new();

	(void)state;
	oracle_fix_icmp6(&claim);
	harness_input(h, 3 * S, &claim, UNDERLAY_address_conflict);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0, ANNOUNCEMENT);
	assert_string_equal(h->log,
		"address 2001:db8::1 of port wan is also claimed by 02:00:00:00:00:02: one of the "
		"two must change");
	harness_free(h);
}

/* One change to the solicitation, and what comes of it. */
static void
changed(struct harness *h, size_t at, uint8_t value, bool fix, enum underlay_counter counter)
{
	struct frame_bytes frame = hex(SOLICITATION);

	frame.bytes[at] = value;
	if (fix)
		oracle_fix_icmp6(&frame);
	harness_input(h, 3 * S, &frame, counter);
}

static void
test_refuses(void **state)
{
	struct frame_bytes frame = hex(SOLICITATION);
	struct harness *h = harness_new();
	size_t len;

	(void)state;
	for (len = 14; len < frame.len; len++) {
		struct frame_bytes part = frame;

		part.len = len;
		harness_input(h, 3 * S, &part, UNDERLAY_ipv6_malformed);
		if (len < 54 + 4)
			continue;
		part.bytes[19] = (uint8_t)(len - 54); /* and the header agrees */
		oracle_fix_icmp6(&part);
		harness_input(h, 3 * S, &part,
			len == 54 + 24 ? UNDERLAY_nd_answered : UNDERLAY_nd_malformed);
	}
	assert_int_equal(h->n_sent, 1);
	changed(h, 14, 0x40, false, UNDERLAY_ipv6_malformed);
	changed(h, 21, 254, false, UNDERLAY_nd_hop_limit);
	changed(h, 55, 1, true, UNDERLAY_nd_malformed);	   /* code */
	changed(h, 56, 0x1d, false, UNDERLAY_icmp_cksum);  /* checksum */
	changed(h, 62, 0xff, true, UNDERLAY_nd_malformed); /* target is a group */
	changed(h, 79, 0, true, UNDERLAY_nd_malformed);	   /* option of length zero */
	changed(h, 79, 2, true, UNDERLAY_nd_malformed);	   /* longer than the message */
	changed(h, 80, 0x03, true, UNDERLAY_nd_malformed); /* a group MAC */
	changed(h, 85, 0x01, true, UNDERLAY_bad_source);   /* our MAC */
	changed(h, 22, 0xff, true, UNDERLAY_bad_source);   /* from a group */
	changed(h, 37, 0x01, true, UNDERLAY_bad_source);   /* from our address */
	changed(h, 53, 0x02, true, UNDERLAY_not_for_us);   /* to a group that is not ours */
	changed(h, 54, 133, true, UNDERLAY_router_solicitation);
	changed(h, 54, 134, true, UNDERLAY_router_advertisement);
	changed(h, 54, 137, true, UNDERLAY_redirect);
	changed(h, 54, 138, true, UNDERLAY_icmp_other);
	changed(h, 54, 130, true, UNDERLAY_mld_malformed);
	changed(h, 77, 9, true, UNDERLAY_nd_stranger); /* for another */
	changed(h, 20, 44, false, UNDERLAY_ip_fragment);
	changed(h, 20, 43, false, UNDERLAY_ipv6_extension);
	changed(h, 20, 17, false, UNDERLAY_other_protocol);
	frame = SOLICITED("60000000", MAC_2);
	harness_input(h, 3 * S, &frame, UNDERLAY_nd_stranger);
	/*
	 * an option that we do not know (RFC 3971, a nonce): passed over, but not with length zero
	 */
	frame = SOLICITED("60000000", "0e01112233445566");
	harness_input(h, 3 * S, &frame, UNDERLAY_nd_stranger);
	frame = SOLICITED("60000000", "0e00112233445566");
	harness_input(h, 3 * S, &frame, UNDERLAY_nd_malformed);
	assert_int_equal(h->n_sent, 1);
	assert_null(neighbour_next(&h->u.neighbours, NULL));
	harness_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_duplicate_detection),
		cmocka_unit_test(test_announces),
		cmocka_unit_test(test_only_ipv4),
		cmocka_unit_test(test_listener_query),
		cmocka_unit_test(test_listener_query_pending),
		cmocka_unit_test(test_listener_query_among_others),
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_asks_link_local),
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
