/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_errno.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "bench.h"
#include "checksum.h"
#include "loop.h"
#include "wire.h"

#define BACK_MAX 64

/* What is behind the frame's head is its payload, which nobody changes. */
static inline uint32_t
write_ids(struct loop_traffic *t, uint8_t *frame)
{
	uint32_t sum = 0;

	for (uint16_t i = 0; i < t->nb_hops; i++) {
		rte_be32_t id = t->hops[t->hop_at++ & (LOOP_HOPS - 1)];

		memcpy(frame + t->hop_off + i * t->hop_step, &id, sizeof(id));
		sum += (id & 0xffff) + (id >> 16);
	}
	return sum;
}

static inline void
next_session(struct loop_traffic *t)
{
	t->session_at += t->session_step;
	if (t->session_at >= t->sessions)
		t->session_at -= t->sessions;
	t->round += t->session_at == 0;
}

static inline void
previous_session(struct loop_traffic *t)
{
	t->round -= t->session_at == 0;
	t->session_at += t->session_at < t->session_step ? t->sessions : 0;
	t->session_at -= t->session_step;
}

static inline uint32_t
write_session(struct loop_traffic *t, uint8_t *frame)
{
	struct session_hdr *hdr = (struct session_hdr *)(frame + t->session_off);

	hdr->session = rte_cpu_to_be_32(t->session_at + 1);
	hdr->seq = rte_cpu_to_be_32(t->round);
	hdr->flow_seq = rte_cpu_to_be_16((uint16_t)t->round);
	hdr->stamp = loop_stamp(t);
	next_session(t);
	return (hdr->session & 0xffff) + (hdr->session >> 16) + (hdr->seq & 0xffff) +
	       (hdr->seq >> 16) + (hdr->stamp & 0xffff) + (hdr->stamp >> 16) + hdr->flow_seq;
}

static inline uint32_t
write_ingress(struct loop_traffic *t, uint8_t *frame)
{
	uint32_t address = t->session_at / LOOP_PER_PORT;
	rte_be16_t port = rte_cpu_to_be_16(
		(uint16_t)(LOOP_INGRESS + t->session_at - address * LOOP_PER_PORT));

	memcpy(frame + t->ingress_off, &port, sizeof(port));
	next_session(t);
	if (t->udp_sum_off == 0) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame +
								  sizeof(struct rte_ether_hdr));

		ip->dst_addr = t->addresses[address].ip;
		ip->hdr_checksum = t->addresses[address].sum;
	}
	return port;
}

static inline void
write_sender(const struct loop_traffic *t, uint8_t *frame)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)frame;

	memcpy(frame + t->link_node_off, &t->from[t->sender_at].node, sizeof(rte_be32_t));
	if (t->udp_sum_off == 0) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);

		ip->src_addr = t->from[t->sender_at].address;
		ip->hdr_checksum = t->from[t->sender_at].ip_sum;
	} else {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(eth + 1);

		memcpy(ip->src_addr + 12, &t->from[t->sender_at].address, sizeof(rte_be32_t));
	}
}

static inline uint32_t
write_link(struct loop_traffic *t, uint8_t *frame)
{
	uint64_t seq = rte_cpu_to_be_64(t->from[t->sender_at].link_seq++);
	uint16_t sum = t->from[t->sender_at].sum;

	memcpy(frame + t->link_seq_off, &seq, sizeof(seq));
	if (t->senders > 1) {
		write_sender(t, frame);
		t->sender_at = (uint16_t)((t->sender_at + 1) % LOOP_SENDERS);
	}
	return (uint32_t)(seq & 0xffff) + (uint32_t)(seq >> 16 & 0xffff) +
	       (uint32_t)(seq >> 32 & 0xffff) + (uint32_t)(seq >> 48) + sum;
}

/* The frame that this packet will be when it is handed out next. */
static inline void
prepare(struct loop_traffic *t, struct rte_mbuf *m)
{
	uint8_t *frame = (uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM;
	uint32_t sum = 0;

	for (uint16_t i = 0; i < t->head_len; i += 16)
		_mm_storeu_si128(
			(__m128i *)(frame + i), _mm_load_si128((const __m128i *)(t->head + i)));
	if (t->link_seq_off != 0)
		sum += write_link(t, frame);
	sum += write_ids(t, frame);
	if (t->session_off != 0)
		sum += write_session(t, frame);
	if (t->ingress_off != 0)
		sum += write_ingress(t, frame);
	if (t->udp_sum_off != 0) {
		uint16_t check = (uint16_t)~checksum_fold(sum + t->udp_sum);

		/* 0 would say that there is none (RFC 8200, 8.1). */
		check = check != 0 ? check : 0xffff;
		memcpy(frame + t->udp_sum_off, &check, sizeof(check));
	}
}

static inline void
set_stamp(struct loop *loop, uint64_t now)
{
	if (loop->utc != NULL)
		loop->traffic->stamp = (uint32_t)(utc_ns(loop->utc, now) / 1000) -
				       LOOP_ON_ITS_WAY_US;
}

/* As a vectorised driver writes the words of a packet that it received: three stores. */
static inline void
receive(const struct loop_traffic *t, struct rte_mbuf *m)
{
	static const struct {
		uint16_t data_off, refcnt, nb_segs, port;
	} rearm = {RTE_PKTMBUF_HEADROOM, 1, 1, 0};
	const __m128i fields = _mm_set_epi32(0, t->frame_len, t->frame_len, 0);

	memcpy(&m->rearm_data, &rearm, sizeof(rearm));
	m->ol_flags = t->rx_flags;
	_mm_storeu_si128((__m128i *)&m->rx_descriptor_fields1, fields);
}

/* As drivers do: the packets of the next burst are fetched while this one is worked on. */
static inline void
look_ahead(struct loop *loop)
{
	loop->nb_ahead = 0;
	if (rte_mempool_get_bulk(loop->pool, (void **)loop->ahead, LOOP_BURST) != 0)
		return;
	loop->nb_ahead = LOOP_BURST;
	for (uint16_t i = 0; i < LOOP_BURST; i++) {
		rte_mbuf_prefetch_part1(loop->ahead[i]);
		rte_mbuf_prefetch_part2(loop->ahead[i]);
	}
}

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct loop *loop = port->driver;

	(void)queue;
	(void)n;
	set_stamp(loop, now);
	if (loop->packets <= LOOP_BURST) {
		if (rte_mempool_get_bulk(loop->pool, (void **)pkts, LOOP_BURST) != 0)
			return 0;
	} else {
		if (unlikely(loop->nb_ahead == 0))
			look_ahead(loop);
		memcpy(pkts, loop->ahead, sizeof(loop->ahead));
		look_ahead(loop);
	}
	for (uint16_t i = 0; i < LOOP_BURST; i++)
		receive(loop->traffic, pkts[i]);
	for (uint16_t i = 0; unlikely(loop->late) && i < LOOP_BURST; i++)
		prepare(loop->traffic, pkts[i]);
	return LOOP_BURST;
}

