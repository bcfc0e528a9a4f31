/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node shows of what is told to it: reports of neighbours, frames beside those of links. */
#include "link_tfrc.h"
#include "show_read.h"

/* A report on what was never sent cannot be true; a link that is not paced so has none. */
static void
test_reports_ignored(void **state)
{
	const struct feedback_body body = {.seq_highest = RTE_BE64(7)};
	struct harness *h = *state;
	struct link *link = node_find_link(h->node, 2);
	json_t *links;

	link->pacing = LINK_PACING_TFRC;
	link_tfrc_feedback(h->node->workers[0], link, &body, h->now);
	links = show(h, "links");
	assert_int_equal(number(links, "0.reports"), 0);
	assert_int_equal(number(links, "0.reports_ignored"), 1);
	assert_true(json_is_null(at(links, "1.reports_ignored")));
	json_decref(links);
	link->pacing = LINK_PACING_NONE;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_reports_ignored, harness_setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
