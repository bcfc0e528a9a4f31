/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "destination_frames.h"
#include "destination_trial.h"
#include "packet.h"
#include "relay_sequence.h"

#define BURST	 BURST_MAX
#define SESSIONS 4

/* Receive bursts before the next send: what comes back must never wait for what goes. */
#define RX_BURSTS 4

/* Who heard nothing for so long no longer waits for what is on its way: it is lost. */
#define PATIENCE_NS 3000000000
#define ARP_NS	    20000000

/* A seat that takes nothing for so long never will: it has also been given up waiting for. */
#define GIVE_UP_NS (2 * PATIENCE_NS)

/* Between two looks at the clock there is less work than this. */
#define STALL_NS 200000

struct trial {
	struct relay_port *port;
	const struct destination_params *params;
	struct destination_result *result;
	struct destination_frames *frames;
	struct destination_stamp stamp;
	uint32_t session, first; /* first: generation */
	uint32_t sent_each;	 /* frames of a generation, lost ones too */
	uint64_t link_seq;	 /* of the generation's first frame */
	uint32_t at;		 /* of the frames that come of the generation */
	struct rte_mbuf *ready[BURST];
	uint16_t nb_ready, nb_gone;
	struct relay_sequence sequence; /* from the first generation on */
	uint64_t utc, utc_tsc;		/* microseconds at a TSC */
	uint64_t heard, went, end;	/* TSC */
};

static uint32_t next_generation[SESSIONS + 1];

static uint64_t
cycles_of(uint64_t ns)
{
	return (uint64_t)((double)ns * 1e-9 * (double)rte_get_tsc_hz());
}

static void
judge(struct trial *t, const struct rte_mbuf *m)
{
	uint16_t port = (uint16_t)(DESTINATION_UDP + t->session);
	uint64_t first = (uint64_t)t->first * CODING_K, seq;

	if (t->frames == NULL) {
		relay_port_other(t->port, m);
		return;
	}
	switch (destination_frames_check(t->frames, m, port, &seq)) {
	case DESTINATION_RIGHT:
		break;
	case DESTINATION_WRONG:
		t->result->wrong++;
		return;
	case DESTINATION_NOT_OURS:
		relay_port_other(t->port, m);
		return;
	}
	if (unlikely(seq < first))
		t->result->stray++;
	else if (unlikely(seq - first >= t->result->sources))
		t->result->wrong++; /* never sent */
	else
		relay_sequence_take(&t->sequence, seq - first);
}

static uint16_t
receive(struct trial *t)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t n = rte_eth_rx_burst(t->port->id, 0, pkts, BURST);

	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (uint16_t i = 0; i < n; i++)
		judge(t, pkts[i]);
	rte_pktmbuf_free_bulk(pkts, n);
	if (n > 0)
		t->heard = rte_rdtsc();
	return n;
}

static uint32_t
utc_now(const struct trial *t, uint64_t now)
{
	double passed = (double)(now - t->utc_tsc) * 1e6 / (double)rte_get_tsc_hz();

	return (uint32_t)(t->utc + (uint64_t)passed);
}

/* The next burst; at the end of a generation it may be the last one. */
static void
make_ready(struct trial *t, uint64_t now)
{
	const struct coding_pattern *p = &t->frames->pattern;

	t->nb_ready = t->nb_gone = 0;
	while (t->nb_ready < BURST) {
		uint32_t which = t->stamp.generation % PATTERN_GENERATIONS, number;
		struct rte_mbuf *m;

		if (t->at == 0 && now >= t->end)
			return;
		if (t->at == 0)
			t->stamp.utc = utc_now(t, now);
		number = p->come[which][t->at];
		t->stamp.link_seq = t->link_seq + number;
		m = destination_frames_take(t->frames, number, &t->stamp);
		if (unlikely(m == NULL))
			return; /* the port gives back what has left when it is asked to send */
		if (t->at == 0)
			t->result->sources += CODING_K;
		t->ready[t->nb_ready++] = m;
		if (++t->at == p->nb_come[which]) {
			t->at = 0;
			t->link_seq += t->sent_each;
			t->stamp.generation++;
		}
	}
}

/* Of what was sent, the last that came back tells how much is on its way. */
static bool
too_many_on_the_way(const struct trial *t, uint64_t now)
{
	return !t->params->sink && t->result->sources - t->sequence.next >= DESTINATION_WINDOW &&
	       now - t->heard < cycles_of(PATIENCE_NS);
}

