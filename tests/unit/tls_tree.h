/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree of three programs in one event loop, over real sockets with TLS: root, relay, leaf. */
#ifndef FERRY_TEST_TLS_TREE_H
#define FERRY_TEST_TLS_TREE_H

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "ca.h"
#include "mgmt.h"
#include "unit_tree.h"

enum {
	ROOT,
	RELAY,
	LEAF,
	STRANGER,
	PROGRAMS
};

static const char *const names[PROGRAMS] = {"^", "relay", "leaf", "stranger"};
static const char *const files[PROGRAMS] = {"root", "relay", "leaf", "stranger"};

/* One program, and what it was told. */
struct program {
	int which;
	struct mgmt *mgmt;
	struct mgmt_ops ops;
	unsigned int count[MESSAGE_TYPE_COUNT];
	char from[MESSAGE_TYPE_COUNT][MESSAGE_NAME_MAX + 1];
	char via[MESSAGE_TYPE_COUNT][MESSAGE_NAME_MAX + 1];
	struct message_failure error;
	char error_type[32];
	unsigned int ups, downs;
	char log[256]; /* the last line */
};

static struct program programs[PROGRAMS];
static struct event_base *base;
static char directory[] = "/tmp/ferry-mgmt-XXXXXX";

static inline void
note(void *ctx, const struct message *m, const char *via)
{
	struct program *p = ctx;

	p->count[m->type]++;
	snprintf(p->from[m->type], sizeof(p->from[0]), "%s", m->from);
	snprintf(p->via[m->type], sizeof(p->via[0]), "%s", via);
	if (m->type == MESSAGE_ERROR) {
		p->error = m->error;
		snprintf(p->error_type, sizeof(p->error_type), "%s",
			m->error.request.type != NULL ? m->error.request.type : "");
	}
}

/* The root's policy: the leaf is below the relay. */
static inline void
place(void *ctx, const struct message *m, const char *via)
{
	static const struct message_below below_relay[] = {{"leaf", NULL}};
	struct program *p = ctx;
	struct message answer = {.type = MESSAGE_PLACE};
	char host[64];
	const struct sockaddr_in *in;

	note(ctx, m, via);
	if (strcmp(m->from, "stranger") == 0)
		return;
	answer.place.node_id = strcmp(m->from, "relay") == 0 ? 1 : 2;
	answer.place.role = answer.place.node_id == 1 ? "relay" : "leaf";
	answer.place.parent.name = MESSAGE_ROOT;
	if (answer.place.node_id == 1) {
		answer.place.below = below_relay;
		answer.place.nb_below = 1;
	} else if (programs[RELAY].mgmt != NULL) {
		in = (const struct sockaddr_in *)mgmt_address(programs[RELAY].mgmt);
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		answer.place.parent = (struct message_redirect){
			"relay", {host, ntohs(in->sin_port)}};
	}
	assert_int_equal(mgmt_answer(p->mgmt, m, &answer), 0);
}

static inline void
on_event(void *ctx, enum mgmt_event event, const char *name, const char *why)
{
	struct program *p = ctx;

	(void)name;
	(void)why;
	p->ups += event == MGMT_PARENT_UP || event == MGMT_CHILD_UP;
	p->downs += event == MGMT_PARENT_DOWN || event == MGMT_CHILD_DOWN;
}

static inline void
on_log(void *ctx, int priority, const char *text)
{
	struct program *p = ctx;

	(void)priority;
	snprintf(p->log, sizeof(p->log), "%s", text);
	if (getenv("FERRY_TEST_LOG") != NULL)
		printf("%s: %s\n", names[p->which], text);
}

static uint16_t root_port;

