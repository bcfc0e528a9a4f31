/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_errno.h>

#include "destination_frames.h"
#include "gf256.h"

/*
 * As sent; with coding its header and, in a repair packet, a symbol's head come before the payload.
 */
struct sent {
	struct relay_outer outer;
	struct pathlet_hdr own;
	struct session_hdr session;
	uint8_t rest[];
} __attribute__((packed));

struct delivered {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct destination_payload payload;
} __attribute__((packed));

#define SENT_MAX                                                                                   \
	(sizeof(struct sent) + RLNC_HEADER_BYTES + sizeof(struct rlnc_symbol_head) + CODING_PAYLOAD)

/* One reference is ours. */
static struct rte_mbuf *
new_frame(struct destination_frames *f, size_t len, const struct relay_ends *ends)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->pool);
	struct sent *sent;

	if (m == NULL)
		bench_die("a pool has fewer packets than it was made with");
	sent = (struct sent *)rte_pktmbuf_append(m, (uint16_t)len);
	memset(sent, 0, len);
	relay_outer_fill(&sent->outer, (uint16_t)len, RELAY_OWN_IP, RELAY_SEAT_IP, RELAY_OWN_NODE);
	sent->outer.eth.src_addr = ends->own_mac;
	sent->outer.eth.dst_addr = ends->seat_mac;
	sent->outer.link.epoch = rte_cpu_to_be_16(ends->epoch);
	sent->own.length = rte_cpu_to_be_16(sizeof(struct pathlet_hdr));
	sent->own.node = rte_cpu_to_be_32(RELAY_SEAT_NODE | PATHLET_DESTINATION);
	sent->session.conference = rte_cpu_to_be_32(DESTINATION_CONFERENCE);
	sent->session.epoch = rte_cpu_to_be_16(ends->epoch);
	sent->session.flags = f->pattern.coded ? SESSION_CODED : 0;
	return m;
}

static uint8_t *
payload_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, uint8_t *) + m->data_len - CODING_PAYLOAD;
}

static void
make_source(
	struct destination_frames *f, uint32_t slot, uint32_t index, const struct relay_ends *ends)
{
	size_t coding = f->pattern.coded ? RLNC_HEADER_BYTES : 0;
	struct rte_mbuf *m = new_frame(f, sizeof(struct sent) + coding + CODING_PAYLOAD, ends);

	if (f->pattern.coded)
		coding_pattern_header(index, rte_pktmbuf_mtod(m, struct sent *)->rest);
	memcpy(payload_of(m), &f->payloads[index], CODING_PAYLOAD);
	f->sources[slot][index] = m;
}

static void
make_repair(struct destination_frames *f, uint32_t generation, uint32_t repair,
	const struct relay_ends *ends)
{
	struct rte_mbuf *m = new_frame(f, SENT_MAX, ends);
	uint8_t coeffs[CODING_K], *sum = payload_of(m);

	coding_pattern_header(CODING_K + repair, rte_pktmbuf_mtod(m, struct sent *)->rest);
	coding_pattern_coeffs(repair, coeffs);
	for (uint32_t i = 0; i < CODING_K; i++) {
		const uint8_t *source = (const uint8_t *)&f->payloads[i];

		for (uint32_t at = 0; at < CODING_PAYLOAD; at++)
			sum[at] ^= gf256_mul(coeffs[i], source[at]);
	}
	f->repairs[generation][repair] = m;
}

static void
make_payloads(struct destination_frames *f)
{
	struct rng rng;

	rng_seed(&rng, 2);
	for (uint32_t i = 0; i < CODING_K; i++) {
		f->payloads[i].index = (uint8_t)i;
		for (size_t at = 0; at < sizeof(f->payloads[i].bytes); at++)
			f->payloads[i].bytes[at] = (uint8_t)rng_next(&rng);
	}
}

