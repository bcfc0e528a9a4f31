/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "destination.h"
#include "packet.h"
#include "rlnc_decoded.h"
#include "rlnc_in_order.h"
#include "rlnc_receiver.h"
#include "worker.h"

/* A coded packet as its headers name it. */
struct coded {
	struct rlnc_header h;
	uint32_t first;
	uint32_t stamp;
	uint16_t flow_seq;
	uint8_t flow;
	uint8_t flags;
	uint16_t neighbour; /* index of the link that it came over */
};

/* The decoder that a packet is for. */
struct place {
	struct rlnc_decoder *d;
	struct rlnc_block *block; /* RLNC_BLOCK */
	enum drop_reason reason;  /* why there is no decoder */
};

uint32_t
rlnc_receiver_held(const struct rlnc_receiver *r)
{
	if (r->params.code == RLNC_WINDOW)
		return __atomic_load_n(&r->window.d.held, __ATOMIC_RELAXED);
	return __atomic_load_n(&r->blocks.held, __ATOMIC_RELAXED) +
	       __atomic_load_n(&r->run.n, __ATOMIC_RELAXED);
}

void
rlnc_receiver_give_up(
	struct worker *w, struct rlnc_receiver *r, uint32_t n, enum drop_reason reason)
{
	w->counters.queued -= n;
	w->counters.drops[reason] += n;
	r->counters.given_up += n;
}

/* --- which decoder ----------------------------------------------------------------------- */

static struct place
place_in_block(struct worker *w, struct rlnc_receiver *r, const struct coded *c)
{
	uint32_t gone = 0;
	struct rlnc_block *block = rlnc_blocks_find(&r->blocks, c->first, w->now, &gone);
	struct place place = {.block = block, .reason = DROP_coding_late};

	if (likely(block != NULL)) {
		if (block->state == RLNC_BLOCK_DECODED)
			place.reason = DROP_coding_dependent;
		else if (block->state != RLNC_BLOCK_OPEN)
			place.reason = DROP_coding_late;
		else if (!rlnc_block_learn(block, &c->h))
			place.reason = DROP_coding_malformed;
		else if (rlnc_blocks_make_room(&r->blocks, block, &gone))
			place.d = &block->d;
	}
	if (unlikely(gone > 0))
		rlnc_receiver_give_up(w, r, gone, DROP_coding_given_up);
	return place;
}

static struct place
place_in_window(struct worker *w, struct rlnc_receiver *r, const struct coded *c)
{
	uint32_t gone = rlnc_window_reach(&r->window, c->first, c->h.n, w->now);

	if (unlikely(gone > 0))
		rlnc_receiver_give_up(w, r, gone, DROP_coding_given_up);
	return (struct place){.d = &r->window.d, .reason = DROP_coding_late};
}

/* What it is for is given up in time. */
static struct place
place_of(struct worker *w, struct rlnc_receiver *r, const struct coded *c)
{
	if (unlikely(!r->timer.armed))
		timer_start(&w->wheel, &r->timer, w->now + r->params.deadline);
	return r->params.code == RLNC_WINDOW ? place_in_window(w, r, c) : place_in_block(w, r, c);
}

/* --- what is computed -------------------------------------------------------------------- */

/* Is there one whose head says what cannot be true? It is given up, the others are found anew. */
static bool
refuse_unsound(struct worker *w, struct rlnc_receiver *r, struct rlnc_decoder *d,
	const struct rlnc_found *found, uint16_t n)
{
	uint16_t i = 0;

	while (i < n && found[i].sound)
		i++;
	if (likely(i == n))
		return false;
	rlnc_decoder_refuse(d, found[i].seq);
	rlnc_receiver_give_up(w, r, 1, DROP_coding_symbol);
	return true;
}

/* Empty packets with room for len bytes each. */
static bool
alloc_packets(struct worker *w, struct rte_mbuf **packets, uint16_t n, uint32_t len)
{
	if (unlikely(rte_pktmbuf_alloc_bulk(w->pool, packets, n) != 0))
		return false;
	if (likely(len <= rte_pktmbuf_tailroom(packets[0])))
		return true;
	rte_pktmbuf_free_bulk(packets, n);
	return false;
}

static void
deliver_computed(struct worker *w, struct destination *dst, const struct rlnc_found *f,
	struct rte_mbuf *m, bool late)
{
	struct destination_packet packet = {.seq = f->seq,
		.stamp = rte_be_to_cpu_32(f->head.stamp),
		.flags = f->head.flags,
		.computed = true};

