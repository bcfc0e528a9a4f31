/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_harness.h"

#include <syslog.h>

#define PAD " 00000000000000000000000000000000 0000"

/* 192.0.2.2 at 02:..:02 asks for 192.0.2.1 */
#define REQUEST                                                                                    \
	"ffffffffffff 020000000002 0806 0001 0800 06 04 0001"                                      \
	"020000000002 c0000202 000000000000 c0000201"
#define REPLY                                                                                      \
	"020000000002 020000000001 0806 0001 0800 06 04 0002"                                      \
	"020000000001 c0000201 020000000002 c0000202" PAD
#define ANNOUNCEMENT                                                                               \
	"ffffffffffff 020000000001 0806 0001 0800 06 04 0001"                                      \
	"020000000001 c0000201 000000000000 c0000201" PAD
/* 192.0.2.2 answers us */
#define ANSWER                                                                                     \
	"020000000001 020000000002 0806 0001 0800 06 04 0002"                                      \
	"020000000002 c0000202 020000000001 c0000201"

static struct neighbour *
need(struct harness *h, uint64_t now, const char *text)
{
	const struct underlay_addr dst = address(text);
	struct underlay_hop hop;
	struct neighbour *n;

	assert_int_equal(underlay_need(&h->u, now, UNDERLAY_ANY_PORT, &dst, &hop, &n), 0);
	return n;
}

static void
test_answers(void **state)
{
	struct harness *h = harness_new();

	(void)state;
	harness_input_hex(h, 3 * S, REQUEST, UNDERLAY_arp_answered);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0, REPLY);
	/* a stranger leaves no trace */
	assert_null(neighbour_next(&h->u.neighbours, NULL));
	/* padded as it comes from a wire, and asked at our MAC alone */
	harness_input_hex(h, 3 * S, REQUEST PAD, UNDERLAY_arp_answered);
	harness_input_hex(h, 3 * S,
		"020000000001 020000000002 0806 0001 0800 06 04 0001"
		"020000000002 c0000202 000000000000 c0000201",
		UNDERLAY_arp_answered);
	assert_int_equal(h->n_sent, 3);
	harness_expect(h, 2, REPLY);
	harness_free(h);
}

/* RFC 5227: somebody probes for our address; the answer defends it. */
static void
test_probe(void **state)
{
	struct harness *h = harness_new();

	(void)state;
	harness_input_hex(h, 3 * S,
		"ffffffffffff 020000000002 0806 0001 0800 06 04 0001"
		"020000000002 00000000 000000000000 c0000201",
		UNDERLAY_arp_answered);
	harness_expect(h, 0,
		"020000000002 020000000001 0806 0001 0800 06 04 0002"
		"020000000001 c0000201 020000000002 00000000" PAD);
	harness_input_hex(h, 3 * S,
		"ffffffffffff 020000000002 0806 0001 0800 06 04 0001"
		"020000000002 00000000 000000000000 c0000207",
		UNDERLAY_arp_stranger);
	assert_int_equal(h->n_sent, 1);
	harness_free(h);
}

static const struct underlay_if *
vlan_100(struct underlay_if *port)
{
	port->vlan = 100;
	return port;
}

static const struct underlay_if *
vlan_100_stripped(struct underlay_if *port)
{
	port->vlan = 100;
	port->vlan_stripped = true;
	return port;
}

#define TAGGED_REQUEST(tci)                                                                        \
	"ffffffffffff 020000000002 8100 " tci " 0806 0001 0800 06 04 0001"                         \
	"020000000002 c0000202 000000000000 c0000201"
#define TAGGED_REPLY                                                                               \
	"020000000002 020000000001 8100 0064 0806 0001 0800 06 04 0002"                            \
	"020000000001 c0000201 020000000002 c0000202" PAD

