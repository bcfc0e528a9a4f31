/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "config_private.h"
#include "path_text.h"
#include "root_book.h"
#include "root_plan.h"
#include "unit.h"

#define UDP(port) "ingress = { udp = \"10.1.0.1:" #port "\"; };"
#define INGRESS	  UDP(5004)
#define NOW	  INT64_C(1700000000000)

static char directory[64], path[96];

struct fixture {
	struct root_book book;
	unsigned int changed, gone;
	uint32_t gone_id;
};

static void
on_changed(void *ctx, struct root_session *session)
{
	(void)session;
	((struct fixture *)ctx)->changed++;
}

static void
on_gone(void *ctx, struct root_session *session)
{
	struct fixture *f = ctx;

	f->gone++;
	f->gone_id = session->config->id;
}

/* Node 99 is none. */
static void
on_check(void *ctx, const struct config *file, struct config_errors *errs)
{
	(void)ctx;
	for (uint32_t i = 0; i < file->conference_count; i++) {
		for (uint32_t j = 0; j < file->conferences[i].session_count; j++) {
			const struct config_session *session = &file->conferences[i].sessions[j];

			if (session->source == 99)
				config_errors_add(errs, &session->where, "node 99 is none");
		}
	}
}

static void
open_book(struct fixture *f)
{
	char error[ROOT_ERROR_MAX];

	memset(f, 0, sizeof(*f));
	f->book.store = root_store_open(path, error, sizeof(error));
	assert_non_null(f->book.store);
	f->book.check = on_check;
	f->book.changed = on_changed;
	f->book.gone = on_gone;
	f->book.ctx = f;
	if (root_book_load(&f->book, error) != 0)
		fail_msg("%s", error);
}

static void
close_book(struct fixture *f)
{
	root_store_close(f->book.store);
	root_book_free(&f->book);
}

static int
setup(void **state)
{
	static struct fixture f;

	strcpy(directory, "/tmp/ferry_book_XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/root.db", directory);
	open_book(&f);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	char name[128];

	close_book(*state);
	unlink(path);
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	return rmdir(directory);
}

static int
add(struct fixture *f, const char *text, bool replace, char *error)
{
	struct config_errors errs = {0};
	struct config *file = config_load_conferences_string("f.cfg", text, strlen(text), &errs);
	int ret;

	config_errors_print(&errs, stderr);
	assert_non_null(file);
	ret = root_book_add(&f->book, file, "f.cfg", replace, NOW, &errs, error);
	config_free(file);
	config_errors_free(&errs);
	return ret;
}

/* Two conferences of which the second has times. */
static const char two[] =
	"conferences = ( { id = 5; name = \"five\"; sessions = (\n"
	"{ id = 1; source = 1; destinations = [ 2, 3 ]; " INGRESS
	"  flows = ( { path = \"4 > (2, 3)\"; weight = 3; }, { path = \"(2* > 3)\"; } ); },\n"
	"{ id = 2; source = 2; destinations = [ 1 ]; " INGRESS " start = false;\n"
	"  flows = ( { path = \"1\"; } ); } ); },\n"
	"{ id = 3; starts = \"2023-11-14 22:13:30 UTC\"; ends = \"2023-11-14 22:13:40 UTC\";\n"
	"  participants = [ 1, 2, 3 ]; sessions = ( { id = 1; source = 1; destinations = [ 2 "
	"]; " UDP(5006) " flows = ( { path = \"2\"; } ); } ); } );\n";

static void
assert_state(struct fixture *f, uint32_t conference, uint32_t session, enum root_state state)
{
	const struct root_session *found = root_book_session(&f->book, conference, session);

	assert_non_null(found);
	assert_string_equal(root_state_name(found->state), root_state_name(state));
}

