/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "destination_settle.h"
#include "egress.h"
#include "packet.h"
#include "rlnc_next.h"
#include "worker.h"

/*
 * The coding header of a source packet as it is, the one that the line expects, in a buffer that is
 * the packet's own.
 */
static inline bool
read_header(const struct destination_line *line, const struct rte_mbuf *m, struct rlnc_header *h)
{
	const struct session_hdr *hdr = packet_session(m);
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

	if (unlikely(m->nb_segs != 1 || m->data_len < RLNC_HEADER_BYTES ||
		     rte_mbuf_refcnt_read(m) != 1))
		return false;
	return rlnc_header_parse_source(p, h) && (hdr->flags & SESSION_CODED) != 0 &&
	       hdr->epoch == line->epoch && rte_be_to_cpu_16(hdr->flow_seq) == line->next_of_flow &&
	       rte_be_to_cpu_32(hdr->seq) + h->index == line->next;
}

/* The generation that it is of, if nothing is to be done there but to hold it. */
static inline struct rlnc_block *
find_block(struct rlnc_receiver *r, uint32_t first, const struct rlnc_header *h)
{
	struct rlnc_block *block = r->blocks.last;

	if (unlikely(block->first != first || block->state != RLNC_BLOCK_OPEN ||
		     h->n > r->params.k || !rlnc_decoder_is_plain(&block->d) ||
		     rlnc_decoder_knows(&block->d, first + h->index) ||
		     !rlnc_blocks_have_room(&r->blocks) || !r->timer.armed))
		return NULL;
	return likely(rlnc_block_learn(block, h)) ? block : NULL;
}

/* Its flow's next sequence, which the line counts. */
static inline bool
count_of_flow(struct rlnc_flow *flow, uint16_t seq)
{
	if (unlikely(!flow->begun || seq != (uint16_t)(flow->highest + 1)))
		return false;
	flow->highest = seq;
	flow->seen = flow->seen << 1 | 1;
	return true;
}

bool
rlnc_next(struct worker *w, struct destination_line *line, struct rte_mbuf *m, uint64_t slice)
{
	const struct session_hdr *hdr = packet_session(m);
	struct destination *dst = line_owner(line);
	struct rlnc_receiver *r = dst->coding;
	bool udp = dst->params.egress == EGRESS_UDP;
	const struct frame_template *t = udp ? egress_header(line) : NULL;
	struct rlnc_symbol_head head;
	struct rlnc_block *block;
	struct rlnc_header h;
	uint32_t first = rte_be_to_cpu_32(hdr->seq), stamp = rte_be_to_cpu_32(hdr->stamp);
	uint16_t neighbour;

	if (unlikely(!read_header(line, m, &h) || (udp && !egress_is_easy(t, m))))
		return false;
	block = find_block(r, first, &h);
	if (unlikely(block == NULL || !count_of_flow(&r->flows[0], line->next_of_flow)))
		return false;
	neighbour = packet_meta(m)->index;
	packet_trim(m, RLNC_HEADER_BYTES);
	head = rlnc_symbol_head(hdr, m->data_len);
	rlnc_decoder_source_plain(&block->d, line->next, head, m);
	block->heard_at = w->now;
	destination_collect(line, w->now, slice, (int32_t)(w->utc_us - stamp), m->data_len);
	if (udp) {
		rlnc_receiver_share(m);
		egress_send(w, line, t, m);
	} else {
		/* The sink's reference is the decoder's. */
		w->counters.delivered++;
	}
	if (unlikely(rlnc_block_is_whole(block)))
		rlnc_receiver_close(w, dst, block, neighbour);
	return true;
}
