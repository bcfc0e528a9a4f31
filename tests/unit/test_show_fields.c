/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each figure is under its own name and in its own unit: every counter behind it has another value,
 * so that one that is taken for its neighbour shows, in what is shown as in the exported record.
 */
#include "show_read.h"
#include "unit.h"

#include <math.h>

#include "rlnc_encoder.h"
#include "rlnc_receiver.h"
#include "show_private.h"

static char error[512];

/* Numbers that stand under names. */
struct figure {
	const char *name;
	double value;
};

static void
figures_are(json_t *object, const struct figure *figures, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double value = json_number_value(at(object, figures[i].name));

		if (fabs(value - figures[i].value) > 1e-6 * fabs(figures[i].value))
			fail_msg("%s is %g, it must be %g", figures[i].name, value,
				figures[i].value);
	}
}

#define FIGURES_ARE(object, figures) figures_are(object, figures, RTE_DIM(figures))

static struct rate
rate_of(double per_second)
{
	return (struct rate){.per_second = per_second, .sampled = true, .known = true};
}

static void
fill_link(struct harness *h, struct link *link)
{
	struct link_tx *tx = &link->tx;
	struct link_rx *rx = &link->rx;
	struct liveness *l = &link->live;
	struct rates_link *rates = &h->rates.links[link->index];

	tx->packets = 101, tx->bytes = 102, tx->control = 103, tx->drops = 104;
	tx->oversize = 105, tx->oversize_last = 106, tx->flattened = 107;
	tx->pacer.rate = 108;
	h->node->workers[0]->ring_drops[link->index] = 20;
	link->ring_drops_before = 9; /* of another link that had its place */
	rx->packets = 201, rx->bytes = 202, rx->control = 203;
	rx->lost_before = 204, rx->window.missing = 5;
	rx->reordered = 205, rx->duplicates = 206, rx->epochs = 207;
	rx->rtt = RTE_BE32(208);
	l->interval = 1000000000;
	l->sent = 301, l->answers = 302, l->late = 303;
	l->rtt = (struct rtt){.smoothed = 304000,
		.deviation = 305000,
		.latest = 306000,
		.least = {307000, 308000}};
	l->verdicts = 50, l->missed = 1;
	l->data_loss = 16384;
	l->offset[0] = (struct liveness_offset){.us = 309, .rtt = 620000};
	l->offset[1].rtt = UINT64_MAX;
	link->tfrc.sender.rtt = 401000;
	link->tfrc.sender.reports = 402, link->tfrc.sender.expiries = 403;
	link->tfrc.sender.p = UINT32_C(1) << 30;
	link->tfrc.ignored = 404;
	rx->reports = true;
	rx->tfrc.p = UINT32_C(1) << 31;
	rx->tfrc.history.events = 405, rx->tfrc.reports = 406;
	rates->tx = (struct rate_pair){.packets = rate_of(501), .bytes = rate_of(502)};
	rates->rx = (struct rate_pair){.packets = rate_of(503), .bytes = rate_of(504)};
}

static void
test_link(void **state)
{
	static const struct figure wanted[] = {{"tx_packets", 101}, {"tx_bytes", 102},
		{"tx_control", 103}, {"tx_drops", 104 + 11}, {"ring_drops", 11}, {"oversize", 105},
		{"oversize_last_bytes", 106}, {"flattened", 107}, {"rate_bps", 8 * 108},
		{"rx_packets", 201}, {"rx_bytes", 202}, {"rx_control", 203}, {"rx_lost", 209},
		{"rx_loss", 209.0 / 410}, {"rx_reordered", 205}, {"rx_duplicates", 206},
		{"epochs", 207}, {"rtt_peer_us", 208}, {"probes_sent", 301},
		{"probes_answered", 302}, {"probes_late", 303}, {"rtt_us", 304},
		{"rtt_deviation_us", 305}, {"rtt_latest_us", 306}, {"rtt_least_us", 307},
		{"probe_loss", 0.02}, {"data_loss", 0.25}, {"clock_offset_us", 309},
		{"clock_error_us", 310}, {"tfrc_rtt_us", 401}, {"reports", 402},
		{"nofeedback", 403}, {"loss_event_rate", 0.25}, {"reports_ignored", 404},
		{"rx_loss_event_rate", 0.5}, {"rx_loss_events", 405}, {"rx_reports", 406},
		{"tx_pps", 501}, {"tx_bps", 8 * 502}, {"rx_pps", 503}, {"rx_bps", 8 * 504}};
	struct harness *h = *state;
	struct ferry_stats_link r = {0};
	struct link *link;
	json_t *shown;
	uint32_t id;

	h->config->node.probe = 0;
	assert_int_equal(
		peer_add(&h->peers, "id = 7; address = \"10.0.0.7\"", &id, error, sizeof(error)),
		0);
	link = node_find_link(h->node, 7);
	fill_link(h, link);
	shown = show_link(&h->view, link);
	FIGURES_ARE(shown, wanted);
	json_decref(shown);
	show_link_record(&h->view, link, &r);
	assert_int_equal(r.tx_drops, 115);
	assert_int_equal(r.rx_reordered, 205);
	assert_int_equal(r.rx_duplicates, 206);
	link->live.interval = 0;
	h->node->workers[0]->ring_drops[link->index] = 0;
	link->ring_drops_before = 0;
}

