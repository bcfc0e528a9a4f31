/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker, one core: cycles a packet as next hops, sessions and conferences grow, each packet of
 * another one than the packet before, and the memory that they take.
 */
#include <stdio.h>

#include "scale.h"

#define PACKETS	      512
#define SOURCE_HOPS   256
#define MEASURE	      200000
#define MEASURE_QUICK 8192
#define WARM_UP	      4096
#define EACH	      128 /* packets: a destination does some work once in 64 of a session */
#define SIZES_MAX     8

/* One curve: something grows, all else stays. */
static const struct curve {
	const char *name;
	const char *text;
	enum scale_role role;
	enum what {
		HOPS,
		SESSIONS,
		CONFERENCES
	} what;
	uint32_t sizes[SIZES_MAX];
} curves[] = {
	{"relay_hops", "relay, next hops", SCALE_RELAY, HOPS, {1, 4, 16, 64, 256, 1024, 4096}},
	{"source_sessions", "source, sessions of one conference", SCALE_SOURCE, SESSIONS,
		{1, 10, 100, 1000, 10000, 50000, 100000}},
	{"source_conferences", "source, conferences of one session", SCALE_SOURCE, CONFERENCES,
		{1, 10, 100, 1000, 10000, 50000, 100000}},
	{"destination_sessions", "destination, sessions of one conference", SCALE_DESTINATION,
		SESSIONS, {1, 10, 100, 1000, 10000, 50000}},
	{"destination_conferences", "destination, conferences of one session", SCALE_DESTINATION,
		CONFERENCES, {1, 10, 100, 1000, 10000, 50000}},
};

#define QUICK_MOST 1000

static void
make(struct scale_node *s, const struct curve *curve, uint32_t size)
{
	struct scale_params params = {
		.workers = 1,
		.role = curve->role,
		.hops = SOURCE_HOPS,
		.sessions = 1,
		.conferences = 1,
		.packets = PACKETS,
	};

	switch (curve->what) {
	case HOPS:
		params.hops = (uint16_t)size;
		break;
	case CONFERENCES:
		params.conferences = size;
		params.sessions = size;
		break;
	case SESSIONS:
		params.sessions = size;
		break;
	}
	scale_node_init(s, &params);
	scale_port_set(&s->ports[0], s->own[0]);
}

/* Source to sink with nothing between them. */
static uint32_t
turn_port(struct scale_node *s)
{
	struct rte_mbuf *pkts[SCALE_BURST];
	struct port *port = &s->ports[0].port;
	uint16_t n = port->ops->rx_burst(port, 0, pkts, SCALE_BURST, 0);

	return port->ops->tx_burst(port, 0, pkts, n, 0);
}

static uint32_t
turn_node(struct scale_node *s)
{
	return worker_poll(s->node->workers[0], tsc_clock_now(&s->clock));
}

static double
cycles(struct scale_node *s, uint32_t (*turn)(struct scale_node *s), uint64_t warm_up,
	uint64_t packets)
{
	struct bench_meter meter;
	uint64_t warm = 0, least = UINT64_MAX;

	for (uint64_t begin = rte_rdtsc(), end; warm < warm_up; begin = end) {
		warm += turn(s);
		end = rte_rdtsc();
		least = RTE_MIN(least, end - begin);
	}
	bench_meter_start(&meter, least);
	while (meter.packets < packets) {
		uint32_t n = turn(s);

		bench_meter_turn(&meter, rte_rdtsc(), n);
	}
	bench_meter_end(&meter);
	return (double)meter.cycles / (double)meter.packets;
}

struct point {
	struct bench_samples net;
	uint64_t bytes; /* of DPDK's heap */
};

/* Nodes of 100,000 sessions do not fit side by side: each size is built anew in every run. */
static void
measure_point(const struct bench_options *options, const struct curve *curve, uint32_t size,
	struct point *point)
{
	static struct scale_node s;
	uint64_t packets = options->quick ? MEASURE_QUICK : RTE_MAX((uint32_t)MEASURE, size * EACH);
	/* A session's first packet is other work than those that follow. */
	uint64_t warm_up = RTE_MAX((uint32_t)WARM_UP, size), before = scale_allocated();
	double port, node;

	make(&s, curve, size);
	point->bytes = scale_allocated() - before;
	port = cycles(&s, turn_port, warm_up, packets);
	node = cycles(&s, turn_node, warm_up, packets);
	bench_add(&point->net, node - port);
	scale_settle(&s);
	scale_node_free(&s);
}

static void
measure(const struct bench_options *options, const struct curve *curve)
{
	struct point points[SIZES_MAX] = {0};
	char key[64];
	unsigned int n = 0;

	while (n < SIZES_MAX && curve->sizes[n] != 0 &&
		(!options->quick || curve->sizes[n] <= QUICK_MOST))
		n++;
	for (unsigned int run = 0; run < options->runs; run++)
		for (unsigned int i = 0; i < n; i++)
			measure_point(options, curve, curve->sizes[i], &points[i]);
	for (unsigned int i = 0; i < n; i++) {
		struct bench_stat net = bench_stat(&points[i].net);
		struct bench_stat growth = bench_ratio(&points[i].net, &points[0].net);

		printf("%-42s %7u | %7.1f (%6.1f..%7.1f) | %5.2f (%4.2f..%5.2f) | %9.1f\n",
			i == 0 ? curve->text : "", curve->sizes[i], net.median, net.min, net.max,
			growth.median, growth.min, growth.max, (double)points[i].bytes / 1048576);
		snprintf(key, sizeof(key), "cycles_%s_%u", curve->name, curve->sizes[i]);
		bench_figure(key, net.median);
		snprintf(key, sizeof(key), "mib_%s_%u", curve->name, curve->sizes[i]);
		bench_figure(key, (double)points[i].bytes / 1048576);
		if (i + 1 < n)
			continue;
		snprintf(key, sizeof(key), "growth_%s", curve->name);
		bench_figure(key, growth.median);
	}
}

void
scale_growth(const struct bench_options *options)
{
	printf("\nGrowth, one worker: TSC cycles a packet without those of the port; each packet "
	       "is "
	       "of another one than\nthe packet before; MiB of DPDK's heap for the whole node, its "
	       "packets included\n\n"
	       "what grows                                  number | cycles                     | "
	       "to the first        |       MiB\n");
	for (size_t i = 0; i < RTE_DIM(curves); i++)
		measure(options, &curves[i]);
}
