/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large random networks under loss, reordering and duplication, against the oracle; each run twice,
 * and both must agree in every datagram with its time and in all counters.
 *
 *   sim_random [-n NODES] [-r RUNS] [-s SEED]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim_oracle.h"
#include "topology.h"

#define SESSIONS 24
#define TRAFFIC	 (300 * SIM_MS)
#define PACED	 UINT64_C(3000000) /* bytes/s */

struct outcome {
	uint64_t wires, counters;
};

/* Lines this bad: what a seed says, from perfect to dreadful. */
static struct impair_params
random_impairments(struct rng *rng)
{
	struct impair_params p = {0};

	if (rng_below(rng, 4) != 0)
		p.loss = rng_unit(rng) * 0.05;
	if (rng_below(rng, 2) != 0) {
		p.burst_begin = 0.002;
		p.burst_end = 0.2;
		p.burst_loss = 0.8;
	}
	if (rng_below(rng, 4) != 0) {
		p.reorder = rng_unit(rng) * 0.1;
		p.reorder_ns = 10 * SIM_MS;
	}
	if (rng_below(rng, 4) != 0) {
		p.duplicate = rng_unit(rng) * 0.05;
		p.duplicate_ns = 3 * SIM_MS;
	}
	p.jitter_ns = rng_below(rng, 2) * SIM_MS;
	return p;
}

/* Hosts send at random times; each slice is one more chance for each session. */
static void
run_traffic(struct sim *sim)
{
	uint64_t end = sim->now + TRAFFIC;

	while (sim->now < end) {
		for (uint32_t i = 0; i < sim->nb_sessions; i++) {
			if (sim->sessions[i].kind != SOURCE_UDP)
				continue;
			for (uint32_t n = rng_below(&sim->rng, 4); n > 1; n--)
				sim_host_send(sim, i, (uint16_t)(8 + rng_below(&sim->rng, 700)));
		}
		sim_run_until(sim, sim->now + SIM_MS);
	}
}

static struct outcome
run(uint32_t nodes, uint64_t seed, bool print)
{
	static const enum drop_reason allowed[] = {DROP_link_duplicate, DROP_probe_unexpected,
		DROP_session_duplicate, DROP_session_too_old, DROP_none};
	struct sim *sim = sim_new(seed);
	struct impair_params impair = random_impairments(&sim->rng);
	struct outcome outcome = {0};
	struct oracle *oracle;

	sim->buffer_bytes = RTE_PKTMBUF_HEADROOM + 1152;
	sim->extra_buffers = 512;
	sim->probe = 50 * SIM_MS;
	/* Every second seed: packets wait at each link for their time, but none too long. */
	sim->link_rate = seed % 2 == 0 ? PACED : 0;
	sim->paced_node = SIM_HOST;
	topology_make(sim, nodes, nodes, 3, &impair);
	sim_build(sim);
	oracle = sim_oracle_new(sim);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct sim_session session;

		topology_session(sim, &session, 100 + i);
		sim_oracle_session(oracle, sim, sim_add_session(sim, &session));
		sim_session_start(sim, i);
	}
	sim_run_until(sim, sim->now + 10 * SIM_MS);
	run_traffic(sim);
	for (uint32_t i = 0; i < SESSIONS; i++)
		sim_session_stop(sim, i);
	sim_drain(sim, 5 * SIM_S);
	sim_oracle_check(oracle, sim);
	sim_check_drops(sim, allowed);
	if (print)
		sim_oracle_print(oracle, sim, "random");
	outcome.wires = sim->hash;
	sim_hash_counters(sim, &outcome.counters);
	oracle_free(oracle);
	sim_free(sim);
	return outcome;
}

int
main(int argc, char **argv)
{
	uint64_t seed = 1;
	uint32_t nodes = 64, runs = 3;
	int option;

	while ((option = getopt(argc, argv, "n:r:s:")) != -1) {
		switch (option) {
		case 'n':
			nodes = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'r':
			runs = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		default:
			fprintf(stderr, "usage: %s [-n NODES] [-r RUNS] [-s SEED]\n", argv[0]);
			return 2;
		}
	}
	if (nodes < 8 || nodes > SIM_NODES_MAX) {
		fprintf(stderr, "%s: nodes: %u is not between 8 and %d\n", argv[0], nodes,
			SIM_NODES_MAX);
		return 2;
	}
	sim_eal(1536);
	for (uint32_t i = 0; i < runs; i++, seed++) {
		struct outcome first = run(nodes, seed, true), second = run(nodes, seed, false);

		if (memcmp(&first, &second, sizeof(first)) != 0) {
			fprintf(stderr,
				"two runs of seed %" PRIu64 " differ: wires %016" PRIx64
				" %016" PRIx64 ", counters %016" PRIx64 " %016" PRIx64 "\n",
				seed, first.wires, second.wires, first.counters, second.counters);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