static void
test_vlan(void **state)
{
	struct harness *h = harness_new_with(vlan_100);

	(void)state;
	harness_input_hex(h, 3 * S, TAGGED_REQUEST("0064"), UNDERLAY_arp_answered);
	harness_expect(h, 0, TAGGED_REPLY);
	harness_input_hex(h, 3 * S, TAGGED_REQUEST("e064"), UNDERLAY_arp_answered);
	harness_input_hex(h, 3 * S, TAGGED_REQUEST("0065"), UNDERLAY_wrong_vlan);
	harness_input_hex(h, 3 * S, REQUEST, UNDERLAY_wrong_vlan);
	assert_int_equal(h->n_sent, 2);
	harness_free(h);

	h = harness_new_with(vlan_100_stripped);
	harness_input_hex(h, 3 * S, REQUEST, UNDERLAY_arp_answered);
	harness_expect(h, 0, TAGGED_REPLY);
	harness_input_hex(h, 3 * S, TAGGED_REQUEST("0065"), UNDERLAY_wrong_vlan);
	harness_free(h);

	h = harness_new();
	harness_input_hex(h, 3 * S, TAGGED_REQUEST("e000"), UNDERLAY_arp_answered);
	harness_expect(h, 0, REPLY);
	harness_input_hex(h, 3 * S, TAGGED_REQUEST("0064"), UNDERLAY_wrong_vlan);
	harness_input_hex(h, 3 * S, "ffffffffffff 020000000002 8100 00", UNDERLAY_frame_short);
	harness_free(h);
}

static void
test_announces(void **state)
{
	struct harness *h = harness_new();

	(void)state;
	underlay_set_up(&h->u, 10 * S, 3, false);
	assert_int_equal(underlay_tick(&h->u, 10 * S), NEIGHBOUR_NEVER);
	harness_input_hex(h, 10 * S, REQUEST, UNDERLAY_port_down);
	assert_int_equal(h->n_sent, 0);
	underlay_set_up(&h->u, 20 * S, 3, true);
	assert_int_equal(underlay_tick(&h->u, 20 * S), 22 * S);
	/* listener report, link-local, IPv4, IPv6 */
	assert_int_equal(h->n_sent, 4);
	harness_expect(h, 2, ANNOUNCEMENT);
	assert_int_equal(underlay_tick(&h->u, 22 * S - 1), 22 * S);
	assert_int_equal(h->n_sent, 4);
	assert_int_equal(underlay_tick(&h->u, 22 * S), NEIGHBOUR_NEVER);
	assert_int_equal(h->n_sent, 8);
	harness_free(h);
}

static void
test_asks(void **state)
{
	struct harness *h = harness_new();
	struct neighbour *n = need(h, 3 * S, "192.0.2.2");

	(void)state;
	assert_int_equal(underlay_tick(&h->u, 3 * S), 3 * S + 200 * MS);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0,
		"ffffffffffff 020000000001 0806 0001 0800 06 04 0001"
		"020000000001 c0000201 000000000000 c0000202" PAD);
	harness_input_hex(h, 3 * S + MS, ANSWER, UNDERLAY_arp_taken);
	assert_true(n->has_mac);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	assert_int_equal(h->n_changed, 1);
	assert_string_equal(h->log, "neighbour 192.0.2.2 on port wan is at 02:00:00:00:00:02");
	assert_int_equal(h->log_priority, LOG_INFO);

	harness_clear(h);
	underlay_tick(&h->u, 16 * S);
	harness_expect(h, 0,
		"020000000002 020000000001 0806 0001 0800 06 04 0001"
		"020000000001 c0000201 000000000000 c0000202" PAD);
	assert_int_equal(n->state, NEIGHBOUR_PROBE);
	harness_input_hex(h, 16 * S, ANSWER, UNDERLAY_arp_taken);
	assert_int_equal(n->state, NEIGHBOUR_REACHABLE);
	harness_free(h);
}

/* By a gratuitous request, a gratuitous reply, and a request of its own for another host. */
static void
test_mac_changes(void **state)
{
	static const char *const news[] = {
		"ffffffffffff 020000000009 0806 0001 0800 06 04 0001"
		"020000000009 c0000202 000000000000 c0000202",
		"ffffffffffff 020000000009 0806 0001 0800 06 04 0002"
		"020000000009 c0000202 ffffffffffff c0000202",
		"ffffffffffff 020000000009 0806 0001 0800 06 04 0001"
		"020000000009 c0000202 000000000000 c0000263",
	};
	const struct rte_ether_addr expected = mac("02:00:00:00:00:09");
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct harness *h = harness_new();
		struct neighbour *n = need(h, 3 * S, "192.0.2.2");

		underlay_tick(&h->u, 3 * S);
		harness_input_hex(h, 3 * S, ANSWER, UNDERLAY_arp_taken);
		harness_clear(h);
		harness_input_hex(h, 5 * S, news[i], UNDERLAY_arp_taken);
		assert_true(rte_is_same_ether_addr(&n->mac, &expected));
		assert_int_equal(h->n_changed, 1);
		assert_int_equal(n->state, NEIGHBOUR_PROBE);
		assert_string_equal(h->log,
			"neighbour 192.0.2.2 on port wan changed from 02:00:00:00:00:02 to "
			"02:00:00:00:00:09");
		/* and is asked at the new one */
		underlay_tick(&h->u, 5 * S);
		harness_expect(h, 0,
			"020000000009 020000000001 0806 0001 0800 06 04 0001"
			"020000000001 c0000201 000000000000 c0000202" PAD);
		harness_free(h);
	}
}