static void
test_source(void **state)
{
	static const struct figure wanted[] = {{"policed", 101}, {"oversize", 102},
		{"oversize_last_bytes", 103}, {"while_stopped", 104}, {"no_buffer", 105},
		{"refused", 101 + 102 + 104 + 105}, {"pps", 501}, {"bps", 8 * 502},
		{"coding.generations", 201}, {"coding.repairs", 202}, {"coding.no_buffer", 203},
		{"coding.span", 12}, {"coding.repair", 0.25}, {"coding.links_loss", 0.03},
		{"coding.way_loss", 0.25}, {"coding.way_regained", 0.125}};
	static struct rlnc_encoder encoder;
	struct harness *h = *state;
	struct ferry_stats_session r = {0};
	struct session_entry *entry = session_book_find(&h->book, 1, 1);
	json_t *shown;

	entry->source->counters = (struct source_counters){101, 102, 103, 104, 105};
	/* As if it were coded: only looked at. */
	encoder.params = (struct rlnc_params){
		.code = RLNC_BLOCK, .k = 12, .repair = RLNC_REPAIR_ADAPTIVE};
	encoder.counters = (struct rlnc_encoder_counters){.generations = 201,
		.repairs = 202,
		.starved = 203,
		.decoded = 204,
		.given_up = 205};
	encoder.adaptive.for_n = 12;
	encoder.adaptive.repairs = 3;
	encoder.adaptive.loss = 30000;
	rlnc_encoder_set_way(&encoder, (struct rlnc_way){.loss = 250000, .regained = 125000});
	entry->source->encoder = &encoder;
	h->rates.sessions[entry->index].sent = (struct rate_pair){rate_of(501), rate_of(502)};
	shown = show_session(&h->view, entry);
	FIGURES_ARE(at(shown, "source"), wanted);
	json_decref(shown);
	show_source_record(&h->view, entry, &r);
	assert_int_equal(r.decoded, 204);
	assert_int_equal(r.given_up, 205);
	entry->source->encoder = NULL;
}

static void
test_destination(void **state)
{
	static const struct figure wanted[] = {{"duplicates", 101}, {"reordered", 102},
		{"lost", 103 + 7}, {"too_old", 104}, {"epochs", 105}, {"skipped", 106},
		{"egress_drops", 107}, {"oversize", 108}, {"oversize_last_bytes", 109},
		{"flattened", 110}, {"pps", 501}, {"bps", 8 * 502}, {"coding.repairs", 201},
		{"coding.recovered", 202}, {"coding.dependent", 203}, {"coding.given_up", 204},
		{"coding.generations", 205}, {"coding.no_buffer", 206}, {"coding.span", 13}};
	static struct rlnc_receiver receiver;
	struct harness *h = *state;
	struct session_entry *entry = session_book_find(&h->book, 1, 2);
	struct destination *dst = entry->destination;
	json_t *shown;

	dst->counters = (struct destination_counters){.duplicates = 101,
		.reordered = 102,
		.lost_before = 103,
		.too_old = 104,
		.epochs = 105,
		.skipped = 106,
		.egress_drops = 107,
		.oversize = 108,
		.oversize_last = 109,
		.flattened = 110};
	dst->window.missing = 7;
	receiver.params = (struct rlnc_params){.code = RLNC_BLOCK, .k = 13};
	receiver.counters = (struct rlnc_receiver_counters){.combinations = 201,
		.computed = 202,
		.dependent = 203,
		.given_up = 204,
		.generations = 205,
		.starved = 206};
	dst->coding = &receiver;
	h->rates.sessions[entry->index].delivered = (struct rate_pair){rate_of(501), rate_of(502)};
	shown = show_session(&h->view, entry);
	FIGURES_ARE(at(shown, "destination"), wanted);
	json_decref(shown);
	dst->coding = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_link, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_source, harness_setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_destination, harness_setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("show_fields", tests, NULL, NULL);
}
