/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What remains lost of a stream over a wire that loses packets at random, and how late the rest
 * comes: plain, everything twice, block code, sliding window; decoded by the destination's own
 * decoders. One source packet is made a unit of time; one counts as lost that is not known DELAY
 * units later. Every packet on the wire is counted, and the wire has just the rate that they need:
 * one takes 1 / (1 + repair) units, and they go one after the other.
 *
 * Block: the largest generations whose repair, behind them, is there in time. Window: repair over
 * the last DELAY packets, as soon as one is due. Then also with a wire that takes any number at
 * once, where generations may be of DELAY packets.
 *
 *     coding_loss [--packets N] [--seed N] [--check]
 *
 * --check: exit status 1 unless above 10 % loss the window needs at least 13 % less repair than the
 * block code at the same rate of the wire.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "rlnc_block.h"
#include "rlnc_window.h"
#include "rng.h"

#define DELAY	  24
#define TARGET	  1e-3 /* that may remain, where the repair for it is looked for */
#define SAVING	  0.13
#define RATIO_MAX 2.0
#define STEPS	  11 /* of the search: to 2.0 / 2^11 = 0.1 % of the source packets */
#define SEED	  13779

enum code {
	PLAIN,
	TWICE,
	BLOCK,
	WINDOW,
};

struct outcome {
	uint64_t wire;	/* packets sent */
	uint64_t known; /* source packets in time */
	double residual;
	double delay; /* mean of those, units of time */
	uint32_t delay_p99;
};

/* How the wire is. */
enum wire_kind {
	WIRE_OF_RATE,
	WIRE_AT_ONCE,
};

struct run {
	struct rng rng;
	double loss, ratio;
	uint32_t packets;
	double takes; /* a packet on the wire, units of time */
	double free;  /* when the wire is */
	double sum;   /* of delays */
	uint64_t delays[DELAY + 1];
	struct outcome out;
};

/* Only coefficients matter here: all packets are one, of an empty payload. */
static uint8_t bytes[sizeof(struct rlnc_symbol_head)];
static struct rte_mbuf empty = {
	.buf_addr = bytes, .nb_segs = 1, .data_len = sizeof(bytes), .pkt_len = sizeof(bytes)};

static void
release(struct rte_mbuf **packets, unsigned int n)
{
	(void)packets;
	(void)n;
}

/* One packet, at this time, on the wire, where others may be before it; does it arrive? */
static bool
send_one(struct run *r, uint32_t now)
{
	r->out.wire++;
	r->free = RTE_MAX(r->free, (double)now) + r->takes;
	return rng_unit(&r->rng) > r->loss;
}

/* Known when what was sent last is there. */
static void
note_known(struct run *r, uint32_t seq)
{
	double delay = r->free - seq;

	if (delay > DELAY + 1e-6 || seq >= r->packets)
		return;
	r->sum += delay;
	r->delays[(uint32_t)delay]++;
}

static void
compute(struct run *r, struct rlnc_decoder *d)
{
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX];
	struct rlnc_parts parts;
	struct rte_mbuf *packets[RLNC_SOLVER_SLOTS_MAX];
	uint16_t n = rlnc_decoder_find(d, found, &parts);

	for (uint16_t i = 0; i < n; i++) {
		note_known(r, found[i].seq);
		packets[i] = &empty;
	}
	rlnc_decoder_keep(d, found, n, packets);
}

static void
take_source(struct run *r, struct rlnc_decoder *d, uint32_t seq)
{
	struct rlnc_symbol_head head = {0};

	note_known(r, seq);
	(void)rlnc_decoder_source(d, seq, head, &empty);
	compute(r, d);
}

static void
take_repair(struct run *r, struct rlnc_decoder *d, uint32_t first, uint8_t n)
{
	struct rlnc_header h = {.kind = RLNC_SEEDED, .n = n, .seed = (uint16_t)rng_next(&r->rng)};

	if (rlnc_decoder_combination(d, &h, first, &empty, 0) == RLNC_HELD)
		compute(r, d);
}

static void
play_plain(struct run *r, uint32_t copies)
{
	for (uint32_t seq = 0; seq < r->packets; seq++) {
		bool came = false;

		for (uint32_t i = 0; i < copies; i++)
			came |= send_one(r, seq);
		if (came)
			note_known(r, seq);
	}
}

/* The most source packets of a generation whose last repair is there in time for the first. */
static uint8_t
block_size(const struct run *r)
{
	double k = (DELAY + 1 - 2 * r->takes) / (1 + r->ratio * r->takes);

	return (uint8_t)(k < DELAY ? k : DELAY);
}

static void
play_block(struct run *r)
{
	uint8_t k = block_size(r);
	struct rlnc_decoder d;
	void *memory = aligned_alloc(64, rlnc_decoder_bytes(k, k));
	double due = 0;

	rlnc_decoder_init(&d, memory, k, k, release);
	for (uint32_t first = 0; first < r->packets; first += k) {
		uint32_t last = first + k - 1;

		rlnc_decoder_begin(&d, first);
		for (uint32_t seq = first; seq <= last; seq++)
			if (send_one(r, seq))
				take_source(r, &d, seq);
		for (due += r->ratio * k; due >= 1; due--)
			if (send_one(r, last))
				take_repair(r, &d, first, k);
	}
	rlnc_decoder_begin(&d, 0);
	free(memory);
}

