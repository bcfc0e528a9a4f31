/* SPDX-License-Identifier: BSD-3-Clause */
/* The line between two ports, in virtual time, and the text by which a program is told of it. */
#include "unit.h"

#include "../harness/test_eal.h"
#include "impair_list.h"
#include "impair_report.h"
#include "impair_wire.h"

#define POOL 1023
#define MS   UINT64_C(1000000)

static struct rte_mempool *pool;

/* A port in memory: what it is to receive, when it was given what, and how much it takes. */
struct end {
	struct port port;
	struct rte_mbuf *rx[64];
	uint16_t nb_rx;
	uint32_t sent;
	uint64_t sent_at[512];
	uint32_t room;
};

static uint16_t
end_rx(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct end *end = port->driver;
	uint16_t got = RTE_MIN(n, end->nb_rx);

	(void)queue, (void)now;
	memcpy(pkts, end->rx, got * sizeof(*pkts));
	memmove(end->rx, end->rx + got, (end->nb_rx - got) * sizeof(*pkts));
	end->nb_rx -= got;
	return got;
}

static uint16_t
end_tx(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct end *end = port->driver;
	uint16_t taken = (uint16_t)RTE_MIN((uint32_t)n, end->room);

	(void)queue;
	for (uint16_t i = 0; i < taken; i++)
		end->sent_at[end->sent++] = now;
	end->room -= taken;
	rte_pktmbuf_free_bulk(pkts, taken);
	return taken;
}

static const struct port_ops end_ops = {.rx_burst = end_rx, .tx_burst = end_tx};
static struct end a, b;
static struct impair_wire wire;
static struct impair_settings settings[2];

static int
set_up(void **state)
{
	(void)state;
	a = (struct end){.port = {.ops = &end_ops, .driver = &a, .up = true}, .room = 500};
	b = (struct end){.port = {.ops = &end_ops, .driver = &b, .up = true}, .room = 500};
	impair_settings_init(&settings[0]);
	impair_settings_init(&settings[1]);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	impair_wire_fini(&wire);
	assert_int_equal(rte_mempool_avail_count(pool), POOL);
	return 0;
}

static void
come(struct end *end, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		if (m == NULL || rte_pktmbuf_append(m, 1000) == NULL)
			abort();
		memset(rte_pktmbuf_mtod(m, void *), 0, 1000);
		end->rx[end->nb_rx++] = m;
	}
}

static void
test_each_way_has_its_own(void **state)
{
	(void)state;
	settings[0].delay = 20 * MS;
	settings[1].rate = 8000000; /* 1000 bytes a ms */
	assert_int_equal(impair_wire_init(&wire, &a.port, &b.port, settings), 0);
	assert_int_equal(impair_wire_next(&wire), UINT64_MAX);
	come(&a, 40);
	come(&b, 3);
	assert_int_equal(impair_wire_turn(&wire, MS), 35); /* a burst, and what came at b */
	assert_int_equal(impair_wire_turn(&wire, MS), 8);
	assert_int_equal(impair_wire_turn(&wire, MS), 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(impair_wire_next(&wire), (2 + i) * MS);
		assert_int_equal(impair_wire_turn(&wire, (2 + i) * MS - 1), 0);
		assert_int_equal(impair_wire_turn(&wire, (2 + i) * MS), 1);
		assert_int_equal(a.sent_at[i], (2 + i) * MS);
	}
	assert_int_equal(impair_wire_next(&wire), 21 * MS);
	while (impair_wire_turn(&wire, 21 * MS + 5000) > 0)
		;
	assert_int_equal(b.sent, 40);
	assert_int_equal(a.sent, 3);
	/* The second way was on time, the first 5 us late. */
	assert_int_equal(wire.directions[0].late.max, 5000);
	assert_int_equal(wire.directions[0].late.count, 40);
	assert_int_equal(wire.directions[1].late.max, 0);
}

static void
test_what_a_device_refuses(void **state)
{
	(void)state;
	b.room = 7;
	assert_int_equal(impair_wire_init(&wire, &a.port, &b.port, settings), 0);
	come(&a, 10);
	while (impair_wire_turn(&wire, MS) > 0)
		;
	assert_int_equal(b.sent, 7);
	assert_int_equal(wire.directions[0].refused, 3);
	assert_int_equal(wire.directions[1].refused, 0);
	a.port.up = false;
	come(&b, 4);
	while (impair_wire_turn(&wire, MS) > 0)
		;
	assert_int_equal(a.sent, 0);
	assert_int_equal(wire.directions[1].refused, 4);
}

/* A report as text. */
static const char *
reported(const struct impair_report *report, bool json)
{
	static char text[8192];
	FILE *out;

	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text) - 1, "w");
	assert_int_equal(impair_report_print(report, json, out), 0);
	fclose(out);
	return text;
}

