/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The token bucket against a bucket that is filled: a level in units of 2^-20 ns of the rate, in
 * exact 128-bit integers, topped up for the time that passed.
 */
#include "unit.h"

#include "rng.h"
#include "token_bucket.h"

typedef __int128 wide;

struct model {
	wide level, depth; /* 2^-20 ns */
	wide byte;	   /* cost of one */
	uint64_t at;
};

static void
model_init(struct model *m, uint64_t rate, uint64_t burst, uint64_t now)
{
	m->byte = ((wide)8000000000u << TOKEN_BUCKET_SHIFT) / rate;
	/* The bucket's depth is whole nanoseconds. */
	m->depth = m->byte * burst >> TOKEN_BUCKET_SHIFT << TOKEN_BUCKET_SHIFT;
	m->level = m->depth;
	m->at = now;
}

static void
model_fill(struct model *m, uint64_t now)
{
	m->level += (wide)(now - m->at) << TOKEN_BUCKET_SHIFT;
	m->at = now;
	if (m->level > m->depth)
		m->level = m->depth;
}

/* Agreement but for two nanoseconds of the rate: the bucket answers in whole ones. */
static void
check_random(uint64_t rate, uint64_t burst, uint64_t seed)
{
	wide ns = (wide)1 << TOKEN_BUCKET_SHIFT;
	struct token_bucket tb;
	struct model model;
	struct rng rng;
	uint64_t now = UINT64_C(1) << 45;
	uint64_t packet = 1 + UINT64_C(8000000000) * 1000 / rate;
	uint32_t taken = 0, refused = 0;

	rng_seed(&rng, seed);
	token_bucket_init(&tb, rate, burst, now);
	model_init(&model, rate, burst, now);
	for (int i = 0; i < 50000; i++) {
		uint32_t bytes = 1 + rng_below(&rng, 1500);
		wide left;
		bool took;

		now += rng_next(&rng) % (packet * (rng_below(&rng, 20) == 0 ? 30 : 1) + 1);
		model_fill(&model, now);
		left = model.level - model.byte * bytes;
		took = token_bucket_take(&tb, bytes, now);
		if (left >= ns)
			assert_true(took);
		if (left <= -2 * ns)
			assert_false(took);
		if (took)
			model.level = left;
		taken += took;
		refused += !took;
	}
	assert_true(taken > 100);
	assert_true(refused > 100);
}

static void
test_random(void **state)
{
	static const uint64_t rates[] = {
		10000, 999983, 1000000, 33333333, 1000000000, UINT64_C(99999999977)};
	uint64_t seed = unit_seed();

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		check_random(rates[i], 1500, seed++);
		check_random(rates[i], 20000, seed++);
	}
}

/* Shaped without a pause, the time of n packets is what the rate says, to the nanosecond. */
static void
check_long_run(uint64_t rate, uint32_t bytes, uint32_t n)
{
	struct token_bucket tb;
	uint64_t begin = 1000000007, now = begin;
	wide exact, error;

	token_bucket_init(&tb, rate, bytes, begin);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t ready = token_bucket_ready_at(&tb, bytes);

		now = ready > now ? ready : now;
		assert_true(token_bucket_take(&tb, bytes, now));
	}
	/* The first went at once, from the full bucket. */
	exact = (wide)(n - 1) * bytes * 8000000000 / rate;
	error = (wide)(now - begin) - exact;
	/* The cost of a byte is rounded to 2^-20 ns: 1 part in 2^20 x that cost. */
	wide allowed = 2 + ((wide)(n - 1) * bytes >> TOKEN_BUCKET_SHIFT);

	assert_true(error <= allowed && error >= -allowed);
}

static void
test_long_run(void **state)
{
	(void)state;
	check_long_run(1000000, 1200, 100000);
	check_long_run(3333333, 999, 100000);
	check_long_run(1000000000, 1316, 1000000);
	check_long_run(UINT64_C(40000000000), 64, 1000000);
}

/* A waiting time is neither too short nor longer than it must be. */
static void
test_ready_at(void **state)
{
	struct token_bucket tb;
	struct rng rng;
	uint64_t now = 1;

	(void)state;
	rng_seed(&rng, unit_seed());
	token_bucket_init(&tb, 7777777, 3000, now);
	for (int i = 0; i < 10000; i++) {
		uint32_t bytes = 1 + rng_below(&rng, 3000);
		uint64_t ready = token_bucket_ready_at(&tb, bytes);

		if (ready > now) {
			assert_false(token_bucket_take(&tb, bytes, ready - 1));
			now = ready;
		}
		assert_true(token_bucket_take(&tb, bytes, now));
	}
}

static void
test_no_limit(void **state)
{
	struct token_bucket tb;

	(void)state;
	token_bucket_init(&tb, 0, 0, 5);
	for (int i = 0; i < 1000; i++)
		assert_true(token_bucket_take(&tb, 65535, 5));
	assert_int_equal(tb.full_at, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_long_run),
		cmocka_unit_test(test_ready_at),
		cmocka_unit_test(test_no_limit),
	};

	return cmocka_run_group_tests_name("token_bucket", tests, NULL, NULL);
}
