/* SPDX-License-Identifier: BSD-3-Clause */
/* Who gets into a tree, who does not, and how those who went come back. */
#include "tls_tree.h"

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
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_other_authority),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_restarts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
