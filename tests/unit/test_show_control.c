/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node shows of what is told to it: reports of neighbours, ARP, its clock. */
#include "link_tfrc.h"
#include "show_read.h"
#include "underlay.h"

#include <rte_arp.h>

/* A report on what was never sent cannot be true; a link that is not paced so has none. */
static void
test_reports_ignored(void **state)
{
	const struct feedback_body body = {.seq_highest = RTE_BE64(7)};
	struct harness *h = *state;
	struct link *link = node_find_link(h->node, 2);
	json_t *links;

	link->pacing = LINK_PACING_TFRC;
	link_tfrc_feedback(h->node->workers[0], link, &body, h->now);
	links = show(h, "links");
	assert_int_equal(number(links, "0.reports"), 0);
	assert_int_equal(number(links, "0.reports_ignored"), 1);
	assert_true(json_is_null(at(links, "1.reports_ignored")));
	json_decref(links);
	link->pacing = LINK_PACING_NONE;
}

static void
on_log(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	(void)line;
}

static void
on_send(void *ctx, unsigned int port, const uint8_t *frame, size_t len)
{
	(void)ctx;
	(void)port;
	(void)frame;
	(void)len;
}

/* The underlay of the harness's node, its port up. */
static void
start_underlay(struct harness *h, struct underlay *u)
{
	const struct underlay_ops ops = {.log = on_log};
	struct underlay_if port = {.index = h->port.index,
		.name = "wan",
		.mac = h->port.mac,
		.mtu = h->port.mtu,
		.n_addresses = 1,
		.addresses = {{.len = 24}},
		.send = on_send};

	assert_true(underlay_addr_parse("10.0.0.1", &port.addresses[0].addr));
	underlay_init(u, &ops, 1);
	assert_null(underlay_add_port(u, &port));
	underlay_set_up(u, h->now, port.index, true);
	h->view.underlay = u;
}

/* An ARP reply by which another host says that it is 10.0.0.1, cut after so many bytes. */
static void
receive_claim(struct harness *h, struct underlay *u, size_t len)
{
	const struct rte_ether_addr other = {{2, 0, 0, 0, 0, 99}};
	const struct {
		struct rte_ether_hdr eth;
		struct rte_arp_hdr arp;
	} __attribute__((packed)) frame = {
		.eth = {.dst_addr = {{255, 255, 255, 255, 255, 255}},
			.src_addr = other,
			.ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP)},
		.arp = {.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER),
			.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4),
			.arp_hlen = 6,
			.arp_plen = 4,
			.arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY),
			.arp_data = {.arp_sha = other,
				.arp_sip = RTE_BE32(RTE_IPV4(10, 0, 0, 1)),
				.arp_tip = RTE_BE32(RTE_IPV4(10, 0, 0, 1))}},
	};

	assert_true(len <= sizeof(frame));
	underlay_input(u, h->now, h->port.index, (const uint8_t *)&frame, len);
}

static void
check_counter(json_t *counter, const char *name, const char *kind, int64_t count)
{
	assert_string_equal(text(counter, "counter"), name);
	assert_string_equal(text(counter, "kind"), kind);
	assert_int_equal(number(counter, "count"), count);
	assert_true(strlen(text(counter, "text")) > 0);
}

/* Each frame is in one line, with its kind; what never was, only if all is asked for. */
static void
test_underlay(void **state)
{
	const struct show_filter all = {.all = true};
	struct harness *h = *state;
	struct underlay u;
	json_t *shown;

	start_underlay(h, &u);
	shown = show(h, "underlay");
	assert_int_equal(json_array_size(shown), 0);
	json_decref(shown);
	receive_claim(h, &u, 42);
	receive_claim(h, &u, 42);
	receive_claim(h, &u, 41);
	receive_claim(h, &u, 10);
	shown = show(h, "underlay");
	assert_int_equal(json_array_size(shown), 4);
	check_counter(at(shown, "0"), "address_conflict", "ignored", 2);
	check_counter(at(shown, "1"), "frame_short", "malformed", 1);
	check_counter(at(shown, "2"), "arp_malformed", "malformed", 1);
	/* The address is defended, once in a while. */
	check_counter(at(shown, "3"), "arp_announcements", "sent", 1);
	json_decref(shown);
	shown = show_underlay(&h->view, &all);
	assert_int_equal(json_array_size(shown), UNDERLAY_N_COUNTERS);
	check_counter(at(shown, "0"), "arp_answered", "answered", 0);
	check_counter(at(shown, "5"), "arp_taken", "taken", 0);
	json_decref(shown);
	underlay_fini(&u);
}

static void
test_address_conflicts(void **state)
{
	struct harness *h = *state;
	json_t *ports = show(h, "ports");
	struct underlay u;

	assert_true(json_is_null(at(ports, "0.address_conflicts")));
	json_decref(ports);
	start_underlay(h, &u);
	receive_claim(h, &u, 42);
	ports = show(h, "ports");
	assert_int_equal(number(ports, "0.address_conflicts"), 1);
	json_decref(ports);
	underlay_fini(&u);
}

static void
test_utc_steps(void **state)
{
	struct harness *h = *state;
	const uint64_t steps = 3;
	json_t *node = show(h, "node");

	assert_true(json_is_null(at(node, "utc_steps")));
	json_decref(node);
	h->view.utc_steps = &steps;
	node = show(h, "node");
	assert_int_equal(number(node, "utc_steps"), 3);
	json_decref(node);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_reports_ignored, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_underlay, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_address_conflicts, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_utc_steps, harness_setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
