/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "destination_settle.h"
#include "egress.h"
#include "packet.h"
#include "rlnc_in_order.h"
#include "worker.h"

/* --- flow sequences ---------------------------------------------------------------------- */

/* The flow's next n sequences, which the line counts, have come. */
static void
count_of_flow(struct rlnc_flow *flow, uint16_t n)
{
	flow->highest = (uint16_t)(flow->highest + n);
	flow->seen = n < 64 ? flow->seen << n | ~(UINT64_MAX << n) : UINT64_MAX;
}

static inline bool
is_next_of_flow(const struct rlnc_flow *flow, uint16_t seq)
{
	return flow->begun && seq == (uint16_t)(flow->highest + 1);
}

/* --- packets that the line expects ------------------------------------------------------- */

/* The next of its flow, of a coded session. */
static inline bool
is_expected(const struct destination_line *line, const struct rte_mbuf *m)
{
	const struct session_hdr *hdr = packet_session(m);

	return m->data_len >= RLNC_HEADER_BYTES && (hdr->flags & SESSION_CODED) != 0 &&
	       hdr->epoch == line->epoch && hdr->flow == line->flow &&
	       rte_be_to_cpu_16(hdr->flow_seq) == line->next_of_flow;
}

static inline uint32_t
first_of(const struct rte_mbuf *m)
{
	return rte_be_to_cpu_32(packet_session(m)->seq);
}

/* Of such a packet: is it the next source packet as it is, in one piece, and nobody else's? */
static inline bool
is_next_source(const struct destination_line *line, const struct rte_mbuf *m)
{
	const uint8_t *header = rte_pktmbuf_mtod(m, const uint8_t *);

	return rlnc_header_is_source(header) &&
	       first_of(m) + rlnc_header_index(header) == line->next && m->nb_segs == 1 &&
	       rte_mbuf_refcnt_read(m) == 1 && m->data_len <= COLLECTED_BYTES_MAX;
}

/* How its datagram begins, if it is to be sent as one. */
static inline const struct frame_template *
datagram_of(const struct destination *dst, const struct destination_line *line)
{
	return dst->params.egress == EGRESS_UDP ? egress_header(line) : NULL;
}

static inline bool
can_go(const struct destination *dst, const struct frame_template *t, const struct rte_mbuf *m)
{
	return dst->params.egress != EGRESS_UDP || egress_is_easy(t, m);
}

/* --- runs -------------------------------------------------------------------------------- */

void
rlnc_run_end(struct rlnc_receiver *r)
{
	struct rlnc_run *run = &r->run;
	struct rlnc_block *block = run->block;

	if (block == NULL)
		return;
	rlnc_solver_learn_run(&block->d.solver, run->from & run->mask, run->n);
	rlnc_decoder_count(&block->d, run->n);
	block->span = RTE_MAX(block->span, (uint8_t)(run->from + run->n - run->first));
	count_of_flow(run->flow, run->n);
	*run = (struct rlnc_run){.block = NULL};
}

/* The open generation with this first sequence, if nothing is to be done there but to hold. */
static struct rlnc_block *
find_block(struct worker *w, struct rlnc_receiver *r, uint32_t first, const struct rlnc_header *h)
{
	struct rlnc_block *block;
	uint32_t gone = 0;

	block = rlnc_blocks_find(&r->blocks, first, w->now, &gone);
	if (unlikely(gone > 0))
		rlnc_receiver_give_up(w, r, gone, DROP_coding_given_up);
	if (unlikely(block == NULL || block->state != RLNC_BLOCK_OPEN ||
		     !rlnc_decoder_is_plain(&block->d) || !rlnc_blocks_have_room(&r->blocks)))
		return NULL;
	return likely(rlnc_block_learn(block, h)) ? block : NULL;
}

/* A run that begins with a packet that the line expects. */
static bool
begin_run(struct worker *w, struct destination *dst, const struct destination_line *line,
	const struct rte_mbuf *m)
{
	const uint8_t *header = rte_pktmbuf_mtod(m, const uint8_t *);
	struct rlnc_receiver *r = dst->coding;
	struct rlnc_flow *flow = &r->flows[line->flow];
	struct rlnc_block *block;
	struct rlnc_header h;
	uint32_t room;

	rlnc_run_end(r);
	if (unlikely(!is_next_source(line, m) || !can_go(dst, datagram_of(dst, line), m) ||
		     !rlnc_header_parse_source(header, &h) || h.n > r->params.k ||
		     !r->timer.armed || !is_next_of_flow(flow, line->next_of_flow)))
		return false;
	block = find_block(w, r, first_of(m), &h);
	if (unlikely(block == NULL))
		return false;
	/* None of them is known: they are above all that was delivered. */
	room = RTE_MIN(r->blocks.held_max - r->blocks.held, (uint32_t)(h.n - h.index));
	/* Another packet may have said that there are fewer. */
	if (block->n != 0)
		room = RTE_MIN(room, (uint32_t)(block->n - h.index));
	r->run = (struct rlnc_run){.block = block,
		.places = block->d.sources,
		.flow = flow,
		.first = first_of(m),
		.from = line->next,
		.more = (uint16_t)room,
		.mask = block->d.mask};
	memcpy(&r->run.kind, header, sizeof(r->run.kind));
	return room > 0;
}

