/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "packet.h"
#include "rlnc_encoder.h"
#include "worker.h"

static void
release(struct worker *w, struct rlnc_held *v)
{
	w->counters.queued--;
	w->counters.consumed++;
	rte_pktmbuf_free(v->m);
	v->m = NULL;
}

void
rlnc_generation_release(struct worker *w, struct rlnc_generation *g)
{
	for (uint16_t i = 0; i < g->n; i++)
		release(w, &g->vectors[g->start + i]);
	g->start = 0;
	g->n = 0;
}

/* Whole packets of the repair that is due for so many source packets. */
static uint32_t
take_credit(struct rlnc_encoder *e, uint32_t sources)
{
	uint32_t whole, n = e->params.k;

	if (e->params.repair == RLNC_REPAIR_RATIO)
		e->credit += (uint64_t)sources * e->params.ratio;
	else
		e->credit += (uint64_t)sources * RLNC_SHARE_ONE *
			     rlnc_adaptive_repairs(e, (uint16_t)n) / n;
	whole = (uint32_t)(e->credit / RLNC_SHARE_ONE);
	e->credit %= RLNC_SHARE_ONE;
	return whole;
}

static void
close_block(struct worker *w, struct rlnc_generation *g)
{
	struct rlnc_encoder *e = g->encoder;
	uint32_t count = e->params.systematic ? 0 : g->n;

	timer_stop(&w->wheel, &g->timer);
	e->counters.generations++;
	if (e->params.repair == RLNC_REPAIR_RATELESS) {
		rlnc_send_repairs(w, g, true, count);
		rlnc_rateless_close(w, g);
		return;
	}
	if (e->params.repair == RLNC_REPAIR_ADAPTIVE)
		count += rlnc_adaptive_repairs(e, g->n);
	else
		count += take_credit(e, g->n);
	rlnc_send_repairs(w, g, true, count);
	rlnc_generation_release(w, g);
}

/* The window moves on: the oldest packet leaves. */
static void
slide(struct worker *w, struct rlnc_generation *g)
{
	uint16_t k = g->encoder->params.k;

	release(w, &g->vectors[g->start]);
	g->start++;
	g->first++;
	g->n--;
	if (g->start < k)
		return;
	memcpy(g->vectors, g->vectors + k, g->n * sizeof(g->vectors[0]));
	g->start = 0;
}

/* Nothing came for a while: the last packets get the repair that the next ones would have had. */
static void
window_idle(struct worker *w, struct rlnc_generation *g, uint64_t now)
{
	struct rlnc_encoder *e = g->encoder;

	if (e->unprotected > 0 && now >= g->last_at + e->params.close) {
		rlnc_send_repairs(w, g, false, 1);
		e->unprotected = 0;
		e->credit = 0;
	}
	if (now >= g->last_at + e->params.deadline) {
		e->unprotected = 0;
		rlnc_generation_release(w, g);
		return;
	}
	timer_start(&w->wheel, &g->timer,
		g->last_at + (e->unprotected > 0 ? e->params.close : e->params.deadline));
}

static void
fire(void *owner, struct timer *timer, uint64_t now)
{
	struct rlnc_generation *g = timer->arg;
	const struct rlnc_encoder *e = g->encoder;
	struct worker *w = owner;

	if (g->closed)
		rlnc_rateless_fire(w, g);
	else if (e->params.code == RLNC_WINDOW)
		window_idle(w, g, now);
	else if (now < g->last_at + e->params.close)
		timer_start(&w->wheel, timer, g->last_at + e->params.close);
	else
		close_block(w, g);
}

/*
 * The payload with its coding header before it; NULL: no buffer, m is dropped. The header has a
 * buffer of its own where it cannot be written before the payload.
 */
static struct rte_mbuf *
put_header(struct worker *w, struct rte_mbuf *m, const struct rlnc_header *h)
{
	struct rte_mbuf *head = m;
	uint8_t *p;

	if (likely(packet_can_prepend(m, RLNC_HEADER_BYTES))) {
		p = packet_prepend(m, RLNC_HEADER_BYTES);
	} else {
		head = rte_pktmbuf_alloc(w->header_pool);
		if (unlikely(head == NULL)) {
			worker_drop(w, m, DROP_no_buffer);
			return NULL;
		}
		p = packet_prepend(head, RLNC_HEADER_BYTES);
		if (packet_sum_known(m))
			packet_sum_set(head, packet_sum(m));
		packet_chain(head, m);
	}
	rlnc_header_write(h, p);
	packet_sum_grow(head, p, RLNC_HEADER_BYTES);
	return head;
}

static void
keep(struct worker *w, struct rlnc_generation *g, struct rte_mbuf *m,
	const struct session_hdr *session, uint16_t off)
{
	rlnc_held_set(&g->vectors[g->start + g->n++],
		rlnc_symbol_head(session, (uint16_t)(m->pkt_len - off)), m, off);
	g->last_at = w->now;
	w->counters.queued++;
}

