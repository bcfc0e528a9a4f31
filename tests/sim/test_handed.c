/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one worker gives to another is on its way while a link is taken away, and its place goes to
 * another neighbour.
 */
#include "decoded_input.h"
#include "feeder.h"
#include "rlnc_encoder.h"
#include "small.h"

/* Many turns of the ring between workers, many more than it takes to take a link away. */
#define WAITING (20 * BURST_MAX)

struct scene {
	struct sim *sim;
	struct node *node; /* 1, with two workers, linked to 2 and 3; its wire to 4 has no link */
	struct link_params to4;
	uint32_t session; /* rateless, its first generation repaired for nobody who hears it */
};

static struct link_params
params_of(const struct link *link)
{
	return (struct link_params){.node_id = link->node_id,
		.port = link->port,
		.remote = link->remote,
		.local = link->local,
		.udp_port = link->udp_port,
		.ring = 64};
}

static struct scene
start(void)
{
	struct wire_lane_params deaf = small_line().lane;
	struct sim *sim = small_new(4);
	struct scene scene = {.sim = sim};
	struct sim_session s;

	sim->nodes[0].workers = 2;
	sim->extra_buffers = 2048;
	small_wire(sim, 1, 2);
	small_wire(sim, 1, 3);
	small_wire(sim, 1, 4);
	small_wire(sim, 4, 3);
	sim_build(sim);
	scene.node = sim->nodes[0].node;
	scene.to4 = params_of(node_find_link(scene.node, 4));
	node_remove_link(scene.node, node_find_link(scene.node, 4));
	s = small_session(sim, 1, (uint32_t[]){3, 0});
	s.coding = (struct rlnc_params){.code = RLNC_BLOCK,
		.k = 16,
		.systematic = true,
		.repair = RLNC_REPAIR_RATELESS,
		.bound = 4 * RLNC_SHARE_ONE,
		.close = 5 * SIM_MS,
		.deadline = 400 * SIM_MS};
	sim_session_flow(&s, 0, 1, "3");
	scene.session = small_start(sim, NULL, &s);
	deaf.impair.loss = 1;
	small_set_lane(sim, sim_wire_between(sim, 0, 2), 3, &deaf);
	small_send(sim, scene.session, 16, 300, 100 * SIM_US);
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	assert_true(sim_source(sim, scene.session)->encoder->generations[0].closed);
	return scene;
}

static void
turn(const struct scene *scene)
{
	scene->sim->now += SIM_US;
	for (uint16_t i = 0; i < scene->node->nb_workers; i++)
		worker_poll(scene->node->workers[i], scene->sim->now);
	node_tick(scene->node);
}

/* Takes the link to 2 away; returns how many packets for a worker were still waiting by then. */
static unsigned int
take_away(const struct scene *scene, const struct worker *to)
{
	struct link *link = node_find_link(scene->node, 2);
	uint16_t index = link->index;

	node_remove_link(scene->node, link);
	while (scene->node->links[index] != NULL)
		turn(scene);
	return rte_ring_count(to->handover);
}

/* The link's place is one to 4 now, of the same worker, and the session goes that way. */
static void
link_to_4(const struct scene *scene, uint16_t index, uint16_t owner)
{
	struct link *link = node_add_link(scene->node, &scene->to4);
	struct sim_wire *sw = sim_wire_between(scene->sim, 0, 3);

	assert_non_null(link);
	assert_int_equal(link->index, index);
	assert_int_equal(link->owner, owner);
	assert_int_equal(node_set_link_mac(scene->node, link, &sw->mac[sw->node[0] == 0]), 0);
	scene->sim->sessions[scene->session].nb_flows = 0;
	sim_session_flow(&scene->sim->sessions[scene->session], 0, 1, "4 > 3");
	sim_session_publish(scene->sim, scene->session);
}

static void
end(const struct scene *scene)
{
	sim_session_stop(scene->sim, scene->session);
	sim_drain(scene->sim, 2 * SIM_S);
	sim_free(scene->sim);
}

/* A datagram's body, from the neighbour that the link header before it names. */
static struct rte_mbuf *
packet_of(struct worker *w, const void *body, uint16_t len)
{
	struct link_hdr hdr = {.node = rte_cpu_to_be_32(2)};
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	assert_non_null(m);
	w->counters.originated++;
	memcpy(rte_pktmbuf_append(m, sizeof(hdr)), &hdr, sizeof(hdr));
	memcpy(rte_pktmbuf_append(m, len), body, len);
	assert_non_null(rte_pktmbuf_adj(m, sizeof(hdr)));
	return m;
}

static struct decoded_body
body_of(const struct source *source)
{
	return (struct decoded_body){.conference = rte_cpu_to_be_32(source->conference),
		.session = rte_cpu_to_be_32(source->session),
		.epoch = rte_cpu_to_be_16(source->epoch)};
}

/* DECODED of a neighbour that has gone is not one of who came to its place. */
static void
test_decoded(void **state)
{
	struct scene scene = start();
	struct source *source = sim_source(scene.sim, scene.session);
	struct worker *from = scene.node->workers[!source->owner];
	const struct link *link = node_find_link(scene.node, 2);
	struct decoded_body body = body_of(source);
	uint16_t index = link->index, owner = link->owner;
	unsigned int late;

	(void)state;
	for (unsigned int i = 0; i < WAITING; i++)
		assert_true(decoded_input(from, link, packet_of(from, &body, sizeof(body))));
	late = take_away(&scene, scene.node->workers[source->owner]);
	assert_in_range(late, 1, WAITING);
	link_to_4(&scene, index, owner);
	sim_run_until(scene.sim, scene.sim->now + 10 * SIM_MS);
	assert_int_equal(source->encoder->counters.decoded, 0);
	assert_in_range(small_drops(scene.sim, 1, DROP_link_unknown_peer), late, WAITING);
	end(&scene);
}

