/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rate control of a link: brings TFRC's sender and receiver (tfrc_sender.h, tfrc_receiver.h)
 * together with the link's packets, FEEDBACK, timers and pacer. TFRC.md says what of RFC 5348 is
 * done and what is not.
 *
 * The sender's part belongs to the link's owner, the receiver's to the worker that receives.
 */
#ifndef FERRY_LINK_TFRC_H
#define FERRY_LINK_TFRC_H

#include "frame.h"
#include "link.h"
#include "worker.h"

/* A worker may sleep, or be kept from running: silence of less than this says nothing. */
#define LINK_TFRC_TIMER_MIN_NS UINT64_C(20000000)

static inline bool
link_is_tfrc(const struct link *link)
{
	return link->pacing == LINK_PACING_TFRC || link->pacing == LINK_PACING_TFRC_SP;
}

/* Before the link is published; returns the rate to begin with, bytes/s. */
uint64_t link_tfrc_init(struct link *link);

/* May DATA in order, not marked, be counted and no more? link_head knows such frames. */
static inline bool
link_tfrc_is_quiet(const struct link_rx *rx)
{
	return !rx->reports || tfrc_receiver_is_quiet(&rx->tfrc);
}

/*
 * What came so since then is told the receiver of TFRC: before it is asked for anything, and before
 * anything else changes what a packet in order leaves behind in rx.
 */
static inline void
link_tfrc_catch_up(struct link_rx *rx)
{
	if (rx->reports)
		tfrc_receiver_catch_up(&rx->tfrc, rx->heard_at, rx->window.highest,
			rte_be_to_cpu_32(rx->stamp), rte_be_to_cpu_32(rx->rtt));
}

/* A packet is about to be sent, and the nofeedback timer waits for one. */
void link_tfrc_wake(struct worker *w, struct link *link);

/* Packets wait for their time: the link sends all that it may. */
static inline void
link_tfrc_waiting(struct worker *w, struct link *link)
{
	if (link_is_tfrc(link))
		tfrc_sender_not_limited(&link->tfrc.sender, w->now);
}

/* A probe found the round-trip time, ns: it is the link's until TFRC has its own. */
void link_tfrc_probed(struct worker *w, struct link *link, uint64_t rtt);

/* A report of the neighbour's on our epoch, which came at that time. */
void link_tfrc_feedback(
	struct worker *w, struct link *link, const struct feedback_body *body, uint64_t arrived);

/* DATA that the link accepted on the general path: ecn are the two bits of its IP header. */
void
link_tfrc_received(struct worker *w, struct link *link, const struct link_hdr *hdr, uint8_t ecn);

/* The neighbour began anew. */
void link_tfrc_epoch(struct worker *w, struct link *link);

/* Each worker's timers stop, once nobody finds the link any more. */
void link_tfrc_end_sending(struct worker *w, struct link *link);
void link_tfrc_end_receiving(struct worker *w, struct link *link);

#endif
