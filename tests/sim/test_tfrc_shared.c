/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links under TFRC that share a line: how alike their shares are, and that each has what the
 * equation says of the loss and the round-trip time that it meets. The short form of `run bench
 * tfrc`, which does it longer and more often.
 */
#include "small.h"
#include "tfrc_scene.h"

static void
test_shares(void **state)
{
	struct tfrc_scene_params params = {
		.seed = 1, .links = 8, .rate = 10000000, .rtt = 50 * SIM_MS, .jitter = 0.05};
	struct tfrc_scene_link links[8];
	struct tfrc_scene s;
	uint64_t sum = 0;

	(void)state;
	tfrc_scene_new(&s, &params);
	tfrc_scene_run(&s, 40 * SIM_S, links);
	tfrc_scene_run(&s, 60 * SIM_S, links);
	for (uint32_t i = 0; i < 8; i++)
		sum += links[i].bytes;
	printf("Jain's index %.4f, of the line %.3f\n", tfrc_scene_jain(links, 8),
		(double)sum * 1.042 * 8 / 60 / 1e7);
	assert_true(tfrc_scene_jain(links, 8) > 0.95);
	assert_true((double)sum * 1.042 * 8 / 60 > 0.85 * 1e7);
	for (uint32_t i = 0; i < 8; i++) {
		double ratio = (double)links[i].bytes / 60 / tfrc_scene_equation(&links[i]);

		printf("link %u: %.0f bytes/s, p %.5f, round-trip time %.1f ms, of the equation "
		       "%.3f\n",
			i, (double)links[i].bytes / 60, links[i].p, links[i].rtt * 1e3, ratio);
		assert_true(ratio > 0.7 && ratio < 1.3);
	}
	tfrc_scene_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("tfrc_shared", tests, NULL, NULL);
}
