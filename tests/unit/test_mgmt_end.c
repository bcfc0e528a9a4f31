/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A root and a node are ended at every moment of a connection: while it is made, in its handshake,
 * while messages are on their way, while it is closed. Nothing of it may stay: no open file here,
 * and no memory where a sanitizer looks.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>

#include <event2/event.h>

#include "ca.h"
#include "mgmt.h"
#include "unit_tree.h"

#define TURNS 40 /* of the loop; after so many a node that was told to leave has left */

static char directory[] = "/tmp/ferry-mgmt-end-XXXXXX";
static struct event_base *base;
static struct mgmt *root, *node;
static unsigned int ups;
static char child_down[64]; /* why; "" = it is up */

static void
on_event(void *ctx, enum mgmt_event event, const char *name, const char *why)
{
	(void)ctx;
	(void)name;
	ups += event == MGMT_PARENT_UP;
	if (event == MGMT_CHILD_DOWN)
		snprintf(child_down, sizeof(child_down), "%s", why);
}

static const struct mgmt_ops ops = {.event = on_event};

static struct mgmt *
start(const char *name, const char *file, bool plain, uint16_t port)
{
	struct mgmt_settings settings = {.name = name, .plain = plain};
	bool is_root = strcmp(name, "^") == 0;
	struct sockaddr_in *in = (struct sockaddr_in *)(is_root ? &settings.listen
								: &settings.root);
	char paths[3][96], error[256];
	struct mgmt *mgmt;

	snprintf(paths[0], sizeof(paths[0]), "%s/%s.pem", directory, file);
	snprintf(paths[1], sizeof(paths[1]), "%s/%s.key", directory, file);
	snprintf(paths[2], sizeof(paths[2]), "%s/authority.pem", directory);
	settings.certificate = paths[0];
	settings.key = paths[1];
	settings.authority = paths[2];
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons(port);
	mgmt = mgmt_new(base, &settings, &ops, NULL, error, sizeof(error));
	if (mgmt == NULL)
		fail_msg("%s", error);
	return mgmt;
}

static void
begin(bool plain)
{
	const struct sockaddr_in *in;

	base = event_base_new();
	assert_non_null(base);
	root = start("^", "root", plain, 0);
	in = (const struct sockaddr_in *)mgmt_address(root);
	node = start("leaf", "leaf", plain, ntohs(in->sin_port));
}

static void
end(void)
{
	mgmt_free(node);
	mgmt_free(root);
	mgmt_loop_free(base);
}

static unsigned int
open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void
turn(unsigned int turns)
{
	while (turns-- > 0)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* Until the node knows its parent. */
static void
join(void)
{
	ups = 0;
	while (ups == 0)
		event_base_loop(base, EVLOOP_ONCE);
}

static void
on_break(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	event_base_loopbreak(base);
}

/*
 * Another event of the same turn ends the loop, as ferryd's tick does: it stands behind what
 * sockets have to say, and before what these put off.
 */
static void
turn_and_break(void)
{
	const struct timeval now = {0};
	struct event *event = evtimer_new(base, on_break, NULL);

	assert_non_null(event);
	event_add(event, &now);
	event_base_dispatch(base);
	event_free(event);
}

/* How a run ends after its turns. */
enum way {
	AS_IT_IS,
	BROKEN_OFF,
	LEAVING, /* the node says bye first */
	WAYS
};

static void
end_after(unsigned int turns, enum way way, bool plain)
{
	begin(plain);
	if (way == LEAVING) {
		join();
		mgmt_leave(node, "it ends");
	}
	turn(turns);
	if (way != AS_IT_IS)
		turn_and_break();
	end();
}

static void
end_at_every_moment(bool plain)
{
	unsigned int before = open_files();

	for (int way = 0; way < WAYS; way++) {
		for (unsigned int turns = 0; turns < TURNS; turns++) {
			end_after(turns, (enum way)way, plain);
			if (open_files() != before)
				fail_msg("way %d, ended after %u turns: %u files open, %u before",
					way, turns, open_files(), before);
		}
	}
}

static void
test_with_tls(void **state)
{
	(void)state;
	end_at_every_moment(false);
}

static void
test_without_tls(void **state)
{
	(void)state;
	end_at_every_moment(true);
}

/* What is written when the loop ends has put off a callback of its connection. */
static void
test_write_and_break(void **state)
{
	struct message message = {.type = MESSAGE_PING};
	unsigned int before = open_files();

	(void)state;
	begin(false);
	join();
	turn(TURNS);
	assert_int_equal(mgmt_send(node, &message), 0);
	turn_and_break();
	end();
	assert_int_equal(open_files(), before);
}

/* A node that ends as soon as nothing is left to be written has said bye. */
static void
bye_arrives(bool plain)
{
	begin(plain);
	join();
	turn(TURNS);
	assert_false(mgmt_leaving(node));
	mgmt_leave(node, "it ends");
	assert_true(mgmt_leaving(node));
	while (mgmt_leaving(node))
		event_base_loop(base, EVLOOP_ONCE);
	mgmt_free(node);
	node = NULL;
	child_down[0] = 0;
	while (child_down[0] == 0)
		event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(child_down, "it says bye");
	end();
}

static void
test_bye_arrives(void **state)
{
	(void)state;
	bye_arrives(false);
	bye_arrives(true);
}

static int
setup(void **state)
{
	char error[256];

	(void)state;
	return mkdtemp(directory) != NULL && ca_make(directory, (const char *[]){"leaf"}, 1, error,
						     sizeof(error)) == 0
		       ? 0
		       : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return unit_remove_tree(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_break),
		cmocka_unit_test(test_with_tls),
		cmocka_unit_test(test_without_tls),
		cmocka_unit_test(test_bye_arrives),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
