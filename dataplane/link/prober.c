/* SPDX-License-Identifier: BSD-3-Clause */
#include "prober.h"
#include "link_output.h"
#include "link_tfrc.h"
#include "node.h"
#include "packet.h"

static const enum worker_event_kind kinds[LINK_STATE_COUNT] = {
	[LINK_STATE_up] = EVENT_link_up,
	[LINK_STATE_degraded] = EVENT_link_degraded,
	[LINK_STATE_down] = EVENT_link_down,
};

/* Whose timer fires so late stood still: a turn of a worker takes well below this. */
#define STOOD_STILL_NS UINT64_C(10000000)

static void
turn(struct worker *w, struct link *link, bool (*judge)(struct liveness *, uint64_t, uint64_t))
{
	struct liveness *l = &link->live;
	uint64_t heard_at = counter_read(&link->rx.heard_at);
	uint8_t was = l->state;
	struct worker_event event = {.peer = link->node_id};

	/* Another worker, which receives, may have read a later clock. */
	if (heard_at > w->now)
		heard_at = w->now;
	if (!judge(l, w->now, heard_at))
		return;
	event.kind = kinds[l->state];
	event.link = (struct worker_event_link){
		.was = was,
		.rtt = rtt_us(&l->rtt),
		.loss_ppm = liveness_loss_ppm(l),
		.data_loss_ppm = liveness_data_loss_ppm(l),
		.silent = (uint32_t)((w->now - (heard_at != 0 ? heard_at : l->began)) / 1000000),
	};
	worker_event_raise(w, &event);
}

/* TFRC has its own estimate once the neighbour reports; until then probes have the only one. */
static void
probed_rtt(struct link *link, uint32_t us)
{
	if (!link->tfrc.sender.reported)
		__atomic_store_n(&link->tx.rtt, rte_cpu_to_be_32(us), __ATOMIC_RELAXED);
}

/* A PROBE with this body; false: no buffer. */
static bool
send_probe(struct worker *w, struct link *link, const struct probe_body *body)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (unlikely(m == NULL))
		return false;
	memcpy(rte_pktmbuf_append(m, sizeof(*body)), body, sizeof(*body));
	w->counters.originated++;
	w->progress++;
	link_output(w, link, LINK_PROBE, &m, 1);
	return true;
}

/* The receiving side may be another worker's, in the middle of a packet: then another time. */
static void
look_at_data(struct link *link, uint64_t now)
{
	uint64_t lost = link_lost(&link->rx), packets = counter_read(&link->rx.packets);

	if ((int64_t)lost >= 0)
		liveness_data(&link->live, now, lost, packets);
}

static void
fire(void *owner, struct timer *timer, uint64_t now)
{
	struct worker *w = owner;
	struct link *link = timer->arg;
	struct liveness *l = &link->live;
	/* Nothing could leave: not asked for, that no drop tells of what nobody sent. */
	bool can = link_header(link) != NULL && port_is_up(link->port);
	struct probe_body body;

	look_at_data(link, now);
	if (unlikely(now - timer->deadline >= STOOD_STILL_NS))
		liveness_put_off(l, now - timer->deadline);
	turn(w, link, liveness_turn);
	if (liveness_send(l, now, w->utc_us, can, &w->rng, &body) && can &&
		!send_probe(w, link, &body))
		liveness_unsent(l);
	timer_start(&w->wheel, timer, liveness_next(l));
}

void
prober_begin(struct worker *w, struct link *link)
{
	uint64_t interval = __atomic_load_n(&link->probe_interval, __ATOMIC_RELAXED);

	liveness_begin(&link->live, interval, w->now, &w->rng);
	probed_rtt(link, 0);
	link->probe.fire = fire;
	link->probe.arg = link;
	if (interval != 0)
		timer_start(&w->wheel, &link->probe, liveness_next(&link->live));
	else
		timer_stop(&w->wheel, &link->probe);
}

void
prober_end(struct worker *w, struct link *link)
{
	timer_stop(&w->wheel, &link->probe);
}

void
prober_answer(struct worker *w, struct link *link, struct rte_mbuf *m, uint64_t arrived)
{
	const struct link_hdr *hdr = rte_pktmbuf_mtod_offset(
		m, const struct link_hdr *, -(int)sizeof(struct link_hdr));
	uint32_t utc_us = (uint32_t)(utc_ns(&w->utc, arrived) / 1000);
	struct probe_body copy;
	const struct probe_body *body = rte_pktmbuf_read(m, 0, sizeof(copy), &copy);
	struct liveness *l = &link->live;

	if (unlikely(l->interval == 0 ||
		     !liveness_answer(l, arrived, utc_us, rte_be_to_cpu_32(hdr->stamp), body))) {
		worker_drop(w, m, DROP_probe_unexpected);
		return;
	}
	probed_rtt(link, rtt_us(&l->rtt));
	if (likely(l->rtt.smoothed != 0))
		link_tfrc_probed(w, link, l->rtt.smoothed);
	w->counters.consumed++;
	rte_pktmbuf_free(m);
	turn(w, link, liveness_answered);
	timer_start(&w->wheel, &link->probe, liveness_next(l));
}