	if (unlikely(late)) {
		worker_drop(w, m, DROP_coding_late);
		return;
	}
	if (likely(destination_take(w, dst, m, &packet)))
		destination_give(w, dst, m, &packet);
}

/* Oldest first: n is small, or all of a generation, whose rows may stand in any order. */
static void
deliver_in_order(struct worker *w, struct destination *dst, const struct rlnc_found *found,
	struct rte_mbuf **packets, uint16_t n, const struct rlnc_window *window)
{
	uint16_t order[RLNC_SOLVER_SLOTS_MAX];

	for (uint16_t i = 0; i < n; i++) {
		uint16_t at = i;

		for (; at > 0 && (int32_t)(found[order[at - 1]].seq - found[i].seq) > 0; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	for (uint16_t i = 0; i < n; i++) {
		const struct rlnc_found *f = &found[order[i]];
		bool late = window != NULL && rlnc_window_is_late(window, f->seq, w->now);

		deliver_computed(w, dst, f, packets[order[i]], late);
	}
}

/* Into new packets; their number. 0: there is nothing, or there are no buffers. */
static uint16_t
find_and_compute(struct worker *w, struct rlnc_receiver *r, struct rlnc_decoder *d,
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX],
	struct rte_mbuf *packets[RLNC_SOLVER_SLOTS_MAX])
{
	uint8_t *payloads[RLNC_SOLVER_SLOTS_MAX];
	struct rlnc_parts parts;
	uint16_t n;

	while ((n = rlnc_decoder_find(d, found, &parts)) > 0) {
		uint32_t len = 0;

		if (unlikely(refuse_unsound(w, r, d, found, n)))
			continue;
		for (uint16_t i = 0; i < n; i++)
			len = RTE_MAX(len, (uint32_t)found[i].len);
		if (unlikely(!alloc_packets(w, packets, n, len))) {
			r->counters.starved++;
			return 0;
		}
		for (uint16_t i = 0; i < n; i++)
			payloads[i] = rte_pktmbuf_mtod(packets[i], uint8_t *);
		rlnc_decoder_compute(d, found, n, &parts, len, payloads);
		if (likely(!refuse_unsound(w, r, d, found, n)))
			break;
		rte_pktmbuf_free_bulk(packets, n);
	}
	return n;
}

/* Computes what can be computed now. Without buffers it is tried again at the next packet. */
static void
compute(struct worker *w, struct destination *dst, struct rlnc_decoder *d)
{
	struct rlnc_receiver *r = dst->coding;
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX];
	struct rte_mbuf *packets[RLNC_SOLVER_SLOTS_MAX];
	uint16_t n;

	if (rlnc_decoder_is_plain(d))
		return;
	n = find_and_compute(w, r, d, found, packets);
	if (likely(n == 0))
		return;
	for (uint16_t i = 0; i < n; i++) {
		packets[i]->data_len = found[i].len;
		packets[i]->pkt_len = found[i].len;
		rlnc_receiver_share(packets[i]);
	}
	rlnc_decoder_keep(d, found, n, packets);
	w->counters.originated += n;
	w->counters.consumed += n;
	w->counters.queued -= n;
	r->counters.computed += n;
	deliver_in_order(
		w, dst, found, packets, n, r->params.code == RLNC_WINDOW ? &r->window : NULL);
}

/* --- what comes -------------------------------------------------------------------------- */

static void
fire(void *owner, struct timer *timer, uint64_t now)
{
	struct destination *dst = timer->arg;
	struct rlnc_receiver *r = dst->coding;
	struct worker *w = owner;
	uint64_t before = now - r->params.deadline, oldest;
	uint32_t gone = 0;

	rlnc_run_end(r);
	if (r->params.code == RLNC_WINDOW) {
		oldest = r->window.heard_at;
		if (oldest <= before) {
			gone = rlnc_window_reset(&r->window);
			oldest = UINT64_MAX;
		}
	} else {
		rlnc_blocks_give_up(&r->blocks, before + 1, &gone);
		oldest = rlnc_blocks_oldest(&r->blocks);
	}
	rlnc_receiver_give_up(w, r, gone, DROP_coding_given_up);
	w->progress++;
	if (oldest != UINT64_MAX)
		timer_start(&w->wheel, timer, oldest + r->params.deadline);
}

/* Does the session still lack this source packet? */
static bool
is_missing(const struct destination *dst, uint32_t seq)
{
	return dst->window.started &&
	       seq_window_lacks(&dst->window, seq_extend(dst->window.highest, seq));
}