static void
test_conflict(void **state)
{
	static const char claim[] = "ffffffffffff 020000000002 0806 0001 0800 06 04 0001"
				    "020000000002 c0000201 000000000000 c0000201";
	struct harness *h = harness_new();

	(void)state;
	harness_input_hex(h, 3 * S, claim, UNDERLAY_address_conflict);
	assert_int_equal(h->n_sent, 1);
	harness_expect(h, 0, ANNOUNCEMENT);
	assert_string_equal(h->log,
		"address 192.0.2.1 of port wan is also claimed by 02:00:00:00:00:02: one of the "
		"two must change");
	assert_int_equal(h->log_priority, LOG_WARNING);
	harness_input_hex(h, 12 * S, claim, UNDERLAY_address_conflict);
	assert_int_equal(h->n_sent, 1);
	harness_input_hex(h, 13 * S, claim, UNDERLAY_address_conflict);
	assert_int_equal(h->n_sent, 2);
	assert_int_equal(h->n_log, 1);
	harness_input_hex(h, 63 * S, claim, UNDERLAY_address_conflict);
	assert_int_equal(h->n_log, 2);
	harness_free(h);
}

static void
test_refuses(void **state)
{
	struct harness *h = harness_new();
	struct frame_bytes frame = hex(REQUEST);
	size_t len;

	(void)state;
	for (len = 0; len < frame.len; len++) {
		struct frame_bytes part = frame;

		part.len = len;
		harness_input(
			h, 3 * S, &part, len < 14 ? UNDERLAY_frame_short : UNDERLAY_arp_malformed);
	}
	/* hardware type, protocol, lengths */
	for (len = 14; len < 20; len++) {
		struct frame_bytes bad = frame;

		bad.bytes[len] ^= 0x40;
		harness_input(h, 3 * S, &bad, UNDERLAY_arp_malformed);
	}
	frame.bytes[21] = 3; /* reverse ARP */
	harness_input(h, 3 * S, &frame, UNDERLAY_arp_other);
	frame = hex(REQUEST);
	frame.bytes[22] = 0x03; /* a group as sender */
	harness_input(h, 3 * S, &frame, UNDERLAY_bad_source);
	frame = hex(REQUEST);
	frame.bytes[27] = 0x01; /* our own MAC as sender, in a frame from another */
	harness_input(h, 3 * S, &frame, UNDERLAY_bad_source);
	frame = hex(REQUEST);
	frame.bytes[28] = 0xe0; /* a multicast address as sender */
	harness_input(h, 3 * S, &frame, UNDERLAY_bad_source);
	frame = hex(REQUEST);
	frame.bytes[11] = 0x01; /* from our own MAC */
	harness_input(h, 3 * S, &frame, UNDERLAY_own_frame);
	frame = hex(REQUEST);
	frame.bytes[6] = 0x03; /* from a group */
	harness_input(h, 3 * S, &frame, UNDERLAY_bad_source);
	frame = hex(REQUEST);
	frame.bytes[0] = 0x02; /* to the MAC of another */
	harness_input(h, 3 * S, &frame, UNDERLAY_not_for_us);
	frame = hex(REQUEST);
	frame.bytes[41] = 0x63; /* for another */
	harness_input(h, 3 * S, &frame, UNDERLAY_arp_stranger);
	frame.len = UNDERLAY_FRAME_MAX;
	harness_input(h, 3 * S, &frame, UNDERLAY_arp_stranger);
	underlay_input(&h->u, 3 * S, 3, h->sent[0], UNDERLAY_FRAME_MAX + 1);
	assert_int_equal(h->u.counters[UNDERLAY_frame_long], 1);
	underlay_input(&h->u, 3 * S, 4, frame.bytes, 42);
	assert_int_equal(h->u.counters[UNDERLAY_unknown_port], 1);
	harness_input_hex(
		h, 3 * S, "ffffffffffff 020000000002 88cc 0000", UNDERLAY_other_ethertype);
	harness_input_hex(h, 3 * S, ANSWER, UNDERLAY_arp_stranger);
	assert_int_equal(h->n_sent, 0);
	assert_null(neighbour_next(&h->u.neighbours, NULL));
	harness_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_announces),
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_mac_changes),
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
