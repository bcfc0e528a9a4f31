/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root program without its sockets and its loop: what it gives to mgmt is kept here, and a test
 * says messages to its handlers.
 */
#ifndef FERRY_TEST_ROOT_MGMT_SCENE_H
#define FERRY_TEST_ROOT_MGMT_SCENE_H

#include <stdarg.h>
#include <unistd.h>

#include "mgmt.h"
#include "root.h"
#include "unit.h"
#include "unit_tree.h"

#define EPOCH INT64_C(1700000000000)

static struct root root;
static char directory[64];
static int64_t clock_now = 1000000; /* ms */

/* What it gave to mgmt, and said last. */
static struct mgmt_settings settings;
static const struct mgmt_ops *ops;
static struct message *answer; /* as it would come to the node */
static uint32_t refused;       /* the code of an error; 0 = none */
static char told[8][8];	       /* who was told something else */
static unsigned int nb_told;
static struct message_congestion passed;
static char passed_node[MESSAGE_NAME_MAX + 1];
static int answer_fails; /* a negative errno */

/* --- what root_loop.c and the sockets are to it -------------------------------------------- */

int64_t
root_now(void)
{
	return EPOCH + clock_now;
}

int64_t
root_clock(void)
{
	return clock_now;
}

void
root_wake(struct root *r)
{
	r->woken = true;
}

void
root_fail(struct root *r)
{
	(void)r;
	fail();
}

struct mgmt *__wrap_mgmt_new(struct event_base *base, const struct mgmt_settings *from,
	const struct mgmt_ops *of, void *ctx, char *error, size_t size);
void __wrap_mgmt_free(struct mgmt *mgmt);
int __wrap_mgmt_send(struct mgmt *mgmt, struct message *message);
int __wrap_mgmt_answer(struct mgmt *mgmt, const struct message *request, struct message *message);
int __wrap_mgmt_fail(struct mgmt *mgmt, const struct message *request, enum message_code code,
	const char *format, ...);
int __wrap_mgmt_set_below(struct mgmt *mgmt, const struct message_below *list, size_t count);
bool __wrap_mgmt_has_room(struct mgmt *mgmt, const char *to);

struct mgmt *
__wrap_mgmt_new(struct event_base *base, const struct mgmt_settings *from,
	const struct mgmt_ops *of, void *ctx, char *error, size_t size)
{
	static char anything;

	(void)base;
	(void)error;
	(void)size;
	assert_ptr_equal(ctx, &root);
	settings = *from;
	ops = of;
	return (struct mgmt *)&anything;
}

void
__wrap_mgmt_free(struct mgmt *mgmt)
{
	(void)mgmt;
}

int
__wrap_mgmt_send(struct mgmt *mgmt, struct message *message)
{
	(void)mgmt;
	if (message->type != MESSAGE_CONGESTION)
		return 0;
	assert_true(nb_told < 8);
	snprintf(told[nb_told++], sizeof(told[0]), "%.7s", message->to);
	passed = message->congestion;
	snprintf(passed_node, sizeof(passed_node), "%s", passed.node);
	return 0;
}

int
__wrap_mgmt_answer(struct mgmt *mgmt, const struct message *request, struct message *message)
{
	char error[MESSAGE_ERROR_MAX];
	struct message_fault fault;
	size_t size;
	char *text;

	(void)mgmt;
	if (answer_fails != 0)
		return answer_fails;
	message->time = (uint64_t)root_now();
	snprintf(message->to, sizeof(message->to), "%s", request->from);
	snprintf(message->from, sizeof(message->from), "%s", MESSAGE_ROOT);
	if (message->type == MESSAGE_CONFLIST)
		message->conflist.request = (struct message_request){
			.time = request->time, .type = message_type_name(request->type)};
	text = message_write(message, &size, error);
	if (text == NULL)
		fail_msg("%s", error);
	message_free(answer);
	answer = message_parse(text, size, &fault);
	assert_non_null(answer);
	free(text);
	return 0;
}

