/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node shows, beside what its port saw. */
#include "unit.h"

#include "feeder.h"
#include "show_read.h"

static void
start_source(struct harness *h)
{
	node_start_source(h->node, node_find_source(h->node, 1, 1));
}

static void
check_sum(json_t *node, int64_t in_flight)
{
	json_t *p = at(node, "packets");
	int64_t came = number(p, "received") + number(p, "originated") + number(p, "copies");
	int64_t went = number(p, "sent") + number(p, "delivered") + number(p, "consumed") +
		       number(p, "queued") + number(p, "dropped");

	assert_int_equal(came - went, number(p, "in_flight"));
	assert_int_equal(number(p, "in_flight"), in_flight);
}

static void
test_node(void **state)
{
	struct harness *h = *state;
	json_t *node = show(h, "node");

	assert_int_equal(number(node, "id"), 1);
	assert_string_equal(text(node, "name"), "here");
	assert_string_equal(text(node, "version"), FERRY_VERSION);
	assert_string_equal(text(node, "idle_policy"), "adaptive");
	assert_int_equal(number(node, "links"), 2);
	assert_int_equal(number(node, "sources"), 1);
	assert_int_equal(number(node, "destinations"), 1);
	assert_int_equal(number(node, "pools.packets.in_use"), 0);
	assert_true(json_is_null(at(node, "workers.0.busy_share")));
	check_sum(node, 0);
	json_decref(node);

	start_source(h);
	harness_run(h, 100);
	harness_receive(h, 0, 0, 0);
	harness_run(h, 1);
	node = show(h, "node");
	assert_float_equal(json_real_value(at(node, "uptime_s")), 0.101, 1e-9);
	assert_true(h->sent > 900);
	assert_int_equal(number(node, "packets.sent"), h->sent);
	assert_int_equal(number(node, "packets.received"), 1);
	assert_int_equal(number(node, "packets.delivered"), 1);
	check_sum(node, 0);
	json_decref(node);
}

static void
test_busy_share(void **state)
{
	struct harness *h = *state;
	struct worker_load *load = &h->node->workers[0]->load;
	json_t *node;

	load->busy_ns = 500;
	load->idle_ns = 500;
	rates_tick(&h->view, h->now);
	load->busy_ns += 250000000;
	load->idle_ns += 750000000;
	rates_tick(&h->view, h->now + 1000000000);
	node = show(h, "node");
	assert_float_equal(json_real_value(at(node, "workers.0.busy_share")), 0.25, 1e-9);
	json_decref(node);
}

static void
test_ports(void **state)
{
	struct harness *h = *state;
	json_t *ports = show(h, "ports");

	assert_int_equal(json_array_size(ports), 1);
	assert_string_equal(text(ports, "0.name"), "wan");
	assert_string_equal(text(ports, "0.device"), "net_null0");
	assert_string_equal(text(ports, "0.state"), "up");
	assert_string_equal(text(ports, "0.mac"), "02:00:00:00:00:01");
	assert_string_equal(text(ports, "0.addresses.0"), "10.0.0.1");
	assert_int_equal(number(ports, "0.mtu_bytes"), 1500);
	assert_true(json_is_null(at(ports, "0.vlan")));
	assert_true(json_is_null(at(ports, "0.device_counters")));
	json_decref(ports);

	h->device_known = true;
	rates_tick(&h->view, h->now);
	start_source(h);
	harness_run(h, 500);
	rates_tick(&h->view, h->now);
	port_set_up(&h->port, false);
	ports = show(h, "ports");
	assert_string_equal(text(ports, "0.state"), "down");
	assert_int_equal(number(ports, "0.device_counters.tx_packets"), h->sent);
	assert_float_equal(
		json_real_value(at(ports, "0.device_counters.tx_pps")), (double)h->sent * 2, 1e-6);
	assert_string_equal(text(ports, "0.device_counters.losses.0.loss"), "rx_missed");
	assert_int_equal(number(ports, "0.device_counters.losses.0.packets"), 7);
	assert_true(json_is_null(at(ports, "0.impair")));
	json_decref(ports);

	h->impaired = true;
	ports = show(h, "ports");
	assert_int_equal(number(ports, "0.impair.received"), 100);
	assert_int_equal(number(ports, "0.impair.delivered"), 100 + IMPAIR_EVENT_delivered);
	assert_int_equal(number(ports, "0.impair.held"), 3);
	assert_int_equal(number(ports, "0.impair.held_max"), 5);
	assert_string_equal(text(ports, "0.impair.losses.0.loss"), "lost");
	assert_int_equal(number(ports, "0.impair.losses.0.packets"), 100 + IMPAIR_EVENT_lost);
	json_decref(ports);
}