/* Loss on the flows' ways. missing: so it was for the session, which decides if it is very late. */
static void
account(struct destination *dst, const struct coded *c, bool missing)
{
	uint16_t id = destination_flow_of(dst, c->flow), seq = c->flow_seq;
	struct rlnc_flow *flow = &dst->coding->flows[id];
	int32_t step = destination_flow_step(dst, flow->highest, seq);

	if (!flow->begun || step > 0) {
		flow->seen = (flow->begun && step < 64 ? flow->seen << step : 0) | 1;
		flow->highest = seq;
		flow->begun = true;
	} else if (step <= -64) {
		if (!missing)
			return;
	} else if ((flow->seen >> -step & 1) != 0) {
		return;
	} else {
		flow->seen |= UINT64_C(1) << -step;
	}
	destination_account_flow(dst, id, seq);
}

/* Takes the coding header off. A buffer that others send as it is is not touched: NULL, or m. */
static struct rte_mbuf *
trim_source(struct worker *w, struct rte_mbuf *m)
{
	uint16_t left = RLNC_HEADER_BYTES;

	if (unlikely(rte_mbuf_refcnt_read(m) > 1)) {
		struct rte_mbuf *own = rte_pktmbuf_clone(m, w->header_pool);

		if (own == NULL) {
			worker_drop(w, m, DROP_no_buffer);
			return NULL;
		}
		rte_pktmbuf_free(m);
		m = own;
	}
	if (likely(m->data_len >= left)) {
		packet_trim(m, left);
		return m;
	}
	m->ol_flags &= ~packet_sum_flag;
	m->pkt_len -= left;
	for (struct rte_mbuf *seg = m; left > 0; seg = seg->next) {
		uint16_t step = RTE_MIN(left, seg->data_len);

		seg->data_off += step;
		seg->data_len -= step;
		left -= step;
	}
	return m;
}

/* Every packet of a decoded generation, the last that it took and those that come after it. */
static void
tell(struct worker *w, struct destination *dst, struct rlnc_block *block, uint16_t neighbour)
{
	if (dst->coding->params.repair == RLNC_REPAIR_RATELESS)
		rlnc_decoded_tell(w, dst, block, neighbour);
}

void
rlnc_receiver_close(
	struct worker *w, struct destination *dst, struct rlnc_block *block, uint16_t neighbour)
{
	if (!rlnc_blocks_close(&dst->coding->blocks, block))
		return;
	dst->coding->counters.generations++;
	tell(w, dst, block, neighbour);
}

/* Is the generation decoded now? Only a block code has any. */
static void
look_if_decoded(
	struct worker *w, struct destination *dst, struct rlnc_block *block, const struct coded *c)
{
	if (block != NULL && unlikely(rlnc_block_is_whole(block)))
		rlnc_receiver_close(w, dst, block, c->neighbour);
}

static void
input_source(struct worker *w, struct destination *dst, struct rte_mbuf *m, const struct coded *c)
{
	struct destination_packet packet = {
		.seq = c->first + c->h.index, .stamp = c->stamp, .flags = c->flags};
	struct rlnc_receiver *r = dst->coding;
	bool missing = is_missing(dst, packet.seq), taken;
	struct place place;

	m = trim_source(w, m);
	taken = likely(m != NULL) && destination_take(w, dst, m, &packet);
	/* What may be forged says nothing of its flow either. */
	if (likely(packet.refused != DROP_session_far_ahead))
		account(dst, c, missing);
	if (unlikely(!taken))
		return;
	place = place_of(w, r, c);
	if (likely(place.d != NULL && rlnc_decoder_in_play(place.d, packet.seq) &&
		    !rlnc_decoder_knows(place.d, packet.seq))) {
		struct rlnc_symbol_head head = {.length = rte_cpu_to_be_16((uint16_t)m->pkt_len),
			.flags = c->flags & RLNC_SYMBOL_FLAGS,
			.stamp = rte_cpu_to_be_32(c->stamp)};
		uint16_t gone;

		rlnc_receiver_share(m);
		gone = rlnc_decoder_source(place.d, packet.seq, head, m);
		if (unlikely(gone > 0)) {
			w->counters.queued -= gone;
			w->counters.drops[DROP_coding_dependent] += gone;
			r->counters.dependent += gone;
		}
	}
	destination_give(w, dst, m, &packet);
	if (likely(place.d == NULL))
		return;
	compute(w, dst, place.d);
	look_if_decoded(w, dst, place.block, c);
}

static void
refuse(struct worker *w, struct destination *dst, struct rte_mbuf *m, enum drop_reason reason)
{
	dst->coding->counters.dependent += reason == DROP_coding_dependent;
	worker_drop(w, m, reason);
}