int
__wrap_mgmt_fail(struct mgmt *mgmt, const struct message *request, enum message_code code,
	const char *format, ...)
{
	(void)mgmt;
	(void)request;
	(void)format;
	refused = code;
	return 0;
}

int
__wrap_mgmt_set_below(struct mgmt *mgmt, const struct message_below *list, size_t count)
{
	(void)mgmt;
	(void)list;
	(void)count;
	return 0;
}

bool
__wrap_mgmt_has_room(struct mgmt *mgmt, const char *to)
{
	(void)mgmt;
	(void)to;
	return true;
}

/* --- a scene ------------------------------------------------------------------------------- */

/* n1, below it n2 (the source) and n3; n4 is on no way. Nobody else has a place. */
static const char topology[] =
	"root = { listen = \"127.0.0.1:13780\"; plain = true; store = \"%s/root.db\";\n"
	"ping_ms = 1234; dead_ms = 5678; };\n"
	"nodes = ( { name = \"n1\"; id = 1; role = \"root\"; parent = \"^\"; },\n"
	"{ name = \"n2\"; id = 2; role = \"relay\"; parent = \"n1\";\n"
	"  peers = ( { node = \"n3\"; address = \"10.0.0.3\"; } ); },\n"
	"{ name = \"n3\"; id = 3; role = \"leaf\"; parent = \"n2\";\n"
	"  peers = ( { node = \"n2\"; address = \"10.0.0.2\"; } ); },\n"
	"{ name = \"n4\"; id = 4; role = \"leaf\"; parent = \"n1\"; } );\n"
	"conferences = ( { id = 1; name = \"talk\"; starts = \"2001-09-09 01:46:40 UTC\";\n"
	"  ends = \"2033-05-18 03:33:20 UTC\"; participants = [ 2, 3 ];\n"
	"  sessions = ( { id = 1; source = 2; ingress = { udp = \"10.1.0.1:5000\"; };\n"
	"    flows = ( { path = \"3\"; } ); destinations = [ 3 ]; } ); },\n"
	"{ id = 2; sessions = ( ); } );\n";

static inline int
setup(void **state)
{
	struct config_errors errs = {0};
	char path[96];
	FILE *file;

	(void)state;
	strcpy(directory, "/tmp/ferry_rmgmt_XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/root.cfg", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, topology, directory);
	assert_int_equal(fclose(file), 0);
	root = (struct root){.config_path = path, .config = root_config_load(path, &errs)};
	config_errors_print(&errs, stderr);
	assert_non_null(root.config);
	assert_int_equal(root_store_boot(&root), 0);
	assert_int_equal(root_stats_begin(&root), 0);
	assert_int_equal(root_load(&root), 0);
	assert_int_equal(root_mgmt_open(&root), 0);
	for (uint32_t i = 0; i < root.nodes.count; i++)
		root_node_up(&root, root.nodes.list[i], i == 0 ? ROOT_SELF : "n1");
	answer_fails = 0;
	refused = 0;
	nb_told = 0;
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	message_free(answer);
	answer = NULL;
	root_mgmt_close(&root);
	root_unload(&root);
	root_stats_end(&root);
	root_store_undo(&root);
	root_forget_events(&root);
	root_config_free(root.config);
	return unit_remove_tree(directory);
}

/* A node says it, through a neighbour of the root; returns the code of what is wrong. */
static inline uint32_t
hear_via(const char *from, const char *via, struct message *message)
{
	refused = 0;
	message_free(answer);
	answer = NULL;
	message->time = (uint64_t)root_now();
	snprintf(message->from, sizeof(message->from), "%s", from);
	ops->handlers[message->type](&root, message, via);
	return refused;
}

static inline uint32_t
hear(const char *from, struct message *message)
{
	return hear_via(from, "n1", message);
}

#endif
