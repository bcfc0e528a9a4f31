/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_errno.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include "bench.h"
#include "scale_port.h"
#include "wire.h"

#define CACHE 64

/* What a pacing source catches up at most. */
#define LATE_NS UINT64_C(2000000)

/* Bytes of a frame lie anywhere. */
static inline void
put64(void *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline uint64_t
get64(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline void
write_session(struct scale_traffic *t, uint8_t *frame)
{
	struct loop_traffic *f = &t->frames;
	uint32_t at = f->session_at, conference = at / t->conference_sessions;

	if (f->ingress_off != 0) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame +
								  sizeof(struct rte_ether_hdr));
		struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

		ip->dst_addr = f->addresses[at / LOOP_PER_PORT].ip;
		ip->hdr_checksum = f->addresses[at / LOOP_PER_PORT].sum;
		udp->dst_port = rte_cpu_to_be_16((uint16_t)(LOOP_INGRESS + at % LOOP_PER_PORT));
	} else {
		struct session_hdr *hdr = (struct session_hdr *)(frame + f->session_off);

		hdr->conference = rte_cpu_to_be_32(FRAMES_CONFERENCE + conference);
		hdr->session = rte_cpu_to_be_32(at - conference * t->conference_sessions + 1);
		hdr->seq = rte_cpu_to_be_32(f->round);
		hdr->flow_seq = rte_cpu_to_be_16((uint16_t)f->round);
		hdr->stamp = loop_stamp(f);
	}
	f->session_at += f->session_step;
	if (f->session_at >= f->sessions)
		f->session_at -= f->sessions;
	f->round += f->session_at == 0;
}

/* As a device writes a packet and its driver the packet's words. */
static inline void
receive(struct scale_port *p, struct rte_mbuf *m)
{
	struct scale_traffic *t = p->traffic;
	struct loop_traffic *f = &t->frames;
	uint8_t *frame = (uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM;

	for (uint16_t i = 0; i < f->head_len; i += 16)
		memcpy(frame + i, f->head + i, 16);
	if (f->link_seq_off != 0)
		put64(frame + f->link_seq_off, rte_cpu_to_be_64(p->link_seq++));
	for (uint16_t i = 0; i < f->nb_hops; i++)
		memcpy(frame + f->hop_off + i * f->hop_step,
			&f->hops[f->hop_at++ & (LOOP_HOPS - 1)], sizeof(f->hops[0]));
	if (f->session_off != 0 || f->ingress_off != 0)
		write_session(t, frame);
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->nb_segs = 1;
	m->ol_flags = f->rx_flags;
	m->pkt_len = f->frame_len;
	m->data_len = f->frame_len;
}

static inline uint16_t
paced(struct scale_port *p, uint16_t n, uint64_t now)
{
	uint64_t gap = UINT64_C(1000000000) * 1024 / p->rate, due;

	if (p->due == 0)
		p->due = now;
	if (p->due > now)
		return 0;
	if (now - p->due > LATE_NS) {
		uint64_t skip = (now - p->due - LATE_NS) * 1024 / gap;

		p->late += skip;
		p->due += skip * gap / 1024;
	}
	due = (now - p->due) * 1024 / gap + 1;
	return (uint16_t)RTE_MIN(due, (uint64_t)n);
}

/* The payload's last eight bytes; the node does not touch them. */
static inline void *
stamp_of(struct rte_mbuf *m)
{
	struct rte_mbuf *last = m;

	while (last->next != NULL)
		last = last->next;
	return rte_pktmbuf_mtod_offset(last, void *, last->data_len - 8);
}

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct scale_port *p = port->driver;

	(void)queue;
	if (p->traffic == NULL)
		return 0;
	n = RTE_MIN(n, p->burst);
	if (p->rate != 0)
		n = paced(p, n, now);
	if (n == 0 || rte_mempool_get_bulk(p->pool, (void **)pkts, n) != 0)
		return 0;
	p->traffic->frames.stamp = (uint32_t)(utc_ns(&scale_utc, now) / 1000) - LOOP_ON_ITS_WAY_US;
	for (uint16_t i = 0; i < n; i++)
		receive(p, pkts[i]);
	if (p->latency != NULL)
		for (uint16_t i = 0; i < n; i++)
			put64(stamp_of(pkts[i]),
				p->rate != 0 ? p->due + (uint64_t)i * 1000000000u / p->rate : now);
	if (p->rate != 0)
		p->due += (uint64_t)n * 1000000000u / p->rate;
	__atomic_store_n(&p->given, p->given + n, __ATOMIC_RELAXED);
	if (p->marks) {
		p->back_at = 0;
		p->left_at = rte_rdtsc();
	}
	return n;
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct scale_port *p = port->driver;

	(void)queue;
	(void)now;
	if (p->marks && p->back_at == 0)
		p->back_at = rte_rdtsc();
	if (p->latency != NULL) {
		uint64_t done = tsc_clock_now(p->clock);

		for (uint16_t i = 0; i < n; i++)
			relay_latency_add(p->latency, done - get64(stamp_of(pkts[i])));
	}
	rte_pktmbuf_free_bulk(pkts, n);
	__atomic_store_n(&p->taken, p->taken + n, __ATOMIC_RELAXED);
	return n;
}

static const struct port_ops ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

void
scale_port_init(struct scale_port *p, uint16_t i, uint32_t packets)
{
	static unsigned int made;
	char name[RTE_MEMPOOL_NAMESIZE];

	*p = (struct scale_port){
		.packets = packets,
		.burst = SCALE_BURST,
		.link_seq = 1,
		.port = {.ops = &ops, .rx_queues = 1, .tx_queues = 1, .up = true},
	};
	p->port.driver = p;
	bench_node_port(&p->port, 1600, LOOP_ADDRESSES, false);
	snprintf(p->port.name, sizeof(p->port.name), "port%u", i);
	snprintf(name, sizeof(name), "scale%u", made++);
	/* Caches hold packets back from the other lcore; they count towards nobody's share. */
	p->pool = rte_pktmbuf_pool_create(name, packets + 2 * CACHE * 3 / 2, CACHE, 0,
		RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (p->pool == NULL)
		bench_die("no memory for %u packets: %s", packets, rte_strerror(rte_errno));
}

void
scale_port_free(struct scale_port *p)
{
	rte_mempool_free(p->pool);
}

static void
fill(struct rte_mempool *pool, void *arg, void *object, unsigned int index)
{
	const struct loop_traffic *t = arg;
	struct rte_mbuf *m = object;

	(void)pool;
	(void)index;
	memcpy((uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM, t->frame, t->frame_len);
}

void
scale_port_set(struct scale_port *p, struct scale_traffic *traffic)
{
	p->traffic = traffic;
	if (traffic != NULL)
		rte_mempool_obj_iter(p->pool, fill, &traffic->frames);
}

void
scale_port_pace(struct scale_port *p, uint64_t rate)
{
	p->rate = rate;
	p->due = 0;
	p->late = 0;
}