/* Is a next source packet of the run's generation, as far as its coding header says? */
static inline bool
is_of_run(const struct rlnc_run *run, const struct rte_mbuf *m)
{
	uint16_t kind;

	memcpy(&kind, rte_pktmbuf_mtod(m, const uint8_t *), sizeof(kind));
	return first_of(m) == run->first && kind == run->kind;
}

/* Delivers such a packet and lays it in its place. t: datagram_of. */
static inline void
take_source(struct worker *w, struct destination_line *line, struct rlnc_held *place,
	struct rte_mbuf *m, uint64_t slice, const struct frame_template *t)
{
	const struct session_hdr *hdr = packet_session(m);
	int32_t delay = (int32_t)(w->utc_us - rte_be_to_cpu_32(hdr->stamp));

	packet_trim(m, RLNC_HEADER_BYTES);
	rlnc_held_set(place, rlnc_symbol_head(hdr, m->data_len), m, 0);
	destination_collect(line, w->now, slice, delay, m->data_len);
	if (t != NULL) {
		rlnc_receiver_share(m);
		egress_send(w, line, t, m);
	} else {
		/* The sink's reference is the decoder's. */
		w->counters.delivered++;
	}
}

/* Takes the run's next packets, so many of these as there are. */
static uint16_t
go_on(struct worker *w, struct destination *dst, struct destination_line *line,
	struct rte_mbuf **pkts, uint16_t n, uint64_t slice)
{
	struct rlnc_run *run = &dst->coding->run;
	struct rlnc_block *block = run->block;
	const struct frame_template *t = datagram_of(dst, line);
	uint16_t i = 0, most = RTE_MIN(n, run->more), neighbour;

	if (most == 0)
		return 0;
	neighbour = packet_meta(pkts[most - 1])->index;
	for (; i < most; i++) {
		struct rte_mbuf *m = pkts[i];

		if (unlikely(!is_expected(line, m) || !is_next_source(line, m) ||
			     !is_of_run(run, m) || !can_go(dst, t, m)))
			break;
		take_source(w, line, &run->places[line->next & run->mask], m, slice, t);
	}
	if (i == 0)
		return 0;
	block->heard_at = w->now;
	run->n = (uint16_t)(run->n + i);
	run->more = (uint16_t)(run->more - i);
	if (run->more == 0) {
		rlnc_run_end(dst->coding);
		if (rlnc_block_is_whole(block))
			rlnc_receiver_close(w, dst, block, neighbour);
	}
	return i;
}

/* --- combinations ------------------------------------------------------------------------ */

/*
 * A combination that the line expects says nothing if its generation is decoded. Who is to be told
 * is not known.
 */
static bool
take_spare(struct worker *w, struct destination *dst, struct destination_line *line,
	struct rte_mbuf *m, uint64_t slice)
{
	struct rlnc_receiver *r = dst->coding;
	const struct rlnc_block *block = r->blocks.last;
	struct destination_flow *account;
	uint8_t room[RLNC_HEADER_MAX];
	struct rlnc_header h;

	if (rlnc_header_is_source(rte_pktmbuf_mtod(m, const uint8_t *)))
		return false;
	if (unlikely(r->params.repair == RLNC_REPAIR_RATELESS || line->heard_at < slice ||
		     block->first != first_of(m) || block->state != RLNC_BLOCK_DECODED ||
		     rlnc_header_read(m, room, &h) != DROP_none || h.kind != RLNC_SEEDED ||
		     h.code != RLNC_BLOCK || h.n > r->params.k))
		return false;
	rlnc_run_end(r);
	if (unlikely(!is_next_of_flow(&r->flows[line->flow], line->next_of_flow)))
		return false;
	count_of_flow(&r->flows[line->flow], 1);
	account = destination_flow(dst, line->flow);
	account->received++;
	account->highest++;
	line->next_of_flow++;
	line->heard_at = w->now;
	r->counters.combinations++;
	r->counters.dependent++;
	worker_drop(w, m, DROP_coding_dependent);
	return true;
}

uint16_t
rlnc_in_order(struct worker *w, struct destination_line *line, struct rte_mbuf **pkts, uint16_t n,
	uint64_t slice)
{
	struct destination *dst = line_owner(line);
	uint16_t done = 0;

	while (true) {
		done = (uint16_t)(done + go_on(w, dst, line, pkts + done, n - done, slice));
		if (done == n || unlikely(!is_expected(line, pkts[done])))
			return done;
		if (take_spare(w, dst, line, pkts[done], slice))
			done++;
		else if (!begin_run(w, dst, line, pkts[done]))
			return done;
	}
}
