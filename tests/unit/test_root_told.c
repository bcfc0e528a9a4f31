/* SPDX-License-Identifier: BSD-3-Clause */
/* What the root cannot tell, or what a node should not have said: all else goes on. */
#include <unistd.h>

#include "root_scene.h"
#include "unit.h"

#define SESSION(id, ends)                                                                          \
	"{ id = " #id                                                                              \
	"; source = 1; destinations = [ 2, 3 ]; ingress = { udp = \"10.1.0.1:500" #id              \
	"\"; }; flows = ( { path = \"4 > (2, 3)\"; } ); " ends " }"
#define BOTH(ends)                                                                                 \
	"conferences = ( { id = 1; sessions = ( " SESSION(1, "") ", " SESSION(2, ends) " ); } );"

static int
setup(void **state)
{
	return scene_setup(state, BOTH(""));
}

/* How often an event was told, and the reason that it gave last. */
static unsigned int
told(const struct scene *s, const char *event, const char **reason)
{
	unsigned int count = 0;

	for (uint64_t i = 0; i < s->root.events.count; i++) {
		const json_t *each = s->root.events.list[i];

		if (strcmp(json_string_value(json_object_get(each, "event")), event) != 0)
			continue;
		count++;
		*reason = json_string_value(json_object_get(each, "reason"));
	}
	return count;
}

/* How many nodes are shown in a state, of a session of conference 1; all must be shown. */
static unsigned int
shown(const struct scene *s, uint32_t session, const char *wanted)
{
	json_t *list = root_install_show(&s->root, root_book_session(&s->root.book, 1, session));
	unsigned int count = 0;
	size_t i;
	json_t *each;

	assert_int_equal(json_array_size(list), 4);
	json_array_foreach(list, i, each)
	{
		const char *is = json_string_value(json_object_get(each, "state"));

		count += strcmp(is, wanted) == 0;
	}
	json_decref(list);
	return count;
}

/* A stream without a conference, or without a session, is none: nobody is told to remove it. */
static void
test_no_stream(void **state)
{
	static const uint64_t streams[] = {5, UINT64_C(5) << 32, 0};
	const struct message_pipeline named[] = {{.conference = 7}, {.session = 7}};
	const struct message_pipelines answer = {.pipelines = named, .nb_pipelines = 2};
	struct scene *s = *state;
	struct root_node *node = root_nodes_by_id(&s->root.nodes, 5);
	uint64_t sent = s->sent;

	root_install_greet(&s->root, node, streams, 3);
	root_install_strays(&s->root, node, &answer);
	assert_int_equal(s->root.installs_gone, 0);
	scene_run(s, 3000);
	assert_int_equal(s->sent, sent);
	scene_check(s);
}

/* A path that is no text: who would need it does not get the session, the root says why, once. */
static void
test_no_text(void **state)
{
	struct scene *s = *state;
	const char *reason = NULL;

	scene_write_config(s, BOTH("egress = ( { node = 3; file = \"/tmp/\xe4\"; } );"));
	assert_true(scene_do(s, "reload"));
	scene_run(s, 3 * ROOT_INSTALL_RETRY_MS);
	/* For node 2 and 4 nothing is another. */
	assert_int_equal(shown(s, 2, "refused"), 2);
	assert_int_equal(shown(s, 2, "defined"), 2);
	assert_int_equal(shown(s, 1, "defined"), 4);
	assert_int_equal(told(s, "refused", &reason), 2);
	assert_string_equal(reason, "pipedef cannot be written: egress file: a text is not UTF-8");
	assert_false(s->root.unsent);
	scene_write_config(s, BOTH("egress = ( { node = 3; file = \"/tmp/a\"; } );"));
	assert_true(scene_do(s, "reload"));
	scene_run(s, 3000);
	assert_int_equal(shown(s, 2, "defined"), 4);
	scene_check(s);
}

/* The same, and it is removed: nobody keeps what it had before. */
static void
test_no_text_removed(void **state)
{
	struct scene *s = *state;

	scene_write_config(s, BOTH("egress = ( { node = 3; file = \"/tmp/\xe4\"; } );"));
	assert_true(scene_do(s, "reload"));
	scene_run(s, 3000);
	assert_true(scene_do(s, "remove 1 2"));
	scene_run(s, 3000);
	assert_int_equal(s->root.installs_gone, 0);
	scene_check(s);
}

