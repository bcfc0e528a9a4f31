/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A relay beside testpmd, which only swaps addresses: the same burst goes round on the same core.
 */
#include <stdio.h>

#include "stages.h"
#include "testpmd_swap.h"

#define SECONDS 1

void
stages_swap(const struct bench_options *options)
{
	struct scene_params params = {
		.kind = SCENE_IO,
		.frames = {.kind = FRAMES_RELAY,
			.payload = 64,
			.hops = 1,
			.ways = 1,
			.sparse = true,
			.sessions = 1},
	};
	struct scene io, node, *scenes[] = {&io, &node};
	struct bench_options once = *options;
	struct bench_samples swap = {0}, net;
	struct bench_stat stat, relay, ratio, whole, gross;
	struct loop loop;

	once.runs = 1;
	loop_init(&loop, "swap", LOOP_BURST);
	scene_init(&io, &loop, &params);
	params.kind = SCENE_NODE;
	scene_init(&node, &loop, &params);
	for (unsigned int run = 0; run < options->runs; run++) {
		double cycles = testpmd_swap_cycles(SECONDS);

		if (cycles < 0)
			bench_die("dpdk-testpmd did not run (Debian's package dpdk-dev has it)");
		bench_add(&swap, cycles);
		stages_run(&once, scenes, 2);
	}
	net = stages_net(&node, &io);
	stat = bench_stat(&swap);
	relay = bench_stat(&net);
	ratio = bench_ratio(&net, &swap);
	whole = bench_stat(&node.cycles);
	gross = bench_ratio(&node.cycles, &swap);
	printf("\ntestpmd 5tswap over net_ring in loopback, one burst of 32: TSC cycles a "
	       "packet\n\n"
	       "5tswap %.1f (%.1f..%.1f), ref 18; relay of 32 packets in turn to 1 next hop %.1f "
	       "(%.1f..%.1f); ratio %.2f (%.2f..%.2f)\n"
	       "5tswap with its net_ring, the relay without its loop; with it: %.1f (%.1f..%.1f); "
	       "ratio %.2f (%.2f..%.2f)\n",
		stat.median, stat.min, stat.max, relay.median, relay.min, relay.max, ratio.median,
		ratio.min, ratio.max, whole.median, whole.min, whole.max, gross.median, gross.min,
		gross.max);
	bench_figure("cycles_5tswap", stat.median);
	bench_figure("ratio_to_5tswap", ratio.median);
	bench_figure("ratio_to_5tswap_gross", gross.median);
	scene_free(&io);
	scene_free(&node);
	loop_free(&loop);
}
