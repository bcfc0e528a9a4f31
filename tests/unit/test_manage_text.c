/* SPDX-License-Identifier: BSD-3-Clause */
/* A session as the root tells it, and as a node reads it: both ways give the same configuration. */
#include "config_private.h"
#include "manage_text.h"
#include "root_pipeline.h"
#include "unit.h"

static const char conferences[] =
	"conferences = ( { id = 9; name = \"nine\"; priority = 0; weight = 7; queue_ms = 70; "
	"sessions = (\n"
	"{ id = 1; name = \"cam\"; source = 1; destinations = [ 2, 3 ]; rate = 3000000000L;\n"
	"  burst = 70000; payload = 1000; delay_sensitive = true; window = 512;\n"
	"  reorder = { packets = 64; ms = 20; };\n"
	"  coding = { code = \"window\"; window = 12; repair = \"12.5%\"; deadline = \"90ms\"; };\n"
	"  flows = ( { id = 4; path = \"5 > (2, 3)\"; weight = 3; }, { path = \"2* > 3\"; } );\n"
	"  ingress = { udp = \"[fd00::1]:5004\"; }; rate_to = \"10.0.0.9:7000\";\n"
	"  egress = ( { node = 2; udp = \"10.2.0.9:5004\"; }, { node = 3; file = \"/tmp/a "
	"\\\"b\\\\\"; } );\n"
	"}, { id = 2; source = 1; destinations = [ 2 ]; rate = 8000; start = false;\n"
	"  flows = ( { path = \"2\"; } );\n"
	"  ingress = { generator = { kind = \"onoff\"; size = 300; on_ms = 5; off_ms = 6; seed = "
	"7; count = 8; }; };\n"
	"}, { id = 3; source = 1; destinations = [ 2 ]; rate = 8000;\n"
	"  flows = ( { path = \"2\"; } ); ingress = { file = \"/tmp/x\"; size = 900; };\n"
	"} ); } );\n";

struct fixture {
	struct config *file;
	struct root_conference conference;
	struct root_session sessions[3];
	struct root_session *list[3];
};

static int
setup(void **state)
{
	static struct fixture f;
	struct config_errors errs = {0};

	f.file = config_load_conferences_string("c.cfg", conferences, strlen(conferences), &errs);
	config_errors_print(&errs, stderr);
	assert_non_null(f.file);
	f.conference = (struct root_conference){.file = f.file,
		.config = f.file->conferences,
		.sessions = f.list,
		.session_count = 3};
	for (int i = 0; i < 3; i++) {
		f.list[i] = &f.sessions[i];
		f.sessions[i] = (struct root_session){.conference = &f.conference,
			.config = &f.file->conferences->sessions[i],
			.state = ROOT_RUNNING};
	}
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	config_free(((struct fixture *)*state)->file);
	return 0;
}

static char *
print(const struct config_conference *conference)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print_conference(conference, out);
	fclose(out);
	return text;
}

/* What a node makes of what it is told is what the root has. */
static void
test_whole(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++) {
		struct config_conference one = *f->conference.config;
		struct config_errors errs = {0};
		struct root_pipeline made;
		struct root_plan plan;
		struct config *again;
		char *session, *terms, *text, *wanted, *got;

		assert_true(root_plan_make(&f->sessions[i], &plan));
		root_pipeline_make(&made, &f->sessions[i], &plan, 1, one.sessions[i].start);
		session = manage_text_session(&made.pipeline);
		terms = manage_text_conference(&made.pipeline);
		assert_true(asprintf(&text, "conferences = ( { %s sessions = ( { %s } ); } );",
				    terms, session) > 0);
		again = config_load_conferences_string("told", text, strlen(text), &errs);
		config_errors_print(&errs, stderr);
		assert_non_null(again);
		one.sessions = &one.sessions[i];
		one.session_count = 1;
		wanted = print(&one);
		got = print(again->conferences);
		assert_string_equal(got, wanted);
		free(wanted);
		free(got);
		free(text);
		free(terms);
		free(session);
		config_free(again);
		root_pipeline_free(&made);
		root_plan_free(&plan);
	}
}

/* What changes the mark at which node: 1 is the source, 2 a destination, 5 a relay. */
static void
assert_marks(const struct message_pipeline *a, const struct message_pipeline *b, bool source,
	bool destination)
{
	assert_int_equal(manage_text_mark(a, 1) != manage_text_mark(b, 1), source);
	assert_int_equal(manage_text_mark(a, 2) != manage_text_mark(b, 2), destination);
}

