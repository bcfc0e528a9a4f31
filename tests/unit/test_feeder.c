/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The feeder's queues and its scheduler. Packets are numbers here, never looked into; what must
 * come out is known from what went in: the theorem of Shreedhar and Varghese on a turn's bytes,
 * and a model that searches from end to end.
 */
#include "../harness/test_eal.h"
#include "unit.h"

#include "event_limit.h"
#include "feeder_drr.h"
#include "rng.h"

#define QUANTUM 1500
#define PACKETS 4096
#define LINKS	4
#define QUEUES	64
#define S	UINT64_C(1000000000)

static struct feeder_pool pool;
static struct feeder_drr drr;

static void
begin(uint8_t share)
{
	assert_int_equal(feeder_pool_init(&pool, LINKS, QUEUES, PACKETS, unit_seed()), 0);
	feeder_drr_init(&drr, QUANTUM, share);
}

/* All is taken out, so that no number is freed as if it were a packet. */
static void
end(void)
{
	while (drr.packets > 0)
		(void)feeder_drr_take(&pool, &drr, S);
	assert_int_equal(pool.packets, 0);
	assert_int_equal(drr.bytes, 0);
	assert_int_equal(drr.classes, 0);
	feeder_pool_free(&pool);
}

static struct rte_mbuf *
packet(uint64_t number)
{
	return (struct rte_mbuf *)(uintptr_t)number;
}

static uint64_t
number_of(const struct rte_mbuf *m)
{
	return (uint64_t)(uintptr_t)m;
}

static struct feeder_queue *
queue(uint32_t conference, uint8_t priority, uint16_t weight)
{
	struct feeder_queue *q = feeder_queue_get(&pool, 0, conference);

	assert_non_null(q);
	if (q->packets == 0) {
		q->terms = feeder_terms_default();
		q->terms.priority = priority;
		q->terms.weight = weight;
	}
	return q;
}

static void
push(uint32_t conference, uint8_t priority, uint16_t weight, uint32_t bytes)
{
	assert_true(feeder_drr_push(&pool, &drr, queue(conference, priority, weight),
		packet(conference), bytes, false, S));
}

/* Queues that always have packets: after k turns one has sent k times its worth, less a rest. */
static void
test_shares_by_weight(void **state)
{
	static const uint16_t weights[] = {1, 2, 3, 7, 20, 1};
	uint64_t sent[6] = {0}, turns[6] = {0}, all = 0;
	uint32_t last = UINT32_MAX;
	struct rng rng;

	(void)state;
	begin(0);
	rng_seed(&rng, unit_seed());
	for (uint32_t i = 0; i < 20000; i++) {
		struct feeder_next next;
		uint32_t c;

		for (uint32_t k = 0; k < 6; k++)
			while (queue(k, 3, weights[k])->packets < 30)
				push(k, 3, weights[k], 40 + (uint32_t)rng_below(&rng, 1460));
		next = feeder_drr_take(&pool, &drr, S);
		c = (uint32_t)number_of(next.m);
		if (c != last && last != UINT32_MAX) {
			uint64_t worth = ++turns[last] * weights[last] * QUANTUM;

			assert_in_range(sent[last], worth - 1500, worth);
		}
		last = c;
		sent[c] += next.bytes;
		all += next.bytes;
		assert_false(next.expired);
	}
	for (uint32_t k = 0; k < 6; k++)
		assert_in_range(sent[k] * 34 * 100 / weights[k], all * 99, all * 101);
	end();
}

/* Packets larger than a turn is worth wait some turns, and are sent. */
static void
test_larger_than_a_turn(void **state)
{
	uint64_t sent[2] = {0};

	(void)state;
	begin(0);
	for (uint32_t i = 0; i < 600; i++) {
		struct feeder_next next;

		while (queue(0, 3, 1)->packets < 3)
			push(0, 3, 1, 4000);
		while (queue(1, 3, 1)->packets < 30)
			push(1, 3, 1, 100);
		next = feeder_drr_take(&pool, &drr, S);
		sent[number_of(next.m)] += next.bytes;
	}
	assert_in_range(sent[0], sent[1] - 8000, sent[1] + 8000);
	end();
}

