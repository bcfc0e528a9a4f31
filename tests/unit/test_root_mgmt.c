/* SPDX-License-Identifier: BSD-3-Clause */
/* What the root program does with each message of a node, and what it says then. */
#include <errno.h>
#include <time.h>

#include "root_mgmt_scene.h"

/* The last event's text of a key; "" if it is of another kind. */
static const char *
last_event(const char *kind, const char *key)
{
	const json_t *event = root.events.list[(root.events.count - 1) % ROOT_EVENTS_MAX];
	const char *text = json_string_value(json_object_get(event, key));

	if (strcmp(json_string_value(json_object_get(event, "event")), kind) != 0 || text == NULL)
		return "";
	return text;
}

static json_int_t
last_number(const char *key)
{
	return json_integer_value(
		json_object_get(root.events.list[(root.events.count - 1) % ROOT_EVENTS_MAX], key));
}

static void
test_settings(void **state)
{
	(void)state;
	assert_string_equal(settings.name, "^");
	assert_int_equal(settings.ping, 1234);
	assert_int_equal(settings.dead, 5678);
	assert_true(settings.plain);
	assert_int_equal(settings.listen.ss_family, AF_INET);
	assert_int_equal(settings.root.ss_family, 0);
}

static void
check_talk(const struct message_conference *talk, size_t participants)
{
	assert_int_equal(talk->id, 1);
	assert_string_equal(talk->name, "talk");
	assert_int_equal(talk->start, UINT64_C(1000000000000));
	assert_int_equal(talk->end, UINT64_C(2000000000000));
	assert_int_equal(talk->sessions, 1);
	assert_int_equal(talk->nb_participants, participants);
	assert_string_equal(talk->participants[participants - 1], "n3");
}

static void
test_conflist(void **state)
{
	struct message question = {.type = MESSAGE_CONFLIST};

	(void)state;
	assert_int_equal(hear("n3", &question), 0);
	assert_non_null(answer);
	assert_true(answer->conflist.answer);
	assert_string_equal(answer->to, "n3");
	assert_int_equal(answer->conflist.nb_conferences, 2);
	check_talk(&answer->conflist.conferences[0], 2);
	assert_string_equal(answer->conflist.conferences[0].participants[0], "n2");
	assert_int_equal(answer->conflist.conferences[1].end, 0);
	/* An answer is none to be answered. */
	question.conflist.answer = true;
	assert_int_equal(hear("n3", &question), 0);
	assert_null(answer);
	/* Whoever asks for more than a message holds is told so. */
	question.conflist.answer = false;
	answer_fails = -EMSGSIZE;
	assert_int_equal(hear("n3", &question), MESSAGE_CODE_LARGE);
	answer_fails = -ENOTCONN;
	assert_int_equal(hear("n3", &question), 0);
	answer_fails = 0;
	assert_int_equal(hear("stranger", &question), MESSAGE_CODE_UNKNOWN);
	assert_null(answer);
}

static uint32_t
attend(enum message_type type, const char *from, uint32_t conference, const char *node)
{
	struct message wish = {.type = type, .attend = {conference, node}};

	return hear(from, &wish);
}

static void
test_attend(void **state)
{
	(void)state;
	assert_int_equal(attend(MESSAGE_LEAVE, "n2", 1, NULL), 0);
	assert_int_equal(answer->conflist.nb_conferences, 1);
	check_talk(&answer->conflist.conferences[0], 1);
	assert_string_equal(last_event("left", "node"), "n2");
	/* For one below; not for one that is not. */
	assert_int_equal(attend(MESSAGE_LEAVE, "n2", 1, "n3"), 0);
	assert_string_equal(last_event("left", "node"), "n3");
	assert_int_equal(attend(MESSAGE_JOIN, "n3", 1, "n2"), MESSAGE_CODE_FORBIDDEN);
	assert_int_equal(attend(MESSAGE_JOIN, "n3", 1, "n9"), MESSAGE_CODE_FORBIDDEN);
	assert_int_equal(attend(MESSAGE_JOIN, "n3", 9, NULL), MESSAGE_CODE_UNKNOWN);
	assert_int_equal(attend(MESSAGE_JOIN, "stranger", 1, NULL), MESSAGE_CODE_UNKNOWN);
	assert_null(answer);
	assert_int_equal(attend(MESSAGE_JOIN, "n3", 1, "n3"), 0);
	assert_string_equal(last_event("joined", "node"), "n3");
	check_talk(&answer->conflist.conferences[0], 1);
}