static void
test_link_states(void **state)
{
	struct harness *h = *state;
	struct link *link = node_find_link(h->node, 2);
	json_t *links = show(h, "links");

	assert_int_equal(json_array_size(links), 2);
	assert_int_equal(number(links, "0.id"), 2);
	assert_string_equal(text(links, "0.name"), "two");
	assert_string_equal(text(links, "0.remote"), "10.0.0.2");
	assert_string_equal(text(links, "0.local"), "10.0.0.1");
	assert_string_equal(text(links, "0.state"), "silent");
	assert_true(json_is_null(at(links, "0.silent_s")));
	assert_true(json_is_null(at(links, "0.mac")));
	json_decref(links);

	h->neighbour_known = true;
	harness_receive(h, 0, 0, 0);
	harness_run(h, 1);
	links = show(h, "links");
	assert_string_equal(text(links, "0.state"), "up");
	assert_string_equal(text(links, "1.state"), "silent");
	assert_string_equal(text(links, "0.mac"), "02:00:00:00:00:02");
	assert_string_equal(text(links, "0.neighbour"), "reachable");
	assert_string_equal(text(links, "0.next_hop"), "10.0.0.2");
	json_decref(links);

	harness_run(h, 2500);
	assert_int_equal(node_set_link_mac(h->node, node_find_link(h->node, 3), NULL), 0);
	links = show(h, "links");
	assert_string_equal(text(links, "0.state"), "silent");
	assert_float_equal(json_real_value(at(links, "0.silent_s")), 2.5, 1e-6);
	assert_string_equal(text(links, "1.state"), "unresolved");
	json_decref(links);

	port_set_up(link->port, false);
	links = show(h, "links");
	assert_string_equal(text(links, "0.state"), "port down");
	json_decref(links);
}

static void
test_link_counters(void **state)
{
	static const uint64_t seqs[] = {0, 1, 2, 5, 4, 4, 9};
	struct harness *h = *state;
	json_t *links;

	rates_tick(&h->view, h->now);
	start_source(h);
	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++)
		harness_receive(h, seqs[i], (uint32_t)seqs[i], (uint16_t)seqs[i]);
	harness_run(h, 1000);
	rates_tick(&h->view, h->now);
	links = show(h, "links");
	assert_int_equal(number(links, "0.tx_packets"), h->by_hop[2]);
	assert_int_equal(number(links, "1.tx_packets"), h->by_hop[3]);
	assert_float_equal(json_real_value(at(links, "1.tx_pps")), (double)h->by_hop[3], 1e-6);
	/* 24 + 12 + 24 + 100: link header, "3 > 2", session header, payload */
	assert_int_equal(number(links, "1.tx_bytes"), h->by_hop[3] * 160);
	assert_float_equal(
		json_real_value(at(links, "1.tx_bps")), (double)h->by_hop[3] * 160 * 8, 1e-3);
	assert_int_equal(number(links, "0.rx_packets"), 6);
	assert_int_equal(number(links, "0.rx_bytes"), 6 * (24 + 6 + 24 + 50));
	assert_int_equal(number(links, "0.rx_lost"), 4);
	assert_float_equal(json_real_value(at(links, "0.rx_loss")), 0.4, 1e-9);
	assert_int_equal(number(links, "0.rx_reordered"), 1);
	assert_int_equal(number(links, "0.rx_duplicates"), 1);
	assert_int_equal(number(links, "1.rx_packets"), 0);
	assert_true(json_is_null(at(links, "1.rx_loss")));
	json_decref(links);
}

