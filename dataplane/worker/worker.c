/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker.h"
#include "decoded_input.h"
#include "deliver.h"
#include "feeder.h"
#include "forward.h"
#include "ingress.h"
#include "input.h"
#include "link_control.h"
#include "node.h"
#include "tx_buffer.h"

/* Requests and frames of the control thread that one turn takes. */
#define REQUESTS_PER_TURN 8

/*
 * Places of a worker's ring that DATA leaves free, as in a next hop's (feeder.c): a worker that is
 * overloaded still gets the answers to its probes, and the reports on its links.
 */
#define CONTROL_PLACES 64

void
worker_drop_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n, enum drop_reason reason)
{
	w->counters.drops[reason] += n;
	rte_pktmbuf_free_bulk(pkts, n);
}

static bool
is_control(const struct packet_meta *meta)
{
	switch (meta->kind) {
	case PACKET_CONTROL:
	case PACKET_DECODED:
		return true;
	case PACKET_FRAME:
		return meta->type != LINK_DATA;
	default:
		return false;
	}
}

void
worker_handover(struct worker *w, uint16_t to, struct rte_mbuf *m, enum packet_kind kind,
	uint16_t index, uint64_t key)
{
	struct rte_ring *ring = w->node->workers[to]->handover;
	struct packet_meta *meta = packet_meta(m);

	meta->kind = (uint8_t)kind;
	meta->index = index;
	meta->key = key;
	if (unlikely((!is_control(meta) && rte_ring_free_count(ring) <= CONTROL_PLACES) ||
		     rte_ring_enqueue(ring, m) != 0)) {
		worker_drop(w, m, DROP_handover_full);
		return;
	}
	w->counters.handed_out++;
}

bool
worker_receives_on(const struct worker *w, const struct port *port)
{
	for (uint16_t i = 0; i < w->nb_rx; i++)
		if (w->rx[i].port == port)
			return true;
	return false;
}

/* A copy of the control thread's clock map; while that is being written the old one serves on. */
static void
update_clock(struct worker *w)
{
	const struct node_clock *clock = &w->node->clock;
	uint32_t version = __atomic_load_n(&clock->version, __ATOMIC_ACQUIRE);
	struct utc_map map;

	if (unlikely(version != w->utc_version && (version & 1) == 0)) {
		map.now0 = __atomic_load_n(&clock->map.now0, __ATOMIC_RELAXED);
		map.utc0_ns = __atomic_load_n(&clock->map.utc0_ns, __ATOMIC_RELAXED);
		map.rate_q32 = __atomic_load_n(&clock->map.rate_q32, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&clock->version, __ATOMIC_RELAXED) == version) {
			w->utc = map;
			w->utc_version = version;
		}
	}
	w->utc_us = (uint32_t)(utc_ns(&w->utc, w->now) / 1000);
	w->stamp = rte_cpu_to_be_32(w->utc_us);
}

static void
serve_requests(struct worker *w)
{
	struct worker_request *request;

	for (int i = 0; i < REQUESTS_PER_TURN; i++) {
		if (likely(rte_ring_sc_dequeue(w->mailbox, (void **)&request) != 0))
			return;
		request->perform(w, request);
		__atomic_store_n(&request->done, true, __ATOMIC_RELEASE);
		w->answered = true;
		w->progress++;
	}
}

static void
receive_ports(struct worker *w)
{
	struct rte_mbuf *pkts[BURST_MAX];

	for (uint16_t i = 0; i < w->nb_rx; i++) {
		struct port *port = w->rx[i].port;
		uint16_t n = port->ops->rx_burst(port, w->rx[i].queue, pkts, BURST_MAX, w->now);

		observe_burst(&w->load, n, BURST_MAX);
		observe_stage(&w->load, STAGE_receive, n);
		if (n == 0)
			continue;
		w->counters.received += n;
		w->progress += n;
		input_frames(w, port, pkts, n);
	}
}

