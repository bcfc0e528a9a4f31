/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the control thread asks of workers: each worker performs it in the order in which it was
 * asked, also where its mailbox is full for a while and becomes free at any moment.
 */
#include "../harness/test_eal.h"
#include "unit.h"

#include "node_request.h"
#include "rng.h"
#include "worker.h"

#define WORKERS 3

static struct node *node;
static uint64_t now, asked[WORKERS], performed[WORKERS];
static struct rng rng;

static int
setup(void **state)
{
	const struct node_params params = {
		.name = "requests", .id = 1, .nb_workers = WORKERS, .max_links = 1};
	const struct node_budget budget = {0};
	const char *error = "";

	(void)state;
	node = node_new(&params, &error);
	assert_non_null(node);
	assert_int_equal(node_layout(node, &budget, &error), 0);
	memset(asked, 0, sizeof(asked));
	memset(performed, 0, sizeof(performed));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	node_free(node);
	return 0;
}

static void
perform(struct worker *w, struct worker_request *request)
{
	assert_int_equal((uintptr_t)request->object, ++performed[w->index]);
}

static void
ask(uint16_t worker, void (*then)(struct node *node, void *object, void *arg))
{
	void *number = (void *)(uintptr_t)++asked[worker];

	assert_int_equal(node_request(node, worker, perform, number, then, NULL), 0);
}

static void
turn(uint16_t worker)
{
	(void)worker_poll(node->workers[worker], ++now);
}

/* Its mailbox is full, and what comes next must wait. */
static void
fill(uint16_t worker)
{
	while (asked[worker] < NODE_MAILBOX_RING - 1)
		ask(worker, NULL);
	node_tick(node);
	assert_true(rte_ring_full(node->workers[worker]->mailbox));
}

static void
until_settled(void)
{
	while (!node_settled(node)) {
		for (uint16_t i = 0; i < WORKERS; i++)
			turn(i);
		node_tick(node);
	}
	assert_memory_equal(asked, performed, sizeof(asked));
}

/* Worker 0 makes room while the control thread is between two requests for it. */
static void
then_room(struct node *of, void *object, void *arg)
{
	(void)of;
	(void)object;
	(void)arg;
	turn(0);
	assert_false(rte_ring_full(node->workers[0]->mailbox));
}

static void
test_room_between_two(void **state)
{
	(void)state;
	fill(0);
	ask(0, NULL);
	ask(1, then_room);
	ask(0, NULL);
	/* What worker 1 was asked is on its way, then done. */
	node_tick(node);
	turn(1);
	node_tick(node);
	assert_true(performed[0] > 0);
	until_settled();
}

/* The last one goes, and what follows it is asked for at that moment. */
static void
then_more(struct node *of, void *object, void *arg)
{
	(void)of;
	(void)object;
	(void)arg;
	if (rng_below(&rng, 4) == 0)
		ask((uint16_t)rng_below(&rng, WORKERS), rng_below(&rng, 2) ? then_more : NULL);
	if (rng_below(&rng, 32) == 0)
		turn((uint16_t)rng_below(&rng, WORKERS));
}

static void
test_never_out_of_order(void **state)
{
	bool busy[WORKERS] = {false}, full = false;

	(void)state;
	rng_seed(&rng, unit_seed());
	for (uint32_t step = 0; step < 8000; step++) {
		uint16_t worker = (uint16_t)rng_below(&rng, WORKERS);

		/* For a while one of them is seldom there. */
		if (step % 1000 == 0)
			busy[worker] = !busy[worker];
		for (uint64_t n = rng_below(&rng, 20); n > 0; n--)
			ask(worker, rng_below(&rng, 2) ? then_more : NULL);
		for (uint16_t i = 0; i < WORKERS; i++) {
			full |= rte_ring_full(node->workers[i]->mailbox);
			if (rng_below(&rng, busy[i] ? 50 : 2) == 0)
				turn(i);
		}
		if (rng_below(&rng, 3) == 0)
			node_tick(node);
	}
	assert_true(full);
	until_settled();
}

/* None of it is performed, and all of it is at the end. */
static void
test_end(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed());
	for (uint32_t i = 0; i < 2 * NODE_MAILBOX_RING; i++)
		ask(i % 2, NULL);
	node_free_requests(node);
	assert_true(node_settled(node));
	assert_memory_equal(asked, performed, sizeof(asked));
	ask(2, NULL);
	ask(2, NULL);
	assert_int_equal(rte_ring_count(node->workers[2]->mailbox), 1);
	node_free_requests(node);
	assert_memory_equal(asked, performed, sizeof(asked));
}

static int
end_eal(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

static int
begin_eal(void **state)
{
	(void)state;
	return test_eal(64, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_room_between_two, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_out_of_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
	};

	return cmocka_run_group_tests_name("node_request", tests, begin_eal, end_eal);
}
