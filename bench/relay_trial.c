/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "relay_trial.h"

/* A generator that fell behind catches up by so many frames at most; the rest is skipped. */
#define CATCH_UP 256

/* Receive bursts before the next send: what comes back must never wait for what goes. */
#define RX_BURSTS 4

struct trial {
	struct relay_port *port;
	const struct relay_params *params;
	struct relay_result *result;
	struct relay_latency *latency;
	struct relay_frames frames;
	struct relay_sequence sequence;
	uint64_t next_seq;
	uint64_t link_next; /* of the seat's link, from the second frame on */
	bool link_known;
	uint64_t credit; /* frames due, 2^-32 */
	uint64_t credit_per_cycle;
};

static void
judge(struct trial *t, const struct rte_mbuf *m, uint64_t now)
{
	struct relay_result *result = t->result;
	const struct relay_payload *payload;
	const struct link_hdr *link;
	uint64_t seq;

	switch (relay_frame_check(&t->frames, m, &payload, &link)) {
	case RELAY_RIGHT:
		break;
	case RELAY_WRONG:
		result->wrong++;
		return;
	case RELAY_STRAY:
		result->stray++;
		return;
	case RELAY_NOT_OURS:
		result->not_ours++;
		relay_port_other(t->port, m);
		return;
	}
	if (unlikely(payload->seq >= t->next_seq)) {
		result->wrong++; /* never sent */
		return;
	}
	relay_sequence_take(&t->sequence, payload->seq);
	relay_latency_add(t->latency, now - payload->stamp);
	if (t->params->seat != RELAY_FERRY)
		return;
	seq = rte_be_to_cpu_64(link->seq);
	if (unlikely(seq != t->link_next && t->link_known))
		result->link_gaps += seq > t->link_next ? seq - t->link_next : 1;
	t->link_next = seq + 1;
	t->link_known = true;
}

static uint32_t
receive(struct trial *t)
{
	struct rte_mbuf *pkts[RELAY_BURST_MAX];
	uint16_t n = rte_eth_rx_burst(t->port->id, 0, pkts, t->params->burst);
	uint64_t now;

	if (n == 0)
		return 0;
	now = rte_rdtsc();
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (uint16_t i = 0; i < n; i++)
		judge(t, pkts[i], now);
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

/* One burst of at most n; returns how many of them went. */
static uint16_t
send_burst(struct trial *t, uint16_t n)
{
	struct rte_mbuf *pkts[RELAY_BURST_MAX];
	uint64_t now;
	uint16_t taken;

	/* What comes back to this pool is as it was when it left, but for its stamps. */
	if (unlikely(rte_mempool_get_bulk(t->port->tx_pool, (void **)pkts, n) != 0))
		return 0;
	now = rte_rdtsc();
	for (uint16_t i = 0; i < n; i++)
		relay_frame_write(&t->frames, pkts[i], t->next_seq + i, now);
	taken = rte_eth_tx_burst(t->port->id, 0, pkts, n);
	if (unlikely(taken < n)) {
		rte_mempool_put_bulk(t->port->tx_pool, (void **)&pkts[taken], n - taken);
		t->result->full_bursts++;
	}
	t->result->bursts++;
	t->next_seq += taken;
	return taken;
}

/* What was due while the generator itself was kept from running is not offered later. */
static uint16_t
frames_due(struct trial *t, uint64_t cycles, bool stalled)
{
	uint64_t due;

	if (t->params->rate == 0)
		return t->params->burst;
	t->credit += cycles * t->credit_per_cycle;
	due = t->credit >> 32;
	if (unlikely(due > CATCH_UP)) {
		if (!stalled)
			t->result->skipped += due - CATCH_UP;
		t->credit -= (due - CATCH_UP) << 32;
		due = CATCH_UP;
	}
	return (uint16_t)RTE_MIN(due, (uint64_t)t->params->burst);
}

static void
send_due(struct trial *t, uint16_t due)
{
	uint64_t count = t->params->count;
	uint16_t taken;

	if (count != 0)
		due = (uint16_t)RTE_MIN((uint64_t)due, count - t->next_seq);
	if (due == 0)
		return;
	taken = send_burst(t, due);
	t->result->refused += due - taken;
	if (t->params->rate != 0)
		t->credit -= (uint64_t)due << 32;
}

static void
run(struct trial *t)
{
	struct relay_result *result = t->result;
	uint64_t hz = rte_get_tsc_hz(), begin = rte_rdtsc(), last = begin, now = begin;
	uint64_t end = begin + (uint64_t)((double)t->params->ns * 1e-9 * (double)hz);
	uint64_t stall = hz / 1000 * RELAY_STALL_NS / 1000000;
	bool stalled;

	while (now < end && (t->params->count == 0 || t->next_seq < t->params->count)) {
		for (int i = 0; i < RX_BURSTS && receive(t) == t->params->burst; i++)
			;
		now = rte_rdtsc();
		stalled = now - last > stall;
		if (unlikely(stalled))
			result->stall_ns += (uint64_t)((double)(now - last) * 1e9 / (double)hz);
		send_due(t, frames_due(t, now - last, stalled));
		last = now;
	}
	result->seconds = (double)(rte_rdtsc() - begin) / (double)hz;
	result->received_sending = t->sequence.taken;
}

static void
drain(struct trial *t)
{
	uint64_t hz = rte_get_tsc_hz(), begin = rte_rdtsc(), heard = begin, now = begin;
	uint64_t quiet = hz / 1000 * (RELAY_QUIET_NS / 1000000);
	uint64_t most = hz / 1000 * (RELAY_DRAIN_NS / 1000000);

	while (now - begin < most && now - heard < quiet) {
		uint32_t n = receive(t);

		now = rte_rdtsc();
		if (n > 0)
			heard = now;
	}
}

void
relay_trial_run(struct relay_port *port, const struct relay_params *params,
	struct relay_result *result, struct relay_latency *latency)
{
	static struct trial t;
	struct relay_ends ends = {
		.own_mac = port->mac, .seat_mac = port->seat_mac, .epoch = params->epoch};

	memset(result, 0, sizeof(*result));
	memset(latency, 0, sizeof(*latency));
	t = (struct trial){.port = port,
		.params = params,
		.result = result,
		.latency = latency,
		.credit_per_cycle = (uint64_t)((double)params->rate / (double)rte_get_tsc_hz() *
					       4294967296.0)};
	relay_frames_init(
		&t.frames, params->seat, params->payload, params->trial, port->link_seq, &ends);
	relay_sequence_reset(&t.sequence);
	run(&t);
	drain(&t);
	port->link_seq += t.next_seq;
	result->sent = t.next_seq;
	result->received = t.sequence.taken;
	result->lost = relay_sequence_lost(&t.sequence, t.next_seq);
	result->duplicates = t.sequence.duplicates;
	result->reordered = t.sequence.reordered;
	result->too_old = t.sequence.too_old;
}
