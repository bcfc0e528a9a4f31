/* SPDX-License-Identifier: BSD-3-Clause */
/* What neighbours say to each other beside DATA: FEEDBACK, PROBE, PROBE_REPLY. */
#include "feeder.h"
#include "link.h"
#include "node.h"
#include "packet.h"

/* Read and counted; rate control will act on it. */
static void
feedback_input(struct worker *w, struct link_datagram *datagram)
{
	struct feedback_body copy;
	const struct feedback_body *body = rte_pktmbuf_read(datagram->m, 0, sizeof(copy), &copy);

	if (body == NULL) {
		worker_drop(w, datagram->m, DROP_feedback_malformed);
		return;
	}
	if (rte_be_to_cpu_16(body->epoch) != w->node->epoch) {
		worker_drop(w, datagram->m, DROP_feedback_epoch);
		return;
	}
	datagram->link->rx.control++;
	w->counters.consumed++;
	rte_pktmbuf_free(datagram->m);
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
	feeder_push_control(w, datagram->link, LINK_PROBE_REPLY, datagram->m);
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
	default:
		worker_drop(w, datagram->m,
			datagram->m->pkt_len != sizeof(struct probe_body) ? DROP_probe_malformed
									  : DROP_probe_unexpected);
	}
}
