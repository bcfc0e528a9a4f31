/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics that children say: whose they may be, and what each of them costs. */
#include "root_scene.h"
#include "stats_tree.h"
#include "unit.h"

static const char conferences[] =
	"conferences = ( { id = 1; sessions = ( { id = 1; source = 1; destinations = [ 2, 3 ]; "
	"ingress = { udp = \"10.1.0.1:5001\"; }; flows = ( { path = \"4 > (2, 3)\"; } ); },\n"
	"{ id = 2; source = 2; destinations = [ 3 ]; ingress = { udp = \"10.1.0.1:5002\"; }; "
	"flows = ( { path = \"3\"; } ); } ); } );";

#define FIRST  message_stream(1, 1)
#define SECOND message_stream(1, 2)
#define NONE   message_stream(99, 1)
#define MOST   1000 /* containers of a message */

int __real_stats_tree_sum(const struct stats_tree *tree, const struct stats_stream *own,
	size_t nb_own, uint32_t children, struct stats_stream **out, size_t *count);
int __wrap_stats_tree_sum(const struct stats_tree *tree, const struct stats_stream *own,
	size_t nb_own, uint32_t children, struct stats_stream **out, size_t *count);

static unsigned int sums;

int
__wrap_stats_tree_sum(const struct stats_tree *tree, const struct stats_stream *own, size_t nb_own,
	uint32_t children, struct stats_stream **out, size_t *count)
{
	sums++;
	return __real_stats_tree_sum(tree, own, nb_own, children, out, count);
}

/* Whatever looks for a node, or for those above it. */
struct root_node *__real_root_nodes_find(const struct root_nodes *nodes, const char *name);
struct root_node *__wrap_root_nodes_find(const struct root_nodes *nodes, const char *name);
struct root_node *__real_root_nodes_by_id(const struct root_nodes *nodes, uint32_t id);
struct root_node *__wrap_root_nodes_by_id(const struct root_nodes *nodes, uint32_t id);
bool __real_root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above);
bool __wrap_root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above);

static unsigned int looks;

struct root_node *
__wrap_root_nodes_find(const struct root_nodes *nodes, const char *name)
{
	looks++;
	return __real_root_nodes_find(nodes, name);
}

struct root_node *
__wrap_root_nodes_by_id(const struct root_nodes *nodes, uint32_t id)
{
	looks++;
	return __real_root_nodes_by_id(nodes, id);
}

bool
__wrap_root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above)
{
	looks++;
	return __real_root_nodes_is_below(nodes, below, above);
}

static int
setup(void **state)
{
	return scene_setup(state, conferences);
}

static void
say(struct scene *s, const char *child, const uint64_t *streams, size_t count)
{
	static const struct message_value value = {"fraclost", "0.5"};
	struct message message = {.type = MESSAGE_STATS, .time = ++s->sent};
	struct message_container containers[MOST] = {0};
	char error[MESSAGE_ERROR_MAX];

	snprintf(message.from, sizeof(message.from), "%s", child);
	for (size_t i = 0; i < count; i++) {
		containers[i].id = streams[i];
		containers[i].values = &value;
		containers[i].nb_values = 1;
	}
	message.stats.containers = containers;
	message.stats.nb_containers = count;
	assert_true(root_stats_take(&s->root, &message, error));
}

/* Nodes whose share of lost packets is known of a stream. */
static int
known(const struct scene *s, uint64_t stream)
{
	json_t *list = root_stats_show(&s->root), *row;
	json_int_t nodes = 0;
	size_t i;

	json_array_foreach(list, i, row)
	{
		const json_t *conference = json_object_get(row, "conference");

		if (json_integer_value(conference) == message_stream_conference(stream) &&
			json_integer_value(json_object_get(row, "session")) ==
				message_stream_session(stream))
			nodes += json_integer_value(json_object_get(row, "nodes"));
	}
	json_decref(list);
	return (int)nodes;
}

static void
test_carried(void **state)
{
	const uint64_t all[] = {FIRST, SECOND, NONE, 0};
	struct scene *s = *state;

	say(s, "n4", all, 4);
	assert_int_equal(known(s, FIRST), 1);
	assert_int_equal(known(s, SECOND), 0);
	assert_int_equal(known(s, NONE), 0);
	assert_int_equal(known(s, 0), 1);
	/* All others are below it. */
	say(s, "n1", all, 4);
	assert_int_equal(known(s, FIRST), 2);
	assert_int_equal(known(s, SECOND), 1);
	assert_int_equal(known(s, NONE), 0);
	say(s, "n6", all, 4);
	assert_int_equal(known(s, FIRST), 2);
	assert_int_equal(known(s, SECOND), 1);
	assert_true(scene_do(s, "route set 1 1 0 '6 > (2, 3)'"));
	say(s, "n6", all, 4);
	assert_int_equal(known(s, FIRST), 3);
	assert_true(scene_do(s, "remove 1"));
	say(s, "n1", all, 4);
	assert_int_equal(known(s, SECOND), 0);
}

