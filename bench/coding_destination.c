/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A destination on one core: a coded session with loss beside the same without either. What is
 * compared is TSC cycles a source packet that is delivered, those of the stream itself taken off.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "coding_stream.h"
#include "destination.h"
#include "frames.h"
#include "node.h"
#include "rlnc_receiver.h"
#include "tsc.h"

#define PACKETS	      512
#define MEASURE	      400000 /* frames a run */
#define MEASURE_QUICK 4000
#define WARM_UP	      20000
#define SECOND	      UINT64_C(1000000000)

struct side {
	struct coding_stream stream;
	struct node *node;
	struct destination *dst;
	struct tsc_clock clock;
	struct utc_map utc;
	struct bench_samples io, all; /* cycles a frame */
};

static const struct rlnc_params coding = {
	.code = RLNC_BLOCK,
	.k = CODING_K,
	.systematic = true,
	.ratio = STREAM_REPAIRS * RLNC_SHARE_ONE / CODING_K,
	.close = SECOND / 100,
	.deadline = SECOND,
};

static void
add_sender(struct side *s)
{
	struct link_params params = {
		.node_id = FRAMES_SENDER_ID,
		.port = &s->stream.port,
		.remote = frames_sender_address(false),
		.udp_port = FERRY_UDP_PORT,
		.pacing = LINK_PACING_NONE,
	};
	struct rte_ether_addr mac = frames_other_mac(0);
	struct link *link = node_add_link(s->node, &params);

	if (link == NULL || node_set_link_mac(s->node, link, &mac) < 0)
		bench_die("neighbour: %s", strerror(errno));
}

static void
set_port(struct port *port)
{
	port->mtu = 1600;
	port->udp_port = FERRY_UDP_PORT;
	port->offloads = PORT_TX_CHAINS;
	port->mac = frames_own_mac();
	port->nb_addresses = 1;
	port->addresses[0] = frames_own_address(0, false);
}

static void
side_init(struct side *s, const char *name, bool coded)
{
	struct node_params params = {.name = name,
		.id = FRAMES_OWN_ID,
		.epoch = 3,
		.nb_workers = 1,
		.max_links = 2,
		.seed = 1};
	struct destination_params destination = {
		.conference = FRAMES_CONFERENCE,
		.session = 1,
		.window = 1024,
		.egress = EGRESS_SINK,
		.coding = coded ? &coding : NULL,
		.nb_flows = 1,
	};
	struct node_budget budget = {.coding_packets = coded ? rlnc_receiver_holds(&coding) : 0};
	const char *error = "";

	*s = (struct side){0};
	coding_stream_init(&s->stream, name, coded, PACKETS);
	set_port(&s->stream.port);
	tsc_clock_init(&s->clock);
	params.now = tsc_clock_now(&s->clock);
	s->node = node_new(&params, &error);
	if (s->node == NULL)
		bench_die("node: %s", error);
	node_set_clock(s->node, &s->utc);
	if (node_add_port(s->node, &s->stream.port) < 0 ||
		node_layout(s->node, &budget, &error) < 0)
		bench_die("node: %s", error);
	add_sender(s);
	s->dst = node_add_destination(s->node, &destination, 0);
	if (s->dst == NULL)
		bench_die("destination: %s", strerror(errno));
	node_tick(s->node);
}

static void
side_free(struct side *s)
{
	node_free(s->node);
	coding_stream_free(&s->stream);
}

static uint32_t
turn(struct side *s, bool io)
{
	uint64_t now = tsc_clock_now(&s->clock);

	if (io)
		return coding_stream_io(&s->stream, now);
	(void)worker_poll(s->node->workers[0], now);
	return LOOP_BURST;
}

static void
measure(struct side *s, bool io, uint64_t frames)
{
	struct bench_meter meter;
	uint64_t least = UINT64_MAX;

	for (uint32_t n = 0; n < WARM_UP;) {
		uint64_t begin = rte_rdtsc();

		n += turn(s, io);
		least = RTE_MIN(least, rte_rdtsc() - begin);
	}
	bench_meter_start(&meter, least);
	while (meter.packets < frames) {
		uint32_t n = turn(s, io);

		bench_meter_turn(&meter, rte_rdtsc(), n);
	}
	bench_add(io ? &s->io : &s->all, (double)meter.cycles / (double)meter.packets);
}

/* Each generation that was handed out whole has been delivered whole, each payload once. */
static void
check(const struct side *s)
{
	uint64_t packets = destination_delivered(s->dst).packets;
	uint64_t least = (uint64_t)s->stream.generation * CODING_K;

	if (packets < least || packets > least + CODING_K || s->dst->counters.duplicates > 0)
		bench_die("%s: %lu source packets were handed out, %lu delivered",
			s->stream.port.name, (unsigned long)least, (unsigned long)packets);
}

static struct bench_samples
cycles_a_source(const struct side *s)
{
	struct bench_samples net = {0};

	for (unsigned int i = 0; i < s->all.n; i++)
		bench_add(
			&net, (s->all.value[i] - s->io.value[i]) * coding_stream_share(&s->stream));
	return net;
}

void
coding_destination(const struct bench_options *options)
{
	static struct side plain, coded;
	uint64_t frames = options->quick ? MEASURE_QUICK : MEASURE;
	struct bench_samples a, b;
	struct bench_stat with, without, ratio;

	for (unsigned int run = 0; run < options->runs; run++) {
		struct bench_samples plain_io = plain.io, plain_all = plain.all;
		struct bench_samples coded_io = coded.io, coded_all = coded.all;

		side_init(&plain, "plain", false);
		side_init(&coded, "coded", true);
		plain.io = plain_io;
		plain.all = plain_all;
		coded.io = coded_io;
		coded.all = coded_all;
		measure(&plain, false, frames);
		measure(&coded, false, frames);
		check(&plain);
		check(&coded);
		measure(&plain, true, frames);
		measure(&coded, true, frames);
		side_free(&plain);
		side_free(&coded);
	}
	a = cycles_a_source(&plain);
	b = cycles_a_source(&coded);
	without = bench_stat(&a);
	with = bench_stat(&b);
	ratio = bench_ratio(&a, &b);
	printf("\nA destination, %u bytes: TSC cycles a source packet that is delivered, net of "
	       "the "
	       "stream\n\n"
	       "without coding and loss          %6.1f (%6.1f..%6.1f)\n"
	       "k = %u, systematic, 5 %% lost     %6.1f (%6.1f..%6.1f), %.2f frames a source "
	       "packet\n"
	       "rate to that without             %6.2f (%6.2f..%6.2f)\n",
		CODING_PAYLOAD, without.median, without.min, without.max, CODING_K, with.median,
		with.min, with.max, coding_stream_share(&coded.stream), ratio.median, ratio.min,
		ratio.max);
	bench_figure("destination_loss5_ratio", ratio.median);
	bench_figure("destination_cycles_plain", without.median);
	bench_figure("destination_cycles_loss5", with.median);
}
