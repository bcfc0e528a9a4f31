/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "coded_stream.h"

struct coded_packet coded_sent[CODED_SENT_MAX];
uint32_t coded_nb_sent, coded_order[2 * CODED_SENT_MAX], coded_nb_order;

bool
coded_happens(struct rng *rng, uint32_t thousandths)
{
	return rng_below(rng, 1000) < thousandths;
}

/* --- the source -------------------------------------------------------------------------- */

struct stream {
	uint32_t seq;
	uint16_t flow_seqs[CODED_FLOWS_MAX], epoch, seed;
	uint8_t flow;
	struct rng *rng;
	uint32_t stamp;
};

static struct coded_packet *
begin_packet(struct stream *s, const struct coded_odds *odds, uint32_t first, uint8_t flags)
{
	struct session_hdr session;
	struct coded_packet *p = &coded_sent[coded_nb_sent];

	if (odds->flows > 1 && coded_happens(s->rng, odds->turn))
		s->flow = (uint8_t)rng_below(s->rng, odds->flows);
	session = (struct session_hdr){.conference = RTE_BE32(CODED_CONFERENCE),
		.session = RTE_BE32(CODED_SESSION),
		.seq = rte_cpu_to_be_32(first),
		.stamp = rte_cpu_to_be_32(s->stamp),
		.epoch = rte_cpu_to_be_16(s->epoch),
		.flow_seq = rte_cpu_to_be_16(s->flow_seqs[s->flow]++),
		.flow = s->flow,
		.flags = SESSION_CODED | flags};
	assert_true(coded_nb_sent < CODED_SENT_MAX);
	coded_order[coded_nb_order++] = coded_nb_sent++;
	memcpy(p->bytes, &session, sizeof(session));
	p->len = sizeof(session);
	p->cut = 0;
	p->shared = coded_happens(s->rng, odds->odd);
	p->summed = rng_below(s->rng, 2) == 0;
	return p;
}

/* What follows the session header: a coding header, and a symbol or the payload of one. */
static void
end_packet(struct rng *rng, struct coded_packet *p, const struct coded_odds *odds,
	const struct rlnc_header *h, const uint8_t *data, uint32_t len)
{
	p->len += rlnc_header_write(h, p->bytes + p->len);
	memcpy(p->bytes + p->len, data, len);
	p->len += len;
	if (coded_happens(rng, odds->odd))
		p->cut = (uint32_t)sizeof(struct session_hdr) +
			 rng_below(rng, p->len - (uint32_t)sizeof(struct session_hdr));
}

struct generation {
	uint8_t n;
	uint32_t stamp; /* the oldest one's */
	struct coded_symbol symbols[CODED_K_MAX];
};

/* As the source makes them, or a relay, whose packets may come by any way, so at any time. */
static void
send_combination(
	struct stream *s, const struct coded_odds *odds, const struct generation *g, bool relay)
{
	struct rlnc_header h = {.kind = relay ? RLNC_RECODED : RLNC_SEEDED,
		.code = RLNC_BLOCK,
		.final = true,
		.n = g->n,
		.seed = s->seed++};
	static struct coded_symbol sum;
	uint8_t coeffs[CODED_K_MAX];
	uint32_t stamp = s->stamp;

	rlnc_seed_coeffs(h.seed, coeffs, g->n);
	h.coeffs = coeffs;
	memset(&sum, 0, sizeof(sum));
	for (uint8_t i = 0; i < g->n; i++)
		coded_add(&sum, coeffs[i], &g->symbols[i]);
	s->stamp = g->stamp;
	s->flow_seqs[s->flow] -= relay;
	end_packet(s->rng, begin_packet(s, odds, s->seq, 0), odds, &h, sum.bytes, sum.len);
	s->stamp = stamp;
}

static void
make_symbol(struct rng *rng, struct coded_symbol *symbol, uint32_t stamp)
{
	struct rlnc_symbol_head head;

	coded_source(rng, symbol, 8 + rng_below(rng, 600));
	memcpy(&head, symbol->bytes, sizeof(head));
	head.stamp = rte_cpu_to_be_32(stamp);
	memcpy(symbol->bytes, &head, sizeof(head));
}