/* However many containers a message has, each session and each node is looked for once. */
static void
test_steps(void **state)
{
	static const char *const children[] = {"n4", "n1", "n6", "n3"};
	uint64_t all[MOST];
	struct scene *s = *state;

	for (size_t i = 0; i < MOST; i++)
		all[i] = i % 2 == 0 ? FIRST : SECOND;
	for (size_t i = 0; i < 4; i++) {
		looks = 0;
		say(s, children[i], all, MOST);
		assert_in_range(looks, 1, 20);
	}
	assert_int_equal(known(s, FIRST), 3);
	assert_int_equal(known(s, SECOND), 2);
	/* What one child's message made known is not another's. */
	say(s, "n4", all, 2);
	assert_int_equal(known(s, SECOND), 2);
}

/* As many children as may be: all is looked at once a second, and the last of it too. */
static void
test_often(void **state)
{
	const uint64_t all[] = {FIRST, SECOND};
	struct scene *s = *state;
	int64_t due = 0;

	root_stats_step(&s->root, root_clock());
	sums = 0;
	for (int i = 0; i < 100; i++) {
		s->clock += 10;
		say(s, "n1", all, 2);
		due = root_stats_step(&s->root, root_clock());
	}
	assert_in_range(sums, 1, 2);
	assert_in_range(due - root_clock(), 1, 1000);
	s->clock = s->clock + due - root_clock();
	sums = 0;
	root_stats_step(&s->root, root_clock());
	assert_int_equal(sums, 1);
	s->clock += 5000;
	root_stats_step(&s->root, root_clock());
	assert_int_equal(sums, 1);
}

static unsigned int
events(const struct scene *s, const char *name)
{
	json_t *list = root_events_last(&s->root.events, 1000), *row;
	unsigned int count = 0;
	size_t i;

	json_array_foreach(list, i, row)
	{
		const char *event = json_string_value(json_object_get(row, "event"));

		count += strcmp(event, name) == 0;
	}
	json_decref(list);
	return count;
}

static enum message_code
say_full(struct scene *s, size_t count)
{
	struct message message = {.type = MESSAGE_FULLSTATS, .from = "n2", .time = ++s->sent};
	struct message_container containers[64] = {0};
	char error[MESSAGE_ERROR_MAX];

	for (size_t i = 0; i < count; i++)
		containers[i].id = message_stream(1, (uint32_t)i + 1);
	message.stats.containers = containers;
	message.stats.nb_containers = count;
	return root_stats_full(&s->root, &message, error);
}

/* Answers come in as many pieces as they like, and no more is told of them than was asked for. */
static void
test_full(void **state)
{
	struct scene *s = *state;
	struct root_node *node = root_nodes_by_id(&s->root.nodes, 2);

	assert_int_equal(say_full(s, 64), MESSAGE_CODE_CONFLICT);
	assert_int_equal(root_stats_ask(&s->root, node, 0), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(say_full(s, 64), 0);
	assert_int_equal(events(s, "fullstats"), 1);
	assert_int_equal(root_stats_ask(&s->root, node, 0), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(say_full(s, 30), 0);
	assert_int_equal(events(s, "fullstats"), 4);
	/* Also where there is nothing in it. */
	assert_int_equal(root_stats_ask(&s->root, node, 0), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(say_full(s, 0), 0);
	assert_int_equal(events(s, "fullstats"), 5);
	/* Many alerts at once, each with its question. */
	for (int i = 0; i < 100; i++)
		assert_int_equal(root_stats_ask(&s->root, node, FIRST), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(say_full(s, 1), 0);
	assert_int_equal(events(s, "fullstats"), 105);
	/* What was not answered in time is asked for no more. */
	assert_int_equal(root_stats_ask(&s->root, node, 0), 0);
	s->clock += 11000;
	assert_int_equal(say_full(s, 1), MESSAGE_CODE_CONFLICT);
	assert_int_equal(root_stats_ask(&s->root, node, FIRST), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(say_full(s, 1), 0);
	assert_int_equal(events(s, "fullstats"), 106);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_carried, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_steps, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_often, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