static void
test_source(void **state)
{
	struct harness *h = *state;
	json_t *sessions = show(h, "sessions");

	assert_int_equal(json_array_size(sessions), 2);
	assert_string_equal(text(sessions, "0.conference_name"), "demo");
	assert_string_equal(text(sessions, "0.session_name"), "out");
	assert_string_equal(text(sessions, "0.source.state"), "stopped");
	assert_string_equal(text(sessions, "0.source.ingress"), "generator, constant rate");
	assert_true(json_is_null(at(sessions, "0.source.bps")));
	assert_true(json_is_null(at(sessions, "0.destination")));
	/* 1500 - 20 - 8 - 24 - 12 - 24 - 8 - 16: "3 > 2" is the longest Pathlet */
	assert_int_equal(number(sessions, "0.source.payload_limit_bytes"), 1388);
	json_decref(sessions);

	start_source(h);
	harness_run(h, 100);
	rates_tick(&h->view, h->now);
	harness_run(h, 1000);
	rates_tick(&h->view, h->now);
	sessions = show(h, "sessions");
	assert_string_equal(text(sessions, "0.source.state"), "running");
	assert_int_equal(number(sessions, "0.source.packets"), h->sent);
	assert_int_equal(number(sessions, "0.source.bytes"), h->sent * 100);
	assert_int_equal(number(sessions, "0.source.limit_bps"), 8000000);
	/* 8 Mbit/s, to one packet a second. */
	assert_float_equal(json_real_value(at(sessions, "0.source.bps")), 8000000, 800);
	json_decref(sessions);
}

static void
test_destination(void **state)
{
	static const uint32_t seqs[] = {0, 1, 2, 5, 4, 4, 9};
	struct harness *h = *state;
	json_t *sessions = show(h, "sessions"), *in;
	struct link *link;

	assert_true(json_is_null(at(sessions, "1.destination.delay")));
	assert_true(json_is_null(at(sessions, "1.destination.loss")));
	json_decref(sessions);
	rates_tick(&h->view, h->now);
	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++)
		harness_receive(h, i, seqs[i], (uint16_t)seqs[i]);
	harness_run(h, 1);
	harness_run(h, 999);
	rates_tick(&h->view, h->now);
	sessions = show(h, "sessions");
	in = at(sessions, "1");
	assert_int_equal(number(in, "source_node"), 2);
	assert_int_equal(number(in, "destination_nodes.0"), 1);
	assert_string_equal(text(in, "destination.egress"), "sink");
	assert_int_equal(number(in, "destination.packets"), 6);
	assert_int_equal(number(in, "destination.bytes"), 300);
	assert_int_equal(number(in, "destination.lost"), 4);
	assert_float_equal(json_real_value(at(in, "destination.loss")), 0.4, 1e-9);
	assert_int_equal(number(in, "destination.reordered"), 1);
	assert_int_equal(number(in, "destination.duplicates"), 1);
	assert_int_equal(number(in, "destination.epochs"), 1);
	assert_float_equal(json_real_value(at(in, "destination.bps")), 2400, 1e-6);
	/* Stamped 2 ms before the frames were made, and they came a turn (1 ms) later. */
	assert_string_equal(text(in, "destination.delay.clocks"), "relative");
	assert_int_equal(number(in, "destination.delay.packets"), 6);
	assert_in_range(number(in, "destination.delay.raw_us.p50"), 2990, 3010);
	assert_int_equal(number(in, "destination.delay.minimum_us"), 3000);
	assert_int_equal(number(in, "destination.delay.above_minimum_us.max"), 0);
	assert_true(json_is_null(at(in, "destination.delay.corrected_us")));
	assert_true(json_is_null(at(in, "destination.delay.clock_offset_us")));
	json_decref(sessions);

	/* The source's clock is 2 ms behind ours, known to 50 us: so the way took 1 ms. */
	link = id_map_find(&h->node->peers, 2);
	link->live.interval = 1;
	link->live.offset[0] = (struct liveness_offset){.us = -2000, .rtt = 100000};
	link->live.offset[1].rtt = UINT64_MAX;
	sessions = show(h, "sessions");
	in = at(sessions, "1");
	assert_in_range(number(in, "destination.delay.corrected_us.p50"), 990, 1010);
	assert_int_equal(number(in, "destination.delay.clock_offset_us"), -2000);
	assert_float_equal(json_real_value(at(in, "destination.delay.clock_error_us")), 50, 1e-9);
	json_decref(sessions);

	/* Nothing for more than a minute: there is no minimum to compare with. */
	h->now += UINT64_C(80000000000);
	sessions = show(h, "sessions");
	assert_true(json_is_null(at(sessions, "1.destination.delay.minimum_us")));
	assert_true(json_is_null(at(sessions, "1.destination.delay.above_minimum_us")));
	json_decref(sessions);
}