/* Returns how many frames went. */
static uint16_t
send_some(struct trial *t, uint64_t now)
{
	uint16_t n, taken;

	if (too_many_on_the_way(t, now))
		return 0;
	if (t->nb_gone == t->nb_ready)
		make_ready(t, now);
	n = t->nb_ready - t->nb_gone;
	taken = rte_eth_tx_burst(t->port->id, 0, t->ready + t->nb_gone, n);
	t->nb_gone += taken;
	t->result->frames += taken;
	if (taken > 0)
		t->went = now;
	return taken;
}

/* One turn, which began at last; returns when it ended. */
static uint64_t
turn(struct trial *t, uint64_t last)
{
	uint64_t took, now;
	uint32_t done = 0, n;
	int bursts = 0;

	do {
		n = receive(t);
		done += n;
	} while (n == BURST && ++bursts < RX_BURSTS);
	done += send_some(t, rte_rdtsc());
	now = rte_rdtsc();
	took = now - last;
	if (unlikely(took > cycles_of(STALL_NS)))
		t->result->stall_cycles += took;
	else if (done == 0)
		t->result->idle_cycles += took;
	return now;
}

static int
run(struct trial *t)
{
	uint64_t begin = rte_rdtsc(), now = begin;

	t->heard = t->went = begin;
	t->end = begin + cycles_of(t->params->ns);
	while (now < t->end || t->at != 0 || t->nb_gone < t->nb_ready) {
		if (unlikely(now > t->end && now - t->went > cycles_of(GIVE_UP_NS)))
			return -1;
		now = turn(t, now);
	}
	t->result->cycles = now - begin;
	t->result->received_sending = t->sequence.taken;
	return 0;
}

/* Until all have come, or none for so long. */
static void
drain(struct trial *t)
{
	uint64_t expected = t->params->sink ? 0 : t->result->sources;

	t->heard = rte_rdtsc();
	while (t->sequence.taken < expected && rte_rdtsc() - t->heard < cycles_of(PATIENCE_NS))
		(void)receive(t);
}

/* Asks once for the seat's MAC address. */
static void
ask(struct trial *t)
{
	relay_port_ask(t->port);
	t->heard = rte_rdtsc();
	while (!t->port->seat_known && rte_rdtsc() - t->heard < cycles_of(ARP_NS))
		(void)receive(t);
}

static struct destination_frames *
frames_of(const struct relay_port *port, const struct destination_params *params)
{
	static struct destination_frames frames[DESTINATION_KINDS];
	static const char *const names[DESTINATION_KINDS] = {"plain", "loss0", "loss5"};
	struct destination_frames *f = &frames[params->kind];
	struct relay_ends ends = {
		.own_mac = port->mac, .seat_mac = port->seat_mac, .epoch = params->epoch};

	if (f->pool == NULL)
		destination_frames_init(f, names[params->kind], params->kind != DESTINATION_PLAIN,
			params->kind == DESTINATION_LOSS5, &ends);
	return f;
}

static void
begin_trial(struct trial *t)
{
	bool coded = t->params->kind != DESTINATION_PLAIN;
	struct timespec utc;

	clock_gettime(CLOCK_REALTIME, &utc);
	t->utc = (uint64_t)utc.tv_sec * 1000000 + (uint64_t)utc.tv_nsec / 1000;
	t->utc_tsc = rte_rdtsc();
	t->frames = frames_of(t->port, t->params);
	t->session = 1u + coded + 2u * t->params->sink;
	t->sent_each = coded ? PATTERN_SENT : CODING_K;
	t->link_seq = t->port->link_seq;
	t->first = next_generation[t->session];
	t->stamp = (struct destination_stamp){.session = t->session, .generation = t->first};
}

int
destination_trial_run(struct relay_port *port, const struct destination_params *params,
	struct destination_result *result)
{
	static struct trial t;

	memset(result, 0, sizeof(*result));
	memset(&t, 0, sizeof(t));
	t.port = port;
	t.params = params;
	t.result = result;
	if (!port->seat_known) {
		ask(&t);
		return 0;
	}
	begin_trial(&t);
	if (run(&t) < 0) {
		rte_pktmbuf_free_bulk(t.ready + t.nb_gone, t.nb_ready - t.nb_gone);
		return -1;
	}
	drain(&t);
	next_generation[t.session] = t.stamp.generation;
	port->link_seq = t.link_seq;
	result->received = t.sequence.taken;
	result->lost = params->sink ? 0 : relay_sequence_lost(&t.sequence, result->sources);
	result->duplicates = t.sequence.duplicates;
	result->too_old = t.sequence.too_old;
	return 0;
}
