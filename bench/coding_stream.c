/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_errno.h>

#include "coding_stream.h"
#include "frames.h"

#define HEADER                                                                                     \
	112 /* bytes of a frame that are written; with all headers, and the symbol's head          \
	     */

/* The head of a repair packet's symbol: all sources have the same. */
static void
put_repair_head(const struct coding_stream *s, uint8_t *p, uint32_t repair)
{
	struct rlnc_symbol_head head = {
		.length = rte_cpu_to_be_16(CODING_PAYLOAD), .stamp = rte_cpu_to_be_32(s->stamp)};

	coding_pattern_combine(&s->pattern, repair, &head, sizeof(head), p);
}

/* Frame number of a generation: its headers, as the last node wrote them. */
static void
write_frame(struct coding_stream *s, struct rte_mbuf *m, uint32_t number)
{
	const struct loop_traffic *t = number < CODING_K ? &s->source : &s->repair;
	uint8_t *frame = (uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM;
	struct session_hdr *session = (struct session_hdr *)(frame + t->session_off);
	uint64_t link_seq = rte_cpu_to_be_64(s->link_seq++);
	uint32_t seq = s->generation * CODING_K + (s->params.coded ? 0 : number);

	memcpy(frame, t->frame, HEADER);
	memcpy(frame + t->link_seq_off, &link_seq, sizeof(link_seq));
	session->session = rte_cpu_to_be_32(1);
	session->seq = rte_cpu_to_be_32(seq);
	session->stamp = rte_cpu_to_be_32(s->stamp);
	session->flow_seq = rte_cpu_to_be_16(
		(uint16_t)(s->generation * (s->params.coded ? PATTERN_SENT : CODING_K) + number));
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->data_len = t->frame_len;
	m->pkt_len = t->frame_len;
	if (!s->params.coded)
		return;
	session->flags = SESSION_CODED;
	coding_pattern_header(number, (uint8_t *)(session + 1));
	if (number >= CODING_K)
		put_repair_head(s, (uint8_t *)(session + 1) + RLNC_HEADER_BYTES, number - CODING_K);
}

static void
next_frame(struct coding_stream *s, struct rte_mbuf *m, uint64_t now)
{
	uint32_t which = s->generation % PATTERN_GENERATIONS;

	if (s->at == 0)
		s->stamp = (uint32_t)(now / 1000);
	write_frame(s, m, s->pattern.come[which][s->at]);
	if (++s->at == s->pattern.nb_come[which]) {
		s->at = 0;
		s->generation++;
	}
}

static void
look_ahead(struct coding_stream *s)
{
	if (rte_mempool_get_bulk(s->pool, (void **)s->ahead, LOOP_BURST) != 0)
		bench_die("%s: the node holds more packets than the pool has", s->port.name);
	for (uint16_t i = 0; i < LOOP_BURST; i++) {
		rte_mbuf_prefetch_part1(s->ahead[i]);
		rte_mbuf_prefetch_part2(s->ahead[i]);
	}
}

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct coding_stream *s = port->driver;

	(void)queue;
	(void)n;
	if (!s->primed)
		look_ahead(s);
	s->primed = true;
	memcpy(pkts, s->ahead, sizeof(s->ahead));
	look_ahead(s);
	for (uint16_t i = 0; i < LOOP_BURST; i++) {
		rte_mbuf_refcnt_set(pkts[i], 1);
		pkts[i]->nb_segs = 1;
		pkts[i]->next = NULL;
		pkts[i]->ol_flags = 0;
		pkts[i]->packet_type = 0;
		next_frame(s, pkts[i], now);
	}
	return LOOP_BURST;
}

/* As an application receives a datagram, or a port that copies what it sends. */
static void
copy_out(struct coding_stream *s, const struct rte_mbuf *m)
{
	uint8_t *to = s->copy;

	for (; m != NULL; m = m->next) {
		memcpy(to, rte_pktmbuf_mtod(m, const void *), m->data_len);
		to += m->data_len;
	}
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct coding_stream *s = port->driver;

	(void)queue;
	(void)now;
	s->sent += n;
	for (uint16_t i = 0; s->params.copied && i < n; i++)
		copy_out(s, pkts[i]);
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static const struct port_ops stream_ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

uint32_t
coding_stream_io(struct coding_stream *s, uint64_t now)
{
	struct rte_mbuf *pkts[LOOP_BURST];

	(void)rx_burst(&s->port, 0, pkts, LOOP_BURST, now);
	rte_mempool_put_bulk(s->pool, (void **)pkts, LOOP_BURST);
	return LOOP_BURST;
}

/* A relayed one goes on to the first next hop, a destination. */
static void
make_frame(struct loop_traffic *t, bool relayed, size_t payload)
{
	struct frames_params params = {
		.kind = relayed ? FRAMES_RELAY : FRAMES_DESTINATION,
		.payload = (uint16_t)payload,
		.hops = 1,
		.ways = 1,
		.sessions = 2, /* so that headers name them; the first is used */
	};

	frames_make(t, &params);
	if (relayed)
		memcpy(t->frame + t->hop_off, &t->hops[0], sizeof(t->hops[0]));
}

static void
make_frames(struct coding_stream *s)
{
	size_t source = CODING_PAYLOAD + (s->params.coded ? RLNC_HEADER_BYTES : 0);

	make_frame(&s->source, s->params.relayed, source);
	make_frame(&s->repair, s->params.relayed, source + sizeof(struct rlnc_symbol_head));
}

void
coding_stream_init(struct coding_stream *s, const struct coding_stream_params *params)
{
	struct rte_mbuf *m;

	*s = (struct coding_stream){
		.params = *params,
		.port = {.ops = &stream_ops, .rx_queues = 1, .tx_queues = 1, .up = true},
		.link_seq = 1,
	};
	s->port.driver = s;
	snprintf(s->port.name, sizeof(s->port.name), "%s", params->name);
	s->pool = rte_pktmbuf_pool_create_by_ops(params->name, params->packets, 0, 0,
		RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, "ring_sp_sc");
	if (s->pool == NULL)
		bench_die("no memory for %u packets: %s", params->packets, rte_strerror(rte_errno));
	make_frames(s);
	coding_pattern_init(&s->pattern, params->coded, params->lossy);
	for (uint32_t i = 0; i < params->packets; i++) {
		if (rte_mempool_get(s->pool, (void **)&m) != 0)
			bench_die("%s: packets are missing from the pool", params->name);
		memset(m->buf_addr, 0, m->buf_len);
		rte_mempool_put(s->pool, m);
	}
}

void
coding_stream_free(struct coding_stream *s)
{
	rte_mempool_free(s->pool);
}