#define TEN "aaaaaaaaaa"
#define AE  "\xc3\xa4"

/* A node's reason that is longer than what is kept, and ends there within a character. */
static void
test_long_reason(void **state)
{
	static const char why[] = TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "aaaaaa" AE AE;
	struct scene *s = *state;
	const char *reason = NULL;

	s->strict = false;
	s->nodes[3].refuses = true;
	for (int shift = 0; shift < 2; shift++) {
		s->nodes[3].why = why + shift;
		assert_true(scene_do(s, "leave 1 n3"));
		scene_run(s, 3000);
		assert_true(scene_do(s, "join 1 n3"));
		scene_run(s, 3000);
		assert_int_equal(shown(s, 1, "refused"), 1);
		assert_int_equal(told(s, "refused", &reason), 2 * (unsigned int)shift + 2);
		assert_non_null(reason);
		assert_int_equal(strlen(reason), shift == 0 ? 126 : 127);
	}
}

/* A conference from a file of any name is shown. */
static void
test_origin(void **state)
{
	struct scene *s = *state;
	char more[256];
	json_t *list;

	scene_write(s, "\xe4.cfg", BOTH("payload = 500;"));
	snprintf(more, sizeof(more), "conference_files = [ \"%s/\xe4.cfg\" ];", s->directory);
	scene_write_config(s, more);
	assert_true(scene_do(s, "reload"));
	list = root_show_conferences(&s->root);
	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	snprintf(more, sizeof(more), "%s/\xe4.cfg", s->directory);
	assert_int_equal(unlink(more), 0);
}

/* The first hop of the session's route at its source. */
static uint32_t
first_hop(struct scene *s)
{
	return scene_find(s, 1, 1, 1)->trees[0].node[0].id;
}

/* A source waits for a node of its new route that has no room to be told of it; not for ever. */
static void
test_no_room(void **state)
{
	struct scene *s = *state;

	s->nodes[5].full = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, 5000);
	assert_null(scene_find(s, 5, 1, 1));
	assert_int_equal(first_hop(s), 4);
	s->nodes[5].full = false;
	scene_run(s, 3000);
	assert_int_equal(first_hop(s), 5);
	scene_check(s);
	/* The source has none: who is on the route still keeps the session. */
	s->nodes[1].full = true;
	assert_true(scene_do(s, "route set 1 1 0 '6 > (2, 3)'"));
	scene_run(s, 5000);
	assert_int_equal(first_hop(s), 5);
	assert_non_null(scene_find(s, 5, 1, 1));
	s->nodes[1].full = false;
	scene_run(s, 3000);
	scene_check(s);
	s->strict = false;
	s->nodes[5].full = true;
	assert_true(scene_do(s, "route set 1 1 0 '5 > (2, 3)'"));
	scene_run(s, ROOT_INSTALL_ROOM_MS - 500);
	assert_int_equal(first_hop(s), 6);
	scene_run(s, 1000);
	assert_int_equal(first_hop(s), 5);
	s->nodes[5].full = false;
	scene_run(s, 3000);
	scene_check(s);
}

/* Places are told as there is room, also after the root was away. */
static void
test_no_room_places(void **state)
{
	struct scene *s = *state;

	s->placed = 0;
	s->nodes[2].full = s->nodes[3].full = true;
	s->more_nodes = ", { name = \"r1\"; role = \"relay\"; parent = \"n1\"; }";
	scene_write_config(s, BOTH(""));
	assert_true(scene_do(s, "reload"));
	scene_run(s, 3000);
	assert_int_equal(s->placed, SCENE_NODES - 2);
	assert_true(s->root.places_due);
	/* One of them is gone meanwhile. */
	scene_cut(s, 3);
	s->nodes[2].full = s->nodes[3].full = false;
	scene_run(s, 3000);
	assert_int_equal(s->placed, SCENE_NODES - 1);
	assert_false(s->root.places_due);
	scene_connect(s, 3);
	scene_run(s, 3000);
	assert_int_equal(s->placed, SCENE_NODES);
	/* Nobody says hello. */
	s->nodes[4].full = true;
	for (uint32_t n = 1; n <= SCENE_NODES; n++)
		scene_back(s, n);
	scene_run(s, 3000);
	assert_int_equal(s->placed, 2 * SCENE_NODES - 1);
	s->nodes[4].full = false;
	scene_run(s, 3000);
	assert_int_equal(s->placed, 2 * SCENE_NODES);
	scene_check(s);
}

