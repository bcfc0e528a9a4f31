/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a relay forwards: with installed forwarding the sessions that it was told of, whole, and
 * nothing else; and everything in the order in which it came.
 */
#include "small.h"

#define PAYLOAD 300

/* 1 - 2 - 3, and 4 beside 3; 2 is the relay. */
static struct sim *
chain(uint16_t workers)
{
	struct sim *sim = small_new(4);

	sim->nodes[1].workers = workers;
	small_wire(sim, 1, 2);
	small_wire(sim, 2, 3);
	small_wire(sim, 2, 4);
	sim_build(sim);
	return sim;
}

static struct node *
relay(const struct sim *sim)
{
	return sim->nodes[1].node;
}

static uint32_t
start(struct sim *sim, const uint32_t *destinations, const char *path)
{
	struct sim_session s = small_session(sim, 1, destinations);

	sim_session_flow(&s, 0, 1, path);
	return small_start(sim, NULL, &s);
}

static void
install(struct sim *sim, uint32_t index, bool yes)
{
	const struct sim_session *s = &sim->sessions[index];

	if (yes)
		assert_int_equal(node_know_session(relay(sim), s->conference, s->session), 0);
	else
		node_forget_session(relay(sim), s->conference, s->session);
}

static uint64_t
delivered(const struct sim *sim, uint32_t index, uint32_t id)
{
	return destination_delivered(small_destination(sim, index, id)).packets;
}

static uint64_t
not_installed(const struct sim *sim)
{
	return small_drops(sim, 2, DROP_forward_not_installed);
}

/* Payloads of the sessions in turn, n of each, some in one burst. */
static void
send_in_turn(struct sim *sim, const uint32_t *sessions, uint32_t count, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < count; k++)
			sim_host_send(sim, sessions[k], PAYLOAD);
		if (i % 5 == 4)
			sim_run_until(sim, sim->now + 100 * SIM_US);
	}
	sim_drain(sim, SIM_S);
}

/* One next hop, several, and to a node that is a destination too: each kind of packet. */
static void
each_kind(uint16_t workers)
{
	struct sim *sim = chain(workers);
	uint32_t all[3], direct;

	all[0] = start(sim, (uint32_t[]){3, 0}, "2 > 3");
	all[1] = start(sim, (uint32_t[]){3, 4, 0}, "2 > (3, 4)");
	all[2] = start(sim, (uint32_t[]){2, 3, 0}, "2* > 3");
	direct = start(sim, (uint32_t[]){2, 0}, "2");
	send_in_turn(sim, all, 3, 50);
	assert_int_equal(not_installed(sim), 0);
	assert_int_equal(delivered(sim, all[0], 3), 50);

	/* The third ends at the relay too, which knows it for that. */
	node_set_forwarding(relay(sim), true);
	send_in_turn(sim, all, 3, 50);
	send_in_turn(sim, &direct, 1, 50);
	assert_int_equal(not_installed(sim), 100);
	assert_int_equal(delivered(sim, all[0], 3), 50);
	assert_int_equal(delivered(sim, all[1], 3), 50);
	assert_int_equal(delivered(sim, all[1], 4), 50);
	assert_int_equal(delivered(sim, all[2], 3), 100);
	assert_int_equal(delivered(sim, all[2], 2), 100);
	assert_int_equal(delivered(sim, direct, 2), 50);

	install(sim, all[0], true);
	install(sim, all[1], true);
	send_in_turn(sim, all, 3, 50);
	assert_int_equal(not_installed(sim), 100);
	assert_int_equal(delivered(sim, all[0], 3), 100);
	assert_int_equal(delivered(sim, all[1], 4), 100);

	/* A destination that was forgotten is none of a relay's business either. */
	node_forget_session(relay(sim), 9, sim->sessions[all[2]].session);
	send_in_turn(sim, &all[2], 1, 50);
	assert_int_equal(not_installed(sim), 150);
	assert_int_equal(delivered(sim, all[2], 2), 150);

	node_set_forwarding(relay(sim), false);
	send_in_turn(sim, &all[2], 1, 50);
	assert_int_equal(not_installed(sim), 150);
	assert_int_equal(delivered(sim, all[2], 2), 200);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_forward_not_installed, DROP_none});
}

static void
test_each_kind(void **state)
{
	(void)state;
	each_kind(1);
	each_kind(3);
}

/* The relay has lost all its next hops: each branch is dropped, what ends there is delivered. */
static void
test_no_hops(void **state)
{
	struct sim *sim = chain(1);
	uint32_t one, both, here;

	(void)state;
	one = start(sim, (uint32_t[]){3, 0}, "2 > 3");
	both = start(sim, (uint32_t[]){3, 4, 0}, "2 > (3, 4)");
	here = start(sim, (uint32_t[]){2, 3, 4, 0}, "2* > (3, 4)");
	for (uint32_t id = 3; id <= 4; id++)
		node_remove_link(relay(sim), node_find_link(relay(sim), id));
	send_in_turn(sim, (uint32_t[]){one, both, here}, 3, 50);
	assert_int_equal(delivered(sim, here, 2), 50);
	assert_int_equal(small_drops(sim, 2, DROP_pathlet_unknown_hop), 50 + 100 + 100);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_pathlet_unknown_hop, DROP_none});
}

