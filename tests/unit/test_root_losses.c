/* SPDX-License-Identifier: BSD-3-Clause */
/* What a session's whole way loses, from what nodes say of their links. */
#include "unit.h"

#include "loss_news.h"
#include "path_text.h"
#include "root_losses.h"

#define NOW  INT64_C(1700000000000)
#define MAX  8
#define NEAR 2 /* millionths: numbers are rounded */

static struct root_losses losses;
static struct config_coding coding;
static struct config_coding_relay relays[MAX];
static struct config_session session = {.conference = 1, .id = 2, .source = 1, .coding = &coding};
static struct config_flow flows[MAX];
static struct root_plan plan = {.flows = flows};

static int
begin(void **state)
{
	(void)state;
	root_losses_free(&losses);
	plan.flow_count = 0;
	plan.destination_count = 0;
	coding.relays = relays;
	coding.relay_count = 0;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	root_losses_free(&losses);
	return 0;
}

static void
flow(uint32_t weight, const char *path)
{
	struct config_flow *f = &flows[plan.flow_count++];
	struct path_text_error error;

	f->weight = weight;
	assert_int_equal(path_text_parse(path, &f->tree, &error), 0);
}

static void
to(uint32_t destination)
{
	plan.destinations[plan.destination_count++] = destination;
}

static void
recode(uint32_t node, uint32_t how)
{
	relays[coding.relay_count].node = node;
	relays[coding.relay_count++].recode = how;
}

/* What a node says: peer and loss each way, thousandths; negative: nothing. Ends with a peer 0. */
struct said {
	uint32_t peer;
	int to, from;
};

static void
say_at(int64_t at, uint32_t node, const struct said *said)
{
	struct message_loss to_list[MAX], from_list[MAX];
	struct message_links links = {.to = to_list, .from = from_list};
	char error[ROOT_ERROR_MAX];

	for (; said->peer != 0; said++) {
		if (said->to >= 0)
			to_list[links.nb_to++] = (struct message_loss){
				said->peer, (uint32_t)said->to * 1000};
		if (said->from >= 0)
			from_list[links.nb_from++] = (struct message_loss){
				said->peer, (uint32_t)said->from * 1000};
	}
	assert_true(root_losses_take(&losses, node, &links, at, error));
}

#define SAY(node, ...) say_at(NOW, node, (const struct said[]){__VA_ARGS__, {0}})

static void
assert_way_at(int64_t now, double loss, double regained)
{
	struct message_way way;

	root_losses_way(&losses, &session, &plan, now, &way);
	assert_int_equal(way.conference, 1);
	assert_int_equal(way.session, 2);
	assert_float_equal(way.loss, loss * 1e6, NEAR);
	assert_float_equal(way.regained, regained * 1e6, NEAR);
}

static void
assert_way(double loss, double regained)
{
	assert_way_at(NOW, loss, regained);
}

/* Nobody knows; one side does; of both, who receives knows better. For a while. */
static void
test_link(void **state)
{
	(void)state;
	flow(1, "2");
	to(2);
	assert_way(0, 0);
	SAY(2, {1, -1, -1});
	assert_way(0, 0);
	SAY(1, {2, 100, 300});
	assert_way(0.1, 0);
	SAY(2, {1, 200, 50}, {3, 1, 1});
	assert_way(0.05, 0);
	SAY(2, {1, 200, 0});
	assert_way(0, 0);
	SAY(2, {3, 200, 0});
	assert_way(0.1, 0);
	assert_way_at(NOW + (int64_t)LOSS_OLD_MS - 1, 0.1, 0);
	assert_way_at(NOW + (int64_t)LOSS_OLD_MS, 0, 0);
}

/* All links of a way; only the second one's loss is no less. */
static void
test_line(void **state)
{
	(void)state;
	flow(1, "2 > 3 > 4");
	to(4);
	SAY(3, {2, -1, 100});
	assert_way(0.1, 0);
	SAY(2, {1, -1, 50});
	SAY(4, {3, -1, 200});
	assert_way(1 - 0.95 * 0.9 * 0.8, 0);
}

/* A relay that recodes makes up for what it knows of its onward link, and of no other. */
static void
test_recoding(void **state)
{
	(void)state;
	flow(1, "2 > 3 > 4");
	to(4);
	recode(2, CONFIG_RECODE_ALWAYS);
	recode(3, CONFIG_RECODE_NEVER);
	SAY(1, {2, 50, -1});
	SAY(2, {1, -1, 50}, {3, 100, -1});
	SAY(3, {2, -1, 120}, {4, 200, -1});
	assert_way(1 - 0.95 * 0.88 * 0.8, 0.1);
	SAY(3, {2, -1, 70}, {4, 200, -1});
	assert_way(1 - 0.95 * 0.93 * 0.8, 0.07);
	coding.relay_count = 0;
	recode(3, CONFIG_RECODE_ALWAYS);
	assert_way(1 - 0.95 * 0.93 * 0.8, 0.2);
	/* The source's own link is its own affair. */
	recode(1, CONFIG_RECODE_ALWAYS);
	assert_way(1 - 0.95 * 0.93 * 0.8, 0.2);
	/* Where the relay knows nothing it regains nothing. */
	SAY(3, {2, -1, 70});
	SAY(4, {3, -1, 200});
	assert_way(1 - 0.95 * 0.93 * 0.8, 0);
}

