/* SPDX-License-Identifier: BSD-3-Clause */
/* UTC from the monotonic clock, with simulated clocks whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "utc_clock.h"

#define US  1000ll
#define MS  (1000 * US)
#define S   (1000 * MS)
#define UTC INT64_C(1700000000000000000)

/* The truth: UTC runs ppm faster than the monotonic clock, and readings are late by some noise. */
struct world {
	struct utc_clock clock;
	uint64_t now;
	double ppm;
	int64_t step; /* of UTC so far */
	int64_t noise;
	unsigned int seed;
	unsigned int told;
	int64_t told_offset;
};

static void
on_far_off(void *ctx, int64_t offset_ns)
{
	struct world *w = ctx;

	w->told++;
	w->told_offset = offset_ns;
}

static void
world_init(struct world *w, double ppm, int64_t noise)
{
	*w = (struct world){.now = 5 * S, .ppm = ppm, .noise = noise, .seed = 1};
	utc_clock_init(&w->clock, on_far_off, w);
}

static int64_t
true_utc(const struct world *w, uint64_t now)
{
	const int64_t passed = (int64_t)now - 5 * S;

	return UTC + passed + (int64_t)((double)passed * w->ppm / 1e6) + w->step;
}

static int64_t
error_at(const struct world *w, uint64_t now)
{
	return (int64_t)utc_ns(&w->clock.map, now) - true_utc(w, now);
}

/*
 * A sample, and what must hold of each: the new map goes on where the old one is, and its rate is
 * within 500 ppm of what is measured. Between samples time does not run backwards.
 */
static void
sample(struct world *w)
{
	const struct utc_map old = w->clock.map;
	const bool first = !w->clock.started;
	const int64_t late = w->noise != 0 ? rand_r(&w->seed) % w->noise : 0;
	uint64_t before, t;

	w->now += 100 * MS;
	assert_true(utc_clock_sample(&w->clock, w->now, (uint64_t)(true_utc(w, w->now) + late)));
	if (first) {
		assert_int_equal(utc_ns(&w->clock.map, w->now), true_utc(w, w->now) + late);
		return;
	}
	assert_int_equal(utc_ns(&w->clock.map, w->now), utc_ns(&old, w->now));
	assert_true(llabs(w->clock.map.rate_q32 - w->clock.frequency_q32) <=
		    500 * (INT64_C(1) << 32) / 1000000);
	before = utc_ns(&w->clock.map, w->now);
	for (t = 1; t < 20; t++) {
		const uint64_t utc = utc_ns(&w->clock.map, w->now + t);

		assert_true(utc >= before);
		before = utc;
	}
}

static void
run(struct world *w, int64_t time)
{
	for (; time > 0; time -= 100 * MS)
		sample(w);
}

static double
measured_ppm(const struct world *w)
{
	return (double)w->clock.frequency_q32 / 4294.967296;
}

static void
test_map(void **state)
{
	const struct utc_map map = {.now0 = 1000, .utc0_ns = UTC, .rate_q32 = INT64_C(1) << 31};
	const struct utc_map slow = {.now0 = 0, .utc0_ns = UTC, .rate_q32 = -(INT64_C(1) << 30)};

	(void)state;
	assert_int_equal(utc_ns(&map, 1000), UTC);
	assert_int_equal(utc_ns(&map, 3000), UTC + 3000);
	assert_int_equal(utc_ns(&map, 0), UTC - 1500);
	assert_int_equal(utc_ns(&slow, 4 * S), UTC + 3 * S);
	/* a century does not overflow */
	assert_int_equal(utc_ns(&slow, 3155760000 * S), UTC + 2366820000 * S);
}

