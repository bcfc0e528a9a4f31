/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdalign.h>

#include <rte_malloc.h>

#include "destination_settle.h"
#include "egress.h"
#include "epoch.h"
#include "node.h"
#include "packet.h"
#include "port.h"
#include "reorder.h"
#include "rlnc_in_order.h"
#include "rlnc_receiver.h"
#include "worker.h"

/* As for links: a source silent for so long may come back with any epoch. */
#define SOURCE_SILENCE_NS LINK_SILENCE_NS

/* Extended sequences begin this high, so that what came before the first stays above zero. */
#define SEQ_BASE (UINT64_C(1) << 32)

/* What a packet's session header says. */
struct arrival {
	uint64_t seq; /* extended */
	uint16_t flow_seq;
	uint16_t flow;
	int32_t delay;
};

/* The session's accounting begins anew. */
static void
begin_anew(struct worker *w, struct destination *dst)
{
	reorder_release(w, dst);
	delay_histogram_break(&dst->delay);
	if (dst->coding != NULL)
		rlnc_receiver_reset(w, dst, DROP_coding_given_up);
	dst->counters.lost_before += dst->window.missing;
	seq_window_reset(&dst->window);
	dst->behind.run = 0;
	for (uint16_t i = 0; i < dst->params.nb_flows; i++)
		destination_flow(dst, i)->seen = false;
	dst->counters.epochs++;
}

static bool
accept_epoch(struct worker *w, struct destination *dst, uint16_t epoch)
{
	if (dst->heard && !epoch_is_newer(epoch, dst->epoch) &&
		w->now - dst->line->heard_at < SOURCE_SILENCE_NS)
		return false;
	begin_anew(w, dst);
	dst->epoch = epoch;
	dst->heard = true;
	return true;
}

/* Loss of one flow by its own sequence; only packets that came for the first time count. */
void
destination_account_flow(struct destination *dst, uint16_t id, uint16_t seq)
{
	struct destination_flow *flow = destination_flow(dst, id);
	int32_t step = destination_flow_step(dst, flow->highest, seq);

	flow->received++;
	if (!flow->seen) {
		flow->seen = true;
		flow->highest = seq;
	} else if (step > 0) {
		flow->lost += (uint32_t)step - 1;
		flow->highest = seq;
	} else if (flow->lost > 0) {
		flow->lost--;
	}
}

/* The epoch of a packet's source, and that something came. */
static enum drop_reason
judge_epoch(struct worker *w, struct destination *dst, rte_be16_t epoch)
{
	uint16_t value = rte_be_to_cpu_16(epoch);

	if (unlikely(!dst->heard || value != dst->epoch) && !accept_epoch(w, dst, value))
		return DROP_session_stale_epoch;
	dst->line->heard_at = w->now;
	return DROP_none;
}

static uint64_t
extend(const struct destination *dst, uint32_t seq)
{
	return dst->window.started ? seq_extend(dst->window.highest, seq) : SEQ_BASE + seq;
}

/* One that is too old: is the window wrong, and begins anew? */
static bool
accept_old(struct worker *w, struct destination *dst, uint64_t seq)
{
	if (!seq_behind_confirms(&dst->behind, &dst->window, seq, w->now, SOURCE_SILENCE_NS))
		return false;
	begin_anew(w, dst);
	return true;
}

void
destination_combination(struct worker *w, struct destination *dst, uint32_t first)
{
	uint64_t seq = extend(dst, first);

	if (unlikely(dst->window.started && seq_window_is_old(&dst->window, seq)))
		(void)accept_old(w, dst, seq);
}

/* *extended is seq in the window. */
static enum drop_reason
take_seq(struct worker *w, struct destination *dst, uint32_t seq, bool computed, uint64_t *extended)
{
	*extended = extend(dst, seq);
	switch (seq_window_take(&dst->window, *extended)) {
	case SEQ_IN_ORDER:
	case SEQ_AHEAD:
		return DROP_none;
	case SEQ_LATE:
		dst->counters.reordered += !computed;
		return DROP_none;
	case SEQ_DUPLICATE:
		dst->counters.duplicates++;
		return DROP_session_duplicate;
	case SEQ_FAR:
		return DROP_session_far_ahead;
	default:
		if (!computed && accept_old(w, dst, *extended))
			return take_seq(w, dst, seq, computed, extended);
		dst->counters.too_old++;
		return DROP_session_too_old;
	}
}

static enum drop_reason
judge(struct worker *w, struct destination *dst, const struct session_hdr *hdr,
	struct arrival *arrival)
{
	enum drop_reason reason = judge_epoch(w, dst, hdr->epoch);

	if (unlikely(reason != DROP_none))
		return reason;
	arrival->flow_seq = rte_be_to_cpu_16(hdr->flow_seq);
	arrival->flow = destination_flow_of(dst, hdr->flow);
	arrival->delay = (int32_t)(w->utc_us - rte_be_to_cpu_32(hdr->stamp));
	return take_seq(w, dst, rte_be_to_cpu_32(hdr->seq), false, &arrival->seq);
}

static enum destination_way
way_of(const struct destination *dst)
{
	if (dst->coding != NULL)
		return rlnc_in_order_way(dst->coding);
	return dst->params.egress == EGRESS_UDP ? DESTINATION_UDP : DESTINATION_SINK;
}

/*
 * After a packet of a flow the next one may be of the common kind: says which one that is. Where
 * packets take turns among flows it seldom would be, so it is expected once two have come on one.
 */
