/* SPDX-License-Identifier: BSD-3-Clause */
/* One next hop a packet: the node beside the floor, over working sets and next hops. */
#include <stdio.h>

#include <rte_common.h>

#include "stages.h"

#define HASH_ENTRIES 10000
#define HASH_HOPS    256 /* of these, in use */

static const uint32_t working_sets[] = {32, 512, 65536, 262144};
static const uint16_t next_hops[] = {1, 8, 256, 4096};

/*
 * What a hand-written minimum cost on a machine with a TSC of 2.6 GHz and a core clock of 1.6 times
 * that, for the working sets and next hops above; 0 = not measured.
 */
static const double reference[RTE_DIM(working_sets)][RTE_DIM(next_hops)] = {
	{16, 22, 29, 0},
	{18, 23, 33, 0},
	{23, 33, 49, 0},
	{73, 0, 115, 0},
};
static const double reference_hash[RTE_DIM(working_sets)] = {22, 22, 25, 28};

enum column {
	FLOOR,
	NODE,
	NODE_CHECKED,
	COLUMNS
};

/* One working set: io, then the columns of each number of next hops, then the floor's hash. */
struct table {
	struct scene scenes[1 + RTE_DIM(next_hops) * COLUMNS + 1];
	unsigned int n;
};

static struct scene *
scene_of(struct table *table, unsigned int row, enum column column)
{
	return &table->scenes[1 + row * COLUMNS + column];
}

static void
add(struct table *table, struct loop *loop, enum scene_kind kind, uint16_t hops, bool checked,
	uint32_t hash)
{
	struct scene_params params = {
		.kind = kind,
		.hash = hash,
		.frames =
			{
				.kind = FRAMES_RELAY,
				.payload = 64,
				.hops = hops,
				.ways = 1,
				.sessions = 1,
				.checked = checked,
				/* The floor's table is indexed by NodeID. */
				.sparse = kind == SCENE_NODE || hash != 0,
			},
	};

	scene_init(&table->scenes[table->n++], loop, &params);
}

static void
figures(unsigned int row, const struct bench_stat *net, const struct bench_stat *ratio)
{
	static const char *const names[] = {"cycles_floor", "cycles_node", "cycles_node_checked"};
	char key[48];

	for (int c = FLOOR; c < COLUMNS; c++) {
		snprintf(key, sizeof(key), "%s_nh%u", names[c], next_hops[row]);
		bench_figure(key, net[c].median);
	}
	snprintf(key, sizeof(key), "ratio_to_floor_nh%u", next_hops[row]);
	bench_figure(key, ratio[NODE].median);
	snprintf(key, sizeof(key), "ratio_to_floor_checked_nh%u", next_hops[row]);
	bench_figure(key, ratio[NODE_CHECKED].median);
}

static void
print_row(struct table *table, unsigned int set, unsigned int row)
{
	struct bench_samples net[COLUMNS];
	struct bench_stat stat[COLUMNS], ratio[COLUMNS];

	for (int c = FLOOR; c < COLUMNS; c++) {
		net[c] = stages_net(scene_of(table, row, c), &table->scenes[0]);
		stat[c] = bench_stat(&net[c]);
		ratio[c] = bench_ratio(&net[c], &net[FLOOR]);
	}
	printf("%8u %5u |", working_sets[set], next_hops[row]);
	if (reference[set][row] > 0)
		printf(" %4.0f", reference[set][row]);
	else
		printf("    -");
	for (int c = FLOOR; c < COLUMNS; c++)
		printf(" | %6.1f (%5.1f..%5.1f)", stat[c].median, stat[c].min, stat[c].max);
	for (int c = NODE; c < COLUMNS; c++)
		printf(" | %5.2f (%4.2f..%5.2f)", ratio[c].median, ratio[c].min, ratio[c].max);
	printf("\n");
	if (working_sets[set] == 512)
		figures(row, stat, ratio);
}

static void
print_hash(struct table *table, unsigned int set)
{
	/* 256 next hops are in use here too. */
	struct bench_samples net = stages_net(&table->scenes[table->n - 1], &table->scenes[0]),
			     direct = stages_net(scene_of(table, 2, FLOOR), &table->scenes[0]),
			     more = {0};
	struct bench_stat stat;

	for (unsigned int i = 0; i < net.n; i++)
		bench_add(&more, net.value[i] - direct.value[i]);
	stat = bench_stat(&more);
	printf("%8u %5u | %+4.0f | %+6.1f (%5.1f..%5.1f)   floor with an rte_hash of %u\n",
		working_sets[set], HASH_HOPS, reference_hash[set], stat.median, stat.min, stat.max,
		HASH_ENTRIES);
}

static void
print_loop(const struct table *table)
{
	struct bench_stat io = bench_stat(&table->scenes[0].cycles);
	uint64_t preempted = 0, measured = 0;

	for (unsigned int i = 0; i < table->n; i++) {
		preempted += table->scenes[i].preempted;
		measured += table->scenes[i].measured;
	}
	printf("         the loop itself, taken off above: %.1f (%.1f..%.1f); time without the "
	       "core "
	       "%.1f %%\n",
		io.median, io.min, io.max, 100.0 * (double)preempted / (double)measured);
}

static void
measure(const struct bench_options *options, unsigned int set)
{
	static struct table table;
	struct scene *scenes[RTE_DIM(table.scenes)];
	struct loop hot, loop;

	table.n = 0;
	loop_init(&hot, "hot", LOOP_BURST);
	loop_init(&loop, "loop", working_sets[set]);
	add(&table, &hot, SCENE_IO, 1, false, 0);
	for (unsigned int row = 0; row < RTE_DIM(next_hops); row++) {
		add(&table, &loop, SCENE_FLOOR, next_hops[row], false, 0);
		add(&table, &loop, SCENE_NODE, next_hops[row], false, 0);
		add(&table, &loop, SCENE_NODE, next_hops[row], true, 0);
	}
	add(&table, &loop, SCENE_FLOOR, HASH_HOPS, false, HASH_ENTRIES);
	for (unsigned int i = 0; i < table.n; i++)
		scenes[i] = &table.scenes[i];
	stages_run(options, scenes, table.n);
	for (unsigned int row = 0; row < RTE_DIM(next_hops); row++)
		print_row(&table, set, row);
	print_hash(&table, set);
	print_loop(&table);
	for (unsigned int i = 0; i < table.n; i++)
		scene_free(&table.scenes[i]);
	loop_free(&loop);
	loop_free(&hot);
}

void
stages_relay(const struct bench_options *options)
{
	printf("\nRelay to one next hop, IPv4, 64 bytes of payload: TSC cycles a packet, median "
	       "(least..most)\n"
	       "  ref: what a hand-written minimum cost on a TSC of 2.6 GHz, core clock 1.6 times "
	       "that\n"
	       "  checked: the port says that the IPv4 checksum is right, as a NIC does\n\n"
	       " packets  next |  ref | floor                 | node                  | node, "
	       "checked"
	       "         | ratio to floor      | checked\n"
	       " in turn  hops |\n");
	/* The working set of 512 is the one whose figures are asked for. */
	for (unsigned int set = 0; set < RTE_DIM(working_sets); set++)
		if (!options->quick || working_sets[set] == 512)
			measure(options, set);
}
