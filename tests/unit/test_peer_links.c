/* SPDX-License-Identifier: BSD-3-Clause */
/* A peer's link beside what the node keeps of it elsewhere: whom it asks for, and its settings. */
#include "unit.h"

#include <errno.h>

#include "show_harness.h"

/* Links whose neighbours are asked for, as a node with an underlay has them. */
static struct {
	struct link *links[8];
	unsigned int count;
	bool refuses;
} asked;

static char error[512];

static int
resolve(void *ctx, struct link *link, const struct config_peer *peer, char *text, size_t size)
{
	(void)ctx;
	(void)peer;
	if (asked.refuses) {
		snprintf(text, size, "no way there");
		return -1;
	}
	asked.links[asked.count++] = link;
	return 0;
}

static void
forget(void *ctx, const struct link *link)
{
	unsigned int i = 0;

	(void)ctx;
	while (i < asked.count && asked.links[i] != link)
		i++;
	assert_true(i < asked.count);
	asked.links[i] = asked.links[--asked.count];
}

static int
setup(void **state)
{
	struct harness *h;

	memset(&asked, 0, sizeof(asked));
	if (harness_setup(state) != 0)
		return -1;
	h = *state;
	h->peers.resolve = resolve;
	h->peers.forget = forget;
	/* The harness takes all that leaves for DATA. */
	h->config->node.probe = 0;
	asked.links[0] = node_find_link(h->node, 2);
	asked.links[1] = node_find_link(h->node, 3);
	asked.count = 2;
	return 0;
}

static int
add(struct harness *h, const char *text)
{
	uint32_t id;

	return peer_add(&h->peers, text, &id, error, sizeof(error));
}

static int
change(struct harness *h, uint32_t id, const char *text)
{
	return peer_change(&h->peers, id, text, error, sizeof(error));
}

/* Each peer's link has its neighbour asked for, and nobody else's is. */
static void
each_is_asked_for(const struct harness *h)
{
	for (uint32_t i = 0; i < h->config->peer_count; i++) {
		const struct link *link = node_find_link(h->node, h->config->peers[i].id);
		unsigned int found = 0;

		assert_non_null(link);
		for (unsigned int k = 0; k < asked.count; k++)
			found += asked.links[k] == link;
		assert_int_equal(found, 1);
	}
	assert_int_equal(asked.count, h->config->peer_count);
}

static void
test_settings(void **state)
{
	struct harness *h = *state;
	const struct config_peer *peer;
	struct link_params params;

	assert_int_equal(add(h, "id = 7; address = \"10.0.0.7\"; pacing = \"rate:8M\""), 0);
	/* bytes a second of bits a second */
	assert_int_equal(node_find_link(h->node, 7)->tx.pacer.rate, 1000000);
	h->config->node.probe = 250;
	peer = config_peer_find(h->config, 7);
	params = peer_link_params(h->config, h->node, peer);
	assert_int_equal(params.probe, 250000000); /* ns of ms */
}

static void
test_asked_for(void **state)
{
	struct harness *h = *state;

	assert_int_equal(add(h, "id = 7; address = \"10.0.0.7\""), 0);
	each_is_asked_for(h);
	assert_int_equal(change(h, 7, "address = \"10.0.0.8\""), 0);
	each_is_asked_for(h);
	assert_int_equal(peer_remove(&h->peers, 7, error, sizeof(error)), 0);
	each_is_asked_for(h);
	harness_run(h, 50);
	assert_true(node_settled(h->node));
}

/* Nothing is left of a link whose neighbour cannot be asked for, and the one before stays. */
static void
test_not_asked_for(void **state)
{
	struct harness *h = *state;
	struct link *before = node_find_link(h->node, 2);

	asked.refuses = true;
	assert_int_equal(add(h, "id = 7; address = \"10.0.0.7\""), -EHOSTUNREACH);
	assert_string_equal(error, "no way there");
	assert_null(node_find_link(h->node, 7));
	assert_null(config_peer_find(h->config, 7));
	assert_int_equal(change(h, 2, "udp_port = 4000"), -EHOSTUNREACH);
	assert_ptr_equal(node_find_link(h->node, 2), before);
	assert_int_equal(config_peer_find(h->config, 2)->udp_port, 13779);
	each_is_asked_for(h);
	asked.refuses = false;
	assert_int_equal(change(h, 2, "udp_port = 4000"), 0);
	assert_int_equal(node_find_link(h->node, 2)->udp_port, 4000);
	each_is_asked_for(h);
	harness_run(h, 50);
	assert_true(node_settled(h->node));
}

/* A peer of the file that is changed takes none of the places of those that come later. */
static void
test_changed_is_of_the_file(void **state)
{
	struct harness *h = *state;

	h->config->node.capacity.peers = 1;
	assert_int_equal(change(h, 2, "udp_port = 4000"), 0);
	if (add(h, "id = 7; address = \"10.0.0.7\"") != 0)
		fail_msg("refused: %s", error);
	assert_int_equal(add(h, "id = 8; address = \"10.0.0.8\""), -ENOSPC);
	harness_run(h, 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_settings, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_asked_for, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(test_not_asked_for, setup, harness_teardown),
		cmocka_unit_test_setup_teardown(
			test_changed_is_of_the_file, setup, harness_teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("peer_links", tests, NULL, NULL);
}