static void
expect_next(struct destination *dst, uint8_t flow)
{
	struct destination_line *line = dst->line;
	bool again = flow == line->flow;

	__atomic_store_n(&line->flow, flow, __ATOMIC_RELAXED);
	if (!again || flow >= dst->params.nb_flows || dst->params.egress == EGRESS_FILE ||
		!dst->heard || !dst->window.started || !destination_flow(dst, flow)->seen ||
		dst->held != 0 ||
		(dst->params.reorder_packets != 0 && dst->next != dst->window.highest + 1))
		return;
	line->next = (uint32_t)dst->window.highest + 1;
	line->next_of_flow = (uint16_t)(destination_flow(dst, flow)->highest + 1);
	line->epoch = rte_cpu_to_be_16(dst->epoch);
	line->way = way_of(dst);
}

bool
destination_take(struct worker *w, struct destination *dst, struct rte_mbuf *m,
	struct destination_packet *packet)
{
	packet->refused = take_seq(w, dst, packet->seq, packet->computed, &packet->extended);
	if (likely(packet->refused == DROP_none))
		return true;
	worker_drop(w, m, packet->refused);
	return false;
}

void
destination_give(struct worker *w, struct destination *dst, struct rte_mbuf *m,
	const struct destination_packet *packet)
{
	delay_histogram_add(&dst->delay, (int32_t)(w->utc_us - packet->stamp), w->now);
	packet_meta(m)->type = packet->flags & (SESSION_MESSAGE_FIRST | SESSION_MESSAGE_LAST);
	if (dst->params.reorder_packets == 0)
		egress_output(w, dst, m);
	else
		reorder_input(w, dst, m, packet->extended);
}

static void
coded_input(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	enum drop_reason reason = DROP_session_coded;

	if (dst->coding != NULL)
		reason = judge_epoch(w, dst, packet_session(m)->epoch);
	if (likely(reason == DROP_none))
		rlnc_receiver_input(w, dst, m);
	else
		worker_drop(w, m, reason);
}

static void
plain_input(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	const struct session_hdr *hdr = packet_session(m);
	struct arrival arrival;
	enum drop_reason reason;

	reason = judge(w, dst, hdr, &arrival);
	if (unlikely(reason != DROP_none)) {
		worker_drop(w, m, reason);
		return;
	}
	destination_account_flow(dst, arrival.flow, arrival.flow_seq);
	delay_histogram_add(&dst->delay, arrival.delay, w->now);
	/* What the egress must know of the packet once its header is out of reach. */
	packet_meta(m)->type = hdr->flags & (SESSION_MESSAGE_FIRST | SESSION_MESSAGE_LAST);
	if (dst->params.reorder_packets == 0)
		egress_output(w, dst, m);
	else
		reorder_input(w, dst, m, arrival.seq);
}

void
destination_input(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	const struct session_hdr *hdr = packet_session(m);
	uint8_t flow = hdr->flow;

	destination_settle(dst, dst->line);
	if (dst->coding != NULL)
		rlnc_run_end(dst->coding);
	dst->line->way = DESTINATION_SLOW;
	if (unlikely(hdr->flags & SESSION_CODED))
		coded_input(w, dst, m);
	else
		plain_input(w, dst, m);
	expect_next(dst, flow);
}

void
destination_flush(struct worker *w, struct destination *dst)
{
	destination_settle(dst, dst->line);
	dst->line->way = DESTINATION_SLOW;
	reorder_drop(w, dst);
	if (dst->coding != NULL)
		rlnc_receiver_reset(w, dst, DROP_session_ended);
}

struct destination *
destination_new(struct node *node, const struct destination_params *params)
{
	uint32_t slots = params->reorder_packets == 0 ? 0
						      : rte_align32pow2(params->reorder_packets);
	size_t bits_bytes = params->window / 8, flows_bytes;
	struct destination *dst;
	uint8_t *p;

	flows_bytes = (params->nb_flows - 1u) * sizeof(struct destination_flow);
	dst = rte_zmalloc("destination",
		sizeof(*dst) + bits_bytes + flows_bytes +
			slots * (sizeof(*dst->slots) + sizeof(*dst->arrivals)),
		alignof(struct destination));
	if (dst != NULL)
		dst->line = line_pool_take(&node->destination_lines, dst);
	if (dst == NULL || dst->line == NULL) {
		rte_free(dst);
		return NULL;
	}
	dst->node = node;
	p = (uint8_t *)(dst + 1);
	dst->params = *params;
	dst->ordered = params->reorder_packets != 0;
	dst->line->key = session_key(params->conference, params->session);
	dst->line->owner = (uint8_t)params->owner;
	if (params->egress_port != NULL)
		dst->line->egress_port = (uint8_t)params->egress_port->index;
	dst->bits = (uint64_t *)p;
	p += bits_bytes;
	dst->flows = (struct destination_flow *)p;
	p += flows_bytes;
	dst->slots = (struct rte_mbuf **)p;
	p += slots * sizeof(*dst->slots);
	dst->arrivals = (uint64_t *)p;
	dst->slots_mask = slots - 1;
	dst->account = (struct tx_account){.packets = &dst->delivered.packets,
		.bytes = &dst->delivered.bytes,
		.drops = &dst->counters.egress_drops,
		.delivered = true};
	dst->timer.fire = reorder_fire;
	dst->timer.arg = dst;
	seq_window_init(&dst->window, dst->bits, params->window);
	if (params->coding != NULL) {
		dst->coding = rlnc_receiver_new(dst, params->coding);
		if (dst->coding == NULL) {
			destination_free(dst);
			return NULL;
		}
		dst->params.coding = &dst->coding->params;
	}
	return dst;
}

void
destination_free(struct destination *dst)
{
	rlnc_receiver_free(dst->coding);
	line_pool_give(&dst->node->destination_lines, dst->line);
	rte_free(dst);
}
