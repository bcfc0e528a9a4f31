/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree of three programs in one event loop, over real sockets with TLS: root, relay, leaf. */
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

static void
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
static void
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

static void
on_event(void *ctx, enum mgmt_event event, const char *name, const char *why)
{
	struct program *p = ctx;

	(void)name;
	(void)why;
	p->ups += event == MGMT_PARENT_UP || event == MGMT_CHILD_UP;
	p->downs += event == MGMT_PARENT_DOWN || event == MGMT_CHILD_DOWN;
}

static void
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
static struct program *
start_with(int which, const char *home)
{
	static const struct message_below tree[] = {{"relay", NULL}, {"leaf", "relay"}};
	struct program *p = &programs[which];
	char paths[3][96], error[256];
	/* A busy machine is no slow handshake: a crowd gives way long before this. */
	struct mgmt_settings settings = {
		.name = names[which], .ping = 300, .backoff_max = 300, .handshake = 60000};
	struct sockaddr_in *listen = (struct sockaddr_in *)&settings.listen;
	struct sockaddr_in *root = (struct sockaddr_in *)&settings.root;

	memset(p, 0, sizeof(*p));
	p->which = which;
	snprintf(paths[0], 96, "%s/%s.pem", home, files[which]);
	snprintf(paths[1], 96, "%s/%s.key", home, files[which]);
	snprintf(paths[2], 96, "%s/authority.pem", directory);
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

static struct program *
start(int which)
{
	return start_with(which, directory);
}

static void
end(int which)
{
	mgmt_free(programs[which].mgmt);
	programs[which].mgmt = NULL;
}

/* Turns the loop until a condition holds; false after 5 s (more if FERRY_PATIENCE says so). */
static bool
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

static bool
parent_is(int which, const char *name)
{
	const char *parent = programs[which].mgmt != NULL ? mgmt_parent(programs[which].mgmt)
							  : NULL;

	return parent != NULL && strcmp(parent, name) == 0;
}

/* The leaf is below the relay, and the root knows. */
static bool
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

static int
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

static int
teardown(void **state)
{
	(void)state;
	for (int which = PROGRAMS - 1; which >= ROOT; which--)
		end(which);
	mgmt_loop_free(base);
	return unit_remove_tree(directory);
}

static int
send_to(int which, enum message_type type, const char *to)
{
	struct message message = {.type = type};

	if (type == MESSAGE_STATS || type == MESSAGE_ERROR)
		message.error = (struct message_failure){.code = 400, .text = "x"};
	if (type == MESSAGE_STATS)
		message.stats = (struct message_stats){0};
	if (type == MESSAGE_JOIN)
		message.attend.conference = 1;
	snprintf(message.to, sizeof(message.to), "%s", to);
	return mgmt_send(programs[which].mgmt, &message);
}

static bool
leaf_has_question(void)
{
	return programs[LEAF].count[MESSAGE_REQFULLSTATS] > 0;
}

static bool
root_has_join(void)
{
	return programs[ROOT].count[MESSAGE_JOIN] > 0;
}

static bool
relay_has_stats(void)
{
	return programs[RELAY].count[MESSAGE_STATS] > 0;
}

static void
test_ways(void **state)
{
	(void)state;
	/* From the root through the relay, and back. */
	assert_int_equal(send_to(ROOT, MESSAGE_REQFULLSTATS, "leaf"), 0);
	assert_true(turn(leaf_has_question));
	assert_string_equal(programs[LEAF].from[MESSAGE_REQFULLSTATS], "^");
	assert_string_equal(programs[LEAF].via[MESSAGE_REQFULLSTATS], "relay");
	assert_int_equal(programs[RELAY].count[MESSAGE_REQFULLSTATS], 0);
	assert_int_equal(send_to(LEAF, MESSAGE_JOIN, "^"), 0);
	assert_true(turn(root_has_join));
	assert_string_equal(programs[ROOT].from[MESSAGE_JOIN], "leaf");
	assert_string_equal(programs[ROOT].via[MESSAGE_JOIN], "relay");
	/* To the parent, and no further. */
	assert_int_equal(send_to(LEAF, MESSAGE_STATS, ""), 0);
	assert_true(turn(relay_has_stats));
	assert_int_equal(programs[ROOT].count[MESSAGE_STATS], 0);
}

static bool
all_have_alert(void)
{
	return programs[RELAY].count[MESSAGE_REQFULLSTATS] > 0 &&
	       programs[LEAF].count[MESSAGE_REQFULLSTATS] > 1;
}

static void
test_everybody(void **state)
{
	(void)state;
	assert_int_equal(send_to(ROOT, MESSAGE_REQFULLSTATS, "*"), 0);
	assert_true(turn(all_have_alert));
	assert_int_equal(programs[RELAY].count[MESSAGE_REQFULLSTATS], 1);
	assert_int_equal(programs[LEAF].count[MESSAGE_REQFULLSTATS], 2);
	assert_int_equal(send_to(LEAF, MESSAGE_PING, "*"), -EINVAL);
}

static bool
leaf_has_error(void)
{
	return programs[LEAF].count[MESSAGE_ERROR] > 0;
}

static void
assert_error(enum message_code code, const char *type)
{
	assert_true(turn(leaf_has_error));
	assert_int_equal(programs[LEAF].error.code, code);
	assert_string_equal(programs[LEAF].error_type, type);
	programs[LEAF].count[MESSAGE_ERROR] = 0;
}

static void
test_errors(void **state)
{
	uint64_t forbidden = mgmt_counters(programs[RELAY].mgmt)->forbidden;

	(void)state;
	assert_int_equal(send_to(LEAF, MESSAGE_PING, "nobody"), 0);
	assert_error(MESSAGE_CODE_UNKNOWN, "ping");
	assert_int_equal(mgmt_counters(programs[ROOT].mgmt)->unknown_node, 1);
	assert_int_equal(send_to(LEAF, MESSAGE_KILL, "relay"), 0);
	assert_error(MESSAGE_CODE_FORBIDDEN, "kill");
	assert_int_equal(mgmt_counters(programs[RELAY].mgmt)->forbidden, forbidden + 1);
	assert_int_equal(send_to(LEAF, MESSAGE_CONFLIST, "^"), 0);
	assert_error(MESSAGE_CODE_UNSUPPORTED, "conflist");
	assert_int_equal(programs[RELAY].count[MESSAGE_KILL], 0);
	/* An error about an error would go round for ever. */
	assert_int_equal(send_to(LEAF, MESSAGE_ERROR, "nobody"), 0);
	assert_int_equal(send_to(LEAF, MESSAGE_PING, "nobody"), 0);
	assert_error(MESSAGE_CODE_UNKNOWN, "ping");
	assert_int_equal(programs[LEAF].count[MESSAGE_ERROR], 0);
}

static void
turn_a_little(void)
{
	const struct timeval step = {.tv_usec = 20000};

	event_base_loopexit(base, &step);
	event_base_dispatch(base);
}

/* The root redirects a node, as soon as that is there. */
static void
send_to_relay(const char *name)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)mgmt_address(
		programs[RELAY].mgmt);
	int ret = -ENOTCONN;

	for (int i = 0; i < 250 * unit_patience() && ret == -ENOTCONN; i++) {
		struct message redirect = {.type = MESSAGE_REDIRECT};

		snprintf(redirect.to, sizeof(redirect.to), "%s", name);
		redirect.redirect = (struct message_redirect){
			"relay", {"127.0.0.1", ntohs(in->sin_port)}};
		ret = mgmt_send(programs[ROOT].mgmt, &redirect);
		turn_a_little();
	}
	assert_int_equal(ret, 0);
}

