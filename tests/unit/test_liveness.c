/* SPDX-License-Identifier: BSD-3-Clause */
/* Single probes and answers; what follows from many of them is tests/sim's. */
#include "unit.h"

#include "liveness.h"

#define MS UINT64_C(1000000)

/*
 * The worker that received the answer began its turn before the link's owner began the one in which
 * the probe left: a round trip shorter than that is an answer all the same.
 */
static void
test_answered_before_it_was_asked(void **state)
{
	struct liveness l = {0};
	struct probe_body body;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	liveness_begin(&l, 100 * MS, 1000 * MS, &rng);
	assert_true(liveness_send(&l, 1200 * MS, 5000, true, &rng, &body));
	assert_true(liveness_answer(&l, 1200 * MS - 200000, 4800, 4900, &body));
	assert_int_equal(l.answers, 1);
	assert_in_range(rtt_us(&l.rtt), 0, 1);
	/* And it is one answer. */
	assert_false(liveness_answer(&l, 1200 * MS, 5000, 4900, &body));
	/* What nobody asked is none. */
	body.cookie[4] ^= 1;
	assert_false(liveness_answer(&l, 1201 * MS, 6000, 5900, &body));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered_before_it_was_asked),
	};

	return cmocka_run_group_tests_name("liveness", tests, NULL, NULL);
}
