/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that hands out the frames of one session as a destination, or a relay on the way to one,
 * receives them: without coding, or systematic generations with combinations made elsewhere, of
 * which a part is lost or none.
 *
 * All payloads are zeros, and so is any combination of them: any buffer can be any frame, and only
 * headers are written, as of a device that has written the rest.
 *
 * One thread.
 */
#ifndef FERRY_BENCH_CODING_STREAM_H
#define FERRY_BENCH_CODING_STREAM_H

#include "coding_pattern.h"
#include "loop.h"

struct coding_stream_params {
	const char *name;
	bool relayed; /* to be sent on to a destination; else the node is one */
	bool coded;
	bool lossy;	  /* one frame in PATTERN_LOSS does not come */
	bool copied;	  /* what the node sends is copied out, as by who reads it */
	uint32_t packets; /* of the pool */
};

struct coding_stream {
	struct port port;
	struct coding_stream_params params;
	struct rte_mempool *pool;
	struct rte_mbuf *ahead[LOOP_BURST];
	bool primed;
	struct loop_traffic source, repair; /* their headers */
	struct coding_pattern pattern;

	uint32_t generation; /* counts on */
	uint32_t at;	     /* in it */
	uint64_t link_seq;
	uint32_t stamp; /* of the generation's sources */
	uint64_t sent;	/* by the node */
	uint8_t copy[LOOP_FRAME_MAX];
};

/* Ends the program when memory is short. */
void coding_stream_init(struct coding_stream *stream, const struct coding_stream_params *params);
void coding_stream_free(struct coding_stream *stream);

/* A burst handed out and put back at once: what the stream itself costs. */
uint32_t coding_stream_io(struct coding_stream *stream, uint64_t now);

#endif