static bool
stranger_refused(void)
{
	return programs[STRANGER].downs > 0 && mgmt_counters(programs[RELAY].mgmt)->not_placed > 0;
}

static bool
stranger_mistaken(void)
{
	return mgmt_counters(programs[STRANGER].mgmt)->wrong_certificate > 0;
}

/* It has a certificate, and goes where the root did not place it. */
static void
test_stranger(void **state)
{
	uint16_t port = root_port;

	(void)state;
	root_port = ntohs(
		((const struct sockaddr_in *)mgmt_address(programs[RELAY].mgmt))->sin_port);
	start(STRANGER);
	root_port = port;
	/* It takes the relay for the root, and is told otherwise by the certificate. */
	assert_true(turn(stranger_mistaken));
	assert_int_equal(programs[STRANGER].ups, 0);
	end(STRANGER);
	start(STRANGER);
	assert_true(turn(joined));
	programs[STRANGER].downs = 0;
	/* The root sends it to the relay, which did not hear of it. */
	send_to_relay("stranger");
	assert_true(turn(stranger_refused));
	end(STRANGER);
}

static bool
stranger_tried(void)
{
	return programs[STRANGER].log[0] != 0 && programs[ROOT].log[0] != 0;
}

/* Its certificate is another authority's: both ends say what is wrong, and it never joined. */
static void
test_other_authority(void **state)
{
	char home[96], error[256];
	bool told = false;

	(void)state;
	snprintf(home, sizeof(home), "%s/other", directory);
	assert_int_equal(ca_make(home, (const char *[]){"stranger"}, 1, error, sizeof(error)), 0);
	/* What it says first may find the connection closed before the reason is read. */
	for (int i = 0; i < 20 && !told; i++) {
		programs[ROOT].log[0] = 0;
		start_with(STRANGER, home);
		assert_true(turn(stranger_tried));
		assert_non_null(strstr(programs[ROOT].log,
			"its certificate: unable to get local issuer certificate"));
		assert_int_equal(programs[STRANGER].ups, 0);
		assert_int_equal(programs[STRANGER].downs, 0);
		told = strstr(programs[STRANGER].log, "refused by the other end: unknown CA") !=
		       NULL;
		end(STRANGER);
	}
	assert_true(told);
}