static void
play_window(struct run *r)
{
	struct rlnc_window win;
	void *memory = aligned_alloc(64, RTE_ALIGN_CEIL(rlnc_window_bytes(DELAY), 64));
	double due = 0;

	rlnc_window_init(&win, memory, DELAY, UINT64_MAX, release);
	for (uint32_t seq = 0; seq < r->packets; seq++) {
		uint8_t n = (uint8_t)RTE_MIN(seq + 1, (uint32_t)DELAY);

		if (send_one(r, seq)) {
			(void)rlnc_window_reach(&win, seq, 1, seq);
			take_source(r, &win.d, seq);
		}
		for (due += r->ratio; due >= 1; due--) {
			if (!send_one(r, seq))
				continue;
			(void)rlnc_window_reach(&win, seq + 1 - n, n, seq);
			take_repair(r, &win.d, seq + 1 - n, n);
		}
	}
	(void)rlnc_window_reset(&win);
	free(memory);
}

static struct outcome
play(enum code code, double loss, double ratio, enum wire_kind wire, uint32_t packets,
	uint64_t seed)
{
	struct run r = {.loss = loss, .ratio = ratio, .packets = packets};
	uint64_t so_far = 0;

	r.takes = wire == WIRE_OF_RATE ? 1 / (1 + ratio) : 0;
	rng_seed(&r.rng, seed);
	if (code == BLOCK)
		play_block(&r);
	else if (code == WINDOW)
		play_window(&r);
	else
		play_plain(&r, code == TWICE ? 2 : 1);
	for (uint32_t d = 0; d <= DELAY; d++)
		r.out.known += r.delays[d];
	while (so_far += r.delays[r.out.delay_p99], so_far < r.out.known * 99 / 100)
		r.out.delay_p99++;
	r.out.residual = 1 - (double)r.out.known / r.packets;
	r.out.delay = r.sum / (double)r.out.known;
	return r.out;
}

/* The least repair, a share of the source packets, with which no more than TARGET remains. */
static double
repair_needed(enum code code, double loss, enum wire_kind wire, uint32_t packets, uint64_t seed)
{
	double low = 0, high = RATIO_MAX;

	for (int i = 0; i < STEPS; i++) {
		double middle = (low + high) / 2;

		if (play(code, loss, middle, wire, packets, seed).residual <= TARGET)
			high = middle;
		else
			low = middle;
	}
	return high;
}

static void
print_outcome(const char *name, double loss, const struct outcome *o, uint32_t packets)
{
	printf("%5.0f%%  %-8s %8.3f %12.6f %8.2f %6u\n", loss * 100, name,
		(double)o->wire / packets, o->residual, o->delay, o->delay_p99);
}

static const double losses[] = {0.01, 0.02, 0.05, 0.08, 0.10, 0.12, 0.15, 0.20};

/* At the rate of everything twice, and at that of a quarter more. */
static void
print_residuals(uint32_t packets, uint64_t seed)
{
	static const double ratios[] = {1, 0.25};

	printf("What remains lost %u packets later; sent: packets on the wire a source packet\n"
	       " loss  way          sent     residual    delay    p99\n",
		DELAY);
	for (size_t i = 0; i < RTE_DIM(losses); i++) {
		struct outcome o = play(PLAIN, losses[i], 0, WIRE_OF_RATE, packets, seed);

		print_outcome("plain", losses[i], &o, packets);
		o = play(TWICE, losses[i], 1, WIRE_OF_RATE, packets, seed);
		print_outcome("twice", losses[i], &o, packets);
		for (size_t k = 0; k < RTE_DIM(ratios); k++) {
			o = play(BLOCK, losses[i], ratios[k], WIRE_OF_RATE, packets, seed);
			print_outcome("block", losses[i], &o, packets);
			o = play(WINDOW, losses[i], ratios[k], WIRE_OF_RATE, packets, seed);
			print_outcome("window", losses[i], &o, packets);
		}
	}
}

/* Returns the least saving above 10 % loss. */
static double
print_needed(enum wire_kind wire, uint32_t packets, uint64_t seed)
{
	double least = 1;

	printf("\nRepair that leaves %g lost %u packets later, a share of the source packets; a "
	       "wire %s\n"
	       " loss     block   window   less\n",
		TARGET, DELAY,
		wire == WIRE_OF_RATE ? "of the rate that it takes" : "that takes all at once");
	for (size_t i = 0; i < RTE_DIM(losses); i++) {
		double block = repair_needed(BLOCK, losses[i], wire, packets, seed),
		       window = repair_needed(WINDOW, losses[i], wire, packets, seed),
		       saving = 1 - window / block;

		printf("%5.0f%%  %8.3f %8.3f %5.1f%%\n", losses[i] * 100, block, window,
			saving * 100);
		if (losses[i] > 0.10 && saving < least)
			least = saving;
	}
	return least;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"packets", required_argument, NULL, 'p'},
		{"seed", required_argument, NULL, 's'}, {"check", no_argument, NULL, 'c'}, {0}};
	unsigned long packets = 200000;
	uint64_t seed = SEED;
	bool check = false;
	double least;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			packets = strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'c')
			check = true;
		else
			return 2;
	}
	if (packets < 10 * DELAY || packets > UINT32_MAX / 2) {
		fprintf(stderr, "coding_loss: --packets must be %u to %u\n", 10 * DELAY,
			UINT32_MAX / 2);
		return 2;
	}
	if (!check) {
		print_residuals((uint32_t)packets, seed);
		(void)print_needed(WIRE_AT_ONCE, (uint32_t)packets, seed);
	}
	least = print_needed(WIRE_OF_RATE, (uint32_t)packets, seed);
	printf("least saving above 10 %% loss: %.1f %%\n", least * 100);
	return check && least < SAVING ? 1 : 0;
}
