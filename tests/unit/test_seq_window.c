/* SPDX-License-Identifier: BSD-3-Clause */
/* seq_window against a plain record of every sequence that ever came. */
#include "unit.h"

#include "rng.h"
#include "seq_behind.h"

#define RANGE 8192

/* All that came so far, one byte a sequence. */
struct model {
	uint8_t seen[RANGE];
	uint64_t highest, lowest;
	uint64_t received;
	uint64_t far;  /* the last that was refused since highest moved; 0 = none */
	uint64_t then; /* what that is once this one is taken */
};

static struct model model;

/* Nearly a window left out, or more, is believed to the second that is ahead of one or near it. */
static bool
model_goes_on(uint64_t seq, uint32_t size)
{
	uint64_t far = model.far, most = size == 64 ? 64 : size - 64;

	if (seq - model.highest - 1 <= most)
		return true;
	model.far = seq;
	/* Few of many come: the next one may be far from this one, too. */
	if (seq > far && seq - far > most + 1)
		model.then = seq;
	return far != 0 &&
	       ((seq < far && far - seq <= size) || (seq > far && seq - far < SEQ_SPARSE));
}

static enum seq_verdict
model_expect(uint64_t seq, uint32_t size)
{
	model.then = 0;
	if (model.received == 0)
		return SEQ_IN_ORDER;
	if (seq == model.highest + 1)
		return SEQ_IN_ORDER;
	if (seq > model.highest)
		return model_goes_on(seq, size) ? SEQ_AHEAD : SEQ_FAR;
	return model.seen[seq] ? SEQ_DUPLICATE : SEQ_LATE;
}

static void
model_take(uint64_t seq)
{
	model.seen[seq] = 1;
	if (model.received == 0 || seq > model.highest) {
		model.highest = seq;
		model.far = model.then;
	}
	if (model.received == 0 || seq < model.lowest)
		model.lowest = seq;
	model.received++;
}

static void
check_one(struct seq_window *win, uint64_t seq)
{
	enum seq_verdict expected = model_expect(seq, win->size);
	uint64_t first = !win->started;
	bool lacks = win->started && seq <= win->highest && seq_window_lacks(win, seq);
	enum seq_verdict verdict = seq_window_take(win, seq);
	uint64_t behind = first || seq > model.highest ? 0 : model.highest - seq;

	assert_int_equal(lacks, verdict == SEQ_LATE);
	/* What lies within size - 63 of the highest must be remembered, a full size not. */
	if (behind >= win->size)
		assert_int_equal(verdict, SEQ_TOO_OLD);
	else if (behind <= win->size - 64 || verdict != SEQ_TOO_OLD)
		assert_int_equal(verdict, expected);
	if (verdict == SEQ_IN_ORDER || verdict == SEQ_AHEAD || verdict == SEQ_LATE)
		model_take(seq);
	assert_int_equal(win->highest, model.highest);
	assert_int_equal(seq_window_received(win), model.received);
	assert_int_equal(win->missing, model.highest - model.lowest + 1 - model.received);
}

/* A walk forward that jumps, falls back and repeats. */
static void
walk(uint32_t size, uint32_t jump, uint32_t back, uint64_t seed)
{
	uint64_t bits[4096 / 64];
	struct seq_window win;
	struct rng rng;
	uint64_t at = 3000;

	memset(&model, 0, sizeof(model));
	rng_seed(&rng, seed);
	seq_window_init(&win, bits, size);
	while (at < RANGE - jump - 1) {
		uint32_t what = rng_below(&rng, 10);

		if (what < 5)
			at++;
		else if (what == 5)
			at += 1 + rng_below(&rng, jump);
		check_one(&win, what < 6 ? at : at - rng_below(&rng, back));
	}
}

