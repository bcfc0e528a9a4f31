/* SPDX-License-Identifier: BSD-3-Clause */
/* timer_wheel against a plain array of deadlines that is searched from end to end. */
#include "unit.h"

#include "rng.h"
#include "timer_wheel.h"

#define TIMERS 300
#define FEW    64 /* so many are looked at to tell the next one exactly */

struct probe {
	struct timer timer;
	uint64_t deadline; /* the model's */
	bool runs;
	uint32_t fired;
};

static struct timer_wheel wheel;
static struct probe probes[TIMERS];
static uint32_t nb_probes; /* so many of them are used */
static struct rng rng;
static uint64_t now;
static uint32_t in_run;

static void
start(struct probe *p, uint64_t deadline)
{
	timer_start(&wheel, &p->timer, deadline);
	p->deadline = deadline;
	p->runs = true;
}

static void
stop(struct probe *p)
{
	timer_stop(&wheel, &p->timer);
	p->runs = false;
}

/* Deadlines past, near, at slots' edges, and rounds away. */
static uint64_t
some_deadline(void)
{
	uint64_t slot = UINT64_C(1) << WHEEL_SHIFT;

	switch (rng_below(&rng, 6)) {
	case 0:
		return now - rng_below(&rng, 100000);
	case 1:
		return now + rng_below(&rng, 100);
	case 2:
		return now + rng_below(&rng, 1000000);
	case 3:
		return (now / slot + rng_below(&rng, 3)) * slot - rng_below(&rng, 2);
	case 4:
		return now + slot * WHEEL_SLOTS - rng_below(&rng, 2) * slot;
	default:
		return now + rng_next(&rng) % 500000000;
	}
}

static void
fire(void *owner, struct timer *timer, uint64_t at)
{
	struct probe *p = timer->arg;

	assert_ptr_equal(owner, &rng);
	assert_ptr_equal(&p->timer, timer);
	assert_int_equal(at, now);
	assert_true(in_run);
	assert_false(timer->armed);
	assert_true(p->runs);
	assert_true(p->deadline <= now);
	p->runs = false;
	p->fired++;
	/* What a function starts waits for the next run, even when it is due. */
	if (rng_below(&rng, 4) == 0)
		start(p, some_deadline());
	if (rng_below(&rng, 8) == 0)
		stop(&probes[rng_below(&rng, nb_probes)]);
}

static void
check_run(void)
{
	uint32_t fired_before[TIMERS];
	bool due[TIMERS];

	for (uint32_t i = 0; i < TIMERS; i++) {
		due[i] = probes[i].runs && probes[i].deadline <= now;
		fired_before[i] = probes[i].fired;
	}
	in_run = 1;
	timer_wheel_run(&wheel, now);
	in_run = 0;
	for (uint32_t i = 0; i < TIMERS; i++) {
		uint32_t times = probes[i].fired - fired_before[i];

		assert_true(times <= 1);
		/* Due and not fired: another's function stopped it, so it does not run. */
		if (due[i] && times == 0)
			assert_false(probes[i].runs);
		if (!due[i])
			assert_int_equal(times, 0);
	}
}

static void
check_next(void)
{
	uint64_t earliest = UINT64_MAX, next = timer_wheel_next(&wheel);
	uint32_t armed = 0;

	for (uint32_t i = 0; i < TIMERS; i++) {
		armed += probes[i].runs;
		assert_int_equal(probes[i].runs, probes[i].timer.armed);
		if (probes[i].runs && probes[i].deadline < earliest)
			earliest = probes[i].deadline;
	}
	assert_int_equal(wheel.armed, armed);
	if (armed == 0)
		assert_true(next == UINT64_MAX);
	else if (armed <= FEW)
		assert_int_equal(next, earliest);
	else
		assert_true(next <= (earliest > now ? earliest : now));
}

static void
check_random(uint32_t timers, int steps)
{
	nb_probes = timers;
	memset(probes, 0, sizeof(probes));
	now = UINT64_C(1) << 50;
	timer_wheel_init(&wheel, &rng, now);
	for (uint32_t i = 0; i < TIMERS; i++) {
		probes[i].timer.fire = fire;
		probes[i].timer.arg = &probes[i];
	}
	for (int step = 0; step < steps; step++) {
		struct probe *p = &probes[rng_below(&rng, nb_probes)];
		uint32_t what = rng_below(&rng, 8);

		if (what < 4)
			start(p, some_deadline());
		else if (what == 4)
			stop(p);
		if (what == 5)
			now += rng_next(&rng) % 200000000;
		else if (what > 5)
			now += rng_below(&rng, 70000);
		check_run();
		check_next();
	}
}

static void
test_random(void **state)
{
	(void)state;
	rng_seed(&rng, unit_seed());
	check_random(TIMERS, 20000);
	check_random(FEW, 20000);
	check_random(4, 20000);
}

static void
test_idle_wheel_catches_up(void **state)
{
	(void)state;
	now = 5;
	memset(probes, 0, sizeof(probes));
	timer_wheel_init(&wheel, &rng, now);
	probes[0].timer.fire = fire;
	probes[0].timer.arg = &probes[0];
	now = UINT64_C(10000000000);
	check_run();
	start(&probes[0], now + 1);
	check_run();
	assert_int_equal(probes[0].fired, 0);
	now += 1;
	check_run();
	assert_int_equal(probes[0].fired, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_idle_wheel_catches_up),
	};

	return cmocka_run_group_tests_name("timer_wheel", tests, NULL, NULL);
}
