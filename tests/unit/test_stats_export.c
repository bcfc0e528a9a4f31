/* SPDX-License-Identifier: BSD-3-Clause */
/* What a small real node writes to its ring, read by libferry-stats; its metrics. */
#include "unit.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "export_fixture.h"
#include "metrics.h"
#include "session_actions.h"
#include "stats_delay.h"

/* An interval goes by. */
static void
tick(struct fixture *f)
{
	rates_tick(&f->h.view, f->h.now);
	assert_int_equal(stats_export_tick(&f->e, f->h.now, f->error, sizeof(f->error)), 0);
	assert_int_equal(ferry_stats_snapshot(f->stats, &f->snapshot), FERRY_STATS_OK);
	assert_int_equal(ferry_stats_snapshot_node(&f->snapshot)->head.tick, f->e.tick);
}

static const union ferry_stats_record *
find(const struct fixture *f, uint16_t type, uint32_t nth)
{
	for (uint32_t i = 0; i < f->snapshot.count; i++)
		if (f->snapshot.records[i].head.type == type && nth-- == 0)
			return &f->snapshot.records[i];
	fail_msg("there is no such record of type %u", type);
	return NULL;
}

static uint32_t
count(const struct fixture *f, uint16_t type)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->snapshot.count; i++)
		n += f->snapshot.records[i].head.type == type;
	return n;
}

static void
start_source(struct fixture *f)
{
	node_start_source(f->h.node, node_find_source(f->h.node, 1, 1));
}

static void
stop_source(struct fixture *f)
{
	assert_true(f->h.sent > 0);
	node_stop_source(f->h.node, node_find_source(f->h.node, 1, 1));
	harness_run(&f->h, 50);
}

static void
test_node(void **state)
{
	struct fixture *f = *state;
	const struct ferry_stats_node *node;
	uint64_t drops = 0, lost = 0;

	f->h.device_known = f->h.impaired = true;
	start_source(f);
	tick(f);
	harness_run(&f->h, 1000);
	for (uint32_t i = 0; i < 3; i++)
		harness_receive(&f->h, 1, i, 0); /* of one link sequence: two are duplicates */
	harness_run(&f->h, 1);
	tick(f);
	assert_int_equal(count(f, FERRY_STATS_WORKER), 1);
	assert_int_equal(count(f, FERRY_STATS_PORT), 1);
	assert_int_equal(count(f, FERRY_STATS_LINK), 2);
	assert_int_equal(count(f, FERRY_STATS_FEEDER), 2);
	assert_int_equal(count(f, FERRY_STATS_SESSION), 2);
	assert_int_equal(count(f, FERRY_STATS_DROP), DROP_COUNT - 1);
	for (uint32_t i = 0; i + 1 < DROP_COUNT; i++) {
		const struct ferry_stats_drop *drop = &find(f, FERRY_STATS_DROP, i)->drop;

		assert_string_equal(drop->reason, drop_name(i + 1));
		assert_int_equal(drop->packets, i + 1 == DROP_link_duplicate ? 2 : 0);
		assert_float_equal(drop->pps, (double)drop->packets / 1.001, 1e-3);
		drops += drop->packets;
	}
	node = ferry_stats_snapshot_node(&f->snapshot);
	assert_string_equal(node->name, "here");
	assert_string_equal(node->version, FERRY_VERSION);
	assert_int_equal(node->id, 1);
	assert_int_equal(node->uptime_ns, UINT64_C(1001000000));
	assert_int_equal(node->dropped, drops);
	assert_int_equal(node->received, 3);
	assert_int_equal(node->sent, f->h.sent);
	assert_int_equal(node->received + node->originated + node->copies,
		node->sent + node->delivered + node->consumed + node->queued + node->dropped);
	assert_int_equal(find(f, FERRY_STATS_PORT, 0)->port.rx_missed, 7);
	assert_int_equal(find(f, FERRY_STATS_PORT, 0)->port.tx_packets, f->h.sent);
	assert_string_equal(find(f, FERRY_STATS_PORT, 0)->port.name, "wan");
	for (int k = IMPAIR_FIRST_LOSS; k < IMPAIR_EVENT_COUNT; k++)
		lost += 100 + (uint64_t)k;
	assert_int_equal(find(f, FERRY_STATS_PORT, 0)->port.impair_lost, lost);
	assert_float_equal(find(f, FERRY_STATS_PORT, 0)->port.tx_bps,
		8 * find(f, FERRY_STATS_PORT, 0)->port.tx_pps * 200, 1);
	/* What was known of a device that is no more is not its rate. */
	f->h.device_known = false;
	harness_run(&f->h, 1000);
	tick(f);
	assert_true(isnan(find(f, FERRY_STATS_PORT, 0)->port.tx_pps));
	stop_source(f);
}

