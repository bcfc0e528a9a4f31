/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdalign.h>

#include <rte_malloc.h>

#include "destination.h"
#include "packet.h"
#include "port.h"
#include "reorder.h"
#include "worker.h"

/* As for links: a source silent for so long may come back with any epoch. */
#define SOURCE_SILENCE_NS LINK_SILENCE_NS

/* Extended sequences begin this high, so that what came before the first stays above zero. */
#define SEQ_BASE (UINT64_C(1) << 32)

/* What a packet's session header says. */
struct arrival {
	uint64_t seq; /* extended */
	uint16_t epoch;
	uint16_t flow_seq;
	uint16_t flow;
	int32_t delay;
};

static bool
accept_epoch(struct worker *w, struct destination *dst, uint16_t epoch)
{
	if (dst->heard && (int16_t)(epoch - dst->epoch) <= 0 &&
		w->now - dst->heard_at < SOURCE_SILENCE_NS)
		return false;
	reorder_release(w, dst);
	dst->counters.lost_before += dst->window.missing;
	seq_window_reset(&dst->window);
	for (uint16_t i = 0; i < dst->params.nb_flows; i++)
		dst->flows[i].seen = false;
	dst->epoch = epoch;
	dst->heard = true;
	dst->counters.epochs++;
	dst->counters.first_at = w->now;
	return true;
}

/* Loss of one flow by its own sequence; only packets that came for the first time count. */
static void
account_flow(struct destination_flow *flow, uint16_t seq)
{
	int16_t step = (int16_t)(seq - flow->highest);

	flow->received++;
	if (!flow->seen) {
		flow->seen = true;
		flow->highest = seq;
	} else if (step > 0) {
		flow->lost += (uint16_t)(step - 1);
		flow->highest = seq;
	} else if (flow->lost > 0) {
		flow->lost--;
	}
}

static enum drop_reason
judge(struct worker *w, struct destination *dst, const struct session_hdr *hdr,
	struct arrival *arrival)
{
	uint32_t seq = rte_be_to_cpu_32(hdr->seq);

	if (unlikely(hdr->flags & SESSION_CODED))
		return DROP_session_coded;
	arrival->epoch = rte_be_to_cpu_16(hdr->epoch);
	if (unlikely(!dst->heard || arrival->epoch != dst->epoch) &&
		!accept_epoch(w, dst, arrival->epoch))
		return DROP_session_stale_epoch;
	if (unlikely(w->now / DELAY_SLICE_NS != dst->heard_at / DELAY_SLICE_NS))
		destination_keep_delays(dst);
	dst->heard_at = w->now;
	arrival->seq = dst->window.started ? seq_extend(dst->window.highest, seq) : SEQ_BASE + seq;
	arrival->flow_seq = rte_be_to_cpu_16(hdr->flow_seq);
	arrival->flow = RTE_MIN((uint16_t)hdr->flow, dst->last_flow);
	arrival->delay = (int32_t)(w->utc_us - rte_be_to_cpu_32(hdr->stamp));

	switch (seq_window_take(&dst->window, arrival->seq)) {
	case SEQ_IN_ORDER:
	case SEQ_AHEAD:
		return DROP_none;
	case SEQ_LATE:
		dst->counters.reordered++;
		return DROP_none;
	case SEQ_DUPLICATE:
		dst->counters.duplicates++;
		return DROP_session_duplicate;
	default:
		dst->counters.too_old++;
		return DROP_session_too_old;
	}
}

/* All of one slice: that in which the last packet came. */
void
destination_keep_delays(struct destination *dst)
{
	delay_histogram_add_several(&dst->delay, dst->delays, dst->nb_delays, dst->heard_at);
	dst->nb_delays = 0;
}

void
destination_delay(const struct destination *dst, struct delay_histogram *copy)
{
	uint8_t n = RTE_MIN(
		__atomic_load_n(&dst->nb_delays, __ATOMIC_RELAXED), (uint8_t)DESTINATION_DELAYS);

	*copy = dst->delay;
	delay_histogram_add_several(
		copy, dst->delays, n, __atomic_load_n(&dst->heard_at, __ATOMIC_RELAXED));
}

static inline bool
collect_delay(struct destination *dst, int32_t delay)
{
	if (unlikely(dst->nb_delays == DESTINATION_DELAYS))
		destination_keep_delays(dst);
	dst->delays[dst->nb_delays++] = delay;
	return dst->nb_delays == DESTINATION_DELAYS;
}

bool
destination_input(struct worker *w, struct destination *dst, struct rte_mbuf *m)
{
	const struct session_hdr *hdr = packet_session(m);
	struct arrival arrival;
	enum drop_reason reason = judge(w, dst, hdr, &arrival);
	bool full;

	if (unlikely(reason != DROP_none)) {
		worker_drop(w, m, reason);
		return false;
	}
	account_flow(
		dst->last_flow == 0 ? &dst->first : &dst->flows[arrival.flow], arrival.flow_seq);
	full = collect_delay(dst, arrival.delay);
	/* What the egress must know of the packet once its header is out of reach. */
	packet_meta(m)->type = hdr->flags & (SESSION_MESSAGE_FIRST | SESSION_MESSAGE_LAST);
	if (!dst->ordered)
		egress_output(w, dst, m);
	else
		reorder_input(w, dst, m, arrival.seq);
	return full;
}

void
destination_flush(struct worker *w, struct destination *dst)
{
	reorder_drop(w, dst);
}

struct destination *
destination_new(const struct destination_params *params, int socket)
{
	uint32_t slots = params->reorder_packets == 0 ? 0
						      : rte_align32pow2(params->reorder_packets);
	size_t bits_bytes = params->window / 8, flows_bytes;
	struct destination *dst;
	uint8_t *p;

	flows_bytes = params->nb_flows > 1 ? params->nb_flows * sizeof(struct destination_flow) : 0;
	dst = rte_zmalloc_socket("destination",
		sizeof(*dst) + bits_bytes + flows_bytes +
			slots * (sizeof(*dst->slots) + sizeof(*dst->arrivals)),
		alignof(struct destination), socket);
	if (dst == NULL)
		return NULL;
	p = (uint8_t *)(dst + 1);
	dst->params = *params;
	dst->key = session_key(params->conference, params->session);
	dst->owner = params->owner;
	dst->last_flow = (uint16_t)(params->nb_flows - 1);
	dst->egress = params->egress;
	if (params->egress_port != NULL)
		dst->egress_port = (uint8_t)params->egress_port->index;
	dst->ordered = params->reorder_packets != 0;
	dst->bits = (uint64_t *)p;
	p += bits_bytes;
	dst->flows = params->nb_flows > 1 ? (struct destination_flow *)p : &dst->first;
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
	return dst;
}

void
destination_free(struct destination *dst)
{
	rte_free(dst);
}