/* The row of a table that begins so has these two values. */
static void
row_is(const char *table, const char *what, const char *first, const char *second)
{
	const char *row = strstr(table, what);
	char there[32] = "", back[32] = "";

	assert_non_null(row);
	assert_int_equal(sscanf(row + strlen(what), "%31s %31s", there, back), 2);
	assert_string_equal(there, first);
	assert_string_equal(back, second);
}

static void
test_reports(void **state)
{
	struct impair_report report = {.wire = &wire,
		.names = {"x", "y"},
		.seconds = 2,
		.missed = {4, 1},
		.failed = {6, 2},
		.sleeps = 9};
	const char *text;

	(void)state;
	settings[0].loss = 500000;
	a.room = 3; /* of 5 */
	assert_int_equal(impair_wire_init(&wire, &a.port, &b.port, settings), 0);
	come(&a, 10);
	come(&b, 5);
	while (impair_wire_turn(&wire, MS) > 0)
		;
	wire.directions[0].lane.counters.events[IMPAIR_EVENT_lost] = 7;
	wire.directions[0].lane.counters.bytes_delivered = 3000000;
	wire.directions[1].late = (struct delay_histogram){0};
	for (uint32_t i = 0; i < 100; i++)
		delay_histogram_add(&wire.directions[1].late, i < 90 ? 40000 : 2000000, MS);
	text = reported(&report, false);
	assert_non_null(strstr(text, "2.0 s\n"));
	assert_non_null(strstr(text, "x > y"));
	row_is(text, "lost by the device before", "4", "1");
	row_is(text, "lost by the device after", "6", "4");
	row_is(text, "in, Mbit/s, mean", "0.040", "0.020");
	row_is(text, "out, Mbit/s, mean", "12.000", "0.020");
	row_is(text, "\nat most", "0.000", "2000.000");
	text = reported(&report, true);
	assert_non_null(strstr(text, "{\"seconds\":2.0,\"sleeps\":9,\"directions\":["));
	assert_non_null(strstr(text, "\"from\":\"x\",\"to\":\"y\",\"received\":10,"));
	assert_non_null(strstr(text, "\"losses\":{\"lost\":7,"));
	assert_non_null(strstr(text, "\"missed\":4,\"refused\":6"));
	assert_non_null(strstr(text, "\"missed\":1,\"refused\":4"));
	assert_non_null(strstr(text, "\"delivered\":5,\"bytes_received\":5000"));
}

/* Both quantiles of the second way, in microseconds: of 100 frames 90 were 40 us late. */
static void
test_reports_lateness(void **state)
{
	struct impair_report report = {.wire = &wire, .names = {"x", "y"}, .seconds = 2};
	double p50, p99, most;
	const char *text;

	(void)state;
	assert_int_equal(impair_wire_init(&wire, &a.port, &b.port, settings), 0);
	for (uint32_t i = 0; i < 100; i++)
		delay_histogram_add(&wire.directions[1].late, i < 90 ? 40000 : 2000000, MS);
	text = strstr(reported(&report, true), "\"from\":\"y\"");
	assert_non_null(text);
	text = strstr(text, "\"late_us\":");
	assert_non_null(text);
	assert_int_equal(sscanf(text, "\"late_us\":{\"p50\":%lf,\"p99\":%lf,\"max\":%lf}", &p50,
				 &p99, &most),
		3);
	/* A bin's middle is that near. */
	assert_in_range((uintmax_t)p50, 30, 50);
	assert_in_range((uintmax_t)p99, 1500, 2500);
	assert_int_equal((uintmax_t)most, 2000);
}

static void
test_lists(void **state)
{
	struct impair_settings *s = &settings[0];
	char reason[IMPAIR_LIST_REASON];
	uint32_t given = 0;

	(void)state;
	assert_int_equal(impair_wire_init(&wire, &a.port, &b.port, settings), 0);
	assert_int_equal(impair_list_parse("delay=40ms,rate=10Mbit", s, &given, reason), 0);
	assert_int_equal(impair_list_parse("loss=0.5%", s, &given, reason), 0);
	assert_int_equal(s->delay, 40 * MS);
	assert_int_equal(s->rate, 10000000);
	assert_int_equal(s->loss, 5000);
	assert_int_equal(__builtin_popcount(given), 3);
	assert_int_equal(impair_list_parse("jitter=1ms,delay=1ms", s, &given, reason), -1);
	assert_string_equal(reason, "delay is given twice, it must be given once for a direction");
	for (const char *const *text =
			(const char *const[]){"", ",", "mark", "mark=", "=1", "mark=1,",
				"mark=1000000000000000000000000000000000000000000000000000000000000"
				"000000000000000000000000000000000000000000000000000000000000000",
				NULL};
		*text != NULL; text++) {
		given = 0;
		assert_int_equal(impair_list_parse(*text, s, &given, reason), -1);
	}
}

static int
group_set_up(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create(
		"pool", POOL, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return pool != NULL ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_way_has_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_a_device_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reports, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reports_lateness, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, group_set_up, NULL);
}