static void
test_strict_priority(void **state)
{
	(void)state;
	begin(0);
	for (uint32_t p = 0; p < FEEDER_PRIORITIES; p++)
		for (uint32_t i = 0; i < 10; i++)
			push(p, (uint8_t)p, 1, 1000);
	for (uint32_t p = FEEDER_PRIORITIES; p-- > 0;)
		for (uint32_t i = 0; i < 10; i++)
			assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), p);
	end();
}

/* Lower priorities have their share of the bytes, each of them its part, while they wait. */
static void
test_share_keeps_from_starving(void **state)
{
	static const uint8_t priorities[] = {7, 4, 1};
	uint64_t sent[3] = {0}, all = 0;

	(void)state;
	begin(10);
	for (uint32_t i = 0; i < 30000; i++) {
		struct feeder_next next;

		for (uint32_t k = 0; k < 3; k++)
			while (queue(k, priorities[k], 1)->packets < 3)
				push(k, priorities[k], 1, 500 + 300 * k);
		next = feeder_drr_take(&pool, &drr, S);
		sent[number_of(next.m)] += next.bytes;
		all += next.bytes;
	}
	assert_in_range(sent[1] + sent[2], all * 10 / 100 - 2000, all * 10 / 100 + 2000);
	/* Packet by packet in turn: bytes as their sizes. */
	assert_in_range(sent[1] * 11, sent[2] * 8 - 20000, sent[2] * 8 + 20000);
	end();
}

/* The share is also the most that they have, however few of their packets wait at a time. */
static void
test_share_is_no_more_than_that(void **state)
{
	uint64_t sent[2] = {0}, all = 0;

	(void)state;
	begin(10);
	for (uint32_t i = 0; i < 30000; i++) {
		struct feeder_next next;

		while (queue(0, 7, 1)->packets < 3)
			push(0, 7, 1, 1000);
		/* Each comes a while after the one before has gone. */
		if (i % 3 == 0 && drr.packets == 3)
			push(1, 4, 1, 700);
		next = feeder_drr_take(&pool, &drr, S);
		sent[number_of(next.m)] += next.bytes;
		all += next.bytes;
	}
	assert_in_range(sent[1], all * 9 / 100, all * 10 / 100 + 2000);
	end();
}

/* A lower priority that comes anew has earned nothing before. */
static void
test_share_is_not_saved_up(void **state)
{
	(void)state;
	begin(10);
	for (uint32_t i = 0; i < 1000; i++)
		push(1, 5, 1, 1000);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), 1);
	for (uint32_t i = 0; i < 10; i++)
		push(2, 0, 1, 1000);
	assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), 1);
	assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), 2);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), 1);
	assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), 2);
	end();
}

static void
test_delay_sensitive_first(void **state)
{
	struct feeder_queue *q;

	(void)state;
	begin(0);
	q = queue(5, 3, 1);
	for (uint64_t i = 1; i <= 10; i++)
		assert_true(feeder_drr_push(&pool, &drr, q, packet(i), 100, i % 2 == 0, S));
	for (uint64_t i = 2; i <= 10; i += 2)
		assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), i);
	for (uint64_t i = 1; i <= 10; i += 2)
		assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), i);
	end();
}

static void
test_age(void **state)
{
	struct feeder_queue *q;
	struct feeder_next next;

	(void)state;
	begin(0);
	q = queue(5, 3, 1);
	q->terms.age = 50;
	assert_true(feeder_drr_push(&pool, &drr, q, packet(1), 100, false, 1000));
	assert_true(feeder_drr_push(&pool, &drr, q, packet(2), 100, false, 1001));
	next = feeder_drr_take(&pool, &drr, 1051);
	assert_true(next.expired);
	next = feeder_drr_take(&pool, &drr, 1051);
	assert_false(next.expired);
	assert_int_equal(number_of(next.m), 2);
	assert_int_equal(q->expired, 1);
	assert_int_equal(q->sent, 1);
	end();
}