/* Each change is a write, and 16 may be within 10 s. What changes nothing is none. */
static void
test_attend_often(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		assert_int_equal(attend(i % 2 ? MESSAGE_JOIN : MESSAGE_LEAVE, "n3", 1, NULL), 0);
		assert_int_equal(attend(i % 2 ? MESSAGE_JOIN : MESSAGE_LEAVE, "n3", 1, NULL),
			i < 15 ? 0 : MESSAGE_CODE_BUSY);
	}
	assert_int_equal(attend(MESSAGE_LEAVE, "n3", 1, NULL), MESSAGE_CODE_BUSY);
	assert_int_equal(attend(MESSAGE_LEAVE, "n2", 1, "n3"), MESSAGE_CODE_BUSY);
	assert_int_equal(attend(MESSAGE_LEAVE, "n2", 1, NULL), 0);
	clock_now += 9999;
	assert_int_equal(attend(MESSAGE_LEAVE, "n3", 1, NULL), MESSAGE_CODE_BUSY);
	clock_now += 1;
	assert_int_equal(attend(MESSAGE_LEAVE, "n3", 1, NULL), 0);
}

static uint32_t
congest(const char *from, const char *node, uint32_t session)
{
	struct message message = {.type = MESSAGE_CONGESTION};

	message.congestion = (struct message_congestion){.node = node,
		.peer = 3,
		.conference = 1,
		.session = session,
		.queue_packets = 7,
		.queue_bytes = 8,
		.drops = 9,
		.utc = 10};
	nb_told = 0;
	return hear(from, &message);
}

/* All on the way but the one that said it; few a second, and how many more there were. */
static void
test_congestion(void **state)
{
	uint64_t events;

	(void)state;
	assert_int_equal(congest("n3", NULL, 1), 0);
	assert_int_equal(nb_told, 1);
	assert_string_equal(told[0], "n2");
	assert_string_equal(passed_node, "n3");
	assert_int_equal(passed.peer, 3);
	assert_int_equal(passed.drops, 9);
	assert_string_equal(last_event("congestion", "node"), "n3");
	assert_int_equal(last_number("queue_packets"), 7);
	assert_int_equal(last_number("queue_bytes"), 8);
	assert_int_equal(last_number("drops"), 9);
	assert_int_equal(last_number("told"), 1);
	assert_int_equal(last_number("untold"), 0);
	events = root.events.count;
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(congest("n3", "n3", 1), 0);
	assert_int_equal(root.events.count, events + 3);
	clock_now += 1000;
	assert_int_equal(congest("n3", "n3", 1), 0);
	assert_int_equal(nb_told, 1);
	assert_int_equal(last_number("untold"), 7);
	assert_int_equal(congest("n3", "n3", 1), 0);
	assert_int_equal(last_number("untold"), 0);
	/* Of itself, of a session that there is, and that it has. */
	assert_int_equal(congest("n3", "n2", 1), MESSAGE_CODE_FORBIDDEN);
	assert_int_equal(congest("n3", NULL, 2), MESSAGE_CODE_FORBIDDEN);
	assert_int_equal(congest("n4", NULL, 1), MESSAGE_CODE_FORBIDDEN);
	assert_int_equal(congest("stranger", NULL, 1), MESSAGE_CODE_UNKNOWN);
	assert_int_equal(nb_told, 0);
}

static void
test_bye(void **state)
{
	struct message bye = {.type = MESSAGE_BYE, .reason = {"it is told to end"}};
	const struct root_node *node = root_nodes_find(&root.nodes, "n4");

	(void)state;
	assert_int_equal(hear("n4", &bye), 0);
	assert_false(node->up);
	assert_string_equal(last_event("node_away", "why"), "it is told to end");
	bye.reason.text = NULL;
	assert_int_equal(hear("n3", &bye), 0);
	assert_string_equal(last_event("node_away", "why"), "it said bye");
	assert_int_equal(hear("stranger", &bye), 0);
}

static void
test_error(void **state)
{
	struct message error = {.type = MESSAGE_ERROR,
		.error = {.code = 422, .text = "why", .request = {1, "kill"}}};
	uint64_t events;

	(void)state;
	assert_int_equal(hear("n3", &error), 0);
	assert_string_equal(last_event("node_error", "node"), "n3");
	assert_string_equal(last_event("node_error", "request"), "kill");
	assert_string_equal(last_event("node_error", "reason"), "why");
	assert_int_equal(last_number("code"), 422);
	events = root.events.count;
	assert_int_equal(hear("stranger", &error), 0);
	assert_int_equal(root.events.count, events);
}

