/* SPDX-License-Identifier: BSD-3-Clause */
/* Network coding: its kernels, its codes, a destination. README.md says what is measured. */
#ifndef FERRY_BENCH_CODING_H
#define FERRY_BENCH_CODING_H

#include <rte_mbuf.h>

#include "bench.h"
#include "rlnc_header.h"
#include "rlnc_symbol.h"
#include "rng.h"
#include "wire.h"

#define CODING_PAYLOAD 1400
#define CODING_K_MAX   128

/* Where the payload of a coded packet lies that came over IPv4 and goes no farther. */
#define CODING_AT                                                                                  \
	(RTE_PKTMBUF_HEADROOM + 14 + 20 + 8 + sizeof(struct link_hdr) +                            \
		sizeof(struct pathlet_hdr) + sizeof(struct session_hdr) + RLNC_HEADER_BYTES)

/* Sizes of generations that are measured, and which of them figures without a size are of. */
extern const unsigned int coding_k[];
#define CODING_KS 4
#define CODING_K  32 /* coding_k[1] */

/* Packets with payloads of random bytes. */
struct coding_pool {
	struct rte_mempool *pool;
	struct rte_mbuf **packets;
	uint32_t n;
	uint32_t next;
};

/* Ends the program when memory is short. */
void coding_pool_init(struct coding_pool *pool, const char *name, uint32_t n);
void coding_pool_free(struct coding_pool *pool);

/* The next n packets, going round. At most as many as there are. */
struct rte_mbuf **coding_pool_next(struct coding_pool *pool, uint32_t n);

static inline uint8_t *
coding_payload(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, uint8_t *);
}

/* Billions of bytes a second. */
static inline double
coding_rate(double bytes, double cycles)
{
	return bytes * (double)rte_get_tsc_hz() / cycles / 1e9;
}

/* Whether there must be more turns than were asked for: the core was taken away in each of them. */
static inline bool
coding_goes_on(const struct bench_meter *meter, unsigned int turns)
{
	return meter->packets == 0 && turns < 10000;
}

/* The parts. */
void coding_kernels(const struct bench_options *options);
void coding_codes(const struct bench_options *options);
void coding_destination(const struct bench_options *options);
void coding_relay(const struct bench_options *options);

#endif
