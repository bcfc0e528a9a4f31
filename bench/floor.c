/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include "bench.h"
#include "floor.h"
#include "wire.h"

#define BURST	  32
#define TABLE	  65536
#define RING_SIZE 64 /* a power of two */

/* Ethernet, IPv4, UDP: the template. */
#define OUTER_BYTES 42
/* Of the link header, what never changes: version, type, flags, epoch, node. */
#define LINK_CONSTANT 8

struct headers {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct link_hdr link;
	struct pathlet_hdr own;
	struct pathlet_hdr next;
} __attribute__((packed));

static_assert(offsetof(struct headers, link) == OUTER_BYTES, "template");

struct hop {
	uint8_t outer[OUTER_BYTES + LINK_CONSTANT];
	uint16_t ip_sum; /* of the template's IPv4 header, lengths 0 */
	uint32_t head;	 /* of the ring */
	uint32_t tail;
	uint64_t seq;
	struct rte_mbuf *ring[RING_SIZE];
} __rte_cache_aligned;

struct floor {
	struct port *port;
	uint32_t own_id;
	struct hop **table; /* by id */
	struct rte_hash *hash;
	struct hop *hops;
	uint32_t nb_hops, max_hops;
	uint32_t entries; /* of the hash */
	uint64_t drops;
};

/* What a burst needs of the floor, where stores to packets cannot make it be loaded again. */
struct view {
	struct hop *const *table;
	const struct rte_hash *hash;
	rte_be32_t own_id;
	uint64_t stamp; /* and round-trip time 0, as they stand in the link header */
};

static inline struct hop *
find(const struct view *v, uint32_t id)
{
	void *hop;

	if (v->hash == NULL)
		return id < TABLE ? v->table[id] : NULL;
	return rte_hash_lookup_data(v->hash, &id, &hop) >= 0 ? hop : NULL;
}

/* The next hop of a frame that is whole and for us, else NULL. */
static inline struct hop *
parse(const struct view *v, const struct rte_mbuf *m, const struct headers *h)
{
	if (unlikely(m->data_len < sizeof(*h) ||
		     h->eth.ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
		     h->ip.version_ihl != 0x45 || h->ip.next_proto_id != IPPROTO_UDP ||
		     h->udp.dst_port != RTE_BE16(FERRY_UDP_PORT) ||
		     h->link.version_type != (LINK_VERSION << 4 | LINK_DATA) ||
		     h->own.node != v->own_id))
		return NULL;
	return find(v, __builtin_bswap32(h->next.node) & NODE_ID_MAX);
}

/* The own Pathlet goes, new headers come. */
static inline void
rewrite(const struct view *v, struct hop *hop, struct rte_mbuf *m, const struct headers *old)
{
	uint8_t *p = (uint8_t *)(uintptr_t)old + sizeof(struct pathlet_hdr);
	struct headers *h = (struct headers *)p;
	uint32_t len = m->data_len - (uint32_t)sizeof(struct pathlet_hdr), sum;
	rte_be16_t ip_len = __builtin_bswap16((uint16_t)(len - sizeof(h->eth)));

	memcpy(p, hop->outer, sizeof(hop->outer));
	sum = (uint32_t)hop->ip_sum + ip_len;
	h->ip.total_length = ip_len;
	h->ip.hdr_checksum = (uint16_t) ~(sum + (sum >> 16));
	h->udp.dgram_len = __builtin_bswap16((uint16_t)(len - sizeof(h->eth) - sizeof(h->ip)));
	h->link.seq = __builtin_bswap64(hop->seq++);
	memcpy(&h->link.stamp, &v->stamp, sizeof(v->stamp));
	m->data_off += sizeof(struct pathlet_hdr);
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
}

static inline uint16_t
take_off(struct hop *hop, struct rte_mbuf **out)
{
	uint32_t tail = hop->tail, head = hop->head;
	uint16_t n = 0;

	for (; tail != head; tail++)
		out[n++] = hop->ring[tail & (RING_SIZE - 1)];
	hop->tail = tail;
	return n;
}