static void
input_combination(
	struct worker *w, struct destination *dst, struct rte_mbuf *m, const struct coded *c)
{
	static const enum drop_reason reasons[] = {[RLNC_DEPENDENT] = DROP_coding_dependent,
		[RLNC_OUTSIDE] = DROP_coding_late,
		[RLNC_FULL] = DROP_coding_given_up};
	struct rlnc_receiver *r = dst->coding;
	enum rlnc_verdict verdict;
	struct place place;

	r->counters.combinations++;
	destination_combination(w, dst, c->first);
	if (unlikely(rlnc_far_ahead_refuses(&r->far, &dst->window, c->first, &c->h))) {
		refuse(w, dst, m, DROP_session_far_ahead);
		return;
	}
	if (likely(c->h.kind != RLNC_RECODED))
		account(dst, c, false);
	place = place_of(w, r, c);
	if (place.d == NULL) {
		refuse(w, dst, m, place.reason);
		if (place.block != NULL && place.block->state == RLNC_BLOCK_DECODED)
			tell(w, dst, place.block, c->neighbour);
		return;
	}
	verdict = rlnc_decoder_combination(place.d, &c->h, c->first, m, rlnc_header_bytes(&c->h));
	if (verdict != RLNC_HELD)
		refuse(w, dst, m, reasons[verdict]);
	else
		w->counters.queued++;
	compute(w, dst, place.d);
	look_if_decoded(w, dst, place.block, c);
}

void
rlnc_receiver_input(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	const struct session_hdr *hdr = packet_session(m);
	struct rlnc_receiver *r = dst->coding;
	uint8_t room[RLNC_HEADER_MAX];
	struct coded c = {.first = rte_be_to_cpu_32(hdr->seq),
		.stamp = rte_be_to_cpu_32(hdr->stamp),
		.flow_seq = rte_be_to_cpu_16(hdr->flow_seq),
		.flow = hdr->flow,
		.flags = hdr->flags & RLNC_SYMBOL_FLAGS,
		.neighbour = packet_meta(m)->index};
	enum drop_reason reason = rlnc_header_read(m, room, &c.h);

	if (likely(reason == DROP_none) &&
		unlikely(c.h.code != r->params.code || c.h.n > r->params.k))
		reason = DROP_coding_mismatch;
	if (unlikely(reason != DROP_none)) {
		worker_drop(w, m, reason);
		return;
	}
	if (likely(c.h.kind == RLNC_SYSTEMATIC))
		input_source(w, dst, m, &c);
	else
		input_combination(w, dst, m, &c);
}

/* --- its life ---------------------------------------------------------------------------- */

static uint32_t
reset(struct rlnc_receiver *r)
{
	rlnc_run_end(r);
	return r->params.code == RLNC_WINDOW ? rlnc_window_reset(&r->window)
					     : rlnc_blocks_reset(&r->blocks);
}

void
rlnc_receiver_reset(struct worker *w, struct destination *dst, enum drop_reason reason)
{
	struct rlnc_receiver *r = dst->coding;

	rlnc_receiver_give_up(w, r, reset(r), reason);
	memset(r->flows, 0, dst->params.nb_flows * sizeof(*r->flows));
	r->far.any = false;
	timer_stop(&w->wheel, &r->timer);
}

struct rlnc_receiver *
rlnc_receiver_new(struct destination *dst, const struct rlnc_params *params)
{
	size_t head = RTE_ALIGN_CEIL(sizeof(struct rlnc_receiver), 64),
	       flows = RTE_ALIGN_CEIL(dst->params.nb_flows * sizeof(struct rlnc_flow), 64);
	uint8_t *p = rte_zmalloc(
		"rlnc_receiver", head + flows + rlnc_receiver_bytes(params), RTE_CACHE_LINE_SIZE);
	struct rlnc_receiver *r = (struct rlnc_receiver *)p;

	if (r == NULL)
		return NULL;
	r->params = *params;
	r->flows = (struct rlnc_flow *)(p + head);
	r->timer.fire = fire;
	r->timer.arg = dst;
	p += head + flows;
	if (params->code == RLNC_WINDOW)
		rlnc_window_init(&r->window, p, params->k, params->deadline, packet_free_bulk);
	else
		rlnc_blocks_init(&r->blocks, p, params, packet_free_bulk);
	return r;
}

void
rlnc_receiver_free(struct rlnc_receiver *r)
{
	if (r != NULL)
		(void)reset(r);
	rte_free(r);
}
