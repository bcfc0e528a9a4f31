/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "topology.h"

#define DEGREE_MAX  (WORKER_PORTS_MAX - 1)
#define PATH_HOPS   12
#define TREE_PLACES 60

static bool
connected(const struct sim *sim, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < sim->nb_wires; i++)
		if ((sim->wires[i].node[0] == a && sim->wires[i].node[1] == b) ||
			(sim->wires[i].node[0] == b && sim->wires[i].node[1] == a))
			return true;
	return false;
}

static void
random_line(struct sim *sim, struct sim_line *line, const struct impair_params *impair)
{
	struct rng *rng = &sim->rng;

	*line = (struct sim_line){
		.vlan = rng_below(rng, 4) == 0 ? (uint16_t)(1 + rng_below(rng, 4094)) : 0,
		.mtu = 1100,
		.queues = (uint16_t)(1 + rng_below(rng, 3)),
		.ipv6 = rng_below(rng, 2) != 0,
	};
	if (rng_below(rng, 3) != 0)
		line->offloads |= PORT_TX_CHAINS;
	if (rng_below(rng, 3) == 0)
		line->offloads |= PORT_TX_UDP_CHECKSUM;
	if (rng_below(rng, 3) == 0)
		line->offloads |= PORT_RX_IP_CHECKSUM | PORT_RX_UDP_CHECKSUM;
	line->lane.delay = rng_next(rng) % (20 * SIM_MS);
	if (rng_below(rng, 3) != 0) {
		line->lane.rate = UINT64_C(20000000) << rng_below(rng, 6);
		line->lane.queue = 20000 + rng_below(rng, 100000);
	}
	if (rng_below(rng, 5) != 0)
		line->lane.impair = *impair;
}

static bool
wire_random(struct sim *sim, uint32_t a, uint32_t b, const struct impair_params *impair)
{
	struct sim_line line;

	if (a == b || sim->nodes[a].nb_ports >= DEGREE_MAX ||
		sim->nodes[b].nb_ports >= DEGREE_MAX || connected(sim, a, b))
		return false;
	random_line(sim, &line, impair);
	sim_connect(sim, a, b, &line);
	return true;
}

static uint32_t
random_id(struct sim *sim)
{
	uint32_t id;
	bool used;

	do {
		id = rng_below(&sim->rng, 4) == 0 ? 1 + rng_below(&sim->rng, 300)
						  : (uint32_t)(rng_next(&sim->rng) >> 33);
		used = id == 0;
		for (uint32_t i = 0; i < sim->nb_nodes; i++)
			used |= sim->nodes[i].id == id;
	} while (used);
	return id;
}

void
topology_make(struct sim *sim, uint32_t nodes, uint32_t extra, uint16_t max_workers,
	const struct impair_params *impair)
{
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t id = random_id(sim);
		/* Most have one: pools grow with workers. */
		uint32_t most = rng_below(&sim->rng, 5) == 0 ? max_workers : 1;

		sim_add_node(sim, id, (uint16_t)(1 + rng_below(&sim->rng, most)));
		while (i > 0 && !wire_random(sim, i, rng_below(&sim->rng, i), impair))
			;
	}
	for (uint32_t i = 0; i < extra; i++)
		wire_random(sim, rng_below(&sim->rng, nodes), rng_below(&sim->rng, nodes), impair);
}

/* A tree of nodes under construction: the places below a place, by index. */
struct tree {
	uint32_t nb;
	struct {
		uint32_t node;
		int parent;
		bool destination;
	} places[TREE_PLACES];
};

/* Neighbours of a node in random order. */
static uint32_t
neighbours(struct sim *sim, uint32_t node, uint32_t *list)
{
	const struct sim_node *sn = &sim->nodes[node];
	uint32_t n = 0;

	for (uint16_t p = 0; p < sn->nb_ports; p++) {
		uint32_t far = sim->wires[sn->wires[p]].node[sn->ends[p] ^ 1];

		if (far != SIM_HOST)
			list[n++] = far;
	}
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = rng_below(&sim->rng, i), swap = list[i - 1];

		list[i - 1] = list[k];
		list[k] = swap;
	}
	return n;
}

/* A way from one node to another by a search in random order; returns hops, 0 if it is too far. */
static uint32_t
random_way(struct sim *sim, uint32_t from, uint32_t to, uint32_t *way)
{
	uint32_t queue[SIM_NODES_MAX], list[WORKER_PORTS_MAX], head = 0, tail = 0, hops = 0;
	uint32_t before[SIM_NODES_MAX];

	memset(before, 0xff, sizeof(before));
	queue[tail++] = from;
	before[from] = from;
	/* Taking a random one of the queue makes ways that are not the shortest. */
	while (head < tail && before[to] == UINT32_MAX) {
		uint32_t pick = head + rng_below(&sim->rng, RTE_MIN(tail - head, 3u));
		uint32_t node = queue[pick], n;

		queue[pick] = queue[head++];
		n = neighbours(sim, node, list);
		for (uint32_t i = 0; i < n; i++) {
			if (before[list[i]] == UINT32_MAX) {
				before[list[i]] = node;
				queue[tail++] = list[i];
			}
		}
	}
	for (uint32_t node = to; node != from; node = before[node])
		hops++;
	if (hops > PATH_HOPS)
		return 0;
	for (uint32_t node = to, i = hops; i-- > 0; node = before[node])
		way[i] = node;
	return hops;
}