static void
test_flows(void **state)
{
	struct harness *h = *state;
	json_t *flows;

	start_source(h);
	harness_run(h, 2000);
	harness_receive(h, 0, 0, 10);
	harness_receive(h, 1, 1, 12);
	harness_run(h, 1);
	flows = show(h, "flows");
	assert_int_equal(json_array_size(flows), 2);
	assert_int_equal(number(flows, "0.source.0.flow"), 0);
	assert_string_equal(text(flows, "0.source.0.path"), "2");
	assert_string_equal(text(flows, "0.source.1.path"), "3 > 2");
	assert_float_equal(json_real_value(at(flows, "0.source.1.share_configured")), 0.75, 1e-9);
	assert_int_equal(number(flows, "0.source.0.packets"), h->by_flow[0]);
	assert_int_equal(number(flows, "0.source.1.packets"), h->by_flow[1]);
	assert_float_equal(json_real_value(at(flows, "0.source.1.share_measured")),
		(double)h->by_flow[1] / (double)h->sent, 1e-9);
	/* 20,000 packets: five standard deviations are 0.015. */
	assert_float_equal(json_real_value(at(flows, "0.source.1.share_measured")), 0.75, 0.016);
	assert_int_equal(json_array_size(at(flows, "1.destination")), 1);
	assert_int_equal(number(flows, "1.destination.0.received"), 2);
	assert_int_equal(number(flows, "1.destination.0.lost"), 1);
	json_decref(flows);
}

static void
test_drops(void **state)
{
	struct harness *h = *state;
	const struct show_filter all = {.all = true};
	json_t *drops = show(h, "drops");

	assert_int_equal(json_array_size(drops), 0);
	json_decref(drops);
	harness_receive(h, 5, 0, 0);
	harness_receive(h, 5, 1, 1);
	harness_receive(h, 6, 0, 0);
	harness_run(h, 1);
	drops = show(h, "drops");
	assert_int_equal(json_array_size(drops), 2);
	assert_string_equal(text(drops, "0.reason"), "link_duplicate");
	assert_int_equal(number(drops, "0.packets"), 1);
	assert_string_equal(text(drops, "1.reason"), "session_duplicate");
	json_decref(drops);
	drops = show_drops(&h->view, &all);
	assert_int_equal(json_array_size(drops), DROP_COUNT - 1);
	json_decref(drops);
}

/* Telemetry takes only such keys; and nothing that people see may be forgotten in "all". */
static void
check_keys(json_t *value)
{
	const char *key;
	json_t *inner;
	size_t i;

	json_object_foreach(value, key, inner)
	{
		assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(key));
		check_keys(inner);
	}
	json_array_foreach(value, i, inner)
	{
		check_keys(inner);
	}
}

static void
set_rate(struct harness *h, uint32_t peer, uint64_t rate)
{
	struct worker *w = h->node->workers[0];

	w->now = h->now;
	feeder_set_rate(w, node_find_link(h->node, peer), rate);
}