static void
send_source(struct stream *s, const struct coded_odds *odds, const struct coded_symbol *symbol,
	const struct rlnc_header *h)
{
	uint32_t head = (uint32_t)sizeof(struct rlnc_symbol_head);
	struct coded_packet *p = begin_packet(s, odds, s->seq, symbol->bytes[2]);

	end_packet(s->rng, p, odds, h, symbol->bytes + head, symbol->len - head);
}

/* Its source packets as they are, then combinations of them. */
static void
send_generation(struct stream *s, const struct coded_odds *odds)
{
	static struct generation g;
	bool told = coded_happens(s->rng, 500); /* a short one, by its last source packet */

	g.n = coded_happens(s->rng, odds->short_ones) ? (uint8_t)(1 + rng_below(s->rng, odds->k))
						      : odds->k;
	g.stamp = s->stamp;
	for (uint8_t i = 0; i < g.n; i++)
		make_symbol(s->rng, &g.symbols[i], g.stamp + 1000u * i);
	for (uint8_t i = 0; i < g.n; i++) {
		bool final = i + 1 == g.n && (told || g.n == odds->k);
		struct rlnc_header h = {.kind = RLNC_SYSTEMATIC,
			.code = RLNC_BLOCK,
			.final = final,
			.n = final ? g.n : odds->k,
			.index = i};

		if (coded_happens(s->rng, odds->lies)) {
			h.final = !h.final;
			h.n = (uint8_t)(i + 1 + rng_below(s->rng, odds->k - i));
		}
		s->stamp = g.stamp + 1000u * i;
		send_source(s, odds, &g.symbols[i], &h);
		if (coded_happens(s->rng, odds->relayed))
			send_combination(s, odds, &g, true);
	}
	for (uint32_t r = rng_below(s->rng, odds->repairs + 1); r > 0; r--)
		send_combination(s, odds, &g, false);
	s->stamp = g.stamp + 1000u * g.n;
	s->seq += g.n;
}

/* --- the network ------------------------------------------------------------------------- */

/* Loses, doubles and delays packets: order is what comes. */
static void
disturb(struct rng *rng, const struct coded_odds *odds)
{
	static uint32_t come[2 * CODED_SENT_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < coded_nb_order; i++) {
		if (coded_happens(rng, odds->loss))
			continue;
		come[n++] = coded_order[i];
		if (coded_happens(rng, odds->twice))
			come[n++] = coded_order[i];
	}
	for (uint32_t i = 0; i + 1 < n; i++) {
		uint32_t by = 1 + rng_below(rng, rng_below(rng, 10) == 0 ? 100 : 5);

		if (coded_happens(rng, odds->late) && i + by < n) {
			uint32_t late = come[i];

			memmove(&come[i], &come[i + 1], by * sizeof(come[0]));
			come[i + by] = late;
		}
	}
	memcpy(coded_order, come, n * sizeof(come[0]));
	coded_nb_order = n;
}

void
coded_stream(struct rng *rng, const struct coded_odds *odds)
{
	struct stream s = {.rng = rng,
		.seq = UINT32_MAX - rng_below(rng, 500),
		.epoch = (uint16_t)rng_next(rng),
		.stamp = UINT32_MAX - 50000};

	for (uint32_t f = 0; f < CODED_FLOWS_MAX; f++)
		s.flow_seqs[f] = (uint16_t)(UINT16_MAX - rng_below(rng, 500));
	coded_nb_sent = coded_nb_order = 0;
	for (uint32_t g = 0; g < odds->generations; g++) {
		if (coded_happens(rng, odds->pause))
			s.epoch++;
		send_generation(&s, odds);
	}
	disturb(rng, odds);
}

void
coded_damage(struct rng *rng, uint8_t *bytes)
{
	uint32_t at = 8 + rng_below(rng, sizeof(struct session_hdr) - 8 + RLNC_HEADER_BYTES);

	bytes[at] ^= (uint8_t)(1u << rng_below(rng, 8));
}