/* Only towards links that lose less than the one before. */
static void
test_lossy(void **state)
{
	(void)state;
	flow(1, "2 > 3");
	to(3);
	recode(2, CONFIG_RECODE_LOSSY);
	SAY(2, {1, -1, 100}, {3, 50, -1});
	assert_way(1 - 0.9 * 0.95, 0.05);
	SAY(2, {1, -1, 100}, {3, 100, -1});
	assert_way(1 - 0.9 * 0.9, 0);
	/* It has not seen any loss yet. */
	SAY(2, {3, 50, -1});
	assert_way(0.05, 0);
}

/* The destination that is worst off, wherever it is; those before it count too. */
static void
test_tree(void **state)
{
	(void)state;
	flow(1, "2* > (3, 4 > 5)");
	to(2);
	SAY(2, {1, -1, 10});
	SAY(3, {2, -1, 100});
	SAY(4, {2, -1, 20});
	SAY(5, {4, -1, 200});
	assert_way(0.01, 0);
	to(3);
	assert_way(1 - 0.99 * 0.9, 0);
	to(5);
	assert_way(1 - 0.99 * 0.98 * 0.8, 0);
	/* Recoded for, a bad link may be less bad than one that nobody recodes for. */
	SAY(3, {2, -1, 150});
	SAY(4, {2, -1, 20}, {5, 200, -1});
	recode(4, CONFIG_RECODE_ALWAYS);
	assert_way(1 - 0.99 * 0.85, 0);
	SAY(3, {2, -1, 10});
	assert_way(1 - 0.99 * 0.98 * 0.8, 0.2);
}

/* Several flows by weight; several ways in one flow, of which each brings the packet. */
static void
test_several(void **state)
{
	(void)state;
	flow(25, "2 > 4");
	flow(75, "3 > 4");
	to(4);
	SAY(4, {2, -1, 100}, {3, -1, 20});
	assert_way(0.25 * 0.1 + 0.75 * 0.02, 0);
	plan.flow_count = 0;
	flow(1, "(2 > 4, 3 > 4)");
	assert_way(0.1 * 0.02, 0);
	/* A destination that one of the flows does not reach goes by the others. */
	flow(1, "2 > 5");
	to(5);
	SAY(5, {2, -1, 300});
	assert_way(0.3, 0);
}

/* Lies, and far too many of them. */
static void
test_lies(void **state)
{
	static struct message_loss list[CONFIG_PEERS_MAX + 1];
	struct message_links links = {.to = list, .nb_to = CONFIG_PEERS_MAX + 1};
	char error[ROOT_ERROR_MAX];
	struct message_way way;

	(void)state;
	assert_false(root_losses_take(&losses, 1, &links, NOW, error));
	assert_non_null(strstr(error, "4097"));
	flow(1, "2 > 3 > 4");
	to(4);
	recode(2, CONFIG_RECODE_ALWAYS);
	recode(3, CONFIG_RECODE_ALWAYS);
	SAY(2, {1, 1000, 1000}, {3, 1000, 1000});
	SAY(3, {2, 1000, 1000}, {4, 1000, 1000});
	root_losses_way(&losses, &session, &plan, NOW, &way);
	assert_true(way.loss > 900000 && way.loss <= MESSAGE_LOSS_MAX);
	assert_true(way.regained <= way.loss);
}

static void
test_news(void **state)
{
	(void)state;
	assert_false(loss_is_news(0, 1000));
	assert_true(loss_is_news(0, 1001));
	assert_false(loss_is_news(100000, 113500));
	assert_true(loss_is_news(100000, 113501));
	assert_true(loss_is_news(100000, 86499));
	assert_true(loss_is_news(1000000, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_link, begin, end),
		cmocka_unit_test_setup_teardown(test_line, begin, end),
		cmocka_unit_test_setup_teardown(test_recoding, begin, end),
		cmocka_unit_test_setup_teardown(test_lossy, begin, end),
		cmocka_unit_test_setup_teardown(test_tree, begin, end),
		cmocka_unit_test_setup_teardown(test_several, begin, end),
		cmocka_unit_test_setup_teardown(test_lies, begin, end),
		cmocka_unit_test(test_news),
	};

	return cmocka_run_group_tests_name("root_losses", tests, NULL, NULL);
}
