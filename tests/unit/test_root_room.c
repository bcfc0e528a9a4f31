/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root program, its sockets included, and many nodes below one relay: more is to be told at
 * once than may wait for a connection. All of it arrives, and no connection ends.
 */
#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>

#include "mgmt.h"
#include "root.h"
#include "unit.h"

#define LEAVES	 86 /* a source and its destinations */
#define SESSIONS 8
#define FIRST	 2 /* NodeID of the first leaf; the relay is 1 */

static struct root root;
static char directory[64], path[96];
static struct event_base *base;

static struct node {
	struct mgmt *mgmt;
	char name[8];
	bool has[SESSIONS];
} relay, leaves[LEAVES];

/* --- what root_loop.c is to the rest of the root ------------------------------------------- */

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
root_now(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t
root_clock(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

void
root_wake(struct root *r)
{
	r->woken = true;
	event_active(r->tick, EV_TIMEOUT, 0);
}

void
root_fail(struct root *r)
{
	(void)r;
	fail();
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval again = {.tv_usec = 100000};

	(void)fd;
	(void)what;
	(void)arg;
	root_book_tick(&root.book, root_now());
	root_listed_step(&root, root_clock());
	root_places_step(&root, root_clock());
	root_install_step(&root, root_clock());
	event_add(root.tick, &again);
}

/* --- nodes --------------------------------------------------------------------------------- */

static void
on_pipedef(void *ctx, const struct message *message, const char *via)
{
	struct message_pipeline named = {.conference = message->pipeline.conference,
		.session = message->pipeline.session,
		.state = "defined"};
	struct message answer = {.type = MESSAGE_PIPEDEFINFO};
	struct node *node = ctx;

	(void)via;
	node->has[named.session - 1] = true;
	answer.pipelines.pipelines = &named;
	answer.pipelines.nb_pipelines = 1;
	assert_int_equal(mgmt_answer(node->mgmt, message, &answer), 0);
}

/* What it has: nothing, as after a start. */
static void
on_question(void *ctx, const struct message *message, const char *via)
{
	struct message answer = {.type = MESSAGE_PIPEDEFINFO};

	(void)via;
	assert_int_equal(mgmt_answer(((struct node *)ctx)->mgmt, message, &answer), 0);
}

static const struct mgmt_ops ops = {
	.handlers = {[MESSAGE_PIPEDEF] = on_pipedef, [MESSAGE_PIPEDEFINFO] = on_question},
};

static void
start(struct node *node, uint32_t id, uint16_t root_port)
{
	struct mgmt_settings settings = {.name = node->name, .plain = true};
	struct sockaddr_in *to = (struct sockaddr_in *)&settings.root;
	struct sockaddr_in *listen = (struct sockaddr_in *)&settings.listen;
	char error[256];

	memset(node, 0, sizeof(*node));
	snprintf(node->name, sizeof(node->name), "n%u", id);
	to->sin_family = AF_INET;
	to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to->sin_port = htons(root_port);
	if (id < FIRST) {
		listen->sin_family = AF_INET;
		listen->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	node->mgmt = mgmt_new(base, &settings, &ops, node, error, sizeof(error));
	if (node->mgmt == NULL)
		fail_msg("%s", error);
}

/* Turns the loop until a condition holds. False: it does not, in all of 30 s or FERRY_PATIENCE. */
static bool
turn(bool (*condition)(void))
{
	const struct timeval step = {.tv_usec = 2000};
	time_t limit = time(NULL) + (time_t)(30 * unit_patience());

	while (!condition()) {
		if (time(NULL) > limit)
			return false;
		event_base_loopexit(base, &step);
		event_base_loop(base, EVLOOP_ONCE);
	}
	return true;
}

static bool
all_placed(void)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < root.nodes.count; i++)
		count += root.nodes.list[i]->greeted &&
			 strcmp(root.nodes.list[i]->parent, i == 0 ? ROOT_SELF : relay.name) == 0;
	return count == LEAVES + 1;
}

static bool
all_defined(void)
{
	uint32_t count = 0;

	for (const struct root_install *each = root.installs; each != NULL; each = each->next) {
		for (uint32_t i = 0; i < each->count; i++)
			count += each->copies[i]->sent != 0 && !each->copies[i]->asked &&
				 !each->copies[i]->failed;
	}
	return count == SESSIONS * LEAVES;
}

/* --- a scene ------------------------------------------------------------------------------- */

static uint16_t
free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static FILE *
open_file(const char *name)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	return file;
}