static int
find_below(const struct tree *tree, int parent, uint32_t node)
{
	for (uint32_t i = 0; i < tree->nb; i++)
		if (tree->places[i].parent == parent && tree->places[i].node == node)
			return (int)i;
	return -1;
}

/* Joins a way to the tree as far as they agree; false if there is no room. */
static bool
add_way(struct tree *tree, const uint32_t *way, uint32_t hops)
{
	int at = -1;

	if (tree->nb + hops > TREE_PLACES)
		return false;
	for (uint32_t i = 0; i < hops; i++) {
		int next = find_below(tree, at, way[i]);

		if (next < 0) {
			next = (int)tree->nb++;
			tree->places[next].node = way[i];
			tree->places[next].parent = at;
			tree->places[next].destination = false;
		}
		at = next;
	}
	tree->places[at].destination = true;
	return true;
}

static size_t write_below(const struct sim *sim, const struct tree *tree, int parent, char *text);

static size_t
write_place(const struct sim *sim, const struct tree *tree, int index, char *text)
{
	bool leaf = true;
	size_t n;

	for (uint32_t i = 0; i < tree->nb; i++)
		leaf &= tree->places[i].parent != index;
	n = (size_t)sprintf(text, "%u%s", sim->nodes[tree->places[index].node].id,
		tree->places[index].destination && (!leaf || index % 2 == 0) ? "*" : "");
	if (!leaf) {
		n += (size_t)sprintf(text + n, " > ");
		n += write_below(sim, tree, index, text + n);
	}
	return n;
}

static size_t
write_below(const struct sim *sim, const struct tree *tree, int parent, char *text)
{
	uint32_t branches = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < tree->nb; i++)
		branches += tree->places[i].parent == parent;
	if (branches > 1)
		n += (size_t)sprintf(text + n, "(");
	for (uint32_t i = 0, k = 0; i < tree->nb; i++) {
		if (tree->places[i].parent != parent)
			continue;
		if (k++ > 0)
			n += (size_t)sprintf(text + n, ", ");
		n += write_place(sim, tree, (int)i, text + n);
	}
	if (branches > 1)
		n += (size_t)sprintf(text + n, ")");
	return n;
}

/* A tree that reaches all destinations; some by more than one way. */
static bool
random_tree(struct sim *sim, const struct sim_session *s, struct tree *tree)
{
	uint32_t way[SIM_NODES_MAX], ways = rng_below(&sim->rng, 3) == 0 ? 2 : 1;

	tree->nb = 0;
	for (uint32_t round = 0; round < ways; round++) {
		for (uint16_t i = 0; i < s->nb_destinations; i++) {
			uint32_t hops;

			if (round > 0 && rng_below(&sim->rng, 2) == 0)
				continue;
			hops = random_way(sim, s->source, s->destinations[i], way);
			if (hops == 0 || !add_way(tree, way, hops))
				return false;
		}
	}
	return true;
}

static void
random_destinations(struct sim *sim, struct sim_session *s)
{
	uint32_t want = 1 + rng_below(&sim->rng, 5);

	s->nb_destinations = 0;
	while (s->nb_destinations < want) {
		uint32_t node = rng_below(&sim->rng, sim->nb_nodes);
		bool there = node == s->source;

		for (uint16_t i = 0; i < s->nb_destinations; i++)
			there |= s->destinations[i] == node;
		if (!there)
			s->destinations[s->nb_destinations++] = node;
	}
}

static void
random_traffic(struct sim *sim, struct sim_session *s)
{
	struct rng *rng = &sim->rng;

	s->kind = rng_below(rng, 2) != 0 ? SOURCE_GENERATOR : SOURCE_UDP;
	s->egress = rng_below(rng, 3) != 0 ? EGRESS_UDP : EGRESS_FILE;
	s->generator = (struct generator_params){
		.kind = (uint8_t)rng_below(rng, 3),
		.size = (uint16_t)(PATHLET_TREE_MAX_DEPTH + rng_below(rng, 500)),
		.rate = 400000 + rng_below(rng, 3000000),
		.on_ns = 20 * SIM_MS,
		.off_ns = 10 * SIM_MS,
		.seed = rng_next(rng),
	};
	if (rng_below(rng, 3) == 0) {
		s->reorder_packets = 16u << rng_below(rng, 4);
		s->reorder_ns = (5 + rng_below(rng, 60)) * SIM_MS;
	}
}

void
topology_session(struct sim *sim, struct sim_session *s, uint32_t number)
{
	struct tree tree;
	uint32_t flows = rng_below(&sim->rng, 3) == 0 ? 2 + rng_below(&sim->rng, 3) : 1;

	memset(s, 0, sizeof(*s));
	s->conference = (uint32_t)rng_next(&sim->rng);
	s->session = number;
	do {
		s->source = rng_below(&sim->rng, sim->nb_nodes);
		random_destinations(sim, s);
	} while (!random_tree(sim, s, &tree));
	random_traffic(sim, s);
	for (uint32_t i = 0; i < flows; i++) {
		char text[SIM_TEXT_MAX];

		if (i > 0 && !random_tree(sim, s, &tree))
			continue;
		text[write_below(sim, &tree, -1, text)] = '\0';
		sim_session_flow(s, (uint8_t)(10 * i + 1), 1 + rng_below(&sim->rng, 100), text);
	}
}
