/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each field of the statistics ring's records of links, feeders and sessions is in what a node
 * shows, under its name and with its value; but for those that only the ring has.
 */
#include "unit.h"

#include <math.h>
#include <stddef.h>

#include "feeder.h"
#include "ferry_stats.h"
#include "rlnc_encoder.h"
#include "rlnc_receiver.h"
#include "show_read.h"
#include "stats_export.h"

enum kind {
	U64,
	U32,
	REAL,
	NAME,
};

struct field {
	const char *name;
	size_t offset, size;
	enum kind kind;
	const char *path; /* where it is shown, its name the last key; NULL = in the ring only */
	const char *(*word)(uint32_t value); /* of what is shown as a word */
	bool compared;
};

#define FIELD(member, field, k, p)                                                                 \
	.name = #field, .offset = offsetof(struct ferry_stats_##member, field),                    \
	.size = sizeof(((struct ferry_stats_##member *)0)->field), .kind = k, .path = p
#define SAME(member, field, k)                                                                     \
	{                                                                                          \
		FIELD(member, field, k, #field)                                                    \
	}
#define WORD(member, field, p, w)                                                                  \
	{                                                                                          \
		FIELD(member, field, U32, p), .word = w                                            \
	}
#define RING(member, field)                                                                        \
	{                                                                                          \
		FIELD(member, field, U64, NULL)                                                    \
	}

static struct field link_fields[] = {
	RING(link, head),
	SAME(link, name, NAME),
	SAME(link, port, NAME),
	SAME(link, id, U32),
	WORD(link, state, "state", ferry_stats_link_state_name),
	WORD(link, pacing, "pacing", ferry_stats_pacing_name),
	RING(link, zero),
	SAME(link, tx_packets, U64),
	SAME(link, tx_bytes, U64),
	SAME(link, tx_control, U64),
	SAME(link, tx_drops, U64),
	SAME(link, rx_packets, U64),
	SAME(link, rx_bytes, U64),
	SAME(link, rx_control, U64),
	SAME(link, rx_lost, U64),
	SAME(link, rx_reordered, U64),
	SAME(link, rx_duplicates, U64),
	SAME(link, tx_pps, REAL),
	SAME(link, tx_bps, REAL),
	SAME(link, rx_pps, REAL),
	SAME(link, rx_bps, REAL),
	SAME(link, rtt_us, REAL),
	SAME(link, rtt_least_us, REAL),
	SAME(link, rtt_deviation_us, REAL),
	SAME(link, probe_loss, REAL),
	SAME(link, data_loss, REAL),
	SAME(link, loss_event_rate, REAL),
	SAME(link, rate_bps, REAL),
	SAME(link, clock_offset_us, REAL),
};

/* What the ring has of all of a link's conferences together is summed below. */
static struct field feeder_fields[] = {
	RING(feeder, head),
	SAME(feeder, name, NAME),
	SAME(feeder, id, U32),
	RING(feeder, queues),
	SAME(feeder, packets, U64),
	SAME(feeder, bytes, U64),
	RING(feeder, taken),
	RING(feeder, sent),
	RING(feeder, drops),
	RING(feeder, expired),
	SAME(feeder, rate_bps, REAL),
};

/* An end's keys are within the session's: "source." stands before these, "destination." below. */
static struct field source_fields[] = {
	{FIELD(session, conference, U32, "/conference")},
	{FIELD(session, session, U32, "/session")},
	{FIELD(session, conference_name, NAME, "/conference_name")},
	{FIELD(session, session_name, NAME, "/session_name")},
	WORD(session, state, "state", ferry_stats_session_state_name),
	SAME(session, packets, U64),
	SAME(session, bytes, U64),
	SAME(session, pps, REAL),
	SAME(session, bps, REAL),
	SAME(session, limit_bps, REAL),
	SAME(session, allowed_bps, REAL),
	SAME(session, refused, U64),
	WORD(session, code, "coding.code", ferry_stats_code_name),
	{FIELD(session, span, U32, "coding.span")},
	{FIELD(session, repair, REAL, "coding.repair")},
	{FIELD(session, repairs, U64, "coding.repairs")},
	{FIELD(session, generations, U64, "coding.generations")},
	{FIELD(session, decoded, U64, "coding.decoded")},
	{FIELD(session, given_up, U64, "coding.given_up")},
	{FIELD(session, links_loss, REAL, "coding.links_loss")},
	{FIELD(session, way_loss, REAL, "coding.way_loss")},
};

static struct field destination_fields[] = {
	{FIELD(session, session, U32, "/session")},
	SAME(session, packets, U64),
	SAME(session, bytes, U64),
	SAME(session, pps, REAL),
	SAME(session, bps, REAL),
	SAME(session, lost, U64),
	SAME(session, reordered, U64),
	SAME(session, duplicates, U64),
	SAME(session, too_old, U64),
	SAME(session, egress_drops, U64),
	SAME(session, loss, REAL),
	{FIELD(session, jitter_us, REAL, "delay.jitter_us")},
	WORD(session, code, "coding.code", ferry_stats_code_name),
	{FIELD(session, span, U32, "coding.span")},
	{FIELD(session, repairs, U64, "coding.repairs")},
	{FIELD(session, generations, U64, "coding.generations")},
	{FIELD(session, recovered, U64, "coding.recovered")},
	{FIELD(session, dependent, U64, "coding.dependent")},
	{FIELD(session, given_up, U64, "coding.given_up")},
	/* Of the last interval; since when; which delays are meant is a key of its own there. */
	RING(session, role),
	RING(session, recent_loss),
	RING(session, number),
	RING(session, clocks_agree),
	RING(session, delays),
	RING(session, delay_p50_us),
	RING(session, delay_p99_us),
	RING(session, delay_max_us),
};

#define NB(fields) (sizeof(fields) / sizeof((fields)[0]))

/* Its size varies. */
static struct rlnc_encoder encoder;

struct fixture {
	struct harness h;
	struct stats_export e;
	struct allowed allowed;
	struct rlnc_receiver receiver;
};

static const union ferry_stats_record *
find(const struct fixture *f, uint16_t type, uint32_t nth)
{
	for (uint32_t i = 0; i < f->e.latest.count; i++)
		if (f->e.latest.records[i].head.type == type && nth-- == 0)
			return &f->e.latest.records[i];
	fail_msg("there is no such record of type %u", type);
	return NULL;
}

static bool
same(const struct field *field, const void *record, const json_t *shown)
{
	const void *at = (const uint8_t *)record + field->offset;
	double value;

	if (field->kind == NAME)
		return strcmp(at, json_string_value(shown)) == 0;
	if (field->word != NULL)
		return strcmp(field->word(*(const uint32_t *)at), json_string_value(shown)) == 0;
	if (field->kind == REAL)
		value = *(const double *)at;
	else
		value = field->kind == U32 ? *(const uint32_t *)at : (double)*(const uint64_t *)at;
	/* What the ring does not know is null. */
	return isnan(value) ? json_is_null(shown) : json_number_value(shown) == value;
}

static bool
is_unknown(const struct field *field, const void *record)
{
	return field->kind == REAL &&
	       isnan(*(const double *)(const void *)((const uint8_t *)record + field->offset));
}

static void
compare(struct field *fields, size_t nb, const void *record, json_t *session, const char *end)
{
	for (size_t i = 0; i < nb; i++) {
		char path[64];
		json_t *shown;

		if (fields[i].path == NULL)
			continue;
		if (fields[i].path[0] == '/')
			snprintf(path, sizeof(path), "%s", fields[i].path + 1);
		else
			snprintf(path, sizeof(path), "%s%s", end, fields[i].path);
		/* A kind of coding has not all of its numbers: the ring has 0, or none. */
		if (is_unknown(&fields[i], record) && strncmp(fields[i].path, "coding.", 7) == 0)
			continue;
		shown = at(session, path);
		if (json_is_null(shown) && fields[i].kind == U64)
			continue;
		if (!same(&fields[i], record, shown))
			fail_msg("%s is not the ring's %s", path, fields[i].name);
		fields[i].compared |= !json_is_null(shown);
	}
}

/* Nothing was left out because it was nowhere known, and a path ends with the field's name. */
static void
expect_all(const struct field *fields, size_t nb)
{
	for (size_t i = 0; i < nb; i++) {
		const char *last;

		if (fields[i].path == NULL)
			continue;
		last = fields[i].path + strcspn(fields[i].path, "./");
		assert_string_equal(*last != 0 ? last + 1 : fields[i].path, fields[i].name);
		if (!fields[i].compared)
			fail_msg("%s was never known", fields[i].name);
	}
}

/* Every byte of a record is some field's: one that is added later must be named above. */
static void
cover(uint8_t *bytes, const struct field *fields, size_t nb)
{
	for (size_t i = 0; i < nb; i++)
		memset(bytes + fields[i].offset, 1, fields[i].size);
}

static void
expect_covered(const uint8_t *bytes, size_t from, size_t size)
{
	for (size_t i = from; i < size; i++)
		if (bytes[i] == 0)
			fail_msg("what is at byte %zu of the record is no field of the list", i);
}

static void
test_every_field(void **state)
{
	uint8_t bytes[sizeof(union ferry_stats_record)] = {0};

	(void)state;
	cover(bytes, link_fields, NB(link_fields));
	expect_covered(bytes, 0, sizeof(struct ferry_stats_link));
	memset(bytes, 0, sizeof(bytes));
	cover(bytes, feeder_fields, NB(feeder_fields));
	expect_covered(bytes, 0, sizeof(struct ferry_stats_feeder));
	memset(bytes, 0, sizeof(bytes));
	cover(bytes, source_fields, NB(source_fields));
	cover(bytes, destination_fields, NB(destination_fields));
	expect_covered(bytes, sizeof(struct ferry_stats_head), sizeof(struct ferry_stats_session));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct stats_export_params params = {
		.view = &f->h.view, .interval_ns = 1000000000, .intervals = 2};
	char error[256];

	harness_start(&f->h);
	assert_int_equal(allowed_init(&f->allowed, &f->h.book), 0);
	f->h.view.allowed = &f->allowed;
	assert_int_equal(stats_export_begin(&f->e, &params, f->h.now, error, sizeof(error)), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	stats_export_end(&f->e);
	allowed_free(&f->allowed);
	harness_end(&f->h);
	free(f);
	return 0;
}

static void
tick(struct fixture *f)
{
	char error[256];

	rates_tick(&f->h.view, f->h.now);
	allowed_tick(&f->allowed);
	assert_int_equal(stats_export_tick(&f->e, f->h.now, error, sizeof(error)), 0);
}

/* Packets of all fates; the link to 3 is paced, and much waits there. */
static void
run(struct fixture *f)
{
	static const uint32_t seqs[] = {70, 71, 74, 73, 73, 77, 1};
	struct worker *w = f->h.node->workers[0];

	w->now = f->h.now;
	feeder_set_rate(w, node_find_link(f->h.node, 3), 84 * 1000);
	tick(f);
	node_start_source(f->h.node, node_find_source(f->h.node, 1, 1));
	for (uint32_t i = 0; i < NB(seqs); i++)
		harness_receive(&f->h, 5 * i, seqs[i], (uint16_t)seqs[i]);
	harness_run(&f->h, 5);
	harness_receive(&f->h, 5, 80, 80);
	harness_receive(&f->h, 4, 81, 81);
	harness_run(&f->h, 995);
}

/* Numbers that come of nothing that a link without a neighbour meets. */
static void
set_link(struct fixture *f, struct link *link)
{
	struct worker *w = f->h.node->workers[0];

	link->pacing = LINK_PACING_TFRC;
	link->tfrc.sender.p = UINT32_C(0x12345678);
	link->tx.control = 31;
	link->tx.drops = 41;
	w->ring_drops[link->index] += 7;
	link->rx.control = 37;
	link->rx.lost_before = 1000;
	link->tx.rtt = rte_cpu_to_be_32(77777); /* what its neighbour is told, not what it shows */
	link->live.interval = 1;
	link->live.verdicts = 7;
	link->live.missed = 5;
	link->live.data_loss = 4321;
	link->live.rtt = (struct rtt){
		.smoothed = 1234567, .deviation = 23456, .least = {1111111, UINT64_MAX}};
	link->live.offset[0] = (struct liveness_offset){.us = -2000, .rtt = 100000};
	link->live.offset[1].rtt = UINT64_MAX;
}

static void
test_links_and_feeders(void **state)
{
	struct fixture *f = *state;
	struct link *link;
	json_t *links, *feeders;

	run(f);
	link = node_find_link(f->h.node, 2);
	set_link(f, link);
	tick(f);
	links = show(&f->h, "links");
	feeders = show(&f->h, "feeders");
	for (uint32_t i = 0; i < 2; i++) {
		const struct ferry_stats_feeder *r = &find(f, FERRY_STATS_FEEDER, i)->feeder;
		json_t *queue, *row = json_array_get(feeders, i);
		size_t k;
		int64_t taken = 0, sent = 0, drops = 0, expired = 0;

		compare(link_fields, NB(link_fields), find(f, FERRY_STATS_LINK, i),
			json_array_get(links, i), "");
		compare(feeder_fields, NB(feeder_fields), r, row, "");
		json_array_foreach(at(row, "conferences"), k, queue)
		{
			taken += number(queue, "taken");
			sent += number(queue, "sent");
			drops += number(queue, "drops");
			expired += number(queue, "expired");
		}
		assert_int_equal(r->queues, k);
		assert_int_equal(r->taken, taken);
		assert_int_equal(r->sent, sent);
		assert_int_equal(r->drops, drops);
		assert_int_equal(r->expired, expired);
		assert_true(i == 0 || (taken > 0 && sent > 0 && drops > 0));
	}
	assert_int_equal(number(links, "0.tx_drops"), 48);
	assert_true(number(links, "0.rx_lost") > 1000);
	expect_all(link_fields, NB(link_fields));
	expect_all(feeder_fields, NB(feeder_fields));
	json_decref(links);
	json_decref(feeders);
	link->pacing = LINK_PACING_NONE;
	node_stop_source(f->h.node, node_find_source(f->h.node, 1, 1));
	feeder_set_rate(f->h.node->workers[0], node_find_link(f->h.node, 3), 0);
	harness_run(&f->h, 2);
}

static void
compare_sessions(struct fixture *f)
{
	json_t *sessions;

	tick(f);
	sessions = show(&f->h, "sessions");
	compare(source_fields, NB(source_fields), find(f, FERRY_STATS_SESSION, 0),
		at(sessions, "0"), "source.");
	compare(destination_fields, NB(destination_fields), find(f, FERRY_STATS_SESSION, 1),
		at(sessions, "1"), "destination.");
	json_decref(sessions);
}

static void
test_sessions(void **state)
{
	struct fixture *f = *state;
	struct source *source = session_book_find(&f->h.book, 1, 1)->source;
	struct destination *dst = session_book_find(&f->h.book, 1, 2)->destination;

	run(f);
	source->counters.policed = 3;
	source->counters.stopped = 5;
	dst->counters.lost_before = 2000;
	dst->counters.egress_drops = 6;
	/* As if both were coded: only looked at. */
	encoder.params = (struct rlnc_params){
		.code = RLNC_BLOCK, .k = 12, .repair = RLNC_REPAIR_ADAPTIVE};
	encoder.counters = (struct rlnc_encoder_counters){
		.repairs = 61, .generations = 62, .decoded = 63, .given_up = 64};
	encoder.adaptive.for_n = 12;
	encoder.adaptive.repairs = 5;
	encoder.adaptive.loss = 54321;
	rlnc_encoder_set_way(&encoder, (struct rlnc_way){.loss = 65432, .regained = 1});
	f->receiver.params = (struct rlnc_params){.code = RLNC_BLOCK, .k = 13};
	f->receiver.counters = (struct rlnc_receiver_counters){.combinations = 71,
		.computed = 72,
		.generations = 73,
		.dependent = 74,
		.given_up = 75};
	source->encoder = &encoder;
	dst->coding = &f->receiver;
	compare_sessions(f);
	encoder.params.repair = RLNC_REPAIR_RATELESS;
	compare_sessions(f);
	source->encoder = NULL;
	dst->coding = NULL;
	node_stop_source(f->h.node, source);
	expect_all(source_fields, NB(source_fields));
	expect_all(destination_fields, NB(destination_fields));
	feeder_set_rate(f->h.node->workers[0], node_find_link(f->h.node, 3), 0);
	harness_run(&f->h, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field),
		cmocka_unit_test_setup_teardown(test_links_and_feeders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