/* Three packets in four go to peer 3, 10,000 a second in all, and its link takes 500. */
static void
test_feeders(void **state)
{
	struct harness *h = *state;
	json_t *feeders;
	int64_t n;

	set_rate(h, 3, 84 * 1000);
	start_source(h);
	harness_run(h, 30);
	feeders = show(h, "feeders");
	assert_int_equal(json_array_size(feeders), 2);
	assert_int_equal(number(feeders, "0.id"), 2);
	assert_true(json_is_null(at(feeders, "0.rate_bps")));
	assert_int_equal(json_array_size(at(feeders, "0.conferences")), 0);
	assert_int_equal(number(feeders, "1.id"), 3);
	assert_string_equal(text(feeders, "1.name"), "three");
	assert_int_equal(number(feeders, "1.rate_bps"), 84 * 8000);
	assert_int_equal(number(feeders, "1.conferences.0.conference"), 1);
	assert_string_equal(text(feeders, "1.conferences.0.conference_name"), "demo");
	assert_int_equal(number(feeders, "1.conferences.0.priority"), FEEDER_PRIORITY);
	assert_int_equal(number(feeders, "1.conferences.0.weight"), FEEDER_WEIGHT);
	/* No queue has more places than are left: half of them. */
	n = number(feeders, "1.packets");
	assert_in_range(n, 62, 64);
	assert_int_equal(number(feeders, "1.conferences.0.packets"), n);
	assert_int_equal(number(feeders, "1.bytes"), n * 160);
	assert_int_equal(number(feeders, "1.conferences.0.bytes"), n * 160);
	assert_int_equal(number(feeders, "1.conferences.0.taken"),
		n + number(feeders, "1.conferences.0.sent"));
	assert_true(number(feeders, "1.conferences.0.drops") > 50);
	json_decref(feeders);
	node_stop_source(h->node, node_find_source(h->node, 1, 1));
	set_rate(h, 3, 0);
	harness_run(h, 2);
}

static int64_t
allowed_now(struct harness *h, struct allowed *allowed)
{
	json_t *sessions, *value;
	int64_t bps;

	allowed_tick(allowed);
	sessions = show(h, "sessions");
	value = at(sessions, "0.source.allowed_bps");
	bps = json_is_null(value) ? -1 : json_integer_value(value);
	json_decref(sessions);
	return bps;
}

/*
 * The least over the flows' first links, as payload of 100 (96) bytes, and no more than its rate.
 */
static void
test_rate_allowed(void **state)
{
	struct harness *h = *state;
	struct allowed allowed;

	assert_int_equal(allowed_init(&allowed, &h->book), 0);
	h->view.allowed = &allowed;
	start_source(h);
	harness_run(h, 2);
	assert_int_equal(allowed_now(h, &allowed), -1);
	set_rate(h, 2, 500000);
	/* Link header, a Pathlet of 6, session header: 54. */
	assert_int_equal(allowed_now(h, &allowed), 4000000ll * 96 / (96 + 54));
	set_rate(h, 3, 100000);
	/* The Pathlet of 3 > 2 has 12 bytes. */
	assert_int_equal(allowed_now(h, &allowed), 800000ll * 96 / (96 + 60));
	set_rate(h, 3, 100000000);
	set_rate(h, 2, 0);
	assert_int_equal(allowed_now(h, &allowed), 8000000);
	node_stop_source(h->node, node_find_source(h->node, 1, 1));
	assert_int_equal(allowed_now(h, &allowed), -1);
	set_rate(h, 3, 0);
	harness_run(h, 2);
	h->view.allowed = NULL;
	allowed_free(&allowed);
}

static void
test_all(void **state)
{
	struct harness *h = *state;
	json_t *all = show(h, "all");

	check_keys(all);
	for (const struct show_item *item = show_items; item->name != NULL; item++) {
		if (strcmp(item->name, "all") != 0)
			assert_non_null(json_object_get(all, item->name));
	}
	json_decref(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_node, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_busy_share, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_ports, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_link_states, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_link_counters, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_source, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_destination, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_flows, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_drops, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_feeders, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_rate_allowed, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_all, harness_setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