/* A session comes and goes at the relay while others flow, thousands of others beside it. */
static void
test_under_traffic(void **state)
{
	struct sim *sim = chain(2);
	uint32_t all[3];
	uint64_t sent = 0, got;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		all[i] = start(sim, (uint32_t[]){3, 0}, "2 > 3");
	install(sim, all[0], true);
	install(sim, all[2], true);
	node_set_forwarding(relay(sim), true);
	for (uint32_t round = 0; round < 200; round++) {
		install(sim, all[1], round % 2 == 0);
		for (uint32_t i = 0; i < 20; i++)
			assert_int_equal(node_know_session(relay(sim), 7, round * 20 + i + 1), 0);
		for (uint32_t i = 0; i < 10; i++, sent++) {
			for (uint32_t k = 0; k < 3; k++)
				sim_host_send(sim, all[k], PAYLOAD);
			sim_run_until(sim, sim->now + 50 * SIM_US);
		}
		for (uint32_t i = 0; round >= 100 && i < 40; i++)
			node_forget_session(relay(sim), 7, (round - 100) * 40 + i + 1);
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(delivered(sim, all[0], 3), sent);
	assert_int_equal(delivered(sim, all[2], 3), sent);
	got = delivered(sim, all[1], 3);
	assert_int_equal(got + not_installed(sim), sent);
	assert_in_range(got, sent / 2 - 100, sent / 2 + 100);
	assert_false(node_knows_session(relay(sim), 7, 1));
	assert_true(node_knows_session(relay(sim), 9, sim->sessions[all[0]].session));
	small_finish(sim, NULL, (enum drop_reason[]){DROP_forward_not_installed, DROP_none});
}

/* Sessions whose numbers lie on the wire in either order are two. */
static void
test_keys(void **state)
{
	struct sim *sim = chain(1);
	struct sim_session s = small_session(sim, 1, (uint32_t[]){3, 0});
	uint32_t index;

	(void)state;
	s.conference = 0x01020304;
	s.session = 0xfffffffe;
	sim_session_flow(&s, 0, 1, "2 > 3");
	index = small_start(sim, NULL, &s);
	node_set_forwarding(relay(sim), true);
	assert_int_equal(node_know_session(relay(sim), s.session, s.conference), 0);
	send_in_turn(sim, &index, 1, 10);
	assert_int_equal(not_installed(sim), 10);
	assert_int_equal(node_know_session(relay(sim), s.conference, s.session), 0);
	send_in_turn(sim, &index, 1, 10);
	assert_int_equal(not_installed(sim), 10);
	assert_int_equal(delivered(sim, index, 3), 10);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_forward_not_installed, DROP_none});
}

/* A router on the way marks every third frame to the relay congestion experienced (RFC 3168). */
static void
mark_some(void *arg, struct sim *sim, const struct sim_wire *sw, const struct wire_log *log)
{
	uint8_t *ip = (uint8_t *)(uintptr_t)log->frame + sizeof(struct rte_ether_hdr);
	uint32_t *marked = arg, sum;

	if (log->event != WIRE_SENT || log->serial % 3 != 1 || sw->node[log->to] != 1 ||
		sw->node[log->to ^ 1] != 0)
		return;
	(void)sim;
	/*
	 * The type of service is the low byte of the first word, the checksum follows (RFC 1624).
	 */
	sum = (uint16_t) ~(ip[10] << 8 | ip[11]) + 3u;
	sum = (sum & 0xffff) + (sum >> 16);
	ip[1] |= 3;
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
	(*marked)++;
}

/* Marked frames take the general path, the others the fast one: none overtakes another. */
static void
test_marked_in_order(void **state)
{
	struct sim *sim = chain(1);
	struct sim_session s = small_session(sim, 1, (uint32_t[]){3, 0});
	uint32_t index, marked = 0;

	(void)state;
	s.egress = EGRESS_SINK;
	sim_session_flow(&s, 0, 1, "2 > 3");
	index = small_start(sim, NULL, &s);
	sim->hooks.wire = mark_some;
	sim->hooks.arg = &marked;
	for (uint32_t round = 0; round < 100; round++) {
		for (uint32_t i = 0; i < 30; i++)
			sim_host_send(sim, index, PAYLOAD);
		sim_run_until(sim, sim->now + SIM_MS);
	}
	sim_drain(sim, SIM_S);
	assert_int_equal(marked, 1000);
	assert_int_equal(delivered(sim, index, 3), 3000);
	assert_int_equal(small_destination(sim, index, 3)->counters.reordered, 0);
	small_finish(sim, NULL, small_none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind),
		cmocka_unit_test(test_no_hops),
		cmocka_unit_test(test_under_traffic),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_marked_in_order),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("forwarding", tests, NULL, NULL);
}
