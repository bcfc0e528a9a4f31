/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_tfrc.h"
#include "feeder.h"
#include "node.h"
#include "packet.h"

/* So much earlier the turn of who receives may have begun than that of who sends, microseconds. */
#define TURNS_APART_US 10000

/* Largest DATA datagram, bytes of UDP payload. */
static uint32_t
largest(const struct link *link)
{
	size_t ip = address_is_ipv4(&link->remote) ? sizeof(struct rte_ipv4_hdr)
						   : sizeof(struct rte_ipv6_hdr);

	return (uint32_t)(link->port->mtu - ip - sizeof(struct rte_udp_hdr));
}

/* The pacer's rate is whole bytes a second, and 0 would mean no pacing. */
static uint64_t
pacer_rate(const struct tfrc_sender *s)
{
	return RTE_MAX(s->rate >> TFRC_SHIFT, UINT64_C(1));
}

static void
set_asleep(struct link *link, bool asleep)
{
	link->tfrc.asleep = asleep;
	link_note_held(link);
}

static void
nofeedback(void *owner, struct timer *timer, uint64_t now)
{
	struct worker *w = owner;
	struct link *link = timer->arg;
	struct tfrc_sender *s = &link->tfrc.sender;

	tfrc_sender_expire(s, (struct tfrc_totals){link->tx.packets, link->tx.bytes}, now);
	set_asleep(link, s->nofeedback_at == TFRC_NEVER);
	if (!link->tfrc.asleep)
		timer_start(&w->wheel, timer, s->nofeedback_at);
	feeder_set_rate(w, link, pacer_rate(s));
}

uint64_t
link_tfrc_init(struct link *link)
{
	struct tfrc_params params = {
		.mss = largest(link),
		.small_packets = link->pacing == LINK_PACING_TFRC_SP,
		.min_interval = TFRC_SP_INTERVAL_NS,
		.timer_min = LINK_TFRC_TIMER_MIN_NS,
	};

	tfrc_sender_init(&link->tfrc.sender, &params);
	set_asleep(link, true);
	link->tfrc.timer = (struct timer){.fire = nofeedback, .arg = link};
	return pacer_rate(&link->tfrc.sender);
}

void
link_tfrc_wake(struct worker *w, struct link *link)
{
	struct tfrc_sender *s = &link->tfrc.sender;

	tfrc_sender_wake(s, (struct tfrc_totals){link->tx.packets, link->tx.bytes}, w->now);
	set_asleep(link, false);
	timer_start(&w->wheel, &link->tfrc.timer, s->nofeedback_at);
}

/* What follows from the sender's state. */
static void
apply(struct worker *w, struct link *link)
{
	const struct tfrc_sender *s = &link->tfrc.sender;

	feeder_set_rtt(link, s->rtt);
	feeder_set_rate(w, link, pacer_rate(s));
	if (s->reported)
		__atomic_store_n(&link->tx.rtt,
			rte_cpu_to_be_32((uint32_t)(tfrc_sender_told_rtt(s) / 1000)),
			__ATOMIC_RELAXED);
}

void
link_tfrc_probed(struct worker *w, struct link *link, uint64_t rtt)
{
	if (!link_is_tfrc(link) || link->tfrc.sender.reported)
		return;
	tfrc_sender_rtt(&link->tfrc.sender, rtt, w->now);
	apply(w, link);
}

/*
 * From when it was sent that a report echoes to its arrival, microseconds. A little below 0 another
 * worker received it, in a turn that began before the one that sent; a stamp further ahead is none
 * of ours, and the time since then as long as it can be.
 */
static uint32_t
since_sent(const struct worker *w, uint32_t stamp, uint64_t arrived)
{
	uint32_t since = (uint32_t)(utc_ns(&w->utc, arrived) / 1000) - stamp;

	return since > UINT32_MAX - TURNS_APART_US ? 0 : since;
}