static void
test_walks(void **state)
{
	uint64_t seed = unit_seed();

	(void)state;
	for (uint32_t size = 64; size <= 4096; size *= 4) {
		walk(size, 4, 8, seed++);
		walk(size, 100, 2 * size < 3000 ? 2 * size : 3000, seed++);
		walk(size, size + 70 < RANGE / 3 ? size + 70 : RANGE / 3, 3000, seed++);
	}
}

static void
test_in_order_is_never_wrong(void **state)
{
	uint64_t bits[1];
	struct seq_window win;

	(void)state;
	seq_window_init(&win, bits, 64);
	for (uint64_t seq = 0; seq < 1000; seq++) {
		assert_int_equal(seq_window_take(&win, seq), SEQ_IN_ORDER);
		assert_int_equal(seq_window_take(&win, seq), SEQ_DUPLICATE);
	}
	assert_int_equal(win.missing, 0);
	seq_window_reset(&win);
	assert_int_equal(seq_window_take(&win, 7), SEQ_IN_ORDER);
	assert_int_equal(win.missing, 0);
}

/* A jump by whole turns of the window must not leave old bits behind. */
static void
test_far_jumps(void **state)
{
	uint64_t bits[2];
	struct seq_window win;
	uint64_t at = 0;

	(void)state;
	seq_window_init(&win, bits, 128);
	for (uint64_t jump = 1; jump < 1000; jump++) {
		at += jump;
		if (jump > 65)
			assert_int_equal(seq_window_take(&win, at++), SEQ_FAR);
		assert_true(seq_window_take(&win, at) <= SEQ_AHEAD);
		if (jump > 1)
			assert_int_equal(seq_window_take(&win, at - 1), SEQ_LATE);
	}
	assert_int_equal(seq_window_take(&win, at + (UINT64_C(1) << 40)), SEQ_FAR);
	assert_int_equal(seq_window_take(&win, at + (UINT64_C(1) << 40) + 5), SEQ_AHEAD);
	assert_int_equal(seq_window_take(&win, at), SEQ_TOO_OLD);
}

/* Any number of damaged ones, each damaged in another way, or the same one again and again. */
static void
test_never_lost(void **state)
{
	uint64_t bits[16], at = 1000;
	struct seq_window win;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	seq_window_init(&win, bits, 1024);
	assert_int_equal(seq_window_take(&win, at), SEQ_IN_ORDER);
	for (int i = 0; i < 100000; i++) {
		uint64_t far = at + (UINT64_C(1) << (10 + rng_below(&rng, 51)));

		assert_int_equal(seq_window_take(&win, far), SEQ_FAR);
		assert_int_equal(seq_window_take(&win, far), SEQ_FAR);
		/* A bit that sticks: always as far ahead of what really comes. */
		assert_int_equal(seq_window_take(&win, ++at), SEQ_IN_ORDER);
		assert_int_equal(seq_window_take(&win, far + 1), SEQ_FAR);
		assert_int_equal(seq_window_take(&win, ++at), SEQ_IN_ORDER);
	}
	assert_int_equal(win.missing, 0);
}

static const uint32_t sizes[] = {64, 128, 1024, 65536};

/* As a busy link lets few of many pass: after one of doubt all are taken, until all come again. */
static void
test_sparse(void **state)
{
	static uint64_t bits[65536 / 64];
	struct seq_window win;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		const uint64_t least = sizes[i] > 64 ? sizes[i] - 62 : 66;
		const uint64_t steps[] = {least, 2 * least, SEQ_SPARSE - 1};

		for (uint32_t j = 0; j < 3; j++) {
			uint64_t at = 1000;

			seq_window_init(&win, bits, sizes[i]);
			assert_int_equal(seq_window_take(&win, at), SEQ_IN_ORDER);
			assert_int_equal(seq_window_take(&win, at += steps[j]), SEQ_FAR);
			for (uint32_t n = 0; n < 100; n++) {
				assert_int_equal(seq_window_take(&win, at += steps[j]), SEQ_AHEAD);
				assert_int_equal(seq_window_take(&win, at), SEQ_DUPLICATE);
			}
			/* Beyond that a doubt is one as before. */
			assert_int_equal(seq_window_take(&win, at + SEQ_SPARSE), SEQ_FAR);
			assert_int_equal(seq_window_take(&win, at + 2 * SEQ_SPARSE), SEQ_FAR);
			/* What is real again. */
			for (uint32_t n = 1; n < 10; n++) {
				assert_int_equal(seq_window_take(&win, at += n),
					n == 1 ? SEQ_IN_ORDER : SEQ_AHEAD);
				assert_int_equal(seq_window_take(&win, at + steps[j]), SEQ_FAR);
			}
		}
	}
}