void
destination_frames_init(struct destination_frames *f, const char *name, bool coded, bool lossy,
	const struct relay_ends *ends)
{
	unsigned int packets = DESTINATION_SLOTS * CODING_K +
			       (coded ? PATTERN_GENERATIONS * PATTERN_REPAIRS : 0);

	memset(f, 0, sizeof(*f));
	f->pool = rte_pktmbuf_pool_create(
		name, packets, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (f->pool == NULL)
		bench_die("no memory for %u packets: %s", packets, rte_strerror(rte_errno));
	coding_pattern_init(&f->pattern, coded, lossy);
	make_payloads(f);
	for (uint32_t slot = 0; slot < DESTINATION_SLOTS; slot++)
		for (uint32_t i = 0; i < CODING_K; i++)
			make_source(f, slot, i, ends);
	for (uint32_t g = 0; coded && g < PATTERN_GENERATIONS; g++)
		for (uint32_t r = 0; r < PATTERN_REPAIRS; r++)
			make_repair(f, g, r, ends);
}

/* What of a symbol differs from generation to generation is the same in all its sources. */
static void
stamp_repair(const struct destination_frames *f, struct sent *sent, uint32_t repair,
	const struct destination_stamp *stamp)
{
	struct {
		struct rlnc_symbol_head head;
		uint64_t generation;
	} __attribute__((packed)) same = {
		.head = {.length = rte_cpu_to_be_16(CODING_PAYLOAD),
			.stamp = rte_cpu_to_be_32(stamp->utc)},
		.generation = stamp->generation,
	};

	coding_pattern_combine(
		&f->pattern, repair, &same, sizeof(same), sent->rest + RLNC_HEADER_BYTES);
}

struct rte_mbuf *
destination_frames_take(
	struct destination_frames *f, uint32_t number, const struct destination_stamp *stamp)
{
	uint32_t generation = stamp->generation;
	uint32_t sent_each = f->pattern.coded ? PATTERN_SENT : CODING_K;
	bool repair = number >= CODING_K;
	struct rte_mbuf *m =
		repair ? f->repairs[generation % PATTERN_GENERATIONS][number - CODING_K]
		       : f->sources[generation % DESTINATION_SLOTS][number];
	struct sent *sent = rte_pktmbuf_mtod(m, struct sent *);
	uint64_t of = generation;

	if (unlikely(rte_mbuf_refcnt_read(m) != 1))
		return NULL;
	rte_mbuf_refcnt_set(m, 2);
	sent->outer.link.seq = rte_cpu_to_be_64(stamp->link_seq);
	sent->session.session = rte_cpu_to_be_32(stamp->session);
	sent->session.seq = rte_cpu_to_be_32(
		generation * CODING_K + (f->pattern.coded ? 0 : number));
	sent->session.stamp = rte_cpu_to_be_32(stamp->utc);
	sent->session.flow_seq = rte_cpu_to_be_16((uint16_t)(generation * sent_each + number));
	if (repair)
		stamp_repair(f, sent, number - CODING_K, stamp);
	else
		memcpy(sent->rest + (f->pattern.coded ? RLNC_HEADER_BYTES : 0), &of, sizeof(of));
	return m;
}

/* Datagrams of other sessions, which an earlier trial left behind, are not ours either. */
static bool
is_for(const struct rte_mbuf *m, uint16_t port)
{
	const struct delivered *d = rte_pktmbuf_mtod(m, const struct delivered *);

	return m->data_len >= offsetof(struct delivered, payload) &&
	       d->eth.ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) &&
	       d->ip.next_proto_id == IPPROTO_UDP && d->udp.dst_port == rte_cpu_to_be_16(port);
}

static bool
headers_right(const struct delivered *d)
{
	uint16_t ip_len = sizeof(*d) - sizeof(d->eth), udp_len = ip_len - sizeof(d->ip);

	return d->ip.version_ihl == 0x45 && d->ip.total_length == rte_cpu_to_be_16(ip_len) &&
	       d->ip.src_addr == rte_cpu_to_be_32(RELAY_SEAT_IP) &&
	       d->ip.dst_addr == rte_cpu_to_be_32(RELAY_OWN_IP) &&
	       rte_raw_cksum(&d->ip, sizeof(d->ip)) == 0xffff &&
	       d->udp.dgram_len == rte_cpu_to_be_16(udp_len);
}

enum destination_verdict
destination_frames_check(
	const struct destination_frames *f, const struct rte_mbuf *m, uint16_t port, uint64_t *seq)
{
	const struct delivered *d = rte_pktmbuf_mtod(m, const struct delivered *);
	const struct destination_payload *p = &d->payload;

	if (unlikely(!is_for(m, port)))
		return DESTINATION_NOT_OURS;
	if (unlikely(m->nb_segs != 1 || m->data_len != sizeof(*d) || !headers_right(d) ||
		     p->index >= CODING_K ||
		     memcmp(p->bytes, f->payloads[p->index].bytes, sizeof(p->bytes)) != 0))
		return DESTINATION_WRONG;
	*seq = p->generation * CODING_K + p->index;
	return DESTINATION_RIGHT;
}