/*
 * A relay that did not say hello to this program, whose database has not where its children
 * connect, is asked to; also where that cannot be sent at first.
 */
static void
test_asked_for_hello(void **state)
{
	struct scene *s = *state;
	struct root_node *relay = root_nodes_by_id(&s->root.nodes, 4);

	relay->hellos = 0;
	s->nodes[4].stays = true;
	scene_back(s, 4);
	scene_run(s, 3000);
	assert_int_equal(s->nodes[4].redirects, 0);
	s->nodes[4].stays = false;
	scene_run(s, 3000);
	assert_int_equal(s->nodes[4].redirects, 1);
	scene_run(s, 3000);
	assert_int_equal(s->nodes[4].redirects, 1);
	/* One that did is not. */
	scene_back(s, 3);
	scene_run(s, 3000);
	assert_int_equal(s->nodes[3].redirects, 0);
	scene_check(s);
}

/* The mode of forwarding, read again: all nodes are told, though the topology is the same. */
static void
test_forwarding(void **state)
{
	struct scene *s = *state;
	const char *reason;

	s->placed = s->open = 0;
	s->settings = "forwarding = \"open\";";
	scene_write_config(s, BOTH(""));
	assert_true(scene_do(s, "reload"));
	scene_run(s, 3000);
	assert_int_equal(s->placed, SCENE_NODES);
	assert_int_equal(s->open, SCENE_NODES);
	assert_int_equal(told(s, "topology", &reason), 0);
	/* Nothing has changed: nobody is told anything. */
	assert_true(scene_do(s, "reload"));
	scene_run(s, 3000);
	assert_int_equal(s->placed, SCENE_NODES);
	s->settings = NULL;
	scene_write_config(s, BOTH(""));
	assert_true(scene_do(s, "reload"));
	scene_run(s, 3000);
	assert_int_equal(s->placed, 2 * SCENE_NODES);
	assert_int_equal(s->open, SCENE_NODES);
	scene_check(s);
}

/* What is to become of TCP in JSON holds for the files that are read with it. */
static void
test_tcp(void **state)
{
	static const char json[] =
		"{ \"ConferenceList\": [ { \"ConferenceID\": 9, \"SessionList\": [ { "
		"\"SessionID\": 1, \"Protocol\": TCP, \"SrcNode\": 1, \"DstNodes\": [3], "
		"\"AverageRate\": 100, \"MaxBurstSize\": 100, \"RoutingList\": [ { "
		"\"FlowWeight\": 1, \"PathList\": [\"4>3\"] } ] } ] } ] }";
	struct scene *s = *state;
	char more[256];

	scene_write(s, "a.json", json);
	snprintf(more, sizeof(more), "conference_files = [ \"%s/a.json\" ];", s->directory);
	scene_write_config(s, more);
	assert_false(scene_do(s, "reload"));
	s->settings = "tcp = \"udp\";";
	scene_write_config(s, more);
	assert_true(scene_do(s, "reload"));
	assert_non_null(root_book_session(&s->root.book, 9, 1));
	s->settings = NULL;
	scene_write_config(s, more);
	assert_false(scene_do(s, "reload"));
	snprintf(more, sizeof(more), "%s/a.json", s->directory);
	assert_int_equal(unlink(more), 0);
}

/* One that says hello all the time is answered now and then, and has all in the end. */
static void
test_hellos(void **state)
{
	struct scene *s = *state;
	struct root_node *node = root_nodes_by_id(&s->root.nodes, 3);

	s->strict = false;
	s->placed = 0;
	for (unsigned int i = 0; i < 200; i++) {
		s->nodes[3].nb_sessions = 0;
		scene_connect(s, 3);
		scene_run(s, 5);
	}
	assert_in_range(s->placed, 16, 20);
	scene_run(s, 3000);
	assert_true(node->greeted);
	scene_check(s);
	/* It comes, and goes, as others do, after a while. */
	scene_run(s, 10000);
	s->placed = 0;
	scene_restart(s, 3);
	assert_true(node->greeted);
	scene_run(s, 100);
	assert_int_equal(s->placed, 1);
	scene_run(s, 3000);
	scene_check(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_stream, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_text, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_text_removed, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_long_reason, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_origin, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_no_room_places, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_asked_for_hello, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_forwarding, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_tcp, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_hellos, setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