static void
test_links(void **state)
{
	struct fixture *f = *state;
	uint64_t packets = 0;

	start_source(f);
	tick(f);
	assert_int_equal(find(f, FERRY_STATS_LINK, 0)->link.state, FERRY_STATS_LINK_SILENT);
	harness_run(&f->h, 1000);
	harness_receive(&f->h, 1, 0, 0);
	harness_receive(&f->h, 4, 1, 1);
	harness_run(&f->h, 1);
	tick(f);
	for (uint32_t i = 0; i < 2; i++) {
		const struct ferry_stats_link *link = &find(f, FERRY_STATS_LINK, i)->link;

		assert_int_equal(link->id, 2 + i);
		assert_string_equal(link->name, i == 0 ? "two" : "three");
		assert_int_equal(
			link->state, i == 0 ? FERRY_STATS_LINK_UP : FERRY_STATS_LINK_SILENT);
		assert_int_equal(link->tx_packets, f->h.by_hop[2 + i]);
		assert_int_equal(link->rx_packets, i == 0 ? 2 : 0);
		assert_int_equal(link->rx_lost, i == 0 ? 2 : 0);
		assert_true(isnan(link->rate_bps));
		assert_float_equal(link->tx_pps, (double)f->h.by_hop[2 + i] / 1.001, 0.01);
		packets += link->tx_packets;
	}
	assert_int_equal(packets, f->h.sent);
	stop_source(f);
}

static void
test_sessions(void **state)
{
	struct fixture *f = *state;
	const struct ferry_stats_session *s;
	uint64_t sum = 0;

	start_source(f);
	tick(f);
	s = &find(f, FERRY_STATS_SESSION, 1)->session;
	assert_true(isnan(s->jitter_us));
	assert_true(isnan(s->recent_loss));
	harness_run(&f->h, 1000);
	/* Sequence 2 never comes. */
	for (uint32_t i = 0; i < 5; i++)
		if (i != 2)
			harness_receive(&f->h, 1 + i, i, (uint16_t)i);
	harness_run(&f->h, 1);
	tick(f);
	s = &find(f, FERRY_STATS_SESSION, 0)->session;
	assert_int_equal(s->role, FERRY_STATS_SOURCE);
	assert_int_equal(s->conference, 1);
	assert_int_equal(s->session, 1);
	assert_string_equal(s->session_name, "out");
	assert_int_equal(s->packets, f->h.sent);
	assert_float_equal(s->limit_bps, 8e6, 0);
	assert_float_equal(s->pps, (double)f->h.sent / 1.001, 0.01);
	s = &find(f, FERRY_STATS_SESSION, 1)->session;
	assert_int_equal(s->role, FERRY_STATS_DESTINATION);
	assert_int_equal(s->session, 2);
	assert_int_equal(s->packets, 4);
	assert_int_equal(s->bytes, 200);
	assert_int_equal(s->lost, 1);
	assert_float_equal(s->loss, 0.2, 1e-12);
	assert_float_equal(s->recent_loss, 0.2, 1e-12);
	assert_float_equal(s->jitter_us, 0, 0);
	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		sum += s->delays[i];
	assert_int_equal(sum, 4);
	/* All the same: above the least by nothing. */
	assert_int_equal(s->delays[0], 4);
	/* Nothing more comes: the interval has no loss, what was counted stays. */
	harness_run(&f->h, 1000);
	tick(f);
	s = &find(f, FERRY_STATS_SESSION, 1)->session;
	assert_true(isnan(s->recent_loss));
	assert_int_equal(s->delays[0], 4);
	/* It comes late, and takes its loss back. */
	harness_receive(&f->h, 3, 2, 2);
	harness_run(&f->h, 1);
	tick(f);
	s = &find(f, FERRY_STATS_SESSION, 1)->session;
	assert_int_equal(s->lost, 0);
	assert_true(s->recent_loss == 0);
	stop_source(f);
}

