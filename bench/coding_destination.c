/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A destination, and a relay that recodes, on one core: a coded session with loss, and without,
 * beside the same session without coding. What is compared is TSC cycles a source packet, those of
 * the stream itself taken off.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench_node.h"
#include "coding_stream.h"
#include "destination.h"
#include "frames.h"
#include "node.h"
#include "recode.h"
#include "rlnc_receiver.h"
#include "tsc.h"

#define PACKETS	       512
#define MEASURE	       400000 /* frames a run */
#define MEASURE_QUICK  4000
#define WARM_UP	       20000
#define RECODE_PACKETS 256
#define SECOND	       UINT64_C(1000000000)

enum role {
	DESTINATION,
	COPIED, /* a destination that sends to who copies each payload out, as programs do */
	RELAY,
	ROLES,
};

static const struct {
	const char *name;
	const char *title;
} roles[ROLES] = {
	[DESTINATION] = {"destination", "A destination that counts"},
	[COPIED] = {"destination_copied",
		"A destination whose application copies each payload once"},
	[RELAY] = {"relay", "A relay"},
};

enum kind {
	PLAIN,
	LOSS0,
	LOSS5,
	KINDS,
};

static const struct {
	const char *name;
	const char *title;
} kinds[KINDS] = {
	[PLAIN] = {"plain", "without coding and loss"},
	[LOSS0] = {"loss0", "k = 32, systematic, nothing lost"},
	[LOSS5] = {"loss5", "k = 32, systematic, 5 % lost"},
};

struct side {
	enum role role;
	struct coding_stream stream;
	struct node *node;
	struct destination *dst;
	struct tsc_clock clock;
	uint64_t frames;	      /* that the node was given */
	struct bench_samples io, all; /* cycles a frame */
};

static const struct rlnc_params coding = {
	.code = RLNC_BLOCK,
	.k = CODING_K,
	.systematic = true,
	.ratio = PATTERN_REPAIRS * RLNC_SHARE_ONE / CODING_K,
	.close = SECOND / 100,
	.deadline = SECOND,
};

static void
add_neighbour(struct side *s, uint32_t id, struct address remote, uint16_t number)
{
	struct link_params params = {
		.node_id = id,
		.port = &s->stream.port,
		.remote = remote,
		.pacing = LINK_PACING_NONE,
	};

	if (bench_node_neighbour(s->node, &params, number) == NULL)
		bench_die("neighbour: %s", strerror(errno));
}

static void
add_destination(struct side *s, bool coded)
{
	struct destination_params params = {
		.conference = FRAMES_CONFERENCE,
		.session = 1,
		.window = 1024,
		.egress = EGRESS_SINK,
		.coding = coded ? &coding : NULL,
		.nb_flows = 65, /* as a ferryd accounts for: flow ids to come, too */
	};
	struct frame_endpoints ends = bench_node_ends(0, false);

	if (s->role == COPIED) {
		params.egress = EGRESS_UDP;
		params.egress_port = &s->stream.port;
	}
	s->dst = node_add_destination(s->node, &params, 0);
	if (s->dst == NULL || (s->role == COPIED && node_set_egress(s->node, s->dst, &ends) < 0))
		bench_die("destination: %s", strerror(errno));
}

static void
add_role(struct side *s, bool coded)
{
	add_neighbour(s, FRAMES_SENDER_ID, frames_sender_address(0, false), 0);
	if (s->role != RELAY) {
		add_destination(s, coded);
		return;
	}
	add_neighbour(s, frames_hop_id(0, false), frames_hop_address(0, false), 1);
	if (coded && node_set_recode(s->node, FRAMES_CONFERENCE, 1, RECODE_ALWAYS) < 0)
		bench_die("a session cannot be recoded");
}

static void
side_init(struct side *s, enum role role, enum kind kind)
{
	struct coding_stream_params stream = {.name = kinds[kind].name,
		.relayed = role == RELAY,
		.coded = kind != PLAIN,
		.lossy = kind == LOSS5,
		.copied = role == COPIED,
		.packets = PACKETS};
	struct bench_node_params params = {
		.ports = {&s->stream.port}, .nb_ports = 1, .max_links = 2};

	if (stream.coded && role != RELAY)
		params.budget.coding_packets = rlnc_receiver_holds(&coding);
	if (stream.coded && role == RELAY) {
		params.budget.recode_packets = RECODE_PACKETS;
		params.budget.recode_span = CODING_K;
		params.budget.recode_hold = SECOND;
	}
	s->role = role;
	coding_stream_init(&s->stream, &stream);
	bench_node_port(&s->stream.port, 1600, 1, false);
	tsc_clock_init(&s->clock);
	params.now = tsc_clock_now(&s->clock);
	s->node = bench_node_new(&params);
	add_role(s, stream.coded);
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
	s->frames += LOOP_BURST;
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
	bench_meter_end(&meter);
	bench_add(io ? &s->io : &s->all, (double)meter.cycles / (double)meter.packets);
}