static void
test_add(void **state)
{
	struct fixture *f = *state;
	char error[ROOT_ERROR_MAX] = "";

	assert_int_equal(add(f, two, false, error), 0);
	assert_int_equal(f->changed, 3);
	assert_int_equal(f->book.count, 2);
	assert_int_equal(f->book.conferences[0]->config->id, 3);
	assert_state(f, 5, 1, ROOT_RUNNING);
	assert_state(f, 5, 2, ROOT_STOPPED);
	assert_state(f, 3, 1, ROOT_WAITING);
	assert_int_equal(add(f, two, false, error), -1);
	assert_non_null(strstr(error, "conference 5 is there already"));
	/* Refused whole. */
	assert_int_equal(
		add(f,
			"conferences = ( { id = 8; sessions = (); },\n{ id = 9; sessions = "
			"( {\n id = 1; source = 99; destinations = [ 2 ]; " INGRESS
			" flows = ( { path = \"2\"; } ); } ); } );",
			false, error),
		-1);
	assert_string_equal(error, "f.cfg:2: node 99 is none");
	assert_int_equal(f->book.count, 2);
	close_book(f);
	open_book(f);
	assert_int_equal(f->book.count, 2);
	assert_string_equal(f->book.conferences[1]->config->name, "five");
	assert_string_equal(f->book.conferences[1]->origin, "f.cfg");
	assert_state(f, 5, 1, ROOT_RUNNING);
	assert_state(f, 5, 2, ROOT_STOPPED);
	assert_state(f, 3, 1, ROOT_WAITING);
}

static void
test_times(void **state)
{
	struct fixture *f = *state;
	char error[ROOT_ERROR_MAX];
	bool changed;

	add(f, two, false, error);
	assert_int_equal(root_book_tick(&f->book, NOW), NOW + 10000);
	assert_state(f, 3, 1, ROOT_WAITING);
	f->changed = 0;
	assert_int_equal(root_book_tick(&f->book, NOW + 10000), NOW + 20000);
	assert_state(f, 3, 1, ROOT_RUNNING);
	assert_int_equal(f->changed, 1);
	/* Started once it is, it is so after a restart too. */
	close_book(f);
	open_book(f);
	assert_state(f, 3, 1, ROOT_RUNNING);
	assert_int_equal(root_book_run(&f->book, root_book_session(&f->book, 3, 1), false,
				 NOW + 11000, &changed, error),
		0);
	assert_true(changed);
	assert_int_equal(root_book_tick(&f->book, NOW + 12000), NOW + 20000);
	assert_state(f, 3, 1, ROOT_STOPPED);
	assert_int_equal(root_book_tick(&f->book, NOW + 20000), 0);
	assert_state(f, 3, 1, ROOT_ENDED);
	assert_int_equal(root_book_run(&f->book, root_book_session(&f->book, 3, 1), true,
				 NOW + 21000, &changed, error),
		-1);
	assert_string_equal(error, "session 1 of conference 3 ended at 2023-11-14 22:13:40 UTC");
	assert_int_equal(root_book_run(&f->book, root_book_session(&f->book, 5, 2), true, NOW,
				 &changed, error),
		0);
	assert_true(changed);
	assert_int_equal(root_book_run(&f->book, root_book_session(&f->book, 5, 2), true, NOW,
				 &changed, error),
		0);
	assert_false(changed);
	/* The same again keeps what became of it; new times begin anew. */
	assert_int_equal(add(f, two, true, error), 0);
	assert_state(f, 3, 1, ROOT_ENDED);
	assert_state(f, 5, 2, ROOT_RUNNING);
	assert_int_equal(add(f,
				 "conferences = ( { id = 3; sessions = ( { id = 1; source = 1;\n"
				 "destinations = [ 2 ]; " INGRESS
				 " flows = ( { path = \"2\"; } ); } ); } );",
				 true, error),
		0);
	assert_state(f, 3, 1, ROOT_RUNNING);
}

#define HOUR INT64_C(3600000)