/* After a jump that is real the next damaged one is refused. */
static void
test_jump_then_damaged(void **state)
{
	static const int64_t steps[] = {1, 2, 961, -1, -1024};
	uint64_t bits[16], far = UINT64_C(1) << 33;
	struct seq_window win;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		seq_window_init(&win, bits, 1024);
		assert_int_equal(seq_window_take(&win, 1000), SEQ_IN_ORDER);
		assert_int_equal(seq_window_take(&win, far), SEQ_FAR);
		assert_int_equal(seq_window_take(&win, far + (uint64_t)steps[i]), SEQ_AHEAD);
		assert_int_equal(seq_window_take(&win, far + 5000), SEQ_FAR);
		assert_int_equal(seq_window_take(&win, win.highest + 1), SEQ_IN_ORDER);
	}
}

/* Each a little above the one before, as if few of many came; but what is real comes too. */
static void
test_forged_in_turn(void **state)
{
	uint64_t bits[16], at = 1000, far = at;
	struct seq_window win;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	seq_window_init(&win, bits, 1024);
	assert_int_equal(seq_window_take(&win, at), SEQ_IN_ORDER);
	for (int i = 0; i < 100000; i++) {
		uint32_t left_out = rng_below(&rng, 3);

		far += 1000 + rng_below(&rng, 100000);
		assert_int_equal(seq_window_take(&win, far), SEQ_FAR);
		at += 1 + left_out;
		assert_int_equal(
			seq_window_take(&win, at), left_out == 0 ? SEQ_IN_ORDER : SEQ_AHEAD);
	}
}

/* What comes late, and what came already, does not keep a jump from being believed. */
static void
test_jump(void **state)
{
	uint64_t bits[2], far = UINT64_C(1) << 31;
	struct seq_window win;

	(void)state;
	seq_window_init(&win, bits, 128);
	assert_int_equal(seq_window_take(&win, 1000), SEQ_IN_ORDER);
	assert_int_equal(seq_window_take(&win, 1005), SEQ_AHEAD);
	assert_int_equal(seq_window_take(&win, far), SEQ_FAR);
	assert_int_equal(seq_window_take(&win, 1003), SEQ_LATE);
	assert_int_equal(seq_window_take(&win, 1003), SEQ_DUPLICATE);
	assert_int_equal(seq_window_take(&win, far - 2), SEQ_AHEAD);
	assert_int_equal(seq_window_take(&win, far), SEQ_AHEAD);
	assert_int_equal(seq_window_take(&win, far + 1), SEQ_IN_ORDER);
	assert_int_equal(win.missing, far + 1 - 1000 + 1 - 6);

	/* Of one gap no more is counted than can have been lost; what comes late is still of it. */
	assert_int_equal(seq_window_take(&win, far << 31), SEQ_FAR);
	assert_int_equal(seq_window_take(&win, (far << 31) + 2), SEQ_AHEAD);
	assert_int_equal(win.missing, far + 1 - 1000 + 1 - 6 + SEQ_MISSING);
	assert_int_equal(seq_window_take(&win, (far << 31) + 1), SEQ_LATE);
	assert_int_equal(win.missing, far + 1 - 1000 + 1 - 6 + SEQ_MISSING - 1);
}

