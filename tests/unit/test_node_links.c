/* SPDX-License-Identifier: BSD-3-Clause */
/* Links that end: what workers still have of them. */
#include <errno.h>

#include "../harness/test_eal.h"
#include "unit.h"

#include "feeder.h"
#include "node.h"
#include "wire.h"

#define LINKS 2
#define RATE  1000

static struct node *node;
static struct port port;
static uint64_t now;

/* The next one finds no memory; what a worker sees meanwhile. */
static bool starve;
static struct link *seen;

int __real_id_map_set(struct id_map *map, uint64_t key, void *value, struct reclaim *rc);
int __wrap_id_map_set(struct id_map *map, uint64_t key, void *value, struct reclaim *rc);

int
__wrap_id_map_set(struct id_map *map, uint64_t key, void *value, struct reclaim *rc)
{
	if (!starve)
		return __real_id_map_set(map, key, value, rc);
	starve = false;
	seen = __atomic_load_n(&node->links[0], __ATOMIC_ACQUIRE);
	return -ENOMEM;
}

static uint16_t
receive_none(struct port *p, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	(void)p;
	(void)queue;
	(void)pkts;
	(void)n;
	(void)at;
	return 0;
}

static uint16_t
send_all(struct port *p, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t at)
{
	(void)p;
	(void)queue;
	(void)at;
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static const struct port_ops ops = {.rx_burst = receive_none, .tx_burst = send_all};

static int
setup(void **state)
{
	const struct node_params params = {
		.name = "links", .id = 1, .nb_workers = 1, .max_links = LINKS, .now = now};
	const struct node_budget budget = {.feeder_packets = 64, .feeder_queues = 1};
	const char *error = "";

	(void)state;
	port = (struct port){.ops = &ops,
		.rx_queues = 1,
		.tx_queues = 1,
		.mtu = 1500,
		.udp_port = FERRY_UDP_PORT,
		.nb_addresses = 1,
		.addresses = {address_ipv4(RTE_BE32(0x0a000001))},
		.up = true};
	node = node_new(&params, &error);
	assert_non_null(node);
	assert_int_equal(node_add_port(node, &port), 0);
	assert_int_equal(node_layout(node, &budget, &error), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	node_free(node);
	return 0;
}

static struct link_params
params_of(uint32_t id, uint64_t rate)
{
	return (struct link_params){.node_id = id,
		.port = &port,
		.remote = address_ipv4(rte_cpu_to_be_32(0x0a000001 + id)),
		.udp_port = FERRY_UDP_PORT,
		.ring = 64,
		.rate = rate};
}

static struct link *
add_link(uint32_t id, uint64_t rate)
{
	const struct link_params params = params_of(id, rate);

	return node_add_link(node, &params);
}

static void
until_gone(uint16_t index)
{
	for (uint32_t i = 0; i < 1000 && node->links[index] != NULL; i++) {
		(void)worker_poll(node->workers[0], ++now);
		node_tick(node);
	}
	assert_null(node->links[index]);
}

/* A link that finds no memory in the end is already seen by a worker, which may look on. */
static void
test_no_memory(void **state)
{
	struct link *link;

	(void)state;
	starve = true;
	errno = 0;
	assert_null(add_link(2, 0));
	assert_int_equal(errno, ENOMEM);
	assert_null(node_find_link(node, 2));
	assert_non_null(seen);
	assert_int_equal(seen->node_id, 2);
	assert_ptr_equal(seen->port, &port);
	until_gone(0);
	link = add_link(2, 0);
	assert_non_null(link);
	assert_int_equal(link->index, 0);
	assert_ptr_equal(node_find_link(node, 2), link);
}

/* A packet of a conference for the link. */
static void
offer(struct link *link, uint32_t conference)
{
	struct worker *w = node->workers[0];
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	struct pathlet_hdr pathlet = {.length = RTE_BE16(sizeof(pathlet)),
		.node = rte_cpu_to_be_32(link->node_id | PATHLET_DESTINATION)};
	struct session_hdr session = {.conference = rte_cpu_to_be_32(conference)};

	assert_non_null(m);
	w->counters.originated++;
	memcpy(rte_pktmbuf_append(m, sizeof(pathlet)), &pathlet, sizeof(pathlet));
	memcpy(rte_pktmbuf_append(m, sizeof(session)), &session, sizeof(session));
	memset(rte_pktmbuf_append(m, 200), 0, 200);
	feeder_offer(w, link, m);
}

/*
 * The last packet that waited for a link was pushed out for one that did not fit then, and another
 * link has the queue now: the link ends without a queue, and its timer with it.
 */
static void
test_pushed_out(void **state)
{
	static const struct rte_ether_addr mac = {{2, 0, 0, 0, 0, 9}};
	struct worker *w = node->workers[0];
	struct feeder_terms terms = feeder_terms_default();
	struct link *links[LINKS];
	uint16_t index;

	(void)state;
	terms.priority = 7;
	terms.bytes = 100;
	assert_int_equal(node_set_conference(node, 7, &terms), 0);
	for (uint32_t i = 0; i < LINKS; i++) {
		links[i] = add_link(2 + i, RATE);
		assert_non_null(links[i]);
		assert_int_equal(node_set_link_mac(node, links[i], &mac), 0);
	}
	index = links[0]->index;
	(void)worker_poll(w, ++now);
	offer(links[0], 1);
	offer(links[0], 1);
	assert_int_equal(w->counters.queued, 1);
	offer(links[0], 7);
	assert_int_equal(w->counters.queued, 0);
	assert_int_equal(w->counters.drops[DROP_feeder_full], 1);
	assert_int_equal(w->counters.drops[DROP_queue_full], 1);
	offer(links[1], 1);
	offer(links[1], 1);
	assert_int_equal(w->counters.queued, 1);
	node_remove_link(node, links[0]);
	until_gone(index);
	assert_int_equal(w->wheel.armed, 1); /* the other's */
}

/*
 * Very many links came and went since a link was made, and each that went made a new epoch: the
 * next link to its neighbour has a newer one than it had all the same.
 */
static void
test_epochs(void **state)
{
	const struct link_params params = params_of(2, RATE);
	struct link *first = add_link(2, RATE), *second, *third;

	(void)state;
	assert_non_null(first);
	node->link_epoch = (uint16_t)(node->link_epoch + 40000);
	second = node_replace_link(node, first, &params);
	assert_non_null(second);
	assert_true((int16_t)(second->epoch - first->epoch) > 0);
	node_retire_link(node, first);
	until_gone(0);
	node->link_epoch = (uint16_t)(node->link_epoch + 40000);
	node_remove_link(node, second);
	third = add_link(2, RATE);
	assert_non_null(third);
	assert_true((int16_t)(third->epoch - second->epoch) > 0);
	until_gone(1);
}

static int
end_eal(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

static int
begin_eal(void **state)
{
	(void)state;
	return test_eal(128, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pushed_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_epochs, setup, teardown),
	};

	return cmocka_run_group_tests_name("node_links", tests, begin_eal, end_eal);
}
