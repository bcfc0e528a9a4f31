/* SPDX-License-Identifier: BSD-3-Clause */
/* Events from a worker's ring to the history, and what a node says of them. */
#include "unit.h"

#include "liveness.h"
#include "show_harness.h"

static uint64_t told; /* events that came by each() */

static void
count(void *ctx, const struct history_entry *entry)
{
	assert_ptr_equal(ctx, &told);
	assert_int_equal(entry->number, ++told);
}

static int
setup(void **state)
{
	int ret = harness_setup(state);
	struct harness *h = *state;

	told = 0;
	h->history.each = count;
	h->history.ctx = &told;
	return ret;
}

static void
raise_congestion(struct harness *h, uint64_t drops)
{
	const struct worker_event_congestion c = {.conference = 1,
		.session = 2,
		.queue_packets = 300,
		.queue_bytes = 70000,
		.drops = drops};

	worker_event_congestion(h->node->workers[0], 3, &c);
}

static void
raise_down(struct harness *h)
{
	struct worker_event event = {.peer = 2,
		.kind = EVENT_link_down,
		.link = {.was = LINK_STATE_up,
			.loss_ppm = 250000,
			.data_loss_ppm = 125000,
			.silent = 600}};

	worker_event_raise(h->node->workers[0], &event);
}

/* The data of a reply that is right; the caller's. */
static json_t *
ask(struct harness *h, const char *line)
{
	json_t *reply = harness_ask(h, line), *data = json_incref(json_object_get(reply, "data"));

	assert_true(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	return data;
}

static void
test_in_order(void **state)
{
	struct harness *h = *state;
	json_t *data, *event;

	harness_run(h, 1);
	raise_down(h);
	harness_run(h, 1);
	raise_congestion(h, 9);
	assert_int_equal(h->history.count, 1);
	history_poll(&h->history, h->node);
	assert_int_equal(told, 2);

	data = ask(h, "{\"command\": [\"events\"]}");
	assert_false(h->follow);
	assert_int_equal(json_array_size(data), 2);
	event = json_array_get(data, 0);
	assert_string_equal(json_string_value(json_object_get(event, "event")), "link_down");
	assert_string_equal(json_string_value(json_object_get(event, "was")), "up");
	assert_string_equal(json_string_value(json_object_get(event, "peer_name")), "two");
	assert_true(json_is_null(json_object_get(event, "rtt_us")));
	assert_true(json_real_value(json_object_get(event, "probe_loss")) == 0.25);
	assert_true(json_real_value(json_object_get(event, "data_loss")) == 0.125);
	assert_true(json_real_value(json_object_get(event, "silent_s")) == 0.6);
	/* The harness begins 5 s after 1970, turns each millisecond. */
	assert_string_equal(
		json_string_value(json_object_get(event, "time")), "1970-01-01T00:00:05.001000Z");
	event = json_array_get(data, 1);
	assert_string_equal(json_string_value(json_object_get(event, "event")), "congestion");
	assert_int_equal(json_integer_value(json_object_get(event, "number")), 2);
	assert_int_equal(json_integer_value(json_object_get(event, "peer")), 3);
	assert_int_equal(json_integer_value(json_object_get(event, "conference")), 1);
	assert_int_equal(json_integer_value(json_object_get(event, "session")), 2);
	assert_int_equal(json_integer_value(json_object_get(event, "queue_packets")), 300);
	assert_int_equal(json_integer_value(json_object_get(event, "queue_bytes")), 70000);
	assert_int_equal(json_integer_value(json_object_get(event, "drops")), 9);
	json_decref(data);

	data = ask(h, "{\"command\": [\"events\", \"--last\", \"1\", \"--follow\"]}");
	assert_true(h->follow);
	assert_int_equal(json_array_size(data), 1);
	event = json_array_get(data, 0);
	assert_int_equal(json_integer_value(json_object_get(event, "number")), 2);
	json_decref(data);
}

/* More than the ring holds: the newest are lost, and one event says how many. */
static void
test_lost(void **state)
{
	struct harness *h = *state;
	const struct history_entry *last;

	for (uint32_t i = 0; i < WORKER_EVENT_RING + 99; i++)
		raise_congestion(h, i);
	assert_int_equal(h->node->workers[0]->events_lost, 100);
	history_poll(&h->history, h->node);
	assert_int_equal(h->history.count, WORKER_EVENT_RING);
	last = history_find(&h->history, h->history.count);
	assert_int_equal(last->event.kind, EVENT_events_lost);
	assert_int_equal(last->event.lost, 100);
	last = history_find(&h->history, h->history.count - 1);
	assert_int_equal(last->event.congestion.drops, WORKER_EVENT_RING - 2);
	history_poll(&h->history, h->node);
	assert_int_equal(h->history.count, WORKER_EVENT_RING);
}

static void
test_forgotten(void **state)
{
	struct harness *h = *state;
	json_t *data;

	assert_null(history_find(&h->history, 0));
	assert_null(history_find(&h->history, 1));
	for (uint32_t i = 1; i <= HISTORY_MAX + 50; i++) {
		raise_congestion(h, i);
		history_poll(&h->history, h->node);
	}
	assert_null(history_find(&h->history, 50));
	assert_int_equal(history_find(&h->history, 51)->event.congestion.drops, 51);
	data = ask(h, "{\"command\": [\"events\"]}");
	assert_int_equal(json_array_size(data), HISTORY_MAX);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(data, 0), "number")), 51);
	json_decref(data);
	data = ask(h, "{\"command\": [\"events\", \"--last\", \"0\"]}");
	assert_int_equal(json_array_size(data), 0);
	json_decref(data);
}

static void
test_refused(void **state)
{
	struct harness *h = *state;
	static const char *const lines[] = {
		"{\"command\": [\"events\", \"--last\"]}",
		"{\"command\": [\"events\", \"--last\", \"x\"]}",
		"{\"command\": [\"events\", \"--last\", \"1025\"]}",
		"{\"command\": [\"events\", \"now\", \"--follow\"]}",
		"{\"command\": [\"events\", \"--follow\", \"--last\"]}",
		"{\"command\": [\"events\", \"--follow\", \"--last\", \"1\", \"2\"]}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		json_t *reply = harness_ask(h, lines[i]);

		assert_true(json_is_false(json_object_get(reply, "ok")));
		assert_false(h->follow);
		json_decref(reply);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_order, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_forgotten, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
