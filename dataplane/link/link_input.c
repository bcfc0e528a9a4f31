/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_input.h"
#include "epoch.h"
#include "link_tfrc.h"
#include "stranger.h"

/* The owner of the receiving side is the worker that first hears the neighbour. */
static uint16_t
rx_owner(struct worker *w, struct link *link)
{
	uint16_t owner = __atomic_load_n(&link->rx_owner, __ATOMIC_ACQUIRE);

	if (likely(owner != LINK_NO_OWNER))
		return owner;
	if (__atomic_compare_exchange_n(
		    &link->rx_owner, &owner, w->index, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return w->index;
	return owner;
}

static void
learn_head(struct link_rx *rx, const void *frame, uint32_t off, uint32_t len)
{
	link_head_learn(&rx->head, frame, off, len);
	link_head6_learn(&rx->head6, frame, off, len);
}

/* The link's accounting begins anew. */
static void
begin_anew(struct worker *w, struct link *link)
{
	struct link_rx *rx = &link->rx;

	rx->lost_before += rx->window.missing;
	seq_window_reset(&rx->window);
	rx->behind.run = 0;
	link_forget_heads(rx);
	rx->epochs++;
	link_tfrc_epoch(w, link);
}

/* A newer epoch (RFC 1982), or any after silence, is taken. */
static bool
accept_epoch(struct worker *w, struct link *link, uint16_t epoch)
{
	struct link_rx *rx = &link->rx;

	if (rx->heard && !epoch_is_newer(epoch, rx->epoch) &&
		w->now - rx->heard_at < LINK_SILENCE_NS)
		return false;
	begin_anew(w, link);
	rx->epoch = epoch;
	rx->heard = true;
	return true;
}

/* Is one too old because the window is wrong? It is taken then. */
static bool
accept_old(struct worker *w, struct link *link, uint64_t seq)
{
	struct link_rx *rx = &link->rx;

	if (!seq_behind_confirms(&rx->behind, &rx->window, seq, w->now, LINK_BEHIND_NS))
		return false;
	begin_anew(w, link);
	(void)seq_window_take(&rx->window, seq);
	return true;
}

static enum drop_reason
accept_data(struct worker *w, struct link *link, uint64_t seq, uint16_t bytes)
{
	struct link_rx *rx = &link->rx;

	switch (seq_window_take(&rx->window, seq)) {
	case SEQ_IN_ORDER:
	case SEQ_AHEAD:
		break;
	case SEQ_LATE:
		rx->reordered++;
		break;
	case SEQ_DUPLICATE:
		rx->duplicates++;
		return DROP_link_duplicate;
	case SEQ_TOO_OLD:
		if (!accept_old(w, link, seq))
			return DROP_link_too_old;
		break;
	case SEQ_FAR:
		return DROP_link_far_ahead;
	}
	rx->packets++;
	rx->bytes += bytes;
	return DROP_none;
}

/* Cuts what lies before off and behind off + len: Ethernet may pad, UDP decides. */
static void
cut_to(struct rte_mbuf *m, uint16_t off, uint16_t len)
{
	struct rte_mbuf *seg = m;
	uint32_t left = len;

	m->data_off += off;
	m->data_len -= off;
	m->pkt_len = len;
	while (unlikely(left > seg->data_len)) {
		left -= seg->data_len;
		seg = seg->next;
	}
	seg->data_len = (uint16_t)left;
	if (unlikely(seg->next != NULL)) {
		struct rte_mbuf *rest = seg->next;

		seg->next = NULL;
		for (struct rte_mbuf *s = rest; s != NULL; s = s->next)
			m->nb_segs--;
		rte_pktmbuf_free(rest);
	}
}

void
packet_from_frame(struct rte_mbuf *m, const struct frame_view *view)
{
	packet_clear_flags(m);
	cut_to(m, view->payload_off, view->payload_len);
	if (view->sum_known)
		packet_sum_set(m, view->sum);
}

/* Length, version, type and flags: what can be judged without knowing the sender. */
static enum drop_reason
check_header(const struct rte_mbuf *m, const struct frame_view *view, const struct link_hdr *hdr)
{
	if (unlikely(view->payload_len < sizeof(*hdr) ||
		     m->data_len < view->payload_off + sizeof(*hdr)))
		return DROP_link_truncated;
	if (unlikely(hdr->version_type >> 4 != LINK_VERSION))
		return DROP_link_version;
	if (unlikely((hdr->version_type & 0x0f) > LINK_DECODED))
		return DROP_link_type;
	if (unlikely((hdr->flags & ~LINK_FLAGS_KNOWN) != 0))
		return DROP_link_flag;
	return DROP_none;
}

enum drop_reason
link_input(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame_view *view,
	struct link_datagram *out, bool *handed)
{
	const struct link_hdr *hdr = rte_pktmbuf_mtod_offset(
		m, const struct link_hdr *, view->payload_off);
	enum drop_reason reason = check_header(m, view, hdr);
	struct link *link;
	struct link_rx *rx;
	uint16_t epoch;
	uint8_t type;

	*handed = false;
	if (unlikely(reason != DROP_none))
		return reason;
	link = link_find_sender(w, port, hdr->node, &view->source);
	if (unlikely(link == NULL)) {
		stranger_heard(w, port, rte_be_to_cpu_32(hdr->node), &view->source);
		return DROP_link_unknown_peer;
	}
	if (unlikely(rx_owner(w, link) != w->index)) {
		packet_meta(m)->type = hdr->version_type & 0x0f;
		worker_handover(w, link->rx_owner, m, PACKET_FRAME, port->index, 0);
		*handed = true;
		return DROP_none;
	}

	rx = &link->rx;
	link_tfrc_catch_up(rx);
	epoch = rte_be_to_cpu_16(hdr->epoch);
	type = hdr->version_type & 0x0f;
	if (unlikely(!rx->heard || epoch != rx->epoch) && !accept_epoch(w, link, epoch))
		return DROP_link_stale_epoch;
	rx->heard_at = w->now;
	rx->rtt = hdr->rtt;
	if (likely(type == LINK_DATA)) {
		reason = accept_data(w, link, rte_be_to_cpu_64(hdr->seq), view->payload_len);
		if (unlikely(reason != DROP_none))
			return reason;
		link_tfrc_received(w, link, hdr, view->ecn);
		/* On a tagged port the tag may be in the frame or not. */
		if (unlikely(!link_tfrc_is_quiet(rx)))
			link_forget_heads(rx);
		else if (port->vlan == 0)
			learn_head(rx, rte_pktmbuf_mtod(m, const void *), view->payload_off,
				m->data_len);
	}
	packet_from_frame(m, view);
	packet_trim(m, sizeof(*hdr));
	packet_meta(m)->index = link->index;
	*out = (struct link_datagram){.m = m, .link = link, .type = type};
	return DROP_none;
}