/* The clock was ahead, and is set right: what it ended, or began, before its time is as it was. */
static void
test_clock_back(void **state)
{
	struct fixture *f = *state;
	char error[ROOT_ERROR_MAX];
	bool changed;

	add(f, two, false, error);
	assert_int_equal(root_book_tick(&f->book, NOW + 10000), NOW + 20000);
	assert_int_equal(root_book_tick(&f->book, NOW + 20001), 0);
	assert_state(f, 3, 1, ROOT_ENDED);
	/* By a little: it has ended. */
	assert_int_equal(root_book_tick(&f->book, NOW + 15000), 0);
	assert_state(f, 3, 1, ROOT_ENDED);
	/* By an hour, after the root was started anew. */
	close_book(f);
	open_book(f);
	f->changed = 0;
	assert_int_equal(root_book_tick(&f->book, NOW - HOUR), NOW + 10000);
	assert_state(f, 3, 1, ROOT_WAITING);
	assert_int_equal(f->changed, 1);
	assert_state(f, 5, 1, ROOT_RUNNING);
	root_book_tick(&f->book, NOW + 10000);
	assert_state(f, 3, 1, ROOT_RUNNING);
	root_book_tick(&f->book, NOW + 9000);
	assert_state(f, 3, 1, ROOT_RUNNING);
	root_book_tick(&f->book, NOW - HOUR);
	assert_state(f, 3, 1, ROOT_WAITING);
	/* What an operator started before its time, or stopped, stays so. */
	root_book_run(&f->book, root_book_session(&f->book, 3, 1), true, NOW, &changed, error);
	root_book_tick(&f->book, NOW - HOUR);
	assert_state(f, 3, 1, ROOT_RUNNING);
	root_book_run(
		&f->book, root_book_session(&f->book, 3, 1), false, NOW + 11000, &changed, error);
	root_book_tick(&f->book, NOW - HOUR);
	assert_state(f, 3, 1, ROOT_STOPPED);
	root_book_tick(&f->book, NOW + HOUR);
	assert_state(f, 3, 1, ROOT_ENDED);
	close_book(f);
	open_book(f);
	assert_int_equal(root_book_tick(&f->book, NOW + 5000), NOW + 20000);
	assert_state(f, 3, 1, ROOT_STOPPED);
	assert_int_equal(root_book_tick(&f->book, NOW + 20000), 0);
	assert_state(f, 3, 1, ROOT_ENDED);
}

/* A session that runs on while its clock is ahead of its end, not of its beginning. */
static void
test_clock_back_running(void **state)
{
	static const char text[] =
		"conferences = ( { id = 3; ends = \"2023-11-14 22:13:40 UTC\"; sessions = ( { id = "
		"1; source = 1; destinations = [ 2 ]; " UDP(5006) " flows = ( { path = \"2\"; } ); "
								  "} ); } );\n";
	struct fixture *f = *state;
	char error[ROOT_ERROR_MAX];

	add(f, text, false, error);
	assert_int_equal(root_book_tick(&f->book, NOW), NOW + 20000);
	assert_int_equal(root_book_tick(&f->book, NOW + 20001), 0);
	assert_state(f, 3, 1, ROOT_ENDED);
	assert_int_equal(root_book_tick(&f->book, NOW + 20000 - HOUR), NOW + 20000);
	assert_state(f, 3, 1, ROOT_RUNNING);
}

static const char *
flows_of(const struct root_session *session)
{
	static char text[8192];
	char tree[PATH_TEXT_MAX];

	text[0] = 0;
	for (uint32_t i = 0; i < session->config->flow_count; i++) {
		const struct config_flow *flow = &session->config->flows[i];

		path_text_format(&flow->tree, tree, sizeof(tree));
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u:%u:%s;", flow->id,
			flow->weight, tree);
	}
	return text;
}

static void
test_changes(void **state)
{
	struct fixture *f = *state;
	char error[ROOT_ERROR_MAX] = "";
	struct path_text_error fault;
	struct pathlet_tree tree;
	uint32_t flow = 99;

	add(f, two, false, error);
#define SESSION root_book_session(&f->book, 5, 1)
	assert_string_equal(flows_of(SESSION), "0:3:4 > (2, 3);1:1:2* > 3;");
	assert_int_equal(root_book_weights(&f->book, SESSION, (uint32_t[]){10, 90}, 2, error), 0);
	assert_string_equal(flows_of(SESSION), "0:10:4 > (2, 3);1:90:2* > 3;");
	assert_int_equal(root_book_weights(&f->book, SESSION, (uint32_t[]){1}, 1, error), -1);
	assert_string_equal(
		error, "1 weight given, the session has 2 flows: give one weight a flow");
	assert_int_equal(root_book_weights(&f->book, SESSION, (uint32_t[]){0, 0}, 2, error), -1);
	assert_int_equal(path_text_parse("(3, 2)", &tree, &fault), 0);
	assert_int_equal(root_book_route_add(&f->book, SESSION, 5, &tree, &flow, error), 0);
	assert_int_equal(flow, 2);
	assert_int_equal(root_book_route_remove(&f->book, SESSION, 0, error), 0);
	assert_int_equal(root_book_route_remove(&f->book, SESSION, 0, error), -1);
	assert_int_equal(path_text_parse("3* > 2", &tree, &fault), 0);
	assert_int_equal(root_book_route_set(&f->book, SESSION, 1, &tree, error), 0);
	assert_string_equal(flows_of(SESSION), "1:90:3* > 2;2:5:(3, 2);");
	assert_int_equal(path_text_parse("3", &tree, &fault), 0);
	assert_int_equal(root_book_route_set(&f->book, SESSION, 1, &tree, error), -1);
	assert_non_null(strstr(error, "does not reach destination 2"));
	assert_int_equal(f->gone, 0);
	assert_int_equal(
		root_book_remove_session(&f->book, root_book_session(&f->book, 5, 2), error), 0);
	assert_int_equal(f->gone, 1);
	assert_int_equal(f->gone_id, 2);
	close_book(f);
	open_book(f);
	assert_string_equal(flows_of(SESSION), "1:90:3* > 2;2:5:(3, 2);");
	assert_null(root_book_session(&f->book, 5, 2));
	assert_int_equal(root_book_remove(&f->book, root_book_conference(&f->book, 5), error), 0);
	assert_int_equal(f->gone, 1);
	close_book(f);
	open_book(f);
	assert_int_equal(f->book.count, 1);
#undef SESSION
}