static void
after_source(struct worker *w, struct rlnc_generation *g, bool last)
{
	struct rlnc_encoder *e = g->encoder;
	uint64_t close = w->now + e->params.close;
	uint32_t due;

	if (e->params.code == RLNC_BLOCK) {
		if (g->n == e->params.k || last)
			close_block(w, g);
		else if (!g->timer.armed)
			timer_start(&w->wheel, &g->timer, close);
		return;
	}
	e->unprotected++;
	due = take_credit(e, 1);
	if (due > 0) {
		rlnc_send_repairs(w, g, false, due);
		e->unprotected = 0;
	}
	/* While nothing waits for its repair it may run for the deadline. */
	if (!g->timer.armed || (e->unprotected == 1 && g->timer.deadline > close))
		timer_start(&w->wheel, &g->timer, close);
}

void
rlnc_encoder_take(struct worker *w, struct rlnc_encoder *e, struct rte_mbuf *m, uint8_t flags)
{
	struct rlnc_generation *g = e->current;
	const struct source *source = e->source;
	bool last = (flags & SESSION_MESSAGE_LAST) != 0;
	bool window = e->params.code == RLNC_WINDOW;
	struct rlnc_header h = {.code = e->params.code, .n = 1};
	struct session_hdr session = {
		.stamp = w->stamp,
		.flags = source->line->flags | flags | SESSION_CODED,
	};

	if (window && g->n == e->params.k)
		slide(w, g);
	if (g->n == 0) {
		g->first = e->seq;
		g->seed = 0;
	}
	if (!window) {
		h.index = (uint8_t)g->n;
		h.final = g->n + 1 == e->params.k || last;
		h.n = h.final ? (uint8_t)(g->n + 1) : e->params.k;
	}
	if (e->params.systematic) {
		m = put_header(w, m, &h);
		if (unlikely(m == NULL))
			return;
		session.seq = rte_cpu_to_be_32(e->seq - h.index);
		keep(w, g, m, &session, RLNC_HEADER_BYTES);
		rlnc_send(w, e, m, &session, true);
	} else {
		keep(w, g, m, &session, 0);
		source_count_sent(e->source, e->source->plan->flows[0].state, m->pkt_len);
	}
	e->seq++;
	after_source(w, g, last);
}

/* Of a block of nothing but combinations nothing is sent before it is closed. */
static void
drop_unsent(struct worker *w, struct rlnc_generation *g)
{
	for (uint16_t i = 0; i < g->n; i++) {
		w->counters.queued--;
		worker_drop(w, g->vectors[i].m, DROP_session_stopped);
		g->vectors[i].m = NULL;
	}
	g->n = 0;
}

void
rlnc_encoder_stop(struct worker *w, struct rlnc_encoder *e)
{
	if (!e->params.systematic)
		drop_unsent(w, e->current);
	for (uint16_t i = 0; i < e->nb_generations; i++) {
		timer_stop(&w->wheel, &e->generations[i].timer);
		rlnc_generation_release(w, &e->generations[i]);
	}
}

static uint16_t
generations_of(const struct rlnc_params *params)
{
	return (uint16_t)(rlnc_encoder_holds(params) / params->k);
}

/* Places for a generation's packets. */
static size_t
room_of(const struct rlnc_params *params)
{
	return (params->code == RLNC_WINDOW ? 2u : 1u) * params->k;
}

size_t
rlnc_encoder_bytes(const struct rlnc_params *params)
{
	return sizeof(struct rlnc_encoder) +
	       generations_of(params) * (sizeof(struct rlnc_generation) +
						room_of(params) * sizeof(struct rlnc_held));
}

struct rlnc_encoder *
rlnc_encoder_new(struct source *source, const struct rlnc_params *params)
{
	uint16_t n = generations_of(params);
	size_t room = room_of(params);
	struct rlnc_held *vectors;
	struct rlnc_encoder *e = rte_zmalloc(
		"encoder", rlnc_encoder_bytes(params), RTE_CACHE_LINE_SIZE);

	if (e == NULL)
		return NULL;
	e->source = source;
	e->params = *params;
	e->nb_generations = n;
	e->current = e->generations;
	e->rateless.first = params->k * 256u / 16;
	vectors = (struct rlnc_held *)(e->generations + n);
	for (uint16_t i = 0; i < n; i++) {
		struct rlnc_generation *g = &e->generations[i];

		g->encoder = e;
		g->vectors = vectors + i * room;
		g->timer = (struct timer){.fire = fire, .arg = g};
	}
	return e;
}

void
rlnc_encoder_free(struct rlnc_encoder *e)
{
	for (uint16_t i = 0; e != NULL && i < e->nb_generations; i++) {
		const struct rlnc_generation *g = &e->generations[i];

		for (uint16_t k = 0; k < g->n; k++)
			rte_pktmbuf_free(g->vectors[g->start + k].m);
	}
	rte_free(e);
}