static void
write_topology(uint16_t port)
{
	FILE *out = open_file("root.cfg");

	fprintf(out,
		"root = { listen = \"127.0.0.1:%u\"; plain = true; store = \"%s/root.db\"; };\n"
		"nodes = ( { name = \"n1\"; id = 1; role = \"root\"; parent = \"^\"; },\n"
		"{ name = \"n2\"; id = 2; role = \"leaf\"; parent = \"n1\"; peers = (",
		port, directory);
	for (uint32_t id = FIRST + 1; id < FIRST + LEAVES; id++)
		fprintf(out, "%s { node = \"n%u\"; address = \"10.0.0.%u\"; }",
			id > FIRST + 1 ? "," : "", id, id);
	fprintf(out, " ); }");
	for (uint32_t id = FIRST + 1; id < FIRST + LEAVES; id++)
		fprintf(out,
			",\n{ name = \"n%u\"; id = %u; role = \"leaf\"; parent = \"n1\"; peers = ( "
			"{ node = \"n2\"; address = \"10.0.0.2\"; } ); }",
			id, id);
	fprintf(out, " );\n");
	assert_int_equal(fclose(out), 0);
}

/* All destinations, each between two texts. */
static void
write_list(FILE *out, const char *before, const char *behind, const char *after)
{
	for (uint32_t id = FIRST + 1; id < FIRST + LEAVES; id++) {
		fprintf(out, "%s%s%u%s", id > FIRST + 1 ? ", " : "", before, id, behind);
	}
	fprintf(out, "%s", after);
}

/* Each session from one to all others, each of which writes what it gets to a file. */
static void
write_conference(void)
{
	FILE *out = open_file("a.cfg");

	fprintf(out, "conferences = ( { id = 1; sessions = (");
	for (unsigned int i = 1; i <= SESSIONS; i++) {
		fprintf(out,
			"%s{ id = %u; source = 2; ingress = { udp = \"10.1.0.1:%u\"; };\n"
			"flows = ( { path = \"(",
			i > 1 ? ",\n" : "", i, 5000 + i);
		write_list(out, "", "", ")\"; } );\ndestinations = [ ");
		write_list(out, "", "", " ];\negress = ( ");
		write_list(out, "{ node = ",
			"; file = \"/var/lib/an-application/with/rather/long/names/of/files\"; }",
			" ); }");
	}
	fprintf(out, " ); } );\n");
	assert_int_equal(fclose(out), 0);
}

static int
setup(void **state)
{
	struct config_errors errs = {0};
	uint16_t port = free_port();

	(void)state;
	strcpy(directory, "/tmp/ferry_room_XXXXXX");
	assert_non_null(mkdtemp(directory));
	write_topology(port);
	root = (struct root){.config_path = path, .config = root_config_load(path, &errs)};
	config_errors_print(&errs, stderr);
	assert_non_null(root.config);
	base = root.base = event_base_new();
	root.tick = evtimer_new(base, on_tick, NULL);
	assert_int_equal(root_store_boot(&root), 0);
	assert_int_equal(root_stats_begin(&root), 0);
	assert_int_equal(root_load(&root), 0);
	assert_int_equal(root_mgmt_open(&root), 0);
	start(&relay, 1, port);
	for (uint32_t i = 0; i < LEAVES; i++)
		start(&leaves[i], FIRST + i, port);
	root_wake(&root);
	return turn(all_placed) ? 0 : -1;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"root.db", "root.db-wal", "root.cfg", "a.cfg"};

	(void)state;
	for (uint32_t i = 0; i < LEAVES; i++)
		mgmt_free(leaves[i].mgmt);
	mgmt_free(relay.mgmt);
	root_mgmt_close(&root);
	root_unload(&root);
	root_stats_end(&root);
	root_store_undo(&root);
	root_forget_events(&root);
	root_config_free(root.config);
	event_free(root.tick);
	mgmt_loop_free(base);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	return rmdir(directory);
}