/* With the certificate that is in a directory. */
static inline struct program *
start_with(int which, const char *home)
{
	static const struct message_below tree[] = {{"relay", NULL}, {"leaf", "relay"}};
	struct program *p = &programs[which];
	char paths[3][128], error[256];
	/* A busy machine is no slow handshake: a crowd gives way long before this. */
	struct mgmt_settings settings = {.name = names[which],
		.ping = 300,
		.backoff_max = 300,
		.handshake = 60000,
		.renew = 50};
	struct sockaddr_in *listen = (struct sockaddr_in *)&settings.listen;
	struct sockaddr_in *root = (struct sockaddr_in *)&settings.root;

	memset(p, 0, sizeof(*p));
	p->which = which;
	snprintf(paths[0], sizeof(paths[0]), "%s/%s.pem", home, files[which]);
	snprintf(paths[1], sizeof(paths[1]), "%s/%s.key", home, files[which]);
	snprintf(paths[2], sizeof(paths[2]), "%s/authority.pem", directory);
	settings.certificate = paths[0];
	settings.key = paths[1];
	settings.authority = paths[2];
	listen->sin_family = AF_INET;
	listen->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (which == ROOT) {
		listen->sin_port = htons(root_port);
	} else {
		root->sin_family = AF_INET;
		root->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		root->sin_port = htons(root_port);
	}
	for (unsigned int type = 0; type < MESSAGE_TYPE_COUNT; type++)
		p->ops.handlers[type] = type == MESSAGE_CONFLIST ? NULL : note;
	if (which == ROOT)
		p->ops.handlers[MESSAGE_HELLO] = place;
	p->ops.event = on_event;
	p->ops.log = on_log;
	p->mgmt = mgmt_new(base, &settings, &p->ops, p, error, sizeof(error));
	if (p->mgmt == NULL)
		fail_msg("%s", error);
	if (which == ROOT) {
		root_port = ntohs(((const struct sockaddr_in *)mgmt_address(p->mgmt))->sin_port);
		assert_int_equal(mgmt_set_below(p->mgmt, tree, 2), 0);
	}
	return p;
}

static inline struct program *
start(int which)
{
	return start_with(which, directory);
}

static inline void
end(int which)
{
	mgmt_free(programs[which].mgmt);
	programs[which].mgmt = NULL;
}

/* Turns the loop until a condition holds; false after 5 s (more if FERRY_PATIENCE says so). */
static inline bool
turn(bool (*condition)(void))
{
	time_t limit = time(NULL) + (time_t)(5 * unit_patience()) + 1;
	const struct timeval step = {.tv_usec = 10000};

	while (!condition()) {
		if (time(NULL) > limit)
			return false;
		event_base_loopexit(base, &step);
		event_base_loop(base, EVLOOP_ONCE);
	}
	return true;
}

static inline bool
parent_is(int which, const char *name)
{
	const char *parent = programs[which].mgmt != NULL ? mgmt_parent(programs[which].mgmt)
							  : NULL;

	return parent != NULL && strcmp(parent, name) == 0;
}

/* The leaf is below the relay, and the root knows. */
static inline bool
joined(void)
{
	struct message_below *list;
	size_t count = 0;
	bool whole;

	if (!parent_is(RELAY, "^") || !parent_is(LEAF, "relay"))
		return false;
	assert_int_equal(mgmt_below(programs[ROOT].mgmt, &list, &count), 0);
	whole = count == 2 && strcmp(list[0].name, "relay") == 0 &&
		strcmp(list[1].name, "leaf") == 0 && strcmp(list[1].parent, "relay") == 0;
	free(list);
	return whole;
}

static inline int
setup(void **state)
{
	char error[256];

	(void)state;
	base = event_base_new();
	if (mkdtemp(directory) == NULL ||
		ca_make(directory, (const char *[]){"relay", "leaf", "stranger"}, 3, error,
			sizeof(error)) != 0)
		return -1;
	for (int which = ROOT; which <= LEAF; which++)
		start(which);
	return turn(joined) ? 0 : -1;
}

static inline int
teardown(void **state)
{
	(void)state;
	for (int which = PROGRAMS - 1; which >= ROOT; which--)
		end(which);
	mgmt_loop_free(base);
	return unit_remove_tree(directory);
}

#endif
