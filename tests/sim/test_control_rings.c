/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes to the control thread: when it does not come to fetch it, the rest is dropped by name.
 */
#include <rte_ether.h>

#include "input.h"
#include "small.h"

#define FILE_RING 64

static uint32_t
empty_ring(struct rte_ring *ring)
{
	struct rte_mbuf *m;
	uint32_t n = 0;

	for (; rte_ring_dequeue(ring, (void **)&m) == 0; n++)
		rte_pktmbuf_free(m);
	return n;
}

/* A frame of ARP, as if the worker's port had given it. */
static void
receive_arp(struct worker *w)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	struct rte_ether_hdr *eth;

	assert_non_null(m);
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, RTE_ETHER_MIN_LEN);
	memset(eth, 0, RTE_ETHER_MIN_LEN);
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
	w->counters.received++;
	input_frames(w, w->node->ports[0], &m, 1);
}

static void
test_control_full(void **state)
{
	struct sim *sim = small_new(2);
	struct worker *w;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	w = sim->nodes[0].node->workers[0];
	for (uint32_t i = 0; i < NODE_PUNT_RING + 44; i++)
		receive_arp(w);
	assert_int_equal(w->counters.consumed, NODE_PUNT_RING - 1);
	assert_int_equal(small_drops(sim, 1, DROP_control_full), 45);
	assert_int_equal(empty_ring(w->punt), NODE_PUNT_RING - 1);
	receive_arp(w);
	assert_int_equal(small_drops(sim, 1, DROP_control_full), 45);
	assert_int_equal(empty_ring(w->punt), 1);
	small_finish(sim, NULL, small_none);
}

/* Node 2 writes the session to a file that nobody writes, then somebody does. */
static void
test_egress_behind(void **state)
{
	struct sim *sim = small_new(2);
	struct destination_params params;
	struct destination *dst;
	struct sim_session s;
	struct node *node;
	uint32_t index;

	(void)state;
	small_wire(sim, 1, 2);
	sim_build(sim);
	s = small_session(sim, 1, (uint32_t[]){2, 0});
	sim_session_flow(&s, 1, 1, "2");
	index = small_start(sim, NULL, &s);
	node = sim->nodes[1].node;
	dst = small_destination(sim, index, 2);
	params = dst->params;
	node_remove_destination(node, dst);
	sim_run_until(sim, sim->now + 10 * SIM_MS);

	params.egress = EGRESS_FILE;
	dst = node_add_destination(node, &params, FILE_RING);
	assert_non_null(dst);
	small_send(sim, index, 100, 200, 200 * SIM_US);
	sim_drain(sim, SIM_S);
	assert_int_equal(destination_delivered(dst).packets, FILE_RING - 1);
	assert_int_equal(dst->counters.egress_drops, 100 - (FILE_RING - 1));
	assert_int_equal(small_drops(sim, 2, DROP_egress_behind), 100 - (FILE_RING - 1));
	assert_int_equal(empty_ring(dst->file), FILE_RING - 1);
	small_send(sim, index, 20, 200, 200 * SIM_US);
	sim_drain(sim, SIM_S);
	assert_int_equal(empty_ring(dst->file), 20);
	small_finish(sim, NULL, small_none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_full),
		cmocka_unit_test(test_egress_behind),
	};

	sim_eal(128);
	return cmocka_run_group_tests_name("control_rings", tests, NULL, NULL);
}