/* Too old ones, each as far from the one before as step says; the last one is at time now. */
static bool
old_ones(struct seq_behind *behind, struct seq_window *win, uint32_t n, uint64_t from, int64_t step,
	uint64_t now, uint64_t least)
{
	bool confirmed = false;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t seq = from + (uint64_t)(i * step);

		assert_false(confirmed);
		assert_int_equal(seq_window_take(win, seq), SEQ_TOO_OLD);
		confirmed = seq_behind_confirms(behind, win, seq, now - (n - 1 - i), least);
	}
	return confirmed;
}

static void
test_behind(void **state)
{
	static const int64_t steps[] = {1, 2, -1, -128, 127, 2000, SEQ_SPARSE - 1};
	struct seq_behind behind = {0};
	struct seq_window win;
	uint64_t bits[2];

	(void)state;
	seq_window_init(&win, bits, 128);
	assert_int_equal(seq_window_take(&win, UINT64_C(1) << 40), SEQ_IN_ORDER);
	for (uint32_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_false(
			old_ones(&behind, &win, SEQ_BEHIND_RUN - 1, 500000, steps[i], 1000, 0));
		assert_true(old_ones(&behind, &win, 1,
			500000 + (uint64_t)((SEQ_BEHIND_RUN - 1) * steps[i]), 1, 1001, 0));
	}
	/* The same again, and those that are no row. */
	assert_false(old_ones(&behind, &win, 1000, 7, 0, 2000, 0));
	assert_false(old_ones(&behind, &win, 1000, 7, SEQ_SPARSE, 2000, 0));
	assert_false(old_ones(&behind, &win, 1000, 500000, -129, 2000, 0));
	/* Something new between them. */
	for (uint32_t i = 0; i < 100; i++) {
		assert_false(old_ones(
			&behind, &win, SEQ_BEHIND_RUN - 1, 7 + SEQ_BEHIND_RUN * i, 1, 3000, 0));
		assert_int_equal(seq_window_take(&win, win.highest + 1), SEQ_IN_ORDER);
	}
	/* What is late or came already is nothing new. */
	assert_int_equal(seq_window_take(&win, win.highest + 3), SEQ_AHEAD);
	assert_false(old_ones(&behind, &win, SEQ_BEHIND_RUN - 1, 7, 1, 4000, 0));
	assert_int_equal(seq_window_take(&win, win.highest - 1), SEQ_LATE);
	assert_int_equal(seq_window_take(&win, win.highest), SEQ_DUPLICATE);
	assert_true(old_ones(&behind, &win, 1, 6 + SEQ_BEHIND_RUN, 1, 4000, 0));
	/* And where it must have taken time. */
	assert_false(old_ones(&behind, &win, 500, 7, 1, 5500, 500));
	assert_true(old_ones(&behind, &win, 1, 507, 1, 5501, 500));
	assert_false(old_ones(&behind, &win, 1, 508, 1, 9000, 500));
}

static void
test_extend(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	for (int i = 0; i < 100000; i++) {
		uint64_t near = (UINT64_C(1) << 33) + (rng_next(&rng) >> 28);
		uint64_t seq = near + rng_next(&rng) % UINT64_C(0xffffffff) - 0x7fffffff;

		assert_int_equal(seq_extend(near, (uint32_t)seq), seq);
	}
	assert_int_equal(seq_extend(UINT64_C(0xffffffff), 0), UINT64_C(0x100000000));
	assert_int_equal(seq_extend(UINT64_C(0x100000000), 0xffffffff), UINT64_C(0xffffffff));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_in_order_is_never_wrong),
		cmocka_unit_test(test_far_jumps),
		cmocka_unit_test(test_never_lost),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_jump_then_damaged),
		cmocka_unit_test(test_forged_in_turn),
		cmocka_unit_test(test_jump),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_extend),
	};

	return cmocka_run_group_tests_name("seq_window", tests, NULL, NULL);
}