static bool
leaf_gone(void)
{
	struct message_below *list;
	size_t count = 0;

	assert_int_equal(mgmt_below(programs[ROOT].mgmt, &list, &count), 0);
	free(list);
	return count == 1;
}

static bool
relay_gone(void)
{
	return parent_is(LEAF, "^");
}

static bool
root_lost(void)
{
	return mgmt_parent(programs[RELAY].mgmt) == NULL;
}

static int crowd[64]; /* connections that say nothing */

/* From an address that is not the tree's. */
static void
open_crowd(void)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	const struct sockaddr *to = (const struct sockaddr *)mgmt_address(programs[ROOT].mgmt);

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	for (size_t i = 0; i < sizeof(crowd) / sizeof(crowd[0]); i++) {
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(crowd[i] >= 0);
		assert_int_equal(bind(crowd[i], (struct sockaddr *)&from, sizeof(from)), 0);
		assert_int_equal(connect(crowd[i], to, sizeof(struct sockaddr_in)), 0);
		turn_a_little();
	}
}

/* Closes them; returns how many the root had closed already. */
static unsigned int
close_crowd(void)
{
	unsigned int closed = 0;
	char byte;

	for (size_t i = 0; i < sizeof(crowd) / sizeof(crowd[0]); i++) {
		closed += recv(crowd[i], &byte, 1, MSG_DONTWAIT) == 0;
		close(crowd[i]);
	}
	return closed;
}

/* One host has all places for connections that have no name yet: others get in all the same. */
static void
test_crowd(void **state)
{
	const struct mgmt_counters *counters = mgmt_counters(programs[ROOT].mgmt);
	uint64_t slow = counters->handshake_slow, many = counters->too_many;

	(void)state;
	end(LEAF);
	assert_true(turn(leaf_gone));
	open_crowd();
	start(LEAF);
	assert_true(turn(joined));
	assert_int_equal(counters->handshake_slow, slow);
	assert_true(counters->too_many > many);
	assert_int_equal(close_crowd(), counters->too_many - many);
}

/* Each of them goes and comes back; the others find each other again. */
static void
test_restarts(void **state)
{
	(void)state;
	end(LEAF);
	assert_true(turn(leaf_gone));
	start(LEAF);
	assert_true(turn(joined));
	end(RELAY);
	/* The root places the leaf at itself as long as there is no relay. */
	assert_true(turn(relay_gone));
	start(RELAY);
	send_to_relay("leaf");
	assert_true(turn(joined));
	end(ROOT);
	assert_true(turn(root_lost));
	assert_true(parent_is(LEAF, "relay"));
	start(ROOT);
	assert_true(turn(joined));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_everybody),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_other_authority),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_restarts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
