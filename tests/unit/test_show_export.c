/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures of the exported record that nothing else looks at, beside what is shown. */
#include "show_read.h"
#include "unit.h"

#include <math.h>

#include "export_fixture.h"

#define MS UINT64_C(1000000)

/* The last record of a type when an interval went by. */
static const union ferry_stats_record *
exported(struct fixture *f, uint16_t type)
{
	const union ferry_stats_record *last = NULL;

	f->h.now += 1000 * MS;
	assert_int_equal(stats_export_tick(&f->e, f->h.now, f->error, sizeof(f->error)), 0);
	assert_int_equal(ferry_stats_snapshot(f->stats, &f->snapshot), FERRY_STATS_OK);
	for (uint32_t i = 0; i < f->snapshot.count; i++)
		if (f->snapshot.records[i].head.type == type)
			last = &f->snapshot.records[i];
	assert_non_null(last);
	return last;
}

static void
receive(struct fixture *f, uint32_t sequence, uint64_t late_ms)
{
	harness_receive(&f->h, sequence, sequence, (uint16_t)sequence);
	f->h.now += late_ms * MS;
	harness_run(&f->h, 1);
}

/* The second session, which ends here, is the last. */
static const struct ferry_stats_session *
exported_session(struct fixture *f)
{
	const struct ferry_stats_session *s = &exported(f, FERRY_STATS_SESSION)->session;

	assert_int_equal(s->session, 2);
	return s;
}

static const char *
shown_clocks(struct fixture *f)
{
	static char clocks[32];
	json_t *sessions = show(&f->h, "sessions");

	snprintf(clocks, sizeof(clocks), "%s", text(sessions, "1.destination.delay.clocks"));
	json_decref(sessions);
	return clocks;
}

/* Three took 3 ms and one 43: delays as they are where the clocks agree, else above the least. */
static void
test_delays(void **state)
{
	struct fixture *f = *state;
	const struct ferry_stats_session *s;

	for (uint32_t i = 0; i < 4; i++)
		receive(f, i, i == 3 ? 40 : 0);
	s = exported_session(f);
	assert_int_equal(s->clocks_agree, 0);
	assert_float_equal(s->delay_p50_us, 0, 30);
	assert_float_equal(s->delay_max_us, 40000, 1);
	assert_string_equal(shown_clocks(f), "relative");
	f->h.config->node.clock_synchronized = true;
	s = exported_session(f);
	assert_int_equal(s->clocks_agree, 1);
	assert_float_equal(s->delay_p50_us, 3000, 30);
	assert_float_equal(s->delay_max_us, 43000, 1);
	assert_string_equal(shown_clocks(f), "synchronized");
	/* Nothing for long: those that are no difference need no least one. */
	f->h.now += 200000 * MS;
	s = exported_session(f);
	assert_float_equal(s->delay_max_us, 43000, 1);
	f->h.config->node.clock_synchronized = false;
	assert_true(isnan(exported_session(f)->delay_max_us));
}

/* What workers hand each other came to the node once, and leaves it once. */
static void
test_handed_over(void **state)
{
	struct fixture *f = *state;
	struct worker_counters *c = &f->h.node->workers[0]->counters;
	const struct ferry_stats_worker *r;
	json_t *shown;

	receive(f, 0, 0);
	c->handed_in += 7;
	c->handed_out += 5;
	r = &exported(f, FERRY_STATS_WORKER)->worker;
	assert_int_equal(r->handed_in, 7);
	assert_int_equal(r->handed_out, 5);
	shown = show(&f->h, "node");
	assert_int_equal(number(shown, "workers.0.handed_in"), 7);
	assert_int_equal(number(shown, "workers.0.handed_out"), 5);
	assert_int_equal(number(shown, "packets.in_flight"), 0);
	json_decref(shown);
	c->handed_in -= 7;
	c->handed_out -= 5;
}

static void
test_pools(void **state)
{
	struct fixture *f = *state;
	const struct ferry_stats_node *r;
	void *some[5];

	r = &exported(f, FERRY_STATS_NODE)->node;
	assert_int_equal(r->headers_in_use, 0);
	assert_int_equal(r->pool_in_use, 0);
	assert_int_equal(rte_mempool_get_bulk(f->h.node->header_pool, some, 3), 0);
	assert_int_equal(rte_mempool_get_bulk(f->h.node->pool, some + 3, 2), 0);
	r = &exported(f, FERRY_STATS_NODE)->node;
	assert_int_equal(r->headers_size, f->h.node->header_pool->size);
	assert_int_equal(r->headers_in_use, 3);
	assert_int_equal(r->pool_size, f->h.node->pool->size);
	assert_int_equal(r->pool_in_use, 2);
	rte_mempool_put_bulk(f->h.node->header_pool, some, 3);
	rte_mempool_put_bulk(f->h.node->pool, some + 3, 2);
}

static void
rates_go_on(struct fixture *f)
{
	f->h.now += 1000 * MS;
	rates_tick(&f->h.view, f->h.now);
}

/* The rate of a session that takes another's place does not begin with what that one had. */
static void
test_replaced(void **state)
{
	struct fixture *f = *state;
	struct session_entry *in = session_book_find(&f->h.book, 1, 2),
			     *out = session_book_find(&f->h.book, 1, 1);
	struct rates_session *rates = f->h.rates.sessions;
	struct destination *destination = in->destination, *other;

	receive(f, 0, 0);
	other = aligned_alloc(_Alignof(struct destination), sizeof(*other));
	assert_non_null(other);
	memcpy(other, destination, sizeof(*other));
	rates_go_on(f);
	rates_go_on(f);
	assert_true(rates[in->index].delivered.packets.known);
	assert_true(rates[in->index].delivered.bytes.known);
	in->destination = other;
	rates_go_on(f);
	in->destination = destination;
	assert_false(rates[in->index].delivered.packets.known);
	assert_false(rates[in->index].delivered.bytes.known);
	rates_go_on(f);
	rates_go_on(f);
	assert_true(rates[in->index].delivered.packets.known);
	assert_true(rates[out->index].sent.packets.known);
	/* It may be in the very memory. */
	in->number += 1000;
	out->number += 1000;
	rates_go_on(f);
	assert_false(rates[in->index].delivered.packets.known);
	assert_false(rates[out->index].sent.packets.known);
	rates_go_on(f);
	assert_true(rates[in->index].delivered.packets.known);
	assert_true(rates[out->index].sent.packets.known);
	free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_delays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_handed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pools, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("show_export", tests, NULL, NULL);
}