/* Segments on their way back, of one pool at a time. */
struct back {
	struct rte_mempool *pool;
	uint16_t n;
	struct rte_mbuf *segs[BACK_MAX];
};

static inline void
back_flush(struct back *back)
{
	if (back->n > 0)
		rte_mempool_put_bulk(back->pool, (void **)back->segs, back->n);
	back->n = 0;
}

static inline void
give_back(struct back *back, struct rte_mbuf *seg)
{
	back->segs[back->n++] = seg;
	if (unlikely(back->n == BACK_MAX))
		back_flush(back);
}

/* Not one of ours: a header that the node put before it. */
static void
give_back_other(struct back *back, struct rte_mbuf *seg)
{
	if (back->pool != seg->pool)
		back_flush(back);
	back->pool = seg->pool;
	give_back(back, seg);
}

static uint16_t
tx_plain(struct loop *loop, struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; likely(!loop->late) && i < n; i++)
		prepare(loop->traffic, pkts[i]);
	rte_mempool_put_bulk(loop->pool, (void **)pkts, n);
	return n;
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct loop *loop = port->driver;
	struct loop_traffic *traffic = loop->traffic;
	struct back ours, others;
	bool late = loop->late;

	(void)queue;
	set_stamp(loop, now);
	loop->sent += n;
	if (loop->plain)
		return tx_plain(loop, pkts, n);
	ours.pool = loop->pool;
	ours.n = 0;
	others.pool = NULL;
	others.n = 0;
	for (uint16_t i = 0; unlikely(loop->look != NULL) && i < n; i++)
		loop->look(loop->look_arg, pkts[i]);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *seg = pkts[i], *next;

		do {
			next = seg->next;
			seg = rte_pktmbuf_prefree_seg(seg);
			if (likely(seg != NULL && seg->pool == ours.pool)) {
				if (likely(!late))
					prepare(traffic, seg);
				give_back(&ours, seg);
			} else if (seg != NULL) {
				give_back_other(&others, seg);
			}
			seg = next;
		} while (unlikely(seg != NULL));
	}
	back_flush(&ours);
	back_flush(&others);
	return n;
}

static const struct port_ops loop_ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

void
loop_init(struct loop *loop, const char *name, uint32_t packets)
{
	*loop = (struct loop){
		.packets = packets,
		.port = {.ops = &loop_ops, .rx_queues = 1, .tx_queues = 1, .up = true},
	};
	loop->port.driver = loop;
	snprintf(loop->port.name, sizeof(loop->port.name), "%s", name);
	loop->pool = rte_pktmbuf_pool_create_by_ops(
		name, packets, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, "ring_sp_sc");
	if (loop->pool == NULL)
		bench_die("no memory for %u packets: %s", packets, rte_strerror(rte_errno));
}

void
loop_free(struct loop *loop)
{
	rte_mempool_free(loop->pool);
}

/*
 * Frames that were made ready and never came are made anew, with the same sequences: links and
 * sessions drop one that leaves thousands out (seq_window.h). All senders have as many of them.
 */
static void
take_back_ready(struct loop *loop, struct loop_traffic *t)
{
	bool sessions = t->session_off != 0 || t->ingress_off != 0;

	for (uint16_t i = 0; i < t->senders; i++)
		t->from[i].link_seq -= t->ready / t->senders;
	for (uint32_t i = 0; sessions && i < t->ready; i++)
		previous_session(t);
	t->ready = loop->late ? 0 : loop->packets;
}

void
loop_set(struct loop *loop, struct loop_traffic *traffic)
{
	if (loop->nb_ahead > 0)
		rte_mempool_put_bulk(loop->pool, (void **)loop->ahead, loop->nb_ahead);
	loop->nb_ahead = 0;
	loop->traffic = traffic;
	take_back_ready(loop, traffic);
	for (uint32_t i = 0; i < loop->packets; i++) {
		struct rte_mbuf *m;

		if (rte_mempool_get(loop->pool, (void **)&m) != 0)
			bench_die("%s: packets are missing from the pool", loop->port.name);
		memcpy((uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM, traffic->frame,
			traffic->frame_len);
		if (!loop->late)
			prepare(traffic, m);
		rte_mempool_put(loop->pool, m);
	}
}

bool
loop_is_whole(const struct loop *loop)
{
	return rte_mempool_avail_count(loop->pool) + loop->nb_ahead == loop->packets;
}