/*
 * Each generation that was handed out whole has been delivered whole, each payload once. A relay
 * sends a packet for each that comes, while the next hop wants more.
 */
static void
check(const struct side *s)
{
	uint64_t least = (uint64_t)s->stream.generation * CODING_K, packets;
	struct worker_counters sum;

	if (s->role == RELAY) {
		node_counters(s->node, &sum);
		for (int i = 0; i < DROP_COUNT; i++)
			if (sum.drops[i] > 0)
				bench_die("%s: %lu packets dropped: %s", s->stream.port.name,
					(unsigned long)sum.drops[i], drop_name(i));
		if (s->stream.sent < s->frames)
			bench_die("%s: %lu frames came, %lu left", s->stream.port.name,
				(unsigned long)s->frames, (unsigned long)s->stream.sent);
		return;
	}
	packets = destination_delivered(s->dst).packets;
	if (packets < least || packets > least + CODING_K || s->dst->counters.duplicates > 0)
		bench_die("%s: %lu source packets were handed out, %lu delivered",
			s->stream.port.name, (unsigned long)least, (unsigned long)packets);
}

static struct bench_samples
cycles_a_source(const struct side *s)
{
	struct bench_samples net = {0};

	for (unsigned int i = 0; i < s->all.n; i++)
		bench_add(&net, (s->all.value[i] - s->io.value[i]) *
					coding_pattern_share(&s->stream.pattern));
	return net;
}

static void
run(struct side *s, enum role role, enum kind kind, uint64_t frames)
{
	s->frames = 0;
	side_init(s, role, kind);
	measure(s, false, frames);
	check(s);
	measure(s, true, frames);
	side_free(s);
}

static void
print_row(const char *title, const struct bench_samples *samples, int digits)
{
	struct bench_stat stat = bench_stat(samples);

	printf("%-36s %7.*f (%6.*f..%7.*f)\n", title, digits, stat.median, digits, stat.min, digits,
		stat.max);
}

static void
report_ratio(enum role role, enum kind kind, const struct bench_samples *plain,
	const struct bench_samples *coded)
{
	struct bench_samples ratio = {0};
	char key[64];

	for (unsigned int i = 0; i < plain->n; i++)
		bench_add(&ratio, plain->value[i] / coded->value[i]);
	print_row(kind == LOSS0 ? "rate to that without, nothing lost"
				: "rate to that without, 5 % lost",
		&ratio, 2);
	snprintf(key, sizeof(key), "%s_%s_ratio", roles[role].name, kinds[kind].name);
	bench_figure(key, bench_stat(&ratio).median);
}

static void
compare(const struct bench_options *options, enum role role)
{
	static struct side sides[KINDS];
	uint64_t frames = options->quick ? MEASURE_QUICK : MEASURE;
	struct bench_samples cycles[KINDS];

	memset(sides, 0, sizeof(sides));
	for (unsigned int i = 0; i < options->runs; i++)
		for (enum kind kind = 0; kind < KINDS; kind++)
			run(&sides[kind], role, kind, frames);
	printf("\n%s, %u bytes: TSC cycles a source packet, net of the stream; with coding %.2f "
	       "frames a source packet, %.2f of them come\n\n",
		roles[role].title, CODING_PAYLOAD,
		coding_pattern_share(&sides[LOSS0].stream.pattern),
		coding_pattern_share(&sides[LOSS5].stream.pattern));
	for (enum kind kind = 0; kind < KINDS; kind++) {
		char key[64];

		cycles[kind] = cycles_a_source(&sides[kind]);
		print_row(kinds[kind].title, &cycles[kind], 1);
		snprintf(key, sizeof(key), "%s_cycles_%s", roles[role].name, kinds[kind].name);
		bench_figure(key, bench_stat(&cycles[kind]).median);
	}
	for (enum kind kind = LOSS0; kind < KINDS; kind++)
		report_ratio(role, kind, &cycles[PLAIN], &cycles[kind]);
}

void
coding_destination(const struct bench_options *options)
{
	compare(options, DESTINATION);
	compare(options, COPIED);
}

void
coding_relay(const struct bench_options *options)
{
	compare(options, RELAY);
}