/* One whose turn comes only now may be too old as well. */
static void
test_age_of_the_next(void **state)
{
	struct feeder_next next;

	(void)state;
	begin(0);
	push(1, 3, 1, QUANTUM);
	push(1, 3, 1, QUANTUM);
	push(2, 3, 1, QUANTUM);
	queue(2, 3, 1)->terms.age = 50;
	assert_int_equal(number_of(feeder_drr_take(&pool, &drr, S).m), 1);
	next = feeder_drr_take(&pool, &drr, S + 51);
	assert_int_equal(number_of(next.m), 2);
	assert_true(next.expired);
	assert_int_equal(next.queue->expired, 1);
	next = feeder_drr_take(&pool, &drr, S + 51);
	assert_int_equal(number_of(next.m), 1);
	assert_false(next.expired);
	end();
}

static void
test_places_run_out(void **state)
{
	struct feeder_queue *q;
	uint32_t n = 0;

	(void)state;
	begin(0);
	q = queue(5, 3, 1);
	while (feeder_drr_push(&pool, &drr, q, packet(1), 100, false, S))
		n++;
	assert_int_equal(n, PACKETS);
	(void)feeder_drr_take(&pool, &drr, S);
	assert_true(feeder_drr_push(&pool, &drr, q, packet(1), 100, false, S));
	end();
}

static void
test_queues_are_used_again(void **state)
{
	(void)state;
	begin(0);
	for (uint32_t c = 0; c < QUEUES; c++) {
		push(c, 3, 1, 100);
		(void)feeder_drr_take(&pool, &drr, S);
	}
	assert_non_null(feeder_queue_find(&pool, 0, 0));
	push(0, 3, 1, 100);
	(void)feeder_drr_take(&pool, &drr, S);
	push(1000, 3, 1, 100);
	assert_null(feeder_queue_find(&pool, 0, 1));
	assert_non_null(feeder_queue_find(&pool, 0, 0));
	assert_non_null(feeder_queue_find(&pool, 0, 1000));
	(void)feeder_drr_take(&pool, &drr, S);
	for (uint32_t c = 0; c < QUEUES; c++)
		push(2000 + c, 3, 1, 100);
	assert_null(feeder_queue_get(&pool, 0, 1));
	end();
}

/* As many as a search from end to end finds, and each is the link's. */
static void
check_queues_of(uint16_t link)
{
	uint32_t used = 0, listed = 0, head = QUEUES + link;

	for (uint32_t i = 0; i < QUEUES; i++)
		used += pool.queues[i].used && pool.queues[i].link == link;
	for (uint32_t i = pool.siblings[head].next; i != head; i = pool.siblings[i].next) {
		assert_true(pool.queues[i].used && pool.queues[i].link == link);
		assert_ptr_equal(
			feeder_queue_find(&pool, link, pool.queues[i].conference), &pool.queues[i]);
		assert_int_equal(pool.siblings[pool.siblings[i].next].prev, i);
		assert_true(++listed <= used);
	}
	assert_int_equal(listed, used);
	assert_true((feeder_queue_of_link(&pool, link) != NULL) == (used > 0));
}

static uint32_t
used_queues(void)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < QUEUES; i++)
		used += pool.queues[i].used;
	return used;
}

/* A conference's packet waits for a link, and goes. */
static void
pass_through(uint16_t link, uint32_t conference)
{
	struct feeder_queue *q = feeder_queue_get(&pool, link, conference);

	assert_true(feeder_queue_push(&pool, q, packet(1), 100, false, S));
	assert_int_equal(number_of(feeder_queue_pop(&pool, q)), 1);
	feeder_queue_rest(&pool, q);
}

