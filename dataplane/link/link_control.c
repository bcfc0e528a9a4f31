/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_control.h"
#include "decoded_input.h"
#include "feeder.h"
#include "link_tfrc.h"
#include "node.h"
#include "packet.h"
#include "prober.h"

/* What concerns sending is for the link's owner; it is done at once if that is this worker. */
static void
to_owner(struct worker *w, struct link_datagram *datagram)
{
	struct link *link = datagram->link;

	if (likely(link->owner == w->index)) {
		link_control_owned(w, link, datagram->type, datagram->m, w->now);
		return;
	}
	packet_meta(datagram->m)->type = datagram->type;
	worker_handover(w, link->owner, datagram->m, PACKET_CONTROL, link->index, w->now);
}

static void
feedback_input(struct worker *w, struct link_datagram *datagram)
{
	struct feedback_body copy;
	const struct feedback_body *body = rte_pktmbuf_read(datagram->m, 0, sizeof(copy), &copy);

	if (body == NULL) {
		worker_drop(w, datagram->m, DROP_feedback_malformed);
		return;
	}
	if (rte_be_to_cpu_16(body->epoch) != datagram->link->epoch) {
		worker_drop(w, datagram->m, DROP_feedback_epoch);
		return;
	}
	datagram->link->rx.control++;
	to_owner(w, datagram);
}

static void
take_decoded(struct worker *w, struct link_datagram *datagram)
{
	if (unlikely(datagram->m->pkt_len < sizeof(struct decoded_body))) {
		worker_drop(w, datagram->m, DROP_decoded_malformed);
		return;
	}
	if (likely(decoded_input(w, datagram->link, datagram->m)))
		datagram->link->rx.control++;
}

/* The body goes back as it came; only peers get this far. */
static void
probe_input(struct worker *w, struct link_datagram *datagram)
{
	if (datagram->m->pkt_len != sizeof(struct probe_body)) {
		worker_drop(w, datagram->m, DROP_probe_malformed);
		return;
	}
	datagram->link->rx.control++;
	if (unlikely(link_header(datagram->link) == NULL)) {
		/* Where to is not known yet; the asker asks again. */
		w->counters.consumed++;
		rte_pktmbuf_free(datagram->m);
		return;
	}
	feeder_push_control(w, datagram->link, LINK_PROBE_REPLY, datagram->m);
}

void
link_control_owned(
	struct worker *w, struct link *link, uint8_t type, struct rte_mbuf *m, uint64_t arrived)
{
	struct feedback_body copy;

	if (type != LINK_FEEDBACK) {
		prober_answer(w, link, m, arrived);
		return;
	}
	link_tfrc_feedback(w, link, rte_pktmbuf_read(m, 0, sizeof(copy), &copy), arrived);
	w->counters.consumed++;
	rte_pktmbuf_free(m);
}

void
link_control_input(struct worker *w, struct link_datagram *datagram)
{
	switch (datagram->type) {
	case LINK_FEEDBACK:
		feedback_input(w, datagram);
		return;
	case LINK_PROBE:
		probe_input(w, datagram);
		return;
	case LINK_DECODED:
		take_decoded(w, datagram);
		return;
	default:
		if (unlikely(datagram->m->pkt_len != sizeof(struct probe_body)))
			worker_drop(w, datagram->m, DROP_probe_malformed);
		else
			to_owner(w, datagram);
	}
}