static void
test_marks(void **state)
{
	struct fixture *f = *state;
	struct message_pipeline other;
	struct message_egress egresses[2];
	struct root_pipeline made;
	struct root_plan plan;
	uint64_t hash;

	assert_true(root_plan_make(&f->sessions[0], &plan));
	root_pipeline_make(&made, &f->sessions[0], &plan, 1, true);
	other = made.pipeline;
	other.nb_flows = 1;
	other.play = false;
	assert_marks(&made.pipeline, &other, false, false);
	other = made.pipeline;
	/* Its source takes other destinations while it sends. */
	other.nb_destinations = 1;
	assert_marks(&made.pipeline, &other, false, false);
	other = made.pipeline;
	other.window = 1024;
	assert_marks(&made.pipeline, &other, true, true);
	other = made.pipeline;
	other.ingress.port = 9;
	assert_marks(&made.pipeline, &other, true, false);
	memcpy(egresses, made.egresses, sizeof(egresses));
	egresses[0].port = 9;
	other = made.pipeline;
	other.egresses = egresses;
	assert_marks(&made.pipeline, &other, false, true);
	/* The root sees it alike: whom it must tell. */
	hash = root_pipeline_hash(&made, 2, false);
	plan.flows[0].weight = 99;
	root_pipeline_free(&made);
	root_pipeline_make(&made, &f->sessions[0], &plan, 1, true);
	assert_int_equal(root_pipeline_hash(&made, 2, false), hash);
	assert_int_equal(root_pipeline_hash(&made, 2, true), hash);
	hash = root_pipeline_hash(&made, 1, false);
	assert_int_not_equal(root_pipeline_hash(&made, 1, true), hash);
	root_pipeline_free(&made);
	/* A relay is told of no ends. */
	root_pipeline_make(&made, &f->sessions[0], &plan, 5, true);
	assert_int_equal(made.pipeline.nb_destinations, 0);
	assert_int_equal(made.pipeline.nb_flows, 0);
	assert_null(made.pipeline.ingress.kind);
	root_pipeline_free(&made);
	root_plan_free(&plan);
}

/* A session with as many relays as a path can have, in what its file may say at most. */
static struct config *
widest(void)
{
	struct config_errors errs = {0};
	struct config *file;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "conferences = ( { id = 1; sessions = ( { id = 1; source = 9; "
		     "destinations = [ ");
	for (uint32_t i = 0; i < PATHLET_TREE_MAX_NODES; i++)
		fprintf(out, "%s%u", i > 0 ? ", " : "", INT32_MAX - i);
	fprintf(out, " ]; ingress = { udp = \"10.1.0.1:5\"; }; flows = ( { path = \"(");
	for (uint32_t i = 0; i < PATHLET_TREE_MAX_NODES; i++)
		fprintf(out, "%s%u", i > 0 ? ", " : "", INT32_MAX - i);
	fprintf(out, ")\"; } ); coding = { code = \"block\"; k = 10; systematic = false; repair = "
		     "\"adaptive\"; residual = \"0.0001%%\"; bound = \"99.9999%%\"; close = "
		     "\"1.001ms\"; deadline = \"1999.999ms\"; relays = ( ");
	for (uint32_t i = 0; i < PATHLET_TREE_MAX_NODES; i++)
		fprintf(out, "%s{ node = %u; recode = \"always\"; }", i > 0 ? ", " : "",
			INT32_MAX - i);
	fprintf(out, " ); }; } ); } );");
	fclose(out);
	file = config_load_conferences_string("c.cfg", text, size, &errs);
	config_errors_print(&errs, stderr);
	assert_non_null(file);
	free(text);
	return file;
}

/* Whatever the root's file may hold can be told, and is read. */
static void
test_widest(void **state)
{
	struct config *file = widest();
	struct root_conference conference = {.file = file, .config = file->conferences};
	struct root_session session = {.conference = &conference,
		.config = file->conferences->sessions,
		.state = ROOT_RUNNING};
	struct message message = {.type = MESSAGE_PIPEDEF, .time = 1}, *read;
	struct root_pipeline made;
	struct root_plan plan;
	struct message_fault fault;
	char error[MESSAGE_ERROR_MAX] = "", *text;
	size_t size;

	(void)state;
	assert_true(root_plan_make(&session, &plan));
	root_pipeline_make(&made, &session, &plan, 9, true);
	assert_true(strlen(made.coding) > 3000);
	message.pipeline = made.pipeline;
	text = message_write(&message, &size, error);
	if (text == NULL)
		fail_msg("%s", error);
	read = message_parse(text, size, &fault);
	if (read == NULL)
		fail_msg("%s", fault.text);
	assert_string_equal(read->pipeline.coding, made.coding);
	message_free(read);
	free(text);
	root_pipeline_free(&made);
	root_plan_free(&plan);
	config_free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_marks, setup, teardown),
		cmocka_unit_test(test_widest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