static void
assert_present(struct fixture *f, uint32_t conference, const char *wanted)
{
	char text[128] = "";
	uint32_t count;
	uint32_t *nodes = root_book_present(root_book_conference(&f->book, conference), &count);

	for (uint32_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %u", nodes[i]);
	free(nodes);
	assert_string_equal(text, wanted);
}

static const char *
plan_text(const struct root_plan *plan)
{
	static char text[8192];
	char tree[PATH_TEXT_MAX];

	text[0] = 0;
	for (uint32_t i = 0; i < plan->flow_count; i++) {
		path_text_format(&plan->flows[i].tree, tree, sizeof(tree));
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;", tree);
	}
	for (uint32_t i = 0; i < plan->node_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %u", plan->nodes[i]);
	return text;
}

static void
test_attend(void **state)
{
	struct fixture *f = *state;
	char error[ROOT_ERROR_MAX];
	struct root_conference *five;
	struct root_plan plan, again;
	bool changed;

	add(f, two, false, error);
	five = root_book_conference(&f->book, 5);
	assert_present(f, 5, " 1 2 3");
	assert_present(f, 3, " 1 2 3");
	assert_true(root_plan_make(five->sessions[0], &plan));
	assert_string_equal(plan_text(&plan), "4 > (2, 3);2* > 3; 1 4 2 3");
	assert_int_equal(root_book_attend(&f->book, five, 2, false, NOW, &changed, error), 0);
	assert_true(changed);
	assert_present(f, 5, " 1 3");
	assert_true(root_plan_make(five->sessions[0], &again));
	/* 2 is on the way still, but gets no copy. */
	assert_string_equal(plan_text(&again), "4 > 3;2 > 3; 1 4 3 2");
	assert_int_equal(again.destination_count, 1);
	root_plan_free(&again);
	close_book(f);
	open_book(f);
	five = root_book_conference(&f->book, 5);
	assert_present(f, 5, " 1 3");
	assert_int_equal(root_book_attend(&f->book, five, 3, false, NOW, &changed, error), 0);
	assert_false(root_plan_make(five->sessions[0], &again));
	root_plan_free(&again);
	assert_int_equal(root_book_attend(&f->book, five, 3, false, NOW, &changed, error), 0);
	assert_false(changed);
	assert_int_equal(root_book_attend(&f->book, five, 7, true, NOW, &changed, error), 0);
	assert_true(changed);
	assert_present(f, 5, " 1 7");
	root_book_attend(&f->book, five, 2, true, NOW, &changed, error);
	root_book_attend(&f->book, five, 3, true, NOW, &changed, error);
	assert_true(root_plan_make(five->sessions[0], &again));
	assert_string_equal(plan_text(&again), "4 > (2, 3);2* > 3; 1 4 2 3");
	root_plan_free(&again);
	root_book_attend(&f->book, five, 1, false, NOW, &changed, error);
	assert_false(root_plan_make(five->sessions[0], &again));
	root_plan_free(&again);
	root_plan_free(&plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_add, setup, teardown),
		cmocka_unit_test_setup_teardown(test_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_back_running, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attend, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