static void
test_follows(void **state)
{
	static const double ppms[] = {0, 13.5, -80, 499, -2500, 4000};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(ppms) / sizeof(ppms[0]); i++) {
		struct world w;

		world_init(&w, ppms[i], 0);
		run(&w, 30 * S);
		assert_true(llabs(error_at(&w, w.now + 100 * MS)) < 2 * US);
		assert_true(llabs((int64_t)((measured_ppm(&w) - ppms[i]) * 1000)) < 50);
		assert_int_equal(w.clock.steps, 0);
		assert_int_equal(w.told, 0);
	}
}

static void
test_noise(void **state)
{
	struct world w;
	int64_t worst = 0;
	int i;

	(void)state;
	world_init(&w, 40, 100 * US);
	run(&w, 60 * S);
	for (i = 0; i < 600; i++) {
		sample(&w);
		if (llabs(error_at(&w, w.now + 50 * MS)) > worst)
			worst = llabs(error_at(&w, w.now + 50 * MS));
	}
	/* the mean of the noise is 50 us late; the map is steadier than the readings */
	assert_true(worst < 90 * US);
	assert_true(llabs((int64_t)(measured_ppm(&w) - 40)) < 6);
	assert_int_equal(w.clock.steps, 0);
}

/* A step forward is slewed away at 500 ppm, told once; the frequency is not misled. */
static void
test_step_forward(void **state)
{
	struct world w;
	int64_t before;

	(void)state;
	world_init(&w, 25, 0);
	run(&w, 30 * S);
	w.step = 3 * S;
	before = error_at(&w, w.now);
	run(&w, 100 * S);
	assert_int_equal(w.told, 1);
	assert_true(w.told_offset > 2900 * MS && w.told_offset <= 3001 * MS);
	assert_int_equal(w.clock.steps, 1);
	assert_true(llabs((int64_t)((measured_ppm(&w) - 25) * 1000)) < 50);
	/* 100 s at 500 ppm are 50 ms */
	assert_in_range(error_at(&w, w.now) - before, 49 * MS, 51 * MS);
	run(&w, 6100 * S);
	assert_true(llabs(error_at(&w, w.now)) < 10 * US);
	assert_int_equal(w.told, 1);
	/* and told anew the next time */
	w.step = 5 * S;
	run(&w, 1 * S);
	assert_int_equal(w.told, 2);
}

static void
test_step_back(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, -60, 0);
	run(&w, 30 * S);
	w.step = -200 * MS;
	run(&w, 500 * S);
	assert_int_equal(w.told, 0);
	assert_int_equal(w.clock.steps, 1);
	assert_true(llabs(error_at(&w, w.now)) < 10 * US);
	w.step = -3600 * S;
	run(&w, 10 * S);
	assert_int_equal(w.told, 1);
	assert_true(w.told_offset < -3590 * S);
}

static void
test_bad_samples(void **state)
{
	struct world w;
	struct utc_map map;

	(void)state;
	world_init(&w, 10, 0);
	run(&w, 5 * S);
	map = w.clock.map;
	assert_false(utc_clock_sample(&w.clock, w.now, UTC));
	assert_false(utc_clock_sample(&w.clock, w.now - 1, UTC));
	assert_memory_equal(&map, &w.clock.map, sizeof(map));
	/* a control thread that was held up for a minute */
	w.now += 60 * S;
	run(&w, 20 * S);
	assert_int_equal(w.clock.steps, 0);
	assert_true(llabs(error_at(&w, w.now)) < 5 * US);
}

/* A clock that nobody could follow: the map still runs forwards, at a bounded rate. */
static void
test_wild(void **state)
{
	struct world w;
	int i;

	(void)state;
	world_init(&w, 0, 0);
	for (i = 0; i < 5000; i++) {
		w.step = (int64_t)(rand_r(&w.seed) % 2000 - 1000) * (rand_r(&w.seed) % 100) * MS;
		sample(&w);
		assert_true(llabs(w.clock.map.rate_q32) <= (INT64_C(1) << 32) / 19);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_step_forward),
		cmocka_unit_test(test_step_back),
		cmocka_unit_test(test_bad_samples),
		cmocka_unit_test(test_wild),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