/* Queues come, go to others when there are no more, and are forgotten. */
static void
test_queues_of_a_link(void **state)
{
	uint32_t most = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	begin(0);
	for (uint32_t step = 0; step < 20000; step++) {
		uint16_t link = (uint16_t)rng_below(&rng, LINKS);
		uint32_t conference = rng_below(&rng, QUEUES);
		struct feeder_queue *q = feeder_queue_find(&pool, link, conference);

		if (rng_below(&rng, 3) > 0)
			pass_through(link, conference);
		else if (q != NULL)
			feeder_queue_forget(&pool, q);
		most = RTE_MAX(most, used_queues());
		for (uint16_t i = 0; step % 16 == 0 && i < LINKS; i++)
			check_queues_of(i);
		/* Now and then one loses all. */
		while (step % 1000 == 0 && (q = feeder_queue_of_link(&pool, link)) != NULL)
			feeder_queue_forget(&pool, q);
		check_queues_of(link);
	}
	assert_int_equal(most, QUEUES);
	end();
}

/* Random pushes and takes beside lists that are searched from end to end. */
#define MODEL_CONFERENCES 20
#define MODEL_MAX	  200

struct model {
	uint64_t number;
	uint32_t conference;
	bool urgent;
};

static void
test_random(void **state)
{
	static struct model waiting[MODEL_MAX];
	uint64_t number = 1, seed = unit_seed();
	uint32_t n = 0;
	struct rng rng;

	(void)state;
	begin(0);
	rng_seed(&rng, seed);
	for (uint32_t step = 0; step < 200000; step++) {
		uint32_t c = (uint32_t)rng_below(&rng, MODEL_CONFERENCES), at = 0;
		struct feeder_next next;
		int top = -1;

		if (n < MODEL_MAX && (n == 0 || rng_below(&rng, 2) == 0)) {
			bool urgent = rng_below(&rng, 3) == 0;

			waiting[n++] = (struct model){number, c, urgent};
			assert_true(feeder_drr_push(&pool, &drr, queue(c, c % 3, 1 + c % 5),
				packet(number++), 40 + (uint32_t)rng_below(&rng, 1400), urgent, S));
			continue;
		}
		next = feeder_drr_take(&pool, &drr, S);
		for (uint32_t i = 0; i < n; i++) {
			top = (int)(waiting[i].conference % 3) > top
				      ? (int)(waiting[i].conference % 3)
				      : top;
			if (waiting[i].number == number_of(next.m))
				at = i;
		}
		assert_int_equal(waiting[at].number, number_of(next.m));
		assert_int_equal(waiting[at].conference % 3, top);
		/* The first of its conference, among the urgent ones if there are any. */
		for (uint32_t i = 0; i < n; i++) {
			if (waiting[i].conference != waiting[at].conference || i == at)
				continue;
			assert_true(waiting[at].urgent || !waiting[i].urgent);
			if (waiting[i].urgent == waiting[at].urgent)
				assert_true(i > at);
		}
		memmove(&waiting[at], &waiting[at + 1], (n - at - 1) * sizeof(waiting[0]));
		n--;
		assert_int_equal(drr.packets, n);
	}
	end();
}

static int
setup(void **state)
{
	(void)state;
	return test_eal(64, false);
}

/* So many in any second that begins with one, however they come. */
static void
test_event_limit(void **state)
{
	struct event_limit limit = {0};
	uint64_t now = UINT64_C(5000000000);
	uint32_t told = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++, now += 1000000) {
		if (!event_limit_open(&limit, now, 7))
			continue;
		event_limit_count(&limit, now);
		told++;
	}
	assert_int_equal(told, 70);
	/* Seldom ones are all told. */
	for (uint32_t i = 0; i < 100; i++, now += 200000000) {
		assert_true(event_limit_open(&limit, now, 7));
		event_limit_count(&limit, now);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares_by_weight),
		cmocka_unit_test(test_larger_than_a_turn),
		cmocka_unit_test(test_strict_priority),
		cmocka_unit_test(test_share_keeps_from_starving),
		cmocka_unit_test(test_share_is_no_more_than_that),
		cmocka_unit_test(test_share_is_not_saved_up),
		cmocka_unit_test(test_delay_sensitive_first),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_age_of_the_next),
		cmocka_unit_test(test_places_run_out),
		cmocka_unit_test(test_queues_are_used_again),
		cmocka_unit_test(test_queues_of_a_link),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_event_limit),
	};

	return cmocka_run_group_tests_name("feeder", tests, setup, NULL);
}