static void
test_many(void **state)
{
	uint64_t connected = mgmt_counters(root.mgmt)->connected;
	uint64_t bytes = mgmt_counters(relay.mgmt)->bytes_in;
	char line[160];
	json_t *reply;
	bool follow;

	(void)state;
	write_conference();
	snprintf(line, sizeof(line), "{\"command\":[\"add\",\"%s/a.cfg\"]}", directory);
	reply = root_execute_line(&root, line, strlen(line), &follow);
	assert_true(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	assert_true(turn(all_defined));
	for (uint32_t i = 0; i < LEAVES; i++) {
		for (unsigned int j = 0; j < SESSIONS; j++)
			assert_true(leaves[i].has[j]);
	}
	assert_true(mgmt_counters(relay.mgmt)->bytes_in - bytes > 6 * 1048576);
	assert_int_equal(mgmt_counters(root.mgmt)->connected, connected);
	assert_int_equal(mgmt_counters(root.mgmt)->stuck, 0);
	assert_int_equal(mgmt_counters(root.mgmt)->full, 0);
	assert_int_equal(mgmt_counters(relay.mgmt)->stuck, 0);
	assert_int_equal(mgmt_counters(relay.mgmt)->full, 0);
}

/* The root is away for a moment: it tells all of it again, and nothing else happens. */
static void
test_again(void **state)
{
	test_many(state);
	root_mgmt_close(&root);
	for (uint32_t i = 0; i < root.nodes.count; i++)
		root_node_away(&root, root.nodes.list[i], "the root was away");
	assert_false(all_defined());
	assert_int_equal(root_mgmt_open(&root), 0);
	assert_true(turn(all_placed));
	assert_true(turn(all_defined));
	assert_int_equal(mgmt_counters(root.mgmt)->connected, 1);
	assert_int_equal(mgmt_counters(root.mgmt)->stuck, 0);
	assert_int_equal(mgmt_counters(root.mgmt)->full, 0);
	assert_int_equal(mgmt_counters(relay.mgmt)->stuck, 0);
	assert_int_equal(mgmt_counters(relay.mgmt)->full, 0);
}

static uint32_t hellos;

static bool
hello_came(void)
{
	return root.nodes.list[1]->hellos > hellos;
}

/* What is no address is not taken for one, and whoever says it stays to be seen. */
static void
test_hosts(void **state)
{
	static const char *const hosts[] = {"localhost", "10.0.0.256", "\xc3\xa4",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4",
		"fd00::1"};
	const struct root_node *node = root.nodes.list[1];

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct message hello = {.type = MESSAGE_HELLO, .to = MESSAGE_ROOT};
		const char *taken = i == 4 ? hosts[i] : "";
		json_t *list;

		hellos = node->hellos;
		hello.info.name = leaves[0].name;
		hello.info.server = hello.info.client = (struct message_end){hosts[i], 9};
		assert_int_equal(mgmt_send(leaves[0].mgmt, &hello), 0);
		assert_true(turn(hello_came));
		assert_string_equal(node->server, taken);
		assert_string_equal(node->client, taken);
		list = root_show_nodes(&root);
		assert_int_equal(json_array_size(list), LEAVES + 1);
		json_decref(list);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hosts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
