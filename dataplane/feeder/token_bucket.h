/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Token bucket in the form of a virtual scheduling algorithm (ITU-T I.371, Annex A): instead of a
 * fill level it keeps the time at which the bucket is full again. Integer arithmetic; the part of a
 * nanosecond that a packet's cost leaves over is carried, so the long-run rate is exact.
 * One owner. A rate of 0 means no limit.
 */
#ifndef FERRY_TOKEN_BUCKET_H
#define FERRY_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define TOKEN_BUCKET_SHIFT 20

struct token_bucket {
	uint64_t full_at;     /* ns */
	uint64_t full_at_rem; /* and so many 2^-20 ns */
	uint64_t ns_per_byte; /* 2^-20 ns; 0 = no limit */
	uint64_t depth;	      /* ns that the burst lasts at the rate */
};

/* rate in bit/s, at least 1 (0 = no limit); burst in bytes. The bucket starts full. */
static inline void
token_bucket_init(struct token_bucket *tb, uint64_t rate, uint64_t burst, uint64_t now)
{
	unsigned __int128 byte_ns = (unsigned __int128)8000000000u << TOKEN_BUCKET_SHIFT;

	tb->ns_per_byte = rate == 0 ? 0 : (uint64_t)(byte_ns / rate);
	tb->depth = (uint64_t)(((unsigned __int128)tb->ns_per_byte * burst) >> TOKEN_BUCKET_SHIFT);
	tb->full_at = now;
	tb->full_at_rem = 0;
}

/* Time from which a packet may pass; not later than now = it conforms. */
static inline uint64_t
token_bucket_ready_at(const struct token_bucket *tb, uint32_t bytes)
{
	uint64_t cost = (tb->ns_per_byte * bytes) >> TOKEN_BUCKET_SHIFT;
	uint64_t after = tb->full_at + cost;

	return after > tb->depth ? after - tb->depth : 0;
}

static inline void
token_bucket_spend(struct token_bucket *tb, uint32_t bytes, uint64_t now)
{
	uint64_t cost = tb->ns_per_byte * bytes + tb->full_at_rem;

	if (tb->full_at < now) {
		tb->full_at = now;
		cost -= tb->full_at_rem;
	}
	tb->full_at += cost >> TOKEN_BUCKET_SHIFT;
	tb->full_at_rem = cost & ((1u << TOKEN_BUCKET_SHIFT) - 1);
}

/* Policing: takes the packet's tokens if they are there. */
static inline bool
token_bucket_take(struct token_bucket *tb, uint32_t bytes, uint64_t now)
{
	if (token_bucket_ready_at(tb, bytes) > now)
		return false;
	token_bucket_spend(tb, bytes, now);
	return true;
}

#endif
