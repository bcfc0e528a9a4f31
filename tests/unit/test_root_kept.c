/* SPDX-License-Identifier: BSD-3-Clause */
/* Where children of nodes connect is kept, by few writes; a store that does not take is told of. */
#include <stdarg.h>

#include "log.h"
#include "root_scene.h"
#include "unit.h"

static unsigned int writes;
static bool broken;

int __real_root_store_set(struct root_store *store, const char *name, const char *value);
int __wrap_root_store_set(struct root_store *store, const char *name, const char *value);

int
__wrap_root_store_set(struct root_store *store, const char *name, const char *value)
{
	if (strncmp(name, "server:", 7) != 0)
		return __real_root_store_set(store, name, value);
	writes++;
	return broken ? -1 : __real_root_store_set(store, name, value);
}

int __wrap_root_store_session_put(struct root_store *store, uint32_t conference, uint32_t session,
	uint32_t state, int64_t since);
int __real_root_store_session_put(struct root_store *store, uint32_t conference, uint32_t session,
	uint32_t state, int64_t since);

int
__wrap_root_store_session_put(struct root_store *store, uint32_t conference, uint32_t session,
	uint32_t state, int64_t since)
{
	return broken ? -1
		      : __real_root_store_session_put(store, conference, session, state, since);
}

static char said[4096];

void __wrap_log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

void
__wrap_log_line(int priority, const char *format, ...)
{
	size_t len = strlen(said);
	va_list args;

	(void)priority;
	va_start(args, format);
	len += (size_t)vsnprintf(said + len, sizeof(said) - len, format, args);
	va_end(args);
	snprintf(said + len, len < sizeof(said) ? sizeof(said) - len : 0, "\n");
}

static int
setup(void **state)
{
	writes = 0;
	broken = false;
	return scene_setup(state, "");
}

/* From 10 s to 20 s; a scene has begun after 3. */
#define TIMES "starts = \"2023-11-14 22:13:30 UTC\"; ends = \"2023-11-14 22:13:40 UTC\"; "

static int
setup_times(void **state)
{
	writes = 0;
	broken = false;
	return scene_setup(state,
		"conferences = ( { id = 3; " TIMES
		"sessions = ( { id = 1; source = 1; destinations = [ 2 ]; "
		"ingress = { udp = \"10.1.0.1:5001\"; }; flows = ( { path = \"2\"; } ); }, "
		"{ id = 2; source = 2; destinations = [ 1 ]; ingress = { udp = \"10.1.0.1:5002\"; "
		"}; flows = ( { path = \"1\"; } ); } ); } );");
}

static struct root_node *
say(struct scene *s, uint32_t id, unsigned int number)
{
	struct root_node *node = root_nodes_by_id(&s->root.nodes, id);
	char host[32];

	snprintf(host, sizeof(host), "10.9.0.%u", number % 250 + 1);
	root_nodes_set_server(&s->root.nodes, node, host, (uint16_t)(7000 + id));
	return node;
}

static void
check_kept(struct scene *s, uint32_t id, const char *wanted)
{
	char name[32], *value;

	snprintf(name, sizeof(name), "server:n%u", id);
	assert_int_equal(root_store_get(s->root.store, name, &value), 0);
	if (wanted == NULL)
		assert_null(value);
	else
		assert_string_equal(value, wanted);
	free(value);
}

/* One that goes on saying others costs a write a second; so does a whole tree that comes at once.
 */
static void
test_few(void **state)
{
	struct scene *s = *state;

	for (unsigned int i = 0; i < 1000; i++) {
		say(s, 3, i % 2);
		scene_run(s, i % 2 == 0 ? 5 : 0);
	}
	assert_in_range(writes, 1, 5);
	scene_run(s, 2500);
	check_kept(s, 3, "10.9.0.2 7003");
	writes = 0;
	scene_run(s, 5000);
	assert_int_equal(writes, 0);
	/* What it has already is no other. */
	say(s, 3, 1);
	scene_run(s, 3000);
	assert_int_equal(writes, 0);
	EVERY_NODE say(s, n, 5);
	scene_run(s, 2500);
	assert_int_equal(writes, SCENE_NODES);
	EVERY_NODE
	{
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "10.9.0.6 %u", 7000 + n);
		check_kept(s, n, wanted);
	}
}

/* Also the last of them before an end. */
static void
test_end(void **state)
{
	struct scene *s = *state;

	say(s, 2, 7);
	scene_run(s, 1500);
	say(s, 2, 8);
	scene_run(s, 20);
	say(s, 2, 9);
	scene_restart_root(s);
	assert_string_equal(root_nodes_by_id(&s->root.nodes, 2)->server, "10.9.0.10");
	assert_int_equal(root_nodes_by_id(&s->root.nodes, 2)->server_port, 7002);
}

/* A write that fails is done later, though nobody says it again. */
static void
test_broken(void **state)
{
	struct scene *s = *state;

	broken = true;
	say(s, 4, 1);
	say(s, 5, 1);
	scene_run(s, 5000);
	assert_in_range(writes, 2, 8);
	check_kept(s, 4, NULL);
	broken = false;
	scene_run(s, 2500);
	check_kept(s, 4, "10.9.0.2 7004");
	check_kept(s, 5, "10.9.0.2 7005");
}

static enum root_state
state_of(struct scene *s, uint32_t session)
{
	return root_book_session(&s->root.book, 3, session)->state;
}

/* Sessions that cannot begin or end when it is time do it later, and both is said once. */
static void
test_sessions(void **state)
{
	struct scene *s = *state;
	const char *failed;

	broken = true;
	said[0] = 0;
	scene_run(s, 6000);
	assert_null(strstr(said, "store"));
	scene_run(s, 4000);
	assert_int_equal(state_of(s, 1), ROOT_WAITING);
	failed = strstr(said, "session 1 of conference 3 and others whose time has come wait for");
	assert_non_null(failed);
	assert_string_equal(strchr(failed, '\n'), "\n");
	broken = false;
	said[0] = 0;
	scene_run(s, 3000);
	assert_int_equal(state_of(s, 1), ROOT_RUNNING);
	assert_int_equal(state_of(s, 2), ROOT_RUNNING);
	assert_string_equal(said, "no session waits for the store any more\n");
	/* And anew. */
	broken = true;
	said[0] = 0;
	scene_run(s, 8000);
	assert_int_equal(state_of(s, 2), ROOT_RUNNING);
	assert_non_null(strstr(said, "session 1 of conference 3"));
	broken = false;
	scene_run(s, 2000);
	assert_int_equal(state_of(s, 2), ROOT_ENDED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_few, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, scene_teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup_times, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