/* The link may have been taken away while the packet waited, and its place be another's. */
static void
take_control(struct worker *w, struct rte_mbuf *m)
{
	const struct link_hdr *hdr = rte_pktmbuf_mtod_offset(
		m, const struct link_hdr *, -(int)sizeof(struct link_hdr));
	const struct packet_meta *meta = packet_meta(m);
	struct link *link = w->node->links[meta->index];

	if (likely(link != NULL && link->owner == w->index &&
		    link->node_id == rte_be_to_cpu_32(hdr->node)))
		link_control_owned(w, link, meta->type, m, meta->key);
	else
		worker_drop(w, m, DROP_link_unknown_peer);
}

/*
 * What a packet was handed for may have gone while it waited: it is looked up anew. What came
 * before a frame goes before it.
 */
static void
receive_handed(struct worker *w)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint16_t n = (uint16_t)rte_ring_sc_dequeue_burst(
		w->handover, (void **)pkts, BURST_MAX, NULL);
	struct ingress_burst ingress;
	struct deliver_burst here;

	if (likely(n == 0))
		return;
	w->counters.handed_in += n;
	w->progress += n;
	ingress_begin(w, &ingress);
	deliver_begin(w, &here);
	for (uint16_t i = 0; i < n; i++) {
		const struct packet_meta *meta = packet_meta(pkts[i]);

		switch (meta->kind) {
		case PACKET_FRAME:
			ingress_end(w, &ingress);
			deliver_end(w, &here);
			input_frames(w, w->node->ports[meta->index], &pkts[i], 1);
			break;
		case PACKET_INGRESS:
			ingress_add(&ingress, pkts[i], meta->key);
			break;
		case PACKET_RECODE:
			forward_input(w, &pkts[i], 1, &here);
			break;
		case PACKET_DECODED:
			decoded_owned(w, pkts[i], meta->index, meta->key);
			break;
		case PACKET_CONTROL:
			take_control(w, pkts[i]);
			break;
		default:
			deliver_add(&here, pkts[i]);
		}
	}
	ingress_end(w, &ingress);
	deliver_end(w, &here);
}

/* Frames that the control thread made. */
static void
send_injected(struct worker *w)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint16_t n = (uint16_t)rte_ring_sc_dequeue_burst(w->inject, (void **)pkts, BURST_MAX, NULL);
	static const struct tx_account nobody;

	w->counters.originated += n;
	w->progress += n;
	for (uint16_t i = 0; i < n; i++) {
		struct port *port = w->node->ports[packet_meta(pkts[i])->index];

		tx_buffer_add(w, worker_tx(w, port), pkts[i], &nobody);
	}
}

static void
send_ports(struct worker *w)
{
	for (uint16_t i = 0; i < w->node->nb_ports; i++)
		if (w->tx[i] != NULL)
			tx_buffer_flush(w, w->tx[i]);
}

/* The stages in the order in which a packet meets them. */
uint32_t
worker_poll(struct worker *w, uint64_t now)
{
	w->now = now;
	w->progress = 0;
	update_clock(w);
	serve_requests(w);

	receive_ports(w);  /* input.c, link_input.c, forward.c, feeder.c, link_output.c */
	receive_handed(w); /* the same, from other workers */
	observe_stage(&w->load, STAGE_handed, 0);
	timer_wheel_run(&w->wheel, now); /* sources, probes, destinations that waited enough */
	observe_stage(&w->load, STAGE_timers, 0);
	feeder_flush(w);   /* to the rings of links that are not ours */
	feeder_collect(w); /* what others put into the rings of ours */
	observe_stage(&w->load, STAGE_output, w->progress);
	send_injected(w);
	send_ports(w);
	observe_stage(&w->load, STAGE_send, w->progress);

	rte_rcu_qsbr_quiescent(w->node->qsbr, w->index);
	return w->progress;
}