void
link_tfrc_feedback(
	struct worker *w, struct link *link, const struct feedback_body *body, uint64_t arrived)
{
	uint32_t since = since_sent(w, rte_be_to_cpu_32(body->stamp_echo), arrived);
	struct tfrc_sender *s = &link->tfrc.sender;
	struct tfrc_feedback feedback = {
		.since_sent = (uint64_t)since * 1000,
		.delay = (uint64_t)rte_be_to_cpu_32(body->delay) * 1000,
		.rate = rte_be_to_cpu_64(body->rate),
		.seq_highest = rte_be_to_cpu_64(body->seq_highest),
		.p = rte_be_to_cpu_32(body->loss_rate),
	};

	if (!link_is_tfrc(link))
		return;
	if (feedback.seq_highest >= link->tx.seq ||
		!tfrc_sender_feedback(s, &feedback,
			(struct tfrc_totals){link->tx.packets, link->tx.bytes}, w->now)) {
		link->tfrc.ignored++;
		return;
	}
	set_asleep(link, false);
	timer_start(&w->wheel, &link->tfrc.timer, s->nofeedback_at);
	apply(w, link);
}

void
link_tfrc_end_sending(struct worker *w, struct link *link)
{
	timer_stop(&w->wheel, &link->tfrc.timer);
}

/* FEEDBACK, unless nothing could leave; the next report then says it. */
static void
send_report(struct worker *w, struct link *link, const struct tfrc_report *report)
{
	struct feedback_body body = {
		.stamp_echo = rte_cpu_to_be_32(report->stamp),
		.delay = rte_cpu_to_be_32(report->delay),
		.loss_rate = rte_cpu_to_be_32(report->loss_rate),
		.epoch = rte_cpu_to_be_16(link->rx.epoch),
		.seq_highest = rte_cpu_to_be_64(report->seq_highest),
		.rate = rte_cpu_to_be_64(report->rate),
	};
	struct rte_mbuf *m;

	if (link_header(link) == NULL || !port_is_up(link->port))
		return;
	m = rte_pktmbuf_alloc(w->pool);
	if (unlikely(m == NULL))
		return;
	memcpy(rte_pktmbuf_append(m, sizeof(body)), &body, sizeof(body));
	w->counters.originated++;
	w->progress++;
	feeder_push_control(w, link, LINK_FEEDBACK, m);
}

static void
report_now(struct worker *w, struct link *link)
{
	struct link_rx *rx = &link->rx;
	struct tfrc_report report;

	tfrc_receiver_report(&rx->tfrc, w->now, rx->packets, rx->bytes, &report);
	timer_start(&w->wheel, &link->feedback, rx->tfrc.expires_at);
	send_report(w, link, &report);
}

static void
feedback_due(void *owner, struct timer *timer, uint64_t now)
{
	struct link *link = timer->arg;
	struct link_rx *rx = &link->rx;

	(void)now; /* the turn's */
	link_tfrc_catch_up(rx);
	if (tfrc_receiver_expire(&rx->tfrc, rx->packets))
		report_now(owner, link);
	else
		link_forget_heads(rx); /* the next packet is to be reported at once */
}

void
link_tfrc_epoch(struct worker *w, struct link *link)
{
	timer_stop(&w->wheel, &link->feedback);
	link->feedback = (struct timer){.fire = feedback_due, .arg = link};
	tfrc_receiver_init(&link->rx.tfrc, link->pacing == LINK_PACING_TFRC_SP);
	link->rx.reports = false;
}

void
link_tfrc_received(struct worker *w, struct link *link, const struct link_hdr *hdr, uint8_t ecn)
{
	struct link_rx *rx = &link->rx;
	struct tfrc_arrival arrival = {
		.now = w->now,
		.seq = rte_be_to_cpu_64(hdr->seq),
		.packets = rx->packets,
		.bytes = rx->bytes,
		.stamp = rte_be_to_cpu_32(hdr->stamp),
		.rtt = rte_be_to_cpu_32(hdr->rtt),
		.marked = ecn == FRAME_ECN_CE,
	};

	/* Who does not say that he listens, by ECN or by what is configured, is not reported to. */
	if (!rx->reports && (link_is_tfrc(link) || ecn != 0)) {
		link_tfrc_epoch(w, link);
		rx->reports = true;
	}
	if (rx->reports && tfrc_receiver_packet(&rx->tfrc, &arrival))
		report_now(w, link);
}

void
link_tfrc_end_receiving(struct worker *w, struct link *link)
{
	timer_stop(&w->wheel, &link->feedback);
}