/* Sessions come: the ring is replaced by a larger one, and what was counted stays. */
static void
test_growth(void **state)
{
	struct fixture *f = *state;
	struct session_book *book = &f->h.book;
	struct session_entry **few = book->entries, **many;
	uint32_t nb_few = book->nb_entries, nb_many = 3000;

	harness_receive(&f->h, 1, 0, 0);
	harness_run(&f->h, 1);
	tick(f);
	many = calloc(nb_many, sizeof(*many));
	/* The two that run come last: places have changed. */
	for (uint32_t i = 0; i < nb_many; i++)
		many[i] = few[2];
	many[nb_many - 1] = few[0];
	many[nb_many - 2] = few[1];
	book->entries = many;
	book->nb_entries = nb_many;
	assert_int_equal(stats_export_tick(&f->e, f->h.now, f->error, sizeof(f->error)), 0);
	assert_int_equal(ferry_stats_liveness(f->stats, 0), FERRY_STATS_OVER);
	ferry_stats_close(f->stats);
	f->stats = ferry_stats_open(f->path, f->error, sizeof(f->error));
	assert_non_null(f->stats);
	assert_true(ferry_stats_slots(f->stats) >= 2 * nb_many);
	assert_int_equal(ferry_stats_snapshot(f->stats, &f->snapshot), FERRY_STATS_OK);
	assert_int_equal(find(f, FERRY_STATS_SESSION, 0)->session.session, 2);
	assert_int_equal(find(f, FERRY_STATS_SESSION, 0)->session.delays[0], 1);
	assert_int_equal(find(f, FERRY_STATS_SESSION, 1)->session.session, 1);
	book->entries = few;
	book->nb_entries = nb_few;
	free(many);
}

static const struct ferry_stats_session *
second_session(const struct fixture *f)
{
	uint32_t i = 0;

	while (find(f, FERRY_STATS_SESSION, i)->session.session != 2)
		i++;
	return &find(f, FERRY_STATS_SESSION, i)->session;
}

static uint64_t
delays_of_session(struct fixture *f)
{
	const struct ferry_stats_session *s;
	uint64_t sum = 0;

	tick(f);
	s = second_session(f);
	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		sum += s->delays[i];
	return sum;
}

static struct session_entry *
define_again(struct fixture *f, struct session_entry *entry)
{
	struct session_entry *added;

	session_remove(&f->h.book, entry);
	/* The worker lets go of what there was. */
	harness_run(&f->h, 20);
	assert_int_equal(session_define(&f->h.book, 1,
				 "id = 2; source = 2; destinations = [ 1 ]; rate = \"8M\";"
				 "ingress = { generator = { kind = \"constant\"; size = 100; }; };"
				 "flows = ( { path = \"1\"; } );",
				 &added, f->error, sizeof(f->error)),
		0);
	return added;
}

/* Removed and defined again between two intervals, in the same memory: nothing is left of it. */
static void
test_defined_again(void **state)
{
	struct fixture *f = *state;
	struct session_entry *entry = session_book_find(&f->h.book, 1, 2);
	bool same = false;
	uint64_t sequence = 1;
	uint32_t number;

	for (int i = 0; i < 20 && !same; i++) {
		const void *destination = entry->destination;
		uint32_t index = entry->index;

		for (uint32_t k = 0; k < 3; k++)
			harness_receive(&f->h, sequence++, k, (uint16_t)k);
		harness_run(&f->h, 1);
		assert_int_equal(delays_of_session(f), 3);
		entry = define_again(f, entry);
		same = entry->destination == destination && entry->index == index;
	}
	assert_true(same);
	number = second_session(f)->number;
	harness_receive(&f->h, sequence++, 0, 0);
	harness_run(&f->h, 1);
	assert_int_equal(delays_of_session(f), 1);
	/* By which a reader knows, too. */
	assert_int_not_equal(second_session(f)->number, number);
	number = second_session(f)->number;
	tick(f);
	assert_int_equal(second_session(f)->number, number);
}

/* Sessions come, all the same one: nb entries in all. */
static void
grow(struct fixture *f, struct session_entry **many, uint32_t nb)
{
	many[0] = f->h.book.entries[0];
	for (uint32_t i = 1; i < nb; i++)
		many[i] = many[0];
	f->h.book.entries = many;
	f->h.book.nb_entries = nb;
}

static int export(struct fixture *f, uint64_t seconds)
{
	f->h.now += seconds * UINT64_C(1000000000);
	return stats_export_tick(&f->e, f->h.now, f->error, sizeof(f->error));
}

