/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles a packet through a queue, its scheduler and the pacer of one link, in virtual time, as the
 * number of conferences grows that have packets; as many packets wait each time, so that what grows
 * is only what conferences cost.
 */
#include <stdio.h>

#include "feeder_scene.h"

#define WAITING	      20000
#define MEASURE	      400000
#define MEASURE_QUICK 20000
#define BURST	      32
#define RATE	      UINT64_C(125000000) /* bytes/s */
#define TURN_NS	      (BURST * FEEDER_PACKET * UINT64_C(1000000000) / RATE)

static const uint32_t sizes[] = {1, 10, 100, 1000, 10000};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* Buffers lie as those of a pool that was in use for a while, whatever the order of packets. */
static void
shuffle(struct feeder_scene *s)
{
	struct rng rng;

	rng_seed(&rng, 1);
	for (uint32_t i = s->nb_back; i > 1; i--) {
		uint32_t k = (uint32_t)rng_below(&rng, i);
		struct rte_mbuf *m = s->back[k];

		s->back[k] = s->back[i - 1];
		s->back[i - 1] = m;
	}
}

/* Takes a burst from the link, and pushes it again; returns the cycles a packet. */
static double
measure(struct feeder_scene *s, uint64_t *now, uint64_t packets)
{
	struct bench_meter meter;
	uint64_t least = UINT64_MAX;

	for (uint64_t warm = 0, begin = rte_rdtsc(), end; warm < 2 * WAITING; begin = end) {
		*now += TURN_NS;
		(void)worker_poll(s->worker, *now);
		warm += s->nb_back;
		feeder_scene_push(s);
		end = rte_rdtsc();
		least = RTE_MIN(least, end - begin);
	}
	bench_meter_start(&meter, least);
	while (meter.packets < packets) {
		uint32_t n;

		*now += TURN_NS;
		(void)worker_poll(s->worker, *now);
		n = s->nb_back;
		feeder_scene_push(s);
		bench_meter_turn(&meter, rte_rdtsc(), n);
	}
	bench_meter_end(&meter);
	return (double)meter.cycles / (double)meter.packets;
}

void
feeder_growth(const struct bench_options *options)
{
	struct bench_samples samples[SIZES] = {0};
	static struct feeder_scene s;
	char key[64];

	for (unsigned int run = 0; run < options->runs; run++) {
		for (size_t i = 0; i < SIZES; i++) {
			struct feeder_scene_params params = {.links = 1,
				.conferences = sizes[i],
				.packets = WAITING,
				.rate = RATE};
			uint64_t now = UINT64_C(1000000000);

			feeder_scene_init(&s, &params, now);
			shuffle(&s);
			feeder_scene_push(&s);
			bench_add(&samples[i],
				measure(&s, &now, options->quick ? MEASURE_QUICK : MEASURE));
			feeder_scene_free(&s);
		}
	}
	printf("\nA packet's way through a paced link's feeder, %u packets waiting in all: TSC "
	       "cycles to queue it, choose it,\npace it and send it\n\n"
	       "conferences | cycles                     | to the first\n",
		WAITING);
	for (size_t i = 0; i < SIZES; i++) {
		struct bench_stat cycles = bench_stat(&samples[i]);
		struct bench_stat growth = bench_ratio(&samples[i], &samples[0]);

		printf("%11u | %7.1f (%6.1f..%7.1f) | %5.2f (%4.2f..%5.2f)\n", sizes[i],
			cycles.median, cycles.min, cycles.max, growth.median, growth.min,
			growth.max);
		snprintf(key, sizeof(key), "cycles_conferences_%u", sizes[i]);
		bench_figure(key, cycles.median);
		if (i == SIZES - 1)
			bench_figure("growth_conferences_10k", growth.median);
	}
}