static void
test_hello(void **state)
{
	struct message hello = {.type = MESSAGE_HELLO};
	const struct root_node *node = root_nodes_find(&root.nodes, "n4");

	(void)state;
	hello.info.name = "n4";
	hello.info.capacity = 5000000;
	hello.info.client = (struct message_end){"10.0.0.4", 1000};
	hello.info.server = (struct message_end){"10.0.0.5", 2000};
	clock_now += 5;
	assert_int_equal(hear_via("n4", "n1", &hello), 0);
	assert_int_equal(node->hellos, 1);
	assert_int_equal(node->said_hello, clock_now);
	assert_int_equal(node->first, 1);
	assert_int_equal(node->capacity, 5000000);
	assert_string_equal(node->client, "10.0.0.4");
	assert_int_equal(node->client_port, 1000);
	assert_string_equal(node->server, "10.0.0.5");
	assert_int_equal(node->server_port, 2000);
	assert_true(node->greeted);
	assert_int_equal(hear_via("n4", "n4", &hello), 0);
	assert_string_equal(node->parent, ROOT_SELF);
	assert_int_equal(node->first, 4);
	/* One that the topology has not is told so. */
	hello.info.name = "stranger";
	assert_int_equal(hear_via("stranger", "stranger", &hello), MESSAGE_CODE_UNKNOWN);
}

static void
test_figures(void **state)
{
	static const struct message_loss many[CONFIG_PEERS_MAX + 1];
	struct message stats = {.type = MESSAGE_STATS}, full = {.type = MESSAGE_FULLSTATS};
	struct message losses = {.type = MESSAGE_LINKLOSS, .links = {.to = many, .nb_to = 1}};

	(void)state;
	assert_int_equal(hear_via("n1", "n1", &stats), 0);
	assert_int_equal(hear_via("n3", "n1", &stats), MESSAGE_CODE_CONFLICT);
	assert_int_equal(hear_via("stranger", "stranger", &stats), MESSAGE_CODE_UNKNOWN);
	assert_int_equal(hear("n3", &full), MESSAGE_CODE_CONFLICT);
	assert_int_equal(hear("n3", &losses), 0);
	assert_int_equal(root.losses.count, 1);
	assert_int_equal(hear("stranger", &losses), 0);
	assert_int_equal(root.losses.count, 1);
	losses.links.nb_to = CONFIG_PEERS_MAX + 1;
	assert_int_equal(hear("n3", &losses), MESSAGE_CODE_INVALID);
}

/* Whose connection ended, and why, is what is told of it. */
static void
test_ends(void **state)
{
	const struct root_node *node = root_nodes_find(&root.nodes, "n1");

	(void)state;
	root.listed_due = root.woken = false;
	ops->event(&root, MGMT_CHILD_UP, "n1", NULL);
	assert_true(root.listed_due);
	assert_int_equal(node->cut, 0);
	root.listed_due = root.woken = false;
	ops->event(&root, MGMT_CHILD_ROOM, "n1", NULL);
	assert_true(root.woken);
	assert_false(root.listed_due);
	ops->event(&root, MGMT_CHILD_DOWN, "n1", "nothing came");
	assert_true(root.listed_due);
	assert_int_equal(node->cut, clock_now);
	assert_string_equal(node->why, "nothing came");
}

static bool time_stands;

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	if (!time_stands)
		return __real_clock_gettime(clock, time);
	*time = (struct timespec){1000000000, 4005999};
	return 0;
}

/* To the microsecond, in UTC. */
static void
test_time(void **state)
{
	struct message bye = {.type = MESSAGE_BYE};

	(void)state;
	time_stands = true;
	hear("n4", &bye);
	time_stands = false;
	assert_string_equal(last_event("node_away", "time"), "2001-09-09T01:46:40.004005Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflist, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attend, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attend_often, setup, teardown),
		cmocka_unit_test_setup_teardown(test_congestion, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bye, setup, teardown),
		cmocka_unit_test_setup_teardown(test_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hello, setup, teardown),
		cmocka_unit_test_setup_teardown(test_figures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
