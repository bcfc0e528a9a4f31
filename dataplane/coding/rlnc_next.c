/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "destination_settle.h"
#include "egress.h"
#include "packet.h"
#include "rlnc_next.h"
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

/* --- runs -------------------------------------------------------------------------------- */

void
rlnc_run_end(struct rlnc_receiver *r)
{
	struct rlnc_run *run = &r->run;
	struct rlnc_block *block = run->block;

	if (block == NULL)
		return;
	for (uint16_t i = 0; i < run->n; i++)
		rlnc_solver_learn_plain(&block->d.solver, (run->from + i) & run->mask);
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

/* A run that begins with the packet that the line expects. */
static bool
begin_run(struct worker *w, struct rlnc_receiver *r, const struct destination_line *line,
	uint32_t first, const uint8_t *header)
{
	struct rlnc_flow *flow = &r->flows[line->flow];
	struct rlnc_block *block;
	struct rlnc_header h;
	uint32_t room;

	rlnc_run_end(r);
	if (unlikely(!rlnc_header_parse_source(header, &h) || h.n > r->params.k ||
		     !r->timer.armed || !is_next_of_flow(flow, line->next_of_flow)))
		return false;
	block = find_block(w, r, first, &h);
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
		.first = first,
		.from = line->next,
		.more = (uint16_t)room,
		.mask = block->d.mask};
	memcpy(&r->run.kind, header, sizeof(r->run.kind));
	return room > 0;
}

/* The run's next packet, as far as its generation's first sequence and its coding header say? */
static inline bool
is_of_run(const struct rlnc_run *run, uint32_t first, const uint8_t *header)
{
	uint16_t kind;

	memcpy(&kind, header, sizeof(kind));
	return first == run->first && kind == run->kind && run->more > 0;
}

/* --- packets ----------------------------------------------------------------------------- */

/* A combination: it says nothing if its generation is decoded. Who is to be told is not known. */
static bool
take_spare(struct worker *w, struct destination *dst, struct destination_line *line,
	struct rte_mbuf *m, uint64_t slice)
{
	struct rlnc_receiver *r = dst->coding;
	const struct rlnc_block *block = r->blocks.last;
	struct destination_flow *account;
	uint8_t room[RLNC_HEADER_MAX];
	struct rlnc_header h;

	if (unlikely(r->params.repair == RLNC_REPAIR_RATELESS || line->heard_at < slice ||
		     block->first != rte_be_to_cpu_32(packet_session(m)->seq) ||
		     block->state != RLNC_BLOCK_DECODED ||
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

static void
take_source(struct worker *w, struct destination *dst, struct destination_line *line,
	struct rte_mbuf *m, uint64_t slice)
{
	const struct session_hdr *hdr = packet_session(m);
	struct rlnc_receiver *r = dst->coding;
	struct rlnc_run *run = &r->run;
	uint16_t neighbour = packet_meta(m)->index;
	int32_t delay = (int32_t)(w->utc_us - rte_be_to_cpu_32(hdr->stamp));

	packet_trim(m, RLNC_HEADER_BYTES);
	rlnc_held_set(
		&run->places[line->next & run->mask], rlnc_symbol_head(hdr, m->data_len), m, 0);
	destination_collect(line, w->now, slice, delay, m->data_len);
	if (dst->params.egress == EGRESS_UDP) {
		rlnc_receiver_share(m);
		egress_send(w, line, egress_header(line), m);
	} else {
		/* The sink's reference is the decoder's. */
		w->counters.delivered++;
	}
	run->block->heard_at = w->now;
	run->n++;
	if (unlikely(--run->more == 0)) {
		struct rlnc_block *block = run->block;

		rlnc_run_end(r);
		if (rlnc_block_is_whole(block))
			rlnc_receiver_close(w, dst, block, neighbour);
	}
}

bool
rlnc_next(struct worker *w, struct destination_line *line, struct rte_mbuf *m, uint64_t slice)
{
	const struct session_hdr *hdr = packet_session(m);
	const uint8_t *header = rte_pktmbuf_mtod(m, const uint8_t *);
	struct destination *dst = line_owner(line);
	struct rlnc_receiver *r = dst->coding;
	uint32_t first = rte_be_to_cpu_32(hdr->seq);

	if (unlikely(m->data_len < RLNC_HEADER_BYTES || (hdr->flags & SESSION_CODED) == 0 ||
		     hdr->epoch != line->epoch || hdr->flow != line->flow ||
		     rte_be_to_cpu_16(hdr->flow_seq) != line->next_of_flow))
		return false;
	if (unlikely(!rlnc_header_is_source(header)))
		return take_spare(w, dst, line, m, slice);
	if (unlikely(first + rlnc_header_index(header) != line->next || m->nb_segs != 1 ||
		     rte_mbuf_refcnt_read(m) != 1))
		return false;
	if (dst->params.egress == EGRESS_UDP && unlikely(!egress_is_easy(egress_header(line), m)))
		return false;
	if (unlikely(!is_of_run(&r->run, first, header)) && !begin_run(w, r, line, first, header))
		return false;
	take_source(w, dst, line, m, slice);
	return true;
}