/* Nor is FEEDBACK. */
static void
test_control(void **state)
{
	struct scene scene = start();
	const struct link *link = node_find_link(scene.node, 2);
	struct worker *from = scene.node->workers[!link->owner];
	struct feedback_body body = {.epoch = rte_cpu_to_be_16(link->epoch)};
	uint16_t index = link->index, owner = link->owner;
	unsigned int late;

	(void)state;
	for (unsigned int i = 0; i < WAITING; i++) {
		struct rte_mbuf *m = packet_of(from, &body, sizeof(body));

		packet_meta(m)->type = LINK_FEEDBACK;
		worker_handover(from, owner, m, PACKET_CONTROL, index, scene.sim->now);
	}
	late = take_away(&scene, scene.node->workers[owner]);
	assert_in_range(late, 1, WAITING);
	link_to_4(&scene, index, owner);
	sim_run_until(scene.sim, scene.sim->now + 10 * SIM_MS);
	/* Some of them went in the turn in which the link did, after it. */
	assert_in_range(small_drops(scene.sim, 1, DROP_link_unknown_peer), late, WAITING);
	end(&scene);
}

/*
 * A link that is taken away has its ring emptied once, by its owner. A worker that saw the link
 * before and pushes after that would leave a packet there that nobody ever takes: so from when the
 * workers can know, none pushes, though the owner has not emptied the ring yet.
 */
static void
test_late_push(void **state)
{
	struct scene scene = start();
	struct link *link = node_find_link(scene.node, 2);
	struct worker *from = scene.node->workers[!link->owner];
	struct decoded_body body = {.conference = 0}; /* that nobody recodes here */
	uint64_t handed = from->counters.handed_out;

	(void)state;
	decoded_here(from, packet_of(from, &body, sizeof(body)), link->index);
	assert_int_equal(rte_ring_count(link->ring), 1);
	assert_int_equal(from->counters.handed_out, handed + 1);
	turn(&scene);
	node_remove_link(scene.node, link);
	while (rte_ring_empty(scene.node->workers[link->owner]->mailbox))
		turn(&scene);
	assert_ptr_equal(scene.node->links[link->index], link);
	decoded_here(from, packet_of(from, &body, sizeof(body)), link->index);
	assert_int_equal(rte_ring_count(link->ring), 0);
	assert_int_equal(from->counters.handed_out, handed + 1);
	end(&scene);
}

/* What others pushed for a link that is taken away is dropped by name. */
static void
test_ring_dropped(void **state)
{
	struct scene scene = start();
	struct link *link = node_find_link(scene.node, 2);
	struct worker *owner = scene.node->workers[link->owner];
	struct worker *from = scene.node->workers[!link->owner];
	const struct probe_body body = {{0}};
	uint32_t n = 0;

	(void)state;
	node_remove_link(scene.node, link);
	while (rte_ring_empty(owner->mailbox))
		turn(&scene);
	/* They saw it just before. */
	for (; n < 3; n++)
		feeder_push_control(from, link, LINK_PROBE, packet_of(from, &body, sizeof(body)));
	worker_poll(owner, scene.sim->now);
	assert_int_equal(owner->counters.drops[DROP_hop_removed], n);
	end(&scene);
}

/*
 * A next hop's ring that overflows keeps places for other types than DATA, and the owner empties it
 * though nobody rings again.
 */
static void
test_ring_full(void **state)
{
	struct scene scene = start();
	struct link *link = node_find_link(scene.node, 2);
	struct worker *owner = scene.node->workers[link->owner];
	struct worker *from = scene.node->workers[!link->owner];
	uint32_t places = rte_ring_get_capacity(link->ring), data;
	const struct probe_body body = {{0}};

	(void)state;
	for (uint32_t i = 0; i < places; i++)
		feeder_push(from, link, packet_of(from, &body, sizeof(body)));
	feeder_flush(from);
	data = rte_ring_count(link->ring);
	assert_in_range(data, places - 16, places - 1);
	assert_int_equal(from->counters.drops[DROP_hop_ring_full], places - data);
	assert_int_equal(from->ring_drops[link->index], places - data);
	for (uint32_t i = data; i < places; i++)
		feeder_push_control(from, link, LINK_PROBE, packet_of(from, &body, sizeof(body)));
	assert_true(rte_ring_full(link->ring));
	assert_int_equal(from->counters.drops[DROP_hop_ring_full], places - data);
	for (uint32_t left = places; left > 0; left -= RTE_MIN(left, (uint32_t)BURST_MAX))
		worker_poll(owner, scene.sim->now);
	assert_true(rte_ring_empty(link->ring));
	end(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoded),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_late_push),
		cmocka_unit_test(test_ring_dropped),
		cmocka_unit_test(test_ring_full),
	};

	sim_eal(512);
	return cmocka_run_group_tests_name("handed", tests, NULL, NULL);
}