uint16_t
floor_poll(struct floor *f, uint64_t now, uint32_t stamp)
{
	struct rte_mbuf *pkts[BURST], *out[BURST];
	struct hop *used[BURST];
	const struct view v = {.table = f->table,
		.hash = f->hash,
		.own_id = rte_cpu_to_be_32(f->own_id),
		.stamp = rte_cpu_to_be_32(stamp)};
	uint16_t n = f->port->ops->rx_burst(f->port, 0, pkts, BURST, now);
	uint32_t nb_used = 0, nb_out = 0;

	for (uint16_t i = 0; i < n; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
		rte_prefetch0(rte_pktmbuf_mtod_offset(pkts[i], void *, RTE_CACHE_LINE_SIZE));
	}
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		const struct headers *h = rte_pktmbuf_mtod(m, const struct headers *);
		struct hop *hop = parse(&v, m, h);

		if (unlikely(hop == NULL)) {
			f->drops++;
			rte_pktmbuf_free(m);
			continue;
		}
		rewrite(&v, hop, m, h);
		used[nb_used] = hop;
		nb_used += hop->head == hop->tail;
		hop->ring[hop->head++ & (RING_SIZE - 1)] = m;
	}
	for (uint32_t i = 0; i < nb_used; i++)
		nb_out += take_off(used[i], out + nb_out);
	if (nb_out > 0)
		(void)f->port->ops->tx_burst(f->port, 0, out, (uint16_t)nb_out, now);
	return n;
}

static struct rte_hash *
hash_new(uint32_t entries)
{
	static unsigned int made;
	char name[RTE_HASH_NAMESIZE];
	struct rte_hash_parameters params = {
		.name = name,
		.entries = entries,
		.key_len = sizeof(uint32_t),
		.hash_func = rte_hash_crc,
	};

	snprintf(name, sizeof(name), "floor%u", made++);
	return rte_hash_create(&params);
}

struct floor *
floor_new(const struct floor_params *params)
{
	struct floor *f = rte_zmalloc("floor", sizeof(*f), RTE_CACHE_LINE_SIZE);

	if (f == NULL)
		bench_die("out of memory");
	f->port = params->port;
	f->own_id = params->own_id;
	f->max_hops = params->hops;
	f->entries = params->hash;
	f->hops = rte_zmalloc("hops", f->max_hops * sizeof(*f->hops), RTE_CACHE_LINE_SIZE);
	if (params->hash != 0)
		f->hash = hash_new(params->hash);
	else
		f->table = rte_zmalloc("table", TABLE * sizeof(*f->table), RTE_CACHE_LINE_SIZE);
	if (f->hops == NULL || (f->hash == NULL && f->table == NULL))
		bench_die("out of memory");
	return f;
}

void
floor_add_hop(struct floor *f, uint32_t id, const uint8_t headers[66])
{
	struct hop *hop = &f->hops[f->nb_hops++];
	const uint8_t *ip = headers + sizeof(struct rte_ether_hdr);

	if (f->nb_hops > f->max_hops || (f->hash == NULL && id >= TABLE))
		bench_die("next hop %u does not fit", id);
	memcpy(hop->outer, headers, sizeof(hop->outer));
	memset(hop->outer + offsetof(struct headers, ip.total_length), 0, 2);
	memset(hop->outer + offsetof(struct headers, ip.hdr_checksum), 0, 2);
	hop->ip_sum = rte_raw_cksum(hop->outer + (ip - headers), sizeof(struct rte_ipv4_hdr));
	if (f->hash == NULL)
		f->table[id] = hop;
	else if (rte_hash_add_key_data(f->hash, &id, hop) != 0)
		bench_die("next hop %u: the hash is full", id);
}

void
floor_fill(struct floor *f)
{
	for (uint32_t id = 0x40000000; f->hash != NULL; id += 97)
		if ((uint32_t)rte_hash_count(f->hash) == f->entries ||
			rte_hash_add_key_data(f->hash, &id, f->hops) != 0)
			return;
}

void
floor_free(struct floor *f)
{
	rte_hash_free(f->hash);
	rte_free(f->table);
	rte_free(f->hops);
	rte_free(f);
}

uint64_t
floor_drops(const struct floor *f)
{
	return f->drops;
}