static void
expect_written(struct fixture *f)
{
	assert_int_equal(ferry_stats_liveness(f->stats, 0), FERRY_STATS_LIVES);
	assert_int_equal(ferry_stats_snapshot(f->stats, &f->snapshot), FERRY_STATS_OK);
	assert_int_equal(ferry_stats_snapshot_node(&f->snapshot)->head.tick, f->e.tick);
}

/* A larger ring cannot be had: the old one goes on while it can, and a larger one is tried again.
 */
static void
test_no_growth(void **state)
{
	struct fixture *f = *state;
	uint32_t nb_few = f->h.book.nb_entries, slots = ferry_stats_slots(f->stats);
	struct session_entry **few = f->h.book.entries, **many = calloc(4 * slots, sizeof(*many));
	char in_the_way[160];

	snprintf(in_the_way, sizeof(in_the_way), "%s.new", f->path);
	assert_int_equal(mkdir(in_the_way, 0700), 0);
	grow(f, many, slots / 2);
	assert_true(export(f, 1) < 0);
	assert_non_null(strstr(f->error, "goes on"));
	expect_written(f);
	/* Once only. */
	for (int i = 0; i < 100; i++)
		assert_int_equal(export(f, 1), 0);
	expect_written(f);
	/* Now it is too small, whether or not it is time to try. */
	grow(f, many, 4 * slots);
	assert_true(export(f, 0) < 0);
	assert_non_null(strstr(f->error, "no file"));
	assert_int_equal(ferry_stats_liveness(f->stats, 0), FERRY_STATS_OVER);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(export(f, 0), 0);
	/* It is tried after 1, 2, 4, ... 64 s and then each 64 s: at 128 s; 101 have gone by. */
	assert_int_equal(rmdir(in_the_way), 0);
	assert_int_equal(export(f, 24), 0);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(export(f, 4), 1);
	ferry_stats_close(f->stats);
	f->stats = ferry_stats_open(f->path, f->error, sizeof(f->error));
	assert_non_null(f->stats);
	expect_written(f);
	assert_true(ferry_stats_slots(f->stats) >= 8 * slots);
	f->h.book.entries = few;
	f->h.book.nb_entries = nb_few;
	free(many);
}

/* What is added to the bins grows only, also when the least delay falls. */
static void
test_delay_bins(void **state)
{
	static struct delay_histogram h;
	struct stats_delay *d = calloc(1, sizeof(*d));
	uint64_t before = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t sum = 0;

		delay_histogram_add(&h, 5000 - (int32_t)i * 40, i);
		stats_delay_add(d, &h, 5000 - (int32_t)i * 40 - 300);
		for (int k = 0; k < FERRY_STATS_DELAYS; k++)
			sum += d->bins[k];
		assert_int_equal(sum, before + 1);
		before = sum;
	}
	/* 300 above the base, as exactly as the histogram's bins are. */
	assert_int_equal(d->bins[0] + d->bins[1] + d->bins[2], 100);
	assert_true(d->bins[2] > 80);
	delay_histogram_add(&h, 4000000, 200);
	stats_delay_add(d, &h, 0);
	assert_int_equal(d->bins[14], 1);
	free(d);
}

static void
test_metrics(void **state)
{
	struct fixture *f = *state;
	struct metrics_cursor cursor = {0};
	struct evbuffer *pieces = evbuffer_new();
	json_t *reply;
	const char *text;

	harness_receive(&f->h, 1, 0, 0);
	harness_run(&f->h, 10);
	tick(f);
	while (!cursor.done)
		assert_true(metrics_write(pieces, &f->snapshot, &cursor));
	evbuffer_add(pieces, "", 1);
	reply = harness_ask(&f->h, "{\"command\": [\"metrics\"]}");
	text = json_string_value(json_object_get(json_object_get(reply, "data"), "openmetrics"));
	assert_non_null(text);
	assert_string_equal(text, (const char *)evbuffer_pullup(pieces, -1));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	assert_non_null(strstr(text, "\nferry_link_rx_packets_total{id=\"2\",name=\"two\","
				     "port=\"wan\"} 1\n"));
	assert_non_null(strstr(text, "ferry_link_state{id=\"3\",name=\"three\",port=\"wan\","
				     "ferry_link_state=\"silent\"} 1\n"));
	json_decref(reply);
	f->h.ctl.statistics = NULL;
	reply = harness_ask(&f->h, "{\"command\": [\"metrics\"]}");
	assert_false(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	evbuffer_free(pieces);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_node, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_growth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_defined_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_growth, setup, teardown),
		cmocka_unit_test(test_delay_bins),
		cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
